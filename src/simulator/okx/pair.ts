import { type Listing, listings } from '../listing.ts'
import type { Market } from '../market.ts'
import type { Purse } from '../truth.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'

/** Pairs with a margin of their own, as okx tells them: coins that are held, coins that are owed, and the margin. */

const named = /^(?:isolated|cross) (.+)$/
const one = 100_000_000n
/** What of a position is told as its margin where that stands in the coin that is held. */
const insideShare = 5n

/** okx's id of the pair that a wallet belongs to; null is the account's own. */
export function pairIdOf(purse: Purse = 'spot'): string | null {
  return named.exec(purse)?.[1] ?? null
}

/** It stands on the account's own margin. */
export function isShared(purse: Purse = 'spot'): boolean {
  return purse.startsWith('cross ')
}

export interface HeldPair {
  readonly listing: Listing
  readonly held: bigint
  readonly heldIn: string
  readonly owed: bigint
  readonly owedIn: string
  readonly margin: bigint
  readonly marginIn: string
  /** On the account's own margin: what is left of the coin that is owed lies in its cash. */
  readonly isShared: boolean
  readonly left: bigint
  /** Above the margin, in its coin. */
  readonly gain: bigint
  readonly priceUnits: bigint
}

export function heldPairs(wallet: Wallet, market: Market, nowMs: number): HeldPair[] {
  return wallet.purses.flatMap((purse): HeldPair[] => {
    const id = pairIdOf(purse)
    if (id === null) return []
    const listing = listings.find(({ base, quote }) => `${base}-${quote}` === id)
    if (listing === undefined) throw new RangeError(`no such market: ${id}`)
    const held = pairOf(wallet, purse, listing, BigInt(market.priceAt(listing, nowMs, 0)))
    const isEmpty = held.held === 0n && held.owed === 0n && held.margin === 0n && held.left === 0n
    return isEmpty ? [] : [held]
  })
}

function pairOf(wallet: Wallet, purse: Purse, listing: Listing, priceUnits: bigint): HeldPair {
  const { base, quote } = listing
  const owedOf = (asset: string): bigint => {
    const { principal, interest } = wallet.debt(asset, purse)
    return principal + interest
  }
  const isShort = owedOf(base) > 0n
  const [heldIn, owedIn] = isShort ? [quote, base] : [base, quote]
  const other = wallet.balance(owedIn, purse)
  const owed = owedOf(owedIn)
  if (isShared(purse)) {
    const held = wallet.balance(heldIn, purse)
    const bought = heldIn === base ? (held * priceUnits) / one : (held * one) / priceUnits
    const shared = { isShared: true, left: other, margin: 0n, marginIn: owedIn }
    return { listing, held, heldIn, owed, owedIn, ...shared, gain: bought - owed, priceUnits }
  }
  const balance = wallet.balance(heldIn, purse)
  // nothing of it is on loan: all of it is margin
  const isPlain = owed === 0n && (balance === 0n || other === 0n)
  const held = isPlain ? 0n : balance
  const isApart = other > 0n
  const margin = isPlain ? balance + other : isApart ? other : held / insideShare
  const marginIn = isApart ? owedIn : heldIn
  const worthIn = (asset: string, units: bigint): bigint =>
    asset === marginIn ? units : asset === base ? (units * priceUnits) / one : (units * one) / priceUnits
  const gain = isPlain ? 0n : worthIn(heldIn, held) - worthIn(owedIn, owed) - (isApart ? 0n : margin)
  const own = { isShared: false, left: 0n, margin, marginIn }
  return { listing, held, heldIn, owed, owedIn, ...own, gain, priceUnits }
}

export function pairRow(pair: HeldPair): unknown {
  const { listing, held, heldIn, owed, owedIn, margin, marginIn, gain, priceUnits } = pair
  const isAlone = !pair.isShared
  return {
    instType: 'MARGIN',
    instId: `${listing.base}-${listing.quote}`,
    posSide: 'net',
    pos: fromUnits(held),
    posCcy: held === 0n ? '' : heldIn,
    avgPx: fromUnits(priceUnits),
    markPx: fromUnits(priceUnits),
    last: fromUnits(priceUnits),
    upl: fromUnits(gain),
    ccy: marginIn,
    mgnMode: isAlone ? 'isolated' : 'cross',
    margin: isAlone ? fromUnits(margin) : '',
    liab: owed === 0n ? '' : fromUnits(-owed),
    liabCcy: owed === 0n ? '' : owedIn,
    interest: '0',
    baseBal: '',
    quoteBal: '',
    baseBorrowed: '',
    baseInterest: '',
    quoteBorrowed: '',
    quoteInterest: '',
  }
}
