import t from 'tap'
import { type Appraisal, parsePolicy, statusOfSteps, toBase64url } from '@perf-agg/sdk'
import { evidenceTypes } from '../../sdk/evidence/endorsements.ts'
import { type HardwareEvidence, judgeHardware } from '../../sdk/evidence/hardware.ts'
import type { Roots } from '../../sdk/evidence/roots.ts'
import type { TdxEvidence } from '../../sdk/evidence/tdx.ts'
import { policyOf } from '../../src/cli/commands/quote.ts'
import { makeFakeDstack } from '../vectors/attestation/fake-dstack.ts'
import { makeFakeNitro, type FakeNitroChanges } from '../vectors/attestation/fake-nitro.ts'
import { makeFakeSnp } from '../vectors/attestation/fake-snp.ts'
import { makeFakeTdx } from '../vectors/attestation/fake-tdx.ts'
import { fakeNowMs } from '../vectors/attestation/pki.ts'

/** What `quote --save-policy` writes, and what it refuses to. */

interface Seen extends Pick<Appraisal, 'steps' | 'verified'> {
  readonly quote: HardwareEvidence
  readonly roots: Roots
}

const reportData = new Uint8Array(64).fill(7)

async function seen(
  tee: HardwareEvidence['tee'],
  bytes: Uint8Array,
  endorsements: HardwareEvidence['endorsements'],
  roots: Roots,
): Promise<Seen> {
  const quote = { tee, evidence: { type: evidenceTypes[tee], value: toBase64url(bytes) }, endorsements }
  return {
    ...(await judgeHardware(quote, reportData, { atMs: fakeNowMs, policy: null, roots })),
    quote,
    roots,
  }
}

function collateral({ collateral: all }: TdxEvidence): Record<string, string> {
  return {
    tcb_info: toBase64url(all.tcbInfo),
    tcb_info_issuer_chain: toBase64url(all.tcbInfoIssuerChain),
    qe_identity: toBase64url(all.qeIdentity),
    qe_identity_issuer_chain: toBase64url(all.qeIdentityIssuerChain),
    root_ca_crl: toBase64url(all.rootCaCrl),
    pck_crl: toBase64url(all.pckCrl),
  }
}

async function nitro(changes: FakeNitroChanges = {}): Promise<Seen> {
  const { document, roots } = await makeFakeNitro(changes)
  return seen('nitro', document, {}, roots)
}

async function dstack(endorsed = true): Promise<Seen> {
  const { evidence, roots } = await makeFakeDstack()
  const logs = { event_log: toBase64url(evidence.eventLog), vm_config: toBase64url(evidence.vmConfig) }
  return seen('dstack-tdx', evidence.quote, { ...(endorsed ? collateral(evidence) : {}), ...logs }, roots)
}

t.test('what was saved is a policy, and trusts what was seen', async (t) => {
  for (const each of [await nitro(), await dstack()]) {
    const saved = JSON.parse(JSON.stringify(policyOf(each.verified, each.steps))) as object
    const policy = parsePolicy(saved)
    const { steps } = await judgeHardware(each.quote, reportData, {
      atMs: fakeNowMs,
      policy,
      roots: each.roots,
    })
    t.equal(statusOfSteps(steps), 'affirming', each.quote.tee)
  }
})

t.test('what any program could show is not saved', async (t) => {
  const snp = await makeFakeSnp()
  const chip = { leaf: snp.evidence.leaf, crl: snp.evidence.crl! }
  const endorsements = {
    leaf: toBase64url(chip.leaf),
    chain: snp.evidence.chain!.map(toBase64url),
    crl: toBase64url(chip.crl),
  }
  const tdx = await makeFakeTdx()
  for (const each of [
    await seen('sev-snp', snp.evidence.report, endorsements, snp.roots),
    await seen('tdx', tdx.evidence.quote, collateral(tdx.evidence), tdx.roots),
  ]) {
    t.throws(
      () => policyOf(each.verified, each.steps),
      { name: 'PolicyError', code: 'WORKLOAD_UNBOUND', hint: /from the image/ },
      each.quote.tee,
    )
  }
})

t.test('evidence that does not hold is not saved', async (t) => {
  const zero = new Map([0, 1, 2].map((index) => [index, new Uint8Array(48)]))
  const refused: readonly (readonly [Seen, string, string])[] = [
    [await nitro({ pcrs: zero }), 'PolicyError', 'DEBUG_ENABLED'],
    [await nitro({ registersName: 'nitrotpm_pcrs' }), 'PolicyError', 'NITROTPM_NOT_ENCLAVE'],
    [await nitro({ userData: new Uint8Array(64) }), 'VerificationError', 'REPORT_DATA_MISMATCH'],
    [await dstack(false), 'PolicyError', 'COLLATERAL_MISSING'],
    [
      { ...(await nitro()), ...(await seen('nitro', new Uint8Array(9), {}, (await nitro()).roots)) },
      'VerificationError',
      'CBOR_INVALID',
    ],
  ]
  for (const [each, name, code] of refused) {
    t.throws(() => policyOf(each.verified, each.steps), { name, code }, code)
  }
})
