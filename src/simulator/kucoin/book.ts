import { secondMs } from '@perf-agg/sdk'
import type { Change, TrueFill, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { type Account, isNewer, marginAccountOf, placeOf, purseOf, tradeTypeOf } from './account.ts'
import { symbolOf } from './quotes.ts'

/**
 * What kucoin's lists say of the spot accounts of one client, made of what really happened to it. The truth knows one
 * wallet; here it is three: money comes to and leaves by the main account, trades are made in the newer trading account
 * or, of one market, in the older one, and what is needed goes over first, or is swept over a little later.
 */

export interface LedgerRow {
  readonly account: Account
  /** Rises with time: pages go on by it. */
  readonly number: bigint
  readonly atMs: number
  readonly row: Readonly<Record<string, unknown>>
}

export interface FillRow {
  readonly number: bigint
  readonly atMs: number
  readonly symbol: string
  readonly isOlder: boolean
  readonly tradeType: string
  readonly row: Readonly<Record<string, unknown>>
}

export interface InterestRow {
  readonly number: bigint
  readonly atMs: number
  /** `cross`, or the pair. */
  readonly place: string
  readonly row: Readonly<Record<string, unknown>>
}

export interface Book {
  /** All lines that are shown at `nowMs`, newest first. */
  readonly lines: readonly LedgerRow[]
  readonly fills: readonly FillRow[]
  /** Charged to what is owed: it is no line. */
  readonly interests: readonly InterestRow[]
  readonly balances: ReadonlyMap<Account, ReadonlyMap<string, bigint>>
}

/** The market of the older trading account. */
const olderMarket = 'DOGE/USDT'
/** So long what came lies in the main account. */
const sweptAfterMs = 3 * secondMs
const linesOfEvent = 64n
const firstNumber = 254_062_000_000_000n

interface Line {
  readonly account: Account
  readonly kind: string
  readonly asset: string
  /** Signed, fee included. */
  readonly change: string
  readonly fee?: string
  readonly context?: string
  /** After the event. */
  readonly laterMs?: number
}

export function bookOf(truth: TruthWriter, uid: string, nowMs: number): Book {
  const balances = new Map<Account, Map<string, bigint>>()
  const lines: LedgerRow[] = []
  const fills: FillRow[] = []
  const interests: InterestRow[] = []
  const move = ({ account, asset, change }: Line): bigint => {
    const held = balances.get(account) ?? new Map<string, bigint>()
    const after = (held.get(asset) ?? 0n) + toUnits(change)
    balances.set(account, held.set(asset, after))
    return after
  }
  for (const change of truth.changes) {
    if (change.account !== uid || change.atMs > nowMs) continue
    const isShown = change.visibleAtMs !== null && change.visibleAtMs <= nowMs
    if (change.cause === 'interest') interests.push(...interestRows(change))
    for (const [index, line] of linesOf(change).entries()) {
      const atMs = change.atMs + (line.laterMs ?? 0)
      if (atMs > nowMs) continue
      const balance = move(line)
      if (!isShown) continue
      const number = firstNumber + BigInt(change.sequence) * linesOfEvent + BigInt(index)
      lines.push({ account: line.account, number, atMs, row: lineRow(line, number, atMs, balance) })
    }
    if (isShown && change.fill !== undefined && change.fill.contract === undefined)
      fills.push(fillRow(change, change.fill))
  }
  const newestFirst = <Row extends { readonly atMs: number; readonly number: bigint }>(rows: Row[]): Row[] =>
    rows.toSorted((a, b) => b.atMs - a.atMs || (a.number < b.number ? 1 : -1))
  return {
    lines: newestFirst(lines),
    fills: newestFirst(fills),
    interests: newestFirst(interests),
    balances,
  }
}

function lineRow(line: Line, number: bigint, atMs: number, balance: bigint): LedgerRow['row'] {
  const newer = isNewer(line.account)
  return {
    id: newer ? String(number) : hexOf(number, '6'),
    currency: line.asset,
    amount: line.change.replace('-', ''),
    fee: line.fee ?? '0',
    // of the older accounts it is never told
    balance: newer ? fromUnits(balance) : '0',
    accountType: line.account,
    bizType: newer ? line.kind.toUpperCase().replaceAll(' ', '_') : line.kind,
    direction: line.change.startsWith('-') ? 'out' : 'in',
    createdAt: newer ? String(atMs) : atMs,
    context: line.context ?? '',
  }
}

function interestRows(change: Change): InterestRow[] {
  return change.moves.map(({ asset, amount, purse = 'spot' }) => ({
    number: BigInt(change.sequence),
    atMs: change.atMs,
    place: placeOf(purse),
    row: {
      currency: asset,
      dayRatio: '0.000024',
      interestAmount: amount.replace('-', ''),
      createdAt: change.atMs,
    },
  }))
}

function isOlder({ symbol }: TrueFill): boolean {
  return symbol === olderMarket
}

function tradeIdOf({ sequence }: Change, fill: TrueFill): string {
  return isOlder(fill) ? hexOf(sequence, '5') : String(10_046_097_000_000_000n + BigInt(sequence))
}

function fillRow(change: Change, fill: TrueFill): FillRow {
  const number = 2_678_000_000n + BigInt(change.sequence)
  const tradeType = tradeTypeOf(purseOf(change))
  const row = {
    ...(isOlder(fill) ? {} : { id: Number(number) }),
    symbol: symbolOf(fill),
    tradeId: tradeIdOf(change, fill),
    orderId: orderIdOf(fill),
    counterOrderId: '',
    side: fill.side,
    liquidity: fill.maker ? 'maker' : 'taker',
    forceTaker: false,
    price: fill.price,
    size: fill.quantity,
    funds: fill.quoteQuantity,
    fee: fill.fee.amount,
    feeRate: '0.001',
    feeCurrency: fill.fee.asset,
    stop: '',
    tradeType,
    type: fill.maker ? 'limit' : 'market',
    createdAt: change.atMs,
  }
  return { number, atMs: change.atMs, symbol: row.symbol, isOlder: isOlder(fill), tradeType, row }
}

/** Of as many digits as they have there; what it begins with must not be taken for a number's own. */
function hexOf(number: number | bigint, first: string): string {
  return `${first}${number.toString(16).padStart(23, '0')}`
}

function orderIdOf({ orderId }: TrueFill): string {
  return hexOf(orderId, '6')
}

const out = (amount: string): boolean => amount.startsWith('-')
const negated = (amount: string): string => fromUnits(-toUnits(amount))

/** From one account to another of the client's: a line in each. */
function over(asset: string, amount: string, from: Account, to: Account, laterMs = 0): Line[] {
  if (toUnits(amount) === 0n) return []
  return [
    { account: from, kind: 'Transfer', asset, change: negated(amount), laterMs },
    { account: to, kind: 'Transfer', asset, change: amount, laterMs },
  ]
}

/** What the main account gives is fetched first, what it gets is swept away. */
function throughMain(change: Change, kind: string, context = ''): Line[] {
  const moves = change.moves.filter(({ purse = 'spot' }) => purse === 'spot')
  return [
    ...moves.flatMap(({ asset, amount }) =>
      out(amount) ? over(asset, negated(amount), 'TRADE_HF', 'MAIN') : [],
    ),
    ...moves.map(({ asset, amount }): Line => ({ account: 'MAIN', kind, asset, change: amount, context })),
    ...moves.flatMap(({ asset, amount }) =>
      out(amount) ? [] : over(asset, amount, 'MAIN', 'TRADE_HF', sweptAfterMs),
    ),
  ]
}

function linesOf(change: Change): Line[] {
  return [...spotLines(change), ...marginLines(change)]
}

/** What goes to a margin account and from it, and what it owes: to borrow brings coins, to pay back takes them. */
function marginLines(change: Change): Line[] {
  const { cause, info = '' } = change
  const kinds: Partial<Record<Change['cause'], string>> = {
    transfer: 'Transfer',
    opening: '',
    unexplained: '',
  }
  const kind = kinds[cause]
  return change.moves.flatMap(({ asset, amount, purse = 'spot' }): Line[] => {
    const account = marginAccountOf(purse)
    if (account === null) return []
    if (cause === 'borrow' || cause === 'repay') {
      const [coin = '', principal = '0', interest = '0'] = info.split(' ')
      const all = fromUnits(toUnits(principal) + toUnits(interest))
      return cause === 'borrow'
        ? [{ account, kind: 'Borrowings', asset: coin, change: all }]
        : [{ account, kind: 'Debt Repayment', asset: coin, change: negated(all) }]
    }
    return kind === undefined ? [] : [{ account, kind, asset, change: amount, context: '{}' }]
  })
}

function spotLines(change: Change): Line[] {
  const { cause, moves, fill, sequence } = change
  switch (cause) {
    case 'opening':
    case 'unexplained':
      // moved and never told: no line of it is shown
      return moves
        .filter(({ purse = 'spot' }) => purse === 'spot')
        .map(({ asset, amount }): Line => ({ account: 'TRADE_HF', kind: '', asset, change: amount }))
    case 'fill':
      return fill === undefined || fill.contract !== undefined ? [] : fillLines(change, fill)
    case 'deposit':
      return throughMain(change, 'Deposit')
    case 'withdrawal':
    case 'withdrawal-returned':
      return throughMain(change, 'Withdrawal')
    case 'transfer':
      return throughMain(change, 'Transfer')
    case 'reward':
      return throughMain(change, change.info === 'Bonus' ? 'KuCoin Bonus' : 'Rewards')
    case 'earn':
      return throughMain(change, 'Soft Staking Profits')
    case 'rebate':
      return throughMain(change, 'Fee Rebate')
    case 'dust':
      return throughMain(change, 'Convert to KCS', `{"orderId":"d${sequence}"}`)
    case 'convert':
      return throughMain(change, 'Instant Exchange', `{"orderId":"c${sequence}"}`)
    default:
      return []
  }
}

function fillLines(change: Change, fill: TrueFill): Line[] {
  const { base, quote, quantity, quoteQuantity, fee, side } = fill
  const bought = side === 'buy'
  const purse = purseOf(change)
  const newer = marginAccountOf(purse) ?? 'TRADE_HF'
  const older: Account = purse === 'spot' ? 'TRADE' : 'MARGIN'
  const account: Account = isOlder(fill) && newer !== 'ISOLATED_V2' ? older : newer
  const kind = { TRADE: 'Trade Exchange', MARGIN: 'Margin Exchange', ISOLATED: 'Isolated Exchange' }[
    account.replace(/_.*$/, '') as 'TRADE' | 'MARGIN' | 'ISOLATED'
  ]
  const quoted = isOlder(fill) ? '"' : "'"
  const context =
    `{'symbol':'${symbolOf(fill)}','orderId':'${orderIdOf(fill)}','tradeId':'${tradeIdOf(change, fill)}'}`.replaceAll(
      "'",
      quoted,
    )
  const line = (asset: string, amount: string): Line => {
    const own = fee.asset === asset ? fee.amount : '0'
    const moved = fromUnits(toUnits(amount) - toUnits(own))
    return { account, kind, asset, change: moved, fee: own, context }
  }
  const lines = [
    line(base, bought ? quantity : `-${quantity}`),
    line(quote, bought ? `-${quoteQuantity}` : quoteQuantity),
    ...(fee.asset === base || fee.asset === quote ? [] : [line(fee.asset, '0')]),
  ].filter(({ change: moved }) => toUnits(moved) !== 0n)
  if (account !== 'TRADE') return lines
  return [
    ...lines.flatMap(({ asset, change: moved }) =>
      out(moved) ? over(asset, negated(moved), 'TRADE_HF', 'TRADE') : [],
    ),
    ...lines,
    ...lines.flatMap(({ asset, change: moved }) =>
      out(moved) ? [] : over(asset, moved, 'TRADE', 'TRADE_HF', sweptAfterMs),
    ),
  ]
}
