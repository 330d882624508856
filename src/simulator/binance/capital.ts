import { dayMs } from '@perf-agg/sdk'
import type { Purse } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { shown } from '../wallet.ts'
import type { DepositRecord, TransferRecord, WithdrawalRecord } from '../wallet.ts'
import type { Endpoint, SignedRequest } from './endpoint.ts'
import { fixed } from './endpoint.ts'
import { spanOf } from './query.ts'
import { coinInfo } from './quotes.ts'
import { refusals } from './refusal.ts'

/** The wallet API: what the key may do, and everything that moves money without an order. */
export const capitalEndpoints: Readonly<Record<string, Endpoint>> = {
  '/sapi/v1/account/apiRestrictions': {
    access: 'signed',
    weight: fixed('sapi-ip', 1),
    answer: apiRestrictions,
  },
  '/sapi/v1/account/info': { access: 'signed', weight: fixed('sapi-ip', 1), answer: accountInfo },
  '/sapi/v1/capital/deposit/hisrec': { access: 'signed', weight: fixed('sapi-ip', 1), answer: deposits },
  '/sapi/v1/capital/withdraw/history': {
    access: 'signed',
    weight: fixed('sapi-uid', 18_000),
    answer: withdrawals,
  },
  '/sapi/v1/asset/dribblet': { access: 'signed', weight: fixed('sapi-ip', 1), answer: dribblet },
  '/sapi/v1/convert/tradeFlow': { access: 'signed', weight: fixed('sapi-uid', 3_000), answer: tradeFlow },
  '/sapi/v1/asset/assetDividend': { access: 'signed', weight: fixed('sapi-ip', 10), answer: assetDividend },
  '/sapi/v1/asset/transfer': { access: 'signed', weight: fixed('sapi-ip', 1), answer: transfers },
  '/sapi/v1/simple-earn/flexible/history/rewardsRecord': {
    access: 'signed',
    weight: fixed('sapi-ip', 150),
    answer: earnings,
  },
  '/sapi/v2/localentity/withdraw/history': empty(1, []),
  '/sapi/v2/localentity/deposit/history': empty(1, []),
  // what nobody does here
  '/sapi/v1/simple-earn/locked/history/subscriptionRecord': empty(150, { rows: [], total: 0 }),
  '/sapi/v1/simple-earn/locked/history/redemptionRecord': empty(150, { rows: [], total: 0 }),
  '/sapi/v1/pay/transactions': empty(
    3_000,
    { code: '000000', message: 'success', data: [], success: true },
    'sapi-uid',
  ),
  '/sapi/v1/fiat/orders': empty(
    90_000,
    {
      code: '000000',
      message: 'success',
      data: [],
      total: 0,
      success: true,
    },
    'sapi-uid',
  ),
  '/sapi/v1/fiat/payments': empty(1, {
    code: '000000',
    message: 'success',
    data: [],
    total: 0,
    success: true,
  }),
  '/sapi/v1/c2c/orderMatch/listUserOrderHistory': empty(1, {
    code: '000000',
    data: [],
    total: 0,
    success: true,
  }),
  '/sapi/v1/sub-account/transfer/subUserHistory': empty(1, []),
  '/sapi/v1/capital/config/getall': { access: 'signed', weight: fixed('sapi-ip', 10), answer: coinInfo },
  '/sapi/v1/margin/allPairs': { access: 'signed', weight: fixed('sapi-ip', 1), answer: () => [] },
  '/sapi/v1/margin/isolated/allPairs': { access: 'signed', weight: fixed('sapi-ip', 10), answer: () => [] },
}

const restrictions = [
  'enableWithdrawals',
  'enableInternalTransfer',
  'enableMargin',
  'enableFutures',
  'permitsUniversalTransfer',
  'enableVanillaOptions',
  'enablePortfolioMarginTrading',
  'enableFixApiTrade',
  'enableFixReadOnly',
  'enableSpotAndMarginTrading',
]

function apiRestrictions({ wallet }: SignedRequest): unknown {
  return {
    ipRestrict: false,
    createTime: wallet.createdMs,
    enableReading: true,
    ...Object.fromEntries(restrictions.map((name) => [name, wallet.permissions.has(name)])),
  }
}

function empty(weight: number, value: unknown, budget: 'sapi-ip' | 'sapi-uid' = 'sapi-ip'): Endpoint {
  return { access: 'signed', weight: fixed(budget, weight), answer: () => value }
}

function earnings({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const type = query.text('type', /^(BONUS|REALTIME|REWARDS|ALL)$/)
  const month = { usualMs: 30 * dayMs, mostMs: 90 * dayMs, mostText: '3 months' }
  const [fromMs, toMs] = spanOf(query, { nowMs, ...month })
  const current = query.limit('current', 1, 100_000)
  const size = query.limit('size', 10, 100)
  const rows = wallet.changes
    .filter(({ cause, atMs }) => cause === 'earn' && atMs >= fromMs && atMs <= toMs)
    .filter(({ atMs }) => atMs >= nowMs - exchange.historyMs && (type === 'REALTIME' || type === 'ALL'))
    .flatMap(({ moves, atMs }) =>
      moves.map(({ asset, amount }) => ({
        asset,
        rewards: amount,
        projectId: `${asset}001`,
        type: 'Real-time APR Rewards',
        time: atMs,
      })),
    )
    .toReversed()
  return { rows: rows.slice((current - 1) * size, current * size), total: rows.length }
}

function accountInfo(): unknown {
  return {
    vipLevel: 0,
    isMarginEnabled: true,
    isFutureEnabled: true,
    isOptionsEnabled: false,
    isPortfolioMarginRetailEnabled: false,
  }
}

const coinPattern = /^[A-Z0-9]{1,20}$/
const ninetyDays = { usualMs: 90 * dayMs, mostMs: 90 * dayMs, mostText: '90 days' }

function deposits({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const coin = query.optionalText('coin', coinPattern)
  const status = query.optionalInteger('status')
  const txId = query.optionalText('txId', /^[\w-]{1,128}$/)
  const [fromMs, toMs] = spanOf(query, { nowMs, ...ninetyDays })
  const offset = query.optionalInteger('offset') ?? 0
  const limit = query.limit('limit', 1_000, 1_000)
  return shown(wallet.deposits, nowMs, exchange.historyMs)
    .filter(({ insertedMs }) => insertedMs >= fromMs && insertedMs <= toMs)
    .filter((record) => (coin === null || record.asset === coin) && (txId === null || record.txId === txId))
    .map((record) => depositRow(record, nowMs))
    .filter((row) => status === null || row.status === status)
    .toReversed()
    .slice(offset, offset + limit)
}

function depositRow(record: DepositRecord, nowMs: number) {
  const credited = nowMs >= record.atMs
  return {
    id: record.id,
    amount: trimmed(record.amount),
    coin: record.asset,
    network: 'ETH',
    status: credited ? 1 : 0,
    address: record.address,
    addressTag: '',
    txId: record.txId,
    insertTime: record.insertedMs,
    ...(credited ? { completeTime: record.atMs } : {}),
    transferType: 0,
    confirmTimes: credited ? '12/12' : '3/12',
    unlockConfirm: 12,
    walletType: 0,
    travelRuleStatus: 0,
  }
}

function withdrawals({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const coin = query.optionalText('coin', coinPattern)
  const status = query.optionalInteger('status')
  const [fromMs, toMs] = spanOf(query, { nowMs, ...ninetyDays })
  const offset = query.optionalInteger('offset') ?? 0
  const limit = query.limit('limit', 1_000, 1_000)
  return shown(wallet.withdrawals, nowMs, exchange.historyMs)
    .filter(({ atMs, asset }) => atMs >= fromMs && atMs <= toMs && (coin === null || asset === coin))
    .map((record) => withdrawalRow(record, nowMs))
    .filter((row) => status === null || row.status === status)
    .toReversed()
    .slice(offset, offset + limit)
}

function withdrawalRow(record: WithdrawalRecord, nowMs: number) {
  const settled = nowMs >= record.settledMs
  const status = settled ? (record.outcome === 'completed' ? 6 : 3) : 4
  return {
    id: record.id,
    amount: trimmed(record.amount),
    transactionFee: trimmed(record.fee),
    coin: record.asset,
    status,
    address: record.address,
    txId: status === 6 ? record.txId : '',
    applyTime: secondsText(record.atMs),
    network: 'ETH',
    transferType: 0,
    info: status === 3 ? 'The address is not valid. Please confirm with the recipient' : '',
    confirmNo: status === 6 ? 12 : 0,
    walletType: 0,
    txKey: '',
    ...(status === 6 ? { completeTime: secondsText(record.settledMs) } : {}),
  }
}

function dribblet(request: SignedRequest): unknown {
  const { query } = request
  return dustIn(
    request,
    query.optionalText('accountType', /^(SPOT|MARGIN)$/) === 'MARGIN' ? 'margin' : 'spot',
  )
}

/** What became BNB in one wallet. */
export function dustIn({ exchange, query, wallet, nowMs }: SignedRequest, purse: Purse): unknown {
  const startTime = query.optionalInteger('startTime') ?? 0
  const endTime = query.optionalInteger('endTime') ?? nowMs
  const records = shown(wallet.dust, nowMs, exchange.historyMs)
    .filter((dust) => dust.purse === purse && dust.atMs >= startTime && dust.atMs <= endTime)
    .slice(-100)
    .toReversed()
  return {
    total: records.length,
    userAssetDribblets: records.map(({ id, atMs, parts }) => ({
      operateTime: atMs,
      totalTransferedAmount: sum(parts.map(({ received }) => received)),
      totalServiceChargeAmount: sum(parts.map(({ charge }) => charge)),
      transId: id,
      userAssetDribbletDetails: parts.map((part) => ({
        transId: id,
        serviceChargeAmount: trimmed(part.charge),
        amount: trimmed(part.amount),
        operateTime: atMs,
        transferedAmount: trimmed(part.received),
        fromAsset: part.asset,
      })),
    })),
  }
}

function tradeFlow({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const startTime = query.integer('startTime')
  const endTime = query.integer('endTime')
  const limit = query.limit('limit', 100, 1_000)
  if (endTime - startTime > 30 * dayMs) throw refusals.tooLong('30 days')
  const records = shown(wallet.converts, nowMs, exchange.historyMs)
    .filter(({ atMs }) => atMs >= startTime && atMs <= endTime)
    .toReversed()
  return {
    list: records.slice(0, limit).map((record) => ({
      quoteId: record.quoteId,
      orderId: record.id,
      orderStatus: 'SUCCESS',
      fromAsset: record.from,
      fromAmount: trimmed(record.fromAmount),
      toAsset: record.to,
      toAmount: trimmed(record.toAmount),
      ratio: trimmed(record.ratio),
      inverseRatio: trimmed(record.inverseRatio),
      createTime: record.atMs,
    })),
    startTime,
    endTime,
    limit,
    moreData: records.length > limit,
  }
}

function assetDividend({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const asset = query.optionalText('asset', coinPattern)
  const halfYear = { usualMs: 180 * dayMs, mostMs: 180 * dayMs, mostText: '180 days' }
  const [fromMs, toMs] = spanOf(query, { nowMs, ...halfYear })
  const limit = query.limit('limit', 20, 500)
  const records = shown(wallet.rewards, nowMs, exchange.historyMs)
    .filter(
      (record) => record.atMs >= fromMs && record.atMs <= toMs && (asset === null || record.asset === asset),
    )
    .toReversed()
  return {
    rows: records.slice(0, limit).map((record) => ({
      id: record.id,
      amount: trimmed(record.amount),
      asset: record.asset,
      divTime: record.atMs,
      enInfo: record.info,
      tranId: record.id + 1,
      direction: 1,
    })),
    total: records.length,
  }
}

const wallets = 'MAIN|FUNDING|UMFUTURE|CMFUTURE|MARGIN|OPTION|PORTFOLIO_MARGIN|ISOLATEDMARGIN|ISOLATED_MARGIN'
const transferTypes = new RegExp(`^(${wallets})_(${wallets})$`)

function transfers({ exchange, query, wallet, nowMs }: SignedRequest): unknown {
  const type = query.text('type', transferTypes)
  const halfYear = { usualMs: 7 * dayMs, mostMs: 183 * dayMs, mostText: '6 months' }
  const [fromMs, toMs] = spanOf(query, { nowMs, ...halfYear })
  const current = query.limit('current', 1, 100_000)
  const size = query.limit('size', 10, 100)
  const records = shown(wallet.transfers, nowMs, exchange.historyMs)
    .filter((each) => typeOf(each) === type && each.atMs >= fromMs && each.atMs <= toMs)
    .toReversed()
  return {
    total: records.length,
    rows: records.slice((current - 1) * size, current * size).map((record) => ({
      asset: record.asset,
      amount: trimmed(record.amount),
      type,
      status: 'CONFIRMED',
      tranId: record.id,
      timestamp: record.atMs,
    })),
  }
}

const walletNames: Readonly<Record<string, string>> = {
  spot: 'MAIN',
  funding: 'FUNDING',
  linear: 'UMFUTURE',
  inverse: 'CMFUTURE',
  margin: 'MARGIN',
}

/** `MAIN_UMFUTURE` */
function typeOf({ from, to }: TransferRecord): string {
  return `${nameOf(from)}_${nameOf(to)}`
}

function nameOf(purse: string): string {
  return walletNames[purse] ?? 'ISOLATED_MARGIN'
}

/** `2019-10-12 11:12:02`, UTC. */
function secondsText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** The wallet API leaves trailing zeros out. */
function trimmed(amount: string): string {
  return amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount
}

function sum(amounts: readonly string[]): string {
  return trimmed(fromUnits(amounts.reduce((total, amount) => total + toUnits(amount), 0n)))
}
