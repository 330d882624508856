import { toInstant } from '@perf-agg/sdk'

/** The hours of many accounts are the same few: their text is made once. */
const keptMax = 4_096
const kept = new Map<number, string>()

/** `toInstant` of what is asked for again and again: starts and ends of hours. */
export function hourInstant(startMs: number): string {
  let text = kept.get(startMs)
  if (text === undefined) {
    text = toInstant(startMs)
    if (kept.size >= keptMax) kept.clear()
    kept.set(startMs, text)
  }
  return text
}
