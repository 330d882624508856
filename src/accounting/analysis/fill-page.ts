import { exactPowersOfTen } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Execution } from '../position/position.ts'

/**
 * Fills of one account in one instrument, oldest first, in columns of whole numbers that a double holds exactly: what
 * goes through many of them at once goes several times as fast as fill by fill.
 */
export interface FillPage {
  /** > 0 bought, < 0 sold, in units of 10^-unitScale. */
  readonly units: Float64Array
  /** In units of 10^-priceScale. */
  readonly prices: Float64Array
  readonly atMs: Float64Array
  readonly unitScale: number
  readonly priceScale: number
  /** The largest of their absolutes. */
  readonly unitsMax: number
  readonly priceMax: number
}

export interface TimedExecution extends Execution {
  readonly atMs: number
}

/** Null where a number has too many digits for a column. */
export function pageOf(executions: readonly TimedExecution[]): FillPage | null {
  const { length } = executions
  let unitScale = 0
  let priceScale = 0
  for (const { quantity, price } of executions) {
    if (quantity.scale > unitScale) unitScale = quantity.scale
    if (price.scale > priceScale) priceScale = price.scale
  }
  const units = new Float64Array(length)
  const prices = new Float64Array(length)
  const atMs = new Float64Array(length)
  let unitsMax = 0
  let priceMax = 0
  for (let at = 0; at < length; at += 1) {
    const one = executions[at]!
    const size = wholeAt(one.quantity, unitScale)
    const price = wholeAt(one.price, priceScale)
    units[at] = one.side === 'buy' ? size : -size
    prices[at] = price
    atMs[at] = one.atMs
    if (size > unitsMax) unitsMax = size
    if (price > priceMax) priceMax = price
    // What is no number is not greater than anything.
    if (!(size > 0 && size <= wholeMax && price >= 0 && price <= wholeMax)) return null
  }
  return { units, prices, atMs, unitScale, priceScale, unitsMax, priceMax }
}

const wholeMax = Number.MAX_SAFE_INTEGER

/** Too large where it is no safe integer. */
function wholeAt({ digits, scale }: Decimal, at: number): number {
  const number = Number(digits)
  if (scale === at || !Number.isSafeInteger(number)) return number
  return number * (exactPowersOfTen[at - scale] ?? Number.POSITIVE_INFINITY)
}

/** Fill `at` of a page, as exact numbers. */
export function executionAt(page: FillPage, at: number): TimedExecution {
  const units = page.units[at]!
  return {
    side: units > 0 ? 'buy' : 'sell',
    quantity: { digits: BigInt(Math.abs(units)), scale: page.unitScale },
    price: { digits: BigInt(page.prices[at]!), scale: page.priceScale },
    atMs: page.atMs[at]!,
  }
}
