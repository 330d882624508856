import { InputError, divide, hourMs, parseDecimal, signOf, toNumber } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Account } from '../account.ts'
import { addExecuted, nothingExecuted } from '../hour/bucket.ts'
import { Reader, Writer } from '../codec.ts'
import { CompositeHour } from './composite-hour.ts'
import type { CompositeContext, CompositeDraft, Taking } from './composite-hour.ts'
import { History, hoursBetween } from '../record/history.ts'
import { sameHour } from '../hour/hour-snapshot.ts'
import type { FloorRule } from '../hour/hour-draft.ts'
import type { Closed, Correction, Gap, Hour, PriceWant } from '../hour/hour.ts'
import type { Member } from './member.ts'
import { FigureMemo, portfolioOf } from '../record/portfolio.ts'
import { readRules, writeRules } from '../rules.ts'
import type { Rules } from '../rules.ts'
import { keyOf, matchTransfers, transitMs } from '../entry/transfers.ts'
import type { Transfer } from '../entry/transfers.ts'
import type { AccountView } from '../view.ts'

interface Joined {
  readonly account: Account
  /** Its first hour here. */
  readonly fromMs: number
}

const magic = 'perf-agg composite 3'
const weightScale = 18

/**
 * A client's accounts as one. Equity is their sum, what moves between them cancels, the hour is cut at the union of
 * their flows, and a gap of one is a gap of all. Nobody leaves: an account that ended goes on as a gap, so that no loss
 * is left behind. Accounts of other environments (simulated, self-reported) have composites of their own, or none.
 */
export class Composite {
  readonly environment: string
  readonly #rules: Rules
  readonly #floor: FloorRule
  /** By id, in the order of ids. */
  #joined = new Map<string, Joined>()
  #history = new History()
  readonly #memo = new FigureMemo()
  #nextHourMs = 0
  #gapFromMs: number | null = null
  /** What stated hours stood on, as long as they can be made again. */
  #contexts = new Map<number, { readonly gapFromMs: number | null; readonly peakUsd: Decimal }>()
  /** What stated hours were made from beside their parts: where it changes they are made again. */
  #inputs = ''

  private constructor(environment: string, rules: Rules) {
    this.environment = environment
    this.#rules = rules
    this.#floor = { leastUsd: parseDecimal(rules.floorUsd), share: parseDecimal(rules.floorShare) }
  }

  static open(environment: string, rules: Rules): Composite {
    if (environment === 'self-reported') {
      throw new InputError('COMPOSITE_SELF_REPORTED', 'what is self-reported is never part of a composite')
    }
    return new Composite(environment, rules)
  }

  /**
   * Takes an account in, from the next hour that it and the composite have yet to state: the past is not rewritten.
   * @throws {InputError} `COMPOSITE_MIXED`
   */
  join(id: string, account: Account, environment: string): void {
    if (environment !== this.environment) {
      throw new InputError(
        'COMPOSITE_MIXED',
        `an account of ${environment} in a composite of ${this.environment}`,
      )
    }
    if (this.#joined.has(id)) return
    const member = account.member()
    const isFirst = this.#joined.size === 0
    const fromMs = isFirst ? member.firstHourMs : Math.max(member.firstHourMs, this.#nextHourMs)
    if (isFirst) this.#begin(member)
    const joined: [string, Joined][] = [...this.#joined, [id, { account, fromMs }]]
    this.#joined = new Map(joined.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** As long as there is one account, it is the composite: hours that can't be made again are taken as they are. */
  #begin(member: Member): void {
    const { hours, gaps, toMs, gapFromMs } = member.past()
    for (const hour of hours) {
      this.#history.put(hour)
      if (hour.equityUsd !== null)
        this.#history.sawEquity(hour.startMs + hourMs, hour.equityUsd, this.#rules.peakWindowMs)
    }
    for (const gap of gaps) this.#history.putGap(gap.fromMs, gap.toMs, gap.reason)
    this.#gapFromMs = gapFromMs
    this.#nextHourMs = toMs
  }

  get #firstHourMs(): number {
    return Math.min(...this.members.map(({ fromMs }) => fromMs))
  }

  get nextHourMs(): number {
    return this.#nextHourMs
  }

  /** What each account's equity is of the whole, in percent, as of the last hour; null where there is none. */
  weights(): ReadonlyMap<string, number | null> {
    const last = this.#history.last
    const whole = last?.equityUsd ?? null
    return new Map(
      [...this.#joined].map(([id, { account, fromMs }]) => {
        const part = last === null || fromMs > last.startMs ? null : account.member().equityUsd(last.startMs)
        const isShare = part !== null && whole !== null && signOf(whole) > 0
        return [id, isShare ? toNumber(divide(part, whole, weightScale)) * 100 : null]
      }),
    )
  }

  /** Since when each account is in it. */
  get members(): readonly { readonly id: string; readonly fromMs: number }[] {
    return [...this.#joined]
      .map(([id, { fromMs }]) => ({ id, fromMs }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Candles of members that `close` needs: their worth at the others' flows. Answer each to its account. */
  priceWants(): readonly { readonly id: string; readonly want: PriceWant }[] {
    const members = this.#members()
    if (this.#isReady(members, this.#nextHourMs)) {
      const drafted = this.#draft(members, this.#nextHourMs, this.#context(this.#nextHourMs))
      if (drafted?.kind === 'waiting') return wantsOf(members)
    }
    if (this.#inputs !== this.#inputsOf(members)) {
      for (const startMs of this.#contexts.keys()) this.#redraft(members, startMs)
    }
    return wantsOf(members)
  }

  #members(): Map<string, Member> {
    return new Map([...this.#joined].map(([id, { account }]) => [id, account.member()]))
  }

  /** Every member has stated the hour or given it up. */
  #isReady(members: ReadonlyMap<string, Member>, startMs: number): boolean {
    return (
      members.size > 0 &&
      [...this.#joined].every(([id, { fromMs }]) => fromMs > startMs || members.get(id)!.nextHourMs > startMs)
    )
  }

  #context(startMs: number): CompositeContext {
    const known = this.#contexts.get(startMs)
    const gapFromMs = known === undefined ? this.#gapFromMs : known.gapFromMs
    const peakUsd = known?.peakUsd ?? this.#history.peakUsd(startMs, this.#rules.peakWindowMs)
    const since = new Set<string>()
    for (const [id, { fromMs }] of this.#joined) if (gapFromMs !== null && fromMs <= gapFromMs) since.add(id)
    return { gapFromMs, peakUsd, since }
  }

  /** Null: one of them can't be looked at. */
  #draft(
    members: ReadonlyMap<string, Member>,
    startMs: number,
    context: CompositeContext,
  ): CompositeDraft | null {
    const taking: Taking[] = []
    for (const [id, { fromMs }] of this.#joined) {
      if (fromMs > startMs) continue
      const member = members.get(id)!
      const part = member.part(startMs)
      if (part === null) return null
      const wasThere = context.gapFromMs === null ? fromMs < startMs : context.since.has(id)
      taking.push({ id, member, part, joins: !wasThere && fromMs > this.#firstHourMs })
    }
    return new CompositeHour(startMs, taking, transfersOf(members)).draft(context, this.#floor)
  }

  #redraft(members: ReadonlyMap<string, Member>, startMs: number): CompositeDraft | null {
    return this.#draft(members, startMs, this.#context(startMs))
  }

  /**
   * States every hour that all members have stated, in order; corrections of former ones first. A member that says
   * nothing for a day is a gap.
   */
  close(nowMs: number): Closed {
    const members = this.#members()
    const corrections = this.#correct(members)
    const hours: Hour[] = []
    const gaps: Gap[] = []
    for (;;) {
      const startMs = this.#nextHourMs
      const isReady = this.#isReady(members, startMs)
      const isTooLate = nowMs - startMs - hourMs >= this.#rules.gapAfterMs
      if (!isReady && (!isTooLate || members.size === 0)) break
      const reason = isReady ? this.#gapReason(members, startMs) : 'member-unseen'
      const context = this.#context(startMs)
      const draft = reason === null ? this.#draft(members, startMs, context) : null
      if (draft?.kind === 'waiting') break
      if (draft === null || draft.kind === 'hold') {
        const gap = { fromMs: startMs, toMs: startMs + hourMs, reason: reason ?? 'member-unknown' }
        this.#history.putGap(gap.fromMs, gap.toMs, gap.reason)
        this.#gapFromMs ??= startMs
        gaps.push(gap)
      } else {
        this.#put(draft, context)
        hours.push(draft.hour)
      }
      this.#nextHourMs += hourMs
    }
    for (const member of members.values()) member.commit()
    if (corrections !== null) this.#inputs = this.#inputsOf(members)
    this.#fold(members)
    return { hours, gaps, corrections: corrections ?? [] }
  }

  #gapReason(members: ReadonlyMap<string, Member>, startMs: number): string | null {
    for (const [id, { fromMs }] of this.#joined) {
      const reason = fromMs > startMs ? null : members.get(id)!.gapReason(startMs)
      if (reason !== null) return reason
    }
    return null
  }

  #put({ hour, startUsd }: Extract<CompositeDraft, { kind: 'hour' }>, context: CompositeContext): void {
    const { startMs } = hour
    this.#history.put(hour)
    this.#history.sawEquity(startMs, startUsd, this.#rules.peakWindowMs)
    if (hour.equityUsd !== null)
      this.#history.sawEquity(startMs + hourMs, hour.equityUsd, this.#rules.peakWindowMs)
    this.#contexts.set(startMs, { gapFromMs: context.gapFromMs, peakUsd: context.peakUsd })
    this.#gapFromMs = null
  }

  /** A member's correction, or a transfer whose other half showed late, moves hours that were stated; null: candles first. */
  #correct(members: ReadonlyMap<string, Member>): Correction[] | null {
    if (this.#inputs === this.#inputsOf(members)) return []
    const changed: Hour[] = []
    for (const startMs of this.#contexts.keys()) {
      const draft = this.#redraft(members, startMs)
      if (draft?.kind === 'waiting') return null
      const before = this.#history.find(startMs)
      if (draft?.kind === 'hour' && before !== null && !sameHour(before, draft.hour)) changed.push(draft.hour)
    }
    for (const hour of changed) this.#history.put(hour)
    return changed.length === 0 ? [] : [{ hours: changed, cause: 'changed', records: [] }]
  }

  #inputsOf(members: ReadonlyMap<string, Member>): string {
    const corrections = [...members].map(([id, member]) => [id, member.corrections])
    return JSON.stringify([corrections, transfersOf(members).map(({ from, to }) => [keyOf(from), keyOf(to)])])
  }

  #fold(members: ReadonlyMap<string, Member>): void {
    // Of a transfer both ends have to be there.
    const beforeMs = Math.max(0, ...[...members.values()].map(({ foldedMs }) => foldedMs)) + transitMs
    if (beforeMs === transitMs) return
    for (const startMs of this.#contexts.keys()) if (startMs < beforeMs) this.#contexts.delete(startMs)
    this.#history.fold(beforeMs)
  }

  view(): AccountView {
    const hours = this.#history.hours()
    const last = hours.at(-1)
    const { trades, volumeBase, volumeQuoteUsd, feesUsd } = hours.reduce(addExecuted, nothingExecuted)
    const of = (origin: Hour['origin']): number => hours.filter((hour) => hour.origin === origin).length
    return {
      asOfMs: last === undefined ? null : last.startMs + hourMs,
      totals: { trades, volumeBase, volumeQuoteUsd, feesUsd },
      symbols: [],
      coverage: {
        hoursExpected: this.#joined.size === 0 ? 0 : hoursBetween(this.#firstHourMs, this.#nextHourMs),
        observed: of('observed'),
        recovered: of('recovered'),
        backfilled: of('backfilled'),
        gaps: [...this.#history.gaps],
        reconciled: !hours.some((hour) => hour.marks.unreconciled !== undefined),
      },
      portfolio: portfolioOf(
        hours,
        this.#history.gaps,
        this.#memo,
        this.#history.changeableFromMs,
        this.#history.firstReturns,
      ),
      // of each member by itself
      trading: { values: {}, reasons: {} },
      incomeUsd: {},
      hours,
      equityUsd: last?.equityUsd ?? null,
      method: 'twr',
    }
  }

  /** The whole state but the accounts', the same bytes for the same state. */
  snapshot(): Uint8Array {
    const writer = new Writer()
    const count = (value: number): void => writer.count(value)
    writer.text(magic)
    writer.text(this.environment)
    writeRules(writer, this.#rules)
    writer.list(this.members, ({ id, fromMs }) => {
      writer.text(id)
      count(fromMs)
    })
    this.#history.write(writer)
    count(this.#nextHourMs)
    writer.optional(this.#gapFromMs, count)
    writer.map(this.#contexts, count, ({ gapFromMs, peakUsd }) => {
      writer.optional(gapFromMs, count)
      writer.decimal(peakUsd)
    })
    writer.text(this.#inputs)
    return writer.finish()
  }

  /**
   * @param accounts by the ids under which they joined
   * @throws {InputError} `SNAPSHOT_INVALID` unless the bytes are exactly what `snapshot` wrote and no account is missing
   */
  static restore(bytes: Uint8Array, accounts: ReadonlyMap<string, Account>): Composite {
    const reader = new Reader(bytes)
    const count = (): number => reader.count()
    reader.form(magic)
    const composite = new Composite(reader.text(), readRules(reader))
    const members = reader.list(() => ({ id: reader.text(), fromMs: count() }))
    for (const [index, { id, fromMs }] of members.entries()) {
      const account = accounts.get(id) ?? reader.refuse()
      if (index > 0 && members[index - 1]!.id >= id) reader.refuse()
      composite.#joined.set(id, { account, fromMs })
    }
    composite.#history = History.read(reader)
    composite.#nextHourMs = count()
    composite.#gapFromMs = reader.optional(count)
    composite.#contexts = reader.map(count, () => ({
      gapFromMs: reader.optional(count),
      peakUsd: reader.decimal(),
    }))
    composite.#inputs = reader.text()
    reader.end()
    return composite
  }
}

function transfersOf(members: ReadonlyMap<string, Member>): Transfer[] {
  return matchTransfers(
    [...members].flatMap(([id, member]) => member.flows().map((entry) => ({ member: id, entry }))),
  )
}

function wantsOf(members: ReadonlyMap<string, Member>): { id: string; want: PriceWant }[] {
  return [...members].flatMap(([id, member]) => member.wants.map((want) => ({ id, want })))
}
