import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { pairOf, rawCoin } from './name.ts'

/** What kraken's lists say of one account, made of what really happened to it. */

export interface LedgerRow {
  readonly id: string
  readonly atMs: number
  readonly row: Readonly<Record<string, unknown>>
}

interface Part {
  readonly type: string
  readonly subtype?: string
  readonly asset: string
  readonly amount: string
  readonly fee?: string
}

/** All lines that are shown at `nowMs`, newest first. */
export function ledgerOf(truth: TruthWriter, uid: string, nowMs: number): LedgerRow[] {
  const balances = new Map<string, bigint>()
  const rows: LedgerRow[] = []
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    for (const { asset, amount } of change.moves) {
      balances.set(asset, (balances.get(asset) ?? 0n) + toUnits(amount))
    }
    if (change.visibleAtMs === null || change.visibleAtMs > nowMs) continue
    for (const [index, part] of partsOf(change).entries()) {
      rows.push({
        id: `L${idText(change.sequence)}-${index}`,
        atMs: change.atMs,
        row: {
          refid: refidOf(change),
          time: change.atMs / 1_000,
          type: part.type,
          subtype: part.subtype ?? '',
          aclass: 'currency',
          asset: rawCoin(part.asset),
          amount: part.amount,
          fee: part.fee ?? '0.00000000',
          balance: fromUnits(balances.get(part.asset) ?? 0n),
        },
      })
    }
  }
  return newestFirst(rows)
}

/** All fills that are shown at `nowMs`, newest first. */
export function tradesOf(truth: TruthWriter, uid: string, nowMs: number): LedgerRow[] {
  const rows = truth.changes.flatMap((change): LedgerRow[] => {
    const { fill } = change
    const shown = change.visibleAtMs !== null && change.visibleAtMs <= nowMs
    if (fill === undefined || change.account !== uid || !shown) return []
    const row = {
      ordertxid: `O${fill.orderId}`,
      pair: pairOf(fill),
      time: change.atMs / 1_000,
      type: fill.side,
      ordertype: fill.maker ? 'limit' : 'market',
      price: fill.price,
      cost: fill.quoteQuantity,
      // rounded, as the list has it: the ledger knows better
      fee: fill.fee.asset === fill.quote ? fill.fee.amount.slice(0, -3) : '0.00000',
      vol: fill.quantity,
      margin: '0.00000',
      misc: '',
      maker: fill.maker,
    }
    return [{ id: refidOf(change), atMs: change.atMs, row }]
  })
  return newestFirst(rows)
}

function newestFirst(rows: readonly LedgerRow[]): LedgerRow[] {
  return rows.toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
}

function idText(sequence: number): string {
  return sequence.toString(36).toUpperCase().padStart(6, '0')
}

function refidOf({ sequence, fill }: Change): string {
  return `${fill === undefined ? 'R' : 'T'}${idText(sequence)}-SIM`
}

function partsOf(change: Change): Part[] {
  const { cause, moves, fill } = change
  const each = (type: string, subtype = ''): Part[] =>
    moves.map(({ asset, amount }) => ({ type, subtype, asset, amount }))
  switch (cause) {
    // spot has no more to tell
    default:
      return []
    case 'fill': {
      if (fill === undefined) return []
      const { base, quote, quantity, quoteQuantity, fee, side } = fill
      const bought = side === 'buy'
      const feeOf = (asset: string) => (fee.asset === asset ? { fee: fee.amount } : {})
      const parts: Part[] = [
        { type: 'trade', asset: base, amount: bought ? quantity : `-${quantity}`, ...feeOf(base) },
        {
          type: 'trade',
          asset: quote,
          amount: bought ? `-${quoteQuantity}` : quoteQuantity,
          ...feeOf(quote),
        },
      ]
      if (fee.asset !== base && fee.asset !== quote) {
        parts.push({ type: 'trade', asset: fee.asset, amount: '0.00000000', fee: fee.amount })
      }
      return parts
    }
    case 'deposit':
      return each('deposit')
    case 'withdrawal':
    case 'withdrawal-returned':
      return each('withdrawal')
    case 'transfer':
      return each('transfer', 'spottofutures')
    case 'reward':
      return each('reward')
    case 'dust':
    case 'convert': {
      const subtype = cause === 'dust' ? 'dustsweeping' : ''
      return moves.map(({ asset, amount }) => ({
        type: amount.startsWith('-') ? 'spend' : 'receive',
        subtype,
        asset,
        amount,
      }))
    }
  }
}
