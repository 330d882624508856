/** An Ed25519 key that can sign and show its public half; the enclave's rooms supply them. */
export interface Signer {
  /** RFC 7638 thumbprint of the public key. */
  readonly keyId: string
  readonly publicKey: Uint8Array
  /** 64 bytes over exactly `message`. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>
}
