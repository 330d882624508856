import { dayMs } from '@perf-agg/sdk'
import type { Wallet } from '../wallet.ts'
import { integerOf } from './quotes.ts'
import { refusals } from './refusal.ts'

/** bybit's lists of deposits and withdrawals, whatever wallet they came to or left. */

interface PassageRow {
  readonly atMs: number
  readonly row: Readonly<Record<string, unknown>>
}

export function depositsOf({ deposits }: Wallet, nowMs: number): PassageRow[] {
  return deposits
    .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
    .map(({ id, asset, amount, atMs, insertedMs, txId, address }) => ({
      // sought by when they were seen
      atMs: insertedMs,
      row: {
        id,
        coin: asset,
        chain: asset,
        amount,
        txID: txId,
        status: atMs <= nowMs ? 3 : 1,
        toAddress: address,
        tag: '',
        depositFee: '',
        successAt: atMs <= nowMs ? String(atMs) : '',
        confirmations: '12',
        txIndex: '0',
        blockHash: '',
        depositType: '0',
      },
    }))
}

export function withdrawalsOf({ withdrawals }: Wallet, query: URLSearchParams, nowMs: number): PassageRow[] {
  // to another user of the exchange's are none
  if (integerOf(query, 'withdrawType', 0) === 1) return []
  return withdrawals
    .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
    .map(({ id, asset, amount, fee, outcome, atMs, settledMs, txId, address }) => ({
      atMs,
      row: {
        coin: asset,
        chain: asset,
        amount,
        txID: settledMs <= nowMs && outcome === 'completed' ? txId : '',
        status: settledMs > nowMs ? 'Pending' : outcome === 'completed' ? 'success' : 'Reject',
        toAddress: address,
        tag: '',
        withdrawFee: fee,
        createTime: String(atMs),
        updateTime: String(Math.min(settledMs, nowMs)),
        withdrawId: id,
        withdrawType: 0,
      },
    }))
}

/** Thirty days at most, newest first. */
export function passagesPage(all: readonly PassageRow[], query: URLSearchParams, nowMs: number): unknown {
  const limit = integerOf(query, 'limit', 50)
  if (limit < 1 || limit > 50) throw refusals.parameter('limit')
  const endMs = query.has('endTime') ? integerOf(query, 'endTime', 0) : nowMs
  const startMs = query.has('startTime') ? integerOf(query, 'startTime', 0) : endMs - 30 * dayMs
  if (endMs < startMs || endMs - startMs > 30 * dayMs) throw refusals.parameter('startTime, endTime')
  const cursor = Buffer.from(query.get('cursor') ?? '', 'base64').toString()
  if (!/^\d{0,9}$/.test(cursor)) throw refusals.parameter('cursor')
  const start = cursor === '' ? 0 : Number(cursor)
  const rows = all.filter(({ atMs }) => atMs >= startMs && atMs <= endMs).toSorted((a, b) => b.atMs - a.atMs)
  const page = rows.slice(start, start + limit)
  return {
    rows: page.map(({ row }) => row),
    nextPageCursor: page.length < limit ? '' : Buffer.from(String(start + limit)).toString('base64'),
  }
}
