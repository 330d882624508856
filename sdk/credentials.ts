import { concat, fromBase64, utf8 } from './bytes.ts'
import { readInstant } from './bucket.ts'
import { checkCredentialBytes } from './credential-bytes.ts'
import { InputError } from './errors.ts'
import { parseJson, parseJsonWithSlice } from './json.ts'
import { readBase64 } from './metadata.ts'
import { readDigest, readExchange } from './source.ts'
import {
  memberPath,
  readBoolean,
  readEnum,
  readInteger,
  readObject,
  readRecord,
  readString,
} from './shape.ts'
import { verifySignature } from './signature.ts'
import { readClientId } from './statement.ts'

/**
 * What a sealed box holds. The exchange's own secrets (`credentials`) are kept apart from the rest from the first
 * byte on: on the enclave's side they are only ever a slice of the opened box, never a JavaScript string, so that
 * they can be wiped.
 */
export const credentialsSchema = 'perf-agg/credentials/v1'

export type AccountType = 'spot' | 'futures' | 'margin' | 'funding' | 'unified'
export const accountTypes: readonly AccountType[] = ['spot', 'futures', 'margin', 'funding', 'unified']

export interface SessionConfig {
  readonly accountType: AccountType
  /** Milliseconds between polls that the client would like. */
  readonly apiInterval: number
  readonly maxRetries: number
  readonly sandbox: boolean
}

export const sessionConfigDefault: SessionConfig = {
  accountType: 'spot',
  apiInterval: 60_000,
  maxRetries: 3,
  sandbox: false,
}

/** The payload without its `credentials`; what may be left out on the wire has its default or is null. */
export interface CredentialsPayload {
  readonly schema: typeof credentialsSchema
  /** Of the claims bytes that the client verified. */
  readonly claims_digest: string
  /** The quote's: 32 bytes, base64url. */
  readonly nonce: string
  readonly issued_at: string
  readonly client_id: string
  readonly label: string
  readonly exchange: string
  readonly config: SessionConfig
  /** Null: as long as the enclave gives by default. */
  readonly ttl_seconds: number | null
  /** base64 X25519: answers are sealed to it. */
  readonly reply_key: string | null
  /** base64 Ed25519: the client's own long-lived key, */
  readonly client_key: string | null
  /** and its signature over {@link clientSignedBytes}. */
  readonly client_signature: string | null
}

/** The exchange's secrets as the client has them. Only hyperliquid takes a wallet, mock and push may take nothing. */
export type ExchangeCredentials =
  | { readonly api_key: string; readonly secret: string; readonly passphrase?: string }
  | { readonly wallet_address: string; readonly wallet_signature?: string }
  | { readonly [none: string]: never }

/** A box is under 8 KiB; a plain registration may be a little more. */
export const credentialsBytesMax = 16_384

export const labelDefault = 'main'
const ttlMinS = 60
const ttlMaxS = 366 * 86_400

/** The plaintext of a sealed box. */
export function encodeCredentials(
  payload: CredentialsPayload,
  credentials: ExchangeCredentials,
): Uint8Array<ArrayBuffer> {
  const { ttl_seconds, reply_key, client_key, client_signature, ...rest } = payload
  const optional = { ttl_seconds, reply_key, client_key, client_signature }
  const given = Object.entries(optional).filter(([, value]) => value !== null)
  const bytes = utf8(JSON.stringify({ ...rest, ...Object.fromEntries(given), credentials }))
  // What is refused there should be refused here, before it is sealed and sent.
  parseCredentials(bytes)
  return bytes
}

/**
 * The payload of an opened box, every bound checked, and its credentials as a view of the given bytes: these are
 * checked too (members, lengths, characters), without ever making a string of them.
 * @throws {InputError} `INPUT_INVALID`, `CREDENTIALS_INVALID`, and those of `parseJson`; no message holds a value
 */
export function parseCredentials(bytes: Uint8Array): {
  payload: CredentialsPayload
  credentials: Uint8Array
} {
  const { value, slice } = parseJsonWithSlice(bytes, 'credentials', {
    bytesMax: credentialsBytesMax,
    depthMax: 4,
  })
  const payload = readPayload(value)
  if (slice === null) throw new InputError('CREDENTIALS_INVALID', 'credentials are missing')
  checkCredentialBytes(slice, payload.exchange)
  return { payload, credentials: slice }
}

function readPayload(value: unknown): CredentialsPayload {
  const payload = readObject(value, '', {
    required: ['schema', 'claims_digest', 'nonce', 'issued_at', 'client_id', 'exchange', 'credentials'],
    optional: ['label', 'config', 'ttl_seconds', 'reply_key', 'client_key', 'client_signature'],
  })
  const key = (name: 'reply_key' | 'client_key' | 'client_signature', bytes: number): string | null =>
    payload[name] === undefined ? null : readBase64(payload[name], name, bytes)
  const ttl = payload.ttl_seconds
  const clientKey = key('client_key', 32)
  const clientSignature = key('client_signature', 64)
  if ((clientKey === null) !== (clientSignature === null)) {
    throw new InputError('INPUT_INVALID', 'client_key and client_signature must come together')
  }
  return {
    schema: readEnum(payload.schema, 'schema', [credentialsSchema]),
    claims_digest: readDigest(payload.claims_digest, 'claims_digest'),
    nonce: readNonce(payload.nonce, 'nonce'),
    issued_at: readInstant(payload.issued_at, 'issued_at'),
    client_id: readClientId(payload.client_id, 'client_id'),
    label: payload.label === undefined ? labelDefault : readLabel(payload.label, 'label'),
    exchange: readExchange(payload.exchange, 'exchange'),
    config: payload.config === undefined ? sessionConfigDefault : readSessionConfig(payload.config, 'config'),
    ttl_seconds: ttl === undefined ? null : readInteger(ttl, 'ttl_seconds', { min: ttlMinS, max: ttlMaxS }),
    reply_key: key('reply_key', 32),
    client_key: clientKey,
    client_signature: clientSignature,
  }
}

export function readSessionConfig(value: unknown, path: string): SessionConfig {
  const config = readObject(value, path, {
    optional: ['accountType', 'apiInterval', 'maxRetries', 'sandbox'],
  })
  const { accountType, apiInterval, maxRetries, sandbox } = { ...sessionConfigDefault, ...config }
  return {
    accountType: readEnum(accountType, memberPath(path, 'accountType'), accountTypes),
    apiInterval: readInteger(apiInterval, memberPath(path, 'apiInterval'), { min: 1_000, max: 3_600_000 }),
    maxRetries: readInteger(maxRetries, memberPath(path, 'maxRetries'), { min: 0, max: 10 }),
    sandbox: readBoolean(sandbox, memberPath(path, 'sandbox')),
  }
}

/** 32 bytes as base64url. */
export function readNonce(value: unknown, path: string): string {
  return readString(value, path, {
    pattern: /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/,
    form: '32 bytes as base64url (43 characters)',
  })
}

/** Chosen by the client for its own use. */
export function readLabel(value: unknown, path: string): string {
  return readString(value, path, {
    min: 1,
    max: 64,
    pattern: /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/,
    form: 'letters, digits, space and . _ -',
  })
}

/** What the client's own key signs, the fields as they stand on the wire. */
export function clientSignedBytes(claimsDigest: string, nonce: string): Uint8Array<ArrayBuffer> {
  return concat(utf8('perf-agg/client/v1\0'), utf8(claimsDigest), utf8(nonce))
}

/** True where the payload carries no client key: there is nothing to disprove then. */
export async function verifyClientSignature(payload: CredentialsPayload): Promise<boolean> {
  if (payload.client_key === null || payload.client_signature === null) return true
  return verifySignature(
    fromBase64(payload.client_key),
    clientSignedBytes(payload.claims_digest, payload.nonce),
    fromBase64(payload.client_signature),
  )
}

/** What a client key signs to show that it is there, each for one purpose only. */
export type ChallengePurpose = 'end' | 'stream' | 'publish' | 'unpublish'

/** Over a challenge of the server (43 characters, as it was sent). */
export function challengeBytes(purpose: ChallengePurpose, challenge: string): Uint8Array<ArrayBuffer> {
  return utf8(`perf-agg/challenge/v1\0${purpose}\0${challenge}`)
}

/**
 * The strings of a slice, for the one place that hands them to the exchange's library. Nothing can wipe them.
 * @throws {InputError} `CREDENTIALS_INVALID`
 */
export function readExchangeCredentials(slice: Uint8Array, exchange: string): ExchangeCredentials {
  checkCredentialBytes(slice, exchange)
  const members = readRecord(parseJson(slice, { bytesMax: credentialsBytesMax, depthMax: 1 }), 'credentials')
  const text = (name: string): string | undefined =>
    members[name] === undefined ? undefined : readString(members[name], name, { max: credentialsBytesMax })
  const { api_key, secret, passphrase } = {
    api_key: text('api_key'),
    secret: text('secret'),
    passphrase: text('passphrase'),
  }
  if (api_key !== undefined && secret !== undefined) {
    return { api_key, secret, ...(passphrase === undefined ? {} : { passphrase }) }
  }
  const address = text('wallet_address')
  const signature = text('wallet_signature')
  if (address === undefined) return {}
  return { wallet_address: address, ...(signature === undefined ? {} : { wallet_signature: signature }) }
}
