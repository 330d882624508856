import { type OwnershipTypedData, parseJson, toHex } from '@perf-agg/sdk'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Test } from 'tap'
import { ownershipHash } from '../../src/session/wallet.ts'
import { startServer } from '../egress/hostile-server.ts'

/** A venue whose accounts are public addresses, with one address on it, and that wallet's key. */

const privateKey = new Uint8Array(32).fill(0x46)
const publicKey = secp256k1.getPublicKey(privateKey, false)
export const wallet = `0x${toHex(keccak_256(publicKey.subarray(1)).subarray(12))}`

export function sign({ message }: OwnershipTypedData): string {
  const { wallet: address, claims_digest, nonce } = message
  const hash = ownershipHash(address, claims_digest, nonce)
  const [recovery = 0, ...rest] = secp256k1.sign(hash, privateKey, { prehash: false, format: 'recovered' })
  return `0x${toHex(Uint8Array.from(rest))}${(27 + recovery).toString(16)}`
}

const summary = { accountValue: '1000', totalNtlPos: '0', totalRawUsd: '1000', totalMarginUsed: '0' }
const answers: Readonly<Record<string, () => unknown>> = {
  exchangeStatus: () => ({ time: Date.now() }),
  meta: () => ({ universe: [{ name: 'BTC' }] }),
  spotMeta: () => ({ universe: [], tokens: [] }),
  userAbstraction: () => 'disabled',
  clearinghouseState: () => ({ marginSummary: summary, assetPositions: [] }),
  userFillsByTime: () => [],
  userFunding: () => [],
  userNonFundingLedgerUpdates: () => [],
  candleSnapshot: () => [],
}

export async function hyperliquid(t: Test): Promise<string> {
  const server = await startServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const asked = parseJson(Buffer.concat(parts)) as { type: string; user?: string }
      const answer = answers[asked.type]
      if (asked.user !== undefined && asked.user !== wallet) return void response.writeHead(500).end()
      response.writeHead(answer === undefined ? 422 : 200).end(JSON.stringify(answer?.() ?? 'no'))
    })
  })
  t.teardown(() => server.close())
  return server.url
}
