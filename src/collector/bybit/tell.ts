import { absolute, add, parseDecimal, signOf, sum, toText } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, FlowKind, Income } from '../../accounting/observation.ts'
import { CollectorFailure, failureOf, invalidAnswer } from '../failure.ts'
import { sumOf } from '../holding.ts'
import type { Reading } from '../ledger-poll.ts'
import type { Execution, Line, Listing } from './row.ts'

/**
 * What bybit's transaction log and executions mean for a spot session. A line that nobody can name stays a line: it
 * moved a balance, and the account's books will show it as unexplained.
 */
export function tell(
  lines: readonly Line[],
  executions: readonly Execution[],
  listingOf: (id: string) => Omit<Listing, 'active'> | undefined,
): Omit<Reading, 'cutAtMs'> {
  refuseOtherMarkets(lines, executions)
  const traded = Map.groupBy(
    lines.filter(({ type }) => type === 'TRADE'),
    ({ tradeId }) => tradeId,
  )
  const known = new Map(executions.map((execution) => [execution.id, execution]))
  return {
    fills: executions.map((execution) => fillOf(execution, traded.get(execution.id) ?? [], listingOf)),
    flows: lines.flatMap(flowOf),
    conversions: conversionsOf(lines),
    incomes: lines.flatMap(incomeOf),
    entries: lines.map(({ type, tradeId, asset, change, atMs }) => ({
      // a fill and its lines are one instant
      atMs: (type === 'TRADE' ? known.get(tradeId)?.atMs : undefined) ?? atMs,
      changes: [[asset, parseDecimal(change)]],
    })),
    pending: [...traded.keys()].some((id) => !known.has(id)) || executions.some(({ id }) => !traded.has(id)),
  }
}

/** One wallet holds all markets there: with a derivative in it, its balances are not all it is worth. */
function refuseOtherMarkets(lines: readonly Line[], executions: readonly Execution[]): void {
  const other =
    lines.find(({ category }) => category !== '' && category !== 'spot')?.category ??
    executions.find(({ type }) => type !== 'Trade')?.type
  if (other === undefined) return
  throw new CollectorFailure(failureOf('EXCHANGE_ACCOUNT_REFUSED', 'session', { exchangeCode: other }))
}

/** The log says to the last digit what was paid and received; until its lines are there, the execution's own figures stand. */
function fillOf(
  execution: Execution,
  lines: readonly Line[],
  listingOf: (id: string) => Omit<Listing, 'active'> | undefined,
): Fill {
  const listing = listingOf(execution.symbol) ?? delisted(execution, lines)
  const { base, quote } = listing
  const booked = (asset: string, otherwise: string): string => {
    const own = lines.filter((line) => line.asset === asset)
    const amount = absolute(sum(own.map(({ change, fee }) => add(parseDecimal(change), parseDecimal(fee)))))
    return signOf(amount) === 0 ? otherwise : toText(amount)
  }
  // The exchange takes its fee from what is received where it does not say otherwise.
  const feeAsset = execution.feeAsset === '' ? (execution.side === 'buy' ? base : quote) : execution.feeAsset
  const fees =
    lines.length === 0
      ? [{ asset: feeAsset, amount: execution.fee }]
      : lines.map(({ asset, fee }) => ({ asset, amount: fee }))
  return {
    id: execution.id,
    market: 'spot',
    symbol: listing.symbol,
    base,
    quote,
    side: execution.side,
    price: execution.price,
    quantity: booked(base, execution.quantity),
    quoteQuantity: booked(quote, execution.value),
    fees: sumOf(fees),
    atMs: execution.atMs,
    execution: 'trade',
  }
}

/** A market that has left the list: what was received and paid says which coins it joined. */
function delisted({ symbol, side }: Execution, lines: readonly Line[]): Omit<Listing, 'active'> {
  const received = lines.find(({ change }) => signOf(parseDecimal(change)) > 0)?.asset
  const paid = lines.find(({ change }) => signOf(parseDecimal(change)) < 0)?.asset
  if (received === undefined || paid === undefined) throw invalidAnswer('execution.symbol')
  const [base, quote] = side === 'buy' ? [received, paid] : [paid, received]
  return { id: symbol, symbol, base, quote }
}

const flowKinds: Readonly<Record<string, FlowKind>> = {
  // from and to the funding wallet, other accounts, and by deposit
  TRANSFER_IN: 'transfer',
  TRANSFER_OUT: 'transfer',
  // the earn wallet is the owner's too, and not watched
  FLEXIBLE_STAKING_SUBSCRIPTION: 'transfer',
  FLEXIBLE_STAKING_REDEMPTION: 'transfer',
  FIXED_STAKING_SUBSCRIPTION: 'transfer',
  FIXED_STAKING_REDEMPTION: 'transfer',
  AIRDROP: 'reward',
  BONUS: 'reward',
  BONUS_RECOLLECT: 'reward',
  BONUS_TRANSFER_IN: 'reward',
  BONUS_TRANSFER_OUT: 'reward',
}

function flowOf({ id, type, asset, change, atMs }: Line): CashFlow[] {
  const flow = Object.hasOwn(flowKinds, type) ? flowKinds[type] : undefined
  if (flow === undefined || signOf(parseDecimal(change)) === 0) return []
  return [{ id, flow, asset, amount: change, atMs, atEstimated: false }]
}

const incomeKinds: Readonly<Record<string, Income['income']>> = { INTEREST: 'interest', FEE_REFUND: 'rebate' }

function incomeOf({ id, type, asset, change, atMs }: Line): Income[] {
  const income = Object.hasOwn(incomeKinds, type) ? incomeKinds[type] : undefined
  if (income === undefined || signOf(parseDecimal(change)) === 0) return []
  return [{ id, income, asset, amount: change, atMs }]
}

/** Converted in the wallet: the lines of one order are one conversion. */
function conversionsOf(lines: readonly Line[]): Conversion[] {
  const converted = lines.filter(
    ({ type, orderId, tradeId }) =>
      (type === 'CURRENCY_BUY' || type === 'CURRENCY_SELL') && (orderId !== '' || tradeId !== ''),
  )
  return [...Map.groupBy(converted, ({ orderId, tradeId }) => (orderId === '' ? tradeId : orderId))].flatMap(
    ([id, own]): Conversion[] => {
      const changes = sumOf(own.map(({ asset, change }) => ({ asset, amount: change })))
      // one side alone is not one yet
      if (changes.length < 2) return []
      return [{ id, conversion: 'convert', changes, atMs: Math.max(...own.map(({ atMs }) => atMs)) }]
    },
  )
}
