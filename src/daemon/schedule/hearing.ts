import { secondMs } from '@perf-agg/sdk'

/** What is told of an account between its polls. Nothing rests on it but when it is polled. */
export interface Hearing {
  /** Since when its stream is up; null while nobody listens. */
  readonly sinceMs: number | null
  /** When the stream told of something that no poll has looked at; null where it did not. */
  readonly hintedAtMs: number | null
  /** The last poll looked at everything until now, and the stream was up already: it would tell of what comes. */
  readonly silent: boolean
}

export const deaf: Hearing = { sinceMs: null, hintedAtMs: null, silent: false }

/** What is told of at once stands in the exchange's lists a little later; and one order is often many fills. */
const settlingMs = 2 * secondMs
/** While a stream is silent, an account is looked at so many times less often: streams lose messages. */
const trust = 4

/** The pause before an account's hint is looked into: not before the exchange has settled it, nor sooner than wished. */
export function hintDueMs(hintedAtMs: number, polledAtMs: number, wishedMs: number): number {
  return Math.max(hintedAtMs + settlingMs, polledAtMs + wishedMs)
}

export function silentPauseMs(pauseMsMax: number): number {
  return trust * pauseMsMax
}

/** As it stands after a poll that began at `begunAtMs`. @param open the poll left something to be looked for */
export function heardUntil(
  { sinceMs, hintedAtMs }: Hearing,
  begunAtMs: number,
  found: { readonly news: boolean; readonly open: boolean },
): Hearing {
  const answered = hintedAtMs !== null && hintedAtMs <= begunAtMs
  // what was told of and not found is late in the exchange's lists
  const isMissed = answered && !found.news
  return {
    sinceMs,
    hintedAtMs: answered ? null : hintedAtMs,
    silent: sinceMs !== null && sinceMs <= begunAtMs && !found.open && !isMissed,
  }
}
