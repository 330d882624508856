import { minuteMs, minuteOf } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour/hour.ts'
import type { Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Adapter, Connection, Tools } from '../adapter.ts'
import { CollectorFailure, refuseAccount } from '../failure.ts'
import { pollLedger } from '../ledger-poll.ts'
import { budgets, endpoints } from './endpoint.ts'
import { categoriesOf, type Category, idsOfSymbol } from './instrument.ts'
import { badParameterCode, clockCode, judge } from './judge.ts'
import { BybitLedger } from './ledger.ts'
import { Listings } from './listings.ts'
import { refuseOptions } from './position.ts'
import { accountInfoOf, candlesOf, serverTimeOf } from './row.ts'

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

/**
 * bybit's unified account: one wallet with one log, whatever the market, and the funding wallet beside. A spot session refuses one with loans or
 * contracts in it, every session one with options or portfolio margin, and the classic account.
 */
export function newBybit(): Adapter {
  const listings = new Listings()
  return {
    connection,
    wallets: ['spot', 'margin', 'linear', 'inverse', 'funding'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.queryApi)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      const watched = categoriesOf(wants.wallets)
      await listings.load(caller, clock.exchangeNowMs(), watched)
      const ledger = new BybitLedger({ caller, listings, clock, wallets: wants.wallets })
      if (wants.cursor === null && watched.length > 0) await refuseWhatIsNotRead(caller, watched, ledger)
      return pollLedger(ledger, sync, wants)
    },
    async markets({ caller, sync }, wallets) {
      await listings.load(caller, await sync(), categoriesOf(wallets))
      return listings.markets(categoriesOf(wallets))
    },
    async candles({ caller, clock }, want) {
      const contract = want.symbol.includes(':')
      const [, quote, settle] = want.symbol.split(/[/:]/)
      const category: Category = !contract
        ? 'spot'
        : quote === 'USD' && settle !== 'USD'
          ? 'inverse'
          : 'linear'
      await listings.load(caller, clock.exchangeNowMs(), [category])
      const listing = listings.bySymbol(want.symbol)
      // What has left the exchange may still answer under the name it had.
      const ids = listing === undefined ? idsOfSymbol(want.symbol) : [listing.id]
      for (const symbol of ids) {
        const place = { category: listing?.category ?? category, symbol }
        const candles = await candlesFor(place, want, { caller, clock })
        if (candles !== null) return candles
      }
      return null
    },
  }
}

/** Asked once, with the first poll of an account. */
async function refuseWhatIsNotRead(
  caller: Tools['caller'],
  watched: readonly Category[],
  ledger: BybitLedger,
): Promise<void> {
  const { inverseApart } = accountInfoOf((await caller.call(endpoints.accountInfo)).value)
  if (watched.length === 1) return
  refuseOptions((await caller.call(endpoints.positions, { category: 'option' })).value)
  // its wallet is another one, with a log of its own
  const positions = inverseApart ? await ledger.positions() : []
  if (positions.some(({ market }) => market === 'inverse')) throw refuseAccount('inverse')
}

async function candlesFor(
  place: { readonly category: Category; readonly symbol: string },
  want: PriceWant,
  { caller, clock }: Pick<Tools, 'caller' | 'clock'>,
): Promise<readonly Candle[] | null> {
  const candles: Candle[] = []
  const endMs = Math.min(want.toMs, clock.exchangeNowMs())
  const endpoint = want.kind === 'mark' ? endpoints.markKline : endpoints.kline
  for (let start = minuteOf(want.fromMs); start < endMs && candles.length < limits.collector.candlesMax;) {
    const end = Math.min(start + pageRows * minuteMs, endMs) - 1
    try {
      const { value } = await caller.call(endpoint, { ...place, interval: '1', start, end, limit: pageRows })
      candles.push(...candlesOf(value, clock.exchangeNowMs()).candles)
    } catch (error) {
      if (error instanceof CollectorFailure && error.failure.exchangeCode === badParameterCode) return null
      throw error
    }
    start += pageRows * minuteMs
  }
  return candles
}
