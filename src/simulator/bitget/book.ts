import type { ContractDesk } from '../contract-desk.ts'
import type { Change, Move, TrueFill, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { contractId } from './contract.ts'

/** What bitget's lists say of one account's wallets, made of what really happened to them. */

export interface BookRow {
  readonly atMs: number
  /** Rises with time: pages go on by it. */
  readonly id: bigint
  readonly row: Readonly<Record<string, unknown>>
}

/** What the lists are made of. */
export interface Records {
  readonly truth: TruthWriter
  readonly contracts: ContractDesk
}

/** One line: what it did to one coin of the wallet. */
interface Part {
  readonly group: string
  readonly business: string
  readonly asset: string
  /** Without the fee. */
  readonly size: string
  /** < 0 paid. */
  readonly fee?: string
}

const firstId = 1_290_000_000_000_000_000n
/** Lines that one event can have. */
const linesOfEvent = 64n

export function idOf(sequence: number, index = 0): bigint {
  return firstId + BigInt(sequence) * linesOfEvent + BigInt(index)
}

/** An account's changes that are shown at `nowMs`, each with what its wallet then held of every coin. */
export function* shownOf(
  { truth }: Records,
  uid: string,
  purse: string,
  nowMs: number,
): Generator<{ change: Change; moves: readonly Move[]; held: ReadonlyMap<string, bigint> }> {
  const held = new Map<string, bigint>()
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    const moves = change.moves.filter((move) => (move.purse ?? 'spot') === purse)
    for (const { asset, amount } of moves) held.set(asset, (held.get(asset) ?? 0n) + toUnits(amount))
    const { visibleAtMs } = change
    if (visibleAtMs !== null && visibleAtMs <= nowMs && moves.length > 0) yield { change, moves, held }
  }
}

export function spotBillsOf(records: Records, uid: string, nowMs: number): BookRow[] {
  const rows: BookRow[] = []
  for (const { change, moves, held } of shownOf(records, uid, 'spot', nowMs)) {
    for (const [index, part] of spotPartsOf(change, moves).entries()) {
      const id = idOf(change.sequence, index)
      const row = {
        cTime: String(change.atMs),
        // as it is written there, in small letters
        coin: part.asset.toLowerCase(),
        groupType: part.group,
        businessType: part.business,
        size: part.size,
        balance: fromUnits(held.get(part.asset) ?? 0n),
        fees: part.fee ?? '0',
        billId: String(id),
      }
      rows.push({ atMs: change.atMs, id, row })
    }
  }
  return newestFirst(rows)
}

export function spotFillsOf({ truth }: Records, uid: string, nowMs: number): BookRow[] {
  return fillsOf(truth, uid, nowMs, (fill, { sequence, atMs, moves }) => {
    if (fill.contract !== undefined || moves.some(({ purse }) => purse !== undefined)) return null
    return {
      userId: uid,
      symbol: fill.base + fill.quote,
      orderId: String(fill.orderId),
      tradeId: String(idOf(sequence)),
      orderType: fill.maker ? 'limit' : 'market',
      side: fill.side,
      priceAvg: fill.price,
      size: fill.quantity,
      amount: fill.quoteQuantity,
      feeDetail: feeOf(fill),
      tradeScope: fill.maker ? 'maker' : 'taker',
      cTime: String(atMs),
      uTime: String(atMs + 1),
    }
  })
}

export function contractBillsOf(records: Records, uid: string, nowMs: number): BookRow[] {
  const rows: BookRow[] = []
  for (const { change, moves, held } of shownOf(records, uid, 'linear', nowMs)) {
    const { fill, symbol, sequence, atMs } = change
    const contract = records.contracts.find(fill?.symbol ?? symbol ?? '')
    for (const [index, part] of contractPartsOf(change, moves).entries()) {
      const id = idOf(sequence, index)
      const row = {
        billId: String(id),
        symbol: contract === null ? '' : contractId(contract),
        amount: part.size,
        fee: part.fee ?? '0',
        feeByCoupon: '',
        businessType: part.business,
        coin: part.asset,
        balance: fromUnits(held.get(part.asset) ?? 0n),
        cTime: String(atMs),
      }
      rows.push({ atMs, id, row })
    }
  }
  return newestFirst(rows)
}

export function contractFillsOf({ truth, contracts }: Records, uid: string, nowMs: number): BookRow[] {
  return fillsOf(truth, uid, nowMs, (fill, { sequence, atMs }) => {
    const contract = contracts.find(fill.symbol)
    if (fill.contract === undefined || contract === null) return null
    const hedged = fill.contract.position !== 'both'
    return {
      tradeId: String(idOf(sequence)),
      symbol: contractId(contract),
      marginCoin: contract.settle,
      orderId: String(fill.orderId),
      price: fill.price,
      baseVolume: fill.quantity,
      feeDetail: [feeOf(fill)],
      // with positions of both sides it is the side of the position
      side: hedged ? (fill.contract.position === 'long' ? 'buy' : 'sell') : fill.side,
      quoteVolume: fill.quoteQuantity,
      profit: fill.contract.realized,
      enterPointSource: 'api',
      tradeSide: tradeSideOf(fill),
      posMode: hedged ? 'hedge_mode' : 'one_way_mode',
      tradeScope: fill.maker ? 'maker' : 'taker',
      cTime: String(atMs),
    }
  })
}

function fillsOf(
  truth: TruthWriter,
  uid: string,
  nowMs: number,
  rowOf: (fill: TrueFill, change: Change) => Readonly<Record<string, unknown>> | null,
): BookRow[] {
  const rows = truth.changes.flatMap((change): BookRow[] => {
    const { fill, visibleAtMs, sequence, atMs } = change
    if (fill === undefined || change.account !== uid) return []
    if (visibleAtMs === null || visibleAtMs > nowMs) return []
    const row = rowOf(fill, change)
    return row === null ? [] : [{ atMs, id: idOf(sequence), row }]
  })
  return newestFirst(rows)
}

export function newestFirst(rows: readonly BookRow[]): BookRow[] {
  return rows.toSorted((a, b) => (a.id < b.id ? 1 : -1))
}

function negated(amount: string): string {
  return fromUnits(-toUnits(amount))
}

export function feeOf({ fee, base, quote }: TrueFill): unknown {
  const isThird = fee.asset !== base && fee.asset !== quote
  return {
    deduction: isThird ? 'yes' : 'no',
    feeCoin: fee.asset,
    totalDeductionFee: isThird ? negated(fee.amount) : '',
    totalFee: negated(fee.amount),
  }
}

function spotPartsOf({ cause, fill }: Change, moves: readonly Move[]): Part[] {
  const each = (group: string, nameOf: (amount: string) => string): Part[] =>
    moves.map(({ asset, amount }) => ({ group, business: nameOf(amount), asset, size: amount }))
  const isOut = (amount: string): boolean => amount.startsWith('-')
  switch (cause) {
    case 'fill': {
      if (fill === undefined) return []
      const { base, quote, quantity, quoteQuantity, fee, side } = fill
      const bought = side === 'buy'
      const line = (asset: string, size: string): Part => ({
        group: 'transaction',
        business: side,
        asset,
        size,
        ...(fee.asset === asset ? { fee: negated(fee.amount) } : {}),
      })
      return [
        line(base, bought ? quantity : `-${quantity}`),
        line(quote, bought ? `-${quoteQuantity}` : quoteQuantity),
        ...(fee.asset === base || fee.asset === quote || toUnits(fee.amount) === 0n
          ? []
          : [
              {
                group: 'transaction',
                business: 'deduction of handling fee',
                asset: fee.asset,
                size: negated(fee.amount),
              },
            ]),
      ]
    }
    case 'deposit':
      return each('deposit', () => 'deposit')
    case 'withdrawal':
    case 'withdrawal-returned':
      return each('withdraw', () => 'withdraw')
    case 'transfer':
      return each('transfer', (amount) => (isOut(amount) ? 'transfer_out' : 'transfer_in'))
    case 'reward':
      return each('other', () => 'airdrop rewards')
    case 'earn':
      return each('financial', () => 'interest')
    case 'dust':
      return each('convert', () => 'convert small')
    case 'convert':
      return each('convert', () => 'convert')
    default:
      return []
  }
}

function contractPartsOf({ cause, fill }: Change, moves: readonly Move[]): Part[] {
  const each = (nameOf: (amount: string) => string): Part[] =>
    moves.map(({ asset, amount }) => ({ group: '', business: nameOf(amount), asset, size: amount }))
  switch (cause) {
    case 'fill': {
      if (fill?.contract === undefined) return []
      const { settle, realized } = fill.contract
      const fee = fill.fee.asset === settle ? negated(fill.fee.amount) : '0'
      return [{ group: '', business: businessOf(fill), asset: settle, size: realized, fee }]
    }
    case 'funding':
      return each(() => 'contract_settle_fee')
    case 'liquidation-fee':
      return each(() => 'risk_captital_user_transfer')
    case 'transfer':
      return each((amount) => (amount.startsWith('-') ? 'trans_to_exchange' : 'trans_from_exchange'))
    case 'reward':
      return each(() => 'bonus_issue')
    default:
      return []
  }
}

/** Of a hedged account it says which position it opened or closed. */
function businessOf({ side, contract }: TrueFill): string {
  const execution = contract?.execution ?? 'trade'
  const held = contract?.position ?? 'both'
  const how = { trade: '', liquidation: 'burst_', adl: 'force_', settlement: 'delivery_' }[execution]
  if (held === 'both') return `${how}${side}`
  if (execution === 'liquidation') return `burst_${held}_loss_query`
  const opens = (held === 'long') === (side === 'buy')
  return `${how}${opens ? 'open' : 'close'}_${held}`
}

function tradeSideOf({ side, contract }: TrueFill): string {
  const execution = contract?.execution ?? 'trade'
  const held = contract?.position ?? 'both'
  if (execution === 'adl') {
    return held === 'both' ? `dte_sys_adl_${side}_in_single_side_mode` : `dte_sys_adl_close_${held}`
  }
  const how = { trade: '', liquidation: 'burst_', settlement: 'delivery_' }[execution]
  if (held === 'both') return `${how}${side}_single`
  if (how !== '') return `${how}close_${held}`
  return (held === 'long') === (side === 'buy') ? 'open' : 'close'
}
