import { dayMs } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour/hour.ts'
import type { Wallet } from '../../accounting/observation.ts'
import type { Adapter, Connection, Polled } from '../adapter.ts'
import type { Endpoint } from '../call.ts'
import { CollectorFailure } from '../failure.ts'
import { pollLedger } from '../ledger-poll.ts'
import { type Listed, MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import type { Book, Desk } from './book.ts'
import { ContractBook } from './contract-book.ts'
import { budgets, endpoints } from './endpoint.ts'
import { FundingBook, UnifiedFundingBook } from './funding-book.ts'
import { clockCode, isUnknownSymbol, judge, unifiedCode } from './judge.ts'
import { BitgetLedger } from './ledger.ts'
import { MarginBook } from './margin-book.ts'
import { contractsOf, productsOf } from './product.ts'
import { candlesOf, listingsOf, serverTimeOf } from './row.ts'
import { SpotBook } from './spot.ts'
import { UnifiedBook } from './unified-book.ts'

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

/** The wallets of bitget's classic account, each with its own lists, or the one wallet of its unified account. */
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
    wallets: ['spot', 'margin', ...contractWallets, 'funding'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.info).catch((error: unknown) => {
        if (!isUnified(error)) throw error
        return caller.call(endpoints.unifiedInfo)
      })
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, await sync())
      const desk = { caller, listings, clock }
      const { wallets, cursor } = wants
      const run = (books: readonly Book[], from: string | null): Promise<Polled> =>
        pollLedger(new BitgetLedger(books, clock, wallets), sync, { ...wants, cursor: from })
      const unified = async (from: string | null): Promise<Polled> => {
        const polled = await run(unifiedBooksOf(desk, wallets), from)
        return { ...polled, cursor: unifiedMark + polled.cursor }
      }
      if (cursor?.startsWith(unifiedMark) === true) return unified(cursor.slice(unifiedMark.length))
      try {
        return await run(booksOf(desk, wallets), cursor)
      } catch (error) {
        if (!isUnified(error)) throw error
        // what the wallets held before became one: nothing leads on from there
        return unified(null)
      }
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

/** A cursor that begins so is of a unified account: its wallets are not asked for one by one. */
const unifiedMark = 'unified '

/** The exchange says itself of which kind an account is, and has another API for each. */
function isUnified(error: unknown): boolean {
  return error instanceof CollectorFailure && error.failure.exchangeCode === unifiedCode
}

function unifiedBooksOf(desk: Desk, wallets: readonly Wallet[]): readonly Book[] {
  const isMarket = wallets.some((wallet) => wallet !== 'funding')
  return [
    ...(isMarket ? [new UnifiedBook(desk, wallets)] : []),
    ...(wallets.includes('funding') ? [new UnifiedFundingBook(desk)] : []),
  ]
}

/** The wallets that are watched, each with its own lists. */
function booksOf(desk: Desk, wallets: readonly Wallet[]): readonly Book[] {
  return [
    ...(wallets.includes('spot') ? [new SpotBook(desk)] : []),
    ...(wallets.includes('margin') ? [new MarginBook(desk)] : []),
    ...productsOf(wallets).map((product) => new ContractBook(desk, product)),
    ...(wallets.includes('funding') ? [new FundingBook(desk)] : []),
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
