import { add, negate, parseDecimal, toText } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { amountOrZero, assetOf, decimalOf, idOf, type Row, rowOf, rowsOf } from '../field.ts'
import { onceOf } from '../holding.ts'
import type { LedgerLine } from '../ledger-line.ts'
import type { Converted } from './conversion.ts'
import { type Page, pageRows } from './row.ts'
import { millisOf, textOf, word } from './text.ts'

/** Readers of what okx tells of the funding account. */

export function fundingBalancesOf(value: unknown): readonly Amount[] {
  return onceOf(
    rowsOf(value, 'assets', limits.collector.assetsMax).map((each) => {
      const row = rowOf(each, 'assets')
      return {
        asset: assetOf(row['ccy'], 'asset.ccy'),
        amount: decimalOf(row['bal'], 'asset.bal', 'not-negative'),
      }
    }),
    'assets',
  )
}

export interface FundingBill extends LedgerLine {
  readonly type: string
}

export function fundingBillsOf(value: unknown, exchangeNowMs: number): Page<FundingBill> {
  const sent = rowsOf(value, 'assetBills', pageRows)
  const rows = sent.map((each): FundingBill => {
    const row = rowOf(each, 'assetBills')
    return {
      // the trading account counts its own
      id: `funding-${billIdOf(row)}`,
      type: textOf(String(row['type'] ?? ''), 'assetBill.type', word),
      asset: assetOf(row['ccy'], 'assetBill.ccy'),
      change: amountOrZero(row['balChg'], 'assetBill.balChg'),
      atMs: millisOf(row['ts'], 'assetBill.ts', exchangeNowMs),
    }
  })
  const last = sent.at(-1)
  return { rows, sent: sent.length, last: last === undefined ? null : billIdOf(rowOf(last, 'assetBills')) }
}

function billIdOf(row: Row): string {
  return idOf(row['billId'], 'assetBill.billId')
}

/** A deposit or a withdrawal, as a list of its own tells it. */
export interface Passage {
  readonly flow: 'deposit' | 'withdrawal'
  readonly asset: string
  /** Signed; of a withdrawal with its fee, and without where that is taken apart. */
  readonly changes: readonly string[]
  /** When it began. */
  readonly atMs: number
}

/** Credited, whether or not they may leave again. */
const creditedStates = new Set(['1', '2'])
const undoneStates = new Set(['-1', '-2'])

export function depositsOf(value: unknown, exchangeNowMs: number): Passage[] {
  return rowsOf(value, 'deposits', pageRows).flatMap((each): Passage[] => {
    const row = rowOf(each, 'deposits')
    if (!creditedStates.has(String(row['state']))) return []
    return [
      {
        flow: 'deposit',
        asset: assetOf(row['ccy'], 'deposit.ccy'),
        changes: [decimalOf(row['amt'], 'deposit.amt', 'not-negative')],
        atMs: millisOf(row['ts'], 'deposit.ts', exchangeNowMs),
      },
    ]
  })
}

export function withdrawalsOf(value: unknown, exchangeNowMs: number): Passage[] {
  return rowsOf(value, 'withdrawals', pageRows).flatMap((each): Passage[] => {
    const row = rowOf(each, 'withdrawals')
    const asset = assetOf(row['ccy'], 'withdrawal.ccy')
    const amount = parseDecimal(decimalOf(row['amt'], 'withdrawal.amt', 'not-negative'))
    const feeAsset = textOf(row['feeCcy'], 'withdrawal.feeCcy', word)
    const fee = parseDecimal(amountOrZero(row['fee'], 'withdrawal.fee'))
    const whole = feeAsset === '' || feeAsset.toUpperCase() === asset ? add(amount, fee) : amount
    const atMs = millisOf(row['ts'], 'withdrawal.ts', exchangeNowMs)
    const changes = [toText(negate(whole)), toText(negate(amount))]
    // one that failed has left, and has come back
    const back = undoneStates.has(String(row['state'])) ? [toText(whole), toText(amount)] : []
    return [{ flow: 'withdrawal', asset, changes: [...changes, ...back], atMs }]
  })
}

export function convertsOf(value: unknown, exchangeNowMs: number): Converted[] {
  return rowsOf(value, 'converts', pageRows).flatMap((each): Converted[] => {
    const row = rowOf(each, 'converts')
    if (row['state'] !== 'fullyFilled') return []
    const isBought = row['side'] === 'buy'
    const base = decimalOf(row['fillBaseSz'], 'convert.fillBaseSz', 'not-negative')
    const quote = decimalOf(row['fillQuoteSz'], 'convert.fillQuoteSz', 'not-negative')
    return [
      {
        conversion: 'convert',
        changes: [
          { asset: assetOf(row['baseCcy'], 'convert.baseCcy'), amount: isBought ? base : `-${base}` },
          { asset: assetOf(row['quoteCcy'], 'convert.quoteCcy'), amount: isBought ? `-${quote}` : quote },
        ],
        atMs: millisOf(row['ts'], 'convert.ts', exchangeNowMs),
      },
    ]
  })
}

/** Small amounts, of one account: `6` is the funding account, `18` the one for trading. */
export function easyConvertsOf(value: unknown, exchangeNowMs: number, account: '6' | '18'): Converted[] {
  return rowsOf(value, 'easyConverts', pageRows).flatMap((each): Converted[] => {
    const row = rowOf(each, 'easyConverts')
    if (row['status'] !== 'filled' || String(row['acct']) !== account) return []
    const given = decimalOf(row['fillFromSz'], 'easyConvert.fillFromSz', 'not-negative')
    const received = decimalOf(row['fillToSz'], 'easyConvert.fillToSz', 'not-negative')
    return [
      {
        conversion: 'dust',
        changes: [
          { asset: assetOf(row['fromCcy'], 'easyConvert.fromCcy'), amount: `-${given}` },
          { asset: assetOf(row['toCcy'], 'easyConvert.toCcy'), amount: received },
        ],
        atMs: millisOf(row['uTime'], 'easyConvert.uTime', exchangeNowMs),
      },
    ]
  })
}
