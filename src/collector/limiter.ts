import { minuteMs } from '@perf-agg/sdk'

/** One of the exchange's budgets: so much weight a minute, mostly for our address, whoever of our accounts asks. */
export interface Budget {
  readonly limitOfMinute: number
  /** The answer's header that says what is used of it. */
  readonly header: string
  /** Of the account's own, wherever it is asked from; absent: our address's. */
  readonly of?: 'account'
}

/** Work that can wait leaves a part of the minute to work that can't. */
export type Urgency = 'needed' | 'searching'

const shares: Readonly<Record<Urgency, number>> = { needed: 0.9, searching: 0.6 }

/**
 * Keeps our address below an exchange's budgets. What the exchange counts is believed over our own count: others
 * may share the address, our other processes among them.
 */
export class Limiter {
  readonly #budgets: Readonly<Record<string, Budget>>
  readonly #used = new Map<string, { minute: number; weight: number }>()

  constructor(budgets: Readonly<Record<string, Budget>>) {
    this.#budgets = budgets
  }

  /** It is one of these. */
  knows(budget: string): boolean {
    return Object.hasOwn(this.#budgets, budget)
  }

  /** Milliseconds until there is room; 0 takes it. */
  take(budget: string, weight: number, urgency: Urgency, exchangeNowMs: number): number {
    const used = this.#usedOf(budget, exchangeNowMs)
    // nobody else of ours lives on an account's own
    const share = this.#budgets[budget]?.of === 'account' ? 1 : shares[urgency]
    const limit = this.limitOfMinute(budget) * share
    // A call that is alone in its minute always goes: a budget may be smaller than it.
    if (used.weight > 0 && used.weight + weight > limit) return minuteMs - (exchangeNowMs % minuteMs)
    used.weight += weight
    return 0
  }

  /** What an answer cost beside its call. */
  spend(budget: string, weight: number, exchangeNowMs: number): void {
    this.#usedOf(budget, exchangeNowMs).weight += weight
  }

  /** What an answer tells of the budget that its call was made on: other hosts use the same header for theirs. */
  heard(budget: string, headers: Readonly<Record<string, string>>, exchangeNowMs: number): void {
    const told = headers[this.#budgets[budget]?.header ?? '']
    if (told === undefined || !/^\d{1,9}$/.test(told)) return
    const used = this.#usedOf(budget, exchangeNowMs)
    used.weight = Math.max(used.weight, Number(told))
  }

  usedOfMinute(budget: string, exchangeNowMs: number): number {
    return this.#usedOf(budget, exchangeNowMs).weight
  }

  limitOfMinute(budget: string): number {
    return this.#budgets[budget]?.limitOfMinute ?? Number.POSITIVE_INFINITY
  }

  #usedOf(budget: string, exchangeNowMs: number): { minute: number; weight: number } {
    const minute = Math.floor(exchangeNowMs / minuteMs)
    let used = this.#used.get(budget)
    if (used === undefined || used.minute !== minute) {
      used = { minute, weight: 0 }
      this.#used.set(budget, used)
    }
    return used
  }
}

/** One for our address, and one for what is an account's own: that lives as long as a job, and what was before is heard. */
export function budgetsOf(
  budgets: Readonly<Record<string, Budget>>,
  of: 'address' | 'account',
): Readonly<Record<string, Budget>> {
  return Object.fromEntries(
    Object.entries(budgets).filter(([, budget]) => (budget.of === 'account') === (of === 'account')),
  )
}
