import type { PriceWant } from '../../accounting/hour/hour.ts'
import type { Candle, Wallet } from '../../accounting/observation.ts'
import type { Adapter, Connection, Tools } from '../adapter.ts'
import { CollectorFailure } from '../failure.ts'
import { pollLedger } from '../ledger-poll.ts'
import { MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import { type Contract, contractsOf } from './contract.ts'
import { contractCandlesOf } from './contract-row.ts'
import { budgets, endpoints } from './endpoint.ts'
import { badParameterCode, clockCode, judge } from './judge.ts'
import { KucoinLedger } from './ledger.ts'
import { candlesOf, isUnified, listingsOf, serverTimeOf } from './row.ts'
import { UnifiedLedger } from './unified.ts'

const connection: Connection = {
  load: () => import('ccxt:kucoin'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
  },
  // its switch leaves no URL behind
  hasSandbox: false,
  budgets,
  mainBudget: 'public',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/** Rows of one answer at most, both ends included: of spot, and of futures. */
const candleRows = 1_400
const contractCandleRows = 199

const isFutures = (wallets: readonly Wallet[]): boolean =>
  wallets.includes('linear') || wallets.includes('inverse')

/** The main and the trading account at kucoin, its margin and its futures; or the one wallet of a unified account. */
export function newKucoin(): Adapter {
  const listings = new MarketList(async (caller) => listingsOf((await caller.call(endpoints.symbols)).value))
  /** By their names, also when they have left the list: their last fills are told behind that. */
  const seen = new Map<string, Contract>()
  const contracts = new MarketList(async (caller) => {
    for (const [id, contract] of seen) seen.set(id, { ...contract, active: false })
    for (const contract of contractsOf((await caller.call(endpoints.contracts)).value)) {
      seen.set(contract.id, contract)
    }
    return [...seen.values()]
  })
  return {
    connection,
    wallets: ['spot', 'margin', 'linear', 'inverse'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.apiKey)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, await sync())
      const { wallets } = wants
      const isOne = await hasOneWallet(caller)
      if (isFutures(wallets) || isOne) await contracts.load(caller, clock.exchangeNowMs())
      const watch = { caller, listings, contracts, clock, wallets }
      return pollLedger(isOne ? new UnifiedLedger(watch) : new KucoinLedger(watch), sync, wants)
    },
    async markets({ caller, sync }, wallets) {
      await listings.load(caller, await sync())
      if (!isFutures(wallets)) return listings.markets
      await contracts.load(caller, await sync())
      return [...listings.markets, ...contracts.markets.filter(({ type }) => wallets.includes(type))]
    },
    async candles({ caller, clock }, want) {
      if (want.symbol.includes(':')) {
        await contracts.load(caller, clock.exchangeNowMs())
        return contractMinutes({ caller, clock }, want, contracts.byName(want.symbol))
      }
      await listings.load(caller, clock.exchangeNowMs())
      const symbol = listings.byName(want.symbol)?.id ?? want.symbol.replace('/', '-')
      return readMinutes(want, {
        exchangeNowMs: clock.exchangeNowMs(),
        rowsMax: candleRows,
        isUnknown: (code) => code === badParameterCode,
        async read(fromMs, toMs) {
          const asked = { symbol, type: '1min', startAt: fromMs / 1_000, endAt: toMs / 1_000 }
          const { value } = await caller.call(endpoints.candles, asked)
          return candlesOf(value, clock.exchangeNowMs())
        },
      })
    },
  }
}

/** Whoever becomes one leaves nothing behind in the older accounts: it is asked each time. */
async function hasOneWallet(caller: Tools['caller']): Promise<boolean> {
  try {
    return isUnified((await caller.call(endpoints.accountMode)).value)
  } catch (error) {
    // an account that was never asked about its mode has none but the older one
    const code = error instanceof CollectorFailure ? error.failure.code : null
    if (code !== 'EXCHANGE_REQUEST_REFUSED') throw error
    return false
  }
}

/**
 * The minutes of a contract. Nobody tells the past of a mark: it follows an index, whose minutes stand for it; the
 * contract's own do where there is none.
 */
async function contractMinutes(
  { caller, clock }: Pick<Tools, 'caller' | 'clock'>,
  want: PriceWant,
  contract: Contract | undefined,
): Promise<readonly Candle[] | null> {
  if (contract === undefined) return null
  const minutesOf = (symbol: string): Promise<readonly Candle[] | null> =>
    readMinutes(want, {
      exchangeNowMs: clock.exchangeNowMs(),
      rowsMax: contractCandleRows,
      isUnknown: (code) => code === badParameterCode,
      async read(from, to) {
        const { value } = await caller.call(endpoints.contractCandles, { symbol, granularity: 1, from, to })
        return contractCandlesOf(value, want.kind === 'mark' ? null : contract, clock.exchangeNowMs())
      },
    })
  const marks = want.kind === 'mark' && contract.index !== '' ? await minutesOf(contract.index) : null
  return marks === null || marks.length === 0 ? minutesOf(contract.id) : marks
}
