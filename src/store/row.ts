import type { RawRow } from './connection.ts'
import { StoreError } from './store-error.ts'

/** The readers of one column each: what does not have its kind means a damaged or foreign database. */
export function text(row: RawRow, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : refuse(column)
}

export function textOrNull(row: RawRow, column: string): string | null {
  return row[column] === null ? null : text(row, column)
}

/** A driver gives integers as bigint, number or text: all exact up to 2^53. */
export function integer(row: RawRow, column: string): number {
  const value = row[column]
  const number = typeof value === 'bigint' || typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : refuse(column)
}

export function integerOrNull(row: RawRow, column: string): number | null {
  return row[column] === null ? null : integer(row, column)
}

export function bytes(row: RawRow, column: string): Uint8Array {
  const value = row[column]
  return value instanceof Uint8Array ? value : refuse(column)
}

export function bytesOrNull(row: RawRow, column: string): Uint8Array | null {
  return row[column] === null ? null : bytes(row, column)
}

export function oneOf<Word extends string>(row: RawRow, column: string, words: readonly Word[]): Word {
  const value = text(row, column)
  return words.find((word) => word === value) ?? refuse(column)
}

function refuse(column: string): never {
  throw new StoreError('STATE_CORRUPT', `a row of the state has no valid ${column}`, {
    hint: 'the state folder was changed from outside, or damaged: restore it',
  })
}
