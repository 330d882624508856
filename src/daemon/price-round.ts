import { PerfAggError } from '@perf-agg/sdk'
import type { Account } from '../accounting/account.ts'
import type { PriceWant } from '../accounting/hour/hour.ts'
import type { Source } from '../collector/answer.ts'
import type { Log } from '../http/log.ts'
import { limits } from '../limits.ts'
import { pricingTypes } from '../session/exchange.ts'
import type { MarketLists } from './book.ts'
import type { Collectors } from './collecting/collectors.ts'
import { PollCut } from './collecting/cut.ts'

/** Rounds of prices that one poll may ask for: the first answers nearly all, later ones find bridges. */
const roundsMax = 6

interface Parts {
  readonly collectors: Pick<Collectors, 'candles' | 'markets'>
  readonly markets: MarketLists
  readonly log: Log
}

/** Asks for what an account's hours are priced with, as far as `nowMs`: few at a time where it can wait. Hours without their prices stay pending. */
export async function priceHours(
  { collectors, markets, log }: Parts,
  account: Account,
  watched: Source,
  options: { readonly nowMs: number; readonly listedAtMs?: number; readonly background?: boolean },
): Promise<void> {
  const { nowMs, listedAtMs = nowMs, background = false } = options
  const wantsMax = background ? limits.daemon.pastWantsMax : limits.collector.wantsMax
  const source = { ...watched, marketTypes: pricingTypes(watched.exchange, watched.marketTypes) }
  account.setMarkets(await markets.of(source, listedAtMs, () => collectors.markets({ source })))
  for (let round = 0; round < roundsMax; round += 1) {
    const wants: readonly PriceWant[] = account.priceWants(nowMs).slice(0, wantsMax)
    if (wants.length === 0) return
    try {
      const answers = await collectors.candles({ source, wants, background })
      for (const [index, candles] of answers.entries()) account.takeCandles(wants[index]!, candles)
      if (answers.length < wants.length) return account.missCandles()
    } catch (error) {
      account.missCandles()
      if (error instanceof PollCut) throw error
      log.warn('prices-missing', { code: error instanceof PerfAggError ? error.code : 'INTERNAL' })
      return
    }
  }
}
