import { type ContractListing, worthOf } from '../contract.ts'
import type { Position } from '../position.ts'
import type { TrueFill } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'

/** Contracts as okx names and counts them: a linear one is of so much of the coin each. */

const sizes: Readonly<Record<string, string>> = {
  BTC: '0.01',
  ETH: '0.1',
  BNB: '0.01',
  SOL: '1',
  XRP: '100',
  DOGE: '1000',
}

export function contractId({ id, base, quote, deliveryMs, option }: ContractListing): string {
  if (option !== undefined) return id
  const ending =
    deliveryMs === null ? 'SWAP' : new Date(deliveryMs).toISOString().slice(2, 10).replaceAll('-', '')
  return `${base}-${quote}-${ending}`
}

export function instTypeOf({ deliveryMs, option }: ContractListing): 'SWAP' | 'FUTURES' | 'OPTION' {
  if (option !== undefined) return 'OPTION'
  return deliveryMs === null ? 'SWAP' : 'FUTURES'
}

function sizeOf({ kind, base, size, option, settle }: ContractListing): string {
  if (option !== undefined) return sizes[settle] ?? '1'
  return kind === 'inverse' ? String(size) : (sizes[base] ?? '1')
}

/** Units of the original's contracts, of which none is cut. */
export function quantityOf(contract: ContractListing, units: bigint): string {
  return contract.kind === 'inverse'
    ? fromUnits(units)
    : fromUnits((units * 100_000_000n) / toUnits(sizeOf(contract)))
}

function optionInfo(contract: ContractListing): unknown {
  const { option, settle, deliveryMs } = contract
  return {
    alias: '',
    baseCcy: '',
    category: '1',
    ctMult: sizeOf(contract),
    ctType: '',
    ctVal: '1',
    ctValCcy: settle,
    expTime: String(deliveryMs),
    instFamily: `${settle}-USD`,
    instId: contractId(contract),
    instType: 'OPTION',
    optType: option?.isCall === true ? 'C' : 'P',
    quoteCcy: '',
    settleCcy: settle,
    state: 'live',
    stk: String((option?.strikeUnits ?? 0) / 100_000_000),
    uly: `${settle}-USD`,
  }
}

export function contractInfo(contract: ContractListing): unknown {
  if (contract.option !== undefined) return optionInfo(contract)
  return {
    alias: '',
    baseCcy: '',
    category: '1',
    ctMult: '1',
    ctType: contract.kind,
    ctVal: sizeOf(contract),
    ctValCcy: contract.kind === 'linear' ? contract.base : contract.quote,
    expTime: contract.deliveryMs === null ? '' : String(contract.deliveryMs),
    instFamily: `${contract.base}-${contract.quote}`,
    instId: contractId(contract),
    instType: instTypeOf(contract),
    quoteCcy: '',
    settleCcy: contract.settle,
    state: 'live',
    uly: `${contract.base}-${contract.quote}`,
  }
}

export function positionRow(position: Position, markUnits: number): unknown {
  const { contract, quantity, side } = position
  const size = quantity < 0n ? -quantity : quantity
  const text = quantityOf(contract, side === 'both' ? quantity : size)
  return {
    instType: instTypeOf(contract),
    instId: contractId(contract),
    posSide: side === 'both' ? 'net' : side,
    pos: text,
    avgPx: position.entry(contract.kind === 'linear' ? 10 : 8),
    markPx: fromUnits(BigInt(markUnits)),
    upl: fromUnits(position.unrealized(BigInt(markUnits))),
    ccy: contract.settle,
    // who bought a right keeps it apart, and needs nothing to hold it
    mgnMode: contract.option !== undefined && quantity > 0n ? 'isolated' : 'cross',
    margin: '',
    optVal: contract.option === undefined ? '' : fromUnits(worthOf(contract, quantity, BigInt(markUnits))),
    liab: '',
    posCcy: '',
    uTime: String(position.changedMs),
  }
}

/** `type` and `subType` of a bill of contracts, by how it came about, which way it went and of which side it was. */
export function billTypesOf({ side, contract, price }: TrueFill): { type: string; subType: string } {
  const execution = contract?.execution ?? 'trade'
  const held = contract?.position ?? 'both'
  const bought = side === 'buy'
  if (execution === 'settlement' && contract?.option === true) {
    const isNothing = toUnits(price) === 0n
    return { type: '3', subType: isNothing ? '172' : bought ? '171' : '170' }
  }
  if (execution === 'settlement') return { type: '3', subType: bought ? '113' : '112' }
  if (execution === 'liquidation')
    return { type: '5', subType: held === 'both' ? (bought ? '106' : '107') : bought ? '105' : '104' }
  if (execution === 'adl')
    return { type: '9', subType: held === 'both' ? (bought ? '127' : '128') : bought ? '126' : '125' }
  if (held === 'both') return { type: '2', subType: bought ? '1' : '2' }
  if (held === 'long') return { type: '2', subType: bought ? '3' : '5' }
  return { type: '2', subType: bought ? '6' : '4' }
}
