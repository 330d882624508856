import { parseDecimal, signOf } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Income } from '../../accounting/observation.ts'
import { sumOf } from '../holding.ts'
import type { IncomeLine } from './futures-row.ts'

/**
 * What the lines of a futures wallet's income history mean. A type that nobody can name stays a line: it moved the
 * wallet, and the account's books will show it as unexplained.
 */

/** What a trade moved: it follows from its fill. */
export const tradeTypes = new Set(['REALIZED_PNL', 'COMMISSION', 'DELIVERED_SETTELMENT'])

export const transferTypes = new Set([
  'TRANSFER',
  'INTERNAL_TRANSFER',
  'CROSS_COLLATERAL_TRANSFER',
  'STRATEGY_UMFUTURES_TRANSFER',
])

/** Given, not earned: for referring others, for joining, for winning. */
const rewardTypes = new Set(['WELCOME_BONUS', 'CONTEST_REWARD', 'COMMISSION_REBATE'])

const incomeKinds: Readonly<Record<string, Income['income']>> = {
  FUNDING_FEE: 'funding',
  INSURANCE_CLEAR: 'liquidation-fee',
  API_REBATE: 'rebate',
  REFERRAL_KICKBACK: 'rebate',
  FEE_RETURN: 'rebate',
  BFUSD_REWARD: 'earn',
}

/** One coin for another inside the wallet, each side a line of its own under one number. */
const conversionTypes = new Set(['AUTO_EXCHANGE', 'COIN_SWAP_DEPOSIT', 'COIN_SWAP_WITHDRAW'])

const moves = ({ amount }: IncomeLine): boolean => signOf(parseDecimal(amount)) !== 0

export function flowOf({ id, asset, amount, atMs }: IncomeLine, flow: CashFlow['flow']): CashFlow {
  return { id, flow, asset, amount, atMs, atEstimated: false }
}

export function rewardOf(line: IncomeLine): CashFlow[] {
  return rewardTypes.has(line.type) && moves(line) ? [flowOf(line, 'reward')] : []
}

export function incomeOf(line: IncomeLine): Income[] {
  const income = Object.hasOwn(incomeKinds, line.type) ? incomeKinds[line.type] : undefined
  if (income === undefined || !moves(line)) return []
  const { id, asset, amount, atMs } = line
  return [{ id, income, asset, amount, atMs }]
}

export function conversionsOf(lines: readonly IncomeLine[]): Conversion[] {
  const swapped = lines.filter(({ type }) => conversionTypes.has(type))
  return [...Map.groupBy(swapped, ({ transferId }) => transferId)].flatMap(([id, own]): Conversion[] => {
    const changes = sumOf(own)
    // one side alone is not one yet
    if (changes.length < 2) return []
    const atMs = Math.max(...own.map((line) => line.atMs))
    return [{ id: `swap:${id}`, conversion: 'convert', changes, atMs }]
  })
}
