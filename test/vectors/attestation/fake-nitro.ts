import { concat, utf8 } from '../../../sdk/bytes.ts'
import { pinnedRoots, type Roots } from '../../../sdk/evidence/roots.ts'
import { fakeNowMs, makeCertificate, makeKey, signRaw, type CertificateShape } from './pki.ts'

/** A Nitro security module under a root of its own, to be judged by the real verifier. */

const hourMs = 3_600_000

export interface FakeNitroChanges {
  readonly middle?: Partial<CertificateShape>
  readonly leaf?: Partial<CertificateShape>
  readonly pcrs?: ReadonlyMap<number, Uint8Array>
  readonly registersName?: string
  readonly timestampMs?: number
  readonly userData?: Uint8Array | null
  readonly nonce?: Uint8Array | null
  /** Bytes of the protected header, of the unprotected one, and of the digest's name. */
  readonly protectedHeader?: Uint8Array
  readonly unprotectedHeader?: Uint8Array
  readonly digest?: string
  /** Members added to the payload. */
  readonly extra?: ReadonlyMap<string, Uint8Array>
  /** The bundle names this root instead of its own. */
  readonly bundleRoot?: Uint8Array
}

export interface FakeNitro {
  readonly roots: Roots
  readonly document: Uint8Array
}

/** Head of a CBOR item. */
export function head(major: number, value: number): Uint8Array {
  const first = major << 5
  if (value < 24) return Uint8Array.of(first | value)
  if (value < 256) return Uint8Array.of(first | 24, value)
  if (value < 65_536) return Uint8Array.of(first | 25, value >> 8, value & 255)
  const bytes = new Uint8Array(9)
  bytes[0] = first | 27
  new DataView(bytes.buffer).setBigUint64(1, BigInt(value))
  return bytes
}

const text = (value: string): Uint8Array => concat(head(3, value.length), utf8(value))
const bytesItem = (value: Uint8Array): Uint8Array => concat(head(2, value.length), value)
const optional = (value: Uint8Array | null | undefined): Uint8Array =>
  value == null ? Uint8Array.of(0xf6) : bytesItem(value)

export async function makeFakeNitro(changes: FakeNitroChanges = {}): Promise<FakeNitro> {
  const [rootKey, middleKey, leafKey] = await Promise.all([makeKey('p384'), makeKey('p384'), makeKey('p384')])
  const root = { name: 'aws.nitro-enclaves', key: rootKey }
  const middle = { name: 'i-1.aws.nitro-enclaves', key: middleKey }
  const validity = { notBeforeMs: fakeNowMs - hourMs, notAfterMs: fakeNowMs + 2 * hourMs }
  const rootDer = await makeCertificate({ ...root, ...validity, ca: true })
  const middleDer = await makeCertificate({
    ...middle,
    ...validity,
    issuer: root,
    ca: true,
    pathLength: 0,
    ...changes.middle,
  })
  const leafDer = await makeCertificate({
    name: 'i-1-enc1',
    key: leafKey,
    issuer: middle,
    ...validity,
    ...changes.leaf,
  })
  const pcrs =
    changes.pcrs ??
    new Map(
      Array.from({ length: 16 }, (_, index) => [index, new Uint8Array(48).fill(index < 3 ? index + 1 : 0)]),
    )
  const members: (readonly [string, Uint8Array])[] = [
    ['module_id', text('i-1-enc1')],
    ['digest', text(changes.digest ?? 'SHA384')],
    ['timestamp', head(0, changes.timestampMs ?? fakeNowMs)],
    [
      changes.registersName ?? 'pcrs',
      concat(
        head(5, pcrs.size),
        ...[...pcrs].flatMap(([index, value]) => [head(0, index), bytesItem(value)]),
      ),
    ],
    ['certificate', bytesItem(leafDer)],
    ['cabundle', concat(head(4, 2), bytesItem(changes.bundleRoot ?? rootDer), bytesItem(middleDer))],
    ['public_key', optional(null)],
    ['user_data', optional(changes.userData === undefined ? new Uint8Array(64).fill(7) : changes.userData)],
    ['nonce', optional(changes.nonce)],
    ...(changes.extra ?? []),
  ]
  const payload = concat(head(5, members.length), ...members.flatMap(([name, value]) => [text(name), value]))
  const header = changes.protectedHeader ?? Uint8Array.of(0xa1, 0x01, 0x38, 0x22)
  const signed = concat(
    head(4, 4),
    text('Signature1'),
    bytesItem(header),
    bytesItem(new Uint8Array()),
    bytesItem(payload),
  )
  const document = concat(
    head(4, 4),
    bytesItem(header),
    changes.unprotectedHeader ?? head(5, 0),
    bytesItem(payload),
    bytesItem(await signRaw(leafKey, signed)),
  )
  return { roots: { ...pinnedRoots, aws: rootDer }, document }
}
