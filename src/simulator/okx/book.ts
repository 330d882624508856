import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'

/** What okx's lists say of one trading account, made of what really happened to it. */

export interface BookRow {
  readonly atMs: number
  /** Rises with time: pages go on by it. */
  readonly billId: bigint
  readonly instType: string
  readonly row: Readonly<Record<string, unknown>>
}

/** One bill: what it did to one currency. */
interface Part {
  readonly type: string
  readonly subType: string
  readonly asset: string
  /** Fee included. */
  readonly change: string
  readonly fee?: string
  readonly from?: string
  readonly to?: string
}

const firstBillId = 623_950_000_000_000_000n
/** Bills that one event can have. */
const billsOfEvent = 64n

function billIdOf(sequence: number, index = 0): bigint {
  return firstBillId + BigInt(sequence) * billsOfEvent + BigInt(index)
}

/** All bills that are shown at `nowMs`, newest first. */
export function billsOf(truth: TruthWriter, uid: string, nowMs: number): BookRow[] {
  const balances = new Map<string, bigint>()
  const rows: BookRow[] = []
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    for (const { asset, amount } of change.moves) {
      balances.set(asset, (balances.get(asset) ?? 0n) + toUnits(amount))
    }
    const { visibleAtMs, fill, sequence, atMs } = change
    if (visibleAtMs === null || visibleAtMs > nowMs) continue
    for (const [index, part] of partsOf(change).entries()) {
      const billId = billIdOf(sequence, index)
      const row = {
        bal: fromUnits(balances.get(part.asset) ?? 0n),
        balChg: part.change,
        billId: String(billId),
        ccy: part.asset,
        clOrdId: '',
        execType: fill === undefined ? '' : fill.maker ? 'M' : 'T',
        fee: part.fee ?? '0',
        fillTime: fill === undefined ? '' : String(atMs),
        from: part.from ?? '',
        instId: fill === undefined ? '' : `${fill.base}-${fill.quote}`,
        instType: fill === undefined ? '' : 'SPOT',
        interest: '0',
        mgnMode: fill === undefined ? '' : 'cash',
        notes: '',
        ordId: fill === undefined ? '' : String(fill.orderId),
        pnl: '0',
        posBal: '0',
        posBalChg: '0',
        px: fill?.price ?? '',
        subType: part.subType,
        sz: part.change.replace('-', ''),
        tag: '',
        to: part.to ?? '',
        tradeId: fill === undefined ? '' : tradeIdOf(sequence),
        ts: String(atMs),
        type: part.type,
      }
      rows.push({ atMs, billId, instType: row.instType, row })
    }
  }
  return newestFirst(rows)
}

/** All fills that are shown at `nowMs`, newest first. */
export function fillsOf(truth: TruthWriter, uid: string, nowMs: number): BookRow[] {
  const rows = truth.changes.flatMap((change): BookRow[] => {
    const { fill, sequence, atMs, visibleAtMs } = change
    if (fill === undefined || change.account !== uid) return []
    if (visibleAtMs === null || visibleAtMs > nowMs) return []
    const row = {
      side: fill.side,
      fillSz: fill.quantity,
      fillPx: fill.price,
      fillPxVol: '',
      fillFwdPx: '',
      fee: negated(fill.fee.amount),
      fillPnl: '0',
      ordId: String(fill.orderId),
      feeRate: '-0.001',
      instType: 'SPOT',
      fillPxUsd: '',
      instId: `${fill.base}-${fill.quote}`,
      clOrdId: '',
      posSide: 'net',
      billId: String(billIdOf(sequence)),
      subType: fill.side === 'buy' ? '1' : '2',
      fillMarkVol: '',
      tag: '',
      fillTime: String(atMs),
      execType: fill.maker ? 'M' : 'T',
      fillIdxPx: '',
      tradeId: tradeIdOf(sequence),
      fillMarkPx: '',
      feeCcy: fill.fee.asset,
      ts: String(atMs + 1),
    }
    return [{ atMs: atMs + 1, billId: billIdOf(sequence), instType: 'SPOT', row }]
  })
  return newestFirst(rows)
}

function newestFirst(rows: readonly BookRow[]): BookRow[] {
  return rows.toSorted((a, b) => (a.billId < b.billId ? 1 : -1))
}

function tradeIdOf(sequence: number): string {
  return String(586_760_000 + sequence)
}

function negated(amount: string): string {
  return fromUnits(-toUnits(amount))
}

function partsOf(change: Change): Part[] {
  const { cause, moves, fill } = change
  const each = (type: string, subTypes: readonly [received: string, given: string]): Part[] =>
    moves.map(({ asset, amount }) => {
      const isOut = amount.startsWith('-')
      const accounts = type !== '1' ? {} : isOut ? { from: '18', to: '6' } : { from: '6', to: '18' }
      return { type, subType: subTypes[isOut ? 1 : 0], asset, change: amount, ...accounts }
    })
  switch (cause) {
    case 'fill': {
      if (fill === undefined) return []
      const { base, quote, quantity, quoteQuantity, fee, side } = fill
      const bought = side === 'buy'
      const subType = bought ? '1' : '2'
      const bill = (asset: string, amount: string): Part => {
        const own = fee.asset === asset ? fee.amount : '0'
        return {
          type: '2',
          subType,
          asset,
          change: fromUnits(toUnits(amount) - toUnits(own)),
          fee: negated(own),
        }
      }
      return [
        bill(base, bought ? quantity : `-${quantity}`),
        bill(quote, bought ? `-${quoteQuantity}` : quoteQuantity),
        ...(fee.asset === base || fee.asset === quote ? [] : [bill(fee.asset, '0')]),
      ]
    }
    case 'deposit':
    case 'withdrawal':
    case 'withdrawal-returned':
    case 'transfer':
      // all of it goes through the funding account
      return each('1', ['11', '12'])
    case 'reward':
      return each('1', ['372', '373'])
    case 'dust':
      return each('28', ['236', '237'])
    case 'convert':
      return each('27', ['318', '319'])
    default:
      return []
  }
}
