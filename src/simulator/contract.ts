import { listingOf } from './listing.ts'
import type { Listing } from './listing.ts'

/**
 * The contracts of the simulated exchange: perpetuals that follow a spot market, and deliveries where a scenario asks
 * for them. Ticks and steps are made so that a linear one's notional never needs more than eight places.
 */
export interface ContractListing {
  /** As binance writes it; unique among contracts of one kind: `BTCUSDT`, `BTCUSD_PERP`, `BTCUSDT_260327`. */
  readonly id: string
  /** Unified: `BTC/USDT:USDT`, `BTC/USD:BTC`, `BTC/USDT:USDT-260327`. */
  readonly symbol: string
  readonly kind: 'linear' | 'inverse'
  readonly base: string
  readonly quote: string
  /** The coin in which it pays. */
  readonly settle: string
  /** Base units of one contract; quote units of an inverse one. */
  readonly size: number
  readonly tickDecimals: number
  readonly stepDecimals: number
  /** The spot market that it follows. */
  readonly spot: Listing
  /** Share of the notional below which a margin is called in. */
  readonly maintenance: number
  /** Null is for ever. */
  readonly deliveryMs: number | null
  /** A right, paid for when it is bought; what it is worth it is worth in the coin that it pays. */
  readonly option?: { readonly strikeUnits: number; readonly isCall: boolean }
}

/** Delivery of an account's positions at an instant, by the perpetual that the contract is like. */
export interface DeliveryPlan {
  readonly symbol: string
  readonly atMs: number
}

/** A right to buy or sell one of a coin, in that coin. */
export interface OptionPlan {
  readonly base: string
  readonly strike: number
  readonly type: 'C' | 'P'
  readonly atMs: number
}

type Row = readonly [base: string, size: number, tickDecimals: number, stepDecimals: number]

const linearRows: readonly Row[] = [
  ['BTC', 1, 1, 3],
  ['ETH', 1, 2, 3],
  ['BNB', 1, 2, 2],
  ['SOL', 1, 2, 2],
  ['XRP', 1, 4, 1],
  ['DOGE', 1, 5, 0],
]

const inverseRows: readonly Row[] = [
  ['BTC', 100, 1, 0],
  ['ETH', 10, 2, 0],
]

function spotOf(base: string): Listing {
  const spot = listingOf(`${base}/USDT`)
  if (spot === null) throw new RangeError(`no spot market to follow: ${base}`)
  return spot
}

const perpetuals: readonly ContractListing[] = [
  ...linearRows.map(([base, size, tickDecimals, stepDecimals]) => ({
    id: `${base}USDT`,
    symbol: `${base}/USDT:USDT`,
    kind: 'linear' as const,
    base,
    quote: 'USDT',
    settle: 'USDT',
    size,
    tickDecimals,
    stepDecimals,
    spot: spotOf(base),
    maintenance: 0.01,
    deliveryMs: null,
  })),
  ...inverseRows.map(([base, size, tickDecimals, stepDecimals]) => ({
    id: `${base}USD_PERP`,
    symbol: `${base}/USD:${base}`,
    kind: 'inverse' as const,
    base,
    quote: 'USD',
    settle: base,
    size,
    tickDecimals,
    stepDecimals,
    spot: spotOf(base),
    maintenance: 0.01,
    deliveryMs: null,
  })),
]

/** All contracts of one simulation. @throws {RangeError} where a delivery is like no perpetual */
export function contractsOf(
  deliveries: readonly DeliveryPlan[] = [],
  options: readonly OptionPlan[] = [],
): readonly ContractListing[] {
  const dated = deliveries.map(({ symbol, atMs }): ContractListing => {
    const like = perpetuals.find((each) => each.symbol === symbol)
    if (like === undefined) throw new RangeError(`no such contract: ${symbol}`)
    const date = dateOf(atMs)
    return {
      ...like,
      id: `${like.id.replace('_PERP', '')}_${date}`,
      symbol: `${symbol}-${date}`,
      deliveryMs: atMs,
    }
  })
  return [...perpetuals, ...dated, ...options.map(optionOf)]
}

function dateOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(2, 10).replaceAll('-', '')
}

function optionOf({ base, strike, type, atMs }: OptionPlan): ContractListing {
  const ending = `${dateOf(atMs)}-${strike}-${type}`
  const id = `${base}-USD-${ending}`
  return {
    id,
    symbol: `${base}/USD:${base}-${ending}`,
    kind: 'linear',
    base: id,
    quote: base,
    settle: base,
    size: 1,
    tickDecimals: 4,
    stepDecimals: 2,
    spot: spotOf(base),
    maintenance: 0.01,
    deliveryMs: atMs,
    option: { strikeUnits: strike * 100_000_000, isCall: type === 'C' },
  }
}

const one = 100_000_000n

/**
 * What a quantity is worth in the settlement coin, in units, as the exchange rounds it: an inverse contract's is less
 * than nothing where the quantity is more.
 */
export function worthOf(contract: ContractListing, quantity: bigint, priceUnits: bigint): bigint {
  const size = quantity * BigInt(contract.size)
  return contract.kind === 'linear' ? nearest(size * priceUnits, one) : -nearest(size * one, priceUnits)
}

/** The same in the quote coin, for volume and margin. */
export function notionalOf(contract: ContractListing, quantity: bigint, priceUnits: bigint): bigint {
  const size = quantity * BigInt(contract.size)
  return contract.kind === 'linear' ? nearest(size * priceUnits, one) : size
}

/** Division to the nearest whole, half away from zero. */
export function nearest(top: bigint, bottom: bigint): bigint {
  const size = top < 0n ? -top : top
  const by = bottom < 0n ? -bottom : bottom
  const whole = (2n * size + by) / (2n * by)
  return top < 0n !== bottom < 0n ? -whole : whole
}
