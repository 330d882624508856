import { type CredentialsPayload, InputError, readExchangeCredentials } from '@perf-agg/sdk'
import { ownershipHash, signerOf } from '../session/wallet.ts'

export type Ownership = 'key-holder' | 'proven' | 'unproven'

/**
 * A key is held by its owner; an address is known to everybody. Its wallet's signature counts with a nonce that this
 * enclave checked: without a box it may be an old one.
 * @throws {InputError} WALLET_SIGNATURE_INVALID
 */
export function ownershipOf(
  payload: CredentialsPayload,
  credentials: Uint8Array,
  registration: 'sealed' | 'plain',
): Ownership {
  if (payload.exchange !== 'hyperliquid') return 'key-holder'
  const read = readExchangeCredentials(credentials, payload.exchange)
  if (!('wallet_address' in read) || read.wallet_signature === undefined) return 'unproven'
  const { wallet_address: wallet, wallet_signature: signature } = read
  if (
    signerOf(ownershipHash(wallet, payload.claims_digest, payload.nonce), signature) !== wallet.toLowerCase()
  ) {
    throw new InputError('WALLET_SIGNATURE_INVALID', 'wallet_signature is not by wallet_address', {
      hint: 'let the wallet sign the typed data for this quote, or leave the signature out: the record then says unproven',
    })
  }
  return registration === 'sealed' ? 'proven' : 'unproven'
}
