import { hourMs, hourOf, minuteMs, secondMs } from '@perf-agg/sdk'
import { Allowance, blend, type BudgetState, type Costs, plannedShare } from './allowance.ts'
import { Heap } from './heap.ts'
import { type Hearing, heardUntil, hintDueMs, silentPauseMs } from './hearing.ts'
import { type Entry, forgettingAtMs, hinted, lineOf, promisesOf } from './entry.ts'
import { Spending, spendingMinutes } from './spending.ts'

/** When accounts are polled: bounds of the pause between two polls, and how long an exchange needs to settle an hour. */
export interface Pacing {
  readonly pauseMsMin: number
  readonly pauseMsMax: number
  /** An hour is read only this long after its end. */
  readonly settlingMs: number
}

/** How a poll ended. */
export interface Ended {
  readonly news: boolean
  /** Fills that it told for the first time. */
  readonly fills?: number
  /** It left something to be looked for. */
  readonly open?: boolean
  readonly retryAfterMs?: number | null
  /** What it cost of each budget, and what the exchange says of them; absent where nothing was asked. */
  readonly spent?: Costs
  readonly budgets?: Readonly<Record<string, BudgetState>>
}

export interface PlaceState {
  readonly accounts: number
  /** So many can be looked at as often as promised; null while the exchange has not told its budgets. */
  readonly limit: number | null
  /** The longest wait, in paces: 1 is on time. */
  readonly lag: number
  readonly heldUntilMs: number | null
  readonly budgets: Readonly<Record<string, { readonly used: number; readonly limit: number }>>
}

/**
 * A poll finds what has come since the one before: with rate r and pause p its news is p / 2 old on average. The mean age
 * over all news is least, for a given budget, where pauses are in proportion to the root of 1 / r. So p² = t / r is the
 * pace of an account, with one time t for all; and where the budget is too small for it, all paces are stretched alike.
 */
const balanceMs = minuteMs
/** An hour's end that was not yet read becomes more urgent by one pace in this time. */
const promiseMs = 10 * minuteMs
/** Beyond what any wait of paces comes to. */
const lossUrgency = 1e9
/**
 * A look beside any promise that will likely find nothing is idle. Those may take this part of all that is spent, of
 * which two in five find something all the same, so that nine in ten of all bring news or hold a promise; where the
 * promises leave much of a budget free, more.
 */
const idleLikelihood = 0.5
const idleShare = 0.22
const idleShareAlone = 0.5
/** Of a minute that nobody else wants so much may go into what is past; beside others' looks a tenth of all that is spent. */
const pastPart = 0.5
const pastShare = 0.1
/** What is past begins nothing so shortly before an hour's end. */
const pastQuietMs = minuteMs
const noCosts: Costs = {}

/**
 * The accounts of one place: an exchange's host set behind one address of ours. They share its budgets and its bans.
 * Whoever waits longest in his own paces goes first, which stretches all paces alike; what is promised (an hour's end
 * read, nothing forgotten) grows more urgent than any. Accounts of about one pace stand in one line, so that only the
 * heads of some twenty lines have to be compared.
 */
export class PlaceQueue {
  readonly #pacing: Pacing
  readonly #lines = new Map<number, Heap<Entry>>()
  /** Who stands in a line, and is neither polled nor resting. */
  readonly #lined = new WeakSet<Entry>()
  readonly #resting = new Heap<Entry>((a, b) => a.restsUntilMs < b.restsUntilMs)
  readonly #allowance = new Allowance()
  #accounts = 0
  /** Sum over the accounts: how many of its polls an hour are promised. */
  #promisesPerHour = 0
  #heldUntilMs = 0
  #spentUntilMs = 0
  #underWay = 0
  readonly #spending = new Spending()
  #usualCosts: Costs | null = null
  #promiseCosts: Costs | null = null

  constructor(pacing: Pacing) {
    this.#pacing = pacing
  }

  enter(entry: Entry): void {
    this.#accounts += 1
    this.#promisesPerHour += promisesOf(entry)
    this.#line(entry)
  }

  leave(entry: Entry): void {
    this.#accounts -= 1
    this.#promisesPerHour -= promisesOf(entry)
  }

  noteBudgets(budgets: Readonly<Record<string, BudgetState>>, nowMs: number): void {
    this.#allowance.heard(budgets, nowMs)
  }

  /** Nothing begins before then. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs)
  }

  /** The next instant at which something may begin; Infinity where nothing ever is due. */
  nextMs(nowMs: number): number {
    this.#wake(nowMs)
    let nextMs = this.#resting.peek()?.restsUntilMs ?? Number.POSITIVE_INFINITY
    for (const entry of this.#heads()) nextMs = Math.min(nextMs, this.#mayBeginMs(entry, nowMs))
    return Math.max(nextMs, this.#heldUntilMs, this.#spentUntilMs)
  }

  /** The next one to poll, its expected cost reserved; null: none is due, or there is no room. */
  take(nowMs: number): Entry | null {
    if (nowMs < this.#heldUntilMs || nowMs < this.#spentUntilMs) return null
    this.#wake(nowMs)
    const entry = this.#mostUrgent(nowMs)
    if (entry === null) return null
    const costs = entry.costs ?? this.#usualCosts ?? noCosts
    if (!this.#allowance.reserve(costs, nowMs)) {
      // what is under way may cost less than was reserved for it
      const nextMinuteMs = (Math.floor(nowMs / minuteMs) + 1) * minuteMs
      this.#spentUntilMs = this.#underWay === 0 ? nextMinuteMs : Math.min(nextMinuteMs, nowMs + secondMs)
      return null
    }
    this.#underWay += 1
    this.#lines.get(lineOf(entry))?.pop()
    this.#lined.delete(entry)
    const promised = this.#isPromised(entry, nowMs)
    const share = this.#shareOf(costs)
    this.#spending.all += share
    if (!promised && entry.hearing.hintedAtMs === null && this.#isIdle(entry, nowMs))
      this.#spending.idle += share
    entry.reserved = { costs, atMs: nowMs, promised }
    return entry
  }

  /**
   * When work that can wait may be asked for: not about an hour's end, not while a promise is due, and beside other looks
   * for a small share. `nowMs` itself: now, and its cost is reserved.
   */
  beginPast(costs: Costs, nowMs: number): number {
    const mayMs = Math.max(this.#heldUntilMs, this.#spentUntilMs, this.#pastMayMs(nowMs))
    if (mayMs > nowMs) return mayMs
    this.#wake(nowMs)
    const due = [...this.#heads()].filter((entry) => this.#mayBeginMs(entry, nowMs) <= nowMs)
    if (due.some((entry) => this.#isPromised(entry, nowMs))) return nowMs + secondMs
    const spending = this.#spending.fade(nowMs)
    const isShare = due.length === 0 || spending.past <= pastShare * spending.all
    if (!isShare || !this.#allowance.reserve(costs, nowMs, due.length === 0 ? pastPart : plannedShare)) {
      return (Math.floor(nowMs / minuteMs) + 1) * minuteMs
    }
    return nowMs
  }

  /** Where an hour is about to end, when it has settled and those who wait for it have begun. */
  #pastMayMs(nowMs: number): number {
    const settledMs = hourOf(nowMs + pastQuietMs) + this.#pacing.settlingMs + secondMs
    return Math.max(settledMs, nowMs)
  }

  settlePast(reserved: Costs, reservedAtMs: number, { spent, budgets = {} }: Ended, nowMs: number): void {
    this.#allowance.settle(reserved, reservedAtMs, spent ?? noCosts, nowMs)
    this.#allowance.heard(budgets, nowMs)
    const share = this.#shareOf(spent ?? noCosts)
    this.#spending.all += share
    this.#spending.past += share
  }

  /** A poll has ended: its cost is known, and its account stands in line again. */
  settle(
    entry: Entry,
    { news, fills = 0, open = false, retryAfterMs = null, spent, budgets = {} }: Ended,
    nowMs: number,
  ): void {
    const { reserved, activity } = entry
    entry.reserved = null
    this.#underWay -= 1
    if (reserved !== null) this.#allowance.settle(reserved.costs, reserved.atMs, spent ?? noCosts, nowMs)
    this.#allowance.heard(budgets, nowMs)
    if (spent !== undefined) {
      if (!entry.fresh) {
        activity.note(news, nowMs - entry.polledAtMs)
        this.#remember(entry, fills, nowMs)
      }
      entry.costs = blend(entry.costs, spent)
      this.#usualCosts = blend(this.#usualCosts, spent)
      if (reserved?.promised === true) this.#promiseCosts = blend(this.#promiseCosts, spent)
    }
    entry.fresh = false
    entry.polledAtMs = nowMs
    const found = { news, open: open || spent === undefined }
    entry.hearing = heardUntil(entry.hearing, reserved?.atMs ?? nowMs, found)
    entry.paceMs = this.#paceMs(entry, news)
    entry.restsUntilMs = nowMs + (retryAfterMs ?? 0)
    if (retryAfterMs === null) this.#line(entry)
    else this.#resting.push(entry)
  }

  /** Right after news as often as was wished; where a stream would tell of it, seldom. */
  #paceMs({ hearing, wishedMs, activity }: Entry, news: boolean): number {
    if (hearing.silent) return silentPauseMs(this.#pacing.pauseMsMax)
    return news ? wishedMs : Math.max(Math.sqrt(activity.meanMs * balanceMs), wishedMs)
  }

  /** A stream told of something, came up or went down: the entry, in the place that it has now. */
  hear(entry: Entry, hearing: Hearing): Entry {
    const stands = entry.reserved === null && this.#lined.has(entry)
    const placed = stands ? { ...entry } : entry
    placed.hearing = hearing
    placed.paceMs = entry.hearing.silent && !hearing.silent ? this.#paceMs(placed, false) : entry.paceMs
    if (!stands) return placed
    // lines are not searched: the old entry is passed over when it is met
    entry.removed = true
    this.#lined.delete(entry)
    this.#line(placed)
    return placed
  }

  #remember(entry: Entry, fills: number, nowMs: number): void {
    const before = promisesOf(entry)
    entry.memory.note(fills, nowMs - entry.polledAtMs)
    entry.outageMsMax = Math.min(entry.keptMs, entry.memory.outageMs)
    if (!entry.removed) this.#promisesPerHour += promisesOf(entry) - before
  }

  /** One account more could not be kept the promises to. */
  get isFull(): boolean {
    const limit = this.#limit()
    return limit !== null && this.#accounts >= limit
  }

  state(nowMs: number): PlaceState {
    this.#wake(nowMs)
    const budgets = this.#allowance.names().flatMap((name) => {
      const limit = this.#allowance.limitOfMinute(name)
      return limit === null
        ? []
        : [[name, { used: this.#allowance.usedOfMinute(name, nowMs), limit }] as const]
    })
    const lag = Math.max(
      0,
      ...[...this.#heads()].map((entry) => (nowMs - entry.polledAtMs) / this.#pauseMs(entry)),
    )
    return {
      accounts: this.#accounts,
      limit: this.#limit(),
      lag,
      heldUntilMs: this.#heldUntilMs > nowMs ? this.#heldUntilMs : null,
      budgets: Object.fromEntries(budgets),
    }
  }

  *#heads(): Iterable<Entry> {
    for (const line of this.#lines.values()) {
      while (line.peek()?.removed === true) line.pop()
      const head = line.peek()
      if (head !== undefined) yield head
    }
  }

  /** Who has rested long enough stands in line again. */
  #wake(nowMs: number): void {
    for (;;) {
      const entry = this.#resting.peek()
      if (entry === undefined || (!entry.removed && entry.restsUntilMs > nowMs)) return
      this.#resting.pop()
      if (!entry.removed) this.#line(entry)
    }
  }

  #line(entry: Entry): void {
    const name = lineOf(entry)
    let line = this.#lines.get(name)
    if (line === undefined) {
      line = new Heap<Entry>((a, b) => {
        if (a.fresh !== b.fresh) return a.fresh
        if (name === hinted)
          return this.#dueMs(a) === this.#dueMs(b) ? a.key < b.key : this.#dueMs(a) < this.#dueMs(b)
        // after a standstill those that are forgotten soonest
        if (a.fresh && a.keptMs !== b.keptMs) return a.keptMs < b.keptMs
        return a.polledAtMs === b.polledAtMs ? a.key < b.key : a.polledAtMs < b.polledAtMs
      })
      this.#lines.set(name, line)
    }
    line.push(entry)
    this.#lined.add(entry)
  }

  #mostUrgent(nowMs: number): Entry | null {
    let most: Entry | null = null
    let mostUrgency = 0
    for (const entry of this.#heads()) {
      if (this.#mayBeginMs(entry, nowMs) > nowMs) continue
      const urgency = this.#urgency(entry, nowMs)
      if (most === null || urgency > mostUrgency || (urgency === mostUrgency && entry.key < most.key)) {
        most = entry
        mostUrgency = urgency
      }
    }
    return most
  }

  #urgency(entry: Entry, nowMs: number): number {
    if (entry.fresh) return Number.POSITIVE_INFINITY
    const unseenMs = nowMs - entry.polledAtMs
    // what is forgotten can't be read later, as an hour can
    if (nowMs >= forgettingAtMs(entry)) return lossUrgency * (unseenMs / entry.outageMsMax)
    // it has news for sure, as a promised one has its hour
    const isHinted = entry.hearing.hintedAtMs !== null
    const waited = isHinted ? unseenMs / entry.wishedMs + 1 : unseenMs / entry.paceMs
    const promisedMs = nowMs - this.#promisedAtMs(entry)
    return promisedMs < 0 ? waited : waited + 1 + promisedMs / promiseMs
  }

  /** In a budget with room a quiet account is looked at this often all the same: a read of its balances anchors its hours. */
  #pauseMs({ paceMs, hearing }: Entry): number {
    return hearing.silent ? paceMs : Math.min(paceMs, this.#pacing.pauseMsMax)
  }

  #dueMs(entry: Entry): number {
    if (entry.fresh) return entry.polledAtMs
    const { polledAtMs, wishedMs, hearing } = entry
    if (hearing.hintedAtMs !== null) return hintDueMs(hearing.hintedAtMs, polledAtMs, wishedMs)
    return Math.min(polledAtMs + this.#pauseMs(entry), this.#promisedAtMs(entry))
  }

  /** When it is due, or where that would be an idle look and those have had their share, when it is none any more. */
  #mayBeginMs(entry: Entry, nowMs: number): number {
    const dueMs = this.#dueMs(entry)
    const isSure = entry.hearing.hintedAtMs !== null || this.#isPromised(entry, nowMs)
    if (dueMs > nowMs || isSure || this.#mayIdle(nowMs)) return dueMs
    const nextMinuteMs = (Math.floor(nowMs / minuteMs) + 1) * minuteMs
    const likelyMs = entry.polledAtMs - Math.log(1 - idleLikelihood) * entry.activity.meanMs
    return Math.max(dueMs, Math.min(likelyMs, nextMinuteMs, this.#promisedAtMs(entry)))
  }

  /** The first hour's end after its last poll, settled; or half the time in which the exchange forgets. */
  #promisedAtMs(entry: Entry): number {
    const { settlingMs } = this.#pacing
    const settledMs = hourOf(entry.polledAtMs - settlingMs) + hourMs + settlingMs
    return Math.min(settledMs, forgettingAtMs(entry))
  }

  #isPromised(entry: Entry, nowMs: number): boolean {
    return entry.fresh || nowMs >= this.#promisedAtMs(entry)
  }

  #isIdle({ activity, polledAtMs }: Entry, nowMs: number): boolean {
    return 1 - Math.exp(-(nowMs - polledAtMs) / activity.meanMs) < idleLikelihood
  }

  #mayIdle(nowMs: number): boolean {
    const spending = this.#spending.fade(nowMs)
    const limit = this.#limit()
    const free = limit === null ? 1 : 1 - this.#accounts / limit
    return spending.idle <= Math.max(idleShare * spending.all, (free - idleShareAlone) * spendingMinutes)
  }

  /** How many accounts the tightest budget can keep its promises to, at what a promised poll costs. */
  #limit(): number | null {
    const costs = this.#promiseCosts ?? this.#usualCosts
    const share = costs === null ? 0 : this.#shareOf(costs)
    if (share === 0) return null
    const each = this.#accounts === 0 ? 1 : this.#promisesPerHour / this.#accounts
    return Math.floor(60 / (share * each))
  }

  /** As a part of what may be planned with in a minute of the budget that it takes most of. */
  #shareOf(costs: Costs): number {
    let most = 0
    for (const [name, cost] of Object.entries(costs)) {
      const limit = this.#allowance.limitOfMinute(name)
      if (limit !== null) most = Math.max(most, cost / (limit * plannedShare))
    }
    return most
  }
}
