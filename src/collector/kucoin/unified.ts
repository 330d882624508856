import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import { refuseAccount } from '../failure.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { historyMsOf } from '../reach.ts'
import { eachOnce, type ReadPages, walkSpans } from '../span.ts'
import type { Contract } from './contract.ts'
import { endpoints } from './endpoint.ts'
import type { KucoinWatch } from './ledger.ts'
import { Pages, type Parameters, readMarket } from './page.ts'
import type { Trade } from './row.ts'
import {
  unifiedBalancesOf,
  unifiedFillsOf,
  unifiedLinesOf,
  unifiedPositionsOf,
  type UnifiedTradeType,
  unifiedTradesOf,
} from './unified-row.ts'
import { isSpotTrade, tellUnified, type UnifiedTold } from './unified-tell.ts'

const spans = { spanMs: dayMs, pagesMax: 60, pagesOfSpanMax: 20 }
const unified = { accountMode: 'unified' }

/**
 * A unified account: one wallet that trades spot, margin and contracts. What it has must be watched: spot in any case,
 * contracts where one is held, margin where something is owed.
 */
export class UnifiedLedger implements LedgerSource {
  readonly historyMs: number
  readonly #watch: KucoinWatch
  readonly #pages: Pages
  readonly #strange = new Set<string>()
  #positions: readonly Position[] = []

  constructor(watch: KucoinWatch) {
    this.#watch = watch
    this.#pages = new Pages(watch.caller, watch.clock)
    this.historyMs = historyMsOf('kucoin', watch.wallets) ?? Number.POSITIVE_INFINITY
    if (!watch.wallets.includes('spot')) throw refuseAccount('UNIFIED')
  }

  get unavailable(): readonly string[] {
    return [...this.#strange].slice(0, 16)
  }

  readonly #contractBy = (id: string): Contract | undefined => this.#watch.contracts.byName(id)

  async balances(): Promise<readonly Amount[]> {
    const { caller, wallets } = this.#watch
    const told = unifiedPositionsOf(
      (await caller.call(endpoints.unifiedPositions, unified)).value,
      this.#contractBy,
    )
    if (told.some(({ position }) => !wallets.includes(position.market)))
      throw refuseAccount('UNIFIED FUTURES')
    const held = unifiedBalancesOf((await caller.call(endpoints.unifiedBalances, unified)).value, told)
    if (held.isOwing && !wallets.includes('margin')) throw refuseAccount('UNIFIED MARGIN')
    this.#positions = told.map(({ position }) => position)
    return held.balances
  }

  /** Those that came with the balances. */
  positions(): Promise<readonly Position[]> {
    return Promise.resolve(this.#positions)
  }

  async read(fromMs: number): Promise<Reading> {
    const { clock, listings } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    const { parts, cutAtMs } = await walkSpans(firstMs, nowMs + 1_000, spans, (startAt, endAt, readPages) =>
      this.#span({ startAt, endAt }, readPages),
    )
    const told: UnifiedTold = {
      lines: eachOnce(parts.flatMap((part) => part.lines)),
      trades: eachOnce(parts.flatMap((part) => part.trades)),
      contractFills: eachOnce(parts.flatMap((part) => part.contractFills)),
    }
    for (const { contractId, fill } of told.contractFills) if (fill === null) this.#strange.add(contractId)
    return { ...tellUnified(told, (id) => listings.byName(id)), cutAtMs }
  }

  async #span(span: Parameters, readPages: ReadPages): Promise<UnifiedTold | null> {
    const { wallets, listings } = this.#watch
    const asked = { ...span, pageSize: 200 }
    const lines = await readPages(
      this.#pages.after(endpoints.unifiedLedger, { ...asked, accountType: 'UNIFIED' }, unifiedLinesOf),
    )
    if (lines === null) return null
    // a line does not say of which market it is: both its coins moved
    const moved = new Set(lines.filter(isSpotTrade).map(({ asset }) => asset))
    const symbols = listings.all.filter(({ base, quote }) => moved.has(base) && moved.has(quote))
    const tradeTypes: readonly UnifiedTradeType[] = wallets.includes('margin') ? ['SPOT', 'CROSS'] : ['SPOT']
    const trades: Trade[] = []
    for (const { id: symbol } of symbols) {
      for (const tradeType of tradeTypes) {
        const own = await readMarket(
          this.#pages.after(
            endpoints.unifiedFills,
            { ...unified, ...asked, tradeType, symbol },
            (value, exchangeNowMs) => unifiedTradesOf(value, exchangeNowMs, tradeType),
          ),
        )
        if (own === null) return null
        trades.push(...own)
      }
    }
    if (!wallets.includes('linear')) return { lines, trades, contractFills: [] }
    const contractFills = await readPages(
      this.#pages.after(
        endpoints.unifiedFills,
        { ...unified, ...asked, tradeType: 'FUTURES' },
        (value, exchangeNowMs) => unifiedFillsOf(value, this.#contractBy, exchangeNowMs),
      ),
    )
    return contractFills === null ? null : { lines, trades, contractFills }
  }
}
