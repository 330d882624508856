import { PerfAggError } from '@perf-agg/sdk'
import { type Wallet, wallets } from '../../accounting/wallet.ts'

/** Which wallets of an account are watched: what was signed, and what a client asks for beyond it. */

/** The signed scope as wallets. */
export function walletsOf(scope: readonly string[]): readonly Wallet[] {
  return scope.map((name) => {
    const wallet = wallets.find((one) => one === name)
    if (wallet === undefined) throw new PerfAggError('STATE_CORRUPT', 'an account watches an unknown wallet')
    return wallet
  })
}

/** What of the wish is not watched yet, in a fixed order; a scope never shrinks. */
export function missing(scope: readonly string[], wished: readonly Wallet[]): readonly Wallet[] {
  return wallets.filter((wallet) => wished.includes(wallet) && !scope.includes(wallet))
}
