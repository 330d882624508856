import { parseJson, readObject, readString } from '@perf-agg/sdk'
import { limits } from '../limits.ts'

/** An exchange's own secrets. They live as long as the job; nothing prints them. */
export class Credentials {
  readonly #parts: CredentialParts

  constructor(parts: CredentialParts) {
    this.#parts = parts
  }

  get apiKey(): string | null {
    return this.#parts.apiKey
  }

  get secret(): string | null {
    return this.#parts.secret
  }

  /** The third part that some exchanges have. */
  get passphrase(): string | null {
    return this.#parts.passphrase
  }

  /** Instead of the others, where everybody may read an account who knows its address. */
  get walletAddress(): string | null {
    return this.#parts.walletAddress
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

interface CredentialParts {
  readonly apiKey: string | null
  readonly secret: string | null
  readonly passphrase: string | null
  readonly walletAddress: string | null
}

/**
 * `{"api_key":…,"secret":…,"passphrase":…}`, the last one where the exchange has it, or `{"wallet_address":…}`; null
 * of no bytes. A wallet's signature proves whose it is and is judged before. Wipes `bytes`.
 * @throws {InputError}
 */
export function readCredentials(bytes: Uint8Array): Credentials | null {
  if (bytes.length === 0) return null
  try {
    const value = parseJson(bytes, { bytesMax: limits.collector.credentialBytesMax, depthMax: 1 })
    const isWallet = typeof value === 'object' && value !== null && 'wallet_address' in value
    const credentials = isWallet
      ? readObject(value, '', { required: ['wallet_address'], optional: ['wallet_signature'] })
      : readObject(value, '', { required: ['api_key', 'secret'], optional: ['passphrase'] })
    const textOf = (name: string): string | null => {
      const text = (credentials as Readonly<Record<string, unknown>>)[name]
      return text === undefined ? null : readString(text, name, { min: 1, max: 8_192 })
    }
    return new Credentials({
      apiKey: textOf('api_key'),
      secret: textOf('secret'),
      passphrase: textOf('passphrase'),
      walletAddress: textOf('wallet_address'),
    })
  } finally {
    bytes.fill(0)
  }
}
