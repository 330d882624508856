import { dayMs, hourMs, type RecordFigures, type RecordHour } from '@perf-agg/sdk'

/** A span in which nothing was observed. */
export interface Missing {
  readonly fromMs: number
  readonly toMs: number
  /** As the record gives it; null: no statement says anything about these hours. */
  readonly reason: string | null
}

/** How much of a column's hours was seen, and how. */
export interface CoverageColumn {
  readonly fromMs: number
  readonly hours: number
  readonly observed: number
  readonly recovered: number
  readonly missing: number
}

export interface TrackCoverage {
  readonly expected: number
  readonly observed: number
  readonly recovered: number
  readonly backfilled: number
  readonly missing: readonly Missing[]
  readonly missingHours: number
  readonly columnDays: number
  readonly columns: readonly CoverageColumn[]
}

const columnsMax = 370

/** From the first hour of the headline to the last. */
export function coverageOf(headline: readonly RecordHour[], figures: RecordFigures): TrackCoverage {
  const first = headline[0]
  const last = headline.at(-1)
  const missing = missingOf(headline, figures)
  const observed = headline.filter(({ origin }) => origin === 'observed').length
  const missingHours = missing.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / hourMs, 0)
  const base = {
    expected: headline.length + missingHours,
    observed,
    recovered: headline.length - observed,
    backfilled: figures.backfilled,
    missing,
    missingHours,
  }
  if (first === undefined || last === undefined) return { ...base, columnDays: 1, columns: [] }
  const startMs = Math.floor(first.startMs / dayMs) * dayMs
  const endMs = last.startMs + hourMs
  const columnDays = Math.max(1, Math.ceil((endMs - startMs) / dayMs / columnsMax))
  const widthMs = columnDays * dayMs
  const columns = Array.from({ length: Math.ceil((endMs - startMs) / widthMs) }, (_, index) => {
    const fromMs = startMs + index * widthMs
    const hours = (Math.min(fromMs + widthMs, endMs) - Math.max(fromMs, first.startMs)) / hourMs
    return { fromMs, hours, observed: 0, recovered: 0, missing: hours }
  })
  for (const hour of headline) {
    const column = columns[Math.floor((hour.startMs - startMs) / widthMs)]!
    column[hour.origin === 'observed' ? 'observed' : 'recovered'] += 1
    column.missing -= 1
  }
  return { ...base, columnDays, columns }
}

/** Hours between the first and the last that are in no statement, with the reason where the record gives one. */
function missingOf(headline: readonly RecordHour[], { gaps }: RecordFigures): readonly Missing[] {
  const missing: Missing[] = []
  for (const [index, { startMs: toMs }] of headline.entries()) {
    const before = headline[index - 1]
    if (before === undefined || before.startMs + hourMs === toMs) continue
    const fromMs = before.startMs + hourMs
    const told = gaps.find((gap) => gap.fromMs < toMs && gap.toMs > fromMs)
    missing.push({ fromMs, toMs, reason: told?.reason ?? null })
  }
  return missing
}
