import { dayMs, decimalFromNumber, hourMs, maximum, toNumber, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from './codec.ts'
import type { Gap, Hour, HourMarks } from './hour.ts'
import { oldHourWidth as width, readOldHour, writeOldHour } from './old-hour.ts'
import { flags, origins, readHour, readMarks, writeHour, writeMarks } from './hour-snapshot.ts'

/** Everything that was stated, oldest first: recent hours whole, older ones in columns. */
export class History {
  #old = new Float64Array(0)
  #oldCount = 0
  /** What marks say beyond flags, of old hours; few have any. */
  #oldMarks = new Map<number, HourMarks>()
  #recent: Hour[] = []
  #gaps: Gap[] = []
  #peaks = new Map<number, Decimal>()
  /** Changes with everything stated: what is computed from the history is kept as long as it is the same. */
  version = 0

  get count(): number {
    return this.#oldCount + this.#recent.length
  }

  get gaps(): readonly Gap[] {
    return this.#gaps
  }

  get last(): Hour | null {
    return this.#recent.at(-1) ?? (this.#oldCount > 0 ? this.#oldHour(this.#oldCount - 1) : null)
  }

  find(startMs: number): Hour | null {
    return this.#recent.find((hour) => hour.startMs === startMs) ?? null
  }

  /** Puts a new hour in its place, or another in the place of one stated before. */
  put(hour: Hour): void {
    this.version += 1
    const at = this.#recent.findLastIndex((other) => other.startMs <= hour.startMs)
    const same = this.#recent[at]?.startMs === hour.startMs
    this.#recent.splice(same ? at : at + 1, same ? 1 : 0, hour)
  }

  putGap(fromMs: number, toMs: number, reason: string): void {
    this.version += 1
    const last = this.#gaps.at(-1)
    if (last !== undefined && last.toMs === fromMs && last.reason === reason) {
      this.#gaps[this.#gaps.length - 1] = { fromMs: last.fromMs, toMs, reason }
    } else {
      this.#gaps.push({ fromMs, toMs, reason })
    }
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

  /** Hours not yet in columns that start at or after `fromMs`. */
  since(fromMs: number): Hour[] {
    return this.#recent.filter((hour) => hour.startMs >= fromMs)
  }

  hours(): Hour[] {
    return [...Array.from({ length: this.#oldCount }, (_, index) => this.#oldHour(index)), ...this.#recent]
  }

  /** Hours before it are put into columns. */
  fold(beforeMs: number): void {
    const first = this.#recent.findIndex((hour) => hour.startMs >= beforeMs)
    const folded = this.#recent.splice(0, first < 0 ? this.#recent.length : first)
    if (folded.length === 0) return
    const room = (this.#oldCount + folded.length) * width
    if (room > this.#old.length) {
      const larger = new Float64Array(Math.ceil(room * 1.25))
      larger.set(this.#old.subarray(0, this.#oldCount * width))
      this.#old = larger
    }
    for (const hour of folded) this.#fold(hour)
  }

  #fold(hour: Hour): void {
    const { noCapital, belowFloor, approximate, unpricedFees, ...rest } = hour.marks
    const set = [noCapital, belowFloor, approximate, unpricedFees]
    const bits = set.reduce((sum, flag, index) => sum + (flag ? 2 ** index : 0), 0)
    this.#old.set(
      [
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
      ],
      this.#oldCount * width,
    )
    this.#oldCount += 1
    if (rest.unreconciled ?? rest.unpriced) {
      this.#oldMarks.set(hour.startMs, {
        ...(rest.unreconciled && { unreconciled: rest.unreconciled }),
        ...(rest.unpriced && { unpriced: rest.unpriced }),
      })
    }
  }

  #oldHour(index: number): Hour {
    const row = this.#old.subarray(index * width, (index + 1) * width)
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
    writer.count(this.#oldCount)
    for (let at = 0; at < this.#oldCount; at += 1)
      writeOldHour(writer, this.#old.subarray(at * width, (at + 1) * width))
    writer.map(
      this.#oldMarks,
      (startMs) => writer.instant(startMs),
      (marks) => writeMarks(writer, marks),
    )
    writer.list(this.#recent, (hour) => writeHour(writer, hour))
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
    const rows = reader.list(() => readOldHour(reader))
    history.#old = Float64Array.from(rows.flat())
    history.#oldCount = rows.length
    history.#oldMarks = reader.map(
      () => reader.instant(),
      () => readMarks(reader),
    )
    history.#recent = reader.list(() => readHour(reader))
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
