import t from 'tap'
import { fromHex, toHex } from '../../../sdk/bytes.ts'
import { verifyNitro } from '../../../sdk/evidence/nitro.ts'
import {
  referenceBytes,
  referenceJson,
  referenceText,
  refusals,
  survivingFlips,
  unlessThere,
} from './reference.ts'

function hex(member: Uint8Array | null): string | null {
  return member === null ? null : toHex(member)
}

const refused: Readonly<Record<string, readonly string[]>> = {
  'evervault.valid-attestation-doc-bytes': [],
  'derived.dstack-nsm-qvl.cose.bin': [],
  'derived.vaportpm-nitrotpm.cose.bin': ['NITROTPM_NOT_ENCLAVE'],
  'evervault.debug-mode-attestation-doc-bytes': ['DEBUG_ENABLED'],
  'derived.evervault-ga.cose.bin': ['DEBUG_ENABLED'],
  'fastcrypto.nitro.1.hex': ['DEBUG_ENABLED'],
}

function documentOf(name: string): Uint8Array {
  return name.endsWith('.hex')
    ? fromHex(referenceText(`nitro/${name}`).trim())
    : referenceBytes(`nitro/${name}`)
}

t.test(
  'genuine Nitro documents give their expected result, and none outside their time',
  { skip: unlessThere },
  async (t) => {
    const expected = referenceJson('nitro/expected.json')
    t.strictSame(Object.keys(expected).toSorted(), Object.keys(refused).toSorted())
    for (const [name, want] of Object.entries(expected)) {
      const bytes = documentOf(name)
      const verified = await verifyNitro(bytes, { atMs: want.timestamp_ms })
      t.strictSame(refusals(verified.steps), refused[name], name)
      t.equal(verified.document?.moduleId, want.module_id)
      t.equal(verified.timestampMs, want.timestamp_ms)
      t.equal(verified.document?.registers, want.pcr_map)
      const nonzero = [...verified.document!.pcrs]
        .filter(([, register]) => register.some((byte) => byte !== 0))
        .map(([index, register]) => [String(index), toHex(register)])
      t.strictSame(Object.fromEntries(nonzero), want.nonzero_pcrs)
      t.equal(hex(verified.document!.userData), want.user_data)
      t.equal(hex(verified.nonce), want.nonce)
      t.equal(hex(verified.publicKey), want.public_key)

      const window = [Date.parse(want.leaf_validFrom), Date.parse(want.leaf_validTo)] as const
      const codesAt = async (atMs: number): Promise<readonly string[]> =>
        refusals((await verifyNitro(bytes, { atMs })).steps)
      t.strictSame(await codesAt(window[1]), refused[name], 'the last moment')
      t.strictSame(await codesAt(window[1] + 1), ['CERTIFICATE_EXPIRED', ...refused[name]!])
      t.ok((await codesAt(window[0] - 1)).includes('CERTIFICATE_NOT_YET_VALID'))
    }
  },
)

t.test('a document that stands in base64 is the same', { skip: unlessThere }, async (t) => {
  const text = referenceText('nitro/evervault.valid-attestation-doc-base64').trim()
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0))
  const verified = await verifyNitro(bytes, { atMs: 1_695_049_410_860 })
  t.strictSame(refusals(verified.steps), ['DEBUG_ENABLED'])
})

t.test('no flipped byte of a document passes', { skip: unlessThere }, async (t) => {
  let flips = 0
  for (const [name, atMs] of [
    ['evervault.valid-attestation-doc-bytes', 1_665_651_482_136],
    ['derived.dstack-nsm-qvl.cose.bin', 1_766_668_537_578],
  ] as const) {
    const { tried, survived } = await survivingFlips(
      documentOf(name),
      17,
      async (flipped) => (await verifyNitro(flipped, { atMs })).steps,
    )
    flips += tried
    t.strictSame(survived, [], `${name}: ${tried} flips`)
  }
  t.comment(`${flips} flips refused`)
})

t.test('cut off, lengthened and tagged documents', { skip: unlessThere }, async (t) => {
  const bytes = documentOf('evervault.valid-attestation-doc-bytes')
  const atMs = 1_665_651_482_136
  for (const length of [0, 1, 2, 10, 100, bytes.length - 1]) {
    t.not(refusals((await verifyNitro(bytes.subarray(0, length), { atMs })).steps).length, 0)
  }
  t.strictSame(refusals((await verifyNitro(Uint8Array.from([...bytes, 0]), { atMs })).steps), [
    'CBOR_INVALID',
  ])
  const tagged = await verifyNitro(Uint8Array.from([0xd2, ...bytes]), { atMs })
  t.strictSame(refusals(tagged.steps), [], 'the tag of COSE_Sign1 may stand before it')
})
