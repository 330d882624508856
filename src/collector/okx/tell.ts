import {
  absolute,
  add,
  compare,
  type Decimal,
  decimalFromInteger,
  multiply,
  negate,
  parseDecimal,
  signOf,
  subtract,
  sum,
  toText,
} from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, Income } from '../../accounting/observation.ts'
import { entryOfContract, entryOfFill } from '../explain.ts'
import { refuseAccount } from '../failure.ts'
import { sumOf } from '../holding.ts'
import { entryOfLine, flowOfLine } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import type { TransferLine } from '../transfer.ts'
import { closingOf } from './closing.ts'
import { conversionOf, type Converted, type Joined, joinTold } from './conversion.ts'
import type { Listing } from './instrument.ts'
import {
  conversionSubTypes,
  conversionTypes,
  executionOf,
  filledTypes,
  flowKinds,
  flowSubKinds,
  incomeKinds,
  incomeSubKinds,
  neutralTypes,
  transferSubTypes,
  unfilledSubTypes,
} from './kind.ts'
import { takeoversOf } from './pair-takeover.ts'
import type { Bill, FillRow } from './row.ts'

/** Kinds of instruments whose bills are read. */
export type Watched = ReadonlySet<string>

export interface Told extends Omit<Reading, 'cutAtMs'> {
  /** Ids of instruments whose terms are not known, so that nothing was made of their fills. */
  readonly unknown: readonly string[]
  /** To and from the funding account, not among the flows. */
  readonly transfers: readonly TransferLine[]
}

type ListingOf = (id: string) => Listing | undefined

interface Beside {
  readonly listingOf: ListingOf
  readonly watched: Watched
  /** Conversions that another list tells whole. */
  readonly converted: readonly Converted[]
  /** Who held what expired, by the bill of it. */
  readonly held: ReadonlyMap<string, 'long' | 'short'>
}

/**
 * What okx's bills and fills mean. A bill that nobody can name stays one: it moved a balance, and the account's books
 * will show it as unexplained.
 */
export function tell(
  bills: readonly Bill[],
  told: readonly FillRow[],
  { listingOf, watched, converted, held }: Beside,
): Told {
  refuseOthers(bills, told, watched)
  const rows = told.filter(({ subType }) => !unfilledSubTypes.has(subType))
  const known = new Map(rows.map((row) => [fillKey(row), row]))
  // the bills of a spread's or a block trade's leg may name no order
  const byTrade = new Map(rows.toReversed().map((row) => [fillKey({ ...row, orderId: '' }), fillKey(row)]))
  const keyOf = (bill: Bill): string => {
    const key = fillKey(bill)
    return bill.orderId === '' ? (byTrade.get(key) ?? key) : key
  }
  const isFilled = (bill: Bill): boolean =>
    bill.tradeId !== '' && (filledTypes.has(bill.type) || known.has(keyOf(bill)))
  const byFill = Map.groupBy(bills.filter(isFilled), keyOf)
  const seen = new Set<string>()
  const unknown = new Set(rows.map(({ instId }) => instId).filter((id) => listingOf(id) === undefined))
  const made = rows.flatMap((row) => {
    const own = byFill.get(fillKey(row)) ?? []
    return fillOf(row, own, { listingOf, seen }).map((fill) => ({ fill, isAside: own.some(isAside) }))
  })
  const filled = made.map(({ fill }) => fill)
  const closed = bills.flatMap((bill) => closingOf(bill, rows, { listingOf, held: held.get(bill.id) }))
  const fills = [...filled, ...closed, ...takeoversOf(bills, rows, listingOf)]
  const booked = bills
    .filter((bill) => !neutralTypes.has(bill.type) && !(isAside(bill) && isFilled(bill)))
    .map((bill) => {
      // a fill and its bills are one instant
      const filledAtMs = bill.tradeId === '' ? undefined : known.get(keyOf(bill))?.atMs
      return entryOfLine({ ...bill, atMs: filledAtMs ?? bill.atMs })
    })
  const joined = conversionsOf(bills.filter((bill) => !isFilled(bill)))
  return {
    fills,
    flows: bills.filter((bill) => !isTransfer(bill)).flatMap(flowOf),
    transfers: bills.filter(isTransfer).map(transferOf),
    conversions: [...joined.conversions, ...joinTold(joined.left, converted).conversions],
    incomes: bills.flatMap(incomeOf),
    entries: [
      ...booked,
      ...fills.filter(({ terms }) => terms !== undefined).map(entryOfContract),
      ...made.filter((each) => each.isAside).map(({ fill }) => entryOfFill(fill)),
    ],
    pending:
      [...byFill.keys()].some((key) => !known.has(key)) ||
      rows.some((row) => row.tradeId !== '' && isPair(row.instType) && !byFill.has(fillKey(row))),
    unknown: [...unknown],
  }
}

function fillKey({ instId, tradeId, orderId }: Pick<FillRow, 'instId' | 'tradeId' | 'orderId'>): string {
  return `${instId} ${tradeId} ${orderId}`
}

/** Of a pair that may be held as a position: what its bills leave out of the coins, the fill itself says. */
function isAside({ instType }: Bill): boolean {
  return instType === 'MARGIN'
}

function isPair(instType: string): boolean {
  return instType === 'SPOT' || instType === 'MARGIN'
}

/** One account holds all markets there: with one in it that is not watched, its balances are not all it is worth. */
function refuseOthers(bills: readonly Bill[], rows: readonly FillRow[], watched: Watched): void {
  for (const { instType } of [...bills, ...rows]) {
    if (instType !== '' && !watched.has(instType)) throw refuseAccount(instType)
  }
}

/** The bills say to the last digit what was paid and received; until they are there, the fill's own figures stand. */
function fillOf(
  row: FillRow,
  bills: readonly Bill[],
  { listingOf, seen }: { readonly listingOf: ListingOf; readonly seen: Set<string> },
): Fill[] {
  const { instId, instType, side, price, size, atMs } = row
  const listing = listingOf(instId)
  if (listing === undefined) return []
  const { base, terms } = listing
  const isOther = terms === undefined && row.quoteAsset !== '' && row.quoteAsset !== listing.quote
  const quote = isOther ? row.quoteAsset : listing.quote
  const symbol = isOther ? `${base}/${quote}` : listing.symbol
  const booked = (asset: string, otherwise: string): string => {
    const own = terms === undefined ? bills.filter((bill) => bill.asset === asset) : []
    const amount = absolute(
      sum(own.map(({ change, fee }) => subtract(parseDecimal(change), parseDecimal(fee)))),
    )
    const isElse = own.some(isAside) && !isNear(amount, parseDecimal(otherwise))
    return signOf(amount) === 0 || isElse ? otherwise : toText(amount)
  }
  const feeAsset = row.feeAsset === '' ? (terms?.settle ?? (side === 'buy' ? base : quote)) : row.feeAsset
  const fees =
    bills.length === 0
      ? [{ asset: feeAsset, amount: paid(row.fee) }]
      : bills.map(({ asset, fee }) => ({ asset, amount: paid(fee) }))
  // Who trades with oneself has one number on both sides; a takeover has none.
  const named = row.tradeId === '' || seen.has(`${instId} ${row.tradeId}`)
  seen.add(`${instId} ${row.tradeId}`)
  const value = toText(multiply(parseDecimal(price), parseDecimal(size)))
  const fill: Fill = {
    id: named ? `bill-${row.billId}` : row.tradeId,
    market: instType === 'MARGIN' ? 'margin' : listing.market,
    symbol,
    base,
    quote,
    side,
    price,
    quantity: booked(base, size),
    quoteQuantity: listing.market === 'inverse' ? size : booked(quote, value),
    fees: sumOf(fees),
    atMs,
    execution: executionOf(row.subType),
    ...(terms === undefined ? {} : { terms }),
  }
  return [fill]
}

/** The same but for rounding. */
function isNear(a: Decimal, b: Decimal): boolean {
  return compare(multiply(absolute(subtract(a, b)), decimalFromInteger(1_000)), absolute(b)) <= 0
}

export function paid(fee: string): string {
  return toText(negate(parseDecimal(fee)))
}

function isTransfer({ type, subType }: Bill): boolean {
  return transferSubTypes.has(subType) && (flowSubKinds[subType] ?? flowKinds[type]) === 'transfer'
}

function transferOf({ id, asset, change, atMs }: Bill): TransferLine {
  return { id, account: 'trading', asset, change, atMs }
}

function flowOf(bill: Bill): CashFlow[] {
  const { type, subType, change } = bill
  if (conversionKindOf(bill) !== undefined || Object.hasOwn(incomeSubKinds, subType)) return []
  const flow = flowSubKinds[subType] ?? flowKinds[type]
  if (flow === undefined || signOf(parseDecimal(change)) === 0) return []
  return [flowOfLine(bill, flow)]
}

function incomeOf(bill: Bill): Income[] {
  const { id, type, subType, asset, atMs } = bill
  const income = incomeSubKinds[subType] ?? incomeKinds[type]
  const amount = income === undefined ? penaltyOf(bill) : bill.change
  if (signOf(parseDecimal(amount)) === 0) return []
  return [{ id, income: income ?? 'liquidation-fee', asset, amount, atMs }]
}

/** What a liquidation took beyond what was lost and the fee. */
function penaltyOf({ type, instType, change, pnl, fee }: Bill): string {
  // an option's bill has what it was bought back for as well
  if (type !== '5' || isPair(instType) || instType === 'OPTION') return '0'
  return toText(subtract(parseDecimal(change), add(parseDecimal(pnl), parseDecimal(fee))))
}

function conversionKindOf({ type, subType }: Bill): Conversion['conversion'] | undefined {
  if (conversionSubTypes.has(subType)) return 'convert'
  return Object.hasOwn(conversionTypes, type) ? conversionTypes[type] : undefined
}

/** Both sides of one have an order's number, or else an instant. */
function conversionKey({ type, orderId, atMs }: Bill): string {
  return `${type} ${orderId === '' ? atMs : orderId}`
}

/** Those whose bills say which belong together, and the bills that do not. */
export function conversionsOf(bills: readonly Bill[]): Joined {
  const converted = bills.filter((bill) => conversionKindOf(bill) !== undefined)
  const groups = [...Map.groupBy(converted, conversionKey).values()].map((own) => ({
    own,
    made: conversionOf(own, (own[0] === undefined ? undefined : conversionKindOf(own[0])) ?? 'convert'),
  }))
  return {
    conversions: groups.flatMap(({ made }) => made),
    left: groups.flatMap(({ own, made }) => (made.length === 0 ? own : [])),
  }
}
