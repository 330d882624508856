import type { Listing } from './listing.ts'
import { listingOf } from './listing.ts'
import type { Market } from './market.ts'
import type { Purse } from './truth.ts'
import { fromUnits, timesPrice } from './units.ts'
import type { Wallet } from './wallet.ts'

/**
 * Where orders meet the market: one call is one execution, with its fee in BNB where the account holds enough, else in
 * what it received, and its print on the tape.
 */
export class Desk {
  readonly #market: Market
  readonly #openedMs: number
  readonly #lastIds = new Map<string, number>()
  #orders = 0

  constructor(market: Market) {
    this.#market = market
    this.#openedMs = market.openedMs
  }

  newOrderId(): number {
    this.#orders += 1
    return 4_000_000_000 + this.#orders * 37
  }

  /**
   * Executes at the market's price of that instant.
   * @returns false where it can't be: too little held, too small, or the market is closed
   */
  execute(order: {
    wallet: Wallet
    listing: Listing
    side: 'buy' | 'sell'
    quantity: bigint
    maker: boolean
    orderId: number
    atMs: number
    lean: number
    visibleAfterMs?: number
    purse?: Purse
    liquidation?: true
  }): boolean {
    const { wallet, listing, side, quantity, atMs, purse = 'spot' } = order
    if (quantity <= 0n || !this.#market.isTrading(listing, atMs)) return false
    const priceUnits = this.#market.priceAt(listing, atMs, order.lean)
    const quote = timesPrice(quantity, BigInt(priceUnits))
    if (quote <= 0n) return false
    const bought = side === 'buy'
    const fee = wallet.paysInQuote
      ? { asset: listing.quote, units: quote / 1_000n }
      : this.#fee(wallet, purse, bought ? listing.base : listing.quote, bought ? quantity : quote, atMs)
    const id = this.#newTradeId(listing, atMs)
    const visibleAtMs = atMs + (order.visibleAfterMs ?? 0)
    const fill = {
      symbol: listing.symbol,
      base: listing.base,
      quote: listing.quote,
      orderId: order.orderId,
      side,
      maker: order.maker,
      price: fromUnits(BigInt(priceUnits)),
      quantity: fromUnits(quantity),
      quoteQuantity: fromUnits(quote),
      fee: { asset: fee.asset, amount: fromUnits(fee.units) },
      ...(order.liquidation === undefined ? {} : { liquidation: order.liquidation }),
    }
    const change = wallet.move({
      atMs,
      cause: 'fill',
      id: String(id),
      moves: [
        [listing.base, bought ? quantity : -quantity, purse],
        [listing.quote, bought ? -quote : quote, purse],
        ...(fee.units === 0n ? [] : [[fee.asset, -fee.units, purse] as const]),
      ],
      visibleAtMs,
      fill,
    })
    if (change === null) return false
    wallet.addFill({ id, marketId: listing.id, purse, atMs, visibleAtMs, fill })
    this.#market.print(listing, atMs, priceUnits, quantity, quote)
    return true
  }

  /** 0.1 % of what was received, or three quarters of that in BNB. */
  #fee(
    wallet: Wallet,
    purse: Purse,
    received: string,
    units: bigint,
    atMs: number,
  ): { asset: string; units: bigint } {
    const plain = units / 1_000n
    if (!wallet.paysInBnb) return { asset: received, units: plain }
    const inBnb =
      received === 'BNB' ? (units * 75n) / 100_000n : this.inBnb(received, (units * 75n) / 100_000n, atMs)
    const locked = received === 'BNB' || purse !== 'spot' ? 0n : wallet.locked('BNB')
    const has = wallet.balance('BNB', purse) - locked
    return inBnb !== null && inBnb > 0n && inBnb <= has
      ? { asset: 'BNB', units: inBnb }
      : { asset: received, units: plain }
  }

  /** About how much BNB that is. */
  inBnb(asset: string, units: bigint, atMs: number): bigint | null {
    const dollars = this.worth(asset, units, atMs)
    const bnb = listingOf('BNB/USDT')
    if (dollars === null || bnb === null) return null
    return (dollars * 100_000_000n) / BigInt(this.#market.priceAt(bnb, atMs, 0))
  }

  /** About what `units` are worth in USDT now, by any way there is; null where there is none. */
  worth(asset: string, units: bigint, atMs: number): bigint | null {
    if (asset === 'USDT') return units
    const direct = listingOf(`${asset}/USDT`)
    if (direct !== null) {
      if (!this.#market.isTrading(direct, atMs)) return null
      return timesPrice(units, BigInt(this.#market.priceAt(direct, atMs, 0)))
    }
    const bridge = listingOf(`${asset}/BTC`)
    if (bridge === null || !this.#market.isTrading(bridge, atMs)) return null
    return this.worth('BTC', timesPrice(units, BigInt(this.#market.priceAt(bridge, atMs, 0))), atMs)
  }

  /** Ids rise with time in each market; two markets use the same numbers, as on the original. */
  #newTradeId(listing: Listing, atMs: number): number {
    const last = this.#lastIds.get(listing.id) ?? 0
    const id = Math.max(last + 1, 1_000_000 + Math.floor((atMs - this.#openedMs) / 250))
    this.#lastIds.set(listing.id, id)
    return id
  }
}
