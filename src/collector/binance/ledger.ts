import { dayMs } from '@perf-agg/sdk'
import type { CashFlow, MarketType } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import {
  type Base,
  type Entry,
  entryOfConversion,
  entryOfFill,
  entryOfFlow,
  entryOfIncome,
  type Explanation,
  explain,
} from '../explain.ts'
import { allOf, isOutOfBudget } from '../failure.ts'
import type { Cursor } from './cursor.ts'
import { limits } from '../../limits.ts'
import { farMs, Fills } from './fills.ts'
import { Flows } from './flows.ts'
import { Seldom } from './seldom.ts'
import type { Account, Listing } from './row.ts'

/** After so many of the latest symbols a deposit is likelier than one more symbol. */
const likelySymbols = 4

/** Balances, and the exchange's time before they were asked for: what happened until then is in them. */
export interface Balances {
  readonly account: Account
  readonly askedAtMs: number
}

/** The ledger of one poll: what was read of fills and flows since `base`, and whether it explains the balances. */
export class Ledger {
  readonly fills: Fills
  readonly flows: Flows
  readonly seldom: Seldom
  readonly base: Base | null
  balances: Balances
  flowsRead = false
  readonly #cursor: Cursor
  /** The poll before met more fills than it could take. */
  readonly #catchingUp: boolean
  readonly #begunAtMs: number

  constructor(options: {
    caller: Calls
    cursor: Cursor
    base: Base | null
    catchingUp: boolean
    balances: Balances
    others: readonly MarketType[]
  }) {
    const { caller, cursor, base, catchingUp, balances, others } = options
    this.#cursor = cursor
    this.#catchingUp = catchingUp
    this.#begunAtMs = balances.askedAtMs
    this.base = base
    this.balances = balances
    const begunAtMs = balances.askedAtMs
    this.fills = new Fills(caller, cursor.symbols, begunAtMs)
    this.seldom = new Seldom(caller, begunAtMs)
    this.flows = new Flows({
      caller,
      exchangeNowMs: begunAtMs,
      begunAtMs,
      floorMs: cursor.floorMs,
      estimates: cursor.estimates,
      baseAtMs: base?.atMs ?? null,
      others,
    })
  }

  /** From where on entries are looked for. */
  get fromMs(): number {
    return this.base?.atMs ?? this.#cursor.floorMs
  }

  /** Every symbol that was traded lately, a day back: late fills move no balance when they appear. */
  async readThoroughly(): Promise<void> {
    const activeFromMs = Math.min(this.fromMs, this.#begunAtMs - farMs)
    // what was met for the first time just now has been read as far back as it goes
    const active = this.fills.known.filter(
      ({ id, lastAtMs }) => lastAtMs >= activeFromMs && !this.fills.wasRead(id),
    )
    const reach = this.#catchingUp ? 'on' : 'far'
    await allOf(active.map(({ id }) => this.fills.readKnown(id, reach, this.fromMs)))
    await this.#readFlows()
  }

  /**
   * Markets that a stream named, before any other, and no further than until what moved is explained. Those whose coins
   * did not move come last: a hint can be late, doubled or a lie, and costs a few reads then.
   */
  async readHinted(listings: readonly Listing[], thorough: boolean): Promise<void> {
    if (this.base === null) return
    let explanation = this.explain()
    const residual = explanation?.kind === 'open' ? explanation.residual : null
    const touches = ({ base, quote }: Listing): number =>
      Number(residual?.has(base) ?? false) + Number(residual?.has(quote) ?? false)
    const likely = listings.toSorted((a, b) => touches(b) - touches(a))
    try {
      for (const listing of likely.slice(0, limits.collector.hintsMax)) {
        if (explanation?.kind === 'exact') return
        const isKnown = this.fills.isKnown(listing.id)
        if (!isKnown) await this.fills.readUnknown(listing, this.fromMs, 'searching')
        // a thorough poll reads those anyway, further back
        else if (!thorough) await this.fills.readKnown(listing.id, this.#reach, this.fromMs)
        explanation = this.explain()
      }
    } catch (error) {
      // the minute's weight is spent: what is left of it is for what the balances point to
      if (!isOutOfBudget(error)) throw error
    }
  }

  get #reach(): 'on' | 'near' {
    return this.#catchingUp ? 'on' : 'near'
  }

  /** Between thorough polls: the likeliest first, and no further than until what moved is explained. */
  async readMoved(): Promise<void> {
    const recent = this.fills.known.toSorted((a, b) => b.lastAtMs - a.lastAtMs)
    let explanation = this.explain()
    let count = 0
    for (const symbol of recent) {
      if (explanation?.kind === 'exact') return
      if (this.fills.wasRead(symbol.id)) continue
      const residual = explanation?.residual
      if (residual !== undefined && !residual.has(symbol.base) && !residual.has(symbol.quote)) continue
      await this.fills.readKnown(symbol.id, this.#reach, this.fromMs)
      count += 1
      if (count === likelySymbols) await this.#readFlows()
      explanation = this.explain()
    }
    if (explanation?.kind !== 'exact' && !this.flowsRead) await this.#readFlows()
  }

  /**
   * Transfers between wallets cost a call for each pair: asked once a day, and when something is missing. True
   * where they were.
   */
  async readTransfers(): Promise<boolean> {
    const { transfersMs } = this.#cursor
    if (this.explain()?.kind === 'exact' && this.#begunAtMs - transfersMs < dayMs) return false
    await this.flows.readTransfers(Math.min(transfersMs, this.fromMs))
    return true
  }

  /** What came since for the symbols that were read: something happened meanwhile. */
  async readAgain(): Promise<void> {
    for (const { id } of this.fills.known) if (this.fills.wasRead(id)) await this.fills.readAgain(id)
  }

  /** From and to outside, each once: a list that is seldom read may tell what another does. */
  told(): CashFlow[] {
    const keyOf = ({ flow, id }: CashFlow): string => `${flow} ${id}`
    const known = new Set(this.flows.flows.map(keyOf))
    return [...this.flows.flows, ...this.seldom.flows.filter((flow) => !known.has(keyOf(flow)))]
  }

  entries(): Entry[] {
    return [
      ...this.fills.all().map(entryOfFill),
      ...[...this.told(), ...this.flows.internal].map(entryOfFlow),
      ...[...this.flows.conversions, ...this.seldom.conversions].map(entryOfConversion),
      ...this.seldom.incomes.map(entryOfIncome),
    ]
  }

  /** Null before the first anchor: there is nothing to explain from. */
  explain(): Explanation | null {
    const { account, askedAtMs } = this.balances
    return this.base === null ? null : explain(this.base, account.balances, this.entries(), askedAtMs)
  }

  async #readFlows(): Promise<void> {
    await this.flows.read(Math.min(this.#cursor.flowsMs, this.fromMs))
    this.flowsRead = true
  }
}
