import { minuteMs, minuteOf } from '@perf-agg/sdk'
import type { PriceWant } from '../accounting/hour/hour.ts'
import type { Candle } from '../accounting/observation.ts'
import { limits } from '../limits.ts'
import { CollectorFailure } from './failure.ts'

/**
 * Minutes of one market, as many calls as they need. Exchanges tell them newest or oldest first, some with one more
 * than was asked for; what comes out is in order, each once, and over.
 */
export async function readMinutes(
  want: PriceWant,
  options: {
    readonly exchangeNowMs: number
    /** Minutes of one answer at most. */
    readonly rowsMax: number
    /** Both ends are minutes; the last one is not wanted any more. */
    readonly read: (fromMs: number, toMs: number) => Promise<readonly Candle[]>
    /** The exchange's code for a market that it does not have. */
    readonly isUnknown?: (exchangeCode: string) => boolean
  },
): Promise<readonly Candle[] | null> {
  const { exchangeNowMs, rowsMax, read, isUnknown } = options
  const candles = new Map<number, Candle>()
  const endMs = Math.min(want.toMs, exchangeNowMs)
  const firstMs = minuteOf(want.fromMs)
  try {
    for (let fromMs = firstMs; fromMs < endMs && candles.size < limits.collector.candlesMax;) {
      const toMs = Math.min(fromMs + rowsMax * minuteMs, minuteOf(endMs + minuteMs - 1))
      for (const candle of await read(fromMs, toMs)) candles.set(candle.minuteMs, candle)
      fromMs = toMs
    }
  } catch (error) {
    const code = error instanceof CollectorFailure ? error.failure.exchangeCode : null
    if (code !== null && isUnknown?.(code) === true) return null
    throw error
  }
  return [...candles.values()]
    .filter((candle) => candle.minuteMs >= firstMs && candle.minuteMs < endMs)
    .filter((candle) => candle.minuteMs + minuteMs <= exchangeNowMs)
    .toSorted((a, b) => a.minuteMs - b.minuteMs)
    .slice(0, limits.collector.candlesMax)
}
