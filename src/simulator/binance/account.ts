import { dayMs } from '@perf-agg/sdk'
import { assets } from '../listing.ts'
import { fromUnits } from '../units.ts'
import { shown } from '../wallet.ts'
import type { FillRecord } from '../wallet.ts'
import type { Endpoint, SignedRequest } from './endpoint.ts'
import { fixed } from './endpoint.ts'
import { listingFrom } from './quotes.ts'
import { refusals } from './refusal.ts'

/** The account itself: balances and its own fills. */
export const accountEndpoints: Readonly<Record<string, Endpoint>> = {
  '/api/v3/account': { access: 'signed', weight: fixed('ip', 20), answer: account },
  '/api/v3/myTrades': {
    access: 'signed',
    weight: (query) => ({ budget: 'ip', weight: query.has('orderId') ? 5 : 20 }),
    answer: myTrades,
  },
}

function account({ query, wallet }: SignedRequest): unknown {
  const omitZero = query.optionalText('omitZeroBalances', /^(true|false)$/) === 'true'
  query.refuseUnread()
  const all = [...new Set([...assets, ...wallet.held()])]
  const balances = all.map((asset) => {
    const locked = wallet.locked(asset)
    return { asset, free: fromUnits(wallet.balance(asset) - locked), locked: fromUnits(locked) }
  })
  return {
    makerCommission: 10,
    takerCommission: 10,
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: { maker: '0.00100000', taker: '0.00100000', buyer: '0.00000000', seller: '0.00000000' },
    canTrade: true,
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: wallet.changedMs,
    accountType: 'SPOT',
    balances: omitZero ? balances.filter(({ asset }) => wallet.balance(asset) !== 0n) : balances,
    permissions: ['SPOT'],
    uid: Number(wallet.uid),
  }
}

function myTrades({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const listing = listingFrom(query)
  const orderId = query.optionalInteger('orderId')
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const fromId = query.optionalInteger('fromId')
  const limit = query.limit('limit', 500, 1_000)
  query.refuseUnread()
  const timed = startTime !== null || endTime !== null
  if (timed && (fromId !== null || orderId !== null)) throw refusals.combination()
  if (startTime !== null && endTime !== null) {
    if (startTime > endTime) throw refusals.invalid('startTime')
    if (endTime - startTime > dayMs) throw refusals.tooLong('24 hours')
  }
  const fills = shown(wallet.fills.get(listing.id) ?? [], nowMs, exchange.historyMs).filter(
    (record) =>
      (orderId === null || record.fill.orderId === orderId) &&
      (fromId === null || record.id >= fromId) &&
      (startTime === null || record.atMs >= startTime) &&
      (endTime === null || record.atMs <= endTime),
  )
  // with a place to start from the oldest come, else the newest; always in ascending order
  const page = fromId !== null || startTime !== null ? fills.slice(0, limit) : fills.slice(-limit)
  return page.map(tradeRow)
}

export function tradeRow({ id, marketId, atMs, fill }: FillRecord) {
  return {
    symbol: marketId,
    id,
    orderId: fill.orderId,
    orderListId: -1,
    price: fill.price,
    qty: fill.quantity,
    quoteQty: fill.quoteQuantity,
    commission: fill.fee.amount,
    commissionAsset: fill.fee.asset,
    time: atMs,
    isBuyer: fill.side === 'buy',
    isMaker: fill.maker,
    isBestMatch: true,
  }
}
