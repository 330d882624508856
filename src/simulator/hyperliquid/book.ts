import type { ContractDesk } from '../contract-desk.ts'
import { listingOf } from '../listing.ts'
import type { Market } from '../market.ts'
import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { addressOf, coinOf, perpCoin, spotCoin } from './name.ts'
import { deltaOf } from './delta.ts'

/** What hyperliquid's lists say of one address, made of what really happened to it: oldest first. */

export interface BookRow {
  readonly atMs: number
  readonly row: Readonly<Record<string, unknown>>
}

export interface Records {
  readonly market: Market
  readonly truth: TruthWriter
  readonly contracts: ContractDesk
}

/** Only so many of the newest fills are told, ever. */
const fillsKept = 10_000

export function fillsOf(records: Records, wallet: Wallet, nowMs: number): BookRow[] {
  const { truth, contracts } = records
  const address = addressOf(wallet)
  const penalties = penaltiesOf(truth, wallet.uid)
  const held = new Map<string, bigint>()
  const rows: BookRow[] = []
  for (const change of truth.changes) {
    const { fill, sequence, atMs, visibleAtMs } = change
    if (change.account !== wallet.uid) continue
    if (change.cause === 'dust') rows.push(...dustOf(records, change, wallet))
    if (fill === undefined) continue
    const contract = contracts.find(fill.symbol)
    const coin = contract === null ? spotCoin(fill.symbol) : perpCoin(contract)
    if (coin === null || fill.contract?.kind === 'inverse') continue
    const before = held.get(coin) ?? 0n
    const size = toUnits(fill.quantity)
    held.set(coin, before + (fill.side === 'buy' ? size : -size))
    if (visibleAtMs === null || visibleAtMs > nowMs) continue
    const execution = fill.contract?.execution
    rows.push({
      atMs,
      row: {
        coin,
        px: fill.price,
        sz: fill.quantity,
        side: fill.side === 'buy' ? 'B' : 'A',
        time: atMs,
        startPosition: fromUnits(before),
        dir: directionOf(change, before),
        closedPnl: fill.contract?.realized ?? '0.0',
        hash: hashOf(sequence),
        oid: fill.orderId,
        crossed: !fill.maker,
        fee: fromUnits(toUnits(fill.fee.amount) + (penalties.get(sequence) ?? 0n)),
        tid: 100_000_000_000 + sequence,
        feeToken: coinOf(fill.fee.asset),
        twapId: null,
        ...(execution === 'liquidation'
          ? { liquidation: { liquidatedUser: address, markPx: fill.price, method: 'market' } }
          : {}),
      },
    })
  }
  return sorted(rows).slice(-fillsKept)
}

/** What the exchange itself sells of what is too little is written as fills that have no number. */
function dustOf({ market }: Records, { id, sequence, atMs }: Change, wallet: Wallet): BookRow[] {
  const parts = wallet.dust.find((dust) => dust.id === Number(id))?.parts ?? []
  return parts.flatMap(({ asset, amount }, index): BookRow[] => {
    const listing = listingOf(`${asset}/USDT`)
    const coin = listing === null ? null : spotCoin(listing.symbol)
    if (listing === null || coin === null) return []
    const row = {
      coin,
      px: fromUnits(BigInt(market.priceAt(listing, atMs, 0))),
      sz: amount,
      side: 'A',
      time: atMs,
      startPosition: amount,
      dir: 'Spot Dust Conversion',
      closedPnl: '0.0',
      hash: `0x${'0'.repeat(64)}`,
      oid: 900_000_000_000 + sequence * 64 + index,
      crossed: false,
      fee: '0.0',
      tid: 0,
      feeToken: coinOf('USDT'),
      twapId: null,
    }
    return [{ atMs, row }]
  })
}

function directionOf({ fill }: Change, before: bigint): string {
  if (fill?.contract === undefined) return fill?.side === 'buy' ? 'Buy' : 'Sell'
  const { execution } = fill.contract
  if (execution === 'adl') return 'Auto-Deleveraging'
  if (execution === 'settlement') return 'Settlement'
  const change = toUnits(fill.quantity) * (fill.side === 'buy' ? 1n : -1n)
  const after = before + change
  if (before > 0n && after < 0n) return 'Long > Short'
  if (before < 0n && after > 0n) return 'Short > Long'
  if (before === 0n || before < 0n === change < 0n) return change > 0n ? 'Open Long' : 'Open Short'
  return before > 0n ? 'Close Long' : 'Close Short'
}

/** What is taken of a position that had to be closed stands in the fee of the fill that closed it. */
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

export function fundingsOf({ truth, contracts }: Records, { uid }: Wallet, nowMs: number): BookRow[] {
  return sorted(
    shownOf(truth, uid, nowMs).flatMap(({ cause, symbol, moves, atMs }): BookRow[] => {
      const contract = contracts.find(symbol ?? '')
      if (cause !== 'funding' || contract?.kind !== 'linear') return []
      const delta = {
        type: 'funding',
        coin: perpCoin(contract),
        usdc: moves[0]?.amount ?? '0.0',
        szi: '0.0',
        fundingRate: '0.0000125',
        nSamples: null,
      }
      return [{ atMs, row: { time: atMs, hash: `0x${'0'.repeat(64)}`, delta } }]
    }),
  )
}

export function updatesOf({ truth }: Records, wallet: Wallet, nowMs: number): BookRow[] {
  return sorted(
    shownOf(truth, wallet.uid, nowMs).flatMap((change): BookRow[] => {
      const delta = deltaOf(change, wallet)
      const { atMs, sequence } = change
      return delta === null ? [] : [{ atMs, row: { time: atMs, hash: hashOf(sequence), delta } }]
    }),
  )
}

function shownOf(truth: TruthWriter, uid: string, nowMs: number): Change[] {
  return truth.changes.filter(
    ({ account, visibleAtMs }) => account === uid && visibleAtMs !== null && visibleAtMs <= nowMs,
  )
}

function sorted(rows: readonly BookRow[]): BookRow[] {
  return rows.toSorted((a, b) => a.atMs - b.atMs)
}

function hashOf(sequence: number): string {
  return `0x${sequence.toString(16).padStart(64, '0')}`
}
