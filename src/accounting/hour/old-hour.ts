import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'

/**
 * The bytes of an hour that nothing can change any more: the published doubles, and of those only what is not 0, in
 * as few bytes as give them back. What is undefined is NaN.
 */

const columns = [
  'startMs',
  'returnPct',
  'trades',
  'volumeBase',
  'volumeQuoteUsd',
  'feesUsd',
  'equityUsd',
  'flowCount',
  'flowUsd',
  'flags',
] as const
const oldHourWidth = columns.length

const isCount = columns.map((name) => name === 'trades' || name === 'flowCount' || name === 'flags')
const mayLack = columns.map((name) => name === 'returnPct' || name === 'equityUsd')

/** How a double is written: as nothing, or by its shortest decimal where that is shorter than its eight bytes. */
const zeroState = 0
const lackState = 1
const doubleState = 2
const shortState = 3
const stateCount = 4

/** So many digits and their scale take less room than a double. */
const digitCountMax = 12
const plain = /^-?(\d+)(?:\.(\d+))?$/

/** The shortest text of a double gives it back: as digits and scale, where there are few. */
function shortOf(value: number): Decimal | null {
  const text = String(value)
  if (text.length > 24 || Object.is(value, -0)) return null
  const parts = plain.exec(text)
  const fraction = parts?.[2] ?? ''
  const digits = `${parts?.[1] ?? ''}${fraction}`.replace(/^0+/, '')
  if (digits === '' || digits.length > digitCountMax) return null
  return { digits: BigInt(value < 0 ? `-${digits}` : digits), scale: fraction.length }
}

function stateOf(value: number, at: number, short: Decimal | null): number {
  if (Object.is(value, 0)) return zeroState
  if (Number.isNaN(value)) return lackState
  return !isCount[at] && short !== null ? shortState : doubleState
}

export function writeOldHour(writer: Writer, row: Float64Array): void {
  writer.instant(row[0]!)
  const shorts = Array.from(row, (value, at) => (at === 0 || isCount[at] ? null : shortOf(value)))
  const states = Array.from(row, (value, at) => stateOf(value, at, shorts[at]!))
  writer.count(states.reduceRight((sum, state, at) => (at === 0 ? sum : sum * stateCount + state), 0))
  for (const [at, value] of row.entries()) {
    const state = states[at]!
    if (at === 0 || state === zeroState || state === lackState) continue
    if (state === shortState) writer.decimal(shorts[at]!)
    else if (isCount[at]) writer.count(value)
    else writer.double(value)
  }
}

export function readOldHour(reader: Reader): number[] {
  const row = [reader.instant()]
  let states = reader.count()
  for (let at = 1; at < oldHourWidth; at += 1, states = Math.floor(states / stateCount)) {
    row.push(readValue(reader, states % stateCount, at))
  }
  if (states !== 0) reader.refuse()
  return row
}

/** Refuses what `writeOldHour` would write otherwise. */
function readValue(reader: Reader, state: number, at: number): number {
  if (state === zeroState) return 0
  if (state === lackState) return mayLack[at] ? Number.NaN : reader.refuse()
  if (state === shortState) return isCount[at] ? reader.refuse() : readShort(reader)
  const value = isCount[at] ? reader.count() : reader.double()
  const isOwn = Number.isFinite(value) && !Object.is(value, 0) && (isCount[at] || shortOf(value) === null)
  return isOwn ? value : reader.refuse()
}

function readShort(reader: Reader): number {
  const { digits, scale } = reader.decimal()
  const value = Number(`${digits}e-${scale}`)
  // A double has one shortest text.
  const short = shortOf(value)
  return short !== null && short.digits === digits && short.scale === scale ? value : reader.refuse()
}
