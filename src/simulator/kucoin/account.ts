import type { Change, Purse } from '../truth.ts'

/** The accounts of one client at kucoin, and which wallet of the truth each is. */

export type Account = 'MAIN' | 'TRADE' | 'TRADE_HF' | 'MARGIN' | 'MARGIN_V2' | 'ISOLATED_V2'

/** The newer accounts tell by ids that rise, and have lists of their own. */
export function isNewer(account: Account): boolean {
  return /_(HF|V2)$/.test(account)
}

const ofPair = 'isolated '

/** Where a fill was made, and a debt lies. */
export function purseOf({ moves }: Change): Purse {
  return moves[0]?.purse ?? 'spot'
}

/** The place of what is charged; of isolated ones the pair. */
export function placeOf(purse: Purse): string {
  return purse.startsWith(ofPair) ? purse.slice(ofPair.length) : 'cross'
}

export function tradeTypeOf(purse: Purse): string {
  if (purse === 'spot') return 'TRADE'
  return purse === 'margin' ? 'MARGIN_TRADE' : 'MARGIN_ISOLATED_TRADE'
}

export function marginAccountOf(purse: Purse): Account | null {
  if (purse === 'margin') return 'MARGIN_V2'
  return purse.startsWith(ofPair) ? 'ISOLATED_V2' : null
}
