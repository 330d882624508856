import { dayMs } from '@perf-agg/sdk'
import type { Amount, Wallet, Position } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { Listed, MarketList } from '../market-list.ts'
import { eachOnce, type Page, walkSpans } from '../span.ts'
import { historyMsOf, rowsMaxOf } from '../reach.ts'
import { endpoints } from './endpoint.ts'
import { settle } from './listing.ts'
import { fundingsOf, perpStateOf, spotBalancesOf, tradesOf, updatesOf } from './row.ts'
import { tell, type Told } from './tell.ts'

const spans = { spanMs: 365 * dayMs, pagesMax: 24, pagesOfSpanMax: 8 }

export interface HyperliquidWatch {
  readonly caller: Calls
  readonly listings: MarketList<Listed>
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly user: string
  readonly wallets: readonly Wallet[]
}

/** The two wallets of one address: perpetuals, whose positions are paid in one coin, and spot. */
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
    const { caller, user, wallets } = this.#watch
    const parts: Amount[] = []
    this.#positions = []
    if (wallets.includes('linear')) {
      const state = perpStateOf((await caller.call(endpoints.perpState, { user })).value)
      parts.push({ asset: settle, amount: state.wallet })
      this.#positions = state.positions
    }
    if (wallets.includes('spot')) {
      parts.push(...spotBalancesOf((await caller.call(endpoints.spotState, { user })).value))
    }
    return sumOf(parts)
  }

  /** Those that came with the balances. */
  positions(): Promise<readonly Position[]> {
    return Promise.resolve(this.#positions)
  }

  async read(fromMs: number): Promise<Reading> {
    const { clock, wallets, user, listings } = this.#watch
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
    const { strange, ...reading } = tell(told, { user, wallets, listingOf: (coin) => listings.byName(coin) })
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
