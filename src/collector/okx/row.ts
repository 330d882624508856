import { add, type Decimal, parseDecimal, toText } from '@perf-agg/sdk'
import type { Candle } from '../../accounting/observation.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import { amountOrZero, assetOf, decimalOf, idOf, rowOf, rowsOf } from '../field.ts'
import { coinName, millisOf, textOf, word } from './text.ts'

/** Readers of okx's answers, their `data` each. */

export function serverTimeOf(value: unknown): number {
  const row = rowOf(rowsOf(value, 'time', 1)[0], 'time')
  return millisOf(row['ts'], 'time.ts', Number.MAX_SAFE_INTEGER / 2)
}

/** `1` spot, `2` with futures, `3` several currencies as margin, `4` by what a portfolio risks. */
export function refuseConfig(value: unknown): void {
  const row = rowOf(rowsOf(value, 'config', 1)[0], 'config')
  if (!['1', '2', '3', '4'].includes(String(row['acctLv']))) throw refuseAccount('acctLv')
}

export interface Page<Each> {
  readonly rows: readonly Each[]
  /** Rows as they were sent. */
  readonly sent: number
  /** The oldest one's number: what is older comes after it; null where there is none. */
  readonly last: string | null
}

/** One change of one currency: at the account's level, and at that of a single position's margin. */
export interface Bill {
  readonly id: string
  readonly type: string
  readonly subType: string
  readonly instType: string
  readonly instId: string
  readonly asset: string
  /** Both levels together. */
  readonly change: string
  readonly pnl: string
  /** < 0 was charged. */
  readonly fee: string
  /** Contracts of a fill; empty where there are none. */
  readonly size: string
  readonly price: string
  readonly orderId: string
  readonly tradeId: string
  readonly atMs: number
}

export const pageRows = 100

export function billsOf(value: unknown, exchangeNowMs: number): Page<Bill> {
  const sent = rowsOf(value, 'bills', pageRows)
  const rows = sent.map((each): Bill => {
    const row = rowOf(each, 'bills')
    const of = (name: string): Decimal => parseDecimal(amountOrZero(row[name], `bill.${name}`))
    const instType = textOf(row['instType'], 'bill.instType', word)
    return {
      id: idOf(row['billId'], 'bill.billId'),
      type: textOf(String(row['type'] ?? ''), 'bill.type', word),
      subType: textOf(String(row['subType'] ?? ''), 'bill.subType', word),
      instType,
      instId: textOf(row['instId'], 'bill.instId', /^[\p{L}\p{N}_.-]{1,64}$/u),
      asset: assetOf(row['ccy'], 'bill.ccy'),
      change: toText(add(of('balChg'), of('posBalChg'))),
      pnl: amountOrZero(row['pnl'], 'bill.pnl'),
      fee: amountOrZero(row['fee'], 'bill.fee'),
      size: amountOrZero(row['sz'], 'bill.sz'),
      price: amountOrZero(row['px'], 'bill.px'),
      orderId: textOf(row['ordId'], 'bill.ordId', word),
      tradeId: textOf(row['tradeId'], 'bill.tradeId', word),
      atMs: millisOf(row['ts'], 'bill.ts', exchangeNowMs),
    }
  })
  return { rows, sent: sent.length, last: rows.at(-1)?.id ?? null }
}

export interface FillRow {
  /** The bill's, by which pages go on. */
  readonly billId: string
  readonly instType: string
  readonly instId: string
  readonly orderId: string
  /** Empty where nobody traded, as with a delivery. */
  readonly tradeId: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly size: string
  /** < 0 was charged. */
  readonly fee: string
  /** Empty where it is not said. */
  readonly feeAsset: string
  /** What a pair of dollars was really paid in; empty where that is the pair's own. */
  readonly quoteAsset: string
  readonly subType: string
  readonly atMs: number
}

export function fillsOf(value: unknown, exchangeNowMs: number): Page<FillRow> {
  const sent = rowsOf(value, 'fills', pageRows)
  const rows = sent.map((each): FillRow => {
    const row = rowOf(each, 'fills')
    const side = row['side']
    if (side !== 'buy' && side !== 'sell') throw invalidAnswer('fill.side')
    const filledAt = row['fillTime'] === undefined || row['fillTime'] === '' ? row['ts'] : row['fillTime']
    return {
      billId: idOf(row['billId'], 'fill.billId'),
      instType: textOf(row['instType'], 'fill.instType', word),
      instId: assetOf(row['instId'], 'fill.instId'),
      orderId: textOf(row['ordId'], 'fill.ordId', word),
      tradeId: textOf(row['tradeId'], 'fill.tradeId', word),
      side,
      price: decimalOf(row['fillPx'], 'fill.fillPx', 'positive'),
      size: decimalOf(row['fillSz'], 'fill.fillSz', 'positive'),
      fee: amountOrZero(row['fee'], 'fill.fee'),
      feeAsset: textOf(row['feeCcy'], 'fill.feeCcy', coinName).toUpperCase(),
      quoteAsset: textOf(row['tradeQuoteCcy'], 'fill.tradeQuoteCcy', coinName).toUpperCase(),
      subType: textOf(String(row['subType'] ?? ''), 'fill.subType', word),
      atMs: millisOf(filledAt, 'fill.fillTime', exchangeNowMs),
    }
  })
  return { rows, sent: sent.length, last: rows.at(-1)?.billId ?? null }
}

/** Minutes that are over, the newest first as they are told; marks (those of options too) have no volume. */
export function candlesOf(
  value: unknown,
  exchangeNowMs: number,
  kind: 'spot' | 'contract' | 'mark' | 'option',
): Candle[] {
  // a right may be worth nothing
  const sign = kind === 'option' ? 'not-negative' : 'positive'
  return rowsOf(value, 'candles', 300).flatMap((each): Candle[] => {
    const row = rowsOf(each, 'candles', 16)
    const minuteMs = millisOf(row[0], 'candle.ts', exchangeNowMs)
    const isMark = kind === 'mark' || kind === 'option'
    const isOver = String(row[isMark ? 5 : 8] ?? '1') === '1'
    if (!isOver || minuteMs + 60_000 > exchangeNowMs) return []
    const volume = (place: number): string =>
      isMark ? '0' : decimalOf(row[place] ?? '0', 'candle.volume', 'not-negative')
    return [
      {
        minuteMs,
        open: decimalOf(row[1], 'candle.open', sign),
        close: decimalOf(row[4], 'candle.close', sign),
        baseVolume: volume(kind === 'contract' ? 6 : 5),
        quoteVolume: volume(7),
      },
    ]
  })
}
