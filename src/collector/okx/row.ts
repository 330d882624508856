import { absolute, add, compare, type Decimal, parseDecimal, signOf, subtract, toText } from '@perf-agg/sdk'
import type { Amount, Candle, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { CollectorFailure, failureOf, invalidAnswer } from '../failure.ts'
import { assetOf, decimalOf, idOf, instantOf, type Row, rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'
import type { Listing } from './instrument.ts'

/** Readers of okx's answers, their `data` each. Numbers and instants come as text; an empty one is none. */

const zero = parseDecimal('0')

/** What an account of that kind holds that is not read here. */
export function refuseAccount(exchangeCode: string): CollectorFailure {
  return new CollectorFailure(failureOf('EXCHANGE_ACCOUNT_REFUSED', 'session', { exchangeCode }))
}

function millisOf(value: unknown, place: string, exchangeNowMs: number): number {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^\d{13}$/.test(text)) throw invalidAnswer(place)
  return instantOf(Number(text), place, exchangeNowMs)
}

function orZero(value: unknown, place: string): string {
  return value === undefined || value === '' || value === null ? '0' : decimalOf(value, place, 'any')
}

function textOf(value: unknown, place: string, pattern: RegExp): string {
  if (value === undefined || value === null || value === '') return ''
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalidAnswer(place)
}

const word = /^[\w.:-]{1,64}$/
const coinName = /^[\p{L}\p{N}_.-]{1,32}$/u

export function serverTimeOf(value: unknown): number {
  const row = rowOf(rowsOf(value, 'time', 1)[0], 'time')
  return millisOf(row['ts'], 'time.ts', Number.MAX_SAFE_INTEGER / 2)
}

/** `1` spot, `2` with futures, `3` several currencies as margin. A portfolio's margin is not read here. */
export function refuseConfig(value: unknown): void {
  const row = rowOf(rowsOf(value, 'config', 1)[0], 'config')
  if (!['1', '2', '3'].includes(String(row['acctLv']))) throw refuseAccount('acctLv')
}

export interface Holding {
  /** Cash less what is owed and its interest, with what stands as margin of single positions. */
  readonly balances: readonly Amount[]
  readonly isBorrowed: boolean
  /** Interest that is taken off though it is not charged yet. */
  readonly accrued: readonly Amount[]
}

/** @param positions their own margin has left the account's cash, and is its owner's all the same */
export function holdingOf(value: unknown, positions: readonly OpenPosition[]): Holding {
  const accounts = rowsOf(value, 'balance', 8)
  if (accounts.length > 1) throw invalidAnswer('balance')
  let isBorrowed = false
  const accrued: Amount[] = []
  const details = accounts.length === 0 ? [] : (rowOf(accounts[0], 'balance')['details'] ?? [])
  const parts = rowsOf(details, 'balance.details', limits.collector.assetsMax).map((each): Amount => {
    const row = rowOf(each, 'balance.details')
    const of = (name: string): Decimal => parseDecimal(orZero(row[name], `detail.${name}`))
    const owed = owedOf(row, of)
    const interest = absolute(of('interest'))
    if (signOf(owed) !== 0 || signOf(interest) !== 0 || signOf(of('cashBal')) < 0) isBorrowed = true
    const held = subtract(subtract(of('cashBal'), owed), interest)
    const asset = assetOf(row['ccy'], 'detail.ccy')
    accrued.push({ asset, amount: toText(interest) })
    return { asset, amount: toText(held) }
  })
  const margins = positions.flatMap(({ margin }) => (margin === null ? [] : [margin]))
  return { balances: sumOf([...parts, ...margins]), isBorrowed, accrued: sumOf(accrued) }
}

/**
 * What is owed and not yet taken off the cash. A currency that was borrowed of itself stands below zero already, and so
 * does a loss that is not realised: the equity that the exchange tells decides which it is.
 */
function owedOf(row: Row, of: (name: string) => Decimal): Decimal {
  const owed = [of('uplLiab'), of('isoLiab')].map(absolute).reduce(subtract, absolute(of('liab')))
  if (signOf(owed) <= 0) return zero
  const cash = of('cashBal')
  if (row['eq'] === undefined || row['eq'] === '') return signOf(cash) < 0 ? zero : owed
  const apart = ['upl', 'stgyEq', 'spotCopyTradingEq']
    .map(of)
    .reduce(add, subtract(of('isoEq'), of('isoUpl')))
  const net = subtract(of('eq'), apart)
  const isTaken = compare(absolute(subtract(net, cash)), absolute(subtract(net, subtract(cash, owed)))) < 0
  return isTaken ? zero : owed
}

export interface OpenPosition {
  readonly position: Position
  /** What stands as the margin of this one alone; null where it shares the account's. */
  readonly margin: Amount | null
}

/** Open contracts. Pairs held on margin and options are worth something that is not read here. */
export function positionsOf(
  value: unknown,
  listingOf: (id: string) => Listing | undefined,
  watched: ReadonlySet<string>,
): OpenPosition[] {
  return rowsOf(value, 'positions', limits.collector.positionsMax).flatMap((each): OpenPosition[] => {
    const row = rowOf(each, 'positions')
    const held = parseDecimal(orZero(row['pos'], 'position.pos'))
    if (signOf(held) === 0) return []
    const type = row['instType']
    if (type !== 'SWAP' && type !== 'FUTURES') throw refuseAccount(textOf(type, 'position.instType', word))
    if (!watched.has(type)) throw refuseAccount('positions')
    const listing = listingOf(assetOf(row['instId'], 'position.instId'))
    if (listing === undefined || listing.market === 'spot' || listing.terms === undefined)
      throw invalidAnswer('position.instId')
    const { market, symbol, base, quote, terms } = listing
    const side = row['posSide']
    if (side !== 'long' && side !== 'short' && side !== 'net') throw invalidAnswer('position.posSide')
    const size = toText(absolute(held))
    const isShort = side === 'short' || (side === 'net' && signOf(held) < 0)
    const entry = decimalOf(row['avgPx'], 'position.avgPx', 'positive')
    const isolated = row['mgnMode'] === 'isolated'
    return [
      {
        position: { market, symbol, base, quote, terms, quantity: isShort ? `-${size}` : size, entry },
        margin: isolated
          ? {
              asset: assetOf(row['ccy'] === '' ? terms.settle : row['ccy'], 'position.ccy'),
              amount: orZero(row['margin'], 'position.margin'),
            }
          : null,
      },
    ]
  })
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
  readonly isolated: boolean
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
    const of = (name: string): Decimal => parseDecimal(orZero(row[name], `bill.${name}`))
    const instType = textOf(row['instType'], 'bill.instType', word)
    // the margin of a pair is held in another currency than its bill may be
    const levels = instType === 'MARGIN' ? of('balChg') : add(of('balChg'), of('posBalChg'))
    return {
      id: idOf(row['billId'], 'bill.billId'),
      type: textOf(String(row['type'] ?? ''), 'bill.type', word),
      subType: textOf(String(row['subType'] ?? ''), 'bill.subType', word),
      instType,
      instId: textOf(row['instId'], 'bill.instId', /^[\p{L}\p{N}_.-]{1,64}$/u),
      isolated: row['mgnMode'] === 'isolated',
      asset: assetOf(row['ccy'], 'bill.ccy'),
      change: toText(levels),
      pnl: orZero(row['pnl'], 'bill.pnl'),
      fee: orZero(row['fee'], 'bill.fee'),
      size: orZero(row['sz'], 'bill.sz'),
      price: orZero(row['px'], 'bill.px'),
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
      fee: orZero(row['fee'], 'fill.fee'),
      feeAsset: textOf(row['feeCcy'], 'fill.feeCcy', coinName).toUpperCase(),
      subType: textOf(String(row['subType'] ?? ''), 'fill.subType', word),
      atMs: millisOf(filledAt, 'fill.fillTime', exchangeNowMs),
    }
  })
  return { rows, sent: sent.length, last: rows.at(-1)?.billId ?? null }
}

/** Minutes that are over, the newest first as they are told; marks have no volume. */
export function candlesOf(
  value: unknown,
  exchangeNowMs: number,
  kind: 'spot' | 'contract' | 'mark',
): Candle[] {
  return rowsOf(value, 'candles', 300).flatMap((each): Candle[] => {
    const row = rowsOf(each, 'candles', 16)
    const minuteMs = millisOf(row[0], 'candle.ts', exchangeNowMs)
    const isOver = String(row[kind === 'mark' ? 5 : 8] ?? '1') === '1'
    if (!isOver || minuteMs + 60_000 > exchangeNowMs) return []
    const volume = (place: number): string =>
      kind === 'mark' ? '0' : decimalOf(row[place] ?? '0', 'candle.volume', 'not-negative')
    return [
      {
        minuteMs,
        open: decimalOf(row[1], 'candle.open', 'positive'),
        close: decimalOf(row[4], 'candle.close', 'positive'),
        baseVolume: volume(kind === 'contract' ? 6 : 5),
        quoteVolume: volume(7),
      },
    ]
  })
}
