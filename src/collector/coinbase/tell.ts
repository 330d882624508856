import { minuteMs, negate, parseDecimal, signOf, toText } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, FlowKind, Income } from '../../accounting/observation.ts'
import { type Entry, entryOfFill } from '../explain.ts'
import { sumOf } from '../holding.ts'
import type { Reading } from '../ledger-poll.ts'
import { hasFailed } from './slow.ts'
import { isPaid, type Transaction } from './transaction.ts'

/**
 * What coinbase's fills and the transactions of its wallets mean. A transaction that nobody can name stays a line: it
 * moved a balance, and the account's books will show it as unexplained.
 */
export function tell(
  fills: readonly Fill[],
  transactions: readonly Transaction[],
  walletIds: ReadonlySet<string>,
  span: { readonly fromMs: number; readonly toMs: number },
): Omit<Reading, 'cutAtMs'> {
  const flows: CashFlow[] = []
  const incomes: Income[] = []
  const entries: Entry[] = fills.map(entryOfFill)
  const converted: Transaction[] = []
  for (const transaction of transactions) {
    const { asset, type, otherWalletId } = transaction
    // fills are told to the last digit elsewhere
    if (type === 'advanced_trade_fill') continue
    const moves = movesOf(transaction)
    for (const { amount, atMs, id } of moves) {
      entries.push({ atMs, changes: [[asset, parseDecimal(amount)]] })
      // both ends are here and cancel
      if (type === 'transfer' && walletIds.has(otherWalletId)) continue
      const flow = flowKindOf(type, amount)
      if (flow !== null) flows.push({ id, flow, asset, amount, atMs, atEstimated: true })
      if (earned.has(type)) incomes.push({ id, income: 'earn', asset, amount, atMs })
    }
    if (conversionKinds[type] !== undefined && moves.length === 1) converted.push(transaction)
  }
  const joined = joinedOf(converted)
  const alone = joined.flatMap(([, own]) => (own.length === 1 && isBankable(own[0]) ? own : []))
  const isYoung = ({ changedAtMs }: Transaction): boolean => changedAtMs > span.toMs - partnerMs
  for (const each of alone) {
    // at the beginning of what was read its partner may lie before, and is told already
    if (isYoung(each) || each.atMs < span.fromMs + minuteMs) continue
    const { id, asset, amount, atMs } = each
    const flow = signOf(parseDecimal(amount)) > 0 ? 'deposit' : 'withdrawal'
    flows.push({ id, flow, asset, amount, atMs, atEstimated: true })
  }
  return { fills, flows, incomes, entries, conversions: conversionsOf(joined), pending: alone.some(isYoung) }
}

/** The other line of a conversion comes within that, or there is none: a bank or a card was paid from, or into. */
const partnerMs = 8 * minuteMs

function isBankable(transaction: Transaction | undefined): boolean {
  return transaction?.type === 'buy' || transaction?.type === 'sell'
}

/** How a transaction moved its wallet: what comes in when it is done, what goes out at once, and back if it failed. */
function movesOf(transaction: Transaction): { id: string; amount: string; atMs: number }[] {
  const { id, type, status, amount, atMs, changedAtMs } = transaction
  const sign = signOf(parseDecimal(amount))
  if (sign === 0) return []
  if (status === 'completed') return [{ id, amount, atMs: sign > 0 ? changedAtMs : atMs }]
  // nobody has paid what was only asked for
  if (sign > 0 || type === 'request') return []
  if (!hasFailed(status)) return [{ id, amount, atMs }]
  return [
    { id, amount, atMs },
    { id: `${id}:returned`, amount: toText(negate(parseDecimal(amount))), atMs: changedAtMs },
  ]
}

const flowKinds: Readonly<Record<string, FlowKind>> = {
  // with vaults, other portfolios, staked coins and the futures wallet, which are the owner's and not watched
  transfer: 'transfer',
  exchange_deposit: 'transfer',
  exchange_withdrawal: 'transfer',
  pro_deposit: 'transfer',
  pro_withdrawal: 'transfer',
  vault_withdrawal: 'transfer',
  intx_deposit: 'transfer',
  intx_withdrawal: 'transfer',
  derivatives_settlement: 'transfer',
  staking_transfer: 'transfer',
  unstaking_transfer: 'transfer',
  clawback: 'reward',
  incentives_rewards_payout: 'reward',
  incentives_shared_clawback: 'reward',
  earn_payout: 'reward',
  subscription_rebate: 'reward',
  cardbuyback: 'reward',
}

function flowKindOf(type: string, amount: string): FlowKind | null {
  if (Object.hasOwn(flowKinds, type)) return flowKinds[type] ?? null
  if (!isPaid(type)) return null
  return signOf(parseDecimal(amount)) > 0 ? 'deposit' : 'withdrawal'
}

const earned = new Set(['interest', 'staking_reward', 'inflation_reward'])

const conversionKinds: Readonly<Record<string, Conversion['conversion'] | undefined>> = {
  trade: 'convert',
  buy: 'convert',
  sell: 'convert',
  wrap_asset: 'convert',
  unwrap_asset: 'convert',
  // dollars for the margin of futures
  fcm_futures_usdc_sell: 'convert',
  fcm_futures_usdc_sell_additional_encumberment_rollup: 'convert',
  retail_simple_dust: 'dust',
}

/** Bought, sold or exchanged without an order: the lines of one are in several wallets. */
function joinedOf(transactions: readonly Transaction[]): (readonly [string, readonly Transaction[]])[] {
  const joined = Map.groupBy(
    transactions,
    // not every kind names what joins its lines: then their instant does
    ({ joint, type, atMs }) => (joint === '' ? `${type}.${atMs}` : joint),
  )
  return [...joined]
}

function conversionsOf(joined: readonly (readonly [string, readonly Transaction[]])[]): Conversion[] {
  return joined.flatMap(([id, own]): Conversion[] => {
    const changes = sumOf(own.map(({ asset, amount }) => ({ asset, amount })))
    // one side alone is not one
    if (changes.length < 2) return []
    const conversion = conversionKinds[own[0]?.type ?? ''] ?? 'convert'
    return [{ id, conversion, changes, atMs: Math.max(...own.map(({ changedAtMs }) => changedAtMs)) }]
  })
}
