import { createPrivateKey, sign } from 'node:crypto'
import {
  canonicalize,
  type ExactBucket,
  exactTotals,
  fromBase64url,
  signedBytes,
  type StatementBody,
  thumbprint,
  toBase64,
  wireBucket,
  wireTotals,
} from '@perf-agg/sdk'

/** The statement that perf-agg-statement(5) shows, made again: a key that everybody knows, two quiet hours. */

const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')
const seed = Buffer.alloc(32, 7)
const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
const publicKey = fromBase64url(privateKey.export({ format: 'jwk' }).x ?? '')
const exactHours: readonly { readonly exact: ExactBucket; readonly returnPct: number }[] = [
  {
    exact: {
      t: '2025-01-01T00:00:00.000Z',
      origin: 'observed',
      return_reason: null,
      trades: 10,
      volume_base: '1',
      volume_quote: '50000',
      fees_usd: '1.5',
    },
    returnPct: 1.23,
  },
  {
    exact: {
      t: '2025-01-01T01:00:00.000Z',
      origin: 'observed',
      return_reason: null,
      trades: 1,
      volume_base: '0.0000001',
      volume_quote: '0.005',
      fees_usd: '0',
    },
    returnPct: -0.000001,
  },
]

async function body(): Promise<StatementBody> {
  const exact = exactHours.map((hour) => hour.exact)
  const totals = exactTotals(exact)
  return {
    client_id: 'test-client-1',
    exchange: 'binance',
    connector_version: '0.2.0',
    period_start: '2025-01-01T00:00:00.000Z',
    period_end: '2025-01-01T02:00:00.000Z',
    hourly_buckets: exactHours.map((hour) => wireBucket(hour.exact, hour.returnPct)),
    totals: wireTotals(totals),
    metadata: {
      schema: 'perf-agg/statement/v1',
      type: 'period',
      account: 'gMWx6yWGyoQp9hSGGvDAqCCcqjZEwLcRLOrSZNlGc0k',
      client_accounts: 1,
      sequence: 2,
      previous: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      first_observed_at: '2025-01-01T00:00:00.000Z',
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
        certificate: 'sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
      },
      return_method: 'twr',
      pricing: { currency: 'USD', pegged: ['USDT'], price_age_max_s: 60, unpriced: [] },
      coverage: {
        hours_expected: 2,
        observed: 2,
        recovered: 0,
        backfilled: 0,
        gaps: [],
        reconciled: true,
        unreconciled: [],
      },
      exact: { hourly_buckets: exact, totals },
      scope: ['spot'],
      flows: { count: 0, net_usd: 0 },
      equity_band: '10k-100k',
      config_digest: 'sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      key_id: await thumbprint(publicKey),
      evidence_digest: null,
      log: null,
      issued_at: '2025-01-01T02:01:40.000Z',
    },
  }
}

export const exampleKey: string = toBase64(publicKey)

/** The posted bytes: canonical, signature and all. */
export async function exampleStatement(): Promise<string> {
  const unsigned = await body()
  const signature = toBase64(sign(null, signedBytes(unsigned), privateKey))
  return canonicalize({ ...unsigned, signature })
}

if (process.argv[1] === import.meta.filename) console.log(`${exampleKey}\n${await exampleStatement()}`)
