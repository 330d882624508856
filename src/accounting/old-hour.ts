import { decimalFromNumber, toNumber } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from './codec.ts'

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
export const oldHourWidth = columns.length

const isCount = columns.map((name) => name === 'trades' || name === 'flowCount' || name === 'flags')
const mayLack = columns.map((name) => name === 'returnPct' || name === 'equityUsd')

/** How a double is written: as nothing, or by its shortest decimal where that is shorter than its eight bytes. */
const zeroState = 0
const lackState = 1
const doubleState = 2
const shortState = 3
const stateCount = 4

/** So many digits and their scale take less room than a double. */
const digitsMax = 2n ** 40n
const scaleMax = 40
const leastShort = 1e-30
const mostShort = 1e30

function shortOf(value: number): Decimal | null {
  if (Math.abs(value) < leastShort || Math.abs(value) > mostShort) return null
  const decimal = decimalFromNumber(value)
  const { digits, scale } = decimal
  const isShort = digits <= digitsMax && digits >= -digitsMax && scale <= scaleMax
  return isShort && Object.is(toNumber(decimal), value) ? decimal : null
}

function stateOf(value: number, at: number): number {
  if (Object.is(value, 0)) return zeroState
  if (Number.isNaN(value)) return lackState
  return !isCount[at] && Number.isFinite(value) && shortOf(value) !== null ? shortState : doubleState
}

export function writeOldHour(writer: Writer, row: Float64Array): void {
  writer.instant(row[0]!)
  const states = Array.from(row, stateOf)
  writer.count(states.reduceRight((sum, state, at) => (at === 0 ? sum : sum * stateCount + state), 0))
  for (const [at, value] of row.entries()) {
    const state = states[at]!
    if (at === 0 || state === zeroState || state === lackState) continue
    if (state === shortState) writer.decimal(shortOf(value)!)
    else if (isCount[at]) writer.count(value)
    else writer.double(value)
  }
}

export function readOldHour(reader: Reader): number[] {
  const row = [reader.instant()]
  let states = reader.count()
  for (let at = 1; at < oldHourWidth; at += 1, states = Math.floor(states / stateCount)) {
    const state = states % stateCount
    if (state === lackState && !mayLack[at]) reader.refuse()
    const value = readValue(reader, state, at)
    if (stateOf(value, at) !== state || !(state === lackState || Number.isFinite(value))) reader.refuse()
    row.push(value)
  }
  if (states !== 0) reader.refuse()
  return row
}

function readValue(reader: Reader, state: number, at: number): number {
  if (state === zeroState) return 0
  if (state === lackState) return Number.NaN
  if (state === doubleState) return isCount[at] ? reader.count() : reader.double()
  const decimal = reader.decimal()
  const value = toNumber(decimal)
  // The shortest decimal of a double has one form.
  const short = Number.isFinite(value) ? shortOf(value) : null
  return short !== null && short.digits === decimal.digits && short.scale === decimal.scale
    ? value
    : reader.refuse()
}
