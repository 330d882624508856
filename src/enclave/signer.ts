import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { fromBase64url, PerfAggError } from '@perf-agg/sdk'

/** An Ed25519 key that can sign and show its public half; its secret half never leaves the process's memory. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** RFC 7638 thumbprint, base64url: the `key_id` of statements. */
  readonly keyId: string
  readonly jwk: Ed25519Jwk
  /** 64 bytes over exactly `message`. @throws PerfAggError ENCLAVE_CLOSED */
  sign(message: Uint8Array): Uint8Array
}

export interface Ed25519Jwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}

/** A signer whose key can be let go. */
export interface OwnedSigner extends Signer {
  close(): void
}

/** A new key in memory, stored nowhere. */
export function newSigner(): OwnedSigner {
  return signerOf(generateKeyPairSync('ed25519').privateKey)
}

/** A signer over a private Ed25519 key that is held already. */
export function signerOf(privateKey: KeyObject): OwnedSigner {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (privateKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new TypeError('not an Ed25519 key')
  let held: KeyObject | null = privateKey
  return {
    publicKey: fromBase64url(x),
    // RFC 7638: members in this order, no white space
    keyId: createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url'),
    jwk: { kty: 'OKP', crv: 'Ed25519', x },
    sign(message) {
      if (held === null) {
        throw new PerfAggError('ENCLAVE_CLOSED', 'the enclave has let its keys go', { action: 'stop' })
      }
      return new Uint8Array(sign(null, message, held))
    },
    close() {
      // OpenSSL cleanses a key's memory when its last reference goes
      held = null
    },
  }
}
