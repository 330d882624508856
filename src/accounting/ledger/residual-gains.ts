import { add, signOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Contracts } from './contracts.ts'
import type { Pricing } from '../pricing/pricing.ts'
import type { Residual } from './residual.ts'

/** What nothing explains, in money. */

/** An unexplained gain, and when it is taken to have happened. */
export interface Gain {
  readonly jumpMs: number
  readonly usd: Decimal
}

/** Each residual at the prices of the boundary that follows; never priced counts 0. */
export function residualsUsd(
  residuals: readonly Residual[],
  atMs: number,
  pricing: Pricing,
): Decimal[] | undefined {
  const worths = residuals.map(({ asset, amount }) =>
    pricing.worth({ kind: 'boundary', atMs }, asset, amount, false),
  )
  if (worths.includes(undefined)) return undefined
  return worths.map((worth) => worth?.usd ?? zero)
}

/**
 * The unexplained gains among residuals. One asset's loss never makes up for another's gain, but a position and the
 * cash it was opened with are one: what they are worth together is the change in its settlement coin.
 */
export function gainsOf(
  residuals: readonly Residual[],
  worthsUsd: readonly Decimal[],
  contracts: Contracts,
): Gain[] {
  const sums = new Map<string, Gain>()
  for (const [index, { asset, jumpMs }] of residuals.entries()) {
    const name = `${jumpMs} ${contracts.find(asset)?.settle ?? asset}`
    const usd = add(sums.get(name)?.usd ?? zero, worthsUsd[index]!)
    sums.set(name, { jumpMs, usd })
  }
  return [...sums.values()].filter(({ usd }) => signOf(usd) > 0)
}
