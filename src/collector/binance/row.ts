import { add, parseDecimal, toText } from '@perf-agg/sdk'
import type { Amount, Candle, CashFlow, Conversion, Fill } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import {
  assetOf,
  booleanOf,
  dateTimeOf,
  decimalOf,
  idOf,
  instantOf,
  integerOf,
  rowOf,
  rowsOf,
  refuseTwice,
} from '../field.ts'

/** binance's answers, each read strictly into our own words. Shapes as its API documentation has them. */

/** A market, by binance's own id. */
export interface Listing {
  /** `BTCUSDT` */
  readonly id: string
  readonly base: string
  readonly quote: string
  readonly active: boolean
}

export function symbolOf(listing: { readonly base: string; readonly quote: string }): string {
  return `${listing.base}/${listing.quote}`
}

export function serverTimeOf(value: unknown): number {
  return instantOf(rowOf(value, 'time')['serverTime'], 'time.serverTime', Number.MAX_SAFE_INTEGER / 2)
}

export function listingsOf(value: unknown): Listing[] {
  const rows = rowsOf(
    rowOf(value, 'exchangeInfo')['symbols'],
    'exchangeInfo.symbols',
    limits.collector.symbolsMax,
  )
  return rows.flatMap((each) => {
    const row = rowOf(each, 'exchangeInfo.symbols')
    const listing = {
      id: assetOf(row['symbol'], 'symbol.symbol'),
      base: assetOf(row['baseAsset'], 'symbol.baseAsset'),
      quote: assetOf(row['quoteAsset'], 'symbol.quoteAsset'),
      active: row['status'] === 'TRADING',
    }
    // What never was a spot market has no spot fills; a halted or delisted one may.
    return row['isSpotTradingAllowed'] === false && listing.active ? [] : [listing]
  })
}

export interface Account {
  readonly uid: string
  /** When the exchange last changed it; null where it does not say. */
  readonly updatedAtMs: number | null
  /** Free and locked together, zeros left out. */
  readonly balances: readonly Amount[]
}

export function accountOf(value: unknown, listedAssets: ReadonlySet<string>): Account {
  const row = rowOf(value, 'account')
  const sums = new Map<string, ReturnType<typeof parseDecimal>>()
  const rows = rowsOf(row['balances'], 'account.balances', limits.collector.assetsMax).map((each) =>
    rowOf(each, 'account.balances'),
  )
  refuseTwice(
    rows.map((balance) => assetOf(balance['asset'], 'balance.asset')),
    'account.balances',
  )
  for (const balance of rows) {
    const asset = principalOf(assetOf(balance['asset'], 'balance.asset'), listedAssets)
    const free = parseDecimal(decimalOf(balance['free'], 'balance.free', 'not-negative'))
    const locked = parseDecimal(decimalOf(balance['locked'], 'balance.locked', 'not-negative'))
    const held = add(free, locked)
    const before = sums.get(asset)
    sums.set(asset, before === undefined ? held : add(before, held))
  }
  const balances = [...sums]
    .filter(([, held]) => held.digits !== 0n)
    .map(([asset, held]) => ({ asset, amount: toText(held) }))
    .toSorted((a, b) => (a.asset < b.asset ? -1 : 1))
  const updateTime = row['updateTime']
  return {
    uid: idOf(row['uid'], 'account.uid'),
    updatedAtMs: updateTime === undefined ? null : integerOf(updateTime, 'account.updateTime'),
    balances,
  }
}

/**
 * Coins in Simple Earn stand in the spot account as `LD` + coin, one for one, and can be had back at any time:
 * to subscribe moves nothing out. `LDO` and its like are coins of their own.
 */
function principalOf(asset: string, listedAssets: ReadonlySet<string>): string {
  const coin = asset.startsWith('LD') ? asset.slice(2) : ''
  return !listedAssets.has(asset) && listedAssets.has(coin) ? coin : asset
}

export function fillsOf(value: unknown, listing: Omit<Listing, 'active'>, exchangeNowMs: number): Fill[] {
  return rowsOf(value, 'myTrades', 1_000).map((each) => {
    const row = rowOf(each, 'myTrades')
    if (row['symbol'] !== undefined && row['symbol'] !== listing.id) throw invalidAnswer('trade.symbol')
    const fee = decimalOf(row['commission'], 'trade.commission', 'any')
    return {
      id: String(integerOf(row['id'], 'trade.id')),
      market: 'spot',
      symbol: symbolOf(listing),
      base: listing.base,
      quote: listing.quote,
      side: booleanOf(row['isBuyer'], 'trade.isBuyer') ? 'buy' : 'sell',
      price: decimalOf(row['price'], 'trade.price', 'positive'),
      quantity: decimalOf(row['qty'], 'trade.qty', 'positive'),
      quoteQuantity: decimalOf(row['quoteQty'], 'trade.quoteQty', 'positive'),
      fees: /[1-9]/.test(fee)
        ? [{ asset: assetOf(row['commissionAsset'], 'trade.commissionAsset'), amount: fee }]
        : [],
      atMs: instantOf(row['time'], 'trade.time', exchangeNowMs),
      execution: 'trade',
    }
  })
}

/** Money on its way in or out, before it is clear when it counts. */
export interface Movement {
  readonly id: string
  readonly asset: string
  /** Without sign; a withdrawal's with its network fee. */
  readonly amount: string
  readonly state: 'pending' | 'done' | 'refused'
  /** Appeared or was applied for. */
  readonly startedAtMs: number
  readonly completedAtMs: number | null
}

export function depositsOf(value: unknown, exchangeNowMs: number): Movement[] {
  return spotRows(value, 'deposits').map((row) => {
    const status = integerOf(row['status'], 'deposit.status')
    const completed = row['completeTime']
    return {
      id: idOf(row['id'] ?? row['txId'], 'deposit.id'),
      asset: assetOf(row['coin'], 'deposit.coin'),
      amount: decimalOf(row['amount'], 'deposit.amount', 'positive'),
      // 1 success, 6 credited but not yet to be withdrawn
      state: status === 1 || status === 6 ? 'done' : status === 2 || status === 7 ? 'refused' : 'pending',
      startedAtMs: instantOf(row['insertTime'], 'deposit.insertTime', exchangeNowMs),
      completedAtMs:
        completed === undefined || completed === null || completed === 0 || completed === ''
          ? null
          : typeof completed === 'number'
            ? instantOf(completed, 'deposit.completeTime', exchangeNowMs)
            : dateTimeOf(completed, 'deposit.completeTime', exchangeNowMs),
    }
  })
}

export function withdrawalsOf(value: unknown, exchangeNowMs: number): Movement[] {
  return spotRows(value, 'withdrawals').map((row) => {
    const status = integerOf(row['status'], 'withdrawal.status')
    const completed = row['completeTime']
    const amount = parseDecimal(decimalOf(row['amount'], 'withdrawal.amount', 'positive'))
    const fee = parseDecimal(
      decimalOf(row['transactionFee'] ?? '0', 'withdrawal.transactionFee', 'not-negative'),
    )
    return {
      id: idOf(row['id'], 'withdrawal.id'),
      asset: assetOf(row['coin'], 'withdrawal.coin'),
      amount: toText(add(amount, fee)),
      // 1 cancelled, 3 rejected, 5 failed: the coins come back
      state: [1, 3, 5].includes(status) ? 'refused' : status === 6 ? 'done' : 'pending',
      startedAtMs: dateTimeOf(row['applyTime'], 'withdrawal.applyTime', exchangeNowMs),
      completedAtMs:
        completed === undefined || completed === null || completed === ''
          ? null
          : dateTimeOf(completed, 'withdrawal.completeTime', exchangeNowMs),
    }
  })
}

/** Rows that concern the spot wallet; 1 is the funding wallet. */
function spotRows(value: unknown, place: string): Readonly<Record<string, unknown>>[] {
  return rowsOf(value, place, 1_000)
    .map((each) => rowOf(each, place))
    .filter((row) => row['walletType'] !== 1)
}

export function dustOf(value: unknown, exchangeNowMs: number): Conversion[] {
  return rowsOf(rowOf(value, 'dust')['userAssetDribblets'] ?? [], 'dust', 1_000).map((each) => {
    const row = rowOf(each, 'dust')
    const changes: Amount[] = []
    let target = 'BNB'
    for (const part of rowsOf(row['userAssetDribbletDetails'], 'dust.details', 1_000)) {
      const detail = rowOf(part, 'dust.details')
      changes.push({
        asset: assetOf(detail['fromAsset'], 'dust.fromAsset'),
        amount: `-${decimalOf(detail['amount'], 'dust.amount', 'positive')}`,
      })
      if (detail['targetAsset'] !== undefined) target = assetOf(detail['targetAsset'], 'dust.targetAsset')
    }
    // what arrived: the service charge is off already
    const received = decimalOf(row['totalTransferedAmount'], 'dust.totalTransferedAmount', 'not-negative')
    return {
      id: idOf(row['transId'], 'dust.transId'),
      conversion: 'dust',
      changes: [...changes, { asset: target, amount: received }],
      atMs: instantOf(row['operateTime'], 'dust.operateTime', exchangeNowMs),
    }
  })
}

export function convertsOf(value: unknown, exchangeNowMs: number): { rows: Conversion[]; more: boolean } {
  const answer = rowOf(value, 'converts')
  const rows = rowsOf(answer['list'] ?? [], 'converts', 1_000).flatMap((each): Conversion[] => {
    const row = rowOf(each, 'converts')
    if (row['orderStatus'] !== 'SUCCESS') return []
    const given = decimalOf(row['fromAmount'], 'convert.fromAmount', 'positive')
    return [
      {
        id: idOf(row['orderId'], 'convert.orderId'),
        conversion: 'convert',
        changes: [
          { asset: assetOf(row['fromAsset'], 'convert.fromAsset'), amount: `-${given}` },
          {
            asset: assetOf(row['toAsset'], 'convert.toAsset'),
            amount: decimalOf(row['toAmount'], 'convert.toAmount', 'positive'),
          },
        ],
        atMs: instantOf(row['createTime'], 'convert.createTime', exchangeNowMs),
      },
    ]
  })
  return { rows, more: answer['moreData'] === true }
}

/** Airdrops, bonuses, commissions, interest on coins that lie elsewhere: given, not earned by this account. */
export function dividendsOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return rowsOf(rowOf(value, 'dividends')['rows'] ?? [], 'dividends', 500).map((each) => {
    const row = rowOf(each, 'dividends')
    const amount = decimalOf(row['amount'], 'dividend.amount', 'any')
    return {
      id: idOf(row['id'] ?? row['tranId'], 'dividend.id'),
      flow: 'reward',
      asset: assetOf(row['asset'], 'dividend.asset'),
      // -1 takes one back
      amount: row['direction'] === -1 && !amount.startsWith('-') ? `-${amount}` : amount,
      atMs: instantOf(row['divTime'], 'dividend.divTime', exchangeNowMs),
      atEstimated: false,
    }
  })
}

/** `direction` is seen from the spot wallet: MAIN_FUNDING goes out. */
export function transfersOf(value: unknown, direction: 'in' | 'out', exchangeNowMs: number): CashFlow[] {
  return rowsOf(rowOf(value, 'transfers')['rows'] ?? [], 'transfers', 100).flatMap((each): CashFlow[] => {
    const row = rowOf(each, 'transfers')
    if (row['status'] !== 'CONFIRMED') return []
    const amount = decimalOf(row['amount'], 'transfer.amount', 'positive')
    return [
      {
        id: idOf(row['tranId'], 'transfer.tranId'),
        flow: 'transfer',
        asset: assetOf(row['asset'], 'transfer.asset'),
        amount: direction === 'out' ? `-${amount}` : amount,
        atMs: instantOf(row['timestamp'], 'transfer.timestamp', exchangeNowMs),
        atEstimated: false,
      },
    ]
  })
}

/** Seen from spot: 1 and 3 go out, to futures in dollars and in coin; 2 and 4 come from there. */
const futuresWays: Readonly<Record<string, readonly ['in' | 'out', 'linear' | 'inverse']>> = {
  '1': ['out', 'linear'],
  '2': ['in', 'linear'],
  '3': ['out', 'inverse'],
  '4': ['in', 'inverse'],
}

export function futuresTransfersOf(
  value: unknown,
  exchangeNowMs: number,
): { readonly flow: CashFlow; readonly wallet: 'linear' | 'inverse' }[] {
  const rows = rowsOf(rowOf(value, 'transfers')['rows'] ?? [], 'transfers', 100)
  return rows.flatMap((each) => {
    const way = futuresWays[String(rowOf(each, 'transfers')['type'])]
    if (way === undefined) throw invalidAnswer('transfer.type')
    const [direction, wallet] = way
    return transfersOf({ rows: [each] }, direction, exchangeNowMs).map((flow) => ({ flow, wallet }))
  })
}

/** Minutes that are over. */
export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(value, 'klines', 1_000).flatMap((each) => {
    const row = rowsOf(each, 'klines', 32)
    const closeMs = integerOf(row[6], 'kline.closeTime')
    if (closeMs >= exchangeNowMs) return []
    return [
      {
        minuteMs: instantOf(row[0], 'kline.openTime', exchangeNowMs),
        open: decimalOf(row[1], 'kline.open', 'positive'),
        close: decimalOf(row[4], 'kline.close', 'positive'),
        baseVolume: decimalOf(row[5], 'kline.volume', 'not-negative'),
        quoteVolume: decimalOf(row[7], 'kline.quoteVolume', 'not-negative'),
      },
    ]
  })
}
