import { dayMs } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour/hour.ts'
import type { Wallet } from '../../accounting/observation.ts'
import type { Adapter, Connection } from '../adapter.ts'
import type { Endpoint } from '../call.ts'
import { pollLedger } from '../ledger-poll.ts'
import { type Listed, MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import type { Book, Desk } from './book.ts'
import { ContractBook } from './contract-book.ts'
import { budgets, endpoints } from './endpoint.ts'
import { clockCode, isUnknownSymbol, judge } from './judge.ts'
import { BitgetLedger } from './ledger.ts'
import { MarginBook } from './margin-book.ts'
import { contractsOf, productsOf } from './product.ts'
import { candlesOf, listingsOf, serverTimeOf } from './row.ts'
import { SpotBook } from './spot.ts'

const connection: Connection = {
  load: () => import('ccxt:bitget'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
  },
  // it practises at its real host, by a header: a host says nothing there
  hasSandbox: false,
  budgets,
  mainBudget: 'ip',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/** Rows of one answer at most, and of one about the past. */
const candleRows = 1_000
const olderRows = 200
/** Minutes are kept there so long; older ones are had elsewhere. */
const keptMs = 25 * dayMs

const contractWallets = ['linear', 'inverse'] as const

/** Spot and contracts at bitget, those that are paid in coins too. A unified account, which has another API, is refused by the exchange itself. */
export function newBitget(): Adapter {
  const listings = new MarketList(async (caller) => {
    const all = listingsOf((await caller.call(endpoints.symbols)).value)
    for (const productType of productsOf(contractWallets)) {
      all.push(...contractsOf((await caller.call(endpoints.contracts, { productType })).value, productType))
    }
    return all
  })
  return {
    connection,
    wallets: ['spot', 'margin', ...contractWallets],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.info)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, await sync())
      const books = booksOf({ caller, listings, clock }, wants.wallets)
      return pollLedger(new BitgetLedger(books, clock, wants.wallets), sync, wants)
    },
    async markets({ caller, sync }, wallets) {
      await listings.load(caller, await sync())
      return listings.markets.filter(({ type }) => wallets.includes(type))
    },
    async candles({ caller, clock }, want) {
      const exchangeNowMs = clock.exchangeNowMs()
      await listings.load(caller, exchangeNowMs)
      const listing = listings.byName(want.symbol)
      if (listing === undefined && want.symbol.includes(':')) return null
      const isOld = exchangeNowMs - want.fromMs > keptMs
      return readMinutes(want, {
        exchangeNowMs,
        rowsMax: isOld ? olderRows : candleRows,
        isUnknown: isUnknownSymbol,
        async read(fromMs, toMs) {
          const span = isOld
            ? { endTime: toMs, limit: olderRows }
            : { startTime: fromMs, endTime: toMs, limit: candleRows }
          const { endpoint, asked } = placeOf(want, listing, isOld)
          return candlesOf((await caller.call(endpoint, { ...asked, ...span })).value, exchangeNowMs)
        },
      })
    },
  }
}

/** The wallets that are watched, each with its own lists. */
function booksOf(desk: Desk, wallets: readonly Wallet[]): readonly Book[] {
  return [
    ...(wallets.includes('spot') ? [new SpotBook(desk)] : []),
    ...(wallets.includes('margin') ? [new MarginBook(desk)] : []),
    ...productsOf(wallets).map((product) => new ContractBook(desk, product)),
  ]
}

/** Which list of minutes, and what is asked there. */
function placeOf(
  { symbol, kind }: PriceWant,
  listing: Listed | undefined,
  isOld: boolean,
): { endpoint: Endpoint; asked: Readonly<Record<string, string>> } {
  if (listing?.type !== 'linear') {
    const asked = { symbol: listing?.id ?? symbol.replace('/', ''), granularity: '1min' }
    return { endpoint: isOld ? endpoints.olderCandles : endpoints.candles, asked }
  }
  const [productType = '', id = ''] = listing.id.split(' ')
  const asked = { symbol: id, productType, granularity: '1m' }
  if (kind !== 'mark')
    return { endpoint: isOld ? endpoints.olderContractCandles : endpoints.contractCandles, asked }
  return isOld
    ? { endpoint: endpoints.olderMarks, asked }
    : { endpoint: endpoints.contractCandles, asked: { ...asked, kLineType: 'MARK' } }
}
