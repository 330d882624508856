import { canonicalize, wireBucket, wireTotals, type ExactBucket, type StatementBody } from '@perf-agg/sdk'
import fc from 'fast-check'
import t from 'tap'
import { bodyOf } from '../../src/statement/body.ts'
import type { Claim } from '../../src/statement/claim.ts'
import { formOf } from '../../src/statement/form.ts'
import { configDigest, hour, startMs, subject, testSigner } from './fixture.ts'

const start = {
  version: '0.2.0',
  keyId: testSigner(1).keyId,
  configDigest,
  evidenceDigest: configDigest,
  log: null,
}

const amount = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(18))
  .map(([digits, scale]) => ({ digits, scale }))
const marks = fc.record(
  {
    noCapital: fc.constant<true>(true),
    belowFloor: fc.constant<true>(true),
    approximate: fc.constant<true>(true),
    unpricedFees: fc.constant<true>(true),
    unpriced: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 }),
    stale: fc.array(fc.record({ asset: fc.string(), ageS: fc.nat() }), { maxLength: 2 }),
    unreconciled: fc.array(
      fc.record({ asset: fc.string(), amount: fc.constant('1'), usd: fc.constant('-2') }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
)
const hours = fc.array(
  fc
    .record({
      returnPct: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      returnReason: fc.option(fc.constant('wiped-out')),
      volumeBase: amount,
      volumeQuoteUsd: amount,
      feesUsd: amount,
      equityUsd: fc.option(amount),
      marks,
    })
    .map((change) => hour(0, change)),
  { minLength: 1, maxLength: 24 },
)
const claim: fc.Arbitrary<Claim> = fc.oneof(
  hours.map((each): Claim => ({ type: 'period', hours: each })),
  fc.tuple(hours, fc.array(fc.string())).map(([each, records]): Claim => {
    return {
      type: 'correction',
      correction: { hours: each, cause: 'changed', records },
      corrects: [configDigest],
    }
  }),
  fc.constantFrom<Claim>(
    { type: 'registered', atMs: startMs },
    { type: 'closed', atMs: startMs, reason: 'expired' },
    { type: 'gap', gaps: [{ fromMs: startMs, toMs: startMs + 1, reason: 'x' }] },
    {
      type: 'key_start',
      atMs: startMs,
      keyStart: {
        key: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
        replaces: 'r',
        handover: null,
        log_size: 5,
        continuity: 'broken',
      },
    },
  ),
)

function written(body: StatementBody, own?: string, wire?: string): string {
  const { beforeEnclave, beforeWire, rest } = formOf(body)
  const enclave = own === undefined ? '' : `"enclave_signature":"${own}",`
  const signature = wire === undefined ? '' : `"signature":"${wire}",`
  return beforeEnclave + enclave + beforeWire + signature + rest
}

t.test('the form written by hand is the canonical one, with any of its signatures', async () => {
  fc.assert(
    fc.property(claim, fc.string({ unit: 'binary' }), (each, clientId) => {
      const named = { ...subject, clientId: clientId.toWellFormed(), clientAccounts: null }
      const body = bodyOf(start, named, { sequence: 5, digest: configDigest }, each, startMs)
      const { metadata } = body
      const signed = { ...body, metadata: { ...metadata, enclave_signature: 'own' } }
      return (
        written(body) === canonicalize(body) &&
        written(body, 'own') === canonicalize(signed) &&
        written(body, 'own', 'wire') === canonicalize({ ...signed, signature: 'wire' }) &&
        written(body, undefined, 'wire') === canonicalize({ ...body, signature: 'wire' })
      )
    }),
    { numRuns: 1_000 },
  )
})

t.test('every member that a bucket can have is written', async (t) => {
  const full: Required<ExactBucket> = {
    t: '2025-01-01T00:00:00.000Z',
    origin: 'observed',
    return_reason: 'x',
    trades: 1,
    volume_base: '1',
    volume_quote: '1',
    fees_usd: '1',
    no_capital: true,
    below_floor: true,
    approximate: true,
    unpriced_fees: true,
    unreconciled: [],
    income: [{ kind: 'funding', usd: '-1.5' }],
    unpriced: [],
    stale: [],
  }
  const body = bodyOf(
    start,
    subject,
    { sequence: 0, digest: null },
    { type: 'period', hours: [hour(0)] },
    startMs,
  )
  const exact = {
    hourly_buckets: [full],
    totals: { trades: 1, volume_base: '1', volume_quote: '1', fees_usd: '1' },
  }
  const filled: StatementBody = {
    ...body,
    hourly_buckets: [wireBucket(full, 1)],
    totals: wireTotals(full),
    metadata: { ...body.metadata, exact },
  }
  t.equal(written(filled), canonicalize(filled))
})

t.test('what statements share can not be changed after it was written once', async (t) => {
  const source = { ...subject.source, market_types: ['spot'] }
  const body = bodyOf(
    start,
    { ...subject, source },
    { sequence: 0, digest: null },
    { type: 'registered', atMs: startMs },
    startMs,
  )
  formOf(body)
  t.throws(() => source.market_types.push('margin'), TypeError)
  t.throws(() => Object.assign(source, { environment: 'sandbox' }), TypeError)
})
