import { negate, parseDecimal, toText } from '@perf-agg/sdk'
import type { Amount, Candle, Fill } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import {
  amountOrZero,
  assetOf,
  decimalOf,
  idOf,
  instantOf,
  integerOf,
  millisOf,
  type Row,
  rowOf,
  rowsOf,
  wordOf,
  refuseTwice,
} from '../field.ts'
import { sumOf } from '../holding.ts'
import type { Listed } from '../market-list.ts'
import type { Page } from '../span.ts'
import type { TransferLine } from '../transfer.ts'

/** Readers of kucoin's answers, their `data` each. */

export function serverTimeOf(value: unknown): number {
  return millisOf(value, 'timestamp', Number.MAX_SAFE_INTEGER / 2)
}

export function listingsOf(value: unknown): Listed[] {
  return rowsOf(value, 'symbols', limits.collector.symbolsMax).map((each): Listed => {
    const row = rowOf(each, 'symbols')
    const base = assetOf(row['baseCurrency'], 'symbol.baseCurrency')
    const quote = assetOf(row['quoteCurrency'], 'symbol.quoteCurrency')
    return {
      id: idOf(row['symbol'], 'symbol.symbol'),
      symbol: `${base}/${quote}`,
      base,
      quote,
      type: 'spot',
      active: row['enableTrading'] !== false,
    }
  })
}

/** A unified account has one wallet for all markets, and lists of its own. */
export function isUnified(value: unknown): boolean {
  return wordOf(rowOf(value, 'accountMode')['selfAccountMode'], 'accountMode') === 'UNIFIED'
}

/** Where the coins of a spot account lie. Those of margin and futures are wallets of their own. */
const watched = new Set(['main', 'trade', 'trade_hf'])

export function balancesOf(value: unknown): Amount[] {
  const rows = rowsOf(value, 'accounts', limits.collector.assetsMax).map((each) => rowOf(each, 'accounts'))
  const names = rows.map(({ type, currency }) => `${wordOf(type, 'account.type')} ${String(currency)}`)
  refuseTwice(
    names.filter((name) => watched.has(name.split(' ')[0]?.toLowerCase() ?? '')),
    'accounts',
  )
  return sumOf(
    rows.flatMap((row): Amount[] => {
      if (!watched.has(wordOf(row['type'], 'account.type').toLowerCase())) return []
      return [
        {
          asset: assetOf(row['currency'], 'account.currency'),
          amount: decimalOf(row['balance'], 'account.balance', 'any'),
        },
      ]
    }),
  )
}

/** Those of margin, cross and isolated, older and newer. */
const marginAccount = /^(margin|isolated)/

export type AccountFilter = (account: string) => boolean

export const isSpotAccount: AccountFilter = (account) => watched.has(account)
export const isMarginAccount: AccountFilter = (account) => marginAccount.test(account)

/** `account`: `main`, `trade`, `trade_hf`, `margin`, `margin_v2`, `isolated`, `isolated_v2`. Its fee is in the change. */
export interface Line extends TransferLine {
  /** In small letters and without spaces or underlines: the lists write it differently. */
  readonly kind: string
  /** Of what the line is about; empty where it is not told. */
  readonly tradeId: string
  readonly orderId: string
  readonly symbol: string
}

/** Of the main account and the older trading account, by pages; of the other trading account, behind a last id. */
export function linesOf(value: unknown, exchangeNowMs: number, isOurs: AccountFilter): Page<Line> {
  const list = Array.isArray(value) ? value : rowOf(value, 'ledgers')['items']
  const all = rowsOf(list, 'ledgers', 500)
  const rows = all.flatMap((each): Line[] => {
    const row = rowOf(each, 'ledgers')
    const account = wordOf(row['accountType'], 'ledger.accountType').toLowerCase()
    if (!isOurs(account)) return []
    const amount = decimalOf(row['amount'], 'ledger.amount', 'not-negative')
    const direction = row['direction']
    if (direction !== 'in' && direction !== 'out') throw invalidAnswer('ledger.direction')
    const context = contextOf(row['context'])
    return [
      {
        id: idOf(row['id'], 'ledger.id'),
        account,
        kind: wordOf(row['bizType'], 'ledger.bizType')
          .toLowerCase()
          .replaceAll(/[^a-z]/g, ''),
        asset: assetOf(row['currency'], 'ledger.currency'),
        change: direction === 'in' ? amount : toText(negate(parseDecimal(amount))),
        atMs: millisOf(row['createdAt'], 'ledger.createdAt', exchangeNowMs),
        tradeId: context('tradeId'),
        orderId: context('orderId'),
        symbol: context('symbol'),
      },
    ]
  })
  if (Array.isArray(value)) {
    const last = all.at(-1)
    return { rows, next: last === undefined ? null : idOf(rowOf(last, 'ledgers')['id'], 'ledger.id') }
  }
  return { rows, next: nextPageOf(rowOf(value, 'ledgers')) }
}

/** `{"symbol":…,"orderId":…,"tradeId":…}`, in some lists with single quotation marks. */
function contextOf(value: unknown): (name: string) => string {
  const text = typeof value === 'string' && value.length < 4_096 ? value : ''
  return (name) => new RegExp(`["']${name}["']\\s*:\\s*["']?([\\w-]{1,64})`).exec(text)?.[1] ?? ''
}

export function nextPageOf(page: Row): string | null {
  if (page['currentPage'] === undefined || page['totalPage'] === undefined) return null
  const current = integerOf(page['currentPage'], 'page.currentPage')
  return current < integerOf(page['totalPage'], 'page.totalPage') ? String(current + 1) : null
}

/** What kind of account an order was made in, by the exchange's word for it. */
export type TradeType = 'TRADE' | 'MARGIN_TRADE' | 'MARGIN_ISOLATED_TRADE'

export interface Trade {
  /** One for each side: who trades with oneself has one number on both. */
  readonly id: string
  readonly tradeId: string
  readonly market: 'spot' | 'margin'
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly size: string
  readonly funds: string
  readonly fee: string
  /** Empty where it is not told. */
  readonly feeAsset: string
  readonly atMs: number
}

export function tradesOf(value: unknown, exchangeNowMs: number, tradeType: TradeType): Page<Trade> {
  const answer = rowOf(value, 'fills')
  const all = rowsOf(answer['items'], 'fills', 500)
  const rows = all.flatMap((each): Trade[] => {
    const row = rowOf(each, 'fills')
    // of another kind of account than was asked for: another wallet
    if (!['', tradeType].includes(wordOf(row['tradeType'], 'fill.tradeType'))) return []
    const { id: tradeId, side, price, quantity: size } = dealOf(row)
    const feeAsset = wordOf(row['feeCurrency'], 'fill.feeCurrency')
    const symbol = idOf(row['symbol'], 'fill.symbol')
    return [
      {
        id: `${tradeType} ${symbol} ${tradeId} ${side}`,
        tradeId,
        market: tradeType === 'TRADE' ? 'spot' : 'margin',
        symbol,
        side,
        price,
        size,
        funds: decimalOf(row['funds'], 'fill.funds', 'positive'),
        fee: amountOrZero(row['fee'], 'fill.fee'),
        feeAsset: feeAsset === '' ? '' : assetOf(feeAsset, 'fill.feeCurrency'),
        atMs: millisOf(row['createdAt'], 'fill.createdAt', exchangeNowMs),
      },
    ]
  })
  const lastId = answer['lastId']
  if (lastId === undefined || lastId === null) return { rows, next: nextPageOf(answer) }
  return { rows, next: all.length === 0 ? null : idOf(lastId, 'fills.lastId') }
}

/** What every list of fills tells in the same words. */
export function dealOf(row: Row): Pick<Fill, 'id' | 'side' | 'price' | 'quantity'> {
  const side = wordOf(row['side'], 'fill.side').toLowerCase()
  if (side !== 'buy' && side !== 'sell') throw invalidAnswer('fill.side')
  return {
    id: idOf(row['tradeId'], 'fill.tradeId'),
    side,
    price: decimalOf(row['price'], 'fill.price', 'positive'),
    quantity: decimalOf(row['size'], 'fill.size', 'positive'),
  }
}

/** The exchange tells the newest first: time, open, close, high, low, volume, turnover. */
export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(value, 'candles', 1_500).map((each): Candle => {
    const row = rowsOf(each, 'candles', 16)
    const start = row[0]
    const seconds = typeof start === 'string' && /^\d{9,11}$/.test(start) ? Number(start) : start
    return {
      minuteMs: instantOf(Number(seconds) * 1_000, 'candle.time', exchangeNowMs),
      open: decimalOf(row[1], 'candle.open', 'positive'),
      close: decimalOf(row[2], 'candle.close', 'positive'),
      baseVolume: decimalOf(row[5], 'candle.volume', 'not-negative'),
      quoteVolume: decimalOf(row[6], 'candle.turnover', 'not-negative'),
    }
  })
}
