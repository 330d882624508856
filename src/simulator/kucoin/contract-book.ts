import { hourMs } from '@perf-agg/sdk'
import type { ContractDesk } from '../contract-desk.ts'
import type { ContractListing } from '../contract.ts'
import type { Change, TruthWriter } from '../truth.ts'
import { toUnits } from '../units.ts'
import { contractId, countOf, fillRowOf, numberOf, rawCoin } from './contract.ts'

/** What the lists of kucoin's futures wallets say of one client, made of what really happened. */

export interface Told {
  readonly atMs: number
  readonly number: bigint
  readonly symbol: string
  readonly row: Readonly<Record<string, unknown>>
}

export interface ContractBook {
  /** Newest first, each. */
  readonly lines: readonly Told[]
  readonly fills: readonly Told[]
  readonly fundings: readonly Told[]
}

/** What was realised is told in sums of so long. */
const settledMs = 8 * hourMs

export function contractBookOf(
  { truth, contracts }: { readonly truth: TruthWriter; readonly contracts: ContractDesk },
  uid: string,
  nowMs: number,
): ContractBook {
  const lines: Told[] = []
  const fills: Told[] = []
  const fundings: Told[] = []
  const realised = new Map<
    string,
    { readonly endMs: number; readonly contract: ContractListing; units: bigint }
  >()
  const own = truth.changes.filter(({ account, atMs }) => account === uid && atMs <= nowMs)
  for (const change of own) {
    const { visibleAtMs, fill, atMs, cause } = change
    if (visibleAtMs === null || visibleAtMs > nowMs) continue
    const number = BigInt(change.sequence) + 1n
    const contract = contracts.find(fill?.symbol ?? change.symbol ?? '')
    const moved = movedOf(change)
    if (cause === 'transfer') lines.push(...transfersOf(change, number))
    if (contract === null) continue
    const symbol = contractId(contract)
    const endMs = Math.ceil((atMs + 1) / settledMs) * settledMs
    const key = `${symbol} ${endMs}`
    const sum = realised.get(key) ?? { endMs, contract, units: 0n }
    sum.units += moved
    realised.set(key, sum)
    if (fill !== undefined) {
      const fee = toUnits(fill.fee.amount) + penaltyOf(own, change)
      fills.push({ atMs, number, symbol, row: fillRowOf({ contract, fill, fee, atMs, number }) })
    }
    if (cause === 'funding') {
      const row = {
        id: Number(36_275_000_000_000n + number),
        symbol,
        timePoint: atMs,
        fundingRate: 0.0001,
        markPrice: 1,
        positionQty: countOf(contract, 100_000_000n),
        positionCost: 0,
        funding: numberOf(moved),
        settleCurrency: rawCoin(contract.settle),
      }
      fundings.push({ atMs, number: BigInt(row.id), symbol, row })
    }
  }
  for (const [index, { endMs, contract, units }] of [...realised.values()].entries()) {
    const isOver = endMs <= nowMs
    const number = BigInt(endMs) * 100n + BigInt(index % 100)
    const row = lineRow('RealisedPNL', units, contract.settle, isOver ? endMs : nowMs, isOver ? number : -1n)
    const told = { ...row, remark: contractId(contract), status: isOver ? 'Completed' : 'Pending' }
    lines.push({ atMs: isOver ? endMs : nowMs, number, symbol: '', row: told })
  }
  const newestFirst = (rows: readonly Told[]): Told[] =>
    rows.toSorted((a, b) => b.atMs - a.atMs || (a.number < b.number ? 1 : -1))
  return { lines: newestFirst(lines), fills: newestFirst(fills), fundings: newestFirst(fundings) }
}

function isFutures(purse: string): boolean {
  return purse === 'linear' || purse === 'inverse'
}

function movedOf({ moves }: Change): bigint {
  return moves
    .filter(({ purse = 'spot' }) => isFutures(purse))
    .reduce((sum, { amount }) => sum + toUnits(amount), 0n)
}

/** What the insurance took of a liquidated position is told as a part of the fee. */
export function penaltyOf(own: readonly Change[], { atMs, fill }: Change): bigint {
  if (fill?.contract?.execution !== 'liquidation') return 0n
  const taken = own.filter(
    (each) => each.cause === 'liquidation-fee' && each.atMs === atMs && each.symbol === fill.symbol,
  )
  const moves = taken.flatMap((each) => each.moves)
  return -moves.reduce((sum, { amount }) => sum + toUnits(amount), 0n)
}

function lineRow(
  type: string,
  units: bigint,
  asset: string,
  time: number,
  offset: bigint,
): Record<string, unknown> {
  return {
    time,
    type,
    amount: numberOf(units),
    fee: 0,
    accountEquity: 0,
    status: 'Completed',
    remark: '',
    offset: Number(offset),
    currency: rawCoin(asset),
  }
}

/** Its seconds are whole, and nothing says whether a sign is to be expected. */
function transfersOf({ moves, atMs }: Change, number: bigint): Told[] {
  return moves
    .filter(({ purse = 'spot' }) => isFutures(purse))
    .map(({ asset, amount }, index): Told => {
      const units = toUnits(amount)
      const time = Math.floor(atMs / 1_000) * 1_000
      const offset = BigInt(time) * 100n + (number % 50n) + 50n * BigInt(index)
      const row = {
        ...lineRow(units < 0n ? 'TransferOut' : 'TransferIn', units, asset, time, offset),
        remark: 'Transferred from High-Frequency Trading Account',
      }
      return { atMs: time, number: offset, symbol: '', row }
    })
}
