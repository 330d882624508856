import type { ContractDesk } from '../contract-desk.ts'
import type { Change, Move, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { accountOf, coinName, contractName } from './name.ts'

/** The account log and the fills, made of what really happened to one account. Numbers are numbers there. */

export interface BookRow {
  readonly atMs: number
  readonly row: Readonly<Record<string, unknown>>
}

interface Line {
  readonly asset: string
  readonly account: string
  readonly info: string
  readonly before: bigint
  readonly after: bigint
  readonly more?: object
}

/** Of one change there are no more lines. */
const linesMax = 16

const numberOf = (units: bigint): number => Number(fromUnits(units))
const textNumber = (text: string): number => Number(text)

/** All lines that are shown at `nowMs`, oldest first. */
export function logOf(truth: TruthWriter, contracts: ContractDesk, uid: string, nowMs: number): BookRow[] {
  const own = truth.changes.filter(({ account }) => account === uid)
  const held = new Map<string, bigint>()
  const step = (key: string, units: bigint): { before: bigint; after: bigint } => {
    const before = held.get(key) ?? 0n
    held.set(key, before + units)
    return { before, after: before + units }
  }
  return own.flatMap((change, index): BookRow[] => {
    const next = own[index + 1]
    // what the fund takes stands in the line of the fill that closed the position
    const penalty = isPenaltyOf(next, change) ? (next?.moves[0]?.amount ?? '0') : null
    const merged = change.cause === 'liquidation-fee' && isPenaltyOf(change, own[index - 1])
    const lines = merged ? [] : linesOf(change, contracts, step, penalty)
    if (change.visibleAtMs === null || change.visibleAtMs > nowMs) return []
    return lines.map((line, place) => ({
      atMs: change.atMs,
      row: rowOf(change, line, change.sequence * linesMax + place + 1),
    }))
  })
}

function isPenaltyOf(penalty: Change | undefined, change: Change | undefined): boolean {
  return penalty?.cause === 'liquidation-fee' && change?.fill?.contract?.execution === 'liquidation'
}

type Step = (key: string, units: bigint) => { before: bigint; after: bigint }

function linesOf(change: Change, contracts: ContractDesk, step: Step, penalty: string | null): Line[] {
  const { fill, cause, moves, symbol } = change
  const moved = ({ asset, amount, purse }: Move, info: string, more: object = {}): Line => {
    const account = accountOf(purse, asset)
    return {
      asset: coinName(asset),
      account,
      info,
      ...step(`${account} ${asset}`, toUnits(amount)),
      more,
    }
  }
  const all = (info: string): Line[] => moves.map((move) => moved(move, info))
  if (fill !== undefined) return tradeLines(change, contracts, step, penalty)
  switch (cause) {
    case 'funding': {
      const contract = contracts.find(symbol ?? '')
      const name = contract === null ? null : contractName(contract)
      return moves.map((move) =>
        moved(move, 'funding rate change', {
          contract: name?.toLowerCase(),
          realized_funding: textNumber(move.amount),
        }),
      )
    }
    case 'transfer':
      return all(moves.length > 1 ? 'transfer' : 'cross-exchange transfer')
    case 'deposit':
    case 'withdrawal':
    case 'withdrawal-returned':
      return all('cross-exchange transfer')
    case 'convert':
      return all('conversion')
    case 'rebate':
      return all('kfee applied')
    default:
      return all('')
  }
}

const infos = {
  trade: 'futures trade',
  liquidation: 'futures liquidation',
  adl: 'futures unwind counterparty',
  settlement: 'settlement',
} as const

/** What a fill did to the position, then what it did to the wallet. */
function tradeLines(change: Change, contracts: ContractDesk, step: Step, penalty: string | null): Line[] {
  const { fill, moves } = change
  const contract = fill === undefined ? null : contracts.find(fill.symbol)
  if (fill?.contract === undefined || contract === null) return []
  const { kind, settle, execution, realized } = fill.contract
  const name = contractName(contract)
  const account = accountOf(kind, settle)
  const told = {
    contract: name.toLowerCase(),
    execution: fillId(change),
    trade_price: textNumber(fill.price),
    mark_price: textNumber(fill.price),
  }
  const info = infos[execution]
  const quantity = toUnits(fill.quantity)
  const position = step(name, fill.side === 'buy' ? quantity : -quantity)
  const cost = toUnits(fill.contract.cost)
  const costBefore = step(`${name} cost`, 0n).before
  step(`${name} cost`, cost - costBefore)
  const wallet = new Map([[settle, toUnits(penalty ?? '0')]])
  for (const { asset, amount } of moves) wallet.set(asset, (wallet.get(asset) ?? 0n) + toUnits(amount))
  const entry = kind === 'linear' ? entryOf(costBefore, position.before) : null
  return [
    {
      asset: name.toLowerCase(),
      account,
      info,
      ...position,
      more: { ...told, old_average_entry_price: entry },
    },
    ...[...wallet].map(([asset, units]) => ({
      asset: coinName(asset),
      account,
      info,
      ...step(`${account} ${asset}`, units),
      more: {
        ...told,
        fee: asset === fill.fee.asset ? textNumber(fill.fee.amount) : null,
        realized_pnl: textNumber(realized),
        realized_funding: 0,
        liquidation_fee: penalty === null || asset !== settle ? null : -textNumber(penalty),
      },
    })),
  ]
}

/** A double, as all numbers there; of nothing there is none. */
function entryOf(cost: bigint, quantity: bigint): number | null {
  return quantity === 0n ? null : Number(cost) / Number(quantity)
}

function rowOf(
  change: Change,
  { asset, account, info, before, after, more }: Line,
  id: number,
): BookRow['row'] {
  return {
    id,
    date: new Date(change.atMs).toISOString(),
    asset,
    info,
    booking_uid: `b-${change.sequence}`,
    margin_account: account,
    old_balance: numberOf(before),
    new_balance: numberOf(after),
    old_average_entry_price: null,
    new_average_entry_price: null,
    trade_price: null,
    mark_price: null,
    realized_pnl: null,
    fee: null,
    execution: null,
    collateral: null,
    funding_rate: null,
    realized_funding: null,
    contract: null,
    liquidation_fee: null,
    ...more,
  }
}

export function fillId({ sequence }: Change): string {
  return `00000000-0000-4000-8000-${String(sequence).padStart(12, '0')}`
}

const kinds = { liquidation: 'liquidation', adl: 'unwindCounterparty' } as const

/** Newest first; what was settled is no fill there. */
export function fillsOf(truth: TruthWriter, contracts: ContractDesk, uid: string, nowMs: number): BookRow[] {
  return truth.changes
    .flatMap((change): BookRow[] => {
      const { fill, atMs, visibleAtMs, account } = change
      const contract = fill === undefined ? null : contracts.find(fill.symbol)
      if (fill?.contract === undefined || contract === null || account !== uid) return []
      if (visibleAtMs === null || visibleAtMs > nowMs || fill.contract.execution === 'settlement') return []
      const { execution } = fill.contract
      const kind = execution === 'trade' ? (fill.maker ? 'maker' : 'taker') : kinds[execution]
      const row = {
        fill_id: fillId(change),
        symbol: contractName(contract),
        side: fill.side,
        order_id: String(fill.orderId),
        fillTime: new Date(atMs).toISOString(),
        size: textNumber(fill.quantity),
        price: textNumber(fill.price),
        fillType: kind,
      }
      return [{ atMs, row }]
    })
    .toReversed()
}
