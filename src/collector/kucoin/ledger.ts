import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount, Position, Wallet } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { Listed, MarketList } from '../market-list.ts'
import { keptMsOf } from '../reach.ts'
import { eachOnce, type ReadPages, walkSpans } from '../span.ts'
import type { Contract } from './contract.ts'
import { endpoints } from './endpoint.ts'
import { type FuturesPart, FuturesWallets, noFutures } from './futures.ts'
import { Pages, type Parameters } from './page.ts'
import { balancesOf, type Line, linesOf, type Trade, tradesOf } from './row.ts'
import { isTrade, tellAll } from './tell.ts'

/** The main account's ledger is told a day at a time. */
const spans = { spanMs: dayMs, pagesMax: 60, pagesOfSpanMax: 20 }

export interface KucoinWatch {
  readonly caller: Calls
  readonly listings: MarketList<Listed>
  /** Loaded where they are watched. */
  readonly contracts: MarketList<Contract>
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly wallets: readonly Wallet[]
}

interface Part extends FuturesPart {
  readonly spotLines: readonly Line[]
  readonly trades: readonly Trade[]
}

/** The accounts of one client that are watched, their ledgers and the fills behind them. */
export class KucoinLedger implements LedgerSource {
  readonly historyMs = keptMsOf('kucoin', 'spot', '')
  readonly countsCash = true
  readonly rounding: string
  readonly #watch: KucoinWatch
  readonly #pages: Pages
  readonly #futures: FuturesWallets | null
  readonly #strange = new Set<string>()

  constructor(watch: KucoinWatch) {
    const { caller, clock, contracts, wallets } = watch
    this.#watch = watch
    this.#pages = new Pages(caller, clock)
    const isFutures = wallets.includes('linear') || wallets.includes('inverse')
    this.#futures = isFutures ? new FuturesWallets(caller, this.#pages, contracts) : null
    // futures are told as numbers, ten places behind the point
    this.rounding = isFutures ? '0.00000001' : '0'
  }

  /** Contracts whose terms are told nowhere any more. */
  get unavailable(): readonly string[] {
    return [...this.#strange].slice(0, 16)
  }

  async balances(): Promise<readonly Amount[]> {
    const parts: Amount[] = []
    if (this.#watch.wallets.includes('spot')) {
      parts.push(...balancesOf((await this.#watch.caller.call(endpoints.accounts)).value))
    }
    parts.push(...((await this.#futures?.balances()) ?? []))
    return sumOf(parts)
  }

  async positions(): Promise<readonly Position[]> {
    return (await this.#futures?.positions()) ?? []
  }

  costs(): readonly Amount[] | null {
    return this.#futures?.costs ?? null
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const { clock, listings } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(firstMs, nowMs + 1_000, spans, (startAt, endAt, readPages) =>
      this.#span({ startAt, endAt }, thorough, readPages),
    )
    // an id is one for its account only
    const lines = new Map(
      parts.flatMap((part) => part.spotLines.map((line) => [`${line.account} ${line.id}`, line] as const)),
    )
    const trades = new Map(parts.flatMap((part) => part.trades.map((trade) => [trade.id, trade] as const)))
    const fills = eachOnce(parts.flatMap((part) => part.fills))
    for (const { contractId, fill } of fills) if (fill === null) this.#strange.add(contractId)
    const told = {
      lines: [...lines.values()],
      trades: [...trades.values()],
      futures: {
        lines: eachOnce(parts.flatMap((part) => part.lines)),
        fills,
        fundings: eachOnce(parts.flatMap((part) => part.fundings)),
      },
    }
    const span = { fromMs: firstMs, toMs: cutAtMs ?? nowMs, isOpen: cutAtMs === null }
    return { ...tellAll(told, (id) => listings.byName(id), span), cutAtMs }
  }

  async #span(span: Parameters, thorough: boolean, readPages: ReadPages): Promise<Part | null> {
    const spot = this.#watch.wallets.includes('spot') ? await this.#spot(span, thorough, readPages) : noSpot
    if (spot === null) return null
    const futures = this.#futures === null ? noFutures : await this.#futures.read(span, readPages)
    return futures === null ? null : { ...spot, ...futures }
  }

  async #spot(span: Parameters, thorough: boolean, readPages: ReadPages): Promise<SpotPart | null> {
    const main = await readPages(this.#pages.numbered(endpoints.ledgers, { ...span, pageSize: 500 }, linesOf))
    if (main === null) return null
    const hf = await readPages(this.#pages.after(endpoints.hfLedgers, { ...span, limit: 200 }, linesOf))
    if (hf === null) return null
    const trades: Trade[] = []
    // of the newer trading account they are had by market: its ledger says which
    for (const symbol of new Set(hf.filter(isTrade).map((line) => line.symbol))) {
      if (symbol === '') continue
      const asked = { ...span, symbol, limit: 200 }
      const own = await readPages(this.#pages.after(endpoints.hfFills, asked, tradesOf))
      if (own === null) return null
      trades.push(...own)
    }
    if (thorough || main.some(isTrade)) {
      const asked = { ...span, tradeType: 'TRADE', pageSize: 500 }
      const own = await readPages(this.#pages.numbered(endpoints.fills, asked, tradesOf))
      if (own === null) return null
      trades.push(...own)
    }
    return { spotLines: [...main, ...hf], trades }
  }
}

type SpotPart = Pick<Part, 'spotLines' | 'trades'>

const noSpot: SpotPart = { spotLines: [], trades: [] }
