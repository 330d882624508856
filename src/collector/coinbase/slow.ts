import { negate, parseDecimal, signOf, subtract, sum, toText } from '@perf-agg/sdk'
import type { CashFlow } from '../../accounting/observation.ts'
import type { Base, Entry, Residual } from '../explain.ts'
import type { Rest } from '../ledger-poll.ts'
import { isPaid, type Transaction } from './transaction.ts'

/**
 * The list of transactions says when one began and how it stands, not since when. What began before balances that are
 * explained, and came in (or came back) after them, is known by its amount alone: it counts when it was seen.
 */

/** So few that every way to choose among them can be tried. */
const triedMax = 10

/** Of those that began by `atMs`, what may still move a wallet at an instant that nobody tells. */
export function isSlow({ type, status, amount, atMs, changedAtMs }: Transaction, base: Base | null): boolean {
  if (base === null || atMs > base.atMs || changedAtMs !== atMs || !isPaid(type)) return false
  const isIncoming = signOf(parseDecimal(amount)) > 0
  return isIncoming ? status === 'completed' : hasFailed(status)
}

export function hasFailed(status: string): boolean {
  return status !== 'completed' && status !== 'pending' && !status.startsWith('waiting_for')
}

export function restOfSlow(residual: Residual, slow: readonly Transaction[], readMs: number): Rest {
  const flows: CashFlow[] = []
  const entries: Entry[] = []
  for (const [asset, amount] of residual) {
    // the youngest first: the others will have come before
    const own = slow.filter((each) => each.asset === asset).toSorted((a, b) => b.atMs - a.atMs)
    const found = chosen(own.slice(0, triedMax), (those) => {
      const came = sum(those.map((each) => parseDecimal(sizeOf(each))))
      return signOf(subtract(came, amount)) === 0
    })
    if (found === null) continue
    for (const each of found) {
      const isReturn = signOf(parseDecimal(each.amount)) < 0
      flows.push({
        id: isReturn ? `${each.id}:returned` : each.id,
        flow: 'deposit',
        asset,
        amount: sizeOf(each),
        atMs: readMs,
        atEstimated: true,
      })
    }
    entries.push({ atMs: readMs, changes: [[asset, amount]] })
  }
  return { flows, incomes: [], conversions: [], entries }
}

/** What comes in, or comes back. */
function sizeOf({ amount }: Transaction): string {
  const units = parseDecimal(amount)
  return toText(signOf(units) < 0 ? negate(units) : units)
}

/** The fewest that fit, the earlier ones of the list first; null where none do. */
function chosen<Each>(all: readonly Each[], fits: (some: readonly Each[]) => boolean): Each[] | null {
  const ways = Array.from({ length: 2 ** all.length - 1 }, (_, index) =>
    all.filter((_each, place) => ((index + 1) >> place) % 2 === 1),
  )
  return ways.toSorted((a, b) => a.length - b.length).find(fits) ?? null
}
