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
import { type Wallet, wallets as known } from '../accounting/wallet.ts'
import { limits } from '../limits.ts'
import type { Polled, PollWants } from './adapter.ts'
import { type LedgerSource, pollLedger } from './ledger-poll.ts'

/**
 * One ledger of several wallets, of which some may join later: what is held then starts anew, and nothing of before is
 * told any more, for a wallet that joins brings no past.
 */
export async function pollWallets(
  source: LedgerSource,
  sync: () => Promise<number>,
  wants: PollWants,
): Promise<Polled> {
  const { wallets } = wants
  const before = wants.cursor === null ? null : parse(wants.cursor, wallets)
  const grew = before !== null && wallets.some((wallet) => !before.wallets.includes(wallet))
  const floorMs = grew ? wants.sinceMs : (before?.floorMs ?? null)
  const polled = await pollLedger(source, sync, {
    ...wants,
    sinceMs: floorMs ?? wants.sinceMs,
    cursor: grew ? null : (before?.ledger ?? null),
    previousAnchor: grew ? null : wants.previousAnchor,
  })
  return { observation: polled.observation, cursor: write({ wallets, floorMs, ledger: polled.cursor }) }
}

interface WalletCursor {
  readonly wallets: readonly Wallet[]
  /** From when on the last of them was watched; null where they came together. */
  readonly floorMs: number | null
  readonly ledger: string
}

/** @throws {InputError} */
function parse(text: string, watched: readonly Wallet[]): WalletCursor {
  const value = parseJson(text, { bytesMax: limits.collector.cursorBytesMax, depthMax: 6 })
  // a ledger's own, of before wallets could join
  if (typeof value !== 'object' || value === null || !('ledger' in value)) {
    return { wallets: watched, floorMs: null, ledger: text }
  }
  const cursor = readObject(value, 'cursor', { required: ['wallets', 'floorMs', 'ledger'] })
  return {
    wallets: readArray(cursor.wallets, 'cursor.wallets', known.length, (each, path) =>
      readEnum(each, path, known),
    ),
    floorMs: readNullable(cursor.floorMs, 'cursor.floorMs', (each, path) =>
      readInteger(each, path, { min: 0 }),
    ),
    ledger: readString(cursor.ledger, 'cursor.ledger', { max: limits.collector.cursorBytesMax }),
  }
}

/** @throws {InputError} CURSOR_TOO_LARGE */
function write(cursor: WalletCursor): string {
  const text = JSON.stringify(cursor)
  if (text.length <= limits.collector.cursorBytesMax) return text
  throw new InputError('CURSOR_TOO_LARGE', 'a cursor is too long')
}
