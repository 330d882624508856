import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { ContractListing } from '../contract.ts'
import { notionalOf, worthOf } from '../contract.ts'
import type { Exchange } from '../exchange.ts'
import type { Position } from '../position.ts'
import type { Change } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { FillRecord, Wallet } from '../wallet.ts'
import { shown } from '../wallet.ts'
import type { Endpoint, PublicRequest, SignedRequest } from './endpoint.ts'
import type { Query } from './query.ts'
import { refusals } from './refusal.ts'
import { futuresWeightPerMinuteMax } from './weight.ts'

/** Both futures exchanges: dollars under `/fapi`, coin under `/dapi`, with the same calls. */

type Kind = ContractListing['kind']

const incomeKeptMs = 90 * dayMs
const windowMs = 7 * dayMs

export const futuresEndpoints: Readonly<Record<string, Endpoint>> = {
  ...under('linear', '/fapi/v1', 'fapi'),
  ...under('inverse', '/dapi/v1', 'dapi'),
  '/fapi/v3/account': signed('fapi', 5, (request) => account(request, 'linear')),
  '/fapi/v3/positionRisk': signed('fapi', 5, ({ query, wallet, exchange, nowMs }) => {
    const symbol = query.optionalText('symbol', symbolPattern)
    query.refuseUnread()
    return positionsOf(wallet, 'linear')
      .filter(({ quantity, contract }) => quantity !== 0n && (symbol === null || contract.id === symbol))
      .map((position) => positionRow(position, exchange, nowMs))
  }),
  '/dapi/v1/account': signed('dapi', 5, (request) => account(request, 'inverse')),
}

const symbolPattern = /^[A-Z0-9_]{1,30}$/

function signed(
  budget: 'fapi' | 'dapi',
  weight: number,
  answer: (request: SignedRequest) => unknown,
): Endpoint {
  return { access: 'signed', weight: () => ({ budget, weight }), answer }
}

function under(kind: Kind, roof: string, budget: 'fapi' | 'dapi'): Record<string, Endpoint> {
  const open = (weight: number, answer: (request: PublicRequest) => unknown): Endpoint => ({
    access: 'public',
    weight: () => ({ budget, weight }),
    answer,
  })
  return {
    [`${roof}/ping`]: open(1, () => ({})),
    [`${roof}/time`]: open(1, ({ serverMs }) => ({ serverTime: serverMs })),
    [`${roof}/exchangeInfo`]: open(1, (request) => exchangeInfo(request, kind)),
    [`${roof}/markPriceKlines`]: open(5, (request) => marks(request, kind)),
    [`${roof}/income`]: signed(budget, kind === 'linear' ? 30 : 20, (request) => income(request, kind)),
    [`${roof}/userTrades`]: signed(budget, kind === 'linear' ? 5 : 20, (request) =>
      userTrades(request, kind),
    ),
    [`${roof}/forceOrders`]: signed(budget, 50, (request) => forceOrders(request, kind)),
  }
}

function contractFrom(query: Query, exchange: Exchange, kind: Kind): ContractListing {
  const contract = exchange.contracts.byId(kind, query.text('symbol', symbolPattern))
  if (contract === null) throw refusals.symbol()
  return contract
}

function exchangeInfo({ exchange, query, nowMs, serverMs }: PublicRequest, kind: Kind): unknown {
  query.refuseUnread()
  // what is delivered leaves the list
  const listed = exchange.contracts.contracts.filter(
    (contract) => contract.kind === kind && exchange.contracts.marks.isTrading(contract, nowMs),
  )
  const limit = futuresWeightPerMinuteMax
  return {
    timezone: 'UTC',
    serverTime: serverMs,
    rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit }],
    exchangeFilters: [],
    symbols: listed.map(contractInfo),
  }
}

function contractInfo(contract: ContractListing): unknown {
  const tick = (10 ** -contract.tickDecimals).toFixed(contract.tickDecimals)
  const step =
    contract.stepDecimals === 0 ? '1' : (10 ** -contract.stepDecimals).toFixed(contract.stepDecimals)
  const state = contract.kind === 'linear' ? { status: 'TRADING' } : { contractStatus: 'TRADING' }
  return {
    symbol: contract.id,
    pair: `${contract.base}${contract.quote}`,
    contractType: contract.deliveryMs === null ? 'PERPETUAL' : 'CURRENT_QUARTER',
    // a perpetual's is a century away
    deliveryDate: contract.deliveryMs ?? 4_133_404_800_000,
    onboardDate: 1_569_398_400_000,
    ...state,
    ...(contract.kind === 'inverse' ? { contractSize: contract.size } : {}),
    baseAsset: contract.base,
    quoteAsset: contract.quote,
    marginAsset: contract.settle,
    pricePrecision: contract.tickDecimals,
    quantityPrecision: contract.stepDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    triggerProtect: '0.0500',
    liquidationFee: '0.012500',
    marketTakeBound: '0.05',
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tick, maxPrice: '1000000', tickSize: tick },
      { filterType: 'LOT_SIZE', minQty: step, maxQty: '1000000', stepSize: step },
      { filterType: 'MARKET_LOT_SIZE', minQty: step, maxQty: '1000000', stepSize: step },
    ],
    orderTypes: ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
  }
}

function marks({ exchange, query, nowMs }: PublicRequest, kind: Kind): unknown {
  const contract = contractFrom(query, exchange, kind)
  const interval = query.text('interval', /^\w{1,3}$/)
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const limit = query.limit('limit', 500, 1_500)
  query.refuseUnread()
  if (interval !== '1m') throw refusals.interval()
  const newestMs = Math.floor(Math.min(endTime ?? nowMs, nowMs) / minuteMs) * minuteMs
  const fromMs =
    startTime === null ? newestMs - (limit - 1) * minuteMs : Math.ceil(startTime / minuteMs) * minuteMs
  const rows: unknown[] = []
  for (let at = fromMs; at <= newestMs && rows.length < limit; at += minuteMs) {
    const mark = exchange.truth.mark(contract.symbol, at)
    if (mark === null) continue
    if (at + minuteMs <= nowMs) exchange.truth.marked(contract.symbol, at)
    const { open, high, low, close } = mark
    rows.push([at, open, high, low, close, '0', at + minuteMs - 1, '0', 60, '0', '0', '0'])
  }
  return rows
}

function positionsOf(wallet: Wallet, kind: Kind): readonly Position[] {
  return wallet.positions.filter(({ contract }) => contract.kind === kind)
}

function account({ exchange, query, wallet, nowMs }: SignedRequest, kind: Kind): unknown {
  query.refuseUnread()
  const positions = positionsOf(wallet, kind)
  const open = positions.filter(({ quantity }) => quantity !== 0n)
  const assets = [...new Set([...wallet.held(kind), ...open.map(({ contract }) => contract.settle)])]
  return {
    ...(kind === 'inverse'
      ? { canDeposit: true, canTrade: true, canWithdraw: true, feeTier: 0, updateTime: 0 }
      : {}),
    assets: assets.map((asset) => {
      const balance = wallet.balance(asset, kind)
      const gained = open
        .filter(({ contract }) => contract.settle === asset)
        .reduce((sum, each) => sum + each.unrealized(markOf(each, exchange, nowMs)), 0n)
      return {
        asset,
        walletBalance: fromUnits(balance),
        unrealizedProfit: fromUnits(gained),
        marginBalance: fromUnits(balance + gained),
        maintMargin: '0.00000000',
        initialMargin: '0.00000000',
        positionInitialMargin: '0.00000000',
        openOrderInitialMargin: '0.00000000',
        maxWithdrawAmount: fromUnits(balance),
        crossWalletBalance: fromUnits(balance),
        crossUnPnl: fromUnits(gained),
        availableBalance: fromUnits(balance),
        updateTime: nowMs,
      }
    }),
    // in dollars only what is open, and without its entry
    positions: (kind === 'linear' ? open : positions).map((position) => {
      const { entryPrice, ...rest } = positionRow(position, exchange, nowMs)
      return kind === 'linear' ? rest : { ...rest, entryPrice }
    }),
  }
}

function markOf({ contract }: Position, exchange: Exchange, nowMs: number): bigint {
  return BigInt(exchange.contracts.marks.at(contract, nowMs))
}

function positionRow(position: Position, exchange: Exchange, nowMs: number) {
  const { contract, quantity } = position
  const mark = markOf(position, exchange, nowMs)
  return {
    symbol: contract.id,
    positionSide: position.side.toUpperCase(),
    positionAmt: trimmed(position.quantityText),
    entryPrice: quantity === 0n ? '0.0' : position.entry(contract.kind === 'linear' ? 10 : 8),
    breakEvenPrice: '0.0',
    markPrice: fromUnits(mark),
    unRealizedProfit: fromUnits(quantity === 0n ? 0n : position.unrealized(mark)),
    liquidationPrice: '0',
    isolatedMargin: '0',
    notional: fromUnits(worthOf(contract, quantity, mark)),
    marginAsset: contract.settle,
    isolatedWallet: '0',
    initialMargin: '0',
    maintMargin: '0',
    updateTime: position.changedMs,
  }
}

function trimmed(amount: string): string {
  return amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount
}

interface IncomeRow {
  readonly symbol: string
  readonly incomeType: string
  readonly income: string
  readonly asset: string
  readonly info: string
  readonly time: number
  readonly tranId: number
  readonly tradeId: string
}

function income({ exchange, query, wallet, nowMs }: SignedRequest, kind: Kind): unknown {
  const symbol = query.optionalText('symbol', symbolPattern)
  const type = query.optionalText('incomeType', /^[A-Z_]{1,40}$/)
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const page = query.limit('page', 1, 100_000)
  const limit = query.limit('limit', 100, 1_000)
  query.refuseUnread()
  if (startTime !== null && endTime !== null && startTime > endTime) throw refusals.invalid('startTime')
  const toMs = endTime ?? nowMs
  const fromMs = startTime ?? toMs - windowMs
  const historyMs = Math.min(exchange.historyMs, incomeKeptMs)
  const nameOf = (name: string): string => exchange.contracts.find(name)?.id ?? ''
  return wallet.changes
    .filter(
      ({ visibleAtMs, atMs }) => visibleAtMs !== null && visibleAtMs <= nowMs && atMs >= nowMs - historyMs,
    )
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .flatMap((change) => incomeRows(change, kind, nameOf))
    .filter((row) => (symbol === null || row.symbol === symbol) && (type === null || row.incomeType === type))
    .slice((page - 1) * limit, page * limit)
}

function incomeRows(change: Change, kind: Kind, nameOf: (symbol: string) => string): IncomeRow[] {
  const { cause, fill, moves, atMs, sequence, symbol = '', info = '', id } = change
  const tranId = 9_000_000_000 + sequence * 4
  const common = { info: '', time: atMs, tradeId: '' }
  if (fill !== undefined) {
    if (fill.contract?.kind !== kind) return []
    const { realized, settle, execution } = fill.contract
    const of = { ...common, symbol: nameOf(fill.symbol), tradeId: id }
    const type = execution === 'settlement' ? 'DELIVERED_SETTELMENT' : 'REALIZED_PNL'
    return [
      { ...of, incomeType: type, income: realized, asset: settle, tranId },
      {
        ...of,
        incomeType: 'COMMISSION',
        income: fromUnits(-toUnits(fill.fee.amount)),
        asset: fill.fee.asset,
        tranId: tranId + 1,
      },
    ].filter((row) => /[1-9]/.test(row.income))
  }
  const types: Readonly<Partial<Record<Change['cause'], string>>> = {
    funding: 'FUNDING_FEE',
    'liquidation-fee': 'INSURANCE_CLEAR',
    transfer: 'TRANSFER',
    rebate: info,
    reward: info,
  }
  const incomeType = types[cause]
  if (incomeType === undefined) return []
  return moves
    .filter(({ purse }) => purse === kind)
    .map(({ asset, amount }) => ({
      ...common,
      symbol: symbol === '' ? '' : nameOf(symbol),
      incomeType,
      income: amount,
      asset,
      info: cause === 'transfer' ? (amount.startsWith('-') ? 'WITHDRAW' : 'DEPOSIT') : incomeType,
      tranId: cause === 'transfer' ? Number(id) : tranId,
    }))
}

function userTrades({ exchange, query, wallet, nowMs }: SignedRequest, kind: Kind): unknown {
  const contract = contractFrom(query, exchange, kind)
  const orderId = query.optionalInteger('orderId')
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const fromId = query.optionalInteger('fromId')
  const limit = query.limit('limit', 500, 1_000)
  query.refuseUnread()
  if (fromId !== null && (startTime !== null || endTime !== null)) throw refusals.combination()
  if (startTime !== null && endTime !== null && endTime - startTime > windowMs)
    throw refusals.tooLong('7 days')
  const toMs = endTime ?? (startTime === null ? nowMs : startTime + windowMs)
  const fromMs = startTime ?? (fromId === null ? toMs - windowMs : 0)
  const fills = shown(wallet.fills.get(`${kind} ${contract.id}`) ?? [], nowMs, exchange.historyMs).filter(
    ({ id, atMs, fill }) =>
      (fromId === null || id >= fromId) &&
      (orderId === null || fill.orderId === orderId) &&
      atMs >= fromMs &&
      atMs <= toMs,
  )
  const page = fromId !== null || startTime !== null ? fills.slice(0, limit) : fills.slice(-limit)
  return page.map((record) => tradeRow(record, contract))
}

function tradeRow({ id, atMs, fill }: FillRecord, contract: ContractListing): unknown {
  const worth = worthOf(contract, toUnits(fill.quantity), toUnits(fill.price))
  const size =
    contract.kind === 'linear'
      ? { quoteQty: trimmed(fromUnits(worth)) }
      : {
          pair: `${contract.base}${contract.quote}`,
          marginAsset: contract.settle,
          baseQty: fromUnits(-worth),
        }
  return {
    symbol: contract.id,
    id,
    orderId: fill.orderId,
    side: fill.side.toUpperCase(),
    price: trimmed(fill.price),
    qty: trimmed(fill.quantity),
    realizedPnl: fill.contract?.realized ?? '0',
    ...size,
    commission: fill.fee.amount,
    commissionAsset: fill.fee.asset,
    time: atMs,
    positionSide: (fill.contract?.position ?? 'both').toUpperCase(),
    buyer: fill.side === 'buy',
    maker: fill.maker,
  }
}

/** Orders that the exchange made itself. */
function forceOrders({ exchange, query, wallet, nowMs }: SignedRequest, kind: Kind): unknown {
  const symbol = query.optionalText('symbol', symbolPattern)
  const type = query.optionalText('autoCloseType', /^(LIQUIDATION|ADL)$/)
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const limit = query.limit('limit', 50, 100)
  query.refuseUnread()
  if (startTime !== null && endTime !== null && endTime - startTime > windowMs)
    throw refusals.tooLong('7 days')
  const toMs = endTime ?? nowMs
  const fromMs = startTime ?? toMs - windowMs
  const wanted = type === null ? ['liquidation', 'adl'] : [type.toLowerCase()]
  const fills = [...wallet.fills]
    .filter(([key]) => key.startsWith(`${kind} `))
    .flatMap(([, records]) => shown(records, nowMs, exchange.historyMs))
    .filter(({ fill, marketId }) => symbol === null || marketId === symbol || fill.symbol === symbol)
    .filter(
      ({ fill, atMs }) => wanted.includes(fill.contract?.execution ?? '') && atMs >= fromMs && atMs <= toMs,
    )
  return fills.slice(-limit).map(({ marketId, atMs, fill }) => {
    const contract = exchange.contracts.find(fill.symbol)
    const size = trimmed(fill.quantity)
    return {
      orderId: fill.orderId,
      symbol: marketId,
      status: 'FILLED',
      clientOrderId: fill.contract?.execution === 'adl' ? 'adl_autoclose' : `autoclose-${atMs}000001`,
      price: trimmed(fill.price),
      avgPrice: trimmed(fill.price),
      origQty: size,
      executedQty: size,
      ...(kind === 'linear' && contract !== null
        ? { cumQuote: fromUnits(notionalOf(contract, toUnits(fill.quantity), toUnits(fill.price))) }
        : {}),
      timeInForce: 'IOC',
      type: 'LIMIT',
      reduceOnly: false,
      closePosition: false,
      side: fill.side.toUpperCase(),
      positionSide: (fill.contract?.position ?? 'both').toUpperCase(),
      stopPrice: '0',
      workingType: 'CONTRACT_PRICE',
      origType: 'LIMIT',
      time: atMs,
      updateTime: atMs,
    }
  })
}
