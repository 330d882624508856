import { hourMs, hourOf, parseDecimal } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { anchorOf } from './ledger/anchor.ts'
import { beginningOf, hourAfter } from './ledger/beginning.ts'
import { Reader, Writer } from './codec.ts'
import type { Contract } from './ledger/contract.ts'
import { isToldOtherwise } from './entry/cash-flow.ts'
import type { Entry } from './entry/entry.ts'
import { readOptions, writeOptions } from './account-options.ts'
import type { AccountOptions } from './account-options.ts'
import { candidateAssets, candidateSymbols, openResiduals } from './ledger/candidates.ts'
import type { OpenResidual } from './ledger/candidates.ts'
import type { Closed, Correction, Gap, Hour, PriceWant } from './hour/hour.ts'
import { joinGap } from './hour/joined-gaps.ts'
import { draftHour } from './hour/hour-draft.ts'
import type { Draft, FloorRule, HourContext } from './hour/hour-draft.ts'
import { admit } from './entry/intake.ts'
import type { BalanceRead, Quarantined } from './entry/intake.ts'
import { Joins } from './entry/joined.ts'
import { LateEntries } from './entry/late-entries.ts'
import { Ledger } from './ledger/ledger.ts'
import type { Anchor, Candle, Market, Observation, Wallet } from './observation.ts'
import { Member } from './composite/member.ts'
import { PriceBook } from './pricing/price-book.ts'
import { joinWants } from './pricing/price-wants.ts'
import { Pricing } from './pricing/pricing.ts'
import { Polls } from './ledger/polls.ts'
import { TrackRecord } from './record/track-record.ts'
import type { AccountView } from './view.ts'

export type { AccountOptions } from './account-options.ts'
export type { OpenResidual } from './ledger/candidates.ts'
export type { Quarantined } from './entry/intake.ts'

const magic = 'perf-agg account 7'
/** So many hours are priced at once while an outage is recovered. */
const hoursAheadMax = 24
const foldEveryMs = 24 * hourMs

/**
 * One exchange account with balances: from observations to hours that hold. Pure: time, observations and candles are
 * given, hours come back. What `close` returns is stated and will not change but by a correction.
 */
export class Account {
  readonly #options: AccountOptions
  readonly #floor: FloorRule
  #ledger: Ledger
  #book: PriceBook
  #polls: Polls
  #record: TrackRecord
  #late = new LateEntries()
  #joins = new Joins()
  /** The hour whose candles were asked for last: one that nobody asked for is not missing. */
  #askedHourMs: number | null = null

  private constructor(options: AccountOptions) {
    this.#options = options
    const { rules } = options
    this.#floor = { leastUsd: parseDecimal(rules.floorUsd), share: parseDecimal(rules.floorShare) }
    this.#ledger = new Ledger(hourOf(options.openedAtMs), rules.balanceScale)
    this.#book = new PriceBook(rules)
    this.#polls = new Polls(options.settlingMs)
    this.#record = new TrackRecord(hourAfter(options.openedAtMs), rules, this.liveFromMs)
  }

  /** Hours before it are backfilled. */
  get liveFromMs(): number {
    return hourAfter(this.#options.firstRegisteredAtMs)
  }

  /** History is to be read from here on. */
  get openedAtMs(): number {
    return this.#options.openedAtMs
  }

  static open(options: AccountOptions): Account {
    return new Account(options)
  }

  /** The whole state, the same bytes for the same state; markets are not part of it and are set again. */
  snapshot(): Uint8Array {
    const writer = new Writer()
    writer.text(magic)
    writeOptions(writer, this.#options)
    this.#ledger.write(writer)
    this.#book.write(writer)
    this.#polls.write(writer)
    this.#record.write(writer)
    this.#late.write(writer)
    this.#joins.write(writer)
    return writer.finish()
  }

  /** @throws {InputError} `SNAPSHOT_INVALID` unless the bytes are exactly what `snapshot` wrote */
  static restore(bytes: Uint8Array): Account {
    const reader = new Reader(bytes)
    reader.form(magic)
    const account = new Account(readOptions(reader))
    const { rules, settlingMs } = account.#options
    account.#ledger = Ledger.read(reader, rules.balanceScale)
    account.#book = PriceBook.read(reader, rules)
    account.#polls = Polls.read(reader, settlingMs)
    account.#record = TrackRecord.read(
      reader,
      { rules, liveFromMs: account.liveFromMs },
      account.#book,
      account.#ledger.contracts,
    )
    account.#late = LateEntries.read(reader)
    account.#joins = Joins.read(reader)
    reader.end()
    return account
  }

  /** Call at start, after `restore`, and whenever the exchange's list changed. */
  setMarkets(markets: readonly Market[]): void {
    this.#book.setMarkets(markets)
  }

  /** All of before the registration is read, to the end. */
  get isPastRead(): boolean {
    return this.#polls.firstAfter(this.liveFromMs) !== null
  }

  /** While nothing is stated: what is read so far tells nothing of before this instant, which is no gap. */
  beginPast(entriesMax: number): void {
    const beginMs = beginningOf(this.#ledger, {
      liveFromMs: this.liveFromMs,
      entriesMax,
      whole: this.isPastRead,
    })
    if (beginMs <= this.nextHourMs) return
    this.#ledger.fold(beginMs)
    this.#record.begin(beginMs)
  }

  /** Takes what a poll brought; taking it again changes nothing. Returns what was refused. */
  take(observation: Observation): readonly Quarantined[] {
    const admitted = admit(observation)
    if ('reason' in admitted) return [admitted]
    const { anchor, lost, begunAtMs } = admitted
    const quarantined = [...admitted.quarantined, ...this.#takeEntries(admitted.entries)]
    if (lost !== null) this.#ledger.takeLost(lost)
    if (anchor === null) return quarantined
    const refused: Quarantined = { kind: 'anchor', id: String(anchor.atMs), reason: 'contract-changed' }
    if (!this.#knows(anchor)) return [...quarantined, refused]
    if (this.#ledger.takeAnchor(anchor.atMs, anchor.balances, anchor.positions) && observation.complete) {
      this.#polls.take(begunAtMs, anchor.atMs)
    }
    return quarantined
  }

  /**
   * Takes the first poll of a wider scope, begun right after a complete one of the scope before. What the wallets that
   * join hold comes in as a flow at the balance read: nothing before it is this account's. Null where it can't be done
   * by this observation: nothing was taken, and the scope stays.
   */
  join(observation: Observation, wallets: readonly Wallet[]): readonly Quarantined[] | null {
    const admitted = admit(observation)
    if ('reason' in admitted || admitted.anchor === null || !observation.complete) return null
    const { anchor, begunAtMs, entries } = admitted
    const last = this.#ledger.anchors.at(-1)
    if (last === undefined || anchor.atMs < last.atMs || !this.#knows(anchor)) return null
    // right after is the same instant where a clock stands still
    const atMs = Math.max(anchor.atMs, last.atMs + 1)
    const join = { wallets, atMs }
    this.#joins.add(join)
    const unknown = entries.filter(({ key }) => this.#ledger.find(key) === null)
    for (const entry of unknown) {
      if (entry.atMs <= atMs && entry.kind !== 'fill') this.#joins.pass(entry)
    }
    const quarantined = [...admitted.quarantined, ...this.#takeEntries(entries)]
    this.#ledger.takeAnchor(atMs, anchor.balances, anchor.positions, join)
    this.#polls.take(begunAtMs, atMs)
    return quarantined
  }

  #takeEntries(entries: readonly Entry[]): Quarantined[] {
    const quarantined: Quarantined[] = []
    for (const entry of entries) {
      if (this.#joins.isBefore(entry)) continue
      if (entry.kind === 'fill' && entry.contract !== null && !this.#agrees(entry.contract)) {
        quarantined.push({ kind: 'fill', id: entry.id, reason: 'contract-changed' })
      } else {
        this.#takeEntry(entry)
      }
    }
    return quarantined
  }

  #knows(anchor: BalanceRead): boolean {
    return anchor.positions.every(({ contract }) => this.#agrees(contract))
  }

  #agrees(contract: Contract): boolean {
    return this.#ledger.contracts.agrees(contract)
  }

  #takeEntry(entry: Entry): void {
    if (entry.kind === 'flow' && isToldOtherwise(entry, (key) => this.#ledger.find(key))) return
    const known = this.#ledger.find(entry.key)
    const taken = this.#ledger.take(entry)
    if (taken !== 'new' && taken !== 'changed') return
    const moved = this.#movedBy(entry.atMs)
    if (known !== null) moved.push(...this.#movedBy(known.atMs))
    if (moved.length === 0) return
    const cause = taken === 'changed' ? 'changed' : entry.kind === 'flow' ? 'late-flow' : 'late-fill'
    this.#late.note(moved, cause, entry.id)
  }

  /** The stated hours that an entry at `atMs` may move: those between its anchors, and one that carries a gap there. */
  #movedBy(atMs: number): number[] {
    const reach = this.#ledger.reach(atMs)
    if (reach.fromMs >= this.nextHourMs) return []
    return this.#record
      .statedHours()
      .filter(({ startMs, context }) => {
        return (context.gapFromMs ?? startMs) < reach.toMs && startMs + hourMs > reach.fromMs
      })
      .map(({ startMs }) => startMs)
  }

  /** Minute candles needed before `close` can go on. Answer each, then ask again: some needs show late. */
  priceWants(nowMs: number): readonly PriceWant[] {
    if (!this.#book.ready) return []
    const wants: PriceWant[] = []
    for (const startMs of this.#late.hours) wants.push(...this.#redraft(startMs).pricing.wants)
    let startMs = this.nextHourMs
    this.#askedHourMs = startMs
    for (let count = 0; count < hoursAheadMax; count += 1, startMs += hourMs) {
      const context = this.#contextOf(startMs, nowMs)
      if (context === null) break
      const isNext = count === 0
      const { pricing } = this.#draft(startMs, isNext ? context : { ...context, gapFromMs: null }, isNext)
      wants.push(...pricing.wants)
    }
    return joinWants(wants)
  }

  /** `null`: the exchange has no such candles and never will. A failed fetch is no answer: try again later. */
  takeCandles(want: PriceWant, candles: readonly Candle[] | null): readonly Quarantined[] {
    const series = want.kind === 'mark' ? this.#book.marks : this.#book.candles
    const refused = series.take(want, candles ?? [])
    return refused.map((reason) => ({ kind: 'candle', id: want.symbol, reason }))
  }

  /** Candles could not be asked for: the hour that needs them is not one without prices. */
  missCandles(): void {
    this.#askedHourMs = null
  }

  #draft(startMs: number, context: HourContext, search: boolean): { draft: Draft; pricing: Pricing } {
    const pricing = new Pricing(this.#book, this.#ledger, search)
    return { draft: draftHour(startMs, context, this.#floor, this.#ledger, pricing), pricing }
  }

  #redraft(startMs: number): { draft: Draft; pricing: Pricing } {
    const { context } = this.#record.stated(startMs)!
    return this.#draft(startMs, { ...context, trustedMs: this.#polls.trustedMs }, true)
  }

  /** What the next hour stands on; null while no complete poll was begun after it had settled. */
  #contextOf(startMs: number, nowMs: number): HourContext | null {
    const endMs = startMs + hourMs
    const { rules } = this.#options
    const poll = nowMs < endMs ? null : this.#polls.firstAfter(endMs)
    if (poll === null) return null
    const seenLate = poll.begunAtMs > endMs + rules.observedWithinMs
    const isBackfilled = startMs < this.liveFromMs
    return {
      origin: isBackfilled ? 'backfilled' : seenLate ? 'recovered' : 'observed',
      peakUsd: this.#record.history.peakUsd(startMs, rules.peakWindowMs),
      gapFromMs: this.#gapBefore(startMs),
      trustedMs: this.#polls.trustedMs,
    }
  }

  /** What the hour has to carry; nothing of before the registration gets into a live one. */
  #gapBefore(startMs: number): number | null {
    const { gapFromMs } = this.#record
    if (gapFromMs === null || startMs < this.liveFromMs) return gapFromMs
    const fromMs = Math.max(gapFromMs, this.liveFromMs)
    return fromMs < startMs ? fromMs : null
  }

  /**
   * States every hour that can be stated, in order; corrections of former ones first. Poll before closing after a
   * standstill: what is older than a day and still unseen becomes a gap, for `unseenReason`.
   */
  close(nowMs: number, unseenReason = 'exchange-unreachable'): Closed {
    const hours: Hour[] = []
    const gaps: Gap[] = []
    if (!this.#book.ready) return { hours, gaps, corrections: [] }
    const corrections = this.#correct()
    for (;;) {
      const step = this.#closeNext(nowMs, unseenReason)
      if (step === null) break
      if (step === 'passed') continue
      if ('origin' in step) hours.push(step)
      else joinGap(gaps, step)
    }
    if (hours.length + gaps.length > 0) this.#fold()
    if (this.#contextOf(this.nextHourMs, nowMs) === null && this.#late.isEmpty) this.#book.forgetCandles()
    return { hours, gaps, corrections }
  }

  #closeNext(nowMs: number, unseenReason: string): Hour | Gap | 'passed' | null {
    const startMs = this.nextHourMs
    const endMs = startMs + hourMs
    if (nowMs < endMs + this.#options.settlingMs) return null
    if (this.#ledger.lost.some((span) => span.fromMs < endMs && span.toMs > startMs)) {
      return this.#miss('history-lost')
    }
    // what was over before the registration has its day as well
    const isTooLate = nowMs - Math.max(endMs, this.liveFromMs) >= this.#options.rules.gapAfterMs
    const context = this.#contextOf(startMs, nowMs)
    if (context === null) return isTooLate ? this.#miss(unseenReason) : null
    const isPast = isTooLate || context.origin === 'backfilled'
    const { draft, pricing } = this.#draft(startMs, context, true)
    if (draft.kind === 'waiting') {
      return isPast && this.#askedHourMs === startMs ? this.#miss('prices-unavailable') : null
    }
    if (draft.kind === 'hold') return isPast || draft.atOnce ? this.#miss(draft.reason) : null
    pricing.commit()
    this.#record.put(draft, context, this.#ledger, this.#book)
    this.#polls.forget(endMs)
    return draft.hour
  }

  /** A gap; before the first hour of a past that can be stated there is none. */
  #miss(reason: string): Gap | 'passed' {
    const nextMs = this.nextHourMs + hourMs
    if (this.#record.history.count > 0 || nextMs > this.liveFromMs) return this.#record.putGap(reason)
    this.#record.begin(nextMs)
    return 'passed'
  }

  /** Makes the hours again that late entries may have moved, all or none; those that come out otherwise are corrected. */
  #correct(): Correction[] {
    if (this.#late.isEmpty) return []
    const starts = this.#late.hours.filter((startMs) => this.#record.stated(startMs) !== null)
    if (starts.some((startMs) => this.#redraft(startMs).draft.kind === 'waiting')) return []
    const changed: Hour[] = []
    let isExplained = false
    for (const startMs of starts) {
      const { draft, pricing } = this.#redraft(startMs)
      // One that can't be made any more stays as it was stated.
      if (draft.kind !== 'hour') continue
      const before = this.#record.history.find(startMs)
      pricing.commit()
      if (!this.#record.replace(draft)) continue
      changed.push(draft.hour)
      const left = draft.hour.marks.unreconciled?.length ?? 0
      isExplained ||= (before?.marks.unreconciled?.length ?? 0) > left
    }
    const [fromMs] = this.#late.hours
    const { cause, records } = this.#late.settle()
    this.#record.rebuild(fromMs!, this.#ledger, this.#book)
    if (changed.length === 0) return []
    return [{ hours: changed, cause: isExplained ? 'explained' : cause, records }]
  }

  /** Forgets what can't change any more. */
  #fold(): void {
    const { rules } = this.#options
    const windowMs = this.nextHourMs - rules.correctionWindowMs
    const beforeMs = Math.min(windowMs, this.#record.gapFromMs ?? windowMs)
    if (beforeMs - this.#ledger.foldedMs < foldEveryMs) return
    this.#record.fold(beforeMs, this.#ledger, this.#book)
    this.#ledger.fold(beforeMs)
    this.#joins.fold(beforeMs)
    this.#book.fold(beforeMs)
  }

  /** The account as part of a composite: it looks, and changes nothing that was stated. */
  member(): Member {
    return new Member({
      book: this.#book,
      ledger: this.#ledger,
      record: this.#record,
      trustedMs: this.#polls.trustedMs,
      redraft: (startMs) => this.#redraft(startMs).draft,
    })
  }

  lastAnchor(): Anchor | null {
    const last = this.#ledger.anchors.at(-1)
    if (last === undefined) return null
    return anchorOf(last)
  }

  /** Start of the next hour to be stated. */
  get nextHourMs(): number {
    return this.#record.nextHourMs
  }

  /** Residuals between anchors not yet explained, newest first: instruments are searched while there are any. */
  openResiduals(): readonly OpenResidual[] {
    return openResiduals(this.#ledger)
  }

  /** Assets that moved or are held, the unexplained first: where fills may hide. */
  candidateAssets(): readonly string[] {
    return candidateAssets(this.#ledger)
  }

  /** Symbols with fills in the correction window, most recent first. */
  candidateSymbols(): readonly string[] {
    return candidateSymbols(this.#ledger)
  }

  /** Equity at the end of the last stated hour. */
  get equityUsd(): Decimal | null {
    return this.#record.history.last?.equityUsd ?? null
  }

  view(_nowMs: number): AccountView {
    return this.#record.view()
  }
}
