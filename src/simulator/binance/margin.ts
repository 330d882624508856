import { dayMs } from '@perf-agg/sdk'
import type { Change, Purse } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { TransferRecord, Wallet } from '../wallet.ts'
import { shown } from '../wallet.ts'
import { tradeRow } from './account.ts'
import { dustIn } from './capital.ts'
import type { Endpoint, SignedRequest } from './endpoint.ts'
import { fixed } from './endpoint.ts'
import { type Query, spanOf } from './query.ts'
import { listingFrom } from './quotes.ts'
import { refusals } from './refusal.ts'

/** The margin accounts: the cross one, and one for each pair. */
export const marginEndpoints: Readonly<Record<string, Endpoint>> = {
  '/sapi/v1/margin/account': { access: 'signed', weight: fixed('sapi-ip', 10), answer: cross },
  '/sapi/v1/margin/isolated/account': { access: 'signed', weight: fixed('sapi-ip', 10), answer: isolated },
  '/sapi/v1/margin/capital-flow': { access: 'signed', weight: fixed('sapi-ip', 100), answer: capitalFlow },
  '/sapi/v1/margin/myTrades': { access: 'signed', weight: fixed('sapi-ip', 10), answer: myTrades },
  '/sapi/v1/margin/interestHistory': { access: 'signed', weight: fixed('sapi-ip', 1), answer: interest },
  '/sapi/v1/margin/transfer': { access: 'signed', weight: fixed('sapi-ip', 1), answer: transfers },
  '/sapi/v1/margin/dribblet': {
    access: 'signed',
    weight: fixed('sapi-ip', 1),
    answer: (request) => dustIn(request, 'margin'),
  },
  '/sapi/v1/margin/exchange-small-liability-history': {
    access: 'signed',
    weight: fixed('sapi-uid', 100),
    answer: smallDebts,
  },
  // nobody is liquidated here
  '/sapi/v1/margin/forceLiquidationRec': {
    access: 'signed',
    weight: fixed('sapi-ip', 1),
    answer: () => ({ rows: [], total: 0 }),
  },
}

const pairPattern = /^[A-Z0-9]{5,20}$/
const keptMs = 90 * dayMs

function coinOf(wallet: Wallet, asset: string, purse: Purse) {
  const free = wallet.balance(asset, purse)
  const { principal, interest: owed } = wallet.debt(asset, purse)
  return {
    asset,
    borrowed: fromUnits(principal),
    free: fromUnits(free),
    interest: fromUnits(owed),
    locked: '0.00000000',
    netAsset: fromUnits(free - principal - owed),
  }
}

function coinsIn(wallet: Wallet, purse: Purse): readonly string[] {
  const owed = wallet.debts().filter((each) => each.purse === purse)
  return [...new Set([...wallet.held(purse), ...owed.map(({ asset }) => asset)])]
}

function cross({ wallet }: SignedRequest): unknown {
  return {
    created: true,
    borrowEnabled: true,
    marginLevel: '999',
    totalAssetOfBtc: '0',
    totalLiabilityOfBtc: '0',
    totalNetAssetOfBtc: '0',
    tradeEnabled: true,
    transferInEnabled: true,
    transferOutEnabled: true,
    accountType: 'MARGIN_1',
    userAssets: coinsIn(wallet, 'margin').map((asset) => coinOf(wallet, asset, 'margin')),
  }
}

function isolatedPurses(wallet: Wallet): readonly Purse[] {
  const purses = new Set(wallet.changes.flatMap(({ moves }) => moves.map(({ purse = 'spot' }) => purse)))
  return [...purses].filter((purse) => purse.startsWith('isolated '))
}

function isolated({ wallet }: SignedRequest): unknown {
  const assets = isolatedPurses(wallet).map((purse) => {
    const symbol = purse.slice('isolated '.length)
    const quote = symbol.endsWith('USDT') ? 'USDT' : 'BTC'
    return {
      symbol,
      isolatedCreated: true,
      enabled: true,
      marginRatio: '3',
      tradeEnabled: true,
      baseAsset: { ...coinOf(wallet, symbol.slice(0, -quote.length), purse), borrowEnabled: true },
      quoteAsset: { ...coinOf(wallet, quote, purse), borrowEnabled: true },
    }
  })
  return { assets }
}

function visible({ wallet, exchange, nowMs }: SignedRequest): readonly Change[] {
  const sinceMs = nowMs - Math.min(exchange.historyMs, keptMs)
  return wallet.changes.filter(
    ({ visibleAtMs, atMs }) => visibleAtMs !== null && visibleAtMs <= nowMs && atMs >= sinceMs,
  )
}

interface FlowRow {
  readonly id: number
  readonly tranId: number
  readonly timestamp: number
  readonly asset: string
  readonly symbol: string
  readonly type: string
  readonly amount: string
}

function capitalFlow(request: SignedRequest): unknown {
  const { query, nowMs } = request
  const asset = query.optionalText('asset', /^[A-Z0-9]{1,20}$/)
  const symbol = query.optionalText('symbol', pairPattern)
  const type = query.optionalText('type', /^[A-Z_]{1,40}$/)
  const week = { usualMs: 7 * dayMs, mostMs: 7 * dayMs, mostText: '7 days' }
  const [fromMs, toMs] = spanOf(query, { nowMs, ...week })
  const limit = query.limit('limit', 500, 1_000)
  const purse: Purse = symbol === null ? 'margin' : `isolated ${symbol}`
  return visible(request)
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .flatMap((change) => flowRows(change, purse, symbol ?? ''))
    .filter((row) => (asset === null || row.asset === asset) && (type === null || row.type === type))
    .slice(-limit)
    .toReversed()
}

function flowRows(change: Change, purse: Purse, symbol: string): FlowRow[] {
  const { cause, fill, moves, sequence, atMs, info = '' } = change
  const own = moves.filter((move) => move.purse === purse)
  if (own.length === 0) return []
  const row = (type: string, asset: string, amount: string, index: number): FlowRow => {
    return { id: sequence * 8 + index, tranId: sequence, timestamp: atMs, asset, symbol, type, amount }
  }
  if (fill !== undefined) {
    const name = fill.side.toUpperCase()
    const bought = fill.side === 'buy'
    return [
      row(`${name}_${bought ? 'INCOME' : 'EXPENSE'}`, fill.base, fill.quantity, 0),
      row(`${name}_${bought ? 'EXPENSE' : 'INCOME'}`, fill.quote, fill.quoteQuantity, 1),
      row('TRADING_COMMISSION', fill.fee.asset, fill.fee.amount, 2),
    ]
  }
  if (cause === 'borrow' || cause === 'repay') {
    const [coin = '', amount = '0'] = info.split(' ')
    return [row(cause.toUpperCase(), coin, amount, 0)]
  }
  if (cause === 'convert' || cause === 'dust') {
    const type = cause === 'dust' ? 'SMALL_BALANCE_CONVERT' : 'SMALL_CONVERT'
    return own.map(({ asset, amount }, index) => row(type, asset, amount.replace('-', ''), index))
  }
  if (cause !== 'transfer') return []
  return own.map(({ asset, amount }, index) => row('TRANSFER', asset, amount.replace('-', ''), index))
}

function myTrades({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const listing = listingFrom(query)
  const isIsolated = query.optionalText('isIsolated', /^(TRUE|FALSE)$/) === 'TRUE'
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const fromId = query.optionalInteger('fromId')
  const limit = query.limit('limit', 500, 1_000)
  if (fromId !== null && (startTime !== null || endTime !== null)) throw refusals.combination()
  if (startTime !== null && endTime !== null && endTime - startTime > dayMs)
    throw refusals.tooLong('24 hours')
  const purse = isIsolated ? `isolated ${listing.id}` : 'margin'
  const fills = shown(wallet.fills.get(`${purse} ${listing.id}`) ?? [], nowMs, exchange.historyMs).filter(
    ({ id, atMs }) =>
      (fromId === null || id >= fromId) &&
      (startTime === null || atMs >= startTime) &&
      (endTime === null || atMs <= endTime),
  )
  const page = fromId !== null || startTime !== null ? fills.slice(0, limit) : fills.slice(-limit)
  return page.map((record) => ({ ...tradeRow(record), isIsolated }))
}

function pageOf<Row>(rows: readonly Row[], query: Query): unknown {
  const current = query.limit('current', 1, 100_000)
  const size = query.limit('size', 10, 100)
  return { rows: rows.slice((current - 1) * size, current * size), total: rows.length }
}

const month = { usualMs: 7 * dayMs, mostMs: 30 * dayMs, mostText: '30 days' }

function interest(request: SignedRequest): unknown {
  const { query, nowMs } = request
  const pair = query.optionalText('isolatedSymbol', pairPattern)
  const [fromMs, toMs] = spanOf(query, { nowMs, ...month })
  const purse = pair === null ? 'margin' : `isolated ${pair}`
  const rows = visible(request)
    .filter(({ cause, atMs }) => cause === 'interest' && atMs >= fromMs && atMs <= toMs)
    .flatMap(({ moves, atMs, sequence }) =>
      moves
        .filter((move) => move.purse === purse)
        .map(({ asset, amount }) => ({
          txId: 700_000_000 + sequence,
          interestAccuredTime: atMs,
          asset,
          rawAsset: asset,
          principal: '0.00000000',
          interest: fromUnits(-toUnits(amount)),
          interestRate: '0.00000100',
          type: 'PERIODIC',
          ...(pair === null ? {} : { isolatedSymbol: pair }),
        })),
    )
  return pageOf(rows.toReversed(), query)
}

function smallDebts({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const [fromMs, toMs] = spanOf(query, { nowMs, ...month })
  const rows = shown(wallet.smallDebts, nowMs, exchange.historyMs)
    .filter(({ purse, atMs }) => purse === 'margin' && atMs >= fromMs && atMs <= toMs)
    .map(({ asset, amount, to, paid, atMs }) => ({
      asset,
      amount,
      targetAsset: to,
      targetAmount: paid,
      bizType: 'EXCHANGE_SMALL_LIABILITY',
      timestamp: atMs,
    }))
  return pageOf(rows.toReversed(), query)
}

const names: Readonly<Record<string, string>> = {
  spot: 'SPOT',
  funding: 'FUNDING',
  linear: 'FUTURES',
  inverse: 'DELIVERY',
  margin: 'CROSS_MARGIN',
}

function transfers({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const pair = query.optionalText('isolatedSymbol', pairPattern)
  const [fromMs, toMs] = spanOf(query, { nowMs, ...month })
  const purse = pair === null ? 'margin' : `isolated ${pair}`
  const nameOf = (end: TransferRecord['from']): string => names[end] ?? 'ISOLATED_MARGIN'
  const rows = shown(wallet.transfers, nowMs, exchange.historyMs)
    .filter(({ from, to, atMs }) => (from === purse || to === purse) && atMs >= fromMs && atMs <= toMs)
    .map(({ id, asset, amount, from, to, atMs }) => ({
      amount,
      asset,
      status: 'CONFIRMED',
      timestamp: atMs,
      txId: id,
      type: to === purse ? 'ROLL_IN' : 'ROLL_OUT',
      transFrom: nameOf(from),
      transTo: nameOf(to),
    }))
  return pageOf(rows.toReversed(), query)
}
