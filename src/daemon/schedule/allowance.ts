import { minuteMs } from '@perf-agg/sdk'

/** What one job cost, or may cost, of each budget of an exchange, by the budget's name. */
export type Costs = Readonly<Record<string, number>>

/** As an exchange counts a budget for our address in the minute that runs. */
export interface BudgetState {
  readonly limitOfMinute: number
  /** Null where the exchange does not say. */
  readonly usedOfMinute: number | null
}

/** A part of each minute is left to what is not planned: registrations, prices, retries. */
export const plannedShare = 0.9

/** Of a new measurement in a mean. */
const weightOfNew = 0.2

interface Budget {
  limitOfMinute: number
  minute: number
  used: number
}

/**
 * What one address may still spend at one exchange in this minute, each of its budgets by itself. Work under way is
 * reserved at what it is expected to cost; what the exchange says is used is believed over our own count.
 */
export class Allowance {
  readonly #budgets = new Map<string, Budget>()

  /** Takes the room for a job; false where one of its budgets has none left. */
  reserve(costs: Costs, nowMs: number, part = plannedShare): boolean {
    for (const [name, cost] of Object.entries(costs)) {
      const budget = this.#of(name, nowMs)
      // one that is alone in its minute always goes: a budget may be smaller than it
      if (budget.used > 0 && budget.used + cost > budget.limitOfMinute * part) return false
    }
    for (const [name, cost] of Object.entries(costs)) this.#of(name, nowMs).used += cost
    return true
  }

  /** The job is done: what it really cost takes the place of what was reserved. */
  settle(reserved: Costs, reservedAtMs: number, spent: Costs, nowMs: number): void {
    for (const [name, cost] of Object.entries(reserved)) {
      const budget = this.#of(name, nowMs)
      if (budget.minute === minuteNumber(reservedAtMs)) budget.used = Math.max(0, budget.used - cost)
    }
    for (const [name, cost] of Object.entries(spent)) this.#of(name, nowMs).used += cost
  }

  heard(states: Readonly<Record<string, BudgetState>>, nowMs: number): void {
    for (const [name, { limitOfMinute, usedOfMinute }] of Object.entries(states)) {
      const budget = this.#of(name, nowMs)
      budget.limitOfMinute = limitOfMinute
      budget.used = Math.max(budget.used, usedOfMinute ?? 0)
    }
  }

  limitOfMinute(name: string): number | null {
    const limit = this.#budgets.get(name)?.limitOfMinute
    return limit === undefined || !Number.isFinite(limit) ? null : limit
  }

  names(): readonly string[] {
    return [...this.#budgets.keys()]
  }

  usedOfMinute(name: string, nowMs: number): number {
    return this.#of(name, nowMs).used
  }

  #of(name: string, nowMs: number): Budget {
    const minute = minuteNumber(nowMs)
    let budget = this.#budgets.get(name)
    if (budget === undefined) {
      budget = { limitOfMinute: Number.POSITIVE_INFINITY, minute, used: 0 }
      this.#budgets.set(name, budget)
    } else if (budget.minute !== minute) {
      budget.minute = minute
      budget.used = 0
    }
    return budget
  }
}

function minuteNumber(atMs: number): number {
  return Math.floor(atMs / minuteMs)
}

/** The mean of what was spent of late. */
export function blend(before: Costs | null, spent: Costs): Costs {
  if (before === null) return spent
  const names = new Set([...Object.keys(before), ...Object.keys(spent)])
  return Object.fromEntries(
    [...names].map((name) => {
      const old = before[name] ?? 0
      return [name, old + weightOfNew * ((spent[name] ?? 0) - old)]
    }),
  )
}
