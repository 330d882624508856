import { InputError } from './errors.ts'
import { readCode } from './bucket.ts'
import {
  memberPath,
  readArray,
  readEnum,
  readInteger,
  readNullable,
  readObject,
  readString,
} from './shape.ts'

/** Where a statement's data came from, as it says itself. */

export type Environment = 'live' | 'sandbox' | 'simulated' | 'self-reported'
export type Permissions = 'read-only' | 'unverified' | 'trade'
export type Ownership = 'key-holder' | 'proven' | 'unproven'
export type Registration = 'sealed' | 'plain'

export const environments: readonly Environment[] = ['live', 'sandbox', 'simulated', 'self-reported']
export const permissionLevels: readonly Permissions[] = ['read-only', 'unverified', 'trade']
export const ownershipLevels: readonly Ownership[] = ['key-holder', 'proven', 'unproven']

export interface Source {
  readonly exchange: string
  /** Where the data really came from; null for self-reported trades. */
  readonly host: string | null
  readonly environment: Environment
  readonly market_types: readonly string[]
  readonly collector: string
  readonly permissions: Permissions
  readonly ownership: Ownership
  readonly registration: Registration
  readonly server_time_skew_ms: number | null
  /** Digest of the certificate that the exchange's host showed; null without TLS. */
  readonly certificate: string | null
  /**
   * Lists of the account's that the exchange did not give, or held kinds that nobody knows, when it was last read: what
   * they hide shows as unreconciled. In order, each once; absent where all is told.
   */
  readonly unavailable?: readonly string[]
}

export function readSource(value: unknown, path: string): Source {
  const source = readObject(value, path, {
    required: [
      'exchange',
      'host',
      'environment',
      'market_types',
      'collector',
      'permissions',
      'ownership',
      'registration',
      'server_time_skew_ms',
      'certificate',
    ],
    optional: ['unavailable'],
  })
  return {
    exchange: readExchange(source.exchange, memberPath(path, 'exchange')),
    host: readNullable(source.host, memberPath(path, 'host'), readText),
    environment: readEnum(source.environment, memberPath(path, 'environment'), environments),
    market_types: readArray(source.market_types, memberPath(path, 'market_types'), 32, readCode),
    collector: readText(source.collector, memberPath(path, 'collector')),
    permissions: readEnum(source.permissions, memberPath(path, 'permissions'), permissionLevels),
    ownership: readEnum(source.ownership, memberPath(path, 'ownership'), ownershipLevels),
    registration: readEnum(source.registration, memberPath(path, 'registration'), ['sealed', 'plain']),
    server_time_skew_ms: readNullable(
      source.server_time_skew_ms,
      memberPath(path, 'server_time_skew_ms'),
      readInteger,
    ),
    certificate: readNullable(source.certificate, memberPath(path, 'certificate'), readDigest),
    ...(source.unavailable === undefined
      ? {}
      : { unavailable: readUnavailable(source.unavailable, memberPath(path, 'unavailable')) }),
  }
}

/** One form for one meaning: in order, each once, and not empty. */
function readUnavailable(value: unknown, path: string): readonly string[] {
  const lists = readArray(value, path, 32, readCode)
  const isOrdered = lists.every((list, index) => index === 0 || list > lists[index - 1]!)
  if (lists.length === 0 || !isOrdered) {
    throw new InputError('INPUT_INVALID', `${path} must name lists in order, each once`)
  }
  return lists
}

/** ASCII-safe text. */
export function readText(value: unknown, path: string): string {
  return readString(value, path, {
    min: 1,
    max: 256,
    pattern: /^[\x20-\x7e]+$/,
    form: 'printable ASCII',
  })
}

export function readExchange(value: unknown, path: string): string {
  return readString(value, path, {
    min: 2,
    max: 32,
    pattern: /^[a-z][a-z0-9_]+$/,
    form: 'an exchange id like binance',
  })
}

export function readDigest(value: unknown, path: string): string {
  return readString(value, path, {
    pattern: /^sha256:[0-9a-f]{64}$/,
    form: 'a digest like sha256:<64 hexadecimal digits>',
  })
}
