import { minuteMs, signOf } from '@perf-agg/sdk'
import { addTo } from '../ledger/balances.ts'
import type { Balances } from '../ledger/balances.ts'
import { readCashFlow } from './cash-flow.ts'
import { readConversion } from './conversion.ts'
import { contractKey, readContract, sameContract, withoutPositions } from '../ledger/contract.ts'
import type { HeldPosition } from '../ledger/contract.ts'
import {
  Refusal,
  readAmount,
  readAsset,
  readInstant,
  readNotNegative,
  readOneOf,
  readPositive,
  readSymbol,
} from './door.ts'
import type { Entry } from './entry.ts'
import { readFill } from './fill.ts'
import { readIncome } from './income.ts'
import type { Anchor, Observation, Position } from '../observation.ts'

/** An entry that was refused at the door, and why; it never became a number. */
export interface Quarantined {
  readonly kind: 'observation' | 'fill' | 'flow' | 'conversion' | 'income' | 'anchor' | 'lost' | 'candle'
  readonly id: string
  readonly reason: string
}

/** What an account held at one instant. */
export interface BalanceRead {
  readonly atMs: number
  /** Cash by coin, and contracts by their keys. */
  readonly balances: Balances
  readonly positions: readonly HeldPosition[]
}

/** What of an observation may pass. */
export interface Admitted {
  readonly begunAtMs: number
  readonly entries: readonly Entry[]
  readonly anchor: BalanceRead | null
  readonly lost: { readonly fromMs: number; readonly toMs: number } | null
  readonly quarantined: readonly Quarantined[]
}

/** A poll takes minutes at most; what is stamped later than this after its beginning comes from a broken clock. */
const pollMs = 30 * minuteMs

/** Judges everything an observation brings, entry by entry: one bad entry keeps no good one out. */
export function admit(observation: Observation): Admitted | Quarantined {
  const quarantined: Quarantined[] = []
  const attempt = <T>(kind: Quarantined['kind'], id: unknown, read: () => T): T | null => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      quarantined.push({ kind, id: String(id).slice(0, 120), reason: error.reason })
      return null
    }
  }
  const begunAtMs = attempt('observation', observation.begunAtMs, () =>
    readInstant(observation.begunAtMs, Number.MAX_SAFE_INTEGER),
  )
  if (begunAtMs === null) return quarantined[0]!
  const latestMs = begunAtMs + pollMs
  const entries = [
    ...observation.fills.map((fill) => attempt('fill', fill.id, () => readFill(fill, latestMs))),
    ...observation.flows.map((flow) => attempt('flow', flow.id, () => readCashFlow(flow, latestMs))),
    ...observation.conversions.map((one) =>
      attempt('conversion', one.id, () => readConversion(one, latestMs)),
    ),
    ...observation.incomes.map((income) => attempt('income', income.id, () => readIncome(income, latestMs))),
  ].filter((entry) => entry !== null)
  const { anchor, lost } = observation
  return {
    begunAtMs,
    entries,
    anchor: anchor === null ? null : attempt('anchor', anchor.atMs, () => readAnchor(anchor, latestMs)),
    lost: lost === null ? null : attempt('lost', lost.fromMs, () => readLost(lost, latestMs)),
    quarantined,
  }
}

/** Balances are taken whole or not at all: a part of them would look like a loss. */
function readAnchor(anchor: Anchor, latestMs: number): BalanceRead {
  const wallet: Balances = new Map()
  const seen = new Set<string>()
  for (const { asset, amount } of anchor.balances) {
    const name = readAsset(asset)
    if (seen.has(name)) throw new Refusal('asset-twice')
    seen.add(name)
    addTo(wallet, name, readAmount(amount))
  }
  const positions = (anchor.positions ?? []).map(readPosition).filter((one) => signOf(one.quantity) !== 0)
  for (const { contract } of positions) {
    const same = positions.find(
      (one) => one.contract.symbol === contract.symbol && one.contract.kind === contract.kind,
    )
    if (same !== undefined && !sameContract(same.contract, contract)) throw new Refusal('contract-changed')
  }
  const balances = withoutPositions(wallet, positions, -1)
  for (const { contract, quantity } of positions) {
    addTo(balances, contractKey(contract.kind, contract.symbol), quantity)
  }
  return { atMs: readInstant(anchor.atMs, latestMs), balances, positions }
}

function readPosition(position: Position): HeldPosition {
  const kind = readOneOf(position.market, ['linear', 'inverse'], 'market-unknown')
  const names = {
    symbol: readSymbol(position.symbol),
    base: readAsset(position.base),
    quote: readAsset(position.quote),
  }
  const quantity = readAmount(position.quantity)
  return {
    contract: readContract(kind, names, position.terms),
    quantity,
    // An exchange writes a closed position's entry as 0; one that was paid for in full has none.
    entry:
      signOf(quantity) === 0
        ? quantity
        : kind === 'linear'
          ? readNotNegative(position.entry)
          : readPositive(position.entry),
    entryScale: /\.(\d+)$/.exec(position.entry)?.[1]?.length ?? 0,
  }
}

function readLost(
  lost: { fromMs: number; toMs: number },
  latestMs: number,
): { fromMs: number; toMs: number } {
  const fromMs = readInstant(lost.fromMs, latestMs)
  const toMs = readInstant(lost.toMs, latestMs)
  if (fromMs >= toMs) throw new Refusal('span-empty')
  return { fromMs, toMs }
}
