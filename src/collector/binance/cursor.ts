import {
  InputError,
  parseJson,
  readArray,
  readInteger,
  readNullable,
  readObject,
  readString,
} from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Base } from '../explain.ts'

/**
 * Where the last poll stood: JSON that only this adapter reads, kept by the daemon beside what the poll brought.
 */
export interface Cursor {
  /** Nothing older is told. */
  readonly floorMs: number
  /** Last poll that read every list, by its hour. */
  readonly thoroughHourMs: number
  /** Flows are known until then. */
  readonly flowsMs: number
  /** Last read of the transfers between wallets. */
  readonly transfersMs: number
  readonly updatedAtMs: number | null
  /** Balances that the ledger explained to the last unit, or that were given up; null before the first. */
  readonly base: Base | null
  readonly symbols: readonly KnownSymbol[]
  /** Instants that were estimated once and must come out the same again: `[key, atMs]`. */
  readonly estimates: readonly (readonly [string, number])[]
  /** The last anchor's balances where they are not `base`'s. */
  readonly seen: readonly Amount[] | null
  /** The search for what moved balances since `base`; null where everything is explained. */
  readonly search: Search | null
  /** A walk over all symbols, asked for by the daemon; null where there is none. */
  readonly sweep: Sweep | null
  /** The same for what happened before the first poll, to which no balance points; null where there is none, or no more. */
  readonly history: Sweep | null
}

export interface Sweep {
  readonly startedAtMs: number
  readonly tried: readonly string[]
  readonly done: boolean
}

/** A symbol the account has traded. */
export interface KnownSymbol {
  readonly id: string
  readonly base: string
  readonly quote: string
  readonly lastAtMs: number
  /** The first fill of each recent hour, oldest first: places to read on from. */
  readonly marks: readonly Mark[]
}

export interface Mark {
  readonly id: number
  readonly atMs: number
}

export interface Search {
  /** What is unexplained, as text: another residual is another search. */
  readonly residual: string
  readonly tried: readonly string[]
  /** When this residual was first met. */
  readonly sinceMs: number
  /** Every candidate was tried. */
  readonly exhausted: boolean
}

export function firstCursor(sinceMs: number): Cursor {
  return {
    floorMs: sinceMs,
    thoroughHourMs: 0,
    flowsMs: sinceMs,
    transfersMs: sinceMs,
    updatedAtMs: null,
    base: null,
    symbols: [],
    estimates: [],
    seen: null,
    search: null,
    sweep: null,
    history: null,
  }
}

const version = 1

export function writeCursor(cursor: Cursor): string {
  const text = JSON.stringify({ version, ...cursor })
  if (text.length > limits.collector.cursorBytesMax)
    throw new InputError('CURSOR_TOO_LARGE', 'a cursor is too long')
  return text
}

const instant = (value: unknown, path: string): number => readInteger(value, path, { min: 0 })
const name = (value: unknown, path: string): string => readString(value, path, { min: 1, max: 160 })

/** @throws {InputError} */
export function parseCursor(text: string): Cursor {
  const value = parseJson(text, { bytesMax: limits.collector.cursorBytesMax, depthMax: 8 })
  const cursor = readObject(value, 'cursor', {
    required: [
      'version',
      'floorMs',
      'thoroughHourMs',
      'flowsMs',
      'transfersMs',
      'updatedAtMs',
      'base',
      'symbols',
      'estimates',
      'seen',
      'search',
      'sweep',
    ],
    optional: ['history'],
  })
  readInteger(cursor.version, 'cursor.version', { min: version, max: version })
  return {
    floorMs: instant(cursor.floorMs, 'cursor.floorMs'),
    thoroughHourMs: instant(cursor.thoroughHourMs, 'cursor.thoroughHourMs'),
    flowsMs: instant(cursor.flowsMs, 'cursor.flowsMs'),
    transfersMs: instant(cursor.transfersMs, 'cursor.transfersMs'),
    updatedAtMs: readNullable(cursor.updatedAtMs, 'cursor.updatedAtMs', instant),
    base: readNullable(cursor.base, 'cursor.base', readBase),
    symbols: readArray(cursor.symbols, 'cursor.symbols', limits.collector.symbolsMax, (each, path) => {
      const symbol = readObject(each, path, { required: ['id', 'base', 'quote', 'lastAtMs', 'marks'] })
      return {
        id: name(symbol.id, `${path}.id`),
        base: name(symbol.base, `${path}.base`),
        quote: name(symbol.quote, `${path}.quote`),
        lastAtMs: instant(symbol.lastAtMs, `${path}.lastAtMs`),
        marks: readArray(symbol.marks, `${path}.marks`, 64, (mark, at) => {
          const { id, atMs } = readObject(mark, at, { required: ['id', 'atMs'] })
          return { id: readInteger(id, `${at}.id`, { min: 0 }), atMs: instant(atMs, `${at}.atMs`) }
        }),
      }
    }),
    estimates: readArray(cursor.estimates, 'cursor.estimates', limits.collector.flowsMax, (each, path) => {
      const [key, atMs] = readArray(each, path, 2)
      return [name(key, path), instant(atMs, path)] as const
    }),
    search: readNullable(cursor.search, 'cursor.search', (each, path) => {
      const search = readObject(each, path, { required: ['residual', 'tried', 'sinceMs', 'exhausted'] })
      return {
        residual: readString(search.residual, `${path}.residual`, { max: 1_048_576 }),
        tried: readArray(search.tried, `${path}.tried`, limits.collector.symbolsMax, name),
        sinceMs: instant(search.sinceMs, `${path}.sinceMs`),
        exhausted: search.exhausted === true,
      }
    }),
    seen: readNullable(cursor.seen, 'cursor.seen', readBalances),
    sweep: readNullable(cursor.sweep, 'cursor.sweep', readSweep),
    history: readNullable(cursor.history ?? null, 'cursor.history', readSweep),
  }
}

function readSweep(value: unknown, path: string): Sweep {
  const sweep = readObject(value, path, { required: ['startedAtMs', 'tried', 'done'] })
  return {
    startedAtMs: instant(sweep.startedAtMs, `${path}.startedAtMs`),
    tried: readArray(sweep.tried, `${path}.tried`, limits.collector.symbolsMax, name),
    done: sweep.done === true,
  }
}

function readBase(value: unknown, path: string): Base {
  const base = readObject(value, path, { required: ['atMs', 'balances'] })
  return {
    atMs: readInteger(base.atMs, `${path}.atMs`, { min: 0 }),
    balances: readBalances(base.balances, `${path}.balances`),
  }
}

function readBalances(value: unknown, path: string): readonly Amount[] {
  return readArray(value, path, limits.collector.assetsMax, (each, at) => {
    const balance = readObject(each, at, { required: ['asset', 'amount'] })
    return {
      asset: readString(balance.asset, `${at}.asset`, { min: 1, max: 64 }),
      amount: readString(balance.amount, `${at}.amount`, { pattern: /^-?\d{1,40}(?:\.\d{1,40})?$/ }),
    }
  })
}
