import { hourMs } from '@perf-agg/sdk'
import type { Agenda } from './agenda.ts'
import { nearest } from './contract.ts'
import type { Desk } from './desk.ts'
import { type Listing, listingOf } from './listing.ts'
import type { Market } from './market.ts'
import type { Change, Move } from './truth.ts'
import { fromUnits, timesPrice } from './units.ts'
import type { Wallet } from './wallet.ts'

/**
 * Spot markets with borrowed money, as kraken has it: a trade opens a position beside the wallet, another the other way
 * closes the oldest first, and only fees, interest and what was gained or lost touch the wallet. In the truth a
 * position lies in the `margin` purse: what was bought, less what it cost.
 */

export interface OpenPosition {
  /** The change that opened it. */
  readonly opening: Change
  readonly listing: Listing
  readonly side: 'buy' | 'sell'
  readonly volume: bigint
  readonly atMs: number
  fee: bigint
  closed: bigint
  /** Of what is left. */
  cost: bigint
}

type Part = readonly [asset: string, units: bigint, purse?: 'margin']

const rolloverMs = 4 * hourMs
/** Of the cost: of a trade, of a position every four hours, of a loss that is taken in another coin. */
const feeShare = 500n
const rolloverShare = 10_000n
const conversionShare = 40n
const collateral = ['USDT', 'BTC', 'ETH'] as const

export class LeverageDesk {
  readonly #market: Market
  readonly #desk: Desk
  readonly #agenda: Agenda
  readonly #positions = new Map<Wallet, OpenPosition[]>()
  #ids = 0

  constructor(options: { market: Market; desk: Desk; agenda: Agenda }) {
    this.#market = options.market
    this.#desk = options.desk
    this.#agenda = options.agenda
  }

  /** The oldest first. */
  positionsOf(wallet: Wallet): readonly OpenPosition[] {
    return this.#positions.get(wallet) ?? []
  }

  /** Closes what is open the other way; what is more opens a position of its own. */
  execute(order: {
    wallet: Wallet
    symbol: string
    side: 'buy' | 'sell'
    quantity: bigint
    atMs: number
    visibleAfterMs?: number
    isLiquidation?: boolean
  }): void {
    const { wallet, symbol, side, quantity, atMs, visibleAfterMs = 0 } = order
    const listing = mustBe(listingOf(symbol), symbol)
    const open = this.#against(wallet, listing, side).reduce((sum, each) => sum + left(each), 0n)
    const closing = quantity < open ? quantity : open
    const price = BigInt(this.#market.priceAt(listing, atMs, 0))
    const told = { wallet, listing, side, price, atMs, visibleAfterMs }
    if (closing > 0n) this.#close({ ...told, quantity: closing }, order.isLiquidation === true)
    if (quantity > closing) this.#open({ ...told, quantity: quantity - closing })
  }

  /** All that is open in a market is sold, or bought back, by the exchange. */
  liquidate(wallet: Wallet, symbol: string, atMs: number): void {
    for (const side of ['buy', 'sell'] as const) {
      const open = this.#against(wallet, mustBe(listingOf(symbol), symbol), side)
      const quantity = open.reduce((sum, each) => sum + left(each), 0n)
      if (quantity > 0n) this.execute({ wallet, symbol, side, quantity, atMs, isLiquidation: true })
    }
  }

  /** The oldest position is taken over: what was lent is paid back, what was bought is kept. */
  settle(wallet: Wallet, symbol: string, atMs: number): void {
    const position = this.positionsOf(wallet).find((each) => each.listing.symbol === symbol)
    if (position === undefined) throw new RangeError(`nothing is open: ${symbol}`)
    const { listing, cost } = position
    const sign = position.side === 'buy' ? 1n : -1n
    const base = sign * left(position)
    const moved = wallet.move({
      atMs,
      cause: 'settlement',
      id: this.#newId(),
      symbol,
      moves: [
        [listing.base, base],
        [listing.quote, -sign * cost],
        [listing.base, -base, 'margin'],
        [listing.quote, sign * cost, 'margin'],
      ],
      forced: true,
    })
    if (moved !== null) this.#drop(wallet, position)
  }

  #against(wallet: Wallet, listing: Listing, side: 'buy' | 'sell'): OpenPosition[] {
    return this.positionsOf(wallet).filter((each) => each.listing === listing && each.side !== side)
  }

  #open(trade: Trade): void {
    const { wallet, listing, side, quantity, price, atMs } = trade
    const cost = timesPrice(quantity, price)
    const sign = side === 'buy' ? 1n : -1n
    const opening = this.#fill(trade, cost, 'margin', [
      [listing.quote, 0n],
      [listing.base, sign * quantity, 'margin'],
      [listing.quote, -sign * cost, 'margin'],
    ])
    const fee = nearest(cost, feeShare)
    const position = { opening, listing, side, volume: quantity, atMs, fee, closed: 0n, cost }
    this.#positions.set(wallet, [...this.positionsOf(wallet), position])
    this.#agenda.at(atMs + rolloverMs, (now) => this.#roll(wallet, position, now))
  }

  #close(trade: Trade, isLiquidation: boolean): void {
    const { wallet, listing, side, quantity, price } = trade
    const worth = timesPrice(quantity, price)
    let rest = quantity
    let cost = 0n
    for (const position of this.#against(wallet, listing, side)) {
      const part = rest < left(position) ? rest : left(position)
      const ofCost = nearest(position.cost * part, left(position))
      position.closed += part
      position.cost -= ofCost
      cost += ofCost
      rest -= part
      if (left(position) === 0n) this.#drop(wallet, position)
      if (rest === 0n) break
    }
    const sign = side === 'buy' ? 1n : -1n
    const gain = sign * (cost - worth)
    this.#fill(trade, worth, isLiquidation ? 'margin closing,liquidated' : 'margin closing', [
      ...this.#paid(wallet, listing.quote, gain, trade.atMs),
      [listing.base, sign * quantity, 'margin'],
      [listing.quote, -sign * cost, 'margin'],
    ])
  }

  /** A loss comes out of the quote currency as far as it goes, then out of other coins, dearer. */
  #paid(wallet: Wallet, quote: string, gain: bigint, atMs: number): Part[] {
    const held = wallet.balance(quote)
    if (gain + held >= 0n) return [[quote, gain]]
    const missing = -gain - held
    for (const asset of collateral) {
      if (asset === quote) continue
      const [each, dollars] = [asset, quote].map((name, index) =>
        this.#desk.worth(name, index === 0 ? 100_000_000n : missing, atMs),
      )
      if (each === undefined || each === null || dollars === undefined || dollars === null) continue
      const units = nearest(dollars * 100_000_000n, each)
      const taken = units + nearest(units, conversionShare)
      if (taken <= wallet.balance(asset))
        return [
          [quote, -held],
          [asset, -taken],
        ]
    }
    return [[quote, gain]]
  }

  #fill(trade: Trade, cost: bigint, info: string, moves: readonly Part[]): Change {
    const { wallet, listing, side, quantity, price, atMs } = trade
    const fee = nearest(cost, feeShare)
    const change = wallet.move({
      atMs,
      cause: 'fill',
      id: this.#newId(),
      // the fee last: who tells of it finds it there
      moves: [...moves, [listing.quote, -fee]],
      visibleAtMs: atMs + trade.visibleAfterMs,
      info,
      forced: true,
      fill: {
        symbol: listing.symbol,
        base: listing.base,
        quote: listing.quote,
        orderId: this.#desk.newOrderId(),
        side,
        maker: false,
        price: fromUnits(price),
        quantity: fromUnits(quantity),
        quoteQuantity: fromUnits(cost),
        fee: { asset: listing.quote, amount: fromUnits(fee) },
      },
    })
    this.#market.print(listing, atMs, Number(price), quantity, cost)
    return mustBe(change, listing.symbol)
  }

  #roll(wallet: Wallet, position: OpenPosition, atMs: number): void {
    if (left(position) === 0n || !this.positionsOf(wallet).includes(position)) return
    const fee = nearest(position.cost, rolloverShare)
    wallet.move({
      atMs,
      cause: 'interest',
      id: this.#newId(),
      moves: [[position.listing.quote, -fee]],
      info: String(position.opening.sequence),
      forced: true,
    })
    this.#agenda.at(atMs + rolloverMs, (now) => this.#roll(wallet, position, now))
  }

  #drop(wallet: Wallet, position: OpenPosition): void {
    this.#positions.set(
      wallet,
      this.positionsOf(wallet).filter((each) => each !== position),
    )
  }

  #newId(): string {
    this.#ids += 1
    return `leverage${this.#ids}`
  }
}

interface Trade {
  readonly wallet: Wallet
  readonly listing: Listing
  readonly side: 'buy' | 'sell'
  readonly quantity: bigint
  readonly price: bigint
  readonly atMs: number
  readonly visibleAfterMs: number
}

/** What of a position is still open. */
export function left({ volume, closed }: OpenPosition): bigint {
  return volume - closed
}

/** What a change did to the wallet itself, its fee apart. */
export function walletParts({ moves, fill }: Change): {
  readonly own: readonly Move[]
  readonly fee: string
} {
  const own = moves.filter(({ purse }) => purse === undefined)
  return fill === undefined ? { own, fee: '0.00000000' } : { own: own.slice(0, -1), fee: fill.fee.amount }
}

function mustBe<Value>(value: Value | null, name: string): Value {
  if (value === null) throw new RangeError(`no such market: ${name}`)
  return value
}
