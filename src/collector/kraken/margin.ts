import {
  absolute,
  compare,
  type Decimal,
  multiply,
  negate,
  parseDecimal,
  signOf,
  sum,
  toText,
} from '@perf-agg/sdk'
import type { Amount, Conversion, Fill, Income } from '../../accounting/observation.ts'
import type { Base, Entry, Residual } from '../explain.ts'
import { sumOf } from '../holding.ts'
import type { Rest } from '../ledger-poll.ts'
import type { Listings } from './listings.ts'
import type { Line, Trade } from './row.ts'

/**
 * Trades with borrowed money. With what is open counted beside the wallet, such a trade moves base and quote like any
 * other; the ledger has its fee, and at a closing one what it gained or lost, which follows from the rest.
 */
export interface MarginTrade {
  readonly trade: Trade
  readonly symbol: string
  readonly base: string
  readonly quote: string
  /** Fees, and what was gained or lost. */
  readonly lines: readonly Line[]
}

/** Lines that only margin positions write. */
export const marginTypes: ReadonlySet<string> = new Set(['margin', 'rollover', 'settled'])

/** Positions taken over into the wallet: an order that trades nothing, and no fill. */
export function isSettlement({ orderType }: Trade): boolean {
  return orderType.startsWith('settle')
}

export function isMargin(trade: Trade, lines: readonly Line[]): boolean {
  return (
    signOf(parseDecimal(trade.margin)) !== 0 ||
    trade.isPosition ||
    trade.misc.split(',').includes('closing') ||
    lines.some(({ type }) => type === 'margin')
  )
}

export function marginTradesOf(
  lines: readonly Line[],
  trades: readonly Trade[],
  listings: Pick<Listings, 'byName'>,
): MarginTrade[] {
  const byRefid = Map.groupBy(lines, ({ refid }) => refid)
  return trades.flatMap((trade): MarginTrade[] => {
    const own = byRefid.get(trade.id) ?? []
    if (isSettlement(trade) || !isMargin(trade, own)) return []
    const listing = listings.byName(trade.pair)
    // nothing says which coins a pair joined that has left the list
    if (listing === undefined) return []
    const { symbol, base, quote } = listing
    return [{ trade, symbol, base, quote, lines: own.filter(({ type }) => type === 'margin') }]
  })
}

/** Until its lines are there, the trade's own figure of the fee stands. */
export function fillOfMargin({ trade, symbol, base, quote, lines }: MarginTrade): Fill {
  const { id, side, price, volume, atMs, misc } = trade
  const fees =
    lines.length === 0
      ? [{ asset: quote, amount: trade.fee }]
      : lines.map(({ asset, fee }) => ({ asset, amount: fee }))
  return {
    id,
    market: 'margin',
    symbol,
    base,
    quote,
    side,
    price,
    quantity: volume,
    quoteQuantity: worthOf(trade),
    fees: sumOf(fees),
    atMs,
    execution: executionOf(misc),
  }
}

/** What it cost; of one so small that this is told as nothing, what follows from the rest. */
export function worthOf({ cost, price, volume }: Trade): string {
  if (signOf(parseDecimal(cost)) !== 0) return cost
  return toText(multiply(parseDecimal(price), parseDecimal(volume)))
}

export function executionOf(misc: string): Fill['execution'] {
  return misc.split(',').includes('liquidated') ? 'liquidation' : 'trade'
}

const less = (text: string): Decimal => negate(parseDecimal(text))

/** How it moves the wallet and what is open, together; what was lost in another coin is taken from that. */
export function entryOfMargin({ trade, base, quote, lines }: MarginTrade): Entry {
  const bought = trade.side === 'buy'
  return {
    atMs: trade.atMs,
    changes: [
      [base, bought ? parseDecimal(trade.volume) : less(trade.volume)],
      [quote, bought ? less(trade.cost) : parseDecimal(trade.cost)],
      ...lines.map(
        ({ asset, fee, change }) =>
          [asset, asset === quote ? less(fee) : parseDecimal(change)] as [string, Decimal],
      ),
    ],
  }
}

/** Interest every few hours, in any coin. */
export function interestOf({ id, type, asset, change, atMs }: Line): Income | null {
  if (type !== 'rollover' || signOf(parseDecimal(change)) === 0) return null
  return { id, income: 'interest', asset, amount: change, atMs }
}

/**
 * What the ledger leaves over where positions were closed. A loss that the quote currency could not pay was taken in
 * other coins, at a rate that only the rest tells: a conversion. What is gained or lost is rounded otherwise than what
 * a position cost: that is a unit or two of the last place.
 */
export function restOfMargin(
  residual: Residual,
  base: Base,
  margins: readonly MarginTrade[],
  settled: readonly Line[],
): Rest {
  const recent = margins.filter(({ trade }) => trade.atMs > base.atMs)
  const taken = settled.filter(({ atMs }) => atMs > base.atMs)
  const incomes: Income[] = []
  const conversions: Conversion[] = []
  const entries: Entry[] = []
  for (const [asset, amount] of residual) {
    const own = recent.filter(({ quote }) => quote === asset)
    const lines = [...own.flatMap((each) => each.lines), ...taken].filter((line) => line.asset === asset)
    const times = [...own.map(({ trade }) => trade.atMs), ...lines.map(({ atMs }) => atMs)]
    if (times.length === 0) continue
    const atMs = Math.max(...times)
    const lost = own.flatMap((each) => lostElsewhere(each))
    if (isRounding(amount, times.length, own, lines)) {
      incomes.push({
        id: `rounding.${asset}.${base.atMs}`,
        income: 'interest',
        asset,
        amount: toText(amount),
        atMs,
      })
    } else if (lost.length > 0 && signOf(amount) > 0) {
      const changes = sumOf([...lost, { asset, amount: toText(amount) }])
      conversions.push({ id: `collateral.${asset}.${base.atMs}`, conversion: 'convert', changes, atMs })
    } else continue
    entries.push({ atMs, changes: [[asset, amount]] })
  }
  return { flows: [], incomes, conversions, entries }
}

function lostElsewhere({ quote, lines }: MarginTrade): Amount[] {
  return lines
    .filter(({ asset, amount }) => asset !== quote && signOf(parseDecimal(amount)) !== 0)
    .map(({ asset, amount }) => ({ asset, amount }))
}

/** Two units of the ledger's last place for each line or trade. */
function isRounding(
  amount: Decimal,
  count: number,
  margins: readonly MarginTrade[],
  lines: readonly Line[],
): boolean {
  const texts = lines.length > 0 ? lines.map((line) => line.amount) : margins.map(({ trade }) => trade.cost)
  const places = Math.max(...texts.map((text) => text.split('.')[1]?.length ?? 0))
  const most: Decimal = sum(Array.from({ length: 2 * count }, () => ({ digits: 1n, scale: places })))
  return places >= 2 && compare(absolute(amount), most) <= 0
}
