import { parseJson } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { Permissions } from './answer.ts'
import { idOf, integerOf, rowOf } from './field.ts'

/**
 * What an API key may do beyond reading, judged in the daemon from the exchange's own bytes. It fails closed: a
 * flag that is missing counts as set.
 */
export interface Judgement {
  readonly permissions: Permissions
  readonly excess: readonly string[]
}

/** binance's flags; the first three move money out of the account. */
const binanceFlags = {
  withdraw: ['enableWithdrawals', 'enableInternalTransfer', 'permitsUniversalTransfer'],
  trade: [
    'enableSpotAndMarginTrading',
    'enableMargin',
    'enableFutures',
    'enableVanillaOptions',
    'enablePortfolioMarginTrading',
  ],
  /** Newer than some hosts: counts only where it is there. */
  tradeIfThere: ['enableFixApiTrade'],
} as const

/** Null: the exchange has no such call, nothing is known. @throws {CollectorFailure} where it is no answer */
export function judgePermissions(exchange: string, restrictions: Uint8Array | null): Judgement {
  if (restrictions === null || exchange !== 'binance') return { permissions: 'unverified', excess: [] }
  const row = rowOf(parse(restrictions), 'apiRestrictions')
  const excess = (names: readonly string[]): string[] =>
    names.flatMap((name) => (row[name] === false ? [] : row[name] === true ? [name] : [`${name}?`]))
  const withdraw = excess(binanceFlags.withdraw)
  const trade = [
    ...excess(binanceFlags.trade),
    ...excess(binanceFlags.tradeIfThere).filter((name) => row[name.replace('?', '')] !== undefined),
  ]
  // A key that may not even read is none that we can use; the exchange says so itself on the next call.
  const permissions = withdraw.length > 0 ? 'withdraw' : trade.length > 0 ? 'trade' : 'read-only'
  return { permissions, excess: [...withdraw, ...trade] }
}

/** The exchange's own id of the account. @throws {CollectorFailure} */
export function accountIdOf(account: Uint8Array): string {
  const uid = rowOf(parse(account), 'account')['uid']
  return idOf(typeof uid === 'string' ? uid : integerOf(uid, 'account.uid'), 'account.uid')
}

function parse(bytes: Uint8Array): unknown {
  return parseJson(bytes, { bytesMax: limits.egress.bodyBytesMax, depthMax: limits.frame.jsonDepthMax })
}
