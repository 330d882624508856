import { add, compare, minuteMs, negate, parseDecimal, secondMs, signOf } from '@perf-agg/sdk'
import type { Amount, Conversion } from '../../accounting/observation.ts'
import { type LedgerLine, movedBy } from '../ledger-line.ts'

/** Coins that became others without an order book: which lines of a ledger belong together. */

/** One that a list of its own tells whole. */
export interface Converted {
  readonly conversion: Conversion['conversion']
  /** Signed. */
  readonly changes: readonly Amount[]
  readonly atMs: number
}

/** A line of a ledger that may be one side of a conversion. */
export type Side = LedgerLine

/** The list and the ledger may differ by so much. */
const nearMs = 10 * minuteMs
/** Both sides of one come within this. */
const sidesMs = 3 * secondMs

export interface Joined {
  readonly conversions: readonly Conversion[]
  /** Sides that belong to none of them. */
  readonly left: readonly Side[]
}

/** The sides of what is told whole, each of them once. */
export function joinTold(sides: readonly Side[], told: readonly Converted[]): Joined {
  const left = new Set(sides)
  const conversions = told.flatMap(({ conversion, changes, atMs }): Conversion[] => {
    const own: Side[] = []
    for (const change of changes) {
      const found = [...left].find((side) => !own.includes(side) && isOf(side, change, atMs))
      if (found === undefined) return []
      own.push(found)
    }
    for (const side of own) left.delete(side)
    return conversionOf(own, conversion)
  })
  return { conversions, left: [...left] }
}

/**
 * Those that come one upon the other: something given, and something else received. What begins where a reading does
 * may have begun before, and was joined then.
 */
export function joinNear(sides: readonly Side[], fromMs: number): Joined {
  const groups: Side[][] = []
  for (const side of sides.toSorted(
    (a, b) => a.atMs - b.atMs || compare(parseDecimal(a.change), parseDecimal(b.change)),
  )) {
    const last = groups.at(-1)
    if (last !== undefined && side.atMs - last[0]!.atMs <= sidesMs) last.push(side)
    else groups.push([side])
  }
  const joined = groups.map((own) => {
    const isWhole = own[0]!.atMs > fromMs + sidesMs
    return { own, made: isWhole ? conversionOf(own, 'convert') : [] }
  })
  return {
    conversions: joined.flatMap(({ made }) => made),
    left: joined.flatMap(({ own, made }) => (made.length === 0 ? own : [])),
  }
}

/** None where one side alone is there. */
export function conversionOf(own: readonly Side[], conversion: Conversion['conversion']): Conversion[] {
  const changes = movedBy(own)
  const signs = new Set(changes.map(({ amount }) => signOf(parseDecimal(amount))))
  const id = own.map((side) => side.id).toSorted()[0]
  if (id === undefined || signs.size < 2) return []
  return [{ id, conversion, changes, atMs: Math.max(...own.map(({ atMs }) => atMs)) }]
}

function isOf(side: Side, { asset, amount }: Amount, atMs: number): boolean {
  const rest = add(parseDecimal(side.change), negate(parseDecimal(amount)))
  return side.asset === asset && signOf(rest) === 0 && Math.abs(side.atMs - atMs) <= nearMs
}
