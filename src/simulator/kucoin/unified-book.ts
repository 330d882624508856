import type { ContractDesk } from '../contract-desk.ts'
import type { Change, TrueFill, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { contractId, fillRowOf } from './contract.ts'
import { penaltyOf } from './contract-book.ts'
import type { Told } from './page.ts'
import { symbolOf } from './quotes.ts'

/** What kucoin's lists say of a unified account, made of what really happened to its one wallet. */

export interface UnifiedFill extends Told {
  readonly tradeType: 'SPOT' | 'FUTURES'
  readonly symbol: string
}

export interface UnifiedBook {
  /** Newest first, both. */
  readonly lines: readonly Told[]
  readonly fills: readonly UnifiedFill[]
}

interface Part {
  readonly kind: string
  readonly asset: string
  /** Fee included. */
  readonly units: bigint
  readonly fee?: string
}

const linesOfEvent = 16n
const firstNumber = 10_000_000_000_000_000n

export function unifiedBookOf(
  { truth, contracts }: { readonly truth: TruthWriter; readonly contracts: ContractDesk },
  uid: string,
  nowMs: number,
): UnifiedBook {
  const balances = new Map<string, bigint>()
  const lines: Told[] = []
  const fills: UnifiedFill[] = []
  const own = truth.changes.filter(({ account, atMs }) => account === uid && atMs <= nowMs)
  for (const change of own) {
    for (const { asset, amount } of change.moves) {
      balances.set(asset, (balances.get(asset) ?? 0n) + toUnits(amount))
    }
    const { visibleAtMs, fill, atMs, sequence } = change
    if (visibleAtMs === null || visibleAtMs > nowMs) continue
    for (const [index, { kind, asset, units, fee = '0' }] of partsOf(change).entries()) {
      const number = firstNumber + BigInt(sequence) * linesOfEvent + BigInt(index)
      const row = {
        accountType: 'UNIFIED',
        id: String(number),
        currency: asset,
        direction: units < 0n ? 'OUT' : 'IN',
        businessType: kind,
        amount: fromUnits(units < 0n ? -units : units),
        balance: fromUnits(balances.get(asset) ?? 0n),
        fee,
        tax: '0',
        remark: '',
        ts: `${atMs}000000`,
      }
      lines.push({ atMs, number, row })
    }
    if (fill !== undefined) fills.push(fillOf(change, fill, contracts, own))
  }
  const newestFirst = <Row extends Told>(rows: readonly Row[]): Row[] =>
    rows.toSorted((a, b) => b.atMs - a.atMs || (a.number < b.number ? 1 : -1))
  return { lines: newestFirst(lines), fills: newestFirst(fills) }
}

function fillOf(
  change: Change,
  fill: TrueFill,
  contracts: ContractDesk,
  own: readonly Change[],
): UnifiedFill {
  const { atMs, sequence } = change
  const number = 20_408_356_000_000_000n + BigInt(sequence)
  const common = {
    orderId: String(fill.orderId),
    orderType: fill.maker ? 'LIMIT' : 'MARKET',
    side: fill.side.toUpperCase(),
    tradeId: String(number),
    executionTime: `${atMs}000000`,
    liquidityRole: fill.maker ? 'MAKER' : 'TAKER',
    tax: '0',
  }
  const contract = contracts.find(fill.symbol)
  if (contract === null) {
    const symbol = symbolOf(fill)
    const { quantity: size, quoteQuantity: value, price, fee } = fill
    const row = {
      symbol,
      ...common,
      fillType: 'NORMAL',
      size,
      value,
      price,
      fee: fee.amount,
      feeCurrency: fee.asset,
    }
    return { atMs, number, tradeType: 'SPOT', symbol, row }
  }
  const fee = toUnits(fill.fee.amount) + penaltyOf(own, change)
  const classic = fillRowOf({ contract, fill, fee, atMs, number })
  const row = {
    symbol: contractId(contract),
    ...common,
    fillType: String(classic['tradeType']).replace('trade', 'normal').toUpperCase(),
    size: String(classic['size']),
    value: classic['value'],
    price: fill.price,
    fee: classic['fee'],
    // here it has its usual name
    feeCurrency: contract.settle,
  }
  return { atMs, number, tradeType: 'FUTURES', symbol: row.symbol, row }
}

function partsOf(change: Change): Part[] {
  const { cause, moves, fill } = change
  const each = (kind: string): Part[] =>
    moves.map(({ asset, amount }) => ({ kind, asset, units: toUnits(amount) }))
  switch (cause) {
    case 'fill':
      return fill === undefined ? [] : fillParts(change, fill)
    case 'deposit':
    case 'withdrawal':
    case 'withdrawal-returned':
    case 'transfer':
      // all of it goes through the funding account
      return each('TRANSFER')
    case 'convert':
      return each('AUTO_EXCHANGE_USER')
    case 'funding':
      return each('FUNDING_FEE')
    case 'liquidation-fee':
      return each('FUTURES_EXCHANGE_CLOSE')
    case 'rebate':
      return each('FUTURES_EXCHANGE_REBATE')
    case 'interest':
      return each('LIABILITY_INTEREST')
    default:
      return []
  }
}

function fillParts({ moves }: Change, fill: TrueFill): Part[] {
  const { base, quote, quantity, quoteQuantity, fee, side, contract } = fill
  if (contract !== undefined) {
    const kind = toUnits(contract.realized) === 0n ? 'FUTURES_EXCHANGE_OPEN' : 'FUTURES_EXCHANGE_CLOSE'
    return moves.map(({ asset, amount }) => ({ kind, asset, units: toUnits(amount) }))
  }
  const sign = side === 'buy' ? 1n : -1n
  const part = (asset: string, units: bigint): Part => {
    const own = fee.asset === asset ? toUnits(fee.amount) : 0n
    return { kind: 'SPOT_EXCHANGE', asset, units: units - own, fee: fromUnits(own) }
  }
  return [
    part(base, sign * toUnits(quantity)),
    part(quote, -sign * toUnits(quoteQuantity)),
    ...(fee.asset === base || fee.asset === quote ? [] : [part(fee.asset, 0n)]),
  ].filter(({ units }) => units !== 0n)
}
