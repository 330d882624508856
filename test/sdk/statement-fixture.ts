import type { ExactBucket, SigningKey, Statement, StatementBody } from '../../sdk/index.ts'
import {
  exactTotals,
  hourMs,
  parseInstant,
  signedBytes,
  thumbprint,
  toBase64,
  toInstant,
  wireBucket,
  wireTotals,
} from '../../sdk/index.ts'

/** The body of /api/ingest as the protocol shows it, with the metadata that the log's page shows. */
export function contractExample(): Record<string, unknown> {
  const figures = { trades: 10, volume_base: 1, volume_quote: 50_000, fees_usd: 1.5 }
  return {
    client_id: 'test-client-1',
    exchange: 'mock',
    connector_version: '0.2.0',
    period_start: '2025-01-01T00:00:00.000Z',
    period_end: '2025-01-01T01:00:00.000Z',
    hourly_buckets: [{ t: '2025-01-01T00:00:00.000Z', return_pct: 1.23, ...figures }],
    totals: figures,
    signature: toBase64(new Uint8Array(64)),
  }
}

export interface PeriodOptions {
  readonly keyId: string
  readonly sequence?: number
  readonly previous?: string | null
  readonly startMs?: number
  readonly hours?: readonly (Partial<ExactBucket> & { readonly return_pct?: number | null })[]
}

const digest = `sha256:${'00'.repeat(32)}`

export function periodBody(options: PeriodOptions): StatementBody {
  const startMs = options.startMs ?? parseInstant('2026-11-23T00:00:00.000Z')
  const hours = options.hours ?? [{}, {}]
  const exact = hours.map(({ return_pct: returnPct = 0.25, ...change }, index): ExactBucket => {
    return {
      t: toInstant(startMs + index * hourMs),
      origin: 'observed',
      return_reason: returnPct === null ? 'no-trades' : null,
      trades: 3,
      volume_base: '0.1',
      volume_quote: '5000.25',
      fees_usd: '-0.2',
      ...change,
    }
  })
  const totals = exactTotals(exact)
  const endMs = startMs + exact.length * hourMs
  return {
    client_id: 'trader-john',
    exchange: 'binance',
    connector_version: '0.2.0',
    period_start: toInstant(startMs),
    period_end: toInstant(endMs),
    hourly_buckets: exact.map((each, index) =>
      wireBucket(each, hours[index]!.return_pct === undefined ? 0.25 : hours[index]!.return_pct),
    ),
    totals: wireTotals(totals),
    metadata: {
      schema: 'perf-agg/statement/v1',
      type: 'period',
      account: 'A'.repeat(43),
      client_accounts: 3,
      sequence: options.sequence ?? 1,
      previous: options.previous ?? null,
      first_observed_at: '2026-11-22T23:30:00.000Z',
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
        certificate: digest,
      },
      return_method: 'twr',
      pricing: { currency: 'USD', pegged: ['USDT'], price_age_max_s: 60, unpriced: [] },
      coverage: {
        hours_expected: exact.length,
        observed: exact.filter((each) => each.origin === 'observed').length,
        recovered: exact.filter((each) => each.origin === 'recovered').length,
        backfilled: exact.filter((each) => each.origin === 'backfilled').length,
        gaps: [],
        reconciled: exact.every((each) => each.unreconciled === undefined),
        unreconciled: exact.filter((each) => each.unreconciled !== undefined).map((each) => each.t),
      },
      exact: { hourly_buckets: exact, totals },
      scope: ['spot'],
      flows: { count: 0, net_usd: 0 },
      equity_band: '10k-100k',
      config_digest: digest,
      key_id: options.keyId,
      evidence_digest: digest,
      log: { origin: 'perf-agg.example/log' },
      issued_at: toInstant(endMs + 90_000),
    },
  }
}

export async function signed(body: StatementBody, key: SigningKey): Promise<Statement> {
  return { ...body, signature: toBase64(await key.sign(signedBytes(body))) }
}

export async function signedPeriod(
  key: SigningKey,
  options: Omit<PeriodOptions, 'keyId'> = {},
): Promise<Statement> {
  return signed(periodBody({ ...options, keyId: await thumbprint(key.publicKey) }), key)
}
