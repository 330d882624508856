import fc from 'fast-check'
import t from 'tap'
import type { AppraisalOptions, Claims, Quote } from '../../sdk/index.ts'
import {
  appraise,
  canonicalBytes,
  newNonce,
  newSigningKey,
  parsePolicy,
  parseQuote,
  PerfAggError,
  publicJwk,
  requireTrusted,
  toBase64url,
  utf8,
} from '../../sdk/index.ts'
import { FakeEnclave } from './enclave-fixture.ts'

const enclave = await FakeEnclave.make()
const nowMs = Date.UTC(2026, 10, 23, 1, 20)
const nonce = newNonce()
const quote = await enclave.quote(nonce, { nowMs })
const options: AppraisalOptions = { nonce, nowMs, policy: null, insecureSimulated: true }

async function codesOf(of: Quote, change: Partial<AppraisalOptions> = {}): Promise<readonly string[]> {
  const { steps } = await appraise(parseQuote(JSON.parse(JSON.stringify(of))), { ...options, ...change })
  return steps.filter((step) => step.status !== 'affirming').map((step) => step.code)
}

t.test('a simulated TEE is refused unless told in so many words, and never affirmed', async (t) => {
  t.same(await codesOf(quote), ['TEE_SIMULATED'])
  const told = await appraise(quote, options)
  t.equal(told.status, 'warning')
  t.equal(told.claims?.software.name, 'perf-agg')
  t.ok(requireTrusted(told, { insecureSimulated: true }))
  t.throws(() => requireTrusted(told, {}), { name: 'PolicyError', code: 'TEE_SIMULATED' })
  const untold = await appraise(quote, { ...options, insecureSimulated: false })
  t.equal(untold.status, 'contraindicated')
  t.throws(() => requireTrusted(untold, { insecureSimulated: true }), {
    name: 'PolicyError',
    code: 'TEE_SIMULATED',
  })
})

t.test('everything that is bound is bound', async (t) => {
  const other = await newSigningKey()
  const made = async (making: Partial<Parameters<FakeEnclave['quote']>[1]>): Promise<Quote> =>
    enclave.quote(nonce, { nowMs, ...making })
  const found = async (of: Quote, change: Partial<AppraisalOptions> = {}): Promise<readonly string[]> =>
    (await codesOf(of, change)).filter((code) => code !== 'TEE_SIMULATED')
  t.same(await found(quote), [])
  t.same(await found(await made({ boundTo: new Uint8Array(64) })), ['REPORT_DATA_MISMATCH'])
  t.same(await found(await made({ evidenceKey: other })), ['EVIDENCE_SIGNATURE_INVALID'])
  t.same(await found(await made({ possessedBy: other })), ['POSSESSION_UNPROVEN'])
  t.same(await found(await made({ change: { config: { a: 1 } } })), ['CONFIG_DIGEST_MISMATCH'])
  t.same(await found(await made({ change: { unknown: 1 } })), ['CLAIMS_INVALID'])
  t.same(await found(await made({ change: { enc_key: publicJwk(other.publicKey, 'Ed25519') } })), [
    'CLAIMS_INVALID',
  ])
  t.same(await found(quote, { nonce: newNonce() }), ['NONCE_MISMATCH'])
  t.same(await found(quote, { nonce: null }), ['NONCE_MISSING'])
  t.same(await found(quote, { nowMs: nowMs + 360_000 }), [])
  t.same(await found(quote, { nowMs: nowMs + 361_000 }), ['QUOTE_STALE'])
  t.same(await found(quote, { nowMs: nowMs - 60_000 }), [])
  t.same(await found(quote, { nowMs: nowMs - 61_000 }), ['QUOTE_FROM_FUTURE'])
  const swapped = canonicalBytes({
    ...(await enclave.claims(nonce, nowMs)),
    sig_key: publicJwk(other.publicKey, 'Ed25519'),
  })
  t.same(await found({ ...quote, claims: toBase64url(swapped) }), [
    'REPORT_DATA_MISMATCH',
    'POSSESSION_UNPROVEN',
  ])
  t.same(await found({ ...quote, evidence: { ...quote.evidence, type: 'text/plain' } }), ['EVIDENCE_INVALID'])
  t.same(await found({ ...quote, evidence: { ...quote.evidence, value: toBase64url(utf8('{"key":1}')) } }), [
    'EVIDENCE_INVALID',
  ])
})

t.test('simulated evidence under the name of hardware is broken, whatever was told', async (t) => {
  const policy = parsePolicy({ version: 1, accept: [{ tee: 'tdx', mr_td: ['00'] }] })
  for (const tee of ['tdx', 'sev-snp', 'nitro', 'dstack-tdx'] as const) {
    const named = await enclave.quote(nonce, { nowMs, tee })
    t.same(await codesOf(named, { policy }), ['EVIDENCE_INVALID'])
    const appraisal = await appraise(named, { ...options, policy })
    t.throws(() => requireTrusted(appraisal, { policy, insecureSimulated: true }), {
      name: 'VerificationError',
      code: 'EVIDENCE_INVALID',
    })
  }
})

t.test('conditions of the policy on the configuration', async (t) => {
  const accept = [{ tee: 'tdx', mr_td: ['00'] }]
  const found = async (config: object, change: object = {}): Promise<readonly string[]> => {
    const policy = parsePolicy({ version: 1, accept, config })
    const changed: Partial<Claims> = { config: { ...enclave.config, ...change } }
    const codes = await codesOf(await enclave.quote(nonce, { nowMs, change: changed }), { policy })
    return codes.filter((code) => code.startsWith('CONFIG_') && code !== 'CONFIG_DIGEST_MISMATCH')
  }
  t.same(await found({}), [])
  t.same(await found({ permission_policy: 'read-only', environments: ['live'] }), [])
  t.same(await found({ permission_policy: 'read-only' }, { permission_policy: 'trade' }), [
    'CONFIG_NOT_ACCEPTED',
  ])
  t.same(
    await found({ environments: ['live'] }, { exchanges: { binance: { environments: ['simulated'] } } }),
    ['CONFIG_NOT_ACCEPTED'],
  )
  t.same(
    await found({ environments: ['live'] }, { exchanges: { mock: { environments: ['self-reported'] } } }),
    ['CONFIG_NOT_ACCEPTED'],
  )
  t.same(
    await found({ environments: ['simulated'] }, { exchanges: { binance: { environments: ['simulated'] } } }),
    [],
  )
  t.same(await found({ environments: ['live'] }, { exchanges: 1 }), ['CONFIG_UNKNOWN'])
  t.same(await found({ digest: [`sha256:${'00'.repeat(32)}`] }), ['CONFIG_NOT_ACCEPTED'])
})

t.test('fuzz: no quote makes it throw anything but a refusal of its form', async () => {
  const bytes = new TextEncoder().encode(JSON.stringify(quote))
  const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0x20, max: 0x7e })), {
    minLength: 1,
    maxLength: 3,
  })
  await fc.assert(
    fc.asyncProperty(edits, async (changes) => {
      const altered = Uint8Array.from(bytes)
      for (const [at, byte] of changes) altered[at] = byte
      if (changes.every(([at, byte]) => bytes[at] === byte)) return true
      let parsed: Quote
      try {
        parsed = parseQuote(JSON.parse(new TextDecoder().decode(altered)))
      } catch (error) {
        return error instanceof PerfAggError || error instanceof SyntaxError
      }
      return (await appraise(parsed, options)).status === 'contraindicated'
    }),
    { numRuns: 2_000 },
  )
})
