import { dayMs, secondMs } from '@perf-agg/sdk'
import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { integerOf } from './quotes.ts'
import { refusals } from './refusal.ts'

/** The history of the funding wallet: whole seconds, no ids, the balance behind each line. */

interface FundRow {
  readonly second: number
  readonly row: Readonly<Record<string, unknown>>
}

/** Its words: of the kind and of the line, the exchange's key and the English text. */
type Words = readonly [kind: string, kindEn: string, line: string, lineEn: string]

/** All lines that are shown at `nowMs`, newest first. */
function historyOf(truth: TruthWriter, uid: string, nowMs: number): FundRow[] {
  const balances = new Map<string, bigint>()
  const rows: FundRow[] = []
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    for (const { asset, amount, purse } of change.moves) {
      if (purse !== 'funding') continue
      const units = toUnits(amount)
      const after = (balances.get(asset) ?? 0n) + units
      balances.set(asset, after)
      const words = wordsOf(change, units < 0n)
      if (words === null || change.visibleAtMs === null || change.visibleAtMs > nowMs) continue
      const [kind, kindEn, line, lineEn] = words
      const second = Math.floor(change.atMs / secondMs)
      rows.push({
        second,
        row: {
          memberId: uid,
          currency: asset,
          ioDirection: units < 0n ? 'O' : 'I',
          txnAmt: fromUnits(units < 0n ? -units : units),
          afterAmt: fromUnits(after),
          createTime: String(second),
          showBusiType: `fundingAccountRecord${kind}`,
          showBusiTypeEn: kindEn,
          description: `fundingAccountRecord${line}`,
          descriptionEn: lineEn,
        },
      })
    }
  }
  return rows.toReversed()
}

function wordsOf({ cause, moves, info }: Change, isOut: boolean): Words | null {
  switch (cause) {
    case 'deposit':
      return ['TypeDeposit', 'Deposit', 'TypeDeposit', 'Deposit']
    case 'withdrawal':
      return ['TypeWithdraw', 'Withdraw', 'Withdraw', 'Withdrawal']
    case 'withdrawal-returned':
      return ['TypeWithdraw', 'Withdraw', 'WithdrawFailed', 'Withdrawal failed']
    case 'transfer':
      if (info === 'Earn') {
        return isOut
          ? ['Earn', 'Earn', 'FlexSavingSubscription', 'Easy Earn | Flexible Subscription']
          : ['Earn', 'Earn', 'FlexSavingRedemption', 'Easy Earn | Flexible Redemption']
      }
      if (moves.length > 1) {
        return isOut
          ? ['TransferOut', 'Transfer out', 'Transfer2TradingAccount', 'Transfer to Unified Trading Account']
          : [
              'TransferIn',
              'Transfer in',
              'TransferFromTradingAccount',
              'Transfer from Unified Trading Account',
            ]
      }
      return isOut
        ? ['TransferOut', 'Transfer out', 'TransferOut2SubAccount', 'Main-Subaccount Transfer']
        : ['TransferIn', 'Transfer in', 'TransferFromSubAccount', 'Main-Subaccount Transfer']
    case 'convert':
      return ['Convert', 'Convert', 'Convert', 'Convert']
    case 'reward':
      return info === 'Earn'
        ? ['Earn', 'Earn', 'FlexSavingInterestDistribution', 'Easy Earn | Flexible Interest Distribution']
        : ['Airdrop', 'Airdrop', 'AirdropBonus', 'Airdrop Bonus']
    default:
      return null
  }
}

/** Seven days at most, both ends or none; the cursor is a place in what was asked for. */
export function fundingPage(truth: TruthWriter, uid: string, query: URLSearchParams, nowMs: number): unknown {
  const limit = integerOf(query, 'limit', 10)
  if (limit < 1 || limit > 100) throw refusals.parameter('limit')
  if (query.has('createTimeFrom') !== query.has('createTimeTo')) throw refusals.parameter('createTimeFrom')
  const now = Math.floor(nowMs / secondMs)
  const week = (7 * dayMs) / secondMs
  const to = query.has('createTimeTo') ? integerOf(query, 'createTimeTo', 0) : now
  const from = query.has('createTimeFrom') ? integerOf(query, 'createTimeFrom', 0) : to - week
  if (to < from || to - from > week) throw refusals.parameter('createTimeFrom, createTimeTo')
  const rows = historyOf(truth, uid, nowMs).filter(({ second }) => second >= from && second <= to)
  const cursor = Buffer.from(query.get('cursor') ?? '', 'base64').toString()
  if (!/^\d{0,9}$/.test(cursor)) throw refusals.parameter('cursor')
  const start = cursor === '' ? 0 : Number(cursor)
  const page = rows.slice(start, start + limit)
  return {
    nextPageCursor: page.length < limit ? '' : Buffer.from(String(start + limit)).toString('base64'),
    list: page.map(({ row }) => row),
  }
}
