import { readCbor, type Cbor } from '@perf-agg/sdk'
import { attestationFailed } from './failure.ts'

/**
 * Messages of the Nitro security module (aws-nitro-enclaves-nsm-api): a request is a map from its name to its members,
 * the answer likewise, or `{"Error": "<code>"}`.
 */

/** `{"Attestation":{"user_data":…,"nonce":null,"public_key":null}}` */
export function attestationRequest(userData: Uint8Array): Uint8Array {
  return Buffer.concat([
    head(5, 1),
    text('Attestation'),
    head(5, 3),
    text('user_data'),
    head(2, userData.length),
    userData,
    text('nonce'),
    nothing,
    text('public_key'),
    nothing,
  ])
}

/** The document of `{"Attestation":{"document":…}}`. @throws PerfAggError ATTESTATION_FAILED */
export function attestationDocument(response: Uint8Array): Uint8Array {
  const answer = readAnswer(response)
  const error = answer?.get('Error')
  if (typeof error === 'string') {
    throw attestationFailed(`the security module refused (${/^\w{1,40}$/.test(error) ? error : 'unknown'})`)
  }
  const attestation = answer?.size === 1 ? answer.get('Attestation') : undefined
  const document =
    attestation instanceof Map && attestation.size === 1 ? (attestation.get('document') as Cbor) : undefined
  if (!(document instanceof Uint8Array) || document.length === 0) {
    throw attestationFailed('the security module answered something that is no document')
  }
  return document
}

function readAnswer(response: Uint8Array): ReadonlyMap<string | number, Cbor> | null {
  try {
    const value = readCbor(response)
    return value instanceof Map ? value : null
  } catch {
    return null
  }
}

const nothing: Uint8Array = Uint8Array.of(0xf6)

function head(major: number, length: number): Uint8Array {
  const first = major << 5
  if (length < 24) return Uint8Array.of(first | length)
  return length < 256
    ? Uint8Array.of(first | 24, length)
    : Uint8Array.of(first | 25, length >> 8, length & 0xff)
}

function text(value: string): Uint8Array {
  return Buffer.concat([head(3, value.length), Buffer.from(value, 'latin1')])
}
