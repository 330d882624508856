import { dayMs, secondMs } from '@perf-agg/sdk'
import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { integerOf } from './quotes.ts'
import { refusals } from './refusal.ts'

/** okx's funding account, through which deposits and withdrawals pass: its balances and its bills, the newest first. */

const firstBillId = 12_000_000_000n
/** A change may have so many bills. */
const billsOfChange = 8n
const pageRows = 100
/** The quick list has a month; the other everything, a little later. */
const quickMs = 30 * dayMs
const lateMs = 30 * secondMs

export function fundingBalances(wallet: Wallet): unknown {
  return wallet.held('funding').map((asset) => {
    const balance = fromUnits(wallet.balance(asset, 'funding'))
    return { ccy: asset, bal: balance, availBal: balance, frozenBal: '0' }
  })
}

interface FundingBill {
  readonly id: bigint
  readonly atMs: number
  readonly row: unknown
}

export function fundingBills(
  truth: TruthWriter,
  uid: string,
  query: URLSearchParams,
  { nowMs, isQuick }: { readonly nowMs: number; readonly isQuick: boolean },
): unknown {
  const limit = integerOf(query, 'limit', pageRows)
  if (limit < 1 || limit > pageRows) throw refusals.parameter('limit')
  const byId = query.get('pagingType') === '2'
  const bound = (name: string): bigint | null => {
    const text = query.get(name)
    if (text === null || text === '') return null
    if (!/^\d{1,20}$/.test(text)) throw refusals.parameter(name)
    return BigInt(text)
  }
  const [after, before] = [bound('after'), bound('before')]
  const fromMs = isQuick ? nowMs - quickMs : 0
  const toMs = isQuick ? nowMs : nowMs - lateMs
  return billsOf(truth, uid, nowMs)
    .filter(({ id, atMs }) => {
      const place = byId ? id : BigInt(atMs)
      const isWithin = (after === null || place < after) && (before === null || place > before)
      return isWithin && atMs >= fromMs && atMs <= toMs
    })
    .slice(0, limit)
    .map(({ row }) => row)
}

function billsOf(truth: TruthWriter, uid: string, nowMs: number): FundingBill[] {
  const bills = truth.changes.flatMap((change): FundingBill[] => {
    const { account, visibleAtMs, atMs, sequence, moves } = change
    if (account !== uid || visibleAtMs === null || visibleAtMs > nowMs) return []
    const own = moves.filter(({ purse }) => purse === 'funding')
    return own.map(({ asset, amount }, index) => {
      const id = firstBillId + BigInt(sequence) * billsOfChange + BigInt(index)
      const type = typeOf(change, amount.startsWith('-'))
      const row = {
        billId: String(id),
        ccy: asset,
        clientId: '',
        balChg: amount,
        bal: '',
        type,
        ts: String(atMs),
        notes: '',
      }
      return { id, atMs, row }
    })
  })
  return bills.toSorted((a, b) => (a.id < b.id ? 1 : -1))
}

function typeOf({ cause, moves }: Change, isOut: boolean): string {
  switch (cause) {
    case 'deposit':
      return '1'
    case 'withdrawal':
      return '2'
    case 'withdrawal-returned':
      return '13'
    case 'transfer':
      // to and from earn products where nobody of its own stands against it
      return moves.length > 1 ? (isOut ? '131' : '130') : isOut ? '75' : '76'
    case 'convert':
      return isOut ? '273' : '272'
    case 'reward':
      return '48'
    default:
      return '9999'
  }
}
