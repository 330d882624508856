import { secondMs } from '@perf-agg/sdk'

/** How much of an exchange's history is asked for at once. */
export interface SpanLimits {
  /** The exchange answers for so long a span at most. */
  readonly spanMs: number
  /** Pages of one poll, all lists together. */
  readonly pagesMax: number
  /** A span with more pages than that is made as short as what was seen of it. */
  readonly pagesOfSpanMax: number
}

export interface Page<Each> {
  readonly rows: readonly Each[]
  /** What asks for the page behind it; null at the end, where a page was sent empty too. */
  readonly next: string | null
}

interface Told {
  /** One for its list. */
  readonly id: string
  readonly atMs: number
}

/** Reads the pages of one list within a span; null where there are more than one poll takes. */
export type ReadPages = <Each extends Told>(
  ask: (next: string | null) => Promise<Page<Each>>,
) => Promise<Each[] | null>

/**
 * Walks from one instant to another in spans. One that holds more than a poll takes is made shorter, and what is left
 * comes with the next poll: `cutAtMs` says until when all is read, null where that is the end.
 */
export async function walkSpans<Part>(
  fromMs: number,
  toMs: number,
  { spanMs, pagesMax, pagesOfSpanMax }: SpanLimits,
  readSpan: (startMs: number, endMs: number, readPages: ReadPages) => Promise<Part | null>,
): Promise<{ readonly parts: readonly Part[]; readonly cutAtMs: number | null }> {
  const parts: Part[] = []
  let pages = 0
  let lengthMs = spanMs
  const readPages: ReadPages = async <Each extends Told>(
    ask: (next: string | null) => Promise<Page<Each>>,
  ) => {
    const rows = new Map<string, Each>()
    let next: string | null = null
    for (let page = 0; page < pagesOfSpanMax && pages < pagesMax; page += 1) {
      pages += 1
      const answer: Page<Each> = await ask(next)
      const known = rows.size
      for (const row of answer.rows) rows.set(row.id, row)
      // the same again is the end as well
      const isAgain = rows.size === known && answer.rows.length > 0
      if (answer.next === null || answer.next === next || isAgain) return [...rows.values()]
      next = answer.next
    }
    // newest or oldest first: those pages hold so much time
    const times = [...rows.values()].map(({ atMs }) => atMs)
    const seenMs = times.length === 0 ? 0 : latestOf(times) + latestOf(times.map((atMs) => -atMs))
    lengthMs = Math.min(Math.floor(lengthMs / 2), Math.floor(seenMs * 0.6))
    return null
  }
  for (let startMs = fromMs; startMs <= toMs;) {
    const endMs = Math.min(startMs + lengthMs - 1, toMs)
    const part = await readSpan(startMs, endMs, readPages)
    if (part === null) {
      lengthMs = Math.min(lengthMs, Math.floor((endMs - startMs + 1) / 2))
      if (pages >= pagesMax || lengthMs < secondMs) return { parts, cutAtMs: startMs - 1 }
      continue
    }
    parts.push(part)
    startMs = endMs + 1
  }
  return { parts, cutAtMs: null }
}

function latestOf(times: readonly number[]): number {
  return times.reduce((latest, atMs) => Math.max(latest, atMs), Number.NEGATIVE_INFINITY)
}

/** Each once: spans may touch, and an exchange may tell more than it was asked for. */
export function eachOnce<Each extends Told>(rows: readonly Each[]): Each[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()]
}
