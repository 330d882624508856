/**
 * Encryption at rest. One 32-byte data key, never written here, gives a subkey a purpose (HKDF-SHA256); every value is
 * sealed on its own with XAES-256-GCM (AES-256-GCM with a 24-byte random nonce: no count of messages wears it out)
 * and bound to its place (table, column, row), so that a value moved to another row does not open.
 */
export interface Vault {
  /** Tells whether a state folder belongs to this key; gives nothing else away. */
  readonly keyCheck: string
  seal(purpose: Purpose, place: string, plaintext: Uint8Array): Uint8Array
  /** @throws {StoreError} STATE_TAMPERED, one answer for every cause */
  open(purpose: Purpose, place: string, sealed: Uint8Array): Uint8Array
  /** Wipes the key from memory; later calls throw. */
  close(): void
}

export type Purpose = 'credentials' | 'state' | 'cursor' | 'journal' | 'pseudonym'

/** @param dataKey 32 bytes; copied, the caller wipes its own */
export function createVault(_dataKey: Uint8Array): Vault {
  throw new Error('not yet')
}
