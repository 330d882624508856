import { secondMs } from '@perf-agg/sdk'

/** What is told of an account between its polls. Nothing rests on it but when it is polled. */
export interface Hearing {
  /** Since when its stream is up; null while nobody listens. */
  readonly sinceMs: number | null
  /** It tells of everything that there is to poll. */
  readonly whole: boolean
  /** When the stream told of something that no poll has looked at; null where it did not. */
  readonly hintedAtMs: number | null
  /** The last poll looked at everything until now, and the stream was up already: it would tell of what comes. */
  readonly silent: boolean
  /** Polls in a row that found what it had not told of. */
  readonly untold: number
}

export const deaf: Hearing = { sinceMs: null, whole: false, hintedAtMs: null, silent: false, untold: 0 }

/** What is told of at once stands in the exchange's lists a little later; and one order is often many fills. */
const settlingMs = 2 * secondMs
/** While a stream is silent, an account is looked at so many times less often: streams lose messages. */
const trust = 4
/** After so many finds of which it had not told it is no longer relied on, until it tells of one again. */
const untoldMax = 3

/** The pause before an account's hint is looked into: not before the exchange has settled it, nor sooner than wished. */
export function hintDueMs(hintedAtMs: number, polledAtMs: number, wishedMs: number): number {
  return Math.max(hintedAtMs + settlingMs, polledAtMs + wishedMs)
}

export function silentPauseMs(pauseMsMax: number): number {
  return trust * pauseMsMax
}

/** As it stands after a poll that began at `begunAtMs`. @param open the poll left something to be looked for */
export function heardUntil(
  { sinceMs, whole, hintedAtMs, silent, untold }: Hearing,
  begunAtMs: number,
  found: { readonly news: boolean; readonly open: boolean },
): Hearing {
  const answered = hintedAtMs !== null && hintedAtMs <= begunAtMs
  // what was told of and not found is late in the exchange's lists
  const isMissed = answered && !found.news
  const finds = !found.news ? untold : hintedAtMs !== null ? 0 : silent ? untold + 1 : untold
  const isThere = sinceMs !== null && sinceMs <= begunAtMs && whole
  return {
    sinceMs,
    whole,
    hintedAtMs: answered ? null : hintedAtMs,
    silent: isThere && !found.open && !isMissed && finds < untoldMax,
    untold: finds,
  }
}
