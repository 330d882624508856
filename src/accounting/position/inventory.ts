import {
  absolute,
  add,
  compare,
  hourMs,
  hourOf,
  minuteOf,
  multiply,
  negate,
  signOf,
  subtract,
  zero,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Balances } from '../ledger/balances.ts'
import type { Reader, Writer } from '../codec.ts'
import { contractKey, worthOf } from '../ledger/contract.ts'
import type { Contract } from '../ledger/contract.ts'
import { ContractBooks } from './contract-books.ts'
import type { Contracts } from '../ledger/contracts.ts'
import type { Entry, FillEntry } from '../entry/entry.ts'
import { Lots } from './lots.ts'
import type { Lot } from './lots.ts'
import type { Instant, PriceBook } from '../pricing/price-book.ts'
import type { Residual } from '../ledger/residual.ts'
import { Trading } from './trading.ts'

/** What a symbol's fills made. */
interface Made {
  realizedUsd: Decimal
  /** Cost of its open lots now, and the highest at any hour's end. */
  costUsd: Decimal
  costPeakUsd: Decimal
}

const boundaryAt = (atMs: number): Instant => ({ kind: 'boundary', atMs })

interface Holding {
  readonly lots: Lots
  side: 1 | -1
}

/** What changed balances in a span, in order. */
export interface Changes {
  readonly toMs: number
  readonly entries: readonly Entry[]
  readonly residuals: readonly Residual[]
}

/**
 * Lots of every asset that is no dollar coin, at cost in USD, first in first out. Fills realise P&L under the symbol
 * that opened the lot; deposits and rewards open lots at market value, withdrawals take lots without P&L, fees in a
 * third coin consume lots of that coin.
 */
export class Inventory {
  /** Everything before is in. */
  #untilMs: number
  readonly #book: PriceBook
  readonly #holdings = new Map<string, Holding>()
  readonly #made = new Map<string, Made>()

  #positions: ContractBooks
  #trading = new Trading()
  /** Cost of all open lots and positions. */
  #costUsd = zero
  /** The instant of what is being worked in. */
  #nowMs: number
  readonly #contracts: Contracts
  /** Fills of before are no part of what is said of trading. */
  readonly #liveFromMs: number

  constructor(untilMs: number, book: PriceBook, contracts: Contracts, liveFromMs: number) {
    this.#liveFromMs = liveFromMs
    this.#untilMs = untilMs
    this.#nowMs = untilMs
    this.#book = book
    this.#contracts = contracts
    this.#positions = new ContractBooks(contracts)
  }

  get untilMs(): number {
    return this.#untilMs
  }

  get trading(): Trading {
    return this.#trading
  }

  clone(): Inventory {
    const copy = new Inventory(this.#untilMs, this.#book, this.#contracts, this.#liveFromMs)
    this.#positions.copyInto(copy.#positions)
    copy.#trading = this.#trading.clone()
    copy.#costUsd = this.#costUsd
    for (const [asset, holding] of this.#holdings) {
      copy.#holdings.set(asset, { lots: holding.lots.clone(), side: holding.side })
    }
    for (const [symbol, made] of this.#made) copy.#made.set(symbol, { ...made })
    return copy
  }

  /** Opening balances open lots at the prices of the boundary. */
  open(balances: Balances): void {
    for (const [asset, amount] of this.#marked([...balances], boundaryAt(this.#untilMs)))
      this.#come(asset, amount, this.#boundaryUsd(asset, amount, this.#untilMs))
  }

  /** Positions are opened (or changed) at the mark of a boundary; what is left are coins. */
  #marked(amounts: readonly (readonly [string, Decimal])[], instant: Instant): [string, Decimal][] {
    const coins = new Map<string, Decimal>()
    for (const [name, amount] of amounts) {
      const contract = this.#contracts.find(name)
      const mark = contract === null ? null : this.#markOf(name, instant)
      if (contract !== null && mark !== null) this.#position(contract, amount, mark, instant.atMs)
      const asset = contract?.settle ?? name
      const worth = contract === null ? amount : mark === null ? zero : worthOf(contract, amount, mark)
      coins.set(asset, add(coins.get(asset) ?? zero, worth))
    }
    return [...coins].filter(([, amount]) => signOf(amount) !== 0)
  }

  /** Contracts change hands: what that realises is the symbol's, and comes in the settlement coin. */
  #position(contract: Contract, quantity: Decimal, price: Decimal, atMs: number): void {
    const traded = this.#positions.trade(contract, quantity, price)
    const { pnl, wasOpen, isClosed, isOpen } = traded
    const made = this.#madeBy(contract.symbol)!
    const pnlUsd = this.#rateUsd(contract.settle, pnl, atMs)
    const costUsd = this.#rateUsd(contract.quote, traded.notional, atMs) ?? zero
    made.realizedUsd = add(made.realizedUsd, pnlUsd ?? zero)
    made.costUsd = add(made.costUsd, costUsd)
    this.#costUsd = add(this.#costUsd, costUsd)
    const key = contractKey(contract.kind, contract.symbol)
    if (signOf(traded.closed) > 0 && pnlUsd !== null) this.#trading.gain(key, pnlUsd)
    if (isClosed) this.#trading.flat(key, atMs, traded.closed, absolute(quantity))
    if (isOpen && (isClosed || !wasOpen)) this.#trading.open(key, atMs)
    if (signOf(pnl) !== 0) this.#come(contract.settle, pnl, pnlUsd)
  }

  #markOf(key: string, instant: Instant): Decimal | null {
    return (this.#book.kept(instant, key) ?? this.#book.lastKept(instant.atMs, key))?.usd ?? null
  }

  advance(changes: Changes): void {
    for (const entry of changes.entries) this.#apply(entry)
    for (const [jumpMs, group] of Map.groupBy(changes.residuals, (residual) => residual.jumpMs)) {
      const atMs = hourOf(jumpMs) + hourMs
      this.#nowMs = jumpMs
      const amounts = group.map(({ asset, amount }) => [asset, amount] as const)
      for (const [asset, amount] of this.#marked(amounts, boundaryAt(atMs))) {
        this.#move(asset, amount, this.#boundaryUsd(asset, amount, atMs), '')
      }
    }
    this.#untilMs = changes.toMs
    for (const [asset, { lots }] of this.#holdings) {
      const unit = this.#book.kept({ kind: 'boundary', atMs: changes.toMs }, asset)?.usd
      if (unit !== undefined && unit !== null) this.#appraise(lots, unit)
    }
    for (const made of this.#made.values()) {
      if (compare(made.costUsd, made.costPeakUsd) > 0) made.costPeakUsd = made.costUsd
    }
  }

  #appraise(lots: Lots, unit: Decimal): void {
    if (lots.hasUnknown) for (const lot of lots.appraise(unit)) this.#held(lot, 1)
  }

  #apply(entry: Entry): void {
    this.#nowMs = entry.atMs
    const isForeign = entry.atMs < this.#liveFromMs
    this.#trading.pass(entry.atMs, this.#costUsd, entry.kind === 'fill' && !isForeign)
    switch (entry.kind) {
      case 'fill':
        return this.#fill(entry)
      case 'flow':
        return this.#flow(entry)
      case 'conversion':
      case 'income':
        for (const { asset, amount } of entry.changes) {
          const value = this.#rateUsd(asset, amount, entry.atMs)
          if (signOf(amount) >= 0) this.#come(asset, amount, value)
          else this.#dispose(asset, negate(amount), value === null ? null : negate(value), '')
          if (entry.kind === 'income' && entry.income === 'funding' && value !== null && !isForeign)
            this.#trading.fund(this.#positions.onlyOpen(asset), value)
        }
    }
  }

  /** Coins at the prices of the flow's minute; positions, which only a wallet that joins brings, at its marks. */
  #flow({ atMs, changes }: Entry): void {
    const instant: Instant = { kind: 'cut', atMs: minuteOf(atMs) }
    const amounts = changes.map(({ asset, amount }) => [asset, amount] as const)
    for (const [asset, amount] of this.#marked(amounts, instant)) {
      const unit = this.#book.kept(instant, asset)?.usd ?? null
      this.#move(asset, amount, unit === null ? null : multiply(amount, unit), '')
    }
  }

  #fill(fill: FillEntry): void {
    const isForeign = fill.atMs < this.#liveFromMs
    const worth = this.#rateUsd(fill.quote, fill.quoteQuantity, fill.atMs)
    const feeUsd = fill.fees.reduce(
      (sum, { asset, amount }) => add(sum, this.#rateUsd(asset, amount, fill.atMs) ?? zero),
      zero,
    )
    if (fill.contract !== null) {
      const { contract, side } = fill
      const quantity = side === 'buy' ? fill.quantity : negate(fill.quantity)
      for (const { asset, amount } of fill.fees) {
        const value = this.#rateUsd(asset, amount, fill.atMs)
        this.#come(asset, negate(amount), value === null ? null : negate(value))
      }
      this.#trading.begin(contractKey(contract.kind, contract.symbol), side, worth ?? zero, feeUsd, isForeign)
      this.#position(contract, quantity, fill.price, fill.atMs)
      return this.#trading.end(this.#costUsd)
    }
    const bought = fill.side === 'buy'
    let quantity = fill.quantity
    let cost = worth
    for (const fee of fill.fees) {
      const value = this.#rateUsd(fee.asset, fee.amount, fill.atMs)
      if (bought && fee.asset === fill.base && compare(fee.amount, quantity) < 0) {
        // What the fee took of the bought never became a lot; its worth is the fee.
        quantity = subtract(quantity, fee.amount)
        cost = cost === null || value === null ? cost : subtract(cost, value)
      } else if (signOf(fee.amount) >= 0) {
        this.#dispose(fee.asset, fee.amount, value, '')
      } else {
        this.#come(fee.asset, negate(fee.amount), value === null ? null : negate(value))
      }
    }
    this.#trading.begin(fill.base, fill.side, worth ?? zero, feeUsd, isForeign)
    if (bought) {
      this.#dispose(fill.quote, fill.quoteQuantity, worth, '')
      this.#acquire(fill.base, quantity, cost, fill.symbol)
    } else {
      this.#dispose(fill.base, quantity, worth, fill.symbol)
      this.#acquire(fill.quote, fill.quoteQuantity, worth, '')
    }
    this.#trading.end(this.#costUsd)
  }

  /** In or out without P&L. */
  #move(asset: string, amount: Decimal, value: Decimal | null, symbol: string): void {
    if (signOf(amount) >= 0) return this.#acquire(asset, amount, value, symbol)
    const holding = this.#holdingOf(asset)
    if (holding === null || holding.side < 0) {
      return this.#dispose(asset, negate(amount), value === null ? null : negate(value), symbol)
    }
    this.#takeFrom(holding, negate(amount))
    if (signOf(holding.lots.quantity) === 0) this.#trading.flat(asset, this.#nowMs, amount, amount)
  }

  #come(asset: string, amount: Decimal, value: Decimal | null): void {
    if (signOf(amount) < 0) this.#dispose(asset, negate(amount), value === null ? null : negate(value), '')
    else this.#acquire(asset, amount, value, '')
  }

  #acquire(asset: string, quantity: Decimal, cost: Decimal | null, symbol: string): void {
    this.#trade(asset, 1, quantity, cost, symbol)
  }

  #dispose(asset: string, quantity: Decimal, proceeds: Decimal | null, symbol: string): void {
    this.#trade(asset, -1, quantity, proceeds, symbol)
  }

  /** Closes the other side first in first out, and opens the rest. */
  #trade(asset: string, direction: 1 | -1, quantity: Decimal, worth: Decimal | null, symbol: string): void {
    if (this.#book.isCash(asset) || signOf(quantity) <= 0) return
    const holding = this.#holdingOf(asset) ?? { lots: new Lots(), side: direction }
    this.#holdings.set(asset, holding)
    let left = { quantity, cost: worth, unit: null, symbol }
    if (signOf(holding.lots.quantity) > 0 && holding.side !== direction) {
      const taken = this.#takeFrom(holding, quantity)
      const whole = new Lots()
      whole.put(left)
      for (const lot of taken) {
        const part = whole.take(lot.quantity)[0]!
        if (lot.cost === null || part.cost === null) continue
        const gain = holding.side === 1 ? subtract(part.cost, lot.cost) : subtract(lot.cost, part.cost)
        const made = this.#madeBy(lot.symbol === '' ? symbol : lot.symbol)
        if (made !== null) made.realizedUsd = add(made.realizedUsd, gain)
        this.#trading.gain(asset, gain)
      }
      const rest = whole.open[0]
      if (signOf(holding.lots.quantity) === 0) {
        const closed = rest === undefined ? quantity : subtract(quantity, rest.quantity)
        this.#trading.flat(asset, this.#nowMs, closed, quantity)
      }
      if (rest === undefined) return
      left = { quantity: rest.quantity, cost: rest.cost, unit: null, symbol }
    }
    if (signOf(holding.lots.quantity) === 0) this.#trading.open(asset, this.#nowMs)
    holding.side = direction
    holding.lots.put(left)
    this.#held(left, 1)
  }

  #takeFrom(holding: Holding, quantity: Decimal): Lot[] {
    const taken = holding.lots.take(quantity)
    for (const lot of taken) this.#held(lot, -1)
    return taken
  }

  #held(lot: Lot, sign: 1 | -1): void {
    if (lot.cost === null) return
    this.#costUsd = sign === 1 ? add(this.#costUsd, lot.cost) : subtract(this.#costUsd, lot.cost)
    const made = this.#madeBy(lot.symbol)
    if (made === null) return
    made.costUsd = sign === 1 ? add(made.costUsd, lot.cost) : subtract(made.costUsd, lot.cost)
  }

  #holdingOf(asset: string): Holding | null {
    return this.#holdings.get(asset) ?? null
  }

  #madeBy(symbol: string): Made | null {
    if (symbol === '') return null
    const made = this.#made.get(symbol) ?? { realizedUsd: zero, costUsd: zero, costPeakUsd: zero }
    this.#made.set(symbol, made)
    return made
  }

  #rateUsd(asset: string, amount: Decimal, atMs: number): Decimal | null {
    if (this.#book.isPar(asset)) return amount
    const minute = minuteOf(atMs)
    const rate = this.#book.keptRate(minute, asset) ?? this.#book.lastKept(minute, asset)?.usd ?? null
    return rate === null ? null : multiply(amount, rate)
  }

  #boundaryUsd(asset: string, amount: Decimal, atMs: number): Decimal | null {
    if (this.#book.isPar(asset)) return amount
    const quote = this.#book.kept({ kind: 'boundary', atMs }, asset) ?? this.#book.lastKept(atMs, asset)
    return quote === null || quote.usd === null ? null : multiply(amount, quote.usd)
  }

  /** Realised and unrealised by symbol, at the prices of the boundary at which it stands. */
  symbols(): Map<string, { realizedUsd: Decimal; unrealizedUsd: Decimal; costPeakUsd: Decimal }> {
    const symbols = new Map<string, { realizedUsd: Decimal; unrealizedUsd: Decimal; costPeakUsd: Decimal }>()
    for (const [symbol, { realizedUsd, costPeakUsd }] of this.#made) {
      symbols.set(symbol, { realizedUsd, unrealizedUsd: zero, costPeakUsd })
    }
    for (const [asset, { lots, side }] of this.#holdings) {
      for (const lot of lots.open) {
        const made = symbols.get(lot.symbol)
        const worth = this.#boundaryUsd(asset, lot.quantity, this.#untilMs)
        if (made === undefined || worth === null || lot.cost === null) continue
        const gain = side === 1 ? subtract(worth, lot.cost) : subtract(lot.cost, worth)
        made.unrealizedUsd = add(made.unrealizedUsd, gain)
      }
    }
    for (const { contract, pnl } of this.#positions.open((key) =>
      this.#markOf(key, boundaryAt(this.#untilMs)),
    )) {
      const made = symbols.get(contract.symbol)
      const worth = pnl === null ? null : this.#boundaryUsd(contract.settle, pnl, this.#untilMs)
      if (made !== undefined && worth !== null) made.unrealizedUsd = add(made.unrealizedUsd, worth)
    }
    return symbols
  }

  write(writer: Writer): void {
    writer.count(this.#untilMs)
    const text = (value: string): void => writer.name(value)
    const decimal = (value: Decimal): void => writer.decimal(value)
    writer.map(this.#holdings, text, ({ lots, side }) => {
      writer.flag(side === 1)
      lots.write(writer)
    })
    writer.map(this.#made, text, (made) => {
      decimal(made.realizedUsd)
      decimal(made.costUsd)
      decimal(made.costPeakUsd)
    })
    this.#positions.write(writer)
    this.#trading.write(writer)
    writer.decimal(this.#costUsd)
  }

  static read(reader: Reader, book: PriceBook, contracts: Contracts, liveFromMs: number): Inventory {
    const inventory = new Inventory(reader.count(), book, contracts, liveFromMs)
    const text = (): string => reader.name()
    const decimal = (): Decimal => reader.decimal()
    const holdings = reader.map(text, (): Holding => {
      const side = reader.flag() ? 1 : -1
      return { lots: Lots.read(reader), side }
    })
    for (const [asset, holding] of holdings) inventory.#holdings.set(asset, holding)
    const made = reader.map(text, () => ({
      realizedUsd: decimal(),
      costUsd: decimal(),
      costPeakUsd: decimal(),
    }))
    for (const [symbol, one] of made) inventory.#made.set(symbol, one)
    inventory.#positions = ContractBooks.read(reader, contracts)
    inventory.#trading = Trading.read(reader)
    inventory.#costUsd = reader.decimal()
    return inventory
  }
}
