import fc from 'fast-check'
import t from 'tap'
import type { Statement } from '../../sdk/index.ts'
import {
  canonicalBytes,
  canonicalize,
  enclaveSignedBytes,
  equityBandOf,
  exactTotals,
  fromUtf8,
  InputError,
  newSigningKey,
  parseContract,
  parseDecimal,
  parseJson,
  parseStatement,
  signedBytes,
  statementDigest,
  utf8,
  wireText,
  wireTotals,
} from '../../sdk/index.ts'
import { contractExample, periodBody, signedPeriod } from './statement-fixture.ts'

const key = await newSigningKey()
const statement = await signedPeriod(key)

/** A copy with one member changed, `path` like `metadata.source.host`; undefined removes it. */
function altered(path: string, value: unknown, of: unknown = statement): unknown {
  const copy = JSON.parse(JSON.stringify(of)) as Record<string, unknown>
  const names = path.split('.')
  const last = names.pop()!
  let holder = copy
  for (const name of names) holder = holder[name] as Record<string, unknown>
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return copy
}

t.test('takes what it was posted as, to the byte', async (t) => {
  const posted = canonicalBytes(statement)
  const parsed = parseStatement(parseJson(posted))
  t.equal(fromUtf8(canonicalBytes(parsed)), fromUtf8(posted))
  t.same(parsed, statement)
})

t.test('the signed bytes are the posted ones with one member cut out', async (t) => {
  const posted = canonicalize(statement)
  const member = `,"signature":"${statement.signature}"`
  t.equal(posted.split(member).length, 2)
  t.equal(posted.replace(member, ''), fromUtf8(signedBytes(statement)))
  t.match(await statementDigest(statement), /^sha256:[0-9a-f]{64}$/)
  const { signature: _, ...body } = statement
  t.equal(await statementDigest(body), await statementDigest(statement), 'the digest is of what was signed')
})

t.test('the bytes under the enclave signature hold neither signature', async (t) => {
  const both: Statement = {
    ...statement,
    metadata: { ...statement.metadata, enclave_signature: statement.signature },
  }
  t.equal(fromUtf8(enclaveSignedBytes(both)), fromUtf8(signedBytes(statement)))
  t.not(fromUtf8(signedBytes(both)), fromUtf8(signedBytes(statement)))
})

t.test("the contract's example parses, and says what it is not", async (t) => {
  const contract = parseContract(parseJson(utf8(JSON.stringify(contractExample()))))
  t.same(contract, contractExample())
  t.throws(() => parseStatement(contractExample()), { code: 'NOT_A_STATEMENT' })
  const { metadata } = periodBody({ keyId: statement.metadata.key_id })
  const source = { ...metadata.source, exchange: 'mock' }
  t.ok(parseStatement({ ...contractExample(), metadata: { ...metadata, source } }))
})

t.test('every type has its own members and no other', async (t) => {
  const instant = { period_start: statement.period_end, period_end: statement.period_end, hourly_buckets: [] }
  const event = (change: object): unknown => ({
    ...statement,
    ...instant,
    metadata: { ...statement.metadata, ...change },
  })
  const correction = {
    corrects: [statement.metadata.config_digest],
    cause: 'late-fill',
    records: ['BTCUSDT:17'],
  }
  const keyStart = {
    key: { kty: 'OKP', crv: 'Ed25519', x: statement.metadata.key_id },
    replaces: null,
    handover: null,
    log_size: 17,
    continuity: 'first',
  }
  for (const type of ['registered', 'scope', 'gap']) t.ok(parseStatement(event({ type })), type)
  t.ok(parseStatement(event({ type: 'closed', closed: { reason: 'key-revoked' } })))
  t.ok(parseStatement(event({ type: 'key_start', key_start: keyStart })))
  t.ok(parseStatement({ ...statement, metadata: { ...statement.metadata, type: 'correction', correction } }))
  t.throws(() => parseStatement(event({ type: 'closed' })), { message: /metadata\.closed/ })
  t.throws(() => parseStatement(event({ type: 'gap', closed: { reason: 'x' } })), {
    message: /metadata\.closed/,
  })
  t.throws(() => parseStatement(event({ type: 'correction', correction })), {
    message: /do not fit a correction/,
  })
  t.throws(() => parseStatement(event({ type: 'period' })), { message: /1 to 24 hours/ })
  t.throws(() => parseStatement(altered('metadata.type', 'registered')), {
    message: /do not fit a registered/,
  })
})

t.test('refuses by the path', async (t) => {
  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['extra', 1, /unknown member extra/],
    ['metadata.extra', 1, /metadata has an unknown member extra/],
    ['metadata.source.signature', 'x', /metadata\.source has an unknown member signature/],
    ['metadata.schema', 'perf-agg/statement/v2', /metadata\.schema/],
    ['metadata.type', 'trade', /metadata\.type/],
    ['metadata.account', 'short', /metadata\.account/],
    ['metadata.sequence', 0, /metadata\.sequence/],
    ['metadata.sequence', 2, /metadata\.previous must be null for sequence 1/],
    ['metadata.sequence', 2 ** 53, /metadata\.sequence/],
    ['metadata.previous', 'sha256:xx', /metadata\.previous/],
    ['metadata.source.environment', 'prod', /metadata\.source\.environment/],
    ['metadata.source.host', 'ünicode', /metadata\.source\.host/],
    ['metadata.source.exchange', 'okx', /must be the exchange/],
    [
      'metadata.coverage.gaps',
      [{ from: statement.period_end, to: statement.period_start, reason: 'x' }],
      /gaps\[0\]\.to must be after/,
    ],
    ['metadata.exact.totals.fees_usd', '1.50', /metadata\.exact\.totals\.fees_usd/],
    ['metadata.exact.totals.fees_usd', '1e3', /metadata\.exact\.totals\.fees_usd/],
    ['metadata.exact.totals.volume_base', '-1', /must not be negative/],
    ['metadata.exact.hourly_buckets.0.no_capital', false, /no_capital must be true/],
    ['metadata.exact.hourly_buckets.0.stale', [{ asset: 'X' }], /stale\[0\]\.age_s is missing/],
    ['metadata.equity_band', '5k', /metadata\.equity_band/],
    ['metadata.enclave_signature', 'AA==', /metadata\.enclave_signature must be 64 bytes/],
    ['metadata.key_id', undefined, /metadata\.key_id is missing/],
    ['hourly_buckets.0.trades', 1.5, /hourly_buckets\[0\]\.trades/],
    ['hourly_buckets.0.trades', -1, /hourly_buckets\[0\]\.trades/],
    ['hourly_buckets.0.volume_base', '1', /hourly_buckets\[0\]\.volume_base/],
    ['hourly_buckets.0.t', '2026-11-23T00:30:00.000Z', /hourly_buckets\[0\]\.t must start an hour/],
    ['hourly_buckets.0.t', '2026-11-23T01:00:00.000Z', /hourly_buckets\[1\]\.t is out of order/],
    ['period_end', '2026-11-23T03:00:00.000Z', /a bucket for each/],
    ['period_end', '2026-11-22T00:00:00.000Z', /period_end must not be before/],
    ['client_id', 'a b', /client_id/],
    ['signature', 'AAAA', /signature must be 64 bytes/],
    ['totals.fees_usd', null, /totals\.fees_usd/],
  ]
  for (const [path, value, message] of refused) {
    t.throws(() => parseStatement(altered(path, value)), { code: 'INPUT_INVALID', message }, path)
  }
  for (const other of [null, 1, 'x', [], {}]) t.throws(() => parseStatement(other), InputError)
})

t.test('what an exchange did not tell is named in order, each once, or not at all', async (t) => {
  const path = 'metadata.source.unavailable'
  const told = altered(path, ['interest', 'transfers'])
  const parsed = parseStatement(told)
  t.same(parsed.metadata.source.unavailable, ['interest', 'transfers'])
  t.equal(canonicalize(parsed), canonicalize(told))
  for (const wrong of [[], ['b', 'a'], ['a', 'a'], ['BTC-USDT'], ['a b'], 'a', null, [1]]) {
    t.throws(() => parseStatement(altered(path, wrong)), { code: 'INPUT_INVALID' }, JSON.stringify(wrong))
  }
})

t.test('totals are exact, and the nearest doubles on the wire', async (t) => {
  const bucket = { trades: 1, volume_base: '0.1', volume_quote: '9007199254740993.5', fees_usd: '-0.1' }
  const totals = exactTotals([bucket, { ...bucket, fees_usd: '0.3' }, bucket])
  t.same(totals, { trades: 3, volume_base: '0.3', volume_quote: '27021597764222980.5', fees_usd: '0.1' })
  t.same(wireTotals(totals), {
    trades: 3,
    volume_base: 0.3,
    volume_quote: 27_021_597_764_222_980,
    fees_usd: 0.1,
  })
  t.same(exactTotals([]), { trades: 0, volume_base: '0', volume_quote: '0', fees_usd: '0' })
})

t.test('bands of equity', async (t) => {
  const band = (text: string): unknown => equityBandOf(parseDecimal(text))
  t.same(['-5', '999.99', '1000', '9999.99', '10000', '100000', '1000000', '9999999', '10000000'].map(band), [
    '0-1k',
    '0-1k',
    '1k-10k',
    '1k-10k',
    '10k-100k',
    '100k-1m',
    '1m-10m',
    '1m-10m',
    '10m+',
  ])
  t.equal(equityBandOf(null), null)
})

t.test('property: any text can stand in a statement as ASCII, and none twice', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [wireA, wireB] = [wireText(a), wireText(b)]
      const isSame = a.toWellFormed() === b.toWellFormed()
      return (
        /^[\x20-\x7e]*$/.test(wireA) &&
        (wireA === wireB) === isSame &&
        decodeURIComponent(wireA) === a.toWellFormed()
      )
    }),
  )
})

t.test('fuzz: altered bytes of a statement are taken or refused, never anything else', async () => {
  const original = canonicalBytes(statement)
  const edits = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(edits, (changes) => {
      const bytes = Uint8Array.from(original)
      for (const [at, byte] of changes) bytes[at] = byte
      try {
        canonicalBytes(parseStatement(parseJson(bytes)))
      } catch (error) {
        return error instanceof InputError
      }
      return true
    }),
    { numRuns: 5_000 },
  )
})
