import {
  fromUtf8,
  InputError,
  parseJson,
  parseJsonWithSlice,
  readRecord,
  toBase64url,
  utf8,
} from '@perf-agg/sdk'
import { crlBytes } from './evidence-file.ts'

/**
 * Intel's collateral as one JSON file, in the forms that DCAP libraries and services have for it: issuer chains in
 * PEM, revocation lists in hexadecimal, base64 or PEM, the two documents with their signature beside them
 * (`tcb_info`, `tcb_info_signature`) or as Intel's service answers (`{"tcbInfo":…,"signature":…}`), as text or as
 * they stand. Also the `endorsements` of a quote. Whether anything in it is any good is for the verifier to say.
 */
export type Collateral = Readonly<Record<string, string>>

const bytesMax = 4_194_304

const chains = ['tcb_info_issuer_chain', 'qe_identity_issuer_chain', 'pck_crl_issuer_chain'] as const
const lists = ['root_ca_crl', 'pck_crl'] as const

/** What Intel's header and other libraries call them. */
const otherNames: Readonly<Record<string, string>> = {
  tcb_info_issuer_chain: 'tcbInfoIssuerChain',
  qe_identity_issuer_chain: 'qeIdentityIssuerChain',
  pck_crl_issuer_chain: 'pckCrlIssuerChain',
  root_ca_crl: 'rootCaCrl',
  pck_crl: 'pckCrl',
  tcb_info: 'tcbInfo',
  qe_identity: 'qeIdentity',
  tcb_info_signature: 'tcbInfoSignature',
  qe_identity_signature: 'qeIdentitySignature',
}

/**
 * The members of a quote's `endorsements`, base64url.
 * @throws {InputError} where it is no JSON object
 */
export function readCollateral(bytes: Uint8Array): Collateral {
  const record = readRecord(parseJson(bytes, { bytesMax }), 'the collateral')
  const member = (name: string): unknown => record[name] ?? record[otherNames[name] ?? name]
  const found: Record<string, string> = {
    tcb_info: toBase64url(documentBytes(bytes, member, 'tcb_info', 'tcbInfo')),
    qe_identity: toBase64url(documentBytes(bytes, member, 'qe_identity', 'enclaveIdentity')),
  }
  for (const name of chains) {
    if (name === 'pck_crl_issuer_chain' && member(name) === undefined) continue
    found[name] = toBase64url(chainBytes(textOf(member(name))))
  }
  for (const name of lists) found[name] = toBase64url(crlBytes(utf8(textOf(member(name)))))
  return found
}

/** What is left out is empty, and refused as such. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * The signed document as Intel's service answers it. The signature covers its very bytes, so that one that stands in
 * the file as an object is cut out of it, never written anew.
 */
function documentBytes(
  file: Uint8Array,
  member: (name: string) => unknown,
  name: string,
  inner: string,
): Uint8Array {
  const value = member(name)
  const text = typeof value === 'string' ? decoded(value) : sliceOf(file, name)
  const signature = textOf(member(`${name}_signature`))
  // The text becomes a part of JSON again: a signature with an end of its own would let more into it.
  const isApart = /^[0-9a-fA-F]{128}$/.test(signature)
  return utf8(isApart ? `{"${inner}":${text},"signature":"${signature}"}` : text)
}

function sliceOf(file: Uint8Array, name: string): string {
  for (const each of [name, otherNames[name] ?? name]) {
    const { slice } = parseJsonWithSlice(file, each, { bytesMax })
    if (slice !== null) return fromUtf8(slice)
  }
  return ''
}

/** Issuer chains come as PEM, percent-encoded in Intel's headers. */
function chainBytes(text: string): Uint8Array {
  if (!text.includes('%0A')) return utf8(decoded(text).replace(/\0$/, ''))
  try {
    return utf8(decodeURIComponent(text))
  } catch {
    return utf8(text)
  }
}

/** A text may itself be base64url, in the `endorsements` of a quote; PEM and JSON never are. */
function decoded(text: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return text
  try {
    return fromUtf8(Buffer.from(text, 'base64url'))
  } catch (error) {
    if (error instanceof InputError) return text
    throw error
  }
}
