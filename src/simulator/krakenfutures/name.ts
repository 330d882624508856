import type { ContractListing } from '../contract.ts'
import type { Purse } from '../truth.ts'

/** Coins, contracts and accounts under the names that krakenfutures has for them. */

export function coinName(asset: string): string {
  return asset === 'BTC' ? 'xbt' : asset.toLowerCase()
}

/** `PF_XBTUSDT`, `PI_XBTUSD`; with its day where it is delivered. */
export function contractName({ kind, base, quote, symbol }: ContractListing): string {
  const date = symbol.split('-')[1]
  const family = kind === 'linear' ? (date === undefined ? 'PF' : 'FF') : 'PI'
  const pair = coinName(base) + coinName(quote)
  return `${family}_${pair.toUpperCase()}${date === undefined ? '' : `_${date}`}`
}

/** One account holds, one backs all linear contracts, each pair of an inverse one has its own. */
export function accountOf(purse: Purse | undefined, asset: string): string {
  if (purse === 'linear') return 'flex'
  return purse === 'inverse' ? `fi_${coinName(asset)}usd` : 'cash'
}
