import { dayMs, decimalFromNumber, hourMs, maximum, toNumber, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import type { Gap, Hour, HourMarks } from '../hour/hour.ts'
import { joinGap } from '../hour/joined-gaps.ts'
import { readOldHour, writeOldHour } from '../hour/old-hour.ts'
import { PackedList } from './packed-list.ts'
import type { PackedForm } from './packed-list.ts'
import { flags, origins, readHour, readMarks, writeHour, writeMarks } from '../hour/hour-snapshot.ts'

const recentForm: PackedForm<Hour> = { atMs: ({ startMs }) => startMs, write: writeHour, read: readHour }
const oldForm: PackedForm<Float64Array> = {
  atMs: (row) => row[0]!,
  write: writeOldHour,
  read: (reader) => Float64Array.from(readOldHour(reader)),
}
/** Everything that was stated, oldest first: recent hours whole, older ones as the doubles that were published. */
export class History {
  #old = new PackedList(oldForm, 128, 32)
  /** What marks say beyond flags, of old hours; few have any. */
  #oldMarks = new Map<number, HourMarks>()
  #recent = new PackedList(recentForm, 32, 4)
  #lastMs: number | null = null
  #gaps: Gap[] = []
  /** Returns of hours that were corrected, as they were first stated. */
  #firstReturns = new Map<number, number | null>()
  #peaks = new Map<number, Decimal>()
  /** Changes with everything stated: what is computed from the history is kept as long as it is the same. */
  version = 0

  get count(): number {
    return this.#old.count + this.#recent.count
  }

  get gaps(): readonly Gap[] {
    return this.#gaps
  }

  get last(): Hour | null {
    const row = this.#old.last
    return this.#recent.last ?? (row === null ? null : this.#oldHour(row))
  }

  /** Start of the last hour. */
  get lastMs(): number | null {
    return this.#lastMs
  }

  /** Start of the first hour that can still change. */
  get firstRecentMs(): number | null {
    return this.#recent.firstMs
  }

  /** What starts before it never changes again. */
  get changeableFromMs(): number {
    const last = this.#old.last
    return last === null ? Number.NEGATIVE_INFINITY : last[0]! + hourMs
  }

  find(startMs: number): Hour | null {
    return this.#recent.find(startMs)
  }

  /** Puts a new hour in its place, or another in the place of one stated before. */
  put(hour: Hour): void {
    this.version += 1
    const before = this.#recent.find(hour.startMs)
    if (before !== null && !this.#firstReturns.has(hour.startMs) && before.returnPct !== hour.returnPct)
      this.#firstReturns.set(hour.startMs, before.returnPct)
    if (!this.#recent.replace(hour)) this.#recent.put(hour)
    this.#lastMs = Math.max(this.#lastMs ?? 0, hour.startMs)
  }

  putGap(fromMs: number, toMs: number, reason: string): void {
    this.version += 1
    joinGap(this.#gaps, { fromMs, toMs, reason })
  }

  /** Notes equity for the trailing peak, by day. */
  sawEquity(atMs: number, equityUsd: Decimal, windowMs: number): void {
    const day = Math.floor(atMs / dayMs) * dayMs
    this.#peaks.set(day, maximum(this.#peaks.get(day) ?? equityUsd, equityUsd))
    for (const old of this.#peaks.keys()) if (old < day - windowMs) this.#peaks.delete(old)
  }

  peakUsd(atMs: number, windowMs: number): Decimal {
    let peak = zero
    for (const [day, equityUsd] of this.#peaks)
      if (day > atMs - windowMs - dayMs) peak = maximum(peak, equityUsd)
    return peak
  }

  /** Hours not yet old that start at or after `fromMs`. */
  since(fromMs: number): Hour[] {
    return this.#recent.between(fromMs, Number.POSITIVE_INFINITY)
  }

  hours(): Hour[] {
    return [...this.#old.all().map((row) => this.#oldHour(row)), ...this.#recent.all()]
  }

  /** By the hour's start, of those whose return a correction moved. */
  get firstReturns(): ReadonlyMap<number, number | null> {
    return this.#firstReturns
  }

  /** Hours before it become old: nothing changes them any more. */
  fold(beforeMs: number): void {
    for (const hour of this.#recent.takeBefore(beforeMs)) this.#fold(hour)
    this.#old.pack()
  }

  #fold(hour: Hour): void {
    const { noCapital, belowFloor, approximate, unpricedFees, ...rest } = hour.marks
    const set = [noCapital, belowFloor, approximate, unpricedFees]
    const bits = set.reduce((sum, flag, index) => sum + (flag ? 2 ** index : 0), 0)
    this.#old.put(
      Float64Array.of(
        hour.startMs,
        hour.returnPct ?? Number.NaN,
        hour.trades,
        toNumber(hour.volumeBase),
        toNumber(hour.volumeQuoteUsd),
        toNumber(hour.feesUsd),
        hour.equityUsd === null ? Number.NaN : toNumber(hour.equityUsd),
        hour.flows.count,
        toNumber(hour.flows.netUsd),
        bits * 4 + origins.indexOf(hour.origin),
      ),
    )
    if (rest.unreconciled ?? rest.unpriced) {
      this.#oldMarks.set(hour.startMs, {
        ...(rest.unreconciled && { unreconciled: rest.unreconciled }),
        ...(rest.unpriced && { unpriced: rest.unpriced }),
      })
    }
  }

  #oldHour(row: Float64Array): Hour {
    const [
      startMs = 0,
      returnPct = 0,
      trades = 0,
      base = 0,
      quote = 0,
      fees = 0,
      equity = 0,
      count = 0,
      flow = 0,
      bits = 0,
    ] = row
    const marks: Record<string, unknown> = {}
    for (const [at, flag] of flags.entries())
      if (Math.floor(bits / 2 ** (at + 2)) % 2 === 1) marks[flag] = true
    return {
      startMs,
      origin: origins[bits % 4] ?? 'observed',
      returnPct: Number.isNaN(returnPct) ? null : returnPct,
      returnReason: Number.isNaN(returnPct) ? 'no_trades_yet' : null,
      trades,
      volumeBase: decimalFromNumber(base),
      volumeQuoteUsd: decimalFromNumber(quote),
      feesUsd: decimalFromNumber(fees),
      equityUsd: Number.isNaN(equity) ? null : decimalFromNumber(equity),
      flows: { count, netUsd: decimalFromNumber(flow) },
      marks: { ...marks, ...this.#oldMarks.get(startMs) },
    }
  }

  write(writer: Writer): void {
    writer.count(this.version)
    writer.list(this.#old.all(), (row) => writeOldHour(writer, row))
    writer.map(
      this.#oldMarks,
      (startMs) => writer.instant(startMs),
      (marks) => writeMarks(writer, marks),
    )
    writer.list(this.#recent.all(), (hour) => writeHour(writer, hour))
    writer.map(
      this.#firstReturns,
      (startMs) => writer.instant(startMs),
      (returnPct) => writer.optional(returnPct, (pct) => writer.double(pct)),
    )
    writer.list(this.#gaps, (gap) => {
      writer.instant(gap.fromMs)
      writer.instant(gap.toMs)
      writer.name(gap.reason)
    })
    writer.map(
      this.#peaks,
      (day) => writer.instant(day),
      (peak) => writer.repeated(peak),
    )
  }

  static read(reader: Reader): History {
    const history = new History()
    history.version = reader.count()
    const old = reader.list(() => oldForm.read(reader))
    if (old.some((row, index) => index > 0 && old[index - 1]![0]! >= row[0]!)) reader.refuse()
    history.#old.fill(old)
    history.#oldMarks = reader.map(
      () => reader.instant(),
      () => readMarks(reader),
    )
    for (const hour of reader.list(() => readHour(reader))) history.#recent.put(hour)
    history.#lastMs = history.last?.startMs ?? null
    history.#firstReturns = reader.map(
      () => reader.instant(),
      () => reader.optional(() => reader.double()),
    )
    history.#gaps = reader.list(() => ({
      fromMs: reader.instant(),
      toMs: reader.instant(),
      reason: reader.name(),
    }))
    history.#peaks = reader.map(
      () => reader.instant(),
      () => reader.repeated(),
    )
    return history
  }
}

/** How many hours there are from one instant to another. */
export const hoursBetween = (fromMs: number, toMs: number): number =>
  Math.max(0, Math.round((toMs - fromMs) / hourMs))
