import { parseDecimal, signOf } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, FlowKind, Income } from '../../accounting/observation.ts'
import { entryOfIncome } from '../explain.ts'
import { invalidAnswer } from '../failure.ts'
import { sumOf } from '../holding.ts'
import { conversionOfLines, entryOfLine, flowOfLine } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import type { Listed } from '../market-list.ts'
import { outerTransfers, type Span, type TransferLine } from '../transfer.ts'
import { tellFutures } from './contract-tell.ts'
import type { FuturesPart } from './futures.ts'
import type { Interest } from './margin-row.ts'
import { isMarginAccount, type Line, type Trade } from './row.ts'

export interface Told {
  readonly lines: readonly Line[]
  readonly trades: readonly Trade[]
  /** What is charged for what was borrowed. */
  readonly interests: readonly Interest[]
  readonly futures: FuturesPart
}

/**
 * What the ledgers and fills of kucoin's accounts mean. A line that nobody can name stays a line: it moved a balance, and
 * the account's books will show it as unexplained. What goes between two accounts that are watched stays inside.
 */
export function tellAll(
  { lines, trades, interests, futures }: Told,
  listingOf: (id: string) => Listed | undefined,
  span: Span,
): Omit<Reading, 'cutAtMs'> {
  const known = new Map(trades.map((trade) => [trade.tradeId, trade]))
  const traded = lines.filter(isTrade)
  const booked = new Set(traded.map(({ tradeId }) => tradeId))
  const contracts = tellFutures(futures)
  const own = lines.filter(({ kind }) => kind === 'transfer')
  const transfers = outerTransfers([...own, ...contracts.transfers], span)
  return {
    fills: [...named(trades).map((trade) => fillOf(trade, listingOf)), ...contracts.fills],
    flows: [
      ...lines.flatMap(flowOf),
      ...transfers.lines.map((line) => flowAs(line, 'transfer')),
      ...contracts.flows,
    ],
    incomes: [
      ...lines.flatMap(incomeOf),
      ...interests.map(({ income }) => income).filter(({ amount }) => signOf(parseDecimal(amount)) !== 0),
      ...contracts.incomes,
    ],
    conversions: conversionsOf(lines),
    entries: [
      ...lines
        .filter((line) => !isLoan(line))
        .map((line) => {
          // a fill and its lines are one instant
          const filledAtMs = isTrade(line) ? known.get(line.tradeId)?.atMs : undefined
          return entryOfLine({ ...line, atMs: filledAtMs ?? line.atMs })
        }),
      ...interests.map(({ income }) => entryOfIncome(income)),
      ...contracts.entries,
    ],
    pending:
      transfers.pending ||
      contracts.pending ||
      traded.some(({ tradeId }) => tradeId !== '' && !known.has(tradeId)) ||
      trades.some(({ tradeId }) => !booked.has(tradeId)),
  }
}

const tradeKinds = new Set([
  'tradeexchange',
  'exchange',
  'spotexchange',
  'marginexchange',
  'margintrade',
  'isolatedexchange',
])

export function isTrade({ kind }: Pick<Line, 'kind'>): boolean {
  return tradeKinds.has(kind)
}

/** What comes with a debt of its size, and goes with it: what is held less what is owed stays the same. */
function isLoan({ account, kind }: Line): boolean {
  return isMarginAccount(account) && /borrow|repay/.test(kind)
}

/** The selling side of a trade with oneself is told apart. */
export function named(trades: readonly Trade[]): Trade[] {
  const numbers = Map.groupBy(trades, ({ market, symbol, tradeId }) => `${market} ${symbol} ${tradeId}`)
  return trades.map((trade) => {
    const { market, symbol, tradeId, side } = trade
    const isOwn = (numbers.get(`${market} ${symbol} ${tradeId}`)?.length ?? 0) > 1
    return { ...trade, tradeId: isOwn && side === 'sell' ? `${tradeId}.sell` : tradeId }
  })
}

export function fillOf(trade: Trade, listingOf: (id: string) => Listed | undefined): Fill {
  const [base, quote, more] = trade.symbol.split('-')
  const listing = listingOf(trade.symbol)
  // one that has left the list still says which coins it joined
  if (listing === undefined && (base === undefined || quote === undefined || more !== undefined)) {
    throw invalidAnswer('fill.symbol')
  }
  const own = listing ?? { symbol: `${base}/${quote}`, base: base ?? '', quote: quote ?? '' }
  return {
    id: trade.tradeId,
    market: trade.market,
    symbol: own.symbol,
    base: own.base,
    quote: own.quote,
    side: trade.side,
    price: trade.price,
    quantity: trade.size,
    quoteQuantity: trade.funds,
    fees: sumOf([{ asset: trade.feeAsset === '' ? own.quote : trade.feeAsset, amount: trade.fee }]),
    atMs: trade.atMs,
    execution: 'trade',
  }
}

const flowKinds: Readonly<Record<string, FlowKind>> = {
  deposit: 'deposit',
  buycrypto: 'deposit',
  withdrawal: 'withdrawal',
  withdraw: 'withdrawal',
  sellcrypto: 'withdrawal',
  // with other accounts of the owner's, the lending market, staking and the pool, none of them watched
  subaccounttransfer: 'transfer',
  subtransfer: 'transfer',
  subtosubtransfer: 'transfer',
  loans: 'transfer',
  lendings: 'transfer',
  loansrepaid: 'transfer',
  staking: 'transfer',
  redemption: 'transfer',
  voting: 'transfer',
  redemptionofvoting: 'transfer',
  pooltransactions: 'transfer',
  brokertransfer: 'transfer',
  assetstransferredinafterupgrading: 'transfer',
  kucoinbonus: 'reward',
  referralbonus: 'reward',
  rewards: 'reward',
  otherrewards: 'reward',
  distribution: 'reward',
  airdropfork: 'reward',
  sendredenvelope: 'reward',
  openredenvelope: 'reward',
}

export function flowOf(line: Line): CashFlow[] {
  const flow = Object.hasOwn(flowKinds, line.kind) ? flowKinds[line.kind] : undefined
  return flow === undefined || isNothing(line) ? [] : [flowAs(line, flow)]
}

export function flowAs(line: TransferLine, flow: FlowKind): CashFlow {
  return flowOfLine({ ...line, id: ownIdOf(line) }, flow)
}

/** Those of margin count for themselves. */
function ownIdOf({ id, account }: TransferLine): string {
  return isMarginAccount(account) ? `margin.${id}` : id
}

const incomeKinds: Readonly<Record<string, Income['income']>> = {
  stakingprofits: 'earn',
  softstakingprofits: 'earn',
  votingearnings: 'earn',
  lockdropvesting: 'earn',
  feerebate: 'rebate',
  spotexchangerebate: 'rebate',
  // where fees are paid in the exchange's own coin, the fee of the fill comes back and another is taken
  refundedfees: 'rebate',
  returnedfees: 'rebate',
  kcsreturnedfees: 'rebate',
  kcspayfees: 'rebate',
  deductionfees: 'rebate',
  kcsdeductionfees: 'rebate',
  liquidationfees: 'liquidation-fee',
  futuresexchangerebate: 'rebate',
  fundingfee: 'funding',
  liabilityinterest: 'interest',
}

export function incomeOf(line: Line): Income[] {
  const income = Object.hasOwn(incomeKinds, line.kind) ? incomeKinds[line.kind] : undefined
  const { asset, change, atMs } = line
  if (income === undefined || isNothing(line)) return []
  return [{ id: ownIdOf(line), income, asset, amount: change, atMs }]
}

function isNothing({ change }: Line): boolean {
  return signOf(parseDecimal(change)) === 0
}

const conversionKinds: Readonly<Record<string, Conversion['conversion']>> = {
  instantexchange: 'convert',
  convert: 'convert',
  // what the exchange changes to pay back what is owed
  autoexchangeuser: 'convert',
  converttokcs: 'dust',
}

/** The lines of one order, or of one instant where none is told, are one conversion. */
export function conversionsOf(lines: readonly Line[]): Conversion[] {
  const converted = lines.filter(({ kind }) => Object.hasOwn(conversionKinds, kind))
  const joint = ({ kind, orderId, atMs }: Line): string => (orderId === '' ? `${kind}.${atMs}` : orderId)
  return [...Map.groupBy(converted, joint)].flatMap(([id, own]) =>
    conversionOfLines(id, own, conversionKinds[own[0]?.kind ?? '']),
  )
}
