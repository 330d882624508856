import { mkdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import {
  acceptanceOf,
  appraise,
  type Appraisal,
  newNonce,
  newSigningKey,
  PerfAggClient,
  parsePolicy,
  parseQuote,
  type Policy,
  type Quote,
  requireTrusted,
  type Trust,
  sealBox,
  publicKeyOf,
  utf8,
} from '@perf-agg/sdk'
import type { Roots } from '../../../sdk/evidence/roots.ts'
import { findAttester } from '../../../src/enclave/detection.ts'
import { type Enclave, openEnclave } from '../../../src/enclave/enclave.ts'
import { fakeNowMs } from '../../vectors/attestation/pki.ts'
import {
  fakeDstackMachine,
  type FakeMachine,
  fakeNitroMachine,
  fakeSnpMachine,
  fakeTdxMachine,
} from './fake-machine.ts'

/** The daemon's own providers on faked machines, judged by the client's own verifiers, from end to end. */

interface Place {
  testdir(): string
  teardown(end: () => void | Promise<void>): void
}

interface Opened {
  readonly enclave: Enclave
  readonly roots: () => Roots
}

async function opened(
  t: Place,
  { machine, roots, close }: FakeMachine,
  endorsementFolder: string | null = null,
): Promise<Opened> {
  if (close !== undefined) t.teardown(close)
  const attester = await findAttester({ tee: 'auto', insecureSimulated: false, endorsementFolder }, machine)
  const enclave = await openEnclave({
    attester,
    mountedSigner: null,
    config: { permission_policy: 'read-only' },
    software: { name: 'perf-agg', version: '0.2.0' },
    logOrigin: 'perf-agg.example/log',
    pseudonymEpoch: 'epoch',
    nowMs: fakeNowMs,
  })
  t.teardown(() => enclave.close())
  return { enclave, roots }
}

/** As a client receives it. */
async function ask({ enclave }: Opened, nonce: string): Promise<Quote> {
  return parseQuote(JSON.parse(JSON.stringify(await enclave.quote(nonce, fakeNowMs))))
}

function codesOf({ steps }: Appraisal): readonly string[] {
  return steps.filter(({ status }) => status !== 'affirming').map(({ code }) => code)
}

const hash = (byte: string): string => byte.repeat(48)
const accept = {
  'sev-snp': { tee: 'sev-snp', measurement: [hash('ab')] },
  tdx: { tee: 'tdx', mr_td: [hash('a1')], rtmr1: [hash('b1')], rtmr2: [hash('b2')] },
  nitro: { tee: 'nitro', pcrs: { 0: [hash('01')], 1: [hash('02')], 2: [hash('03')] } },
}
const policyOf = (...entries: readonly unknown[]): Policy => parsePolicy({ version: 1, accept: entries })

/** What holds on every kind of machine, once the policy is right. */
async function checkAffirmed(t: Test, place: Opened, policy: Policy, other: Policy): Promise<void> {
  const nonce = newNonce()
  const quote = await ask(place, nonce)
  const roots = place.roots()
  const options = { nonce, nowMs: fakeNowMs + 2_000, policy, roots }
  const appraisal = await appraise(quote, options)
  t.strictSame(codesOf(appraisal), [], `${quote.tee}: affirming`)
  t.equal(appraisal.status, 'affirming')
  const claims = requireTrusted(appraisal, { policy })
  const sealed = await sealBox(publicKeyOf(claims.enc_key), utf8('content'))
  t.strictSame(
    (await place.enclave.openBox(sealed, fakeNowMs))?.plaintext,
    utf8('content'),
    'and it is sealed to',
  )

  const { roots: _, ...makers } = options
  const real = await appraise(quote, makers)
  t.throws(
    () => requireTrusted(real, { policy }),
    { name: 'VerificationError' },
    'nothing under the makers’ roots',
  )
  const untrusted = await appraise(quote, { ...options, policy: other })
  t.strictSame(codesOf(untrusted), ['MEASUREMENT_NOT_ACCEPTED'])
  t.throws(() => requireTrusted(untrusted, { policy: other }), { name: 'PolicyError' })
  t.ok(codesOf(await appraise(quote, { ...options, policy: null })).includes('NO_POLICY'))
  t.throws(
    () => requireTrusted(untrusted, { policy: other, insecureSimulated: true }),
    { name: 'PolicyError' },
    'what lets a simulated one pass lets no hardware pass',
  )
  t.strictSame(codesOf(await appraise(quote, { ...options, nonce: newNonce() })), ['NONCE_MISMATCH'])
  t.strictSame(codesOf(await appraise(quote, { ...options, nowMs: fakeNowMs + 361_000 })), ['QUOTE_STALE'])
  const elsewhere = await ask(place, nonce)
  const mixed = await appraise(
    { ...quote, claims: elsewhere.claims, signature: elsewhere.signature },
    options,
  )
  if (elsewhere.claims !== quote.claims) t.ok(codesOf(mixed).includes('REPORT_DATA_MISMATCH'))
  const forged = { ...quote, claims: (await ask(place, newNonce())).claims }
  t.ok(codesOf(await appraise(forged, options)).includes('REPORT_DATA_MISMATCH'), 'claims of another quote')
}

t.test('SEV-SNP through configfs, its certificate from the host’s table', async (t) => {
  for (const changes of [{}, { product: 'Milan' }, { product: 'Turin' }] as const) {
    const place = await opened(t, fakeSnpMachine(t.testdir(), changes))
    t.equal(place.enclave.tee, 'sev-snp')
    await checkAffirmed(
      t,
      place,
      policyOf(accept['sev-snp']),
      policyOf({ ...accept['sev-snp'], measurement: [hash('ac')] }),
    )
  }
})

t.test('SEV-SNP with the key of a cloud provider, the authorities above it from the folder', async (t) => {
  const endorsements = `${t.testdir({ e: {}, r: {} })}/e`
  const machine = fakeSnpMachine(`${t.testdirName}/r`, { signingKey: 'VLEK' }, endorsements)
  const entry = { ...accept['sev-snp'], signing_key: ['VLEK'] }
  await checkAffirmed(
    t,
    await opened(t, machine, endorsements),
    policyOf(entry),
    policyOf({ ...entry, measurement: [hash('ac')] }),
  )
})

t.test('TDX through configfs, with collateral from the folder', async (t) => {
  for (const version of [4, 5] as const) {
    const endorsements = `${t.testdir({ e: {} })}/e`
    const folder = `${t.testdirName}/reports`
    mkdirSync(folder)
    const place = await opened(t, fakeTdxMachine(folder, endorsements, { version }), endorsements)
    t.equal(place.enclave.tee, 'tdx')
    await checkAffirmed(t, place, policyOf(accept.tdx), policyOf({ ...accept.tdx, rtmr2: [hash('ff')] }))
  }
})

t.test('without collateral a TDX quote is looked at, and never trusted', async (t) => {
  const place = await opened(t, fakeTdxMachine(t.testdir(), null))
  const nonce = newNonce()
  const appraisal = await appraise(await ask(place, nonce), {
    nonce,
    nowMs: fakeNowMs,
    policy: policyOf(accept.tdx),
    roots: place.roots(),
  })
  t.strictSame(codesOf(appraisal), ['COLLATERAL_MISSING'])
})

t.test('dstack through its socket', async (t) => {
  const endorsements = t.testdir()
  const place = await opened(t, await fakeDstackMachine(endorsements), endorsements)
  t.equal(place.enclave.tee, 'dstack-tdx')
  const nonce = newNonce()
  const seen = await appraise(await ask(place, nonce), {
    nonce,
    nowMs: fakeNowMs,
    policy: null,
    roots: place.roots(),
  })
  t.strictSame(codesOf(seen), ['NO_POLICY'])
  const saved = acceptanceOf(seen.verified!)
  await checkAffirmed(t, place, policyOf(saved), policyOf({ ...saved, compose_hash: ['ab'.repeat(32)] }))
})

t.test('Nitro through its module', async (t) => {
  const place = await opened(t, fakeNitroMachine())
  t.equal(place.enclave.tee, 'nitro')
  await checkAffirmed(
    t,
    place,
    policyOf(accept.nitro),
    policyOf({ ...accept.nitro, pcrs: { ...accept.nitro.pcrs, 1: [hash('99')] } }),
  )
})

t.test('machines that can be looked into are refused whatever the policy', async (t) => {
  const zero = new Map(Array.from({ length: 16 }, (_, index) => [index, new Uint8Array(48)]))
  const debugged: readonly (readonly [FakeMachine, unknown])[] = [
    [fakeSnpMachine(t.testdir(), { policy: 0xb_0000 }), accept['sev-snp']],
    [fakeNitroMachine({ pcrs: zero }), accept.nitro],
  ]
  for (const [machine, entry] of debugged) {
    const place = await opened(t, machine)
    const nonce = newNonce()
    const quote = await ask(place, nonce)
    for (const policy of [policyOf(entry), null]) {
      const appraisal = await appraise(quote, { nonce, nowMs: fakeNowMs, policy, roots: place.roots() })
      t.ok(
        codesOf(appraisal).includes('DEBUG_ENABLED'),
        `${quote.tee} ${policy === null ? 'without' : 'with'}`,
      )
    }
  }
})

t.test('--tee pins: another kind of machine is refused', async (t) => {
  const machines: readonly FakeMachine[] = [
    fakeSnpMachine(t.testdir()),
    fakeNitroMachine(),
    await fakeDstackMachine(null),
  ]
  const own = ['sev-snp', 'nitro', 'dstack-tdx'] as const
  for (const [index, { machine, close }] of machines.entries()) {
    if (close !== undefined) t.teardown(close)
    for (const tee of ['tdx', 'sev-snp', 'nitro', 'dstack-tdx'] as const) {
      const found = findAttester({ tee, insecureSimulated: false }, machine)
      if (tee === own[index]) t.equal((await found).tee, tee)
      else await t.rejects(found, { code: 'TEE_NOT_FOUND' }, `${tee} on ${own[index]}`)
    }
  }
})

t.test('a client of the makers’ roots entrusts nothing to a faked machine', async (t) => {
  const place = await opened(t, fakeSnpMachine(t.testdir()))
  const asked: string[] = []
  const client = new PerfAggClient({
    serviceUrl: 'http://127.0.0.1:1',
    nowMs: () => fakeNowMs,
    fetch: async (input, init) => {
      const url = new URL(String(input))
      asked.push(`${init?.method ?? 'GET'} ${url.pathname}`)
      return Response.json(await place.enclave.quote(url.searchParams.get('nonce'), fakeNowMs))
    },
  })
  const trusts: readonly Trust[] = [
    { policy: policyOf(accept['sev-snp']) },
    { policy: null, insecureSimulated: true },
  ]
  for (const trust of trusts) {
    const clientKey = await newSigningKey()
    const account = {
      clientId: 'me',
      exchange: 'binance',
      credentials: { api_key: 'k', secret: 's' },
      clientKey,
    }
    await t.rejects(client.register({ ...account, ...trust }), { name: 'VerificationError' })
  }
  t.strictSame([...new Set(asked)], ['GET /attestation/quote'], 'nothing was sent')
})
