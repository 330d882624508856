import { concat, digestOf, fromBase64url, sha512, utf8 } from './bytes.ts'
import { InputError } from './errors.ts'
import { parseJson } from './json.ts'
import type { PublicJwk } from './key.ts'
import { readPublicJwk } from './key.ts'
import { readDigest, readText } from './source.ts'
import { readEnum, readInteger, readNullable, readObject, readRecord, readString } from './shape.ts'

export type Tee = 'tdx' | 'sev-snp' | 'nitro' | 'dstack-tdx' | 'simulated'
export const tees: readonly Tee[] = ['tdx', 'sev-snp', 'nitro', 'dstack-tdx', 'simulated']

export const attestationProfile = 'tag:perf-agg,2026:attestation/v1'

/** The answer of GET /attestation/quote: claims as the very bytes that were hashed, and evidence that holds the hash. */
export interface Quote {
  readonly eat_profile: typeof attestationProfile
  readonly tee: Tee
  /** base64url */
  readonly claims: string
  readonly evidence: { readonly type: string; readonly value: string }
  /** Certificates and collateral by name. */
  readonly endorsements: Readonly<Record<string, unknown>>
  /** base64url Ed25519 by `sig_key` over {@link possessionBytes}. */
  readonly signature: string
}

/** What the evidence vouches for (names of RFC 9711 where they exist). */
export interface Claims {
  readonly eat_profile: typeof attestationProfile
  readonly eat_nonce: string | null
  /** Seconds since 1970. */
  readonly iat: number
  /** Boxes are sealed to it. */
  readonly enc_key: PublicJwk<'X25519'>
  /** Signs statements and views. */
  readonly sig_key: PublicJwk<'Ed25519'>
  /** The operator's key where it makes the wire signature; null where the enclave's own does. */
  readonly mounted_key: PublicJwk<'Ed25519'> | null
  readonly webhook_key: PublicJwk<'Ed25519'>
  readonly log: { readonly origin: string; readonly vkey: string } | null
  readonly config: Readonly<Record<string, unknown>>
  readonly config_digest: string
  readonly pseudonym_epoch: string
  readonly software: { readonly name: string; readonly version: string }
}

/** A quote carries certificate chains and a whole configuration. */
export const quoteBytesMax = 1_048_576
const claimsCharactersMax = 262_144
const evidenceCharactersMax = 262_144

/** Takes its form only. @throws {InputError} `INPUT_INVALID` */
export function parseQuote(value: unknown): Quote {
  const quote = readObject(value, '', {
    required: ['eat_profile', 'tee', 'claims', 'evidence', 'endorsements', 'signature'],
  })
  const evidence = readObject(quote.evidence, 'evidence', { required: ['type', 'value'] })
  return {
    eat_profile: readEnum(quote.eat_profile, 'eat_profile', [attestationProfile]),
    tee: readEnum(quote.tee, 'tee', tees),
    claims: readBase64url(quote.claims, 'claims', claimsCharactersMax),
    evidence: {
      type: readText(evidence.type, 'evidence.type'),
      value: readBase64url(evidence.value, 'evidence.value', evidenceCharactersMax),
    },
    endorsements: readRecord(quote.endorsements, 'endorsements'),
    signature: readBase64url(quote.signature, 'signature', 86),
  }
}

/** The claims in the bytes that were hashed. @throws {InputError} */
export function parseClaims(bytes: Uint8Array): Claims {
  const claims = readObject(parseJson(bytes, { bytesMax: claimsCharactersMax }), 'claims', {
    required: [
      'eat_profile',
      'eat_nonce',
      'iat',
      'enc_key',
      'sig_key',
      'webhook_key',
      'config',
      'config_digest',
      'pseudonym_epoch',
      'software',
    ],
    optional: ['mounted_key', 'log'],
  })
  const software = readObject(claims.software, 'claims.software', { required: ['name', 'version'] })
  return {
    eat_profile: readEnum(claims.eat_profile, 'claims.eat_profile', [attestationProfile]),
    eat_nonce: readNullable(claims.eat_nonce, 'claims.eat_nonce', (each, path) =>
      readString(each, path, { min: 1, max: 128 }),
    ),
    iat: readInteger(claims.iat, 'claims.iat', { min: 0 }),
    enc_key: readPublicJwk(claims.enc_key, 'claims.enc_key', 'X25519'),
    sig_key: readPublicJwk(claims.sig_key, 'claims.sig_key', 'Ed25519'),
    mounted_key: readNullable(claims.mounted_key ?? null, 'claims.mounted_key', (each, path) =>
      readPublicJwk(each, path, 'Ed25519'),
    ),
    webhook_key: readPublicJwk(claims.webhook_key, 'claims.webhook_key', 'Ed25519'),
    log: readNullable(claims.log ?? null, 'claims.log', readLog),
    config: readRecord(claims.config, 'claims.config'),
    config_digest: readDigest(claims.config_digest, 'claims.config_digest'),
    pseudonym_epoch: readText(claims.pseudonym_epoch, 'claims.pseudonym_epoch'),
    software: {
      name: readText(software.name, 'claims.software.name'),
      version: readText(software.version, 'claims.software.version'),
    },
  }
}

function readLog(value: unknown, path: string): { origin: string; vkey: string } {
  const log = readObject(value, path, { required: ['origin', 'vkey'] })
  return { origin: readText(log.origin, `${path}.origin`), vkey: readText(log.vkey, `${path}.vkey`) }
}

function readBase64url(value: unknown, path: string, max: number): string {
  const text = readString(value, path, { min: 1, max })
  try {
    fromBase64url(text)
  } catch {
    throw new InputError('INPUT_INVALID', `${path} must be base64url`)
  }
  return text
}

/** The exact bytes that were hashed. */
export function claimsBytesOf(quote: Quote): Uint8Array<ArrayBuffer> {
  return fromBase64url(quote.claims)
}

/** `claims_digest` of a submission. */
export async function claimsDigestOf(quote: Quote): Promise<string> {
  return digestOf(claimsBytesOf(quote))
}

/** The 64 bytes that every kind of evidence holds: SHA-512 over a domain and the claims as received. */
export async function reportDataOf(claims: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return sha512(concat(utf8('perf-agg/attestation/v1\0'), claims))
}

/** What `sig_key` signs to show that it is held where the evidence was made. */
export function possessionBytes(reportData: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(utf8('perf-agg/pop/v1\0'), reportData)
}
