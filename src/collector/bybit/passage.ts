import { add, compare, dayMs, minuteMs, parseDecimal, toText } from '@perf-agg/sdk'
import type { FlowKind } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import { CollectorFailure } from '../failure.ts'
import { amountOrZero, assetOf, decimalOf, instantOf, millisOf, rowOf, rowsOf } from '../field.ts'
import { type Page, walkSpans } from '../span.ts'
import type { TransferLine } from '../transfer.ts'
import { endpoints } from './endpoint.ts'
import { cursorOf } from './row.ts'

/** What the lists of deposits and withdrawals tell, whatever wallet it came to or left. */
export interface Passage {
  readonly id: string
  readonly flow: Extract<FlowKind, 'deposit' | 'withdrawal'>
  readonly asset: string
  /** Signed, fee included. */
  readonly amount: string
  readonly atMs: number
}

/** The log has the line within this of the list's time. */
const nearMs = 2 * minuteMs
const spans = { spanMs: 29 * dayMs, pagesMax: 30, pagesOfSpanMax: 10 }
/** Credited, to any wallet. */
const creditedStates: ReadonlySet<unknown> = new Set([3, 10_012])
const sentState = 2

type Read = (value: unknown, exchangeNowMs: number) => Page<Passage>

function pageOf(
  value: unknown,
  place: string,
  passageOf: (row: Readonly<Record<string, unknown>>) => Passage[],
): Page<Passage> {
  const result = rowOf(value, place)
  const rows = rowsOf(result['rows'], `${place}.rows`, 50)
  const cursor = cursorOf(result, `${place}.nextPageCursor`)
  return {
    rows: rows.flatMap((each) => passageOf(rowOf(each, `${place}.rows`))),
    next: rows.length === 0 ? null : cursor,
  }
}

const depositsOf: Read = (value, exchangeNowMs) =>
  pageOf(value, 'deposits', (row) => {
    if (!creditedStates.has(row['status'])) return []
    const asset = assetOf(row['coin'], 'deposit.coin')
    const atMs = millisOf(row['successAt'], 'deposit.successAt', exchangeNowMs)
    const amount = decimalOf(row['amount'], 'deposit.amount', 'not-negative')
    return [{ id: `${atMs} ${asset} ${amount} ${String(row['txID'])}`, flow: 'deposit', asset, amount, atMs }]
  })

/** From another user of the exchange's, in whole seconds. */
const internalDepositsOf: Read = (value, exchangeNowMs) =>
  pageOf(value, 'internalDeposits', (row) => {
    if (row['status'] !== sentState) return []
    const asset = assetOf(row['coin'], 'internalDeposit.coin')
    const atMs = instantOf(Number(row['createdTime']) * 1_000, 'internalDeposit.createdTime', exchangeNowMs)
    const amount = decimalOf(row['amount'], 'internalDeposit.amount', 'not-negative')
    return [{ id: String(row['id']), flow: 'deposit', asset, amount, atMs }]
  })

/** What was applied for has left, whatever becomes of it. */
const withdrawalsOf: Read = (value, exchangeNowMs) =>
  pageOf(value, 'withdrawals', (row) => {
    const amount = decimalOf(row['amount'], 'withdrawal.amount', 'not-negative')
    const fee = amountOrZero(row['withdrawFee'], 'withdrawal.withdrawFee')
    return [
      {
        id: String(row['withdrawId']),
        flow: 'withdrawal',
        asset: assetOf(row['coin'], 'withdrawal.coin'),
        amount: `-${toText(add(parseDecimal(amount), parseDecimal(fee)))}`,
        atMs: millisOf(row['createTime'], 'withdrawal.createTime', exchangeNowMs),
      },
    ]
  })

const lists: readonly {
  readonly endpoint: Endpoint
  readonly more: Readonly<Record<string, number>>
  readonly read: Read
}[] = [
  { endpoint: endpoints.deposits, more: {}, read: depositsOf },
  { endpoint: endpoints.internalDeposits, more: {}, read: internalDepositsOf },
  // on chain, and to other users
  { endpoint: endpoints.withdrawals, more: { withdrawType: 2 }, read: withdrawalsOf },
]

/**
 * The lines among these that are a deposit or a withdrawal of the unified wallet's own: its log says no more than that
 * something was transferred. A list that the key may not read, or that its account does not have, names nothing.
 */
export async function passagesOf(
  lines: readonly TransferLine[],
  caller: Calls,
  exchangeNowMs: number,
): Promise<ReadonlyMap<TransferLine, Passage['flow']>> {
  const found = new Map<TransferLine, Passage['flow']>()
  if (lines.length === 0) return found
  const times = lines.map(({ atMs }) => atMs)
  // they are sought by when they were seen first
  const fromMs = Math.min(...times) - dayMs
  const toMs = Math.min(Math.max(...times) + nearMs, exchangeNowMs)
  const passages = (await Promise.all(lists.map((list) => read(list, fromMs, toMs)))).flat()
  const taken = new Set<Passage>()
  for (const line of lines) {
    const passage = passages.find((each) => !taken.has(each) && isSame(each, line))
    if (passage === undefined) continue
    taken.add(passage)
    found.set(line, passage.flow)
  }
  return found

  async function read({ endpoint, more, read: readPage }: (typeof lists)[number], from: number, to: number) {
    try {
      const { parts } = await walkSpans(from, to, spans, async (startTime, endTime, readPages) =>
        readPages(async (cursor) => {
          const asked = { ...more, startTime, endTime, limit: 50, ...(cursor === null ? {} : { cursor }) }
          return readPage((await caller.call(endpoint, asked)).value, exchangeNowMs)
        }),
      )
      return parts.flat()
    } catch (error) {
      const code = error instanceof CollectorFailure ? error.failure.code : null
      if (code === 'EXCHANGE_KEY_REFUSED' || code === 'EXCHANGE_REQUEST_REFUSED') return []
      throw error
    }
  }
}

function isSame(passage: Passage, line: TransferLine): boolean {
  return (
    passage.asset === line.asset &&
    Math.abs(passage.atMs - line.atMs) <= nearMs &&
    compare(parseDecimal(passage.amount), parseDecimal(line.change)) === 0
  )
}
