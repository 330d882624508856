import { Writer } from '../codec.ts'
import type { Reader } from '../codec.ts'
import { type Hour, hourIncomes, type HourMarks, type Origin } from './hour.ts'

/** The bytes of an hour in a snapshot: equal hours have equal bytes, others have others. */

export const origins: readonly Origin[] = ['observed', 'recovered', 'backfilled']
export const flags = ['noCapital', 'belowFloor', 'approximate', 'unpricedFees'] as const

export function writeHour(writer: Writer, hour: Hour): void {
  writer.instant(hour.startMs)
  writer.count(origins.indexOf(hour.origin))
  writer.optional(hour.returnPct, (value) => writer.double(value))
  writer.optional(hour.returnReason, (value) => writer.text(value))
  writer.count(hour.trades)
  writer.decimal(hour.volumeBase)
  writer.decimal(hour.volumeQuoteUsd)
  writer.decimal(hour.feesUsd)
  writer.optional(hour.equityUsd, (value) => writer.decimal(value))
  writer.count(hour.flows.count)
  writer.decimal(hour.flows.netUsd)
  writeMarks(writer, hour.marks)
}

export function readHour(reader: Reader): Hour {
  return {
    startMs: reader.instant(),
    origin: reader.oneOf(origins),
    returnPct: reader.optional(() => reader.double()),
    returnReason: reader.optional(() => reader.text()),
    trades: reader.count(),
    volumeBase: reader.decimal(),
    volumeQuoteUsd: reader.decimal(),
    feesUsd: reader.decimal(),
    equityUsd: reader.optional(() => reader.decimal()),
    flows: { count: reader.count(), netUsd: reader.decimal() },
    marks: readMarks(reader),
  }
}

export function writeMarks(writer: Writer, marks: HourMarks): void {
  writer.count(flags.reduce((bits, flag, index) => bits + (marks[flag] === true ? 2 ** index : 0), 0))
  writer.list(marks.unreconciled ?? [], (one) => {
    writer.name(one.asset)
    writer.text(one.amount)
    writer.text(one.usd)
  })
  writer.list(marks.income ?? [], (one) => {
    writer.count(hourIncomes.indexOf(one.kind))
    writer.text(one.usd)
  })
  writer.list(marks.unpriced ?? [], (asset) => writer.name(asset))
  writer.list(marks.stale ?? [], (one) => {
    writer.name(one.asset)
    writer.count(one.ageS)
  })
}

export function readMarks(reader: Reader): HourMarks {
  const bits = reader.count()
  if (bits >= 2 ** flags.length) reader.refuse()
  const [noCapital, belowFloor, approximate, unpricedFees] = flags.map(
    (_flag, index) => Math.floor(bits / 2 ** index) % 2 === 1,
  )
  const unreconciled = reader.list(() => ({
    asset: reader.name(),
    amount: reader.text(),
    usd: reader.text(),
  }))
  const income = reader.list(() => ({ kind: reader.oneOf(hourIncomes), usd: reader.text() }))
  const unpriced = reader.list(() => reader.name())
  const stale = reader.list(() => ({ asset: reader.name(), ageS: reader.count() }))
  return {
    ...(noCapital && { noCapital: true as const }),
    ...(belowFloor && { belowFloor: true as const }),
    ...(approximate && { approximate: true as const }),
    ...(unpricedFees && { unpricedFees: true as const }),
    ...(unreconciled.length > 0 && { unreconciled }),
    ...(income.length > 0 && { income }),
    ...(unpriced.length > 0 && { unpriced }),
    ...(stale.length > 0 && { stale }),
  }
}

/** Whether two versions of an hour say the same. */
export function sameHour(a: Hour, b: Hour): boolean {
  const bytes = [a, b].map((hour) => {
    const writer = new Writer()
    writeHour(writer, hour)
    return writer.finish()
  })
  return bytes[0]!.length === bytes[1]!.length && bytes[0]!.every((byte, index) => byte === bytes[1]![index])
}
