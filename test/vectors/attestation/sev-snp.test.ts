import t from 'tap'
import { fromBase64, fromHex, toHex } from '../../../sdk/bytes.ts'
import { verifyChain } from '../../../sdk/evidence/chain.ts'
import { readPemCertificates } from '../../../sdk/evidence/pem.ts'
import { pinnedRoots } from '../../../sdk/evidence/roots.ts'
import { verifySevSnp, type SevSnpEvidence } from '../../../sdk/evidence/sev-snp.ts'
import { readCertificate } from '../../../sdk/evidence/x509.ts'
import {
  referenceBytes,
  referenceJson,
  referenceText,
  refusals,
  survivingFlips,
  unlessThere,
} from './reference.ts'

const file = (name: string): Uint8Array => referenceBytes(`snp/${name}`)
const pem = (name: string): readonly Uint8Array[] => readPemCertificates(file(name))

interface Vector {
  /** As in expected.json. */
  readonly name: string
  readonly atMs: number
  readonly evidence: () => SevSnpEvidence
  readonly refused: readonly string[]
}

const vectors: readonly Vector[] = [
  {
    name: 'virtee-sev.report_milan.hex + virtee-sev.vcek_milan.der',
    atMs: Date.UTC(2026, 10, 23),
    evidence: () => ({
      report: fromHex(referenceText('snp/virtee-sev.report_milan.hex').trim()),
      leaf: file('virtee-sev.vcek_milan.der'),
      chain: pem('virtee-sev.cert_chain_milan'),
    }),
    refused: [],
  },
  {
    name: 'attestation-rs.live-report-v5-genoa.bin + attestation-rs.live-vcek-genoa.der',
    atMs: Date.UTC(2026, 10, 23),
    evidence: () => ({
      report: file('attestation-rs.live-report-v5-genoa.bin'),
      leaf: file('attestation-rs.live-vcek-genoa.der'),
      chain: [file('amd-root.genoa.ask.der'), file('amd-root.genoa.ark.der')],
    }),
    refused: [],
  },
  {
    name: 'attestation-rs.test-vlek-report.bin + attestation-rs.test-vlek.der',
    atMs: Date.UTC(2025, 5, 1),
    evidence: () => ({
      report: file('attestation-rs.test-vlek-report.bin'),
      leaf: file('attestation-rs.test-vlek.der'),
      chain: [file('amd-root.milan.asvk.der'), file('amd-root.milan.ark.der')],
    }),
    refused: [],
  },
  {
    name: 'go-sev-guest.attestation.bin + go-sev-guest.vcek.testcer',
    atMs: Date.UTC(2026, 10, 23),
    evidence: () => ({
      report: file('go-sev-guest.attestation.bin'),
      leaf: file('go-sev-guest.vcek.testcer'),
      chain: pem('go-sev-guest.milan.testcer'),
    }),
    refused: ['DEBUG_ENABLED'],
  },
]

t.test(
  'genuine SEV-SNP evidence gives its expected result, and none outside its time',
  { skip: unlessThere },
  async (t) => {
    const expected = referenceJson('snp/expected.json')
    for (const { name, atMs, evidence, refused } of vectors) {
      const want = expected[name]
      const verified = await verifySevSnp(evidence(), { atMs })
      t.strictSame(refusals(verified.steps), refused, name)
      t.equal(verified.product?.toLowerCase(), want.product)
      t.equal(verified.report?.version, want.report_version)
      t.equal(BigInt(`0x${verified.report?.policyHex}`), BigInt(want.policy))
      t.equal(verified.policy?.debug, want.debug_allowed)
      t.equal(verified.policy?.migrateMa, want.migrate_ma)
      t.equal(verified.vmpl, want.vmpl)
      t.equal(verified.signingKey, want.signing_key)
      t.equal(toHex(verified.reportData), want.report_data)
      t.equal(verified.measurements['measurement'], want.measurement)
      t.equal(verified.measurements['host_data'], want.host_data)
      t.equal(toHex(verified.report!.reportedTcb), want.reported_tcb_le)
      t.equal(toHex(verified.report!.chipId), want.chip_id)

      const { chain: _, ...withoutChain } = evidence()
      t.strictSame(
        refusals((await verifySevSnp(withoutChain, { atMs })).steps),
        refused,
        'with AMD’s published chain',
      )
      const first = Date.parse(want.leaf_validFrom)
      const last = Date.parse(want.leaf_validTo)
      for (const [at, code] of [
        [first, null],
        [first - 1, 'CERTIFICATE_NOT_YET_VALID'],
        [last, null],
        [last + 1, 'CERTIFICATE_EXPIRED'],
        [Number.NaN, 'CERTIFICATE_EXPIRED'],
      ] as const) {
        const codes = refusals((await verifySevSnp(evidence(), { atMs: at })).steps)
        t.strictSame(codes, [...(code === null ? [] : [code]), ...refused], `${name} at ${at}`)
      }
    }
  },
)

t.test(
  'the evidence of a running Genoa, report and chip key alone, holds',
  { skip: unlessThere },
  async (t) => {
    const { evidence } = referenceJson('snp/attestation-rs.live-evidence-genoa.json')
    const [report, leaf] = [evidence.attestation_report, evidence.cert_chain.vcek].map(fromBase64) as [
      Uint8Array,
      Uint8Array,
    ]
    const verified = await verifySevSnp({ report, leaf }, { atMs: Date.UTC(2026, 10, 23) })
    t.strictSame(refusals(verified.steps), [])
    t.match(new TextDecoder().decode(verified.reportData), /^genoa-test-fixture/)
  },
)

t.test('certificates that AMD did not sign are refused', { skip: unlessThere }, async (t) => {
  for (const name of ['legacy', 'new']) {
    const leaf = readCertificate(file(`attestation-rs.test-vcek-invalid-${name}.der`))
    const ask = readCertificate(file('amd-root.milan.ask.der'))
    const ark = readCertificate(pinnedRoots.amd.Milan)
    await t.rejects(verifyChain([leaf, ask], ark, Date.UTC(2026, 0, 1)), { code: 'CHAIN_SIGNATURE_INVALID' })
  }
})

t.test('a Turin chain holds, and under no other product’s root', { skip: unlessThere }, async (t) => {
  const path = [file('virtee-sev.vcek_turin.der'), ...pem('virtee-sev.cert_chain_turin')].map(readCertificate)
  const atMs = Date.UTC(2026, 0, 1)
  t.equal((await verifyChain(path, readCertificate(pinnedRoots.amd.Turin), atMs)).length, 3)
  await t.rejects(verifyChain(path, readCertificate(pinnedRoots.amd.Genoa), atMs), {
    code: 'CHAIN_ROOT_UNKNOWN',
  })
  await t.rejects(verifyChain(path.slice(0, 2), readCertificate(pinnedRoots.amd.Genoa), atMs), {
    code: 'CHAIN_ROOT_UNKNOWN',
  })
  await t.rejects(verifyChain(path, readCertificate(pinnedRoots.amd.Turin), Date.UTC(2032, 0, 1)), {
    code: 'CERTIFICATE_EXPIRED',
  })
})

t.test('no flipped byte of any part passes', { skip: unlessThere }, async (t) => {
  let flips = 0
  for (const [index, { name, atMs, evidence, refused }] of vectors.entries()) {
    if (refused.length > 0) continue
    const good = evidence()
    // Every byte of the first, samples of the others.
    const stride = index === 0 ? 1 : 11
    const parts: readonly (readonly [string, Uint8Array, number, (bytes: Uint8Array) => SevSnpEvidence])[] = [
      ['report', good.report, stride, (report) => ({ ...good, report })],
      ['leaf', good.leaf, stride, (leaf) => ({ ...good, leaf })],
      ...good.chain!.map(
        (certificate, place) =>
          [
            `chain ${place}`,
            certificate,
            stride * 5,
            (flipped: Uint8Array) => ({ ...good, chain: good.chain!.with(place, flipped) }),
          ] as const,
      ),
    ]
    for (const [part, bytes, step, evidenceOf] of parts) {
      const { tried, survived } = await survivingFlips(
        bytes,
        step,
        async (flipped) => (await verifySevSnp(evidenceOf(flipped), { atMs })).steps,
      )
      flips += tried
      t.strictSame(survived, [], `${name}: ${part}, ${tried} flips`)
    }
  }
  t.comment(`${flips} flips refused`)
})

t.test(
  'a certificate of another chip, and one of another report, are refused',
  { skip: unlessThere },
  async (t) => {
    const [milan, genoa] = vectors.map(({ evidence }) => evidence) as [
      () => SevSnpEvidence,
      () => SevSnpEvidence,
    ]
    const atMs = Date.UTC(2026, 10, 23)
    t.match(refusals((await verifySevSnp({ ...milan(), leaf: genoa().leaf }, { atMs })).steps), [/./])
    const other = await verifySevSnp({ ...milan(), leaf: file('go-sev-guest.vcek.testcer') }, { atMs })
    t.strictSame(refusals(other.steps), ['SIGNATURE_INVALID', 'SNP_CHIP_MISMATCH', 'SNP_TCB_MISMATCH'])
    const wrongChain = { ...milan(), chain: pem('go-sev-guest.milanvlek.testcer') }
    t.strictSame(refusals((await verifySevSnp(wrongChain, { atMs })).steps), ['CHAIN_INVALID'])
  },
)
