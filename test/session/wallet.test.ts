import { ownershipTypedData, toHex } from '@perf-agg/sdk'
import t from 'tap'
import { ownershipHash, signerOf } from '../../src/session/wallet.ts'

/** Ownership of a wallet: what is hashed and who signed, against the encoder and the signer of another library. */

interface Other {
  ethEncodeStructuredData(domain: object, types: object, message: object): Uint8Array
  hash(data: Uint8Array, algorithm: unknown, form: 'hex'): string
  signHash(hash: string, privateKey: string): { r: string; s: string; v: number }
  ethGetAddressFromPrivateKey(privateKey: string): string
}

const claimsDigest = `sha256:${'5a'.repeat(32)}`
const nonce = '_d7EP9Z2SiZLIjcNxl7oeumFV0SMD4DeXn52YQM67tA'
const privateKey = `0x${'46'.repeat(32)}`

async function otherLibrary(): Promise<Other> {
  const path = new URL('./src/hyperliquid.js', import.meta.resolve('ccxt')).href
  const { default: Exchange } = (await import(path)) as { default: new () => Other }
  return new Exchange()
}

async function keccak(): Promise<unknown> {
  return ((await import('@noble/hashes/sha3.js')) as { keccak_256: unknown }).keccak_256
}

t.test('the hash and the signer that others find', async (t) => {
  const other = await otherLibrary()
  const wallet = other.ethGetAddressFromPrivateKey(privateKey)
  const { types, domain, message } = ownershipTypedData(wallet, claimsDigest, nonce)
  const { EIP712Domain, ...own } = types
  t.equal(EIP712Domain?.length, 2)
  const encoded = other.ethEncodeStructuredData(domain, own, message)
  const expected = other.hash(encoded, await keccak(), 'hex')
  const hash = ownershipHash(wallet, claimsDigest, nonce)
  t.equal(toHex(hash), expected)
  const { r, s, v } = other.signHash(`0x${expected}`, privateKey)
  const tail = (version: number) => version.toString(16).padStart(2, '0')
  const body = `0x${r.replace('0x', '').padStart(64, '0')}${s.replace('0x', '').padStart(64, '0')}`
  t.equal(signerOf(hash, body + tail(v)), wallet.toLowerCase())
  t.equal(signerOf(hash, body + tail(v - 27)), wallet.toLowerCase(), 'as some wallets write the last byte')
  t.not(signerOf(hash, body + tail(55 - v)), wallet.toLowerCase(), 'the other of two')

  const elsewhere = [
    ownershipHash(wallet, claimsDigest.replace('5a', '5b'), nonce),
    ownershipHash(wallet, claimsDigest, nonce.replace('_', 'a')),
    ownershipHash(`0x${'11'.repeat(20)}`, claimsDigest, nonce),
  ]
  for (const hashed of elsewhere) t.not(signerOf(hashed, body + tail(v)), wallet.toLowerCase())

  // the same signature in its other form would be a second one that nobody made
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const high = (order - BigInt(`0x${s.replace('0x', '')}`)).toString(16).padStart(64, '0')
  t.equal(signerOf(hash, `${body.slice(0, 66)}${high}${tail(55 - v)}`), null)
  for (const strange of ['', '0x', body, `${body}1d`, `0x${'00'.repeat(65)}`, `0x${'ff'.repeat(65)}`]) {
    t.equal(signerOf(hash, strange), null, strange.slice(0, 8))
  }
})
