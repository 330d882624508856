import { hourMs, hourOf } from '@perf-agg/sdk'
import type { Ledger } from './ledger.ts'

/** The first hour that starts at or after an instant. */
export const hourAfter = (atMs: number): number => hourOf(atMs + hourMs - 1)

/**
 * From which hour on what a ledger holds of before the registration can be stated: behind what the exchange has lost,
 * from where no more entries are than are kept, and, once it is read whole, not before the first thing that the exchange
 * tells: an account may be younger than what was asked for.
 */
export function beginningOf(
  ledger: Ledger,
  {
    liveFromMs,
    entriesMax,
    whole,
  }: { readonly liveFromMs: number; readonly entriesMax: number; readonly whole: boolean },
): number {
  const lostToMs = ledger.lost.reduce((latest, { toMs }) => Math.max(latest, toMs), 0)
  const keptMs = hourAfter(Math.max(lostToMs, ledger.newest(entriesMax) ?? 0))
  if (!whole) return keptMs
  const [first] = ledger.entries(keptMs, liveFromMs)
  return first === undefined ? liveFromMs : hourOf(first.atMs)
}
