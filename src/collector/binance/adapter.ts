import type { MarketType, Wallet } from '../../accounting/observation.ts'
import type { Adapter, Connection, Polled, PollWants, Tools } from '../adapter.ts'
import { parseLedgerCursor } from '../ledger-cursor.ts'
import { pollLedger } from '../ledger-poll.ts'
import { checkKey } from './check.ts'
import { Contracts } from './contract.ts'
import { budgets, endpoints } from './endpoint.ts'
import { FuturesSource } from './futures.ts'
import { judge } from './judge.ts'
import { Listings } from './listings.ts'
import { candlesFor, contractMarketsOf, marketsOf, marksFor } from './markets.ts'
import { type Cursors, floorOf, joined, parseCursors, writeCursors } from './parts.ts'
import { MarginSource } from './margin.ts'
import { Poll } from './poll.ts'
import { serverTimeOf } from './row.ts'
import { Transfers } from './transfers.ts'
import { type FuturesWallet, venues } from './venue.ts'

const connection: Connection = {
  load: () => import('ccxt:binance'),
  prepare: (exchange) => {
    exchange.options['fetchCurrencies'] = false
    exchange.options['fetchMargins'] = false
    exchange.options['adjustForTimeDifference'] = false
  },
  hasSandbox: true,
  budgets,
  mainBudget: 'ip',
  judge,
  clockCode: '-1021',
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/** Its funding wallet is not watched here. */
function marketsIn(wallets: readonly Wallet[]): readonly MarketType[] {
  return wallets.filter((wallet) => wallet !== 'funding')
}

/** Spot, margin and both futures exchanges of binance's: one account, each wallet with a ledger of its own. */
export function newBinance(): Adapter {
  const listings = new Listings()
  const contracts = { linear: new Contracts(venues.linear), inverse: new Contracts(venues.inverse) }
  const isFutures = (wallet: Wallet): wallet is FuturesWallet => wallet === 'linear' || wallet === 'inverse'

  async function pollSpot({ caller, sync }: Tools, wants: PollWants): Promise<Polled> {
    return Poll.run({ caller, sync, listings, ...wants, wallets: marketsIn(wants.wallets) })
  }

  async function pollFutures(
    wallet: FuturesWallet,
    { caller, sync, clock }: Tools,
    wants: PollWants,
    transfers: Transfers,
  ): Promise<Polled> {
    await contracts[wallet].load(caller, clock.exchangeNowMs())
    const base = wants.cursor === null ? null : parseLedgerCursor(wants.cursor).base
    const options = { caller, venue: venues[wallet], contracts: contracts[wallet], transfers, base }
    const source = new FuturesSource({ ...options, exchangeNowMs: () => clock.exchangeNowMs() })
    return pollLedger(source, sync, { ...wants, wallets: [wallet] })
  }

  async function pollMargin({ caller, sync, clock }: Tools, wants: PollWants): Promise<Polled> {
    await listings.load(caller, clock.exchangeNowMs())
    const exchangeNowMs = () => clock.exchangeNowMs()
    return pollLedger(
      new MarginSource({ caller, listings, wallets: marketsIn(wants.wallets), exchangeNowMs }),
      sync,
      { ...wants, wallets: ['margin'] },
    )
  }

  async function pollAll(tools: Tools, wants: PollWants): Promise<Polled> {
    const wallets = marketsIn(wants.wallets)
    const before = parseCursors(wants.cursor)
    // every wallet's poll begins with one and the same time
    const begun = tools.sync()
    const transfers = new Transfers(tools.caller, wallets, await begun)
    const parts = await Promise.all(
      wallets.map(async (wallet): Promise<readonly [MarketType, Polled]> => {
        let first = true
        const sync = (): Promise<number> => {
          const time = first ? begun : tools.sync()
          first = false
          return time
        }
        // balances of several wallets can't be told apart again
        const previousAnchor = wallets.length === 1 ? wants.previousAnchor : null
        const cursor = before[wallet]
        const sinceMs = cursor === null ? wants.sinceMs : floorOf(cursor)
        const part = { ...wants, sinceMs, cursor, previousAnchor }
        const own = { ...tools, sync }
        if (isFutures(wallet)) return [wallet, await pollFutures(wallet, own, part, transfers)]
        return [wallet, await (wallet === 'margin' ? pollMargin(own, part) : pollSpot(own, part))]
      }),
    )
    const cursors: Cursors = {
      ...before,
      ...Object.fromEntries(parts.map(([wallet, { cursor }]) => [wallet, cursor])),
    }
    return { observation: joined(parts.map(([, polled]) => polled)), cursor: writeCursors(cursors) }
  }

  return {
    connection,
    wallets: ['spot', 'margin', 'linear', 'inverse'],
    check: ({ caller, sync }, wallets) => checkKey(caller, sync, wallets),
    poll: (tools, wants) =>
      wants.wallets.length === 1 && wants.wallets[0] === 'spot'
        ? pollSpot(tools, wants)
        : pollAll(tools, wants),
    async markets({ caller, sync }, wallets) {
      const nowMs = await sync()
      // coins are priced by spot, whatever is watched
      await listings.load(caller, nowMs)
      const futures = wallets.filter(isFutures)
      for (const wallet of futures) await contracts[wallet].load(caller, nowMs)
      return [
        ...marketsOf(listings),
        ...futures.flatMap((wallet) => contractMarketsOf(contracts[wallet], wallet)),
      ]
    },
    async candles({ caller, clock }, want) {
      if (want.kind === 'mark') return marksFor(want, caller, contracts, clock)
      await listings.load(caller, clock.exchangeNowMs())
      return candlesFor(want, caller, listings, clock)
    },
  }
}
