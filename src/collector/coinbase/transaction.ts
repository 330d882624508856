import { negate, parseDecimal, toText } from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import { assetOf, decimalOf, idOf, isoOf, type Row, rowOf, rowsOf, wordOf } from '../field.ts'
import type { Page } from '../span.ts'

/** Readers of coinbase's older API, which knows what moved a wallet beside fills. */

export interface Transaction {
  readonly id: string
  /** The wallet it is of. */
  readonly walletId: string
  readonly type: string
  readonly status: string
  readonly asset: string
  /** Signed. */
  readonly amount: string
  readonly atMs: number
  /** Of the last change of its status; not before `atMs`. */
  readonly changedAtMs: number
  /** What joins the lines of one conversion; empty where nothing does. */
  readonly joint: string
  /** The other wallet of a transfer between two; empty where there is none. */
  readonly otherWalletId: string
}

/** These go both ways, and take their time. */
const paid = new Set([
  'send',
  'receive',
  'request',
  'fiat_deposit',
  'fiat_withdrawal',
  'subscription',
  'cardspend',
  'unsupported_asset_recovery',
])

export function isPaid(type: string): boolean {
  return paid.has(type)
}

export const pageRows = 100

function pageOf<Each>(value: unknown, place: string, read: (row: Row) => Each): Page<Each> {
  const answer = rowOf(value, place)
  const rows = rowsOf(answer['data'], place, limits.collector.pagesMax * pageRows)
  const pagination = answer['pagination']
  const next =
    typeof pagination === 'object' && pagination !== null
      ? (rowOf(pagination, place)['next_starting_after'] ?? nextOf(rowOf(pagination, place)['next_uri']))
      : null
  return {
    rows: rows.map((each) => read(rowOf(each, place))),
    next: next === null || next === undefined || next === '' ? null : idOf(next, `${place}.next`),
  }
}

/** `/v2/accounts/…/transactions?limit=100&starting_after=…` */
function nextOf(uri: unknown): string | null {
  if (typeof uri !== 'string' || uri === '') return null
  return /[?&]starting_after=([\w-]{1,128})/.exec(uri)?.[1] ?? null
}

export function transactionsOf(value: unknown, walletId: string, exchangeNowMs: number): Page<Transaction> {
  return pageOf(value, 'transactions', (row): Transaction => {
    const amount = rowOf(row['amount'], 'transaction.amount')
    const type = wordOf(row['type'], 'transaction.type')
    const atMs = isoOf(row['created_at'], 'transaction.created_at', exchangeNowMs)
    const { to, from } = row
    return {
      id: idOf(row['id'], 'transaction.id'),
      walletId,
      type,
      status: wordOf(row['status'], 'transaction.status'),
      asset: assetOf(amount['currency'], 'transaction.currency'),
      amount: decimalOf(amount['amount'], 'transaction.amount', 'any'),
      atMs,
      changedAtMs: changedAtOf(row['updated_at'], atMs, exchangeNowMs),
      joint: partnerOf(row[type], 'id'),
      otherWalletId: partnerOf(to ?? from, 'id', 'account'),
    }
  })
}

/** A date before the beginning is none. */
function changedAtOf(value: unknown, atMs: number, exchangeNowMs: number): number {
  if (value === undefined || value === null) return atMs
  return Math.max(atMs, isoOf(value, 'transaction.updated_at', exchangeNowMs))
}

function partnerOf(value: unknown, name: string, resource?: string): string {
  if (typeof value !== 'object' || value === null) return ''
  const row = rowOf(value, 'transaction.partner')
  if (resource !== undefined && row['resource'] !== resource) return ''
  return row[name] === undefined || row[name] === null ? '' : idOf(row[name], 'transaction.partner')
}

/**
 * Money that came from or went to a bank, as the transaction of the wallet that belongs to it: here its end is told
 * with its beginning, and the fee apart.
 */
export function bankTransfersOf(
  value: unknown,
  direction: 'deposit' | 'withdrawal',
  walletId: string,
  exchangeNowMs: number,
): Page<Transaction> {
  return pageOf(value, `${direction}s`, (row): Transaction => {
    const isDeposit = direction === 'deposit'
    // the fee is taken from what the bank sends, and from the wallet where the bank receives
    const told = isDeposit ? (row['subtotal'] ?? row['amount']) : (row['amount'] ?? row['subtotal'])
    const money = rowOf(told, `${direction}.amount`)
    const size = parseDecimal(decimalOf(money['amount'], `${direction}.amount`, 'not-negative'))
    const own = row['transaction']
    const atMs = isoOf(row['created_at'], `${direction}.created_at`, exchangeNowMs)
    return {
      id: partnerOf(own, 'id') || idOf(row['id'], `${direction}.id`),
      walletId,
      type: `fiat_${direction}`,
      // an older word for it
      status: wordOf(row['status'], `${direction}.status`).replace(/^created$/, 'pending'),
      asset: assetOf(money['currency'], `${direction}.currency`),
      amount: toText(isDeposit ? size : negate(size)),
      atMs,
      changedAtMs: changedAtOf(row['updated_at'], atMs, exchangeNowMs),
      joint: '',
      otherWalletId: '',
    }
  })
}
