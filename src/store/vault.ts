import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { utf8 } from '@perf-agg/sdk'
import { StoreError } from './store-error.ts'

/**
 * Encryption at rest. One 32-byte data key, never written here, gives a subkey a purpose (HKDF-SHA256); every value is
 * sealed on its own with XAES-256-GCM (c2sp.org/XAES-256-GCM: AES-256-GCM under a key derived from the first half of a
 * 24-byte random nonce, so that no count of messages wears the key out) and bound to its place (table, column, row):
 * a value moved to another row does not open. A row put back to what it was before does; that is the log's to notice.
 */
export interface Vault {
  /** Tells whether a state folder belongs to this key; gives nothing else away. */
  readonly keyCheck: string
  seal(purpose: Purpose, place: string, plaintext: Uint8Array): Uint8Array
  /** @throws {StoreError} STATE_TAMPERED, one answer for every cause */
  open(purpose: Purpose, place: string, sealed: Uint8Array): Uint8Array
  /** Wipes the keys from memory; later calls throw. */
  close(): void
}

export type Purpose = 'credentials' | 'state' | 'cursor' | 'journal' | 'pseudonym'

const version = 1
const nonceBytes = 24
const tagBytes = 16

/** @param dataKey 32 bytes; the caller wipes its own */
export function createVault(dataKey: Uint8Array): Vault {
  if (dataKey.length !== 32) throw new StoreError('DATA_KEY_INVALID', 'the data key is not 32 bytes')
  const subkey = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', dataKey, '', `perf-agg/data-key/v1/${purpose}`, length))
  const keys = {
    credentials: new Xaes(subkey('credentials', 32)),
    state: new Xaes(subkey('state', 32)),
    cursor: new Xaes(subkey('cursor', 32)),
    journal: new Xaes(subkey('journal', 32)),
    pseudonym: new Xaes(subkey('pseudonym', 32)),
  } satisfies Record<Purpose, Xaes>
  return {
    keyCheck: subkey('key-check', 16).toString('hex'),
    seal(purpose, place, plaintext) {
      const nonce = randomBytes(nonceBytes)
      return Buffer.concat([Uint8Array.of(version), nonce, keys[purpose].seal(nonce, utf8(place), plaintext)])
    },
    open(purpose, place, sealed) {
      const body = sealed.subarray(1 + nonceBytes)
      if (sealed[0] !== version || body.length < tagBytes) throw tampered()
      return keys[purpose].open(sealed.subarray(1, 1 + nonceBytes), utf8(place), body)
    },
    close() {
      for (const key of Object.values(keys)) key.close()
    },
  }
}

function tampered(): StoreError {
  return new StoreError('STATE_TAMPERED', 'a sealed value of the state does not open', {
    hint: 'the state folder was changed from outside, or damaged: restore it',
  })
}

/** c2sp.org/XAES-256-GCM; its two vectors are in the tests. */
export class Xaes {
  readonly #key: Buffer
  readonly #mask: Buffer
  #open = true

  /** @param key 32 bytes, kept and wiped by `close` */
  constructor(key: Buffer) {
    this.#key = key
    this.#mask = double(this.#block(Buffer.alloc(16)))
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Buffer {
    const key = this.#derive(nonce)
    const cipher = createCipheriv('aes-256-gcm', key, nonce.subarray(12))
    key.fill(0)
    cipher.setAAD(aad)
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws {StoreError} STATE_TAMPERED */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Buffer {
    const key = this.#derive(nonce)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce.subarray(12), { authTagLength: tagBytes })
    key.fill(0)
    decipher.setAAD(aad)
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
    const plaintext = decipher.update(sealed.subarray(0, sealed.length - tagBytes))
    try {
      decipher.final()
    } catch {
      plaintext.fill(0)
      throw tampered()
    }
    return plaintext
  }

  close(): void {
    this.#open = false
    this.#key.fill(0)
    this.#mask.fill(0)
  }

  #derive(nonce: Uint8Array): Buffer {
    if (!this.#open) throw new StoreError('STATE_CLOSED', 'the vault is closed')
    const blocks = Buffer.alloc(32)
    for (const half of [0, 1]) {
      blocks.set([0, half + 1, 0x58, 0], half * 16)
      blocks.set(nonce.subarray(0, 12), half * 16 + 4)
      for (let at = 0; at < 16; at += 1) blocks[half * 16 + at]! ^= this.#mask[at]!
    }
    return this.#block(blocks)
  }

  #block(blocks: Buffer): Buffer {
    const cipher = createCipheriv('aes-256-ecb', this.#key, null)
    cipher.setAutoPadding(false)
    return cipher.update(blocks)
  }
}

/** Doubling in GF(2^128), as for CMAC's first subkey. */
function double(block: Buffer): Buffer {
  const doubled = Buffer.alloc(16)
  for (let at = 0; at < 16; at += 1) doubled[at] = ((block[at]! << 1) | ((block[at + 1] ?? 0) >> 7)) & 0xff
  if (block[0]! & 0x80) doubled[15]! ^= 0x87
  return doubled
}
