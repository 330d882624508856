import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'

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
}

/** All lines that are shown at `nowMs`, newest first. */
export function logOf(truth: TruthWriter, uid: string, nowMs: number): BookRow[] {
  const balances = new Map<string, bigint>()
  const rows: BookRow[] = []
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    for (const { asset, amount } of change.moves) {
      balances.set(asset, (balances.get(asset) ?? 0n) + toUnits(amount))
    }
    if (change.visibleAtMs === null || change.visibleAtMs > nowMs) continue
    const { fill, sequence, atMs } = change
    for (const part of partsOf(change)) {
      const moved = toUnits(part.cashFlow) - toUnits(part.fee ?? '0')
      rows.push({
        atMs,
        // one number for the lines of one event: the coin tells them apart
        id: idText(sequence),
        category: fill === undefined ? '' : 'spot',
        row: {
          id: idText(sequence),
          symbol: fill === undefined ? '' : fill.base + fill.quote,
          category: fill === undefined ? '' : 'spot',
          side: fill === undefined ? 'None' : sideText(fill.side),
          transactionTime: String(atMs),
          type: part.type,
          qty: fromUnits(moved),
          size: fromUnits(balances.get(part.asset) ?? 0n),
          currency: part.asset,
          tradePrice: fill?.price ?? '',
          funding: '',
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
export function executionsOf(truth: TruthWriter, uid: string, nowMs: number): BookRow[] {
  const rows = truth.changes.flatMap((change): BookRow[] => {
    const { fill, sequence, atMs, visibleAtMs } = change
    if (fill === undefined || change.account !== uid) return []
    if (visibleAtMs === null || visibleAtMs > nowMs) return []
    const row = {
      symbol: fill.base + fill.quote,
      orderId: String(fill.orderId),
      orderLinkId: '',
      side: sideText(fill.side),
      orderPrice: fill.price,
      orderQty: fill.quantity,
      leavesQty: '0',
      orderType: fill.maker ? 'Limit' : 'Market',
      stopOrderType: '',
      execFee: fill.fee.amount,
      feeCurrency: fill.fee.asset,
      execId: execIdOf(sequence),
      execPrice: fill.price,
      execQty: fill.quantity,
      execType: 'Trade',
      execValue: fill.quoteQuantity,
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
    return [{ atMs, id: execIdOf(sequence), category: 'spot', row }]
  })
  return newestFirst(rows)
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

function partsOf(change: Change): Part[] {
  const { cause, moves, fill } = change
  const each = (typeOf: (amount: string) => string): Part[] =>
    moves.map(({ asset, amount }) => ({ type: typeOf(amount), asset, cashFlow: amount }))
  const isOut = (amount: string): boolean => amount.startsWith('-')
  switch (cause) {
    case 'fill': {
      if (fill === undefined) return []
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
    case 'reward':
      return each(() => 'BONUS')
    case 'dust':
    case 'convert':
      return each((amount) => (isOut(amount) ? 'CURRENCY_SELL' : 'CURRENCY_BUY'))
    default:
      return []
  }
}
