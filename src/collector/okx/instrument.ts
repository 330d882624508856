import { multiply, parseDecimal, toText } from '@perf-agg/sdk'
import type { ContractTerms, Market, Wallet } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { assetOf, decimalOf, type Row, rowOf, rowsOf } from '../field.ts'

/** okx's instruments: an id names its coins, and its kind by its ending. */

/** Kinds that have a list of their own. Pairs traded on margin are those of spot. */
export const listedTypes = ['SPOT', 'SWAP', 'FUTURES'] as const
export type ListedType = (typeof listedTypes)[number]

export interface Listing {
  readonly id: string
  readonly market: 'spot' | 'linear' | 'inverse'
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly active: boolean
  /** Of contracts. */
  readonly terms?: ContractTerms
  readonly isOption?: true
}

export function listingsOf(value: unknown, type: ListedType): Listing[] {
  return rowsOf(value, 'instruments', limits.collector.symbolsMax).flatMap((each): Listing[] => {
    const row = rowOf(each, 'instruments')
    if (row['instType'] !== type) return []
    if (type === 'SPOT') return [spotOf(row)]
    const contract = contractOf(row)
    return contract === null ? [] : [contract]
  })
}

function spotOf(row: Row): Listing {
  const base = assetOf(row['baseCcy'], 'instrument.baseCcy')
  const quote = assetOf(row['quoteCcy'], 'instrument.quoteCcy')
  const id = assetOf(row['instId'], 'instrument.instId')
  return { id, market: 'spot', symbol: `${base}/${quote}`, base, quote, active: row['state'] === 'live' }
}

/** Null where its terms are none that are known here: what it is worth could not be told. */
function contractOf(row: Row): Listing | null {
  const id = assetOf(row['instId'], 'instrument.instId')
  const names = namesOf(id)
  const kind = row['ctType']
  if (names === null || (kind !== 'linear' && kind !== 'inverse')) return null
  const { base, quote, expiry } = names
  const settle = assetOf(row['settleCcy'], 'instrument.settleCcy')
  const value = decimalOf(row['ctVal'], 'instrument.ctVal', 'positive')
  const times = row['ctMult'] === undefined || row['ctMult'] === '' ? '1' : row['ctMult']
  const size = toText(
    multiply(parseDecimal(value), parseDecimal(decimalOf(times, 'instrument.ctMult', 'positive'))),
  )
  // a contract of so many of another coin than it is named after is none of these two
  if (row['ctValCcy'] !== (kind === 'linear' ? base : quote)) return null
  return {
    id,
    market: kind,
    symbol: `${base}/${quote}:${settle}${expiry === '' ? '' : `-${expiry}`}`,
    base,
    quote,
    active: row['state'] === 'live',
    terms: { size, settle },
  }
}

/** `BTC-USD-SWAP` and `BTC-USD-260327`. */
function namesOf(id: string): { base: string; quote: string; expiry: string } | null {
  const [, base, quote, ending] = /^([\p{L}\p{N}]+)-([\p{L}\p{N}]+)-(SWAP|\d{6})$/u.exec(id) ?? []
  if (base === undefined || quote === undefined || ending === undefined) return null
  // some names hold both coins that it is settled in: `BTC-USD_UM`
  return { base, quote: quote.replace(/_.*$/, ''), expiry: ending === 'SWAP' ? '' : ending }
}

/**
 * A contract that has been delivered has left the list, and its size with it: those of one family have one size, as long
 * as one of them is listed.
 */
export function deliveredContract(id: string, listings: readonly Listing[]): Listing | undefined {
  const names = namesOf(id)
  if (names === null) return undefined
  const family = id.slice(0, id.lastIndexOf('-') + 1)
  const relative = listings.find((listing) => listing.terms !== undefined && listing.id.startsWith(family))
  if (relative?.terms === undefined) return undefined
  const { market, base, quote, terms } = relative
  const symbol = `${base}/${quote}:${terms.settle}${names.expiry === '' ? '' : `-${names.expiry}`}`
  return { id, market, symbol, base, quote, active: false, terms }
}

/** A pair that has left the list still says its coins. */
export function delistedPair(id: string): Listing | undefined {
  const [, base, quote] = /^([\p{L}\p{N}]+)-([\p{L}\p{N}]+)$/u.exec(id) ?? []
  if (base === undefined || quote === undefined) return undefined
  return { id, market: 'spot', symbol: `${base}/${quote}`, base, quote, active: false }
}

/** The id that an instrument of that symbol has, or had while it was listed. */
export function idOfSymbol(symbol: string): string | null {
  const [, base, quote, settle, expiry] =
    /^([\p{L}\p{N}]+)\/([\p{L}\p{N}]+)(?::([\p{L}\p{N}]+)(?:-(\d{6}))?)?$/u.exec(symbol) ?? []
  if (base === undefined || quote === undefined) return null
  return settle === undefined ? `${base}-${quote}` : `${base}-${quote}-${expiry ?? 'SWAP'}`
}

export function marketOf({ market, symbol, base, quote, active }: Listing): Market {
  return { symbol, base, quote, type: market, active }
}

/** The lists that watched wallets need. */
export function listedTypesOf(wallets: readonly Wallet[]): readonly ListedType[] {
  const contracts = wallets.includes('linear') || wallets.includes('inverse')
  return listedTypes.filter((type) => type === 'SPOT' || contracts)
}
