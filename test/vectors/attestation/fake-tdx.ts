import { concat, fromHex, sha256, toHex, utf8 } from '../../../sdk/bytes.ts'
import { pinnedRoots, type Roots } from '../../../sdk/evidence/roots.ts'
import type { TdxEvidence } from '../../../sdk/evidence/tdx.ts'
import {
  fakeNowMs,
  extension,
  integer,
  makeCertificate,
  makeCrl,
  makeKey,
  octets,
  oid,
  pem,
  sequence,
  signRaw,
  type CertificateShape,
  type CrlShape,
} from './pki.ts'

/** A TDX platform under roots of its own: quotes and collateral as the real ones, to be judged by the real verifier. */

const dayMs = 86_400_000
const fmspc = '00a06f000000'
const sgxOid = '1.2.840.113741.1.13.1'
const mrSigner = 'dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5'

/** What a test may do wrong. */
export interface FakeTdxChanges {
  readonly platformCa?: Partial<CertificateShape>
  readonly pck?: Partial<CertificateShape>
  readonly tcbSigner?: Partial<CertificateShape>
  readonly rootCrl?: Partial<CrlShape>
  readonly pckCrl?: Partial<CrlShape>
  readonly tcbInfo?: Record<string, unknown>
  readonly qeIdentity?: Record<string, unknown>
  /** Levels of the platform; the good level wants 5 everywhere. */
  readonly component?: number
  readonly pceSvn?: number
  readonly teeTcbSvn?: string
  readonly qeIsvSvn?: number
  readonly tdAttributes?: string
  readonly rtmr?: readonly string[]
  readonly mrTd?: string
  readonly mrConfigId?: string
  readonly mrServiceTd?: string
  readonly reportData?: Uint8Array
  readonly version?: 4 | 5
}

export interface FakeTdx {
  readonly roots: Roots
  readonly evidence: TdxEvidence
}

/** One platform that makes quote after quote. */
export interface FakeTdxPlatform {
  readonly roots: Roots
  readonly collateral: TdxEvidence['collateral']
  quote(changes?: FakeTdxChanges): Promise<Uint8Array>
}

export async function makeFakeTdx(changes: FakeTdxChanges = {}): Promise<FakeTdx> {
  const { roots, collateral, quote } = await makeFakeTdxPlatform(changes)
  return { roots, evidence: { quote: await quote(changes), collateral } }
}

export async function makeFakeTdxPlatform(changes: FakeTdxChanges = {}): Promise<FakeTdxPlatform> {
  const [rootKey, caKey, pckKey, signerKey, attestationKey] = (await Promise.all(
    Array.from({ length: 5 }, () => makeKey('p256')),
  )) as [Key, Key, Key, Key, Key]
  const root = { name: 'Intel SGX Root CA', key: rootKey }
  const platformCa = { name: 'Intel SGX PCK Platform CA', key: caKey }
  const validity = { notBeforeMs: fakeNowMs - 1_000 * dayMs, notAfterMs: fakeNowMs + 1_000 * dayMs }
  const rootDer = await makeCertificate({ ...root, ...validity, ca: true, pathLength: 1 })
  const caDer = await makeCertificate({
    ...platformCa,
    ...validity,
    issuer: root,
    serial: 2,
    ca: true,
    pathLength: 0,
    ...changes.platformCa,
  })
  const pckDer = await makeCertificate({
    name: 'Intel SGX PCK Certificate',
    key: pckKey,
    issuer: platformCa,
    serial: 3,
    ...validity,
    extensions: [extension(sgxOid, platformExtension(changes))],
    ...changes.pck,
  })
  const signerDer = await makeCertificate({
    name: 'Intel SGX TCB Signing',
    key: signerKey,
    issuer: root,
    serial: 4,
    ...validity,
    ...changes.tcbSigner,
  })
  const window = { thisUpdateMs: fakeNowMs - dayMs, nextUpdateMs: fakeNowMs + 29 * dayMs }
  const signed = async (member: string, document: unknown): Promise<Uint8Array> => {
    const text = JSON.stringify(document)
    const signature = toHex(await signRaw(signerKey, utf8(text)))
    return utf8(`{"${member}":${text},"signature":"${signature}"}`)
  }
  const chain = pem(signerDer, rootDer)
  return {
    roots: { ...pinnedRoots, intel: rootDer },
    quote: (quoteChanges = {}) =>
      makeQuote(attestationKey, pckKey, pem(pckDer, caDer, rootDer), quoteChanges),
    collateral: {
      tcbInfo: await signed('tcbInfo', { ...tcbInfo(), ...changes.tcbInfo }),
      tcbInfoIssuerChain: chain,
      qeIdentity: await signed('enclaveIdentity', { ...qeIdentity(), ...changes.qeIdentity }),
      qeIdentityIssuerChain: chain,
      rootCaCrl: await makeCrl({ issuer: root, ...window, ...changes.rootCrl }),
      pckCrl: await makeCrl({ issuer: platformCa, ...window, ...changes.pckCrl }),
      pckCrlIssuerChain: pem(caDer, rootDer),
    },
  }
}

type Key = Awaited<ReturnType<typeof makeKey>>

function platformExtension({ component = 5, pceSvn = 11 }: FakeTdxChanges): Uint8Array {
  const level = (arc: number, value: number): Uint8Array =>
    sequence(oid(`${sgxOid}.2.${arc}`), integer(value))
  return sequence(
    sequence(oid(`${sgxOid}.1`), octets(new Uint8Array(16))),
    sequence(
      oid(`${sgxOid}.2`),
      sequence(
        ...Array.from({ length: 16 }, (_, index) => level(index + 1, component)),
        level(17, pceSvn),
        sequence(oid(`${sgxOid}.2.18`), octets(new Uint8Array(16).fill(component))),
      ),
    ),
    sequence(oid(`${sgxOid}.3`), octets(new Uint8Array(2))),
    sequence(oid(`${sgxOid}.4`), octets(fromHex(fmspc))),
  )
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString().replace('.000Z', 'Z')
const dates = { issueDate: iso(fakeNowMs - dayMs), nextUpdate: iso(fakeNowMs + 29 * dayMs) }

function components(svn: number): readonly { svn: number }[] {
  return Array.from({ length: 16 }, () => ({ svn }))
}

export function tcbLevel(svn: number, status: string, advisoryIDs: readonly string[] = []): unknown {
  const tdx = components(0).map((zero, index) => (index === 2 ? { svn: 1 } : zero))
  return {
    tcb: { sgxtcbcomponents: components(svn), pcesvn: 11, tdxtcbcomponents: tdx },
    tcbDate: dates.issueDate,
    tcbStatus: status,
    ...(advisoryIDs.length === 0 ? {} : { advisoryIDs }),
  }
}

function tcbInfo(): Record<string, unknown> {
  const identity = { mrsigner: '0'.repeat(96), attributes: '0'.repeat(16), attributesMask: 'F'.repeat(16) }
  return {
    id: 'TDX',
    version: 3,
    ...dates,
    fmspc,
    pceId: '0000',
    tcbType: 0,
    tcbEvaluationDataNumber: 18,
    tdxModule: identity,
    tdxModuleIdentities: [
      {
        id: 'TDX_01',
        ...identity,
        tcbLevels: [
          { tcb: { isvsvn: 6 }, tcbDate: dates.issueDate, tcbStatus: 'UpToDate' },
          {
            tcb: { isvsvn: 2 },
            tcbDate: dates.issueDate,
            tcbStatus: 'OutOfDate',
            advisoryIDs: ['INTEL-SA-1'],
          },
        ],
      },
    ],
    tcbLevels: [
      tcbLevel(5, 'UpToDate'),
      tcbLevel(3, 'SWHardeningNeeded', ['INTEL-SA-2']),
      tcbLevel(2, 'Revoked'),
    ],
  }
}

function qeIdentity(): Record<string, unknown> {
  return {
    id: 'TD_QE',
    version: 2,
    ...dates,
    tcbEvaluationDataNumber: 18,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: mrSigner.toUpperCase(),
    isvprodid: 2,
    tcbLevels: [
      { tcb: { isvsvn: 4 }, tcbDate: dates.issueDate, tcbStatus: 'UpToDate' },
      { tcb: { isvsvn: 2 }, tcbDate: dates.issueDate, tcbStatus: 'OutOfDate' },
    ],
  }
}

function le(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => Math.floor(value / 256 ** index) & 255)
}

function hex(text: string | undefined, byte: string, length: number): Uint8Array {
  return fromHex(text ?? byte.repeat(length))
}

async function makeQuote(
  attestation: Key,
  pck: Key,
  chain: Uint8Array,
  changes: FakeTdxChanges,
): Promise<Uint8Array> {
  const version = changes.version ?? 4
  const header = concat(
    le(version, 2),
    le(2, 2),
    le(0x81, 4),
    le(0, 4),
    fromHex('939a7233f79c4ca9940a0db3957f0607'),
    new Uint8Array(20),
  )
  const td = concat(
    hex(changes.teeTcbSvn ?? `060101${'00'.repeat(13)}`, '00', 16),
    new Uint8Array(48 + 48 + 8),
    hex(changes.tdAttributes ?? '0000001000000000', '00', 8),
    hex(undefined, 'e7', 8),
    hex(changes.mrTd, 'a1', 48),
    hex(changes.mrConfigId, '00', 48),
    new Uint8Array(96),
    ...[0, 1, 2, 3].map((index) => hex(changes.rtmr?.[index], `b${index}`, 48)),
    changes.reportData ?? new Uint8Array(64).fill(7),
  )
  const td15 = concat(td, new Uint8Array(16), hex(changes.mrServiceTd, '00', 48))
  const signed = version === 5 ? concat(header, le(3, 2), le(td15.length, 4), td15) : concat(header, td)
  const point = attestation.spki.subarray(-64)
  const authData = utf8('authentication data of 32 bytes.')
  const qeReport = concat(
    new Uint8Array(16 + 4 + 28),
    fromHex(`11${'00'.repeat(15)}`),
    new Uint8Array(64),
    fromHex(mrSigner),
    new Uint8Array(96),
    le(2, 2),
    le(changes.qeIsvSvn ?? 4, 2),
    new Uint8Array(60),
    await sha256(concat(point, authData)),
    new Uint8Array(32),
  )
  const inner = concat(
    qeReport,
    await signRaw(pck, qeReport),
    le(authData.length, 2),
    authData,
    le(5, 2),
    le(chain.length, 4),
    chain,
  )
  const signature = concat(await signRaw(attestation, signed), point, le(6, 2), le(inner.length, 4), inner)
  return concat(signed, le(signature.length, 4), signature)
}
