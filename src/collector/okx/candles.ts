import { dayMs, minuteMs, minuteOf } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour/hour.ts'
import type { Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { CollectorFailure } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import type { Listing } from './instrument.ts'
import { unknownInstrumentCodes } from './judge.ts'
import { optionIdOf } from './option.ts'
import { candlesOf } from './row.ts'

/** The list of the last minutes holds a day of them; older ones have a list of their own. */
const recentMs = dayMs - 5 * minuteMs

interface List {
  readonly endpoint: Endpoint
  readonly rows: number
}

const lists = {
  prints: {
    recent: { endpoint: endpoints.candles, rows: 300 },
    older: { endpoint: endpoints.historyCandles, rows: 100 },
  },
  mark: {
    recent: { endpoint: endpoints.markCandles, rows: 100 },
    older: { endpoint: endpoints.historyMarkCandles, rows: 100 },
  },
} as const

/** Null where there is no such instrument. @throws {CollectorFailure} */
export async function candlesFor(
  { id, market }: Pick<Listing, 'id' | 'market'>,
  want: PriceWant,
  caller: Calls,
  clock: Pick<JobClock, 'exchangeNowMs'>,
): Promise<readonly Candle[] | null> {
  const nowMs = clock.exchangeNowMs()
  const marked = optionIdOf(want.symbol) === null ? 'mark' : 'option'
  const kind = want.kind === 'mark' ? marked : market === 'spot' ? 'spot' : 'contract'
  const { recent, older } = lists[want.kind ?? 'prints']
  const candles: Candle[] = []
  const endMs = Math.min(want.toMs, nowMs)
  for (let fromMs = minuteOf(want.fromMs); fromMs < endMs && candles.length < limits.collector.candlesMax;) {
    const { endpoint, rows }: List = fromMs > nowMs - recentMs ? recent : older
    const toMs = Math.min(fromMs + rows * minuteMs, endMs)
    try {
      // both bounds are left out of what is told
      const asked = { instId: id, bar: '1m', before: fromMs - 1, after: toMs, limit: rows }
      const told = candlesOf((await caller.call(endpoint, asked)).value, clock.exchangeNowMs(), kind)
      candles.push(...told.filter((candle) => candle.minuteMs >= fromMs && candle.minuteMs < toMs))
    } catch (error) {
      const code = error instanceof CollectorFailure ? error.failure.exchangeCode : null
      if (code !== null && unknownInstrumentCodes.has(code)) return null
      throw error
    }
    fromMs = toMs
  }
  return candles.toSorted((a, b) => a.minuteMs - b.minuteMs)
}
