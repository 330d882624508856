/**
 * Proof that an address is the client's own, where an exchange is read by an address alone: its wallet signs the
 * claims that were verified and the nonce of their quote, as typed data (EIP-712), so that it shows what is signed.
 */
export const ownershipDomain = { name: 'perf-agg', version: '1' } as const

export interface OwnershipTypedData {
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
  readonly primaryType: 'Ownership'
  readonly domain: typeof ownershipDomain
  readonly message: { readonly wallet: string; readonly claims_digest: string; readonly nonce: string }
}

/** As `eth_signTypedData_v4` takes it; the signature goes into the box as `wallet_signature`, `0x` and 65 bytes. */
export function ownershipTypedData(wallet: string, claimsDigest: string, nonce: string): OwnershipTypedData {
  return {
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
      ],
      Ownership: [
        { name: 'wallet', type: 'address' },
        { name: 'claims_digest', type: 'string' },
        { name: 'nonce', type: 'string' },
      ],
    },
    primaryType: 'Ownership',
    domain: ownershipDomain,
    message: { wallet, claims_digest: claimsDigest, nonce },
  }
}
