import {
  absolute,
  add,
  compare,
  divide,
  minimum,
  multiply,
  negate,
  round,
  signOf,
  subtract,
  toText,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Amount, Fill, Income, Position } from '../../src/accounting/observation.ts'
import { d } from './desk.ts'

/** Kept as an exchange keeps them: rounded average entries, realised P&L in the wallet, a settlement coin each. */
export interface Terms {
  readonly market: 'linear' | 'inverse'
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly size: string
  readonly settle: string
}

export const btcLinear: Terms = {
  market: 'linear',
  symbol: 'BTC/USDT:USDT',
  base: 'BTC',
  quote: 'USDT',
  size: '0.001',
  settle: 'USDT',
}
export const btcInverse: Terms = {
  market: 'inverse',
  symbol: 'BTC/USD:BTC',
  base: 'BTC',
  quote: 'USD',
  size: '100',
  settle: 'BTC',
}

interface Held {
  readonly terms: Terms
  quantity: Decimal
  entry: Decimal
}

const one = d('1')

/** One futures wallet of an exchange, moved forward in time. */
export class FuturesDesk {
  readonly wallet = new Map<string, Decimal>()
  readonly #held = new Map<string, Held>()
  readonly fills: Fill[] = []
  readonly incomes: Income[] = []
  readonly #scale: number
  #id = 0

  /** `scale`: decimal places of entries and of what is realised. */
  constructor(wallet: Record<string, string>, scale = 8) {
    for (const [asset, amount] of Object.entries(wallet)) this.wallet.set(asset, d(amount))
    this.#scale = scale
  }

  /** From outside. */
  pay(asset: string, amount: string): void {
    this.#pay(asset, d(amount))
  }

  #pay(asset: string, amount: Decimal): void {
    this.wallet.set(asset, add(this.wallet.get(asset) ?? d('0'), amount))
  }

  quantity(terms: Terms): Decimal {
    return this.#held.get(terms.symbol)?.quantity ?? d('0')
  }

  fill(
    atMs: number,
    terms: Terms,
    side: 'buy' | 'sell',
    contracts: string,
    price: string,
    options: { fee?: string; feeAsset?: string; execution?: Fill['execution']; isHidden?: boolean } = {},
  ): void {
    const held = this.#held.get(terms.symbol) ?? { terms, quantity: d('0'), entry: d('0') }
    this.#held.set(terms.symbol, held)
    const change = side === 'buy' ? d(contracts) : d(`-${contracts}`)
    const isOpening = signOf(held.quantity) === 0 || signOf(held.quantity) === signOf(change)
    if (isOpening) {
      held.entry = this.#averaged(held, change, d(price))
      held.quantity = add(held.quantity, change)
    } else {
      const closing = minimum(absolute(change), absolute(held.quantity))
      const signed = signOf(held.quantity) > 0 ? closing : negate(closing)
      this.#pay(terms.settle, round(this.#gain(terms, signed, held.entry, d(price)), this.#scale))
      held.quantity = add(held.quantity, change)
      if (compare(absolute(change), closing) > 0) held.entry = d(price)
      if (signOf(held.quantity) === 0) held.entry = d('0')
    }
    const { market, symbol, base, quote, size, settle } = terms
    const fees: Amount[] =
      options.fee === undefined ? [] : [{ asset: options.feeAsset ?? settle, amount: options.fee }]
    for (const { asset, amount } of fees) this.#pay(asset, negate(d(amount)))
    if (options.isHidden) return
    this.fills.push({
      id: `f${++this.#id}`,
      market,
      symbol,
      base,
      quote,
      side,
      price,
      quantity: contracts,
      quoteQuantity: '1',
      fees,
      atMs,
      execution: options.execution ?? 'trade',
      terms: { size, settle },
    })
  }

  #averaged(held: Held, change: Decimal, price: Decimal): Decimal {
    const quantity = absolute(add(held.quantity, change))
    if (signOf(held.quantity) === 0) return price
    const before = absolute(held.quantity)
    const added = absolute(change)
    if (held.terms.market === 'linear') {
      return divide(add(multiply(before, held.entry), multiply(added, price)), quantity, this.#scale)
    }
    const inverse = add(divide(before, held.entry, 40), divide(added, price, 40))
    return divide(quantity, inverse, this.#scale)
  }

  #gain({ market, size }: Terms, quantity: Decimal, entry: Decimal, price: Decimal): Decimal {
    const whole = multiply(quantity, d(size))
    return market === 'linear'
      ? multiply(whole, subtract(price, entry))
      : multiply(whole, subtract(divide(one, entry, 40), divide(one, price, 40)))
  }

  income(atMs: number, income: Income['income'], asset: string, amount: string): void {
    this.#pay(asset, d(amount))
    this.incomes.push({ id: `i${++this.#id}`, income, asset, amount, atMs })
  }

  get balances(): Amount[] {
    return [...this.wallet]
      .filter(([, amount]) => signOf(amount) !== 0)
      .map(([asset, amount]) => ({ asset, amount: toText(amount) }))
  }

  get positions(): Position[] {
    return [...this.#held.values()]
      .filter(({ quantity }) => signOf(quantity) !== 0)
      .map(({ terms: { market, symbol, base, quote, size, settle }, quantity, entry }) => ({
        market,
        symbol,
        base,
        quote,
        terms: { size, settle },
        quantity: toText(quantity),
        entry: padded(toText(entry), this.#scale),
      }))
  }

  /** Wallet and unrealised P&L in the settlement coin, as the exchange shows it. */
  equity(terms: Terms, mark: string): Decimal {
    const held = this.#held.get(terms.symbol)
    const wallet = this.wallet.get(terms.settle) ?? d('0')
    if (held === undefined || signOf(held.quantity) === 0) return wallet
    return add(wallet, this.#gain(terms, held.quantity, held.entry, d(mark)))
  }
}

function padded(text: string, scale: number): string {
  const [whole = '', fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(scale, '0')}`
}
