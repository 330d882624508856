import { absolute, add, multiply, parseDecimal, signOf, sum, toText } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, Income } from '../../accounting/observation.ts'
import { type Entry, entryOfContract } from '../explain.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import { sumOf } from '../holding.ts'
import { conversionOfLines, entryOfLine, flowOfLine } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import type { TransferLine } from '../transfer.ts'
import { type Category, delistedContract, type Listing, type ListingOf, settleOf } from './instrument.ts'
import {
  conversionTypes,
  executedTypes,
  executionKinds,
  flowKinds,
  incomeKinds,
  neutralTypes,
  transferTypes,
} from './kind.ts'
import { type Execution, type Line } from './row.ts'

export interface Told extends Omit<Reading, 'cutAtMs'> {
  /** Kinds of executions that are not known here, so that nothing was made of them. */
  readonly strange: readonly string[]
  /** To and from other wallets and accounts, not among the flows. */
  readonly transfers: readonly TransferLine[]
}

/**
 * What bybit's transaction log and executions mean. A line that nobody can name stays a line: it moved a balance, and
 * the account's books will show it as unexplained.
 */
export function tell(
  lines: readonly Line[],
  executions: readonly Execution[],
  options: { readonly listingOf: ListingOf; readonly categories: readonly Category[] },
): Told {
  refuseOtherMarkets(lines, executions, options.categories)
  const traded = Map.groupBy(
    lines.filter(({ type, tradeId }) => executedTypes.has(type) && tradeId !== ''),
    ({ tradeId }) => tradeId,
  )
  const known = new Map(executions.map((execution) => [execution.id, execution]))
  const fills = executions.flatMap((execution) =>
    fillOf(execution, traded.get(execution.id) ?? [], options.listingOf),
  )
  const booked: Entry[] = lines
    .filter(({ type }) => !neutralTypes.has(type))
    .map((line) => {
      // a fill and its lines are one instant
      const filledAtMs = line.tradeId === '' ? undefined : known.get(line.tradeId)?.atMs
      return entryOfLine({ ...line, atMs: filledAtMs ?? line.atMs })
    })
  return {
    fills,
    flows: lines.flatMap(flowOf),
    transfers: lines.filter(({ type }) => transferTypes.has(type)).map(transferOf),
    conversions: conversionsOf(lines),
    incomes: lines.flatMap(incomeOf),
    entries: [...booked, ...fills.filter(({ terms }) => terms !== undefined).map(entryOfContract)],
    pending:
      lines.some(({ type, tradeId }) => type === 'TRADE' && tradeId !== '' && !known.has(tradeId)) ||
      executions.some(({ id, category }) => category === 'spot' && !traded.has(id)),
    strange: [
      ...new Set(executions.map(({ type }) => type).filter((type) => !Object.hasOwn(executionKinds, type))),
    ],
  }
}

/** One wallet holds all markets there: with one in it that is not watched, its balances are not all it is worth. */
function refuseOtherMarkets(
  lines: readonly Line[],
  executions: readonly Execution[],
  categories: readonly string[],
): void {
  const other = lines.find(({ category }) => category !== '' && !categories.includes(category))
  if (other !== undefined) throw refuseAccount(other.category)
  const strange = executions.find(
    ({ category, type }) => category === 'spot' && ['adl', 'settlement'].includes(executionKinds[type] ?? ''),
  )
  if (strange !== undefined) throw refuseAccount(strange.type)
}

/** The log says to the last digit what was paid and received; until its lines are there, the execution's own figures stand. */
function fillOf(execution: Execution, lines: readonly Line[], listingOf: ListingOf): Fill[] {
  const { id, category, side, price, quantity, atMs } = execution
  const kind = Object.hasOwn(executionKinds, execution.type) ? executionKinds[execution.type] : undefined
  if (kind === undefined) return []
  const listing = listingOf(category, execution.symbol) ?? delisted(execution, lines)
  const { symbol, base, quote, terms } = listing
  const isSpot = category === 'spot'
  const booked = (asset: string, otherwise: string): string => {
    const own = isSpot ? lines.filter((line) => line.asset === asset) : []
    const amount = absolute(sum(own.map(({ change, fee }) => add(parseDecimal(change), parseDecimal(fee)))))
    return signOf(amount) === 0 ? otherwise : toText(amount)
  }
  // The exchange takes its fee from what is received where it does not say otherwise, a contract's in what it pays.
  const usual = terms?.settle ?? (side === 'buy' ? base : quote)
  const feeAsset = execution.feeAsset === '' ? usual : execution.feeAsset
  const fees =
    lines.length === 0
      ? [{ asset: feeAsset, amount: execution.fee }]
      : lines.map(({ asset, fee }) => ({ asset, amount: fee }))
  return [
    {
      id,
      market: category,
      symbol,
      base,
      quote,
      side,
      price,
      quantity: booked(base, quantity),
      quoteQuantity: booked(quote, valueOf(execution)),
      fees: sumOf(fees),
      atMs,
      execution: kind,
      ...(terms === undefined ? {} : { terms }),
    },
  ]
}

/** In quote: of an inverse contract, whose value is told in base, the contracts themselves, a dollar each. */
function valueOf({ category, price, quantity, value }: Execution): string {
  if (category === 'inverse') return quantity
  return value !== '' && /[1-9]/.test(value)
    ? value
    : toText(multiply(parseDecimal(price), parseDecimal(quantity)))
}

/** A market that has left the list: what was received and paid, or the coin of a contract, says what it joined. */
function delisted({ symbol, side, category, feeAsset }: Execution, lines: readonly Line[]): Listing {
  if (category !== 'spot') {
    const settle = lines[0]?.asset ?? (feeAsset === '' ? settleOf(category, symbol) : feeAsset)
    const contract = delistedContract(category, symbol, settle)
    if (contract === undefined) throw invalidAnswer('execution.symbol')
    return contract
  }
  const received = lines.find(({ change }) => signOf(parseDecimal(change)) > 0)?.asset
  const paid = lines.find(({ change }) => signOf(parseDecimal(change)) < 0)?.asset
  if (received === undefined || paid === undefined) throw invalidAnswer('execution.symbol')
  const [base, quote] = side === 'buy' ? [received, paid] : [paid, received]
  return { category, id: symbol, symbol, base, quote, active: false }
}

function transferOf({ id, asset, change, atMs }: Line): TransferLine {
  return { id, account: 'unified', asset, change, atMs }
}

function flowOf(line: Line): CashFlow[] {
  const flow = Object.hasOwn(flowKinds, line.type) ? flowKinds[line.type] : undefined
  return flow === undefined || signOf(parseDecimal(line.change)) === 0 ? [] : [flowOfLine(line, flow)]
}

/** A settlement's funding stands apart from what a session's settling of a position moved into the wallet. */
function incomeOf({ id, type, asset, change, cashFlow, funding, atMs }: Line): Income[] {
  const income = Object.hasOwn(incomeKinds, type) ? incomeKinds[type] : undefined
  if (income === undefined) return []
  const isMoved = signOf(parseDecimal(cashFlow)) !== 0
  const amount = income !== 'funding' ? change : funding !== '' ? funding : isMoved ? '0' : change
  if (signOf(parseDecimal(amount)) === 0) return []
  return [{ id, income, asset, amount, atMs }]
}

function conversionsOf(lines: readonly Line[]): Conversion[] {
  const converted = lines.filter(
    ({ type, orderId, tradeId }) => conversionTypes.has(type) && (orderId !== '' || tradeId !== ''),
  )
  const joined = Map.groupBy(converted, ({ orderId, tradeId }) => (orderId === '' ? tradeId : orderId))
  return [...joined].flatMap(([id, own]) => conversionOfLines(id, own))
}
