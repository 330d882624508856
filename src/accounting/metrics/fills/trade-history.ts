import { absolute, add, compare, divide, maximum, multiply, negate, signOf } from '@perf-agg/sdk'
import { subtract, toNumber, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { executionOf, feeInPnlCurrency } from '../../analysis/fill-analysis.ts'
import type { AnalyzedFill, AnalyzedInstrument } from '../../analysis/fill-analysis.ts'
import { costScale } from '../../position/lots.ts'
import { AveragePosition, FifoPosition, worthOf } from '../../position/position.ts'
import type { Closed, Execution } from '../../position/position.ts'
import type { TradingFacts } from './fill-statistic.ts'
import { ResultTally } from './result-tally.ts'
import { TradeClock } from './trade-clock.ts'

/** Opened and not flat yet. */
interface OpenTrip {
  readonly openedAtMs: number | null
  readonly net: Decimal
}

/**
 * One instrument's fills by the rules of positions, as far as figures of trading need them: taking a fill is amortised
 * O(1), and so is every figure afterwards. A round trip is a position from opened to flat, net of its fees and funding;
 * a fill through zero ends one and begins the next, and its fee is split by quantity. A closing fill is one that made
 * P&L, before fees.
 */
export class TradeHistory implements TradingFacts {
  readonly closings = new ResultTally()
  readonly roundTrips = new ResultTally()
  readonly clock = new TradeClock()
  readonly #instrument: AnalyzedInstrument
  readonly #closing: FifoPosition | AveragePosition
  /** Its cost is the capital at work. */
  readonly #average: AveragePosition
  #trip: OpenTrip | null = null
  #fills = 0
  #bought = zero
  #sold = zero
  #fees = zero
  #funding = zero
  #capital = zero

  /** By `method`, what a closing fill made; round trips are the same by both. */
  constructor(instrument: AnalyzedInstrument, method: 'fifo' | 'average' = 'fifo') {
    this.#instrument = instrument
    this.#average = new AveragePosition(instrument)
    this.#closing = method === 'fifo' ? new FifoPosition(instrument) : this.#average
  }

  /** In the order of execution. @throws {InputError} `FEE_RATE_MISSING` */
  take(fill: AnalyzedFill): void {
    const atMs = fill.atMs ?? null
    const fee = feeInPnlCurrency(this.#instrument, fill, this.#fills)
    this.#advance(atMs)
    this.#fills += 1
    const worth = absolute(worthOf(this.#instrument, fill.size, fill.price))
    if (fill.side === 'buy') this.#bought = add(this.#bought, worth)
    else this.#sold = add(this.#sold, worth)
    this.#fees = add(this.#fees, fee)
    const execution = executionOf(this.#instrument, fill)
    if (execution === null) this.#charge(fee)
    else this.#execute(execution, fee, atMs)
    const deficit = negate(this.netPnl)
    this.#capital = maximum(this.#capital, add(this.#average.cost, signOf(deficit) > 0 ? deficit : zero))
  }

  /** > 0 received, < 0 paid, in the currency of the P&L. */
  takeFunding(amount: Decimal, atMs: number | null): void {
    this.#advance(atMs)
    this.#funding = add(this.#funding, amount)
    this.#charge(negate(amount))
  }

  #advance(atMs: number | null): void {
    const isOpen = signOf(this.#average.quantity) !== 0
    this.clock.advance(atMs, isOpen ? toNumber(this.#average.cost) : null)
  }

  #charge(cost: Decimal): void {
    if (this.#trip !== null) this.#trip = { ...this.#trip, net: subtract(this.#trip.net, cost) }
  }

  #execute(execution: Execution, fee: Decimal, atMs: number | null): void {
    const before = signOf(this.#average.quantity)
    const closed = this.#apply(execution)
    const after = signOf(this.#average.quantity)
    if (before === 0) this.#trip = { openedAtMs: atMs, net: zero }
    if (closed === null) return this.#charge(fee)
    this.closings.take(closed.pnl)
    const isEnd = after !== before
    const isFlip = isEnd && after !== 0
    const own = isFlip ? divide(multiply(fee, closed.quantity), execution.quantity, costScale) : fee
    this.#charge(subtract(own, closed.pnl))
    if (isEnd) this.#end(atMs)
    if (isFlip) this.#trip = { openedAtMs: atMs, net: subtract(own, fee) }
  }

  #apply(execution: Execution): Closed | null {
    const closed = this.#closing.apply(execution)
    if (this.#closing !== this.#average) this.#average.apply(execution)
    return closed
  }

  #end(atMs: number | null): void {
    if (this.#trip === null) return
    this.roundTrips.take(this.#trip.net)
    this.clock.hold(this.#trip.openedAtMs, atMs)
    this.#trip = null
  }

  get fills(): number {
    return this.#fills
  }

  /** Worth of what was bought and sold, in the currency of the P&L. */
  get volume(): Decimal {
    return add(this.#bought, this.#sold)
  }

  /** The lesser of what was bought and sold. */
  get turned(): Decimal {
    return compare(this.#bought, this.#sold) < 0 ? this.#bought : this.#sold
  }

  /** Realized, before fees and funding. */
  get grossPnl(): Decimal {
    return this.#closing.realized
  }

  get fees(): Decimal {
    return this.#fees
  }

  get funding(): Decimal {
    return this.#funding
  }

  get netPnl(): Decimal {
    return add(subtract(this.grossPnl, this.#fees), this.#funding)
  }

  /** The most that was ever at work: cost of the open position and what had been lost until then. */
  get capital(): Decimal {
    return this.#capital
  }
}
