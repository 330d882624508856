import { add, signOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Balances } from '../ledger/balances.ts'
import { isContractKey, nameOfKey } from '../ledger/contract.ts'
import type { Instant } from './price-book.ts'
import type { Pricing } from './pricing.ts'

/** What balances are worth at an instant. */
export interface Valuation {
  /** Equity; assets that had no price before count 0. */
  readonly equityUsd: Decimal
  /** What comes in with first prices: a flow at this very instant. */
  readonly first: readonly { readonly asset: string; readonly usd: Decimal }[]
  readonly firstUsd: Decimal
  /** Held and never priced. */
  readonly unpriced: ReadonlySet<string>
  readonly stale: readonly { readonly asset: string; readonly ageS: number }[]
  /** Something owed, or a position, that has no price: equity is not known. */
  readonly liability: string | null
}

/** Undefined while candles are wanted. `unpriced` are the assets held without a price until now. */
export function valueOf(
  balances: Balances,
  instant: Instant,
  unpriced: ReadonlySet<string>,
  pricing: Pricing,
): Valuation | undefined {
  let waiting = false
  let equityUsd = zero
  let firstUsd = zero
  let liability: string | null = null
  const first: { asset: string; usd: Decimal }[] = []
  const without = new Set<string>()
  const stale: { asset: string; ageS: number }[] = []
  for (const [asset, amount] of [...balances].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const worth = pricing.worth(instant, asset, amount, unpriced.has(asset))
    if (worth === undefined) {
      waiting = true
    } else if (worth === null) {
      const isPosition = isContractKey(asset)
      if (!isPosition) without.add(asset)
      if (isPosition || signOf(amount) < 0) liability = asset
    } else {
      const { usd } = worth
      // Two cuts of one minute share their prices, but an asset comes in only once.
      if (instant.kind === 'cut' ? unpriced.has(asset) : worth.first) {
        first.push({ asset, usd })
        firstUsd = add(firstUsd, usd)
      } else {
        equityUsd = add(equityUsd, usd)
      }
      if (worth.stale) {
        const ageS = Math.max(0, Math.floor((instant.atMs - worth.atMs) / 1000))
        stale.push({ asset: nameOfKey(asset), ageS })
      }
    }
  }
  return waiting ? undefined : { equityUsd, first, firstUsd, unpriced: without, stale, liability }
}
