import { type ContractListing, worthOf } from '../contract.ts'
import type { Position } from '../position.ts'
import type { TrueFill } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'

/** Contracts as kucoin names and counts them: whole numbers, a linear one of its smallest step, an inverse one of a dollar. */

const months = 'FGHJKMNQUVXZ'

export function rawCoin(asset: string): string {
  return asset === 'BTC' ? 'XBT' : asset
}

export function contractId({ base, quote, deliveryMs }: ContractListing): string {
  if (deliveryMs === null) return `${rawCoin(base)}${quote}M`
  const date = new Date(deliveryMs)
  return `${rawCoin(base)}${quote}M${months[date.getUTCMonth()] ?? ''}${String(date.getUTCFullYear()).slice(2)}`
}

/** What its mark follows. */
export function indexId(contract: ContractListing): string {
  return `.K${contractId(contract)}`
}

function stepOf({ kind, stepDecimals }: ContractListing): number {
  return kind === 'inverse' ? 1 : 10 ** -stepDecimals
}

/** Units of the original's contracts, of which none is cut. */
export function countOf(contract: ContractListing, units: bigint): number {
  const places = 8n - BigInt(contract.stepDecimals)
  return contract.kind === 'inverse'
    ? Number((units * BigInt(contract.size)) / 100_000_000n)
    : Number(units / 10n ** places)
}

export function contractInfo(contract: ContractListing, mark: number): unknown {
  const { base, quote, settle, kind, deliveryMs, tickDecimals } = contract
  return {
    symbol: contractId(contract),
    rootSymbol: quote,
    type: deliveryMs === null ? 'FFWCSX' : 'FFICSX',
    expireDate: deliveryMs,
    settleDate: deliveryMs,
    baseCurrency: rawCoin(base),
    quoteCurrency: quote,
    settleCurrency: rawCoin(settle),
    lotSize: 1,
    tickSize: 10 ** -tickDecimals,
    multiplier: kind === 'inverse' ? -1 : stepOf(contract),
    isDeleverage: true,
    isQuanto: kind === 'linear',
    isInverse: kind === 'inverse',
    markMethod: 'FairPrice',
    indexSymbol: indexId(contract),
    status: 'Open',
    markPrice: mark,
  }
}

/** As the exchange has it in JSON: a number. */
export function numberOf(units: bigint): number {
  return Number(fromUnits(units))
}

export function positionRow(position: Position, markUnits: number): unknown {
  const { contract, quantity, side } = position
  const unrealised = position.unrealized(BigInt(markUnits))
  return {
    id: `${contract.id}${side}`,
    symbol: contractId(contract),
    crossMode: true,
    marginMode: 'CROSS',
    positionSide: side.toUpperCase(),
    currentQty: countOf(contract, quantity),
    currentCost: numberOf(position.cost),
    unrealisedCost: numberOf(position.cost),
    posCost: numberOf(position.cost),
    isOpen: true,
    markPrice: numberOf(BigInt(markUnits)),
    markValue: numberOf(worthOf(contract, quantity, BigInt(markUnits))),
    unrealisedPnl: numberOf(unrealised),
    // rounded: what was paid is told beside
    avgEntryPrice: Number(position.entry(contract.tickDecimals + 2)),
    settleCurrency: rawCoin(contract.settle),
    isInverse: contract.kind === 'inverse',
  }
}

export function fillRowOf({
  contract,
  fill,
  fee,
  atMs,
  number,
}: {
  readonly contract: ContractListing
  readonly fill: TrueFill
  /** What the insurance took of it included. */
  readonly fee: bigint
  readonly atMs: number
  readonly number: bigint
}): Readonly<Record<string, unknown>> {
  const { execution = 'trade', position = 'both' } = fill.contract ?? {}
  const worth = worthOf(contract, toUnits(fill.quantity), toUnits(fill.price))
  return {
    symbol: contractId(contract),
    tradeId: String(1_760_000_000_000n + number),
    orderId: String(fill.orderId),
    side: fill.side,
    liquidity: fill.maker ? 'maker' : 'taker',
    forceTaker: false,
    price: fill.price,
    size: countOf(contract, toUnits(fill.quantity)),
    value: fromUnits(worth < 0n ? -worth : worth),
    feeRate: '0.0006',
    fixFee: '0',
    fee: fromUnits(fee),
    feeCurrency: rawCoin(contract.settle),
    stop: '',
    orderType: fill.maker ? 'limit' : 'market',
    tradeType: { trade: 'trade', liquidation: 'liquid', adl: 'adl', settlement: 'settlement' }[execution],
    marginMode: 'CROSS',
    positionSide: position.toUpperCase(),
    settleCurrency: rawCoin(contract.settle),
    // when its order was made
    createdAt: atMs - 1,
    tradeTime: `${atMs}000000`,
  }
}

/** As a unified account has it: a number of contracts that is below nothing where the position is short. */
export function unifiedPosition(position: Position, markUnits: number): unknown {
  const { contract, quantity, side, cost } = position
  return {
    symbol: contractId(contract),
    id: `${contract.id}${side}`,
    marginMode: 'CROSS',
    size: String(countOf(contract, quantity)),
    entryPrice: position.entry(10),
    positionValue: fromUnits(cost < 0n ? -cost : cost),
    markPrice: fromUnits(BigInt(markUnits)),
    leverage: '10',
    unrealizedPnL: fromUnits(position.unrealized(BigInt(markUnits))),
    realizedPnL: '0',
  }
}
