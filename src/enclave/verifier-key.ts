import { createHash } from 'node:crypto'
import { concat, InputError, toBase64, utf8 } from '@perf-agg/sdk'

/** C2SP signed notes: the algorithm byte of Ed25519. */
const ed25519 = Uint8Array.of(1)

/**
 * A log's verifier key as C2SP signed notes write it: `<origin>+<8 hex digits>+<base64(0x01 || public key)>`.
 * @throws {InputError} `LOG_ORIGIN_INVALID`: empty, with white space or with a plus sign
 * @see https://c2sp.org/signed-note
 */
export function verifierKey(origin: string, publicKey: Uint8Array): string {
  if (!/^[^\s+]{1,255}$/u.test(origin)) {
    throw new InputError(
      'LOG_ORIGIN_INVALID',
      "the log's origin must be a name without white space or plus signs",
    )
  }
  const key = concat(ed25519, publicKey)
  const id = createHash('sha256')
    .update(utf8(`${origin}\n`))
    .update(key)
    .digest()
    .subarray(0, 4)
  return `${origin}+${id.toString('hex')}+${toBase64(key)}`
}
