import { parseJson, readObject, readString } from '@perf-agg/sdk'
import { limits } from '../limits.ts'

/** An exchange's own secrets. They live as long as the job; nothing prints them. */
export class Credentials {
  readonly #apiKey: string
  readonly #secret: string
  readonly #passphrase: string | null

  constructor(apiKey: string, secret: string, passphrase: string | null = null) {
    this.#apiKey = apiKey
    this.#secret = secret
    this.#passphrase = passphrase
  }

  get apiKey(): string {
    return this.#apiKey
  }

  get secret(): string {
    return this.#secret
  }

  /** The third part that some exchanges have. */
  get passphrase(): string | null {
    return this.#passphrase
  }

  toJSON(): string {
    return '[secret]'
  }

  toString(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/**
 * `{"api_key":…,"secret":…,"passphrase":…}`, the last one where the exchange has it; null of no bytes. Wipes `bytes`.
 * @throws {InputError}
 */
export function readCredentials(bytes: Uint8Array): Credentials | null {
  if (bytes.length === 0) return null
  try {
    const credentials = readObject(
      parseJson(bytes, { bytesMax: limits.collector.credentialBytesMax, depthMax: 1 }),
      '',
      { required: ['api_key', 'secret'], optional: ['passphrase'] },
    )
    const bounds = { min: 1, max: 8_192 }
    return new Credentials(
      readString(credentials.api_key, 'api_key', bounds),
      readString(credentials.secret, 'secret', bounds),
      credentials.passphrase === undefined ? null : readString(credentials.passphrase, 'passphrase', bounds),
    )
  } finally {
    bytes.fill(0)
  }
}
