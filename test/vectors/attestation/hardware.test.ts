import t from 'tap'
import { toBase64url } from '../../../sdk/bytes.ts'
import { acceptanceOf } from '../../../sdk/evidence/acceptance.ts'
import { evidenceTypes } from '../../../sdk/evidence/endorsements.ts'
import { judgeHardware, type HardwareEvidence } from '../../../sdk/evidence/hardware.ts'
import type { Roots } from '../../../sdk/evidence/roots.ts'
import type { TdxEvidence } from '../../../sdk/evidence/tdx.ts'
import { parsePolicy, type DstackAcceptance, type Policy } from '../../../sdk/policy.ts'
import { statusOfSteps, verdictOf } from '../../../sdk/step.ts'
import { makeFakeDstack } from './fake-dstack.ts'
import { makeFakeNitro } from './fake-nitro.ts'
import { makeFakeSnp, type FakeSnpChanges } from './fake-snp.ts'
import { makeFakeTdx, type FakeTdxChanges } from './fake-tdx.ts'
import { fakeNowMs } from './pki.ts'
import { refusals } from './reference.ts'

/** Quotes as they travel, from faked platforms, through everything that judges them. */

const atMs = fakeNowMs
const reportData = new Uint8Array(64).fill(7)

interface Case {
  readonly quote: HardwareEvidence
  readonly roots: Roots
}

async function snp(changes: FakeSnpChanges = {}): Promise<Case> {
  const { roots, evidence } = await makeFakeSnp(changes)
  return {
    roots,
    quote: {
      tee: 'sev-snp',
      evidence: { type: evidenceTypes['sev-snp'], value: toBase64url(evidence.report) },
      endorsements: {
        leaf: toBase64url(evidence.leaf),
        chain: evidence.chain!.map(toBase64url),
        crl: toBase64url(evidence.crl!),
      },
    },
  }
}

function tdxEndorsements({ collateral }: TdxEvidence): Record<string, string> {
  return {
    tcb_info: toBase64url(collateral.tcbInfo),
    tcb_info_issuer_chain: toBase64url(collateral.tcbInfoIssuerChain),
    qe_identity: toBase64url(collateral.qeIdentity),
    qe_identity_issuer_chain: toBase64url(collateral.qeIdentityIssuerChain),
    root_ca_crl: toBase64url(collateral.rootCaCrl),
    pck_crl: toBase64url(collateral.pckCrl),
  }
}

async function tdx(changes: FakeTdxChanges = {}): Promise<Case> {
  const { roots, evidence } = await makeFakeTdx(changes)
  return {
    roots,
    quote: {
      tee: 'tdx',
      evidence: { type: evidenceTypes.tdx, value: toBase64url(evidence.quote) },
      endorsements: tdxEndorsements(evidence),
    },
  }
}

async function dstack(): Promise<Case> {
  const { roots, evidence } = await makeFakeDstack()
  return {
    roots,
    quote: {
      tee: 'dstack-tdx',
      evidence: { type: evidenceTypes['dstack-tdx'], value: toBase64url(evidence.quote) },
      endorsements: {
        ...tdxEndorsements(evidence),
        event_log: toBase64url(evidence.eventLog),
        vm_config: toBase64url(evidence.vmConfig),
      },
    },
  }
}

async function nitro(): Promise<Case> {
  const { roots, document } = await makeFakeNitro()
  return {
    roots,
    quote: {
      tee: 'nitro',
      evidence: { type: evidenceTypes.nitro, value: toBase64url(document) },
      endorsements: {},
    },
  }
}

function policyOf(...accept: readonly unknown[]): Policy {
  return parsePolicy({ version: 1, accept })
}

async function codes(
  { quote, roots }: Case,
  policy: Policy | null,
  data = reportData,
): Promise<readonly string[]> {
  return refusals((await judgeHardware(quote, data, { atMs, policy, roots })).steps)
}

const hash = (byte: string): string => byte.repeat(48)
const tdxEntry = { tee: 'tdx', mr_td: [hash('a1')], rtmr1: [hash('b1')], rtmr2: [hash('b2')] }
const snpEntry = { tee: 'sev-snp', measurement: [hash('ab')] }
const nitroEntry = { tee: 'nitro', pcrs: { 0: [hash('01')], 1: [hash('02')], 2: [hash('03')] } }

t.test('evidence that the policy accepts is affirmed, for its own claims only', async (t) => {
  const policy = policyOf(snpEntry, tdxEntry, nitroEntry)
  for (const each of [await snp(), await tdx(), await nitro()]) {
    t.strictSame(await codes(each, policy), [], each.quote.tee)
    t.strictSame(await codes(each, policy, new Uint8Array(64).fill(8)), ['REPORT_DATA_MISMATCH'])
    t.strictSame(await codes(each, policy, new Uint8Array()), ['REPORT_DATA_MISMATCH'])
    const { steps, verified } = await judgeHardware(each.quote, reportData, { atMs, policy })
    t.equal(verdictOf(steps), 'broken', 'under the makers’ own roots it is nothing')
    t.equal(verified?.tee, each.quote.tee)
  }
})

t.test('sound evidence that the policy does not accept is untrusted, not broken', async (t) => {
  const cases: readonly (readonly [Case, unknown, readonly string[]])[] = [
    [await tdx(), { ...tdxEntry, mr_td: [hash('a2')] }, ['MEASUREMENT_NOT_ACCEPTED']],
    [await tdx(), { ...tdxEntry, rtmr3: [hash('00')] }, ['MEASUREMENT_NOT_ACCEPTED']],
    [await tdx(), { tee: 'tdx', mr_td: [hash('a1')] }, ['WORKLOAD_UNBOUND']],
    [await tdx({ component: 4 }), tdxEntry, ['TCB_STATUS_NOT_ACCEPTED', 'ADVISORY_NOT_ALLOWED']],
    [await tdx(), { ...tdxEntry, min_tcb_evaluation: 19 }, ['TCB_TOO_OLD']],
    [await tdx({ tdAttributes: '0100001000000000' }), tdxEntry, ['DEBUG_ENABLED']],
    [await snp({ measurement: hash('ac') }), snpEntry, ['MEASUREMENT_NOT_ACCEPTED']],
    [await snp(), { ...snpEntry, products: ['Milan'] }, ['PRODUCT_NOT_ACCEPTED']],
    [await snp(), { ...snpEntry, signing_key: ['VLEK'] }, ['SIGNING_KEY_NOT_ACCEPTED']],
    [await snp({ vmpl: 1 }), snpEntry, ['VMPL_NOT_ACCEPTED']],
    [await snp(), { ...snpEntry, min_tcb: { microcode: 0x74 } }, ['TCB_TOO_OLD']],
    [await snp(), { ...snpEntry, min_tcb: { fmc: 0 } }, ['TCB_TOO_OLD']],
    [await snp(), { ...snpEntry, host_data: ['11'.repeat(32)] }, ['MEASUREMENT_NOT_ACCEPTED']],
    [await snp({ policy: 0xb_0000 }), snpEntry, ['DEBUG_ENABLED']],
    [
      await nitro(),
      { ...nitroEntry, pcrs: { ...nitroEntry.pcrs, 8: [hash('08')] } },
      ['MEASUREMENT_NOT_ACCEPTED'],
    ],
  ]
  for (const [each, entry, refused] of cases) {
    const { steps } = await judgeHardware(each.quote, reportData, {
      atMs,
      policy: policyOf(entry),
      roots: each.roots,
    })
    t.strictSame(refusals(steps), refused, JSON.stringify(entry).slice(0, 90))
    t.equal(verdictOf(steps), 'untrusted')
  }
  t.strictSame(
    await codes(
      await tdx({ component: 4 }),
      policyOf({ ...tdxEntry, tcb_status: ['SWHardeningNeeded'], allowed_advisories: ['INTEL-SA-2'] }),
    ),
    [],
  )
  t.strictSame(await codes(await snp({ vmpl: 1 }), policyOf({ ...snpEntry, vmpl: 1 })), [])
  t.strictSame(
    await codes(
      await snp(),
      policyOf({
        ...snpEntry,
        min_tcb: { microcode: 0x73, snp: 8 },
        products: ['Genoa'],
        signing_key: ['VCEK'],
      }),
    ),
    [],
  )
})

t.test('any entry may accept it, and the nearest tells why none does', async (t) => {
  const far = { ...tdxEntry, mr_td: [hash('a2')], rtmr1: [hash('b3')], rtmr2: [hash('b4')] }
  const near = { ...tdxEntry, rtmr2: [hash('b4')] }
  t.strictSame(await codes(await tdx(), policyOf(far, tdxEntry, near)), [])
  t.strictSame(await codes(await tdx(), policyOf(far, near)), ['MEASUREMENT_NOT_ACCEPTED'])
})

t.test('without a policy nothing is trusted, and only bound programs could be saved as one', async (t) => {
  t.strictSame(await codes(await tdx(), null), ['NO_POLICY', 'WORKLOAD_UNBOUND'])
  t.strictSame(await codes(await snp(), policyOf(tdxEntry)), ['POLICY_TEE_NOT_ACCEPTED', 'WORKLOAD_UNBOUND'])
  t.strictSame(await codes(await nitro(), null), ['NO_POLICY'])
  for (const each of [await tdx(), await snp()]) {
    const { verified } = await judgeHardware(each.quote, reportData, {
      atMs,
      policy: null,
      roots: each.roots,
    })
    t.equal(acceptanceOf(verified!), null)
  }
  const module = await nitro()
  const { verified } = await judgeHardware(module.quote, reportData, {
    atMs,
    policy: null,
    roots: module.roots,
  })
  const saved = acceptanceOf(verified!)
  t.strictSame(saved, { tee: 'nitro', pcrs: { 0: [hash('01')], 1: [hash('02')], 2: [hash('03')] } })
  t.strictSame(await codes(module, policyOf(saved)), [], 'what was saved accepts it')
})

t.test('a dstack application, saved on first use and held to it', async (t) => {
  const each = await dstack()
  const { steps, verified } = await judgeHardware(each.quote, reportData, {
    atMs,
    policy: null,
    roots: each.roots,
  })
  t.strictSame(refusals(steps), ['NO_POLICY'])
  const saved = acceptanceOf(verified!) as DstackAcceptance
  t.strictSame(Object.keys(saved), ['tee', 'compose_hash', 'os_image_hash', 'app_id', 'key_provider'])
  t.strictSame(await codes(each, policyOf(saved)), [])
  t.strictSame(await codes(each, policyOf({ ...saved, compose_hash: ['ab'.repeat(32)] })), [
    'MEASUREMENT_NOT_ACCEPTED',
  ])
  const { os_image_hash: _, ...withoutImage } = saved
  t.strictSame(
    await codes(each, policyOf(withoutImage)),
    ['WORKLOAD_UNBOUND'],
    'an image that would write any log',
  )
})

t.test('a missing revocation list of AMD’s is for the policy to allow', async (t) => {
  const each = await snp()
  const { crl: _, ...endorsements } = each.quote.endorsements
  const bare = { ...each, quote: { ...each.quote, endorsements } }
  t.strictSame(await codes(bare, policyOf(snpEntry)), ['CRL_MISSING'])
  t.strictSame(await codes(bare, parsePolicy({ version: 1, accept: [snpEntry], require_crl: false })), [])
})

t.test('without what its maker says beside it, evidence is never affirmed', async (t) => {
  const policy = policyOf(tdxEntry, snpEntry)
  const bare = ({ quote, roots }: Case): Case => ({ roots, quote: { ...quote, endorsements: {} } })
  const platform = await tdx()
  t.strictSame(await codes(bare(platform), policy), ['COLLATERAL_MISSING'], 'all that can be seen is sound')
  const { steps } = await judgeHardware(bare(platform).quote, reportData, { atMs, policy })
  t.ok(refusals(steps).includes('CHAIN_ROOT_UNKNOWN'), 'under Intel’s root it is nothing')
  const seen = await judgeHardware(bare(platform).quote, reportData, { atMs, policy, roots: platform.roots })
  t.equal(statusOfSteps(seen.steps), 'contraindicated')
  t.equal(verdictOf(seen.steps), 'untrusted')
  for (const changes of [
    { pck: { name: 'Intel SGX TCB Signing' } },
    { platformCa: { ca: false, keyUsage: 6 } },
  ]) {
    t.ok((await codes(bare(await tdx(changes)), policy)).includes('CHAIN_INVALID'))
  }
  t.strictSame(await codes(bare(await snp()), policy), ['ENDORSEMENT_MISSING'])
})

t.test('loose evidence is looked at for itself', async (t) => {
  const loose = async ({ quote, roots }: Case, policy: Policy | null): Promise<readonly string[]> =>
    refusals((await judgeHardware(quote, null, { atMs, policy, roots })).steps)
  const chip = await snp()
  const { crl: _, ...endorsements } = chip.quote.endorsements
  const withoutList = { ...chip, quote: { ...chip.quote, endorsements } }
  t.strictSame(await loose(withoutList, null), [])
  t.strictSame(await loose(withoutList, policyOf(snpEntry)), [])
  t.strictSame(await loose(withoutList, parsePolicy({ version: 1, accept: [snpEntry], require_crl: true })), [
    'CRL_MISSING',
  ])
  t.strictSame(await loose(chip, policyOf(tdxEntry)), ['POLICY_TEE_NOT_ACCEPTED', 'WORKLOAD_UNBOUND'])
  t.strictSame(await loose(await snp({ policy: 0xb_0000 }), null), ['DEBUG_ENABLED'])
})

t.test('what can’t be taken apart is refused', async (t) => {
  const each = await tdx()
  const { quote } = each
  const policy = policyOf(tdxEntry)
  const changed = async (part: Partial<HardwareEvidence>): Promise<readonly string[]> =>
    codes({ ...each, quote: { ...quote, ...part } }, policy)
  t.strictSame(await changed({ evidence: { ...quote.evidence, type: evidenceTypes.nitro } }), [
    'EVIDENCE_INVALID',
  ])
  t.strictSame(await changed({ evidence: { ...quote.evidence, value: '!' } }), ['EVIDENCE_INVALID'])
  t.strictSame(await changed({ endorsements: { ...quote.endorsements, pck_crl: 7 } }), ['EVIDENCE_INVALID'])
  t.strictSame(await changed({ endorsements: { ...quote.endorsements, more: '' } }), ['EVIDENCE_INVALID'])
  t.ok((await changed({ endorsements: { ...quote.endorsements, pck_crl: '' } })).includes('CRL_INVALID'))
})
