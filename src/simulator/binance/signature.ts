import { createHmac } from 'node:crypto'
import { isSame } from '../signature.ts'
import type { Wallet } from '../wallet.ts'
import type { Query } from './query.ts'
import { refusals } from './refusal.ts'

const recvWindowUsualMs = 5_000
const recvWindowMaxMs = 60_000
/** How far a client's clock may be ahead. */
const aheadMaxMs = 1_000

export interface Signed {
  readonly query: Query
  readonly apiKey: string
  /** What was signed. */
  readonly text: string
  /** Absent and empty is none. */
  readonly signature: string
}

/** Whose request it is. @throws {Refusal} where key, time or signature are not as they must be */
export function authenticate(
  wallets: ReadonlyMap<string, Wallet>,
  { query, apiKey, text, signature }: Signed,
  serverMs: number,
): Wallet {
  if (!/^[A-Za-z0-9]{64}$/.test(apiKey)) throw refusals.keyFormat()
  const timestamp = query.integer('timestamp')
  const recvWindow = query.optionalInteger('recvWindow') ?? recvWindowUsualMs
  if (recvWindow > recvWindowMaxMs) throw refusals.recvWindow()
  if (signature === '') throw refusals.missing('signature')
  if (timestamp >= serverMs + aheadMaxMs) throw refusals.early()
  if (serverMs - timestamp > recvWindow) throw refusals.late()
  const wallet = wallets.get(apiKey)
  if (wallet === undefined) throw refusals.key()
  const expected = createHmac('sha256', wallet.secret).update(text).digest()
  const given = Buffer.from(/^[0-9a-fA-F]{64}$/.test(signature) ? signature : '', 'hex')
  if (!isSame(given, expected)) throw refusals.signature()
  return wallet
}
