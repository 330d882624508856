import { createHash } from 'node:crypto'
import type { ContractListing } from '../contract.ts'
import { type Listing, listings } from '../listing.ts'
import type { Wallet } from '../wallet.ts'

/** Coins, markets and accounts under the names that hyperliquid has for them: what is paid in USDT here is in USDC there. */

export const settle = 'USDC'

export function coinOf(asset: string): string {
  return asset === 'USDT' ? settle : asset
}

/** The only quote there, and no market of dollars against it. */
export const spotListings: readonly Listing[] = listings.filter(
  ({ base, quote }) => quote === 'USDT' && !['USDC', 'FDUSD'].includes(base),
)

/** The place in the list of tokens; the dollar is the first. */
export const tokens: readonly string[] = [settle, ...new Set(spotListings.map(({ base }) => base))]

export function tokenOf(asset: string): number {
  return tokens.indexOf(coinOf(asset))
}

/** Spot markets are known by a number. */
export function spotCoin(symbol: string): string | null {
  const place = spotListings.findIndex((listing) => listing.symbol === symbol)
  return place < 0 ? null : `@${100 + place}`
}

export function listingOfCoin(coin: string): Listing | null {
  const [, number] = /^@(\d{3})$/.exec(coin) ?? []
  return number === undefined ? null : (spotListings[Number(number) - 100] ?? null)
}

/** An exchange of somebody else's within it, with a wallet of its own for each account, and what is traded there. */
export const otherDex = 'xyz'
const ofOtherDex: readonly string[] = ['XRP']

export function dexOf({ base }: Pick<ContractListing, 'base'>): string {
  return ofOtherDex.includes(base) ? otherDex : ''
}

/** Perpetuals by their coin; one that ends, as a market that is taken off the list, by its day too. */
export function perpCoin({ base, symbol, deliveryMs }: ContractListing): string {
  const coin = deliveryMs === null ? base : `${base}${symbol.slice(-6)}`
  const dex = dexOf({ base })
  return dex === '' ? coin : `${dex}:${coin}`
}

/** An account is an address; one that a scenario names is taken as it is. */
export function addressOf({ apiKey, uid }: Pick<Wallet, 'apiKey' | 'uid'>): string {
  if (/^0x[0-9a-f]{40}$/.test(apiKey)) return apiKey
  return `0x${createHash('sha256').update(uid).digest('hex').slice(0, 40)}`
}
