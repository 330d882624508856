import { createHash, createHmac } from 'node:crypto'
import { concat, utf8 } from '@perf-agg/sdk'
import type { AccountIdentity } from './store.ts'

/**
 * The public name of an exchange account: HMAC-SHA256 of exchange, environment and account id, each preceded by its
 * length (u32, big endian), as base64url. The same account has the same one for as long as the secret lives.
 */
export function pseudonymOf(secret: Uint8Array, account: AccountIdentity): string {
  const mac = createHmac('sha256', secret)
  for (const part of [account.exchange, account.environment, account.accountId]) {
    const bytes = utf8(part)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    mac.update(length).update(bytes)
  }
  return mac.digest('base64url')
}

/** A fingerprint that names the secret's life and gives nothing of it away. */
export function pseudonymEpochOf(secret: Uint8Array): string {
  const hashed = concat(utf8('perf-agg/pseudonym-epoch/v1\0'), secret)
  return createHash('sha256').update(hashed).digest('base64url').slice(0, 22)
}
