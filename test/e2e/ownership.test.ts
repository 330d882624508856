import { newSigningKey, type OwnershipTypedData, parseJson, toHex } from '@perf-agg/sdk'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import t, { type Test } from 'tap'
import { ownershipHash } from '../../src/session/wallet.ts'
import { startServer } from '../egress/hostile-server.ts'
import { House, until } from './house.ts'

/** An address at hyperliquid, which everybody may read: whose record it is, through the whole daemon. */

const privateKey = new Uint8Array(32).fill(0x46)
const publicKey = secp256k1.getPublicKey(privateKey, false)
const wallet = `0x${toHex(keccak_256(publicKey.subarray(1)).subarray(12))}`

function sign({ message }: OwnershipTypedData): string {
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

async function hyperliquid(t: Test): Promise<string> {
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

t.test('an address is whoever says so until its wallet has signed', async (t) => {
  const exchanges = { hyperliquid: { base_url: await hyperliquid(t) } }
  const house = await House.open(t, { config: { exchanges } })
  const register = async (more: object) =>
    house.client.register({
      insecureSimulated: true,
      clientId: 'somebody',
      exchange: 'hyperliquid',
      credentials: { wallet_address: wallet },
      config: { accountType: 'futures' },
      clientKey: await newSigningKey(),
      ...more,
    })
  const stranger = await register({ clientKey: await newSigningKey() })
  t.match(stranger.receipt, { status: 'active', ownership: 'unproven', permissions: 'unverified' })
  await t.rejects(register({}), { code: 'ACCOUNT_BOUND' }, 'no better than the first')
  await t.rejects(register({ signOwnership: () => Promise.resolve(`0x${'11'.repeat(65)}`) }), {
    code: 'WALLET_SIGNATURE_INVALID',
  })
  const elsewhere = (typed: OwnershipTypedData) =>
    sign({ ...typed, message: { ...typed.message, nonce: typed.message.nonce.replace(/^./, 'x') } })
  await t.rejects(
    register({ signOwnership: (typed: OwnershipTypedData) => Promise.resolve(elsewhere(typed)) }),
    { code: 'WALLET_SIGNATURE_INVALID' },
    'one for another quote',
  )
  const ownerKey = await newSigningKey()
  const owner = await register({
    clientKey: ownerKey,
    signOwnership: (typed: OwnershipTypedData) => Promise.resolve(sign(typed)),
  })
  t.match(owner.receipt, { status: 'active', ownership: 'proven', account: stranger.receipt.account })
  await t.rejects(house.client.metrics(stranger.access), { code: 'SESSION_UNKNOWN' }, 'who was first is out')
  await t.rejects(
    register({ signOwnership: (typed: OwnershipTypedData) => Promise.resolve(sign(typed)) }),
    { code: 'ACCOUNT_BOUND' },
    'and the owner stays bound to one key',
  )
  const view = await until('a poll', async () => {
    const seen = await house.client.metrics(owner.access)
    return seen.status === 'active' ? seen : null
  })
  t.match(view, { exchange: 'hyperliquid', environment: 'simulated', account: owner.receipt.account })
})
