import { fromBase64, fromHex, fromUtf8, readPemCertificates, toBase64url } from '@perf-agg/sdk'
import { readBounded } from './file.ts'

/**
 * Evidence and certificates as people keep them: the very bytes, or hexadecimal or base64 of them in a text. What is
 * none of these is handed on as it stands: a verifier says what is wrong with it.
 */

/** No evidence of any platform comes near. */
const bytesMax = 1_048_576

export function readEvidenceFile(path: string): Uint8Array {
  return plainBytes(readBounded(path, bytesMax))
}

/** The bytes that a text stands for; bytes that are no such text are their own. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  const text = textOf(bytes)
  if (text === null) return bytes
  const packed = text.replaceAll(/\s/g, '').replace(/^0x/, '')
  if (packed.length > 0 && packed.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(packed)) return fromHex(packed)
  const standard = packed.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  try {
    return packed === '' ? bytes : fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='))
  } catch {
    return bytes
  }
}

/**
 * Certificates in PEM, or DER in any of the forms above, one behind the other.
 * @throws {VerificationError} `PEM_INVALID`
 */
export function readCertificateFile(path: string): readonly Uint8Array[] {
  const bytes = readBounded(path, bytesMax)
  if (textOf(bytes)?.includes('-----BEGIN') === true) return readPemCertificates(bytes)
  return splitDer(plainBytes(bytes))
}

/** A revocation list, DER or PEM. */
export function readCrlFile(path: string): Uint8Array {
  return crlBytes(readBounded(path, bytesMax))
}

export function crlBytes(bytes: Uint8Array): Uint8Array {
  const text = textOf(bytes)
  const body =
    text === null ? null : /^-----BEGIN X509 CRL-----([\s\S]*)-----END X509 CRL-----\s*$/.exec(text.trim())
  return plainBytes(body === null ? bytes : Buffer.from(body[1]!, 'latin1'))
}

export function base64urlOf(bytes: readonly Uint8Array[]): readonly string[] {
  return bytes.map(toBase64url)
}

function splitDer(bytes: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let rest = bytes; rest.length > 0;) {
    // A certificate is a SEQUENCE longer than 255 bytes; anything else is one piece, for the verifier to refuse.
    const length =
      rest[0] === 0x30 && rest[1] === 0x82 ? 4 + ((rest[2] ?? 0) << 8) + (rest[3] ?? 0) : rest.length
    parts.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return parts
}

/** Null for bytes that are no plain text. */
function textOf(bytes: Uint8Array): string | null {
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch {
    return null
  }
  return /^[\t\n\r\x20-\x7e]*$/.test(text) ? text : null
}
