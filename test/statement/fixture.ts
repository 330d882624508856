import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { fromBase64url, hourMs, parseDecimal, zero } from '@perf-agg/sdk'
import type { Hour } from '../../src/accounting/hour/hour.ts'
import type { Subject } from '../../src/statement/claim.ts'
import { Issuer, type IssuerOptions } from '../../src/statement/issuer.ts'
import type { Signer } from '../../src/statement/signer.ts'

/** A key whose seed is one byte repeated. */
export function testSigner(seed: number): Signer {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = createPrivateKey({
    key: Buffer.concat([prefix, Buffer.alloc(32, seed)]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return {
    keyId: createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url'),
    publicKey: fromBase64url(x!),
    sign: (message) => sign(null, message, key),
  }
}

export const account = 'A'.repeat(43)
export const startMs = Date.UTC(2025, 0, 1)
export const nowMs = startMs + hourMs + 90_000
export const configDigest = `sha256:${'0'.repeat(64)}`

export const subject: Subject = {
  clientId: 'test-client-1',
  account,
  clientAccounts: 3,
  firstObservedAtMs: startMs - 60_000,
  source: {
    exchange: 'binance',
    host: 'api.binance.com',
    environment: 'live',
    market_types: ['spot'],
    collector: 'ccxt 4.5.84',
    permissions: 'read-only',
    ownership: 'key-holder',
    registration: 'sealed',
    server_time_skew_ms: 12,
    certificate: null,
  },
  returnMethod: 'twr',
  pricing: { currency: 'USD', pegged: ['USDT'], price_age_max_s: 60 },
  scope: ['spot'],
}

export function hour(index: number, change: Partial<Hour> = {}): Hour {
  return {
    startMs: startMs + index * hourMs,
    origin: 'observed',
    returnPct: 1.23,
    returnReason: null,
    trades: 10,
    volumeBase: parseDecimal('1'),
    volumeQuoteUsd: parseDecimal('50000.10'),
    feesUsd: parseDecimal('-1.5'),
    equityUsd: parseDecimal('50000'),
    flows: { count: 0, netUsd: zero },
    marks: {},
    ...change,
  }
}

export function issuer(change: Partial<IssuerOptions> = {}): Issuer {
  return new Issuer({
    version: '0.2.0',
    configDigest,
    evidenceDigest: null,
    log: { origin: 'perf-agg.example/log' },
    signer: testSigner(1),
    mountedSigner: null,
    lastSignedMs: 0,
    ...change,
  })
}
