import { concat, fromHex, utf8 } from '../../../sdk/bytes.ts'
import { pinnedRoots, type Roots } from '../../../sdk/evidence/roots.ts'
import type { SevSnpEvidence } from '../../../sdk/evidence/sev-snp.ts'
import {
  fakeNowMs,
  der,
  extension,
  integer,
  makeCertificate,
  makeCrl,
  makeKey,
  signRaw,
  type CertificateShape,
  type CrlShape,
} from './pki.ts'

/** SEV-SNP platforms of each product under a root of their own, to be judged by the real verifier. */

const dayMs = 86_400_000

export interface FakeSnpChanges {
  readonly product?: 'Milan' | 'Genoa' | 'Turin'
  readonly signingKey?: 'VCEK' | 'VLEK'
  readonly version?: number
  readonly policy?: number
  readonly vmpl?: number
  readonly signatureAlgorithm?: number
  readonly keyInfo?: number
  readonly measurement?: string
  readonly reportData?: Uint8Array
  readonly hostData?: string
  readonly reportedTcb?: string
  /** What the certificate says, where it shall not be the report's. */
  readonly certifiedTcb?: string
  readonly chipId?: string
  readonly certifiedChip?: string | null
  /** As an octet string, which later certificates have in place of the bare bytes. */
  readonly chipAsOctets?: boolean
  /** What the certificate calls the product. */
  readonly productName?: string
  readonly ask?: Partial<CertificateShape>
  readonly leaf?: Partial<CertificateShape>
  readonly crl?: Partial<CrlShape>
}

export interface FakeSnp {
  readonly roots: Roots
  readonly evidence: SevSnpEvidence
}

const cpuid = { Milan: '190101', Genoa: '191101', Turin: '1a0200' }
const amd = '1.3.6.1.4.1.3704.1'

/** One chip that makes report after report. */
export interface FakeSnpChip {
  readonly roots: Roots
  readonly endorsements: Omit<SevSnpEvidence, 'report'>
  report(changes?: FakeSnpChanges): Promise<Uint8Array>
}

export async function makeFakeSnp(changes: FakeSnpChanges = {}): Promise<FakeSnp> {
  const { roots, endorsements, report } = await makeFakeSnpChip(changes)
  return { roots, evidence: { ...endorsements, report: await report(changes) } }
}

export async function makeFakeSnpChip(changes: FakeSnpChanges = {}): Promise<FakeSnpChip> {
  const { product = 'Genoa', signingKey = 'VCEK' } = changes
  const isTurin = product === 'Turin'
  const [rootKey, askKey, leafKey] = await Promise.all([makeKey('rsa'), makeKey('rsa'), makeKey('p384')])
  const root = { name: `ARK-${product}`, key: rootKey }
  const ask = { name: `SEV-${signingKey === 'VLEK' ? 'VLEK-' : ''}${product}`, key: askKey }
  const validity = { notBeforeMs: fakeNowMs - 100 * dayMs, notAfterMs: fakeNowMs + 100 * dayMs }
  const rootDer = await makeCertificate({ ...root, ...validity, ca: true })
  const askDer = await makeCertificate({
    ...ask,
    ...validity,
    issuer: root,
    serial: 2,
    ca: true,
    pathLength: 0,
    ...changes.ask,
  })

  const tcb = fromHex(changes.reportedTcb ?? (isTurin ? '0102030400000009' : '0300000000000873'))
  const certified = fromHex(
    changes.certifiedTcb ?? changes.reportedTcb ?? (isTurin ? '0102030400000009' : '0300000000000873'),
  )
  const places = isTurin ? { 9: 0, 1: 1, 2: 2, 3: 3, 8: 7 } : { 1: 0, 2: 1, 3: 6, 8: 7 }
  const chip =
    signingKey === 'VLEK'
      ? '00'.repeat(64)
      : (changes.chipId ?? (isTurin ? `0102030405060708${'00'.repeat(56)}` : 'c5'.repeat(64)))
  const certifiedChip =
    changes.certifiedChip === undefined
      ? signingKey === 'VLEK'
        ? null
        : isTurin
          ? chip.slice(0, 16)
          : chip
      : changes.certifiedChip
  const leafDer = await makeCertificate({
    name: `SEV-${signingKey}`,
    key: leafKey,
    issuer: ask,
    serial: 0,
    ...validity,
    ca: null,
    keyUsage: null,
    extensions: [
      extension(`${amd}.1`, integer(isTurin ? 1 : 0)),
      extension(
        `${amd}.2`,
        der(0x16, utf8(changes.productName ?? (product === 'Milan' ? 'Milan-B0' : product))),
      ),
      ...Object.entries(places).map(([arc, index]) =>
        extension(`${amd}.3.${arc}`, integer(certified[index]!)),
      ),
      ...(certifiedChip === null
        ? []
        : [
            extension(
              `${amd}.4`,
              changes.chipAsOctets === true ? der(4, fromHex(certifiedChip)) : fromHex(certifiedChip),
            ),
          ]),
    ],
    ...changes.leaf,
  })
  const makeReport = async (given: FakeSnpChanges): Promise<Uint8Array> => {
    const report = new Uint8Array(1184)
    const view = new DataView(report.buffer)
    const version = given.version ?? 5
    view.setUint32(0x00, version, true)
    view.setUint32(0x08, given.policy ?? 0x3_0000, true)
    view.setUint32(0x30, given.vmpl ?? 0, true)
    view.setUint32(0x34, given.signatureAlgorithm ?? 1, true)
    view.setUint32(0x48, given.keyInfo ?? (signingKey === 'VLEK' ? 4 : 0), true)
    report.set(tcb, 0x38)
    report.set(given.reportData ?? new Uint8Array(64).fill(7), 0x50)
    report.set(fromHex(given.measurement ?? 'ab'.repeat(48)), 0x90)
    report.set(fromHex(given.hostData ?? '00'.repeat(32)), 0xc0)
    report.set(tcb, 0x180)
    if (version >= 3) report.set(fromHex(cpuid[product]), 0x188)
    report.set(fromHex(chip), 0x1a0)
    report.set(tcb, 0x1e0)
    report.set(tcb, 0x1f0)
    const raw = await signRaw(leafKey, report.subarray(0, 0x2a0))
    report.set(raw.slice(0, 48).toReversed(), 0x2a0)
    report.set(raw.slice(48).toReversed(), 0x2a0 + 72)
    return concat(report)
  }
  return {
    roots: { ...pinnedRoots, amd: { ...pinnedRoots.amd, [product]: rootDer } },
    report: (reportChanges = {}) => makeReport({ ...changes, ...reportChanges }),
    endorsements: {
      leaf: leafDer,
      chain: [askDer, rootDer],
      crl: await makeCrl({
        issuer: root,
        thisUpdateMs: fakeNowMs - dayMs,
        nextUpdateMs: fakeNowMs + dayMs,
        ...changes.crl,
      }),
    },
  }
}
