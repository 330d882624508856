import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concat, fromHex, ownershipDomain, toHex, utf8 } from '@perf-agg/sdk'

/** Whose signature proves that an address is the client's: EIP-712 over the claims and the nonce, and nothing else. */

const domainType = 'EIP712Domain(string name,string version)'
const ownershipType = 'Ownership(address wallet,string claims_digest,string nonce)'

const hashOfText = (text: string): Uint8Array => keccak_256(utf8(text))

/** The 32 bytes that a wallet signs. `wallet` is `0x` and 40 digits, in any case. */
export function ownershipHash(wallet: string, claimsDigest: string, nonce: string): Uint8Array {
  const domain = keccak_256(
    concat(hashOfText(domainType), hashOfText(ownershipDomain.name), hashOfText(ownershipDomain.version)),
  )
  const message = keccak_256(
    concat(
      hashOfText(ownershipType),
      new Uint8Array(12),
      fromHex(wallet.slice(2).toLowerCase()),
      hashOfText(claimsDigest),
      hashOfText(nonce),
    ),
  )
  return keccak_256(concat(Uint8Array.of(0x19, 0x01), domain, message))
}

/** The address that signed, in small letters; null of what is no signature. The larger of two equal ones is none. */
export function signerOf(hash: Uint8Array, signature: string): string | null {
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) return null
  const bytes = fromHex(signature.slice(2).toLowerCase())
  const version = bytes[64] ?? 0
  const recovery = version >= 27 ? version - 27 : version
  if (recovery !== 0 && recovery !== 1) return null
  try {
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact').addRecoveryBit(recovery)
    if (parsed.hasHighS()) return null
    const key = parsed.recoverPublicKey(hash).toBytes(false)
    return `0x${toHex(keccak_256(key.subarray(1)).subarray(12))}`
  } catch {
    return null
  }
}
