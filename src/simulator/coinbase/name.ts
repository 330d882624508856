import { createHash } from 'node:crypto'
import { type Listing, listings } from '../listing.ts'

/** Coins and markets under coinbase's names: its dollars are dollars of a bank. */

export function coinOf(asset: string): string {
  return asset === 'USDT' ? 'USD' : asset
}

export function productOf({ base, quote }: Pick<Listing, 'base' | 'quote'>): string {
  return `${coinOf(base)}-${coinOf(quote)}`
}

/** Other dollars have no market of their own there. */
export const products: readonly Listing[] = listings.filter(
  ({ base, quote }) => ![base, quote].some((asset) => asset === 'USDC' || asset === 'FDUSD'),
)

export function listingOfProduct(id: string): Listing | null {
  return products.find((listing) => productOf(listing) === id) ?? null
}

/** As ids are written there, the same for the same words. */
export function uuidOf(...words: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(words.join(' ')).digest('hex')
  const parts = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `4${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
  ]
  return [...parts, digest.slice(20, 32)].join('-')
}
