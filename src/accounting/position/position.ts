import { add, compare, divide, minimum, multiply, negate, signOf, subtract, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import type { FillPage } from '../analysis/fill-page.ts'
import { Lots, costScale } from './lots.ts'
import { ScaledPosition } from './scaled-position.ts'

/** How a contract turns quantity and price into money. */
export interface Instrument {
  readonly kind: 'spot' | 'linear' | 'inverse'
  readonly contractSize: Decimal
}

/** An execution as a position sees it. */
export interface Execution {
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly price: Decimal
}

/** What the closing part of an execution made, before fees. */
export interface Closed {
  readonly quantity: Decimal
  readonly pnl: Decimal
}

/** A position by one cost method: long, short, flips through zero. */
export interface Position {
  apply(execution: Execution): Closed | null
  /** > 0 long, < 0 short. */
  readonly quantity: Decimal
  readonly realized: Decimal
  unrealized(mark: Decimal): Decimal
}

/**
 * Money of a quantity at a price: q·cs·p, or for inverse contracts q·cs/p in the base coin, rounded to 10^-18 once.
 * An inverse contract is short its coin: its money has the opposite sign.
 */
export function worthOf(instrument: Instrument, quantity: Decimal, price: Decimal): Decimal {
  const size = multiply(quantity, instrument.contractSize)
  return instrument.kind === 'inverse' ? divide(size, price, costScale) : multiply(size, price)
}

function unitOf(instrument: Instrument, price: Decimal): Decimal | null {
  return instrument.kind === 'inverse' ? null : multiply(instrument.contractSize, price)
}

/** A part of an execution's worth; the rest is the whole minus this part, so the parts always sum up. */
function partOf(instrument: Instrument, execution: Execution, worth: Decimal, quantity: Decimal): Decimal {
  if (compare(quantity, execution.quantity) === 0) return worth
  const unit = unitOf(instrument, execution.price)
  return unit === null
    ? divide(multiply(worth, quantity), execution.quantity, costScale)
    : multiply(unit, quantity)
}

/** What it made to give `proceeds` for what had cost `cost`; a short side and an inverse contract turn the sign. */
function gainOf(instrument: Instrument, isLong: boolean, cost: Decimal, proceeds: Decimal): Decimal {
  const gain = subtract(proceeds, cost)
  return isLong === (instrument.kind === 'inverse') ? negate(gain) : gain
}

const one: Decimal = { digits: 1n, scale: 0 }
const directionOf = (execution: Execution): 1 | -1 => (execution.side === 'buy' ? 1 : -1)
const signed = (quantity: Decimal, side: number): Decimal => (side < 0 ? negate(quantity) : quantity)

/** First in, first out. */
export class FifoPosition implements Position {
  readonly #instrument: Instrument
  /** Small numbers go a quicker way; null from the first on that is too large for it, and of inverse contracts. */
  #scaled: ScaledPosition | null
  #lots = new Lots()
  #side: 1 | -1 = 1
  #realized = zero

  constructor(instrument: Instrument) {
    this.#instrument = instrument
    this.#scaled = instrument.kind === 'inverse' ? null : new ScaledPosition()
  }

  get quantity(): Decimal {
    const { quantity, side } = this.#scaled ?? { quantity: this.#lots.quantity, side: this.#side }
    return signed(quantity, side)
  }

  get realized(): Decimal {
    return this.#scaled?.realized ?? this.#realized
  }

  apply(execution: Execution): Closed | null {
    const direction = directionOf(execution)
    if (this.#scaled !== null) {
      const unit = multiply(execution.price, this.#instrument.contractSize)
      const outcome = this.#scaled.apply(direction, execution.quantity, unit)
      if (outcome !== 'too_large') return outcome
      this.#leaveScaled(this.#scaled)
    }
    const worth = worthOf(this.#instrument, execution.quantity, execution.price)
    const isOpening = signOf(this.#lots.quantity) === 0 || direction === this.#side
    const closing = isOpening ? zero : minimum(execution.quantity, this.#lots.quantity)
    const proceeds = partOf(this.#instrument, execution, worth, closing)
    let pnl = zero
    if (!isOpening) {
      let cost = zero
      for (const lot of this.#lots.take(closing)) cost = add(cost, lot.cost ?? zero)
      pnl = gainOf(this.#instrument, this.#side === 1, cost, proceeds)
      this.#realized = add(this.#realized, pnl)
    }
    const opening = subtract(execution.quantity, closing)
    if (signOf(opening) > 0) {
      this.#side = direction
      const cost = isOpening ? worth : subtract(worth, proceeds)
      this.#lots.put({ quantity: opening, cost, unit: unitOf(this.#instrument, execution.price), symbol: '' })
    }
    return isOpening ? null : { quantity: closing, pnl }
  }

  /** How many fills of a page can be taken at once by `run`; 0: take them one by one. */
  room(page: FillPage): number {
    const isWhole = compare(this.#instrument.contractSize, one) === 0
    return isWhole ? (this.#scaled?.room(page) ?? 0) : 0
  }

  /** Takes fills `[from, to)` of a page. @returns what closing made, in units of the page's money */
  run(page: FillPage, from: number, to: number): number {
    return this.#scaled?.run(page, from, to) ?? Number.NaN
  }

  /** From here on with exact numbers of any size. */
  #leaveScaled(scaled: ScaledPosition): void {
    this.#side = scaled.side
    this.#realized = scaled.realized
    this.#lots = scaled.lots()
    this.#scaled = null
  }

  /** For a snapshot: everything but the instrument. The same bytes, whichever way it goes. */
  write(writer: Writer): void {
    writer.flag((this.#scaled?.side ?? this.#side) === 1)
    writer.decimal(this.realized)
    this.#open.write(writer)
  }

  static read(reader: Reader, instrument: Instrument): FifoPosition {
    const position = new FifoPosition(instrument)
    position.#scaled = null
    position.#side = reader.flag() ? 1 : -1
    position.#realized = reader.decimal()
    position.#lots = Lots.read(reader)
    return position
  }

  clone(): FifoPosition {
    const copy = new FifoPosition(this.#instrument)
    copy.#scaled = this.#scaled?.clone() ?? null
    copy.#side = this.#side
    copy.#realized = this.#realized
    copy.#lots = this.#lots.clone()
    return copy
  }

  get #open(): Lots {
    return this.#scaled?.lots() ?? this.#lots
  }

  unrealized(mark: Decimal): Decimal {
    const lots = this.#open
    const cost = lots.open.reduce((sum, lot) => add(sum, lot.cost ?? zero), zero)
    const isLong = (this.#scaled?.side ?? this.#side) === 1
    return gainOf(this.#instrument, isLong, cost, worthOf(this.#instrument, lots.quantity, mark))
  }
}

/**
 * Average cost, kept as quantity and cost (Q, C): closing q takes ΔC = round-half-even(C·q/Q, 10^-18), the last of it
 * all that is left. So the total equals that of first in, first out, exactly.
 */
export class AveragePosition implements Position {
  readonly #instrument: Instrument
  #quantity = zero
  #cost = zero
  #side: 1 | -1 = 1
  #realized = zero

  constructor(instrument: Instrument) {
    this.#instrument = instrument
  }

  get quantity(): Decimal {
    return signed(this.#quantity, this.#side)
  }

  get realized(): Decimal {
    return this.#realized
  }

  /** What the open quantity cost. */
  get cost(): Decimal {
    return this.#cost
  }

  apply(execution: Execution): Closed | null {
    const direction = directionOf(execution)
    const worth = worthOf(this.#instrument, execution.quantity, execution.price)
    const isOpening = signOf(this.#quantity) === 0 || direction === this.#side
    const closing = isOpening ? zero : minimum(execution.quantity, this.#quantity)
    const proceeds = partOf(this.#instrument, execution, worth, closing)
    let pnl = zero
    if (!isOpening) {
      const isAll = compare(closing, this.#quantity) === 0
      const cost = isAll ? this.#cost : divide(multiply(this.#cost, closing), this.#quantity, costScale)
      this.#quantity = subtract(this.#quantity, closing)
      this.#cost = subtract(this.#cost, cost)
      pnl = gainOf(this.#instrument, this.#side === 1, cost, proceeds)
      this.#realized = add(this.#realized, pnl)
    }
    const opening = subtract(execution.quantity, closing)
    if (signOf(opening) > 0) {
      this.#side = direction
      this.#quantity = add(this.#quantity, opening)
      this.#cost = add(this.#cost, isOpening ? worth : subtract(worth, proceeds))
    }
    return isOpening ? null : { quantity: closing, pnl }
  }

  unrealized(mark: Decimal): Decimal {
    return gainOf(
      this.#instrument,
      this.#side === 1,
      this.#cost,
      worthOf(this.#instrument, this.#quantity, mark),
    )
  }

  /** For a snapshot: everything but the instrument. */
  write(writer: Writer): void {
    writer.flag(this.#side === 1)
    writer.decimal(this.#quantity)
    writer.decimal(this.#cost)
    writer.decimal(this.#realized)
  }

  static read(reader: Reader, instrument: Instrument): AveragePosition {
    const position = new AveragePosition(instrument)
    position.#side = reader.flag() ? 1 : -1
    position.#quantity = reader.decimal()
    position.#cost = reader.decimal()
    position.#realized = reader.decimal()
    return position
  }

  clone(): AveragePosition {
    const copy = new AveragePosition(this.#instrument)
    copy.#side = this.#side
    copy.#quantity = this.#quantity
    copy.#cost = this.#cost
    copy.#realized = this.#realized
    return copy
  }
}
