import type { ContractDesk } from '../contract-desk.ts'
import type { Change, TrueFill, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { contractId, quantityOf } from './contract.ts'

/** What bybit's lists say of one unified account, made of what really happened to it. */

export interface BookRow {
  readonly atMs: number
  readonly id: string
  readonly category: string
  readonly row: Readonly<Record<string, unknown>>
}

/** One line of the log: what it did to one coin. */
interface Part {
  readonly type: string
  readonly asset: string
  readonly cashFlow: string
  readonly fee?: string
  readonly funding?: string
}

/** What the lists are made of. */
export interface Records {
  readonly truth: TruthWriter
  readonly contracts: ContractDesk
}

/** All lines that are shown at `nowMs`, newest first. */
export function logOf({ truth, contracts }: Records, uid: string, nowMs: number): BookRow[] {
  const balances = new Map<string, bigint>()
  const rows: BookRow[] = []
  const penalties = penaltiesOf(truth, uid)
  for (const told of truth.changes) {
    if (told.account !== uid) continue
    const change = { ...told, moves: told.moves.filter(({ purse }) => purse !== 'funding') }
    for (const { asset, amount } of change.moves) {
      balances.set(asset, (balances.get(asset) ?? 0n) + toUnits(amount))
    }
    if (change.visibleAtMs === null || change.visibleAtMs > nowMs) continue
    const { fill, sequence, atMs } = change
    const { category, symbol } = placeOf(change, contracts)
    for (const part of partsOf(change, penalties.get(sequence) ?? 0n)) {
      const funding = toUnits(part.funding ?? '0')
      const moved = toUnits(part.cashFlow) + funding - toUnits(part.fee ?? '0')
      rows.push({
        atMs,
        // one number for the lines of one event: the coin tells them apart
        id: idText(sequence),
        category,
        row: {
          id: idText(sequence),
          symbol,
          category,
          side: fill === undefined ? 'None' : sideText(fill.side),
          transactionTime: String(atMs),
          type: part.type,
          qty: fill?.contract === undefined ? fromUnits(moved) : sizeOf(fill, contracts),
          size: fromUnits(balances.get(part.asset) ?? 0n),
          currency: part.asset,
          tradePrice: fill?.price ?? '',
          funding: part.funding ?? '',
          fee: part.fee ?? '',
          cashFlow: part.cashFlow,
          change: fromUnits(moved),
          cashBalance: fromUnits(balances.get(part.asset) ?? 0n),
          feeRate: '',
          bonusChange: '',
          tradeId: fill === undefined ? '' : execIdOf(sequence),
          orderId: fill === undefined ? orderIdOf(change) : String(fill.orderId),
          orderLinkId: '',
        },
      })
    }
  }
  return newestFirst(rows)
}

/** All executions that are shown at `nowMs`, newest first. */
export function executionsOf({ truth, contracts }: Records, uid: string, nowMs: number): BookRow[] {
  const penalties = penaltiesOf(truth, uid)
  const rows = truth.changes.flatMap((change): BookRow[] => {
    const { fill, sequence, atMs, visibleAtMs } = change
    if (fill === undefined || change.account !== uid) return []
    if (visibleAtMs === null || visibleAtMs > nowMs) return []
    const { category, symbol } = placeOf(change, contracts)
    const row = {
      symbol,
      orderId: String(fill.orderId),
      orderLinkId: '',
      side: sideText(fill.side),
      orderPrice: fill.price,
      orderQty: sizeOf(fill, contracts),
      leavesQty: '0',
      orderType: fill.maker ? 'Limit' : 'Market',
      stopOrderType: '',
      execFee: fromUnits(toUnits(fill.fee.amount) + (penalties.get(sequence) ?? 0n)),
      feeCurrency: fill.fee.asset,
      execId: execIdOf(sequence),
      execPrice: fill.price,
      execQty: sizeOf(fill, contracts),
      execType: execTypeOf(fill),
      // of an inverse contract in its coin
      execValue: fill.contract?.kind === 'inverse' ? '0.01' : fill.quoteQuantity,
      execTime: String(atMs),
      isMaker: fill.maker,
      feeRate: '0.001',
      tradeIv: '',
      markIv: '',
      markPrice: '',
      indexPrice: '',
      underlyingPrice: '',
      blockTradeId: '',
      closedSize: '',
      seq: sequence,
    }
    return [{ atMs, id: execIdOf(sequence), category, row }]
  })
  return newestFirst(rows)
}

/** What the insurance fund took stands in the fee of the fill that closed the position. */
function penaltiesOf(truth: TruthWriter, uid: string): ReadonlyMap<number, bigint> {
  const penalties = new Map<number, bigint>()
  let last: Change | null = null
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    if (change.cause === 'liquidation-fee' && last !== null) {
      penalties.set(last.sequence, -toUnits(change.moves[0]?.amount ?? '0'))
    }
    if (change.fill?.contract?.execution === 'liquidation') last = change
  }
  return penalties
}

function placeOf({ fill, symbol }: Change, contracts: ContractDesk): { category: string; symbol: string } {
  const contract = contracts.find(fill?.symbol ?? symbol ?? '')
  if (contract !== null) return { category: contract.kind, symbol: contractId(contract) }
  return fill === undefined
    ? { category: '', symbol: '' }
    : { category: 'spot', symbol: fill.base + fill.quote }
}

function sizeOf(fill: TrueFill, contracts: ContractDesk): string {
  const contract = contracts.find(fill.symbol)
  return contract === null ? fill.quantity : quantityOf(contract, toUnits(fill.quantity))
}

function execTypeOf({ contract }: TrueFill): string {
  if (contract === undefined) return 'Trade'
  const closed = contract.kind === 'linear' ? 'Delivery' : 'Settle'
  return { trade: 'Trade', liquidation: 'BustTrade', adl: 'AdlTrade', settlement: closed }[contract.execution]
}

function newestFirst(rows: readonly BookRow[]): BookRow[] {
  return rows.toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
}

function idText(sequence: number): string {
  return `592324_${String(sequence).padStart(10, '0')}`
}

function execIdOf(sequence: number): string {
  return `2100000000${String(sequence).padStart(8, '0')}`
}

/** Of what is bought and sold without an order book: one number for both sides. */
function orderIdOf({ cause, id }: Change): string {
  return cause === 'convert' || cause === 'dust' ? `convert-${id}` : ''
}

function sideText(side: 'buy' | 'sell'): string {
  return side === 'buy' ? 'Buy' : 'Sell'
}

function partsOf(change: Change, penalty: bigint): Part[] {
  const { cause, moves, fill } = change
  const each = (typeOf: (amount: string) => string): Part[] =>
    moves.map(({ asset, amount }) => ({ type: typeOf(amount), asset, cashFlow: amount }))
  const isOut = (amount: string): boolean => amount.startsWith('-')
  switch (cause) {
    case 'fill': {
      if (fill === undefined) return []
      if (fill.contract !== undefined) return contractParts(fill, penalty)
      const { base, quote, quantity, quoteQuantity, fee, side } = fill
      const bought = side === 'buy'
      const feeOf = (asset: string) => (fee.asset === asset ? { fee: fee.amount } : {})
      const parts: Part[] = [
        { type: 'TRADE', asset: base, cashFlow: bought ? quantity : `-${quantity}`, ...feeOf(base) },
        {
          type: 'TRADE',
          asset: quote,
          cashFlow: bought ? `-${quoteQuantity}` : quoteQuantity,
          ...feeOf(quote),
        },
      ]
      if (fee.asset !== base && fee.asset !== quote) {
        parts.push({ type: 'TRADE', asset: fee.asset, cashFlow: '0', fee: fee.amount })
      }
      return parts
    }
    case 'deposit':
    case 'withdrawal':
    case 'withdrawal-returned':
    case 'transfer':
      // all of it goes through the funding wallet
      return each((amount) => (isOut(amount) ? 'TRANSFER_OUT' : 'TRANSFER_IN'))
    case 'funding':
      return moves.map(({ asset, amount }) => ({ type: 'SETTLEMENT', asset, cashFlow: '0', funding: amount }))
    case 'interest':
      return each(() => 'INTEREST')
    case 'borrow':
    case 'repay': {
      const [asset = '', principal = '0'] = (change.info ?? '').split(' ')
      return cause === 'borrow'
        ? [{ type: 'AUTO_LOANS_BORROW', asset, cashFlow: principal }]
        : [{ type: 'MANUAL_LOANS_REPAY', asset, cashFlow: `-${principal}` }]
    }
    case 'rebate':
      return each(() => 'FEE_REFUND')
    case 'reward':
      return each(() => 'BONUS')
    case 'dust':
    case 'convert':
      return each((amount) => (isOut(amount) ? 'CURRENCY_SELL' : 'CURRENCY_BUY'))
    default:
      return []
  }
}

/** Only what was realised moves, and the fee. */
function contractParts({ contract, fee }: TrueFill, penalty: bigint): Part[] {
  if (contract === undefined) return []
  const { settle, realized, execution } = contract
  const own = fee.asset === settle ? toUnits(fee.amount) : 0n
  const type = execution === 'settlement' ? 'DELIVERY' : 'TRADE'
  return [
    { type, asset: settle, cashFlow: realized, fee: fromUnits(own + penalty) },
    ...(fee.asset === settle ? [] : [{ type, asset: fee.asset, cashFlow: '0', fee: fee.amount }]),
  ]
}
