import { left, type OpenPosition, walletParts } from '../leverage.ts'
import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { pairOf, rawCoin } from './name.ts'

/** What kraken's lists say of one account, made of what really happened to it. */

export interface LedgerRow {
  readonly id: string
  readonly atMs: number
  readonly row: Readonly<Record<string, unknown>>
}

/** What is open with borrowed money, by the trade that opened it. */
export function positionsOf(positions: readonly OpenPosition[]): Record<string, unknown> {
  return Object.fromEntries(
    positions.flatMap((position) => {
      const { opening, listing, side, volume, closed, cost, fee, atMs } = position
      const row = {
        ordertxid: `O${opening.fill?.orderId ?? 0}`,
        posstatus: 'open',
        pair: pairOf(listing),
        time: atMs / 1_000,
        type: side,
        ordertype: 'market',
        cost: fromUnits(cost),
        fee: fromUnits(fee),
        vol: fromUnits(volume),
        vol_closed: fromUnits(closed),
        margin: fromUnits(cost / 5n),
        terms: '0.0100% per 4 hours',
        misc: '',
        oflags: '',
      }
      return left(position) === 0n ? [] : [[refidOf(opening), row] as const]
    }),
  )
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
    for (const { asset, amount, purse } of change.moves) {
      if (purse === undefined) balances.set(asset, (balances.get(asset) ?? 0n) + toUnits(amount))
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
    if (change.cause === 'settlement' && change.account === uid) return [settlementOf(change)]
    const shown = change.visibleAtMs !== null && change.visibleAtMs <= nowMs
    if (fill === undefined || change.account !== uid || !shown) return []
    const borrowed = change.info?.startsWith('margin') === true
    const isClosing = change.info?.includes('closing') === true
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
      margin: borrowed ? fromUnits(toUnits(fill.quoteQuantity) / 5n) : '0.00000',
      misc: isClosing ? (change.info?.replace('margin ', '') ?? '') : '',
      maker: fill.maker,
      ...(borrowed && !isClosing && { posstatus: 'open' }),
    }
    return [{ id: refidOf(change), atMs: change.atMs, row }]
  })
  return newestFirst(rows)
}

/** A position taken over stands among the trades, and is none. */
function settlementOf(change: Change): LedgerRow {
  const [base, quote] = change.moves.map(({ asset, amount }) => ({ asset, units: toUnits(amount) }))
  if (base === undefined || quote === undefined) throw new RangeError('no settlement')
  const [volume, cost] = [base.units, quote.units].map((units) => (units < 0n ? -units : units)) as [
    bigint,
    bigint,
  ]
  const row = {
    ordertxid: `O${change.sequence}`,
    pair: pairOf({ base: base.asset, quote: quote.asset }),
    time: change.atMs / 1_000,
    type: base.units < 0n ? 'buy' : 'sell',
    ordertype: 'settle-position',
    price: fromUnits((cost * 100_000_000n) / volume),
    cost: fromUnits(cost),
    fee: '0.00000',
    vol: fromUnits(volume),
    margin: fromUnits(cost / 5n),
    misc: 'closing',
    maker: false,
  }
  return { id: refidOf(change), atMs: change.atMs, row }
}

function newestFirst(rows: readonly LedgerRow[]): LedgerRow[] {
  return rows.toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
}

function idText(sequence: number): string {
  return sequence.toString(36).toUpperCase().padStart(6, '0')
}

function refidOf({ sequence, fill, cause, info }: Change): string {
  // interest is of the trade that opened the position
  if (cause === 'interest' && info !== undefined) return `T${idText(Number(info))}-SIM`
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
      if (change.info?.startsWith('margin') === true) return marginParts(change)
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
    case 'settlement':
      return walletParts(change).own.map(({ asset, amount }) => ({ type: 'settled', asset, amount }))
    case 'interest':
      return moves.map(({ asset, amount }) => ({
        type: 'rollover',
        asset,
        amount: '0.00000000',
        fee: amount.replace('-', ''),
      }))
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

/** What was gained or lost, and the fee with what is of its coin. */
function marginParts(change: Change): Part[] {
  const { own, fee } = walletParts(change)
  const quote = change.fill?.fee.asset
  return own.map(({ asset, amount }) => ({
    type: 'margin',
    asset,
    amount,
    ...(asset === quote && { fee }),
  }))
}
