import { minuteMs, minuteOf } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour.ts'
import type { Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Adapter, Connection, Tools } from '../adapter.ts'
import { CollectorFailure } from '../failure.ts'
import { pollLedger } from '../ledger-poll.ts'
import { budgets, endpoints } from './endpoint.ts'
import { badParameterCode, clockCode, judge } from './judge.ts'
import { BybitLedger } from './ledger.ts'
import { Listings } from './listings.ts'
import { candlesOf, refuseAccountInfo, serverTimeOf } from './row.ts'

const connection: Connection = {
  load: () => import('ccxt:bybit'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
  },
  hasSandbox: true,
  budgets,
  mainBudget: 'ip',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/** Rows of one answer at most. */
const pageRows = 1_000

/** The spot part of bybit's unified account. One with derivatives, loans or portfolio margin is refused. */
export function newBybit(): Adapter {
  const listings = new Listings()
  return {
    connection,
    wallets: ['spot'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.queryApi)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, clock.exchangeNowMs())
      if (wants.cursor === null) refuseAccountInfo((await caller.call(endpoints.accountInfo)).value)
      return pollLedger(new BybitLedger(caller, (id) => listings.byName(id), clock), sync, wants)
    },
    async markets({ caller, sync }) {
      await listings.load(caller, await sync())
      return listings.markets
    },
    async candles({ caller, clock }, want) {
      await listings.load(caller, clock.exchangeNowMs())
      // A market that has left the exchange may still answer under the name it had.
      return candlesFor(listings.byName(want.symbol)?.id ?? want.symbol.replace('/', ''), want, {
        caller,
        clock,
      })
    },
  }
}

async function candlesFor(
  symbol: string,
  want: PriceWant,
  { caller, clock }: Pick<Tools, 'caller' | 'clock'>,
): Promise<readonly Candle[] | null> {
  const candles: Candle[] = []
  const endMs = Math.min(want.toMs, clock.exchangeNowMs())
  for (let start = minuteOf(want.fromMs); start < endMs && candles.length < limits.collector.candlesMax;) {
    const end = Math.min(start + pageRows * minuteMs, endMs) - 1
    try {
      const parameters = { category: 'spot', symbol, interval: '1', start, end, limit: pageRows }
      const { value } = await caller.call(endpoints.kline, parameters)
      candles.push(...candlesOf(value, clock.exchangeNowMs()).candles)
    } catch (error) {
      if (error instanceof CollectorFailure && error.failure.exchangeCode === badParameterCode) return null
      throw error
    }
    start += pageRows * minuteMs
  }
  return candles
}
