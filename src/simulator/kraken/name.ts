import { type Listing, listings } from '../listing.ts'

/** Coins and markets under the names that kraken has for them. */

const coins: Readonly<Record<string, string>> = {
  BTC: 'XXBT',
  DOGE: 'XXDG',
  ETH: 'XETH',
  LTC: 'XLTC',
  XRP: 'XXRP',
}

export function rawCoin(asset: string): string {
  return coins[asset] ?? asset
}

/** Without the letter in front. */
function shortCoin(asset: string): string {
  return asset === 'BTC' ? 'XBT' : asset === 'DOGE' ? 'XDG' : asset
}

export function pairOf({ base, quote }: Pick<Listing, 'base' | 'quote'>): string {
  return shortCoin(base) + shortCoin(quote)
}

const byPair = new Map(listings.map((listing) => [pairOf(listing), listing]))

export function listingOfPair(pair: string): Listing | null {
  return byPair.get(pair) ?? null
}
