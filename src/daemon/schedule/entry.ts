import { hourMs, minuteMs } from '@perf-agg/sdk'
import type { Activity } from './activity.ts'
import type { Costs } from './allowance.ts'
import type { Hearing } from './hearing.ts'
import type { MemorySpan } from './memory-span.ts'
import type { PlaceQueue } from './place-queue.ts'

/** One account in the schedule. */
export interface Entry {
  readonly key: string
  readonly queue: PlaceQueue
  /** Between the bounds of the pacing. */
  readonly wishedMs: number
  /** What lies further back the exchange forgets: as time goes, or as the account's newer fills push it out. */
  outageMsMax: number
  readonly keptMs: number
  readonly memory: MemorySpan
  readonly activity: Activity
  /** What its polls cost of late; null before the first. */
  costs: Costs | null
  /** When it was polled last; before the first, when it came. */
  polledAtMs: number
  fresh: boolean
  /** Not before then: the exchange asked for a pause. */
  restsUntilMs: number
  /** The pause that suits its activity. */
  paceMs: number
  hearing: Hearing
  reserved: { readonly costs: Costs; readonly atMs: number; readonly promised: boolean } | null
  removed: boolean
}

/** Half of what the exchange remembers has gone by. */
export function forgettingAtMs({ polledAtMs, outageMsMax }: Entry): number {
  return polledAtMs + Math.max(outageMsMax / 2, minuteMs)
}

/** The line of those of whom a stream told: who is due first stands first. */
export const hinted = Number.NEGATIVE_INFINITY

/** Paces within a factor of √2 share a line. Who is forgotten before an hour's end may not stand behind who is not. */
export function lineOf({ paceMs, outageMsMax, hearing, fresh }: Entry): number {
  if (hearing.hintedAtMs !== null && !fresh) return hinted
  const pace = Math.round(2 * Math.log2(paceMs))
  return outageMsMax >= 2 * hourMs ? pace : pace - 100 * Math.round(2 * Math.log2(outageMsMax))
}

export function promisesOf({ outageMsMax }: Entry): number {
  return Math.max(1, (2 * hourMs) / outageMsMax)
}
