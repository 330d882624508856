import { PerfAggError } from '@perf-agg/sdk'
import type { MarketType } from '../../accounting/observation.ts'

/** Which wallets of an account are watched: what was signed, and what a client asks for beyond it. */

const wallets: readonly MarketType[] = ['spot', 'margin', 'linear', 'inverse']

/** The signed scope as wallets. */
export function walletsOf(scope: readonly string[]): readonly MarketType[] {
  return scope.map((name) => {
    const wallet = wallets.find((one) => one === name)
    if (wallet === undefined) throw new PerfAggError('STATE_CORRUPT', 'an account watches an unknown wallet')
    return wallet
  })
}

/** What of the wish is not watched yet, in a fixed order; a scope never shrinks. */
export function missing(scope: readonly string[], wished: readonly MarketType[]): readonly MarketType[] {
  return wallets.filter((wallet) => wished.includes(wallet) && !scope.includes(wallet))
}
