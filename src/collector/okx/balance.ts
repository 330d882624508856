import {
  absolute,
  add,
  compare,
  type Decimal,
  maximum,
  parseDecimal,
  signOf,
  subtract,
  sum,
  toText,
  zero,
} from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { amountOrZero, assetOf, type Row, rowOf, rowsOf, refuseTwice } from '../field.ts'
import { sumOf } from '../holding.ts'
import type { OpenPosition } from './position.ts'

/** The trading account's cash and debts. */

export interface Holding {
  /** Cash less what is owed and its interest, with what stands as margin of single positions. */
  readonly balances: readonly Amount[]
  /** In the account's own margin. */
  readonly isBorrowed: boolean
  /** Interest that is taken off though it is not charged yet. */
  readonly accrued: readonly Amount[]
}

/** @param aside what single positions hold has left the account's cash, and is its owner's all the same */
export function holdingOf(value: unknown, aside: readonly OpenPosition[]): Holding {
  const accounts = rowsOf(value, 'balance', 8)
  if (accounts.length > 1) throw invalidAnswer('balance')
  let isBorrowed = false
  const ofPairs = sumOf(aside.flatMap(({ accrued }) => accrued))
  const accrued: Amount[] = [...ofPairs]
  const details = accounts.length === 0 ? [] : (rowOf(accounts[0], 'balance')['details'] ?? [])
  const parts = rowsOf(details, 'balance.details', limits.collector.assetsMax).map((each): Amount => {
    const row = rowOf(each, 'balance.details')
    const of = (name: string): Decimal => parseDecimal(amountOrZero(row[name], `detail.${name}`))
    const asset = assetOf(row['ccy'], 'detail.ccy')
    const worth = aside.flatMap((each) => (each.worth?.asset === asset ? [each.worth.amount] : []))
    const owed = owedOf(row, of, sum(worth.map(parseDecimal)))
    const isOwing = signOf(owed) !== 0 || signOf(of('cashBal')) < 0
    const told = absolute(of('interest'))
    // with no debt but those of pairs it is theirs, which they tell themselves
    const ofPair = parseDecimal(ofPairs.find((pair) => pair.asset === asset)?.amount ?? '0')
    const interest = isOwing ? told : maximum(subtract(told, ofPair), zero)
    if (isOwing || signOf(interest) !== 0) isBorrowed = true
    accrued.push({ asset, amount: toText(interest) })
    return { asset, amount: toText(subtract(subtract(of('cashBal'), owed), interest)) }
  })
  refuseTwice(
    parts.map(({ asset }) => asset),
    'balance.details',
  )
  const holdings = aside.flatMap((each) => each.holdings)
  return { balances: sumOf([...parts, ...holdings]), isBorrowed, accrued: sumOf(accrued) }
}

/**
 * What is owed and not yet taken off the cash. A currency that was borrowed of itself stands below zero already, and so
 * does a loss that is not realised: the equity that the exchange tells decides which it is.
 * @param options what options are worth: that is in the equity as well
 */
function owedOf(row: Row, of: (name: string) => Decimal, options: Decimal): Decimal {
  const owed = [of('uplLiab'), of('isoLiab')].map(absolute).reduce(subtract, absolute(of('liab')))
  if (signOf(owed) <= 0) return zero
  const cash = of('cashBal')
  if (row['eq'] === undefined || row['eq'] === '') return signOf(cash) < 0 ? zero : owed
  const apart = ['upl', 'stgyEq', 'spotCopyTradingEq']
    .map(of)
    .reduce(add, add(options, subtract(of('isoEq'), of('isoUpl'))))
  // what has accrued is off it
  const net = subtract(add(of('eq'), absolute(of('interest'))), apart)
  const isTaken = compare(absolute(subtract(net, cash)), absolute(subtract(net, subtract(cash, owed)))) < 0
  return isTaken ? zero : owed
}
