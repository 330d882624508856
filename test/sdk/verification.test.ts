import t from 'tap'
import type { Statement, StatementKey, Step } from '../../sdk/index.ts'
import {
  enclaveSignedBytes,
  newSigningKey,
  parseContract,
  requireAffirming,
  signedBytes,
  statementDigest,
  thumbprint,
  toBase64,
  toInstant,
  parseInstant,
  verdictOf,
  verifyContract,
  verifyLink,
  verifyStatement,
} from '../../sdk/index.ts'
import { contractExample, periodBody, signed, signedPeriod } from './statement-fixture.ts'

const enclave = await newSigningKey()
const operator = await newSigningKey()
const enclaveKey: StatementKey = { publicKey: enclave.publicKey, holder: 'enclave' }
const operatorKey: StatementKey = { publicKey: operator.publicKey, holder: 'operator' }

/** The codes of the steps that don't affirm. */
function codes(steps: readonly Step[]): readonly string[] {
  return steps.filter((step) => step.status !== 'affirming').map((step) => step.code)
}

/** Changed, and signed again as the enclave would. */
async function resigned(change: (body: any) => void, of?: Statement): Promise<Statement> {
  const body = JSON.parse(JSON.stringify(of ?? (await signedPeriod(enclave)))) as Statement
  change(body)
  const { signature: _, ...rest } = body
  return signed(rest, enclave)
}

t.test('a sound statement affirms every step', async (t) => {
  const steps = await verifyStatement(await signedPeriod(enclave), [operatorKey, enclaveKey])
  t.same(codes(steps), [])
  t.same(
    steps.map((step) => step.name),
    ['signature', 'buckets', 'totals', 'coverage', 'time'],
  )
  t.equal(verdictOf(steps), 'holds')
  t.doesNotThrow(() => requireAffirming(steps))
})

t.test('a change anywhere breaks the signature', async (t) => {
  const statement = await signedPeriod(enclave)
  const changed = { ...statement, client_id: 'somebody-else' }
  const steps = await verifyStatement(changed, [enclaveKey])
  t.same(codes(steps), ['SIGNATURE_INVALID'])
  t.equal(verdictOf(steps), 'broken')
  t.throws(() => requireAffirming(steps), { name: 'VerificationError', code: 'SIGNATURE_INVALID' })
})

t.test('a key that was not given is not a broken proof', async (t) => {
  const other = await newSigningKey()
  const steps = await verifyStatement(await signedPeriod(enclave), [
    { publicKey: other.publicKey, holder: 'enclave' },
  ])
  t.same(codes(steps), ['KEY_UNKNOWN'])
  t.equal(verdictOf(steps), 'untrusted')
  t.throws(() => requireAffirming(steps), { name: 'PolicyError', code: 'KEY_UNKNOWN' })
  t.same(codes(await verifyStatement(await signedPeriod(enclave), [])), ['KEY_UNKNOWN'])
})

t.test('figures that are signed and still do not follow from the exact amounts', async (t) => {
  const changes: readonly (readonly [(body: any) => void, readonly string[]])[] = [
    [
      (body) => {
        body.hourly_buckets[0].volume_quote = 5_000.26
      },
      ['BUCKET_MISMATCH'],
    ],
    [
      (body) => {
        body.hourly_buckets[1].trades = 4
      },
      ['BUCKET_MISMATCH'],
    ],
    [
      (body) => {
        body.hourly_buckets[0].return_pct = null
      },
      ['BUCKET_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.exact.hourly_buckets[0].return_reason = 'no-trades'
      },
      ['BUCKET_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.exact.hourly_buckets.pop()
      },
      ['BUCKET_MISMATCH', 'TOTALS_MISMATCH', 'COVERAGE_MISMATCH'],
    ],
    [
      (body) => {
        body.totals.fees_usd = 0.4
      },
      ['TOTALS_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.exact.totals.volume_base = '0.21'
      },
      ['TOTALS_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.coverage.observed = 1
      },
      ['COVERAGE_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.coverage.hours_expected = 3
      },
      ['COVERAGE_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.exact.hourly_buckets[1].origin = 'recovered'
      },
      ['COVERAGE_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.exact.hourly_buckets[1].origin = 'recovered'
        Object.assign(body.metadata.coverage, { observed: 1, recovered: 1 })
      },
      ['COVERAGE_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.exact.hourly_buckets[0].unreconciled = [{ asset: 'X', amount: '1', usd: '1' }]
      },
      ['COVERAGE_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.coverage.gaps = [
          { from: '2026-11-20T00:00:00.000Z', to: '2026-11-20T01:00:00.000Z', reason: 'x' },
        ]
      },
      ['COVERAGE_MISMATCH'],
    ],
    [
      (body) => {
        body.metadata.issued_at = body.hourly_buckets[1].t
      },
      ['ISSUED_TOO_EARLY'],
    ],
  ]
  for (const [change, expected] of changes) {
    const steps = await verifyStatement(await resigned(change), [enclaveKey])
    t.same(codes(steps), expected, change.toString().slice(0, 90))
    t.equal(verdictOf(steps), 'broken')
  }
  const residual = { unreconciled: [{ asset: 'X', amount: '-1', usd: '-7.5' }] }
  t.same(
    codes(await verifyStatement(await signedPeriod(enclave, { hours: [{}, residual] }), [enclaveKey])),
    [],
  )
  t.same(
    codes(
      await verifyStatement(await signedPeriod(enclave, { hours: [{ return_pct: null }] }), [enclaveKey]),
    ),
    [],
  )
})

t.test('what an exchange did not tell is said, and signed like all the rest', async (t) => {
  const told = await resigned(({ metadata }) => {
    metadata.source.unavailable = ['dust', 'transfers']
  })
  const steps = await verifyStatement(told, [enclaveKey])
  t.match(
    steps.filter(({ name }) => name === 'lists'),
    [{ status: 'affirming', code: 'OK', detail: /dust, transfers/ }],
  )
  t.equal(verdictOf(steps), 'holds')
  const { unavailable: _, ...source } = told.metadata.source
  const hidden = { ...told, metadata: { ...told.metadata, source } }
  t.equal(verdictOf(await verifyStatement(hidden, [enclaveKey])), 'broken', 'it can not be left out')
})

t.test("a mounted key's signature is worth something only beside the enclave's", async (t) => {
  const body = periodBody({ keyId: (await signedPeriod(enclave)).metadata.key_id })
  const enclaveSignature = toBase64(await enclave.sign(enclaveSignedBytes(body)))
  const both = { ...body, metadata: { ...body.metadata, enclave_signature: enclaveSignature } }
  const statement = await signed(both, operator)
  const verify = async (keys: readonly StatementKey[], of = statement): Promise<readonly string[]> =>
    codes(await verifyStatement(of, keys))
  t.same(await verify([operatorKey, enclaveKey]), [])
  t.same(await verify([operatorKey]), ['OPERATOR_COULD_FORGE'])
  t.same(await verify([enclaveKey]), ['OPERATOR_KEY_UNKNOWN'])
  t.same(
    await verify([{ publicKey: operator.publicKey, holder: 'enclave' }]),
    ['OPERATOR_KEY_UNKNOWN', 'OPERATOR_COULD_FORGE'],
    'not by calling it so',
  )
  const forged = await signed({ ...both, client_id: 'forged' }, operator)
  t.same(
    await verify([operatorKey, enclaveKey], forged),
    ['SIGNATURE_INVALID'],
    'what the operator signs alone',
  )
  const own = periodBody({ keyId: await thumbprint(operator.publicKey) })
  const ownSignature = toBase64(await operator.sign(enclaveSignedBytes(own)))
  const twice = await signed(
    { ...own, metadata: { ...own.metadata, enclave_signature: ownSignature } },
    operator,
  )
  t.same(
    await verify([operatorKey, enclaveKey], twice),
    ['OPERATOR_COULD_FORGE'],
    'the operator signs for both',
  )
  const wire = { ...statement, signature: toBase64(new Uint8Array(64)) }
  t.same(await verify([operatorKey, enclaveKey], wire), ['SIGNATURE_INVALID'])
  const alone = await signed(body, operator)
  t.same(await verify([operatorKey, enclaveKey], alone), ['OPERATOR_COULD_FORGE'])
  t.equal(verdictOf(await verifyStatement(alone, [operatorKey])), 'untrusted')
})

t.test('the links of a chain', async (t) => {
  const first = await signedPeriod(enclave)
  const next = {
    sequence: 2,
    previous: await statementDigest(first),
    startMs: parseInstant(first.period_end),
  }
  const second = await signedPeriod(enclave, next)
  t.same(codes(await verifyLink(null, first)), [])
  t.same(codes(await verifyLink(first, second)), [])
  t.same(codes(await verifyLink(null, second)), ['CHAIN_START_MISSING'])
  t.same(codes(await verifyLink(second, first)), ['CHAIN_BROKEN'])
  t.same(codes(await verifyLink(second, second)), ['CHAIN_BROKEN'])
  t.same(codes(await verifyLink(first, await signedPeriod(enclave, { ...next, sequence: 3 }))), [
    'CHAIN_BROKEN',
  ])
  const fork = await signedPeriod(enclave, { hours: [{ trades: 9 }, {}] })
  t.same(codes(await verifyLink(fork, second)), ['CHAIN_BROKEN'])
  const other = await resigned((body) => {
    body.metadata.account = 'E'.repeat(43)
  }, second)
  t.same(codes(await verifyLink(first, other)), ['CHAIN_ACCOUNT_CHANGED'])
  const older = await resigned((body) => {
    body.metadata.issued_at = toInstant(parseInstant(first.metadata.issued_at) - 1)
  }, second)
  t.same(codes(await verifyLink(first, older)), ['CHAIN_TIME_REVERSED'])
  const shrunk = await resigned((body) => {
    body.metadata.scope = []
  }, second)
  t.same(codes(await verifyLink(first, shrunk)), ['SCOPE_SHRUNK'])
})

t.test('a minimal body is no statement, however well it is signed', async (t) => {
  const { signature: _, ...body } = contractExample()
  const contract = parseContract({ ...body, signature: toBase64(await enclave.sign(signedBytes(body))) })
  t.same(codes(await verifyContract(contract, [enclaveKey])), ['NOT_A_STATEMENT'])
  t.equal(verdictOf(await verifyContract(contract, [enclaveKey])), 'untrusted')
  const changed = { ...contract, totals: { ...contract.totals, trades: 11 } }
  t.same(codes(await verifyContract(changed, [enclaveKey])), [
    'SIGNATURE_INVALID',
    'TOTALS_MISMATCH',
    'NOT_A_STATEMENT',
  ])
})

t.test('nothing checked is nothing held', async (t) => {
  t.throws(() => requireAffirming([]), { code: 'NOTHING_CHECKED' })
  t.equal(verdictOf([]), 'untrusted')
})
