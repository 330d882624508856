import { dayMs } from '@perf-agg/sdk'
import type { Amount, Wallet, Position } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { refuseAccount } from '../failure.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { MarketList } from '../market-list.ts'
import { eachOnce, type Page, walkSpans } from '../span.ts'
import { historyMsOf, rowsMaxOf } from '../reach.ts'
import { endpoints } from './endpoint.ts'
import { type Dex, dexNameOf, type Market, ownDex } from './listing.ts'
import { fundingsOf, tradesOf, updatesOf } from './row.ts'
import type { Standings } from './standing.ts'
import { amountOf, perpStateOf, spotBalancesOf, tellsOfUnified } from './state.ts'
import { tell, type Told } from './tell.ts'
import { dexesOf } from './update.ts'

const spans = { spanMs: 365 * dayMs, pagesMax: 24, pagesOfSpanMax: 8 }

export interface HyperliquidWatch {
  readonly caller: Calls
  readonly listings: MarketList<Market>
  readonly standings: Standings
  /** By their number. */
  readonly coins: () => ReadonlyMap<number, string>
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly user: string
  readonly wallets: readonly Wallet[]
}

/**
 * The wallets of one address: spot, and perpetuals, of which each exchange within hyperliquid keeps its own. Or one that
 * backs all of them.
 */
export class HyperliquidLedger implements LedgerSource {
  /** Of fills the newest are told, however long that is. */
  readonly historyMs = historyMsOf('hyperliquid', ['spot'])
  keptFromMs: number | null = null
  /** When each fill was that the last read was told of, those of others' exchanges too: they count as well. */
  readonly #told = new Map<string, number>()
  readonly countsCash = true
  readonly #watch: HyperliquidWatch
  readonly #strange = new Set<string>()
  #positions: readonly Position[] = []

  constructor(watch: HyperliquidWatch) {
    this.#watch = watch
  }

  get unavailable(): readonly string[] {
    return [...this.#strange].slice(0, 16)
  }

  async balances(): Promise<readonly Amount[]> {
    const { caller, user, wallets, standings, clock } = this.#watch
    const { isUnified, dexes } = await standings.of(caller, user, clock.exchangeNowMs())
    // of one wallet for everything there is no half to watch
    if (isUnified && wallets.length < 2) throw refuseAccount('unifiedAccount')
    this.#positions = []
    const parts: Amount[] = []
    if (wallets.includes('linear')) parts.push(...(await this.#perps(dexes, isUnified)))
    if (wallets.includes('spot')) {
      const { value } = await caller.call(endpoints.spotState, { user })
      if (!isUnified && tellsOfUnified(value)) standings.forget(user)
      parts.push(...spotBalancesOf(value, this.#watch.coins()))
    }
    return sumOf(parts)
  }

  async #perps(used: ReadonlySet<string> | null, isUnified: boolean): Promise<readonly Amount[]> {
    const { caller, user, standings } = this.#watch
    const others = this.#dexes().filter(({ name }) => used === null || used.has(name))
    const states = await Promise.all(
      [ownDex, ...others].map(async (dex) => {
        const asked = dex === ownDex ? { user } : { user, dex: dex.name }
        const { value } = await caller.call(endpoints.perpState, asked)
        return { dex, state: perpStateOf(value, dex, isUnified) }
      }),
    )
    const found = states.filter(({ state }) => state.positions.length > 0 || state.wallet.digits !== 0n)
    if (used === null)
      standings.found(
        user,
        found.map(({ dex }) => dex.name),
      )
    this.#positions = states.flatMap(({ state }) => state.positions)
    return states.map(({ dex, state }) => amountOf(dex, state))
  }

  /** Others' exchanges within it. */
  #dexes(): readonly Dex[] {
    const dexes = this.#watch.listings.all.flatMap(({ dex }) => (dex === null || dex === ownDex ? [] : [dex]))
    return [...new Map(dexes.map((dex) => [dex.name, dex])).values()]
  }

  /** Those that came with the balances. */
  positions(): Promise<readonly Position[]> {
    return Promise.resolve(this.#positions)
  }

  async read(fromMs: number): Promise<Reading> {
    const { clock, wallets, user, listings, standings } = this.#watch
    this.#told.clear()
    const { parts, cutAtMs } = await walkSpans(
      Math.max(fromMs, 0),
      clock.exchangeNowMs() + 1_000,
      spans,
      async (startTime, endTime, readPages): Promise<Told | null> => {
        const trades = await readPages(
          this.#from(endpoints.fills, startTime, endTime, (value, exchangeNowMs) => {
            const page = tradesOf(value, exchangeNowMs)
            for (const { id, atMs } of page.told) this.#told.set(id, atMs)
            return page
          }),
        )
        if (trades === null) return null
        const fundings = wallets.includes('linear')
          ? await readPages(this.#from(endpoints.funding, startTime, endTime, fundingsOf))
          : []
        if (fundings === null) return null
        const updates = await readPages(this.#from(endpoints.updates, startTime, endTime, updatesOf))
        return updates === null ? null : { trades, fundings, updates }
      },
    )
    const told: Told = {
      trades: eachOnce(parts.flatMap(({ trades }) => trades)),
      fundings: eachOnce(parts.flatMap(({ fundings }) => fundings)),
      updates: eachOnce(parts.flatMap(({ updates }) => updates)),
    }
    const isFull = this.#told.size >= rowsMaxOf('hyperliquid', wallets)
    this.keptFromMs = isFull ? [...this.#told.values()].reduce((a, b) => Math.min(a, b)) : null
    const coins = [...told.trades, ...told.fundings].map(({ coin }) => dexNameOf(coin))
    for (const name of [...coins, ...told.updates.flatMap(dexesOf)]) standings.use(user, name)
    const { strange, ...reading } = tell(told, {
      user,
      wallets,
      listingOf: (coin) => listings.byName(coin),
      dexes: new Map([ownDex, ...this.#dexes()].map((dex) => [dex.name, dex])),
    })
    for (const market of strange) this.#strange.add(market)
    return { ...reading, cutAtMs }
  }

  /** Oldest first, each page from the last instant of the one before. */
  #from<Each>(
    endpoint: Endpoint,
    startTime: number,
    endTime: number,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): (next: string | null) => Promise<Page<Each>> {
    const { caller, clock, user } = this.#watch
    return async (next) => {
      const asked = { user, startTime: next === null ? startTime : Number(next), endTime }
      return readPage((await caller.call(endpoint, asked)).value, clock.exchangeNowMs())
    }
  }
}
