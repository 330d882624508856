import { createHash } from 'node:crypto'
import {
  enclaveSignedBytes,
  fromBase64,
  hourMs,
  parseDecimal,
  parseJson,
  parseStatement,
  signedBytes,
  statementDigest,
  toInstant,
  verifySignature,
  type Statement,
} from '@perf-agg/sdk'
import t from 'tap'
import type { Claim, Head, Issued } from '../../src/statement/claim.ts'
import { account, configDigest, hour, issuer, nowMs, startMs, subject, testSigner } from './fixture.ts'

const first: Head = { sequence: 0, digest: null }
const signer = testSigner(1)

function read(issued: Issued): Statement {
  return parseStatement(parseJson(issued.body))
}

t.test('a period, byte for byte as written by hand', async (t) => {
  const previous = `sha256:${'ab'.repeat(32)}`
  const claim: Claim = { type: 'period', hours: [hour(0, { volumeBase: parseDecimal('0.0000001') })] }
  const issued = await issuer().issue(subject, { sequence: 16, digest: previous }, claim, nowMs)
  const unsigned =
    '{"client_id":"test-client-1","connector_version":"0.2.0","exchange":"binance","hourly_buckets":[' +
    '{"fees_usd":-1.5,"return_pct":1.23,"t":"2025-01-01T00:00:00.000Z","trades":10,"volume_base":1e-7,"volume_quote":50000.1}],' +
    `"metadata":{"account":"${account}","client_accounts":3,"config_digest":"${configDigest}",` +
    '"coverage":{"backfilled":0,"gaps":[],"hours_expected":1,"observed":1,"reconciled":true,"recovered":0,"unreconciled":[]},' +
    '"equity_band":"10k-100k","evidence_digest":null,"exact":{"hourly_buckets":[' +
    '{"fees_usd":"-1.5","origin":"observed","return_reason":null,"t":"2025-01-01T00:00:00.000Z","trades":10,"volume_base":"0.0000001","volume_quote":"50000.1"}],' +
    '"totals":{"fees_usd":"-1.5","trades":10,"volume_base":"0.0000001","volume_quote":"50000.1"}},' +
    '"first_observed_at":"2024-12-31T23:59:00.000Z","flows":{"count":0,"net_usd":0},"issued_at":"2025-01-01T01:01:30.000Z",' +
    `"key_id":"${signer.keyId}","log":{"origin":"perf-agg.example/log"},"previous":"${previous}",` +
    '"pricing":{"currency":"USD","pegged":["USDT"],"price_age_max_s":60,"unpriced":[]},"return_method":"twr",' +
    '"schema":"perf-agg/statement/v1","scope":["spot"],"sequence":17,"source":{"certificate":null,"collector":"ccxt 4.5.84",' +
    '"environment":"live","exchange":"binance","host":"api.binance.com","market_types":["spot"],"ownership":"key-holder",' +
    '"permissions":"read-only","registration":"sealed","server_time_skew_ms":12},"type":"period"},' +
    '"period_end":"2025-01-01T01:00:00.000Z","period_start":"2025-01-01T00:00:00.000Z",' +
    '"totals":{"fees_usd":-1.5,"trades":10,"volume_base":1e-7,"volume_quote":50000.1}}'
  const posted = Buffer.from(issued.body).toString()
  const cut = posted.replace(/"signature":"[\w+/=]{88}",/, '')
  t.equal(cut, unsigned)
  const signature = fromBase64(/"signature":"([\w+/=]{88})",/.exec(posted)![1]!)
  t.ok(await verifySignature(signer.publicKey, Buffer.from(unsigned), signature))
  t.equal(issued.digest, `sha256:${createHash('sha256').update(unsigned).digest('hex')}`)
  t.match(issued, {
    account,
    sequence: 17,
    previous,
    type: 'period',
    periodStartMs: startMs,
    periodEndMs: startMs + hourMs,
    hours: [startMs],
    issuedAtMs: nowMs,
  })
})

t.test('the sdk takes every type, finds its digest and its signature', async (t) => {
  const claims: Claim[] = [
    { type: 'registered', atMs: startMs },
    { type: 'scope', atMs: startMs, scope: ['spot'] },
    { type: 'period', hours: Array.from({ length: 24 }, (_, index) => hour(index)) },
    { type: 'gap', gaps: [{ fromMs: startMs, toMs: startMs + 5 * hourMs, reason: 'exchange-unreachable' }] },
    {
      type: 'correction',
      correction: { hours: [hour(1), hour(3)], cause: 'late-fill', records: ['BTC/USDT 12', '币安人生'] },
      corrects: [configDigest],
    },
    { type: 'closed', atMs: startMs, reason: 'expired' },
    {
      type: 'key_start',
      atMs: startMs,
      keyStart: {
        key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(signer.publicKey).toString('base64url') },
        replaces: null,
        handover: null,
        log_size: null,
        continuity: 'first',
      },
    },
  ]
  let head = first
  for (const mounted of [null, testSigner(2)]) {
    const desk = issuer({ mountedSigner: mounted })
    for (const claim of claims) {
      const issued = await desk.issue(subject, head, claim, nowMs)
      const statement = read(issued)
      t.equal(statement.metadata.type, claim.type)
      t.equal(issued.digest, await statementDigest(statement))
      t.ok(
        await verifySignature(
          (mounted ?? signer).publicKey,
          signedBytes(statement),
          fromBase64(statement.signature),
        ),
      )
      const own = statement.metadata.enclave_signature
      t.equal(own === undefined, mounted === null)
      if (own !== undefined) {
        t.ok(await verifySignature(signer.publicKey, enclaveSignedBytes(statement), fromBase64(own)))
      }
      t.equal(statement.metadata.key_id, signer.keyId)
      t.equal(statement.metadata.previous, head.digest)
      t.equal(statement.metadata.sequence, head.sequence + 1)
      head = issued
    }
  }
})

t.test('totals are the nearest doubles of the exact sum, not sums of doubles', async (t) => {
  const hours = ['0.1', '0.2', '0.3'].map((volume, index) =>
    hour(index, { volumeBase: parseDecimal(volume) }),
  )
  const statement = read(await issuer().issue(subject, first, { type: 'period', hours }, nowMs))
  t.not(0.1 + 0.2 + 0.3, 0.6)
  t.equal(statement.totals.volume_base, 0.6)
  t.equal(statement.metadata.exact.totals.volume_base, '0.6')
  t.equal(statement.metadata.exact.totals.volume_quote, '150000.3')
  t.equal(statement.totals.trades, 30)
})

t.test('what is to be known about hours stands beside them', async (t) => {
  const hours = [
    hour(0, {
      origin: 'recovered',
      returnPct: null,
      returnReason: 'no-trade-yet',
      equityUsd: parseDecimal('999.99'),
      flows: { count: 2, netUsd: parseDecimal('0.1') },
      marks: {
        noCapital: true,
        belowFloor: true,
        approximate: true,
        unpricedFees: true,
        unreconciled: [{ asset: '币', amount: '-1', usd: '-2.5' }],
        unpriced: ['ZZZ', 'AAA'],
        stale: [{ asset: 'OLD', ageS: 300 }],
      },
    }),
    hour(1, {
      origin: 'recovered',
      equityUsd: parseDecimal('1000'),
      flows: { count: 1, netUsd: parseDecimal('0.2') },
      marks: { unpriced: ['AAA'] },
    }),
  ]
  const { metadata, hourly_buckets } = read(
    await issuer().issue(subject, first, { type: 'period', hours }, nowMs),
  )
  t.equal(hourly_buckets[0]!.return_pct, null)
  t.strictSame(metadata.coverage, {
    hours_expected: 2,
    observed: 0,
    recovered: 2,
    backfilled: 0,
    gaps: [],
    reconciled: false,
    unreconciled: [toInstant(startMs)],
  })
  t.strictSame(metadata.pricing.unpriced, ['AAA', 'ZZZ'])
  t.strictSame(metadata.flows, { count: 3, net_usd: 0.3 })
  t.equal(metadata.equity_band, '1k-10k')
  t.match(metadata.exact.hourly_buckets[0], {
    return_reason: 'no-trade-yet',
    no_capital: true,
    below_floor: true,
    approximate: true,
    unpriced_fees: true,
    unreconciled: [{ asset: '%E5%B8%81', amount: '-1', usd: '-2.5' }],
    stale: [{ asset: 'OLD', age_s: 300 }],
  })
  const gap: Claim = {
    type: 'gap',
    gaps: [
      { fromMs: startMs, toMs: startMs + 2 * hourMs, reason: 'exchange-unreachable' },
      { fromMs: startMs + 3 * hourMs, toMs: startMs + 4 * hourMs, reason: 'history-lost' },
    ],
  }
  const said = read(await issuer().issue(subject, first, gap, nowMs + 4 * hourMs))
  t.match(said.metadata.coverage, { hours_expected: 3, observed: 0, reconciled: false })
  t.equal(said.period_end, toInstant(startMs + 4 * hourMs))
})

t.test('time never goes back: a small step stands still, a larger one is refused', async (t) => {
  const desk = issuer({ lastSignedMs: nowMs })
  const claim: Claim = { type: 'registered', atMs: startMs }
  t.equal((await desk.issue(subject, first, claim, nowMs - 5_000)).issuedAtMs, nowMs)
  await t.rejects(desk.issue(subject, first, claim, nowMs - 5_001), { code: 'CLOCK_SET_BACK' })
  t.equal((await desk.issue(subject, first, claim, nowMs + 60_000)).issuedAtMs, nowMs + 60_000)
  await t.rejects(desk.issue(subject, first, claim, nowMs), { code: 'CLOCK_SET_BACK' })
})

t.test('a number that JSON can not carry is never signed', async (t) => {
  for (const returnPct of [Number.NaN, Infinity]) {
    const claim: Claim = { type: 'period', hours: [hour(0, { returnPct })] }
    await t.rejects(issuer().issue(subject, first, claim, nowMs), { name: 'RangeError' })
  }
  await t.rejects(issuer().issue(subject, first, { type: 'period', hours: [] }, nowMs), {
    name: 'RangeError',
  })
})
