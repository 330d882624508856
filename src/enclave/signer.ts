import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { fromBase64url, PerfAggError, type PublicJwk, type Signer as SdkSigner } from '@perf-agg/sdk'

/** An Ed25519 key that can sign and show its public half; its secret half never leaves the process's memory. */
export interface Signer extends SdkSigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** RFC 7638 thumbprint, base64url: the `key_id` of statements. */
  readonly keyId: string
  readonly jwk: PublicJwk<'Ed25519'>
  /** 64 bytes over exactly `message`. Rejects with PerfAggError ENCLAVE_CLOSED once the key is gone. */
  sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
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
    async sign(message) {
      if (held === null) {
        throw new PerfAggError('ENCLAVE_CLOSED', 'the enclave has let its keys go', { action: 'stop' })
      }
      const key = held
      // on the thread pool: who signs for many accounts makes the next statement meanwhile
      return new Promise((resolve, reject) => {
        sign(null, message, key, (error, signature) => {
          if (error === null) resolve(new Uint8Array(signature))
          else reject(error)
        })
      })
    },
    close() {
      // OpenSSL cleanses a key's memory when its last reference goes
      held = null
    },
  }
}
