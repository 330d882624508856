import { nearest, worthOf } from './contract.ts'
import type { ContractListing } from './contract.ts'
import { fromUnits } from './units.ts'

/** Which of a contract's positions: `both` in one-way mode, else one for each side. */
export type PositionSide = 'both' | 'long' | 'short'

/** An open position, kept as the exchange keeps it: what it cost, in the settlement coin, at the average entry. */
export class Position {
  readonly contract: ContractListing
  readonly side: PositionSide
  /** In units of 10^-8 contracts; < 0 is short. */
  quantity = 0n
  /** Worth at the average entry, in units of the settlement coin. */
  cost = 0n
  changedMs = 0

  constructor(contract: ContractListing, side: PositionSide) {
    this.contract = contract
    this.side = side
  }

  /** @returns what it realised, in units of the settlement coin */
  take(quantity: bigint, priceUnits: bigint, atMs: number): bigint {
    this.changedMs = atMs
    const held = this.quantity
    const closes = held !== 0n && held < 0n !== quantity < 0n
    const closing = closes ? (size(quantity) < size(held) ? quantity : -held) : 0n
    let realized = 0n
    if (closing !== 0n) {
      const cost = nearest(this.cost * size(closing), size(held))
      this.cost -= cost
      realized = -worthOf(this.contract, closing, priceUnits) - cost
    }
    this.cost += worthOf(this.contract, quantity - closing, priceUnits)
    this.quantity = held + quantity
    return realized
  }

  /** What closing all of it at a price would realise. */
  unrealized(priceUnits: bigint): bigint {
    return worthOf(this.contract, this.quantity, priceUnits) - this.cost
  }

  /** Average entry price with `places` decimals; 0 where nothing is open. */
  entry(places: number): string {
    const scaled = this.quantity * BigInt(this.contract.size)
    const one = 10n ** BigInt(places)
    if (scaled === 0n) return '0.0'
    const price =
      this.contract.kind === 'linear' ? nearest(this.cost * one, scaled) : nearest(scaled * one, -this.cost)
    const digits = price.toString().padStart(places + 1, '0')
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`
  }

  get quantityText(): string {
    return fromUnits(this.quantity)
  }
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value
}
