import type { ContractListing } from '../contract.ts'
import type { ContractDesk } from '../contract-desk.ts'
import type { Position } from '../position.ts'
import { fromUnits } from '../units.ts'

/** Contracts as bybit names and counts them: an inverse one is of a dollar each. */

const months = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const quarters: Readonly<Record<number, string>> = { 2: 'H', 5: 'M', 8: 'U', 11: 'Z' }

export function contractId({ base, quote, kind, deliveryMs }: ContractListing): string {
  const id = base + quote
  if (deliveryMs === null) return id
  const date = new Date(deliveryMs)
  const year = String(date.getUTCFullYear()).slice(2)
  const month = date.getUTCMonth()
  if (kind === 'inverse') return `${id}${quarters[month] ?? 'F'}${year}`
  return `${id}-${String(date.getUTCDate()).padStart(2, '0')}${months[month] ?? ''}${year}`
}

export function contractOf(
  desk: ContractDesk,
  category: ContractListing['kind'],
  id: string,
): ContractListing | null {
  return desk.contracts.find((each) => each.kind === category && contractId(each) === id) ?? null
}

/** Units of the original's contracts. */
export function quantityOf({ kind, size }: Pick<ContractListing, 'kind' | 'size'>, units: bigint): string {
  return fromUnits(kind === 'inverse' ? units * BigInt(size) : units)
}

export function contractInfo(contract: ContractListing): unknown {
  const dated = contract.deliveryMs !== null
  return {
    symbol: contractId(contract),
    contractType: `${contract.kind === 'linear' ? 'Linear' : 'Inverse'}${dated ? 'Futures' : 'Perpetual'}`,
    status: 'Trading',
    baseCoin: contract.base,
    quoteCoin: contract.quote,
    settleCoin: contract.settle,
    launchTime: '1585526400000',
    deliveryTime: String(contract.deliveryMs ?? 0),
    deliveryFeeRate: dated ? '0.00015' : '',
    priceScale: String(contract.tickDecimals),
    fundingInterval: 480,
  }
}

export function positionRow(position: Position, markUnits: number): unknown {
  const { contract, quantity, side } = position
  const size = quantity < 0n ? -quantity : quantity
  return {
    positionIdx: { both: 0, long: 1, short: 2 }[side],
    symbol: contractId(contract),
    side: quantity === 0n ? '' : quantity < 0n ? 'Sell' : 'Buy',
    size: quantityOf(contract, size),
    avgPrice: quantity === 0n ? '0' : position.entry(contract.kind === 'linear' ? 10 : 8),
    markPrice: fromUnits(BigInt(markUnits)),
    unrealisedPnl: quantity === 0n ? '0' : fromUnits(position.unrealized(BigInt(markUnits))),
    positionStatus: 'Normal',
    tradeMode: 0,
    leverage: '10',
    liqPrice: '',
    createdTime: '1676538056258',
    updatedTime: String(position.changedMs),
  }
}
