import { absolute, parseDecimal, signOf, toText } from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import { amountOrZero, assetOf, decimalOf, refuseTwice, type Row, rowOf, rowsOf } from '../field.ts'
import type { Listing } from './instrument.ts'
import { familyOf } from './option.ts'
import { isPairEmpty, pairOf } from './pair.ts'
import { coinName, textOf, word } from './text.ts'

/** What is held aside of the account's cash, for one position alone. */
export interface OpenPosition {
  /** Of contracts; null of a pair, which is nothing but its coins. */
  readonly position: Position | null
  /** Its margin; of a pair what was bought and what is owed as well, < 0. */
  readonly holdings: readonly Amount[]
  /** Interest in them that is owed and not charged yet, > 0. */
  readonly accrued: readonly Amount[]
  /** Of an option: what the exchange holds it to be worth. */
  readonly worth?: Amount
}

/** The cash has what an option cost off already. */
const paidEntry = `0.${'0'.repeat(18)}`

type ListingOf = (id: string) => Listing | undefined

/** Families of the options among them. */
export function familiesOf(value: unknown): readonly string[] {
  return rowsOf(value, 'positions', limits.collector.positionsMax).flatMap((each) => {
    const row = rowOf(each, 'positions')
    const family = row['instType'] === 'OPTION' ? familyOf(assetOf(row['instId'], 'position.instId')) : null
    return family === null ? [] : [family]
  })
}

/** Open contracts and options, and pairs that are held as positions. */
export function positionsOf(
  value: unknown,
  listingOf: ListingOf,
  watched: ReadonlySet<string>,
): OpenPosition[] {
  const rows = rowsOf(value, 'positions', limits.collector.positionsMax)
  refuseTwice(
    rows.map((each) => nameOf(rowOf(each, 'positions'))),
    'positions',
  )
  return rows.flatMap((each): OpenPosition[] => {
    const row = rowOf(each, 'positions')
    const isOpen = signOf(parseDecimal(amountOrZero(row['pos'], 'position.pos'))) !== 0
    const type = textOf(row['instType'], 'position.instType', word)
    const isPair = type === 'MARGIN'
    if (!isOpen && (!isPair || isPairEmpty(row))) return []
    if (!isPair && !['SWAP', 'FUTURES', 'OPTION'].includes(type)) throw refuseAccount(type)
    if (!watched.has(type)) throw refuseAccount('positions')
    const listing = listingOf(assetOf(row['instId'], 'position.instId'))
    if (listing === undefined) throw invalidAnswer('position.instId')
    return [isPair ? { position: null, ...pairOf(row, listing) } : contractOf(row, listing)]
  })
}

/** One position is one row. */
function nameOf(row: Row): string {
  const names = ['posId', 'instId', 'mgnMode', 'posSide', 'posCcy', 'ccy']
  return names.map((name) => textOf(row[name], `position.${name}`, /^[\p{L}\p{N}_.-]{1,64}$/u)).join(' ')
}

function contractOf(row: Row, { market, symbol, base, quote, terms, isOption }: Listing): OpenPosition {
  if (market === 'spot' || terms === undefined) throw invalidAnswer('position.instId')
  const held = parseDecimal(amountOrZero(row['pos'], 'position.pos'))
  const side = row['posSide']
  if (side !== 'long' && side !== 'short' && side !== 'net') throw invalidAnswer('position.posSide')
  const size = toText(absolute(held))
  const isShort = side === 'short' || (side === 'net' && signOf(held) < 0)
  const entry = isOption === true ? paidEntry : decimalOf(row['avgPx'], 'position.avgPx', 'positive')
  return {
    position: { market, symbol, base, quote, terms, quantity: isShort ? `-${size}` : size, entry },
    holdings: row['mgnMode'] === 'isolated' ? [marginOf(row, terms.settle)] : [],
    accrued: [],
    ...(isOption === true
      ? { worth: { asset: terms.settle, amount: amountOrZero(row['optVal'], 'position.optVal') } }
      : {}),
  }
}

function marginOf(row: Row, settle: string): Amount {
  return {
    asset: textOf(row['ccy'], 'position.ccy', coinName).toUpperCase() || settle,
    amount: amountOrZero(row['margin'], 'position.margin'),
  }
}
