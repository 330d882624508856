import {
  InputError,
  parseJson,
  readArray,
  readEnum,
  readInteger,
  readNullable,
  readObject,
  readString,
} from '@perf-agg/sdk'
import type { Amount } from '../accounting/observation.ts'
import { type Wallet, wallets as known } from '../accounting/wallet.ts'
import { limits } from '../limits.ts'
import type { Base } from './explain.ts'

/** Where the last poll of a ledger stood: JSON kept by the daemon beside what that poll brought. */
export interface LedgerCursor {
  /** Nothing older is told. */
  readonly floorMs: number
  /** Entries are known until then. */
  readonly readToMs: number
  /** Last poll that read the ledger in any case, by its hour. */
  readonly thoroughHourMs: number
  /** Balances from which the ledger leads on; null before the first and while catching up. */
  readonly base: Base | null
  /** Since when something has been unexplained; null where all is. */
  readonly openSinceMs: number | null
  /** What was watched; null where that was not written down. */
  readonly wallets: readonly Wallet[] | null
}

const version = 1

export function firstLedgerCursor(sinceMs: number): LedgerCursor {
  return {
    floorMs: sinceMs,
    readToMs: sinceMs,
    thoroughHourMs: 0,
    base: null,
    openSinceMs: null,
    wallets: null,
  }
}

/** @throws {InputError} CURSOR_TOO_LARGE */
export function writeLedgerCursor(cursor: LedgerCursor): string {
  const text = JSON.stringify({ version, ...cursor })
  if (text.length > limits.collector.cursorBytesMax)
    throw new InputError('CURSOR_TOO_LARGE', 'a cursor is too long')
  return text
}

const instant = (value: unknown, path: string): number => readInteger(value, path, { min: 0 })

const amounts = (value: unknown, path: string): readonly Amount[] =>
  readArray(value, path, limits.collector.assetsMax, (one, at) => {
    const balance = readObject(one, at, { required: ['asset', 'amount'] })
    return {
      asset: readString(balance.asset, `${at}.asset`, { min: 1, max: 128 }),
      amount: readString(balance.amount, `${at}.amount`, { pattern: /^-?\d{1,40}(?:\.\d{1,40})?$/ }),
    }
  })

/** @throws {InputError} */
export function parseLedgerCursor(text: string): LedgerCursor {
  const value = parseJson(text, { bytesMax: limits.collector.cursorBytesMax, depthMax: 6 })
  const cursor = readObject(value, 'cursor', {
    required: ['version', 'floorMs', 'readToMs', 'thoroughHourMs', 'base', 'openSinceMs'],
    optional: ['wallets'],
  })
  readInteger(cursor.version, 'cursor.version', { min: version, max: version })
  return {
    floorMs: instant(cursor.floorMs, 'cursor.floorMs'),
    readToMs: instant(cursor.readToMs, 'cursor.readToMs'),
    thoroughHourMs: instant(cursor.thoroughHourMs, 'cursor.thoroughHourMs'),
    base: readNullable(cursor.base, 'cursor.base', (each, path) => {
      const base = readObject(each, path, { required: ['atMs', 'balances'], optional: ['accrued'] })
      return {
        atMs: instant(base.atMs, `${path}.atMs`),
        balances: amounts(base.balances, `${path}.balances`),
        ...(base.accrued === undefined ? {} : { accrued: amounts(base.accrued, `${path}.accrued`) }),
      }
    }),
    openSinceMs: readNullable(cursor.openSinceMs, 'cursor.openSinceMs', instant),
    wallets: readNullable(cursor.wallets ?? null, 'cursor.wallets', (each, path) =>
      readArray(each, path, known.length, (one, at) => readEnum(one, at, known)),
    ),
  }
}
