import { minuteOf } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { FlowEntry } from '../entry/entry.ts'
import { crossGap } from '../hour/gap-span.ts'
import type { GapBefore } from '../hour/gap-span.ts'
import type { Draft } from '../hour/hour-draft.ts'
import type { Gap, Hour, PriceWant } from '../hour/hour.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Instant, PriceBook } from '../pricing/price-book.ts'
import { Pricing } from '../pricing/pricing.ts'
import type { TrackRecord } from '../record/track-record.ts'
import { valueOf } from '../pricing/valuation.ts'

export type Part = Extract<Draft, { kind: 'hour' }>

/** One account as a composite sees it: its stated hours, and its worth at instants of the others' flows. */
export class Member {
  readonly #book: PriceBook
  readonly #ledger: Ledger
  readonly #record: TrackRecord
  readonly #trustedMs: number
  readonly #redraft: (startMs: number) => Draft
  readonly #pricing: Pricing

  constructor(account: {
    readonly book: PriceBook
    readonly ledger: Ledger
    readonly record: TrackRecord
    readonly trustedMs: number
    readonly redraft: (startMs: number) => Draft
  }) {
    this.#book = account.book
    this.#ledger = account.ledger
    this.#record = account.record
    this.#trustedMs = account.trustedMs
    this.#redraft = account.redraft
    this.#pricing = new Pricing(this.#book, this.#ledger, true)
  }

  get firstHourMs(): number {
    return this.#record.firstHourMs
  }

  get nextHourMs(): number {
    return this.#record.nextHourMs
  }

  /** What is older can't be looked at any more; 0 while everything can. */
  get foldedMs(): number {
    return this.#ledger.foldedMs > this.firstHourMs ? this.#ledger.foldedMs : 0
  }

  /** What was stated and can't be made again, up to where it can; and the gap that the hour there has to carry. */
  past(): {
    readonly hours: readonly Hour[]
    readonly gaps: readonly Gap[]
    readonly toMs: number
    readonly gapFromMs: number | null
  } {
    const first = this.#record.statedHours().toSorted((a, b) => a.startMs - b.startMs)[0]
    const gapFromMs = first === undefined ? this.#record.gapFromMs : first.context.gapFromMs
    const toMs = first?.startMs ?? this.nextHourMs
    const { history } = this.#record
    return {
      hours: history.hours().filter(({ startMs }) => startMs < toMs),
      gaps: history.gaps.filter((gap) => gap.fromMs < toMs),
      toMs,
      gapFromMs,
    }
  }

  /** At the end of a stated hour; null where it is not one. */
  equityUsd(startMs: number): Decimal | null {
    return this.#record.history.hours().findLast((hour) => hour.startMs === startMs)?.equityUsd ?? null
  }

  /** How often a stated hour was corrected. */
  get corrections(): number {
    return this.#record.corrections
  }

  /** Candles that what was asked for needs first. */
  get wants(): readonly PriceWant[] {
    return this.#pricing.wants
  }

  /** Why an hour is a gap; null where it was stated, or is not over yet. */
  gapReason(startMs: number): string | null {
    const gap = this.#record.history.gaps.find(({ fromMs, toMs }) => fromMs <= startMs && startMs < toMs)
    return gap?.reason ?? null
  }

  /** A stated hour with its cuts; null where it can't be made again. */
  part(startMs: number): Part | null {
    if (this.#record.stated(startMs) === null) return null
    const draft = this.#redraft(startMs)
    return draft.kind === 'hour' ? draft : null
  }

  flows(): FlowEntry[] {
    return this.#ledger.entries(0, Number.MAX_SAFE_INTEGER).filter((entry) => entry.kind === 'flow')
  }

  /** Equity just before an instant, at the prices of its minute. Undefined while candles are wanted. */
  valueBefore(atMs: number, unpriced: ReadonlySet<string>): Decimal | undefined {
    const instant: Instant = { kind: 'cut', atMs: minuteOf(atMs) }
    const balances = this.#ledger.balancesBefore(atMs) ?? new Map()
    return valueOf(balances, instant, unpriced, this.#pricing)?.equityUsd
  }

  /** Null: it has no price. */
  worth(instant: Instant, asset: string, amount: Decimal): Decimal | null | undefined {
    const worth = this.#pricing.worth(instant, asset, amount, false)
    return worth === undefined ? undefined : (worth?.usd ?? null)
  }

  span(fromMs: number, toMs: number): GapBefore | null | undefined {
    return crossGap(fromMs, toMs, this.#trustedMs, this.#ledger, this.#pricing)
  }

  /** The prices that were made stay as they are. */
  commit(): void {
    this.#pricing.commit()
  }
}
