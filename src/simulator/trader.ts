import { dayMs, secondMs } from '@perf-agg/sdk'
import type { Agenda } from './agenda.ts'
import type { Desk } from './desk.ts'
import { listingOf } from './listing.ts'
import type { Listing } from './listing.ts'
import type { Market } from './market.ts'
import type { TraderPlan } from './scenario.ts'
import type { Chance } from './seed.ts'
import type { Purse } from './truth.ts'
import { timesPrice, toUnits } from './units.ts'
import type { Wallet } from './wallet.ts'

/**
 * Somebody who trades: draws from the seed when, what and how much, within what the account holds. One order at a
 * time; an order is filled in one to four parts, a patient one over minutes.
 */

const usualSymbols = (
  'BTC/USDT BTC/USDT ETH/USDT ETH/USDT BNB/USDT SOL/USDT XRP/USDT ADA/USDT DOGE/USDT LTC/USDT LINK/USDT AVAX/USDT ' +
  'DOT/USDT TRX/USDT ACA/USDT PROM/USDT WAVES/USDT ETH/BTC BNB/BTC QKC/BTC BTC/FDUSD FDUSD/USDT SOL/BNB'
).split(' ')

export class Trader {
  readonly #wallet: Wallet
  readonly #market: Market
  readonly #desk: Desk
  readonly #agenda: Agenda
  readonly #chance: Chance
  readonly #plan: TraderPlan
  readonly #purse: Purse
  readonly #listings: readonly [Listing, ...Listing[]]

  constructor(options: {
    wallet: Wallet
    market: Market
    desk: Desk
    agenda: Agenda
    chance: Chance
    plan: TraderPlan
  }) {
    this.#wallet = options.wallet
    this.#market = options.market
    this.#desk = options.desk
    this.#agenda = options.agenda
    this.#chance = options.chance
    this.#plan = options.plan
    this.#purse = options.plan.purse ?? 'spot'
    const [first, ...rest] = (options.plan.symbols ?? usualSymbols).map((symbol) => {
      const listing = listingOf(symbol)
      if (listing === null) throw new RangeError(`no such market: ${symbol}`)
      return listing
    })
    if (first === undefined) throw new RangeError('a trader needs a market')
    this.#listings = [first, ...rest]
  }

  start(atMs: number): void {
    this.#later(Math.max(atMs, this.#plan.fromMs ?? atMs))
  }

  #later(atMs: number): void {
    const meanMs = dayMs / this.#plan.ordersPerDay
    const pauseMs = Math.ceil(-Math.log(1 - this.#chance.next()) * meanMs) + secondMs
    const nextMs = atMs + pauseMs
    if (nextMs < (this.#plan.toMs ?? Number.POSITIVE_INFINITY))
      this.#agenda.at(nextMs, (now) => this.#order(now))
  }

  #order(atMs: number): void {
    const listing = this.#chance.pick(this.#listings)
    const roundTrip = this.#chance.happens(this.#plan.roundTripShare ?? 0.08)
    const side = roundTrip || this.#wantsToBuy(listing, atMs) ? 'buy' : 'sell'
    const quantity = this.#market.isTrading(listing, atMs) ? this.#quantity(listing, side, atMs) : 0n
    if (quantity === 0n) return this.#later(atMs)
    const endMs = roundTrip
      ? this.#roundTrip(listing, quantity, atMs)
      : this.#parts(listing, side, quantity, atMs)
    this.#later(endMs)
  }

  /** The less of the coin is held, the likelier it is bought. */
  #wantsToBuy(listing: Listing, atMs: number): boolean {
    const base = this.#desk.worth(listing.base, this.#wallet.balance(listing.base, this.#purse), atMs) ?? 0n
    const quote =
      this.#desk.worth(listing.quote, this.#wallet.balance(listing.quote, this.#purse), atMs) ?? 0n
    const all = base + quote
    if (all === 0n) return true
    return !this.#chance.happens(Math.min(0.9, Math.max(0.15, Number((base * 1_000n) / all) / 250)))
  }

  /** Of the free balance, whole steps, at least the market's smallest order; 0 where that can't be. */
  #quantity(listing: Listing, side: 'buy' | 'sell', atMs: number): bigint {
    const price = BigInt(this.#market.priceAt(listing, atMs, 0))
    const step = 10n ** BigInt(8 - listing.stepDecimals)
    const share = BigInt(
      Math.round(
        (side === 'buy' ? 0.02 + this.#chance.next() * 0.08 : 0.2 + this.#chance.next() * 0.7) * 1_000,
      ),
    )
    const free =
      side === 'buy'
        ? (this.#wallet.balance(listing.quote, this.#purse) * 100_000_000n) / price
        : this.#wallet.balance(listing.base, this.#purse) - (listing.base === 'BNB' ? toUnits('0.2') : 0n)
    const quantity = ((free * share) / 1_000n / step) * step
    return quantity > 0n && timesPrice(quantity, price) >= toUnits(listing.minNotional) * 2n ? quantity : 0n
  }

  #parts(listing: Listing, side: 'buy' | 'sell', quantity: bigint, atMs: number): number {
    const maker = this.#chance.happens(0.55)
    const count = this.#chance.pick([1, 1, 2, 3, 4])
    const orderId = this.#desk.newOrderId()
    const spent = side === 'buy' ? listing.quote : listing.base
    const step = 10n ** BigInt(8 - listing.stepDecimals)
    let left = quantity
    let nextMs = atMs
    for (let part = 1; part <= count && left > 0n; part += 1) {
      const share = BigInt(this.#chance.integer(200, 700))
      const wanted = part === count ? left : ((quantity * share) / 1_000n / step) * step
      const size = wanted < left ? wanted : left
      if (size === 0n) continue
      left -= size
      const rest = left
      const lean = (maker ? -1 : 1) * (side === 'buy' ? 1 : -1) * this.#chance.next()
      this.#agenda.at(nextMs, (now) => {
        // what the rest of the order still holds back shows as locked
        if (this.#purse === 'spot') this.#wallet.lock(spent, 0n)
        this.#desk.execute({
          wallet: this.#wallet,
          listing,
          side,
          quantity: size,
          maker,
          orderId,
          atMs: now,
          lean,
          purse: this.#purse,
        })
        const worth = timesPrice(rest, BigInt(this.#market.priceAt(listing, now, 0)))
        if (this.#purse === 'spot') this.#wallet.lock(spent, side === 'buy' ? worth : rest)
      })
      if (part < count) nextMs += maker ? this.#chance.integer(3_000, 240_000) : this.#chance.integer(1, 900)
    }
    return nextMs
  }

  /** Bought and sold again before the minute is over: between two looks only the money has moved. */
  #roundTrip(listing: Listing, quantity: bigint, atMs: number): number {
    const startMs = Math.floor(atMs / 60_000) * 60_000 + this.#chance.integer(2_000, 20_000) + 60_000
    const endMs = startMs + this.#chance.integer(3_000, 30_000)
    const step = 10n ** BigInt(8 - listing.stepDecimals)
    this.#agenda.at(startMs, (now) => {
      const heldBefore = this.#wallet.balance(listing.base, this.#purse)
      const order = { wallet: this.#wallet, listing, maker: false, lean: 0.3, purse: this.#purse }
      if (
        !this.#desk.execute({ ...order, side: 'buy', quantity, orderId: this.#desk.newOrderId(), atMs: now })
      )
        return
      const got = this.#wallet.balance(listing.base, this.#purse) - heldBefore
      this.#agenda.at(endMs, (then) => {
        const back = ((got < quantity ? got : quantity) / step) * step
        this.#desk.execute({
          ...order,
          side: 'sell',
          quantity: back,
          orderId: this.#desk.newOrderId(),
          atMs: then,
        })
      })
    })
    return endMs
  }
}
