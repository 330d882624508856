import { negate, parseDecimal, toText } from '@perf-agg/sdk'
import type { Amount, Income } from '../accounting/observation.ts'
import type { Base } from './explain.ts'
import { sumOf } from './holding.ts'

/**
 * Interest is owed from when it accrues, long before a line says that it was charged: by how much more, or less, is owed
 * than at the base. The lines and this together are what was borrowed for. It is named after where it began, so that
 * what a later poll knows better takes its place.
 */
export function accruedSince(
  base: Base | null,
  accrued: readonly Amount[] | undefined,
  atMs: number,
): readonly Income[] {
  if (base?.accrued === undefined || accrued === undefined) return []
  const less = accrued.map(({ asset, amount }) => ({ asset, amount: toText(negate(parseDecimal(amount))) }))
  return sumOf([...base.accrued, ...less]).map(({ asset, amount }) => ({
    id: `accrued.${asset}.${base.atMs}`,
    income: 'interest',
    asset,
    amount,
    atMs,
  }))
}
