import {
  absolute,
  add,
  compare,
  type Decimal,
  decimalFromInteger,
  divide,
  multiply,
  negate,
  parseDecimal,
  signOf,
  subtract,
  toText,
  zero,
} from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import { refuseAccount } from '../failure.ts'
import { amountOrZero, decimalOf, type Row } from '../field.ts'
import type { Listing } from './instrument.ts'
import type { OpenPosition } from './position.ts'
import { coinName, textOf } from './text.ts'

/**
 * A pair that is held as a position: coins that were bought, coins that are owed, and a margin of its own; on the margin
 * of all only where an account has one currency for that, and its cash has neither. What stands in the pair's own
 * account is told in other fields where its owner moves the margin.
 */

const four = decimalFromInteger(4)
/** A margin is a tenth of what is held, or more; what two prices of one moment differ by is less than this. */
const fifty = decimalFromInteger(50)
const ratioScale = 18

const owedNames = ['liab', 'baseBorrowed', 'quoteBorrowed', 'baseInterest', 'quoteInterest'] as const
const ownNames = ['baseBal', 'quoteBal'] as const

function amountOf(row: Row, name: string): Decimal {
  return parseDecimal(amountOrZero(row[name], `position.${name}`))
}

function isSet(row: Row, name: string): boolean {
  return signOf(amountOf(row, name)) !== 0
}

/** Nothing stands in it, and nothing is owed. */
export function isPairEmpty(row: Row): boolean {
  return !['margin', 'interest', ...owedNames, ...ownNames].some((name) => isSet(row, name))
}

/** @throws {CollectorFailure} where its fields do not say what it is worth */
export function pairOf(row: Row, { base, quote }: Listing): Pick<OpenPosition, 'holdings' | 'accrued'> {
  const isShared = row['mgnMode'] !== 'isolated'
  const held = amountOf(row, 'pos')
  const margin = isShared ? zero : amountOf(row, 'margin')
  const isOwn = ownNames.some((name) => isSet(row, name))
  if (isOwn || owedNames.slice(1).some((name) => isSet(row, name))) {
    // with a debt it is not told whether the balances are with it or without
    const isPlain = signOf(held) === 0 && signOf(margin) === 0 && !owedNames.some((name) => isSet(row, name))
    if (!isPlain) throw refuseAccount('quick margin')
    return {
      holdings: [amount(base, amountOf(row, 'baseBal')), amount(quote, amountOf(row, 'quoteBal'))],
      accrued: [],
    }
  }
  const coin = (name: string): string => {
    const asset = textOf(row[name], `position.${name}`, coinName).toUpperCase()
    // a pair of dollars may be held in any coin of them
    if (asset !== base && asset !== quote && (quote !== 'USD' || asset === ''))
      throw refuseAccount(isShared ? 'MARGIN' : 'isolated margin')
    return asset
  }
  const debt = absolute(amountOf(row, 'liab'))
  const interest = absolute(amountOf(row, 'interest'))
  const isOwing = signOf(debt) !== 0 || signOf(interest) !== 0
  const owedIn = isOwing ? coin('liabCcy') : base
  const parts = signOf(margin) === 0 ? [] : [amount(coin('ccy'), margin)]
  if (signOf(held) === 0) {
    return { holdings: [...parts, ...owing(owedIn, debt, interest)], accrued: accruedOf(owedIn, interest) }
  }
  const heldIn = coin('posCcy')
  const bought = worthIn(coin('ccy'), heldIn, absolute(held), row, { base, quote })
  const owed = isOwing ? worthIn(coin('ccy'), owedIn, debt, row, { base, quote }) : zero
  const told = { margin, gain: amountOf(row, 'upl'), worth: subtract(bought, owed) }
  const off = absolute(subtract(told.worth, told.gain))
  if (isShared && compare(multiply(off, fifty), bought) > 0) throw refuseAccount('MARGIN')
  const isInside = signOf(margin) !== 0 && isMarginInside(told)
  return {
    holdings: [amount(heldIn, absolute(held)), ...(isInside ? [] : parts), ...owing(owedIn, debt, interest)],
    accrued: accruedOf(owedIn, interest),
  }
}

/**
 * A margin in the coin that is held stands in the position already, one in another coin does not. The gain that the
 * exchange tells beside decides: it is what the position is worth, with its margin or without.
 */
function isMarginInside(told: {
  readonly margin: Decimal
  readonly gain: Decimal
  readonly worth: Decimal
}): boolean {
  const { margin, gain, worth } = told
  const apart = absolute(subtract(worth, gain))
  const inside = absolute(subtract(worth, add(margin, gain)))
  const isInside = compare(inside, apart) < 0
  if (compare(multiply(isInside ? inside : apart, four), margin) > 0) throw refuseAccount('isolated margin')
  return isInside
}

function worthIn(
  asset: string,
  of: string,
  units: Decimal,
  row: Row,
  { base }: Pick<Listing, 'base' | 'quote'>,
): Decimal {
  if (asset === of) return units
  const told = row['markPx'] === undefined || row['markPx'] === '' ? row['last'] : row['markPx']
  const price = parseDecimal(decimalOf(told, 'position.markPx', 'positive'))
  return of === base ? multiply(units, price) : divide(units, price, ratioScale)
}

function owing(asset: string, debt: Decimal, interest: Decimal): Amount[] {
  return [amount(asset, negate(add(debt, interest)))]
}

function accruedOf(asset: string, interest: Decimal): Amount[] {
  return signOf(interest) === 0 ? [] : [amount(asset, interest)]
}

function amount(asset: string, units: Decimal): Amount {
  return { asset, amount: toText(units) }
}
