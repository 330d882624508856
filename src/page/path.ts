import { hourMs, type RecordHour } from '@perf-agg/sdk'

/** Growth of 100 hour by hour, and how far below its peak it stands. */
export interface GrowthPath {
  /** Ends of hours; the first is the start of the first hour. */
  readonly atMs: readonly number[]
  /** Null where the hour is in no statement: a gap is drawn as a gap. */
  readonly growth: readonly (number | null)[]
  /** Percent, 0 or below. */
  readonly drawdownPct: readonly (number | null)[]
}

/** Ascending hours. One that has no return (no capital, undefined) stands still. */
export function growthPath(hours: readonly RecordHour[]): GrowthPath {
  const atMs: number[] = []
  const growth: (number | null)[] = []
  const drawdownPct: (number | null)[] = []
  let value = 100
  let peak = 100
  let reachedMs: number | null = null
  for (const { startMs, returnPct } of hours) {
    if (reachedMs !== startMs) {
      if (reachedMs !== null) {
        atMs.push(reachedMs + 1)
        growth.push(null)
        drawdownPct.push(null)
      }
      atMs.push(startMs)
      growth.push(value)
      drawdownPct.push((value / peak - 1) * 100)
    }
    value *= 1 + (returnPct ?? 0) / 100
    peak = Math.max(peak, value)
    reachedMs = startMs + hourMs
    atMs.push(reachedMs)
    growth.push(value)
    drawdownPct.push((value / peak - 1) * 100)
  }
  return { atMs, growth, drawdownPct }
}
