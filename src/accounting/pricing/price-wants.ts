import { minuteMs } from '@perf-agg/sdk'
import type { PriceWant } from '../hour/hour.ts'

/** One answer of an exchange holds about this many candles. */
const minutesMax = 1_000
/** Asking for candles in between is cheaper than asking twice. */
const joinMs = 30 * minuteMs

/** As few requests as cover all wants, in a fixed order, each short enough for one answer. */
export function joinWants(wants: readonly PriceWant[]): PriceWant[] {
  const joined: PriceWant[] = []
  const sorted = wants.toSorted((a, b) =>
    nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : a.fromMs - b.fromMs,
  )
  for (const want of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && nameOf(last) === nameOf(want) && want.fromMs <= last.toMs + joinMs) {
      joined[joined.length - 1] = { ...last, toMs: Math.max(last.toMs, want.toMs) }
    } else {
      joined.push(want)
    }
  }
  return joined.flatMap(splitWant)
}

/** Prints and marks of one contract are two series. */
const nameOf = ({ symbol, kind }: PriceWant): string => `${symbol} ${kind ?? ''}`

function splitWant({ fromMs, toMs, ...series }: PriceWant): PriceWant[] {
  const parts: PriceWant[] = []
  for (let at = fromMs; at < toMs; at += minutesMax * minuteMs) {
    parts.push({ ...series, fromMs: at, toMs: Math.min(toMs, at + minutesMax * minuteMs) })
  }
  return parts
}
