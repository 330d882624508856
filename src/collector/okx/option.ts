import { multiply, parseDecimal, toText } from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import { assetOf, decimalOf, type Row, rowOf, rowsOf } from '../field.ts'
import type { Listing } from './instrument.ts'

/**
 * okx's options: bought and sold for a premium in the coin that they pay, which leaves the account at once, and worth
 * their mark in that coin. Contracts whose position was paid for in full.
 */

interface Names {
  readonly base: string
  readonly quote: string
  /** The list that has it. */
  readonly family: string
  readonly ending: string
}

/** `BTC-USD-241217-92000-C`; some families have the coin they pay in their name. */
function namesOf(id: string): Names | null {
  const [, base, quote, ending] = /^([\p{L}\p{N}]+)-([\p{L}\p{N}_]+)-(\d{6}-[\d.]+-[CP])$/u.exec(id) ?? []
  if (base === undefined || quote === undefined || ending === undefined) return null
  return { base, quote: quote.replace(/_.*$/, ''), family: `${base}-${quote}`, ending }
}

export function familyOf(id: string): string | null {
  return namesOf(id)?.family ?? null
}

export function optionsOf(value: unknown): Listing[] {
  return rowsOf(value, 'instruments', limits.collector.symbolsMax).flatMap((each): Listing[] => {
    const row = rowOf(each, 'instruments')
    const id = assetOf(row['instId'], 'instrument.instId')
    const names = row['instType'] === 'OPTION' ? namesOf(id) : null
    if (names === null) return []
    const settle = assetOf(row['settleCcy'], 'instrument.settleCcy')
    const terms = { size: sizeOf(row), settle }
    return [listingOf(id, names, terms, row['state'] === 'live')]
  })
}

function sizeOf(row: Row): string {
  const value = decimalOf(row['ctVal'], 'instrument.ctVal', 'positive')
  const times = decimalOf(row['ctMult'], 'instrument.ctMult', 'positive')
  return toText(multiply(parseDecimal(value), parseDecimal(times)))
}

function listingOf(
  id: string,
  { base, quote, ending }: Names,
  terms: NonNullable<Listing['terms']>,
  active: boolean,
): Listing {
  const symbol = `${base}/${quote}:${terms.settle}-${ending}`
  // what is bought is the right, and what it costs is the coin that it pays
  return { id, market: 'linear', symbol, base: id, quote: terms.settle, active, terms, isOption: true }
}

/** One that has expired has left the list: those of its family have one size, as long as one of them is listed. */
export function expiredOption(id: string, listings: readonly Listing[]): Listing | undefined {
  const names = namesOf(id)
  if (names === null) return undefined
  const relative = listings.find(({ id: other, isOption }) => isOption && familyOf(other) === names.family)
  return relative?.terms === undefined ? undefined : listingOf(id, names, relative.terms, false)
}

/** The id that an option of that symbol has, or had while it was listed. */
export function optionIdOf(symbol: string): string | null {
  const [, base, quote, settle, ending] =
    /^([\p{L}\p{N}]+)\/([\p{L}\p{N}]+):([\p{L}\p{N}]+)-(\d{6}-[\d.]+-[CP])$/u.exec(symbol) ?? []
  if (base === undefined || quote === undefined || ending === undefined) return null
  return `${base}-${quote}${settle === base ? '' : '_UM'}-${ending}`
}
