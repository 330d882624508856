import { absolute, negate, parseDecimal, signOf, sum, toText } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, FlowKind, Income } from '../../accounting/observation.ts'
import type { Entry } from '../explain.ts'
import { sumOf } from '../holding.ts'
import { flowOfLine, movedBy } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import type { Listings } from './listings.ts'
import {
  entryOfMargin,
  executionOf,
  fillOfMargin,
  interestOf,
  isMargin,
  isSettlement,
  type MarginTrade,
  worthOf,
} from './margin.ts'
import type { Line, Trade } from './row.ts'

/**
 * What kraken's ledger lines mean. A line that nobody can name stays a line: it moved a balance, and the account's
 * books will show it as unexplained.
 */
export function tell(
  lines: readonly Line[],
  trades: readonly Trade[],
  margins: readonly MarginTrade[],
  listings: Pick<Listings, 'byName'>,
): Omit<Reading, 'cutAtMs'> {
  const byRefid = Map.groupBy(lines, ({ refid }) => refid)
  const isOfSpot = (trade: Trade): boolean =>
    !isSettlement(trade) && !isMargin(trade, byRefid.get(trade.id) ?? [])
  const fills = [
    ...trades.filter(isOfSpot).map((trade) => fillOf(trade, linesOfTrade(byRefid, trade.id), listings)),
    ...margins.map(fillOfMargin),
  ]
  const known = new Map(trades.map((trade) => [trade.id, trade]))
  const borrowed = new Set(margins.map(({ trade }) => trade.id))
  const pending =
    lines.some(({ type, refid }) => (type === 'trade' || type === 'margin') && !known.has(refid)) ||
    trades.some((trade) => isOfSpot(trade) && linesOfTrade(byRefid, trade.id).length === 0) ||
    margins.some((margin) => margin.lines.length === 0)
  const flows: CashFlow[] = []
  const incomes: Income[] = []
  const entries: Entry[] = margins.map(entryOfMargin)
  for (const line of lines) {
    const flow = flowOf(line)
    if (flow !== null) flows.push(flow)
    const income = incomeOf(line) ?? interestOf(line)
    if (income !== null) incomes.push(income)
    const { type, refid, asset, change, fee } = line
    if (type === 'margin' && borrowed.has(refid)) continue
    // a fill and its lines are one instant
    const atMs = (type === 'trade' ? known.get(refid)?.atMs : undefined) ?? line.atMs
    // what a settled position was is in the wallet now
    const moved = type === 'settled' ? negate(parseDecimal(fee)) : parseDecimal(change)
    entries.push({ atMs, changes: [[asset, moved]] })
  }
  return { fills, flows, conversions: conversionsOf(byRefid), incomes, entries, pending }
}

function linesOfTrade(byRefid: ReadonlyMap<string, readonly Line[]>, id: string): readonly Line[] {
  return (byRefid.get(id) ?? []).filter(({ type }) => type === 'trade')
}

/**
 * The ledger says to the last digit what was paid and received; the trade says what for. Until its lines are there, the
 * trade's own figures stand, which are rounded otherwise.
 */
function fillOf(trade: Trade, lines: readonly Line[], listings: Pick<Listings, 'byName'>): Fill {
  const listing = listings.byName(trade.pair) ?? delisted(trade, lines)
  const { base, quote } = listing
  const booked = (asset: string, otherwise: string): string => {
    const amount = absolute(
      sum(lines.filter((line) => line.asset === asset).map((line) => parseDecimal(line.amount))),
    )
    return signOf(amount) === 0 ? otherwise : toText(amount)
  }
  const fees =
    lines.length === 0
      ? [{ asset: quote, amount: trade.fee }]
      : lines.map((line) => ({ asset: line.asset, amount: line.fee }))
  return {
    id: trade.id,
    market: 'spot',
    symbol: listing.symbol,
    base,
    quote,
    side: trade.side,
    price: trade.price,
    quantity: booked(base, trade.volume),
    quoteQuantity: booked(quote, worthOf(trade)),
    fees: sumOf(fees),
    atMs: trade.atMs,
    execution: executionOf(trade.misc),
  }
}

/** A pair that has left the list: what was received and paid says which coins it joined. */
function delisted(trade: Trade, lines: readonly Line[]): { symbol: string; base: string; quote: string } {
  const received = lines.find(({ amount }) => signOf(parseDecimal(amount)) > 0)?.asset ?? ''
  const paid = lines.find(({ amount }) => signOf(parseDecimal(amount)) < 0)?.asset ?? ''
  const [base, quote] = trade.side === 'buy' ? [received, paid] : [paid, received]
  return {
    symbol: trade.pair,
    base: base === '' ? trade.pair : base,
    quote: quote === '' ? trade.pair : quote,
  }
}

const flowKinds: Readonly<Record<string, FlowKind>> = {
  deposit: 'deposit',
  // paid out, or come back where the sign says so
  withdrawal: 'withdrawal',
  transfer: 'transfer',
  custodytransfer: 'transfer',
  'invite bonus': 'reward',
  reward: 'reward',
}

/** To and from what stands in this account under another ending: both lines are here and cancel. */
const innerTransfers = new Set(['spottostaking', 'stakingfromspot', 'stakingtospot', 'spotfromstaking'])

function flowOf(line: Line): CashFlow | null {
  const { type, subtype, change } = line
  const flow = flowKinds[type]
  if (flow === undefined || signOf(parseDecimal(change)) === 0) return null
  if (type === 'transfer' && innerTransfers.has(subtype)) return null
  return flowOfLine(line, flow)
}

function incomeOf({ id, type, subtype, asset, change, atMs }: Line): Income | null {
  // allocations and the like move a coin between its endings
  const earned =
    type === 'staking' || type === 'dividend' || (type === 'earn' && ['', 'reward'].includes(subtype))
  if (!earned || signOf(parseDecimal(change)) === 0) return null
  return { id, income: 'earn', asset, amount: change, atMs }
}

const conversionTypes = new Set(['spend', 'receive', 'conversion'])

/** Bought and sold without an order: lines of one reference are one conversion. */
function conversionsOf(byRefid: ReadonlyMap<string, readonly Line[]>): Conversion[] {
  return [...byRefid].flatMap(([refid, all]): Conversion[] => {
    const lines = all.filter(({ type }) => conversionTypes.has(type))
    const first = lines[0]
    const changes = movedBy(lines)
    const given = changes.some(({ amount }) => signOf(negate(parseDecimal(amount))) > 0)
    // one side alone is not one yet
    if (first === undefined || changes.length < 2 || !given) return []
    const conversion = lines.some(({ subtype }) => subtype.includes('dust')) ? 'dust' : 'convert'
    return [{ id: refid, conversion, changes, atMs: Math.max(...lines.map(({ atMs }) => atMs)) }]
  })
}
