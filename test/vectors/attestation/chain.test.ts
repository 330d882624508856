import t from 'tap'
import { verifyChain } from '../../../sdk/evidence/chain.ts'
import { readCertificate, type Certificate } from '../../../sdk/evidence/x509.ts'
import {
  bits,
  der,
  extension,
  fakeNowMs,
  makeCertificate,
  makeKey,
  octets,
  sequence,
  type CertificateShape,
} from './pki.ts'

/** Paths of four certificates, made with one mistake each. */

const validity = { notBeforeMs: fakeNowMs - 1_000, notAfterMs: fakeNowMs + 1_000 }

interface Changes {
  readonly root?: Partial<CertificateShape>
  readonly upper?: Partial<CertificateShape>
  readonly lower?: Partial<CertificateShape>
  readonly leaf?: Partial<CertificateShape>
}

async function makePath(
  changes: Changes = {},
): Promise<readonly [Certificate, Certificate, Certificate, Certificate]> {
  const [rootKey, upperKey, lowerKey, leafKey] = await Promise.all([
    makeKey('p256'),
    makeKey('p256'),
    makeKey('p256'),
    makeKey('p256'),
  ])
  const [root, upper, lower] = [
    { name: 'root', key: rootKey },
    { name: 'upper', key: upperKey },
    { name: 'lower', key: lowerKey },
  ]
  const made = await Promise.all([
    makeCertificate({ name: 'leaf', key: leafKey, issuer: lower, ...validity, ...changes.leaf }),
    makeCertificate({ ...lower, issuer: upper, ca: true, ...validity, ...changes.lower }),
    makeCertificate({ ...upper, issuer: root, ca: true, ...validity, ...changes.upper }),
    makeCertificate({ ...root, ca: true, ...validity, ...changes.root }),
  ])
  return made.map(readCertificate) as unknown as [Certificate, Certificate, Certificate, Certificate]
}

async function codeOf(changes: Changes, atMs = fakeNowMs): Promise<string> {
  const [leaf, lower, upper, root] = await makePath(changes)
  try {
    await verifyChain([leaf, lower, upper], root, atMs)
    return 'OK'
  } catch (error) {
    return (error as { code: string }).code
  }
}

t.test('a path holds with its root and without', async (t) => {
  const [leaf, lower, upper, root] = await makePath()
  t.equal((await verifyChain([leaf, lower, upper], root, fakeNowMs)).length, 4)
  t.equal((await verifyChain([leaf, lower, upper, root], root, fakeNowMs)).length, 4)
  t.equal((await verifyChain([lower, upper], root, fakeNowMs, 'authority')).length, 3)
  const [, , , other] = await makePath()
  for (const given of [
    [],
    [leaf],
    [lower, upper],
    [leaf, upper],
    [leaf, upper, lower],
    [leaf, lower],
    [root],
    [leaf, lower, upper, other],
    [leaf, leaf, lower, upper],
  ]) {
    await t.rejects(
      verifyChain(given, root, fakeNowMs),
      { name: 'VerificationError' },
      `${given.length} certificates`,
    )
  }
  await t.rejects(verifyChain([leaf, lower, upper], other, fakeNowMs), { code: 'CHAIN_SIGNATURE_INVALID' })
})

t.test('an authority must say that it is one, even where it may sign certificates', async (t) => {
  for (const place of ['upper', 'lower', 'root'] as const) {
    t.equal(
      await codeOf({ [place]: { ca: false, keyUsage: 0x06 } }),
      'CHAIN_INVALID',
      `${place} with CA:FALSE`,
    )
    t.equal(
      await codeOf({ [place]: { ca: null, keyUsage: 0x06 } }),
      'CHAIN_INVALID',
      `${place} without constraints`,
    )
    t.equal(await codeOf({ [place]: { keyUsage: 0x82 } }), 'CHAIN_INVALID', `${place} that must not certify`)
    t.equal(await codeOf({ [place]: { keyUsage: null } }), 'CHAIN_INVALID', `${place} without key usage`)
  }
  t.equal(await codeOf({ leaf: { ca: true, keyUsage: 0x80 } }), 'CHAIN_INVALID')
  t.equal(await codeOf({ leaf: { ca: false, keyUsage: 0x84 } }), 'CHAIN_INVALID')
  t.equal(await codeOf({ leaf: { ca: null, keyUsage: null } }), 'OK')
})

t.test('no path is longer than its authorities allow', async (t) => {
  t.equal(await codeOf({ root: { pathLength: 2 }, upper: { pathLength: 1 }, lower: { pathLength: 0 } }), 'OK')
  t.equal(await codeOf({ root: { pathLength: 1 } }), 'CHAIN_INVALID')
  t.equal(await codeOf({ upper: { pathLength: 0 } }), 'CHAIN_INVALID')
})

function subjectKey(byte: number): Uint8Array {
  return extension('2.5.29.14', octets(Uint8Array.of(byte)))
}

function authorityKey(byte: number): Uint8Array {
  return extension('2.5.29.35', sequence(der(0x80, Uint8Array.of(byte))))
}

t.test('names and key identifiers lead from one to the next', async (t) => {
  const key = await makeKey('p256')
  t.equal(await codeOf({ lower: { name: 'else' } }), 'CHAIN_INVALID', 'who signed is not who is named')
  t.equal(await codeOf({ leaf: { signedBy: key } }), 'CHAIN_SIGNATURE_INVALID')
  t.equal(await codeOf({ upper: { signedBy: key } }), 'CHAIN_SIGNATURE_INVALID')
  t.equal(
    await codeOf({ lower: { extensions: [subjectKey(1)] }, leaf: { extensions: [authorityKey(1)] } }),
    'OK',
  )
  t.equal(
    await codeOf({ lower: { extensions: [subjectKey(1)] }, leaf: { extensions: [authorityKey(2)] } }),
    'CHAIN_INVALID',
  )
})

t.test('every certificate is valid at the time, to its last second', async (t) => {
  t.equal(await codeOf({}, validity.notBeforeMs), 'OK')
  t.equal(await codeOf({}, validity.notAfterMs), 'OK')
  for (const place of ['root', 'upper', 'lower', 'leaf'] as const) {
    t.equal(await codeOf({ [place]: { notAfterMs: fakeNowMs - 1_000 } }), 'CERTIFICATE_EXPIRED', place)
    t.equal(await codeOf({ [place]: { notBeforeMs: fakeNowMs + 1_000 } }), 'CERTIFICATE_NOT_YET_VALID', place)
  }
  t.equal(await codeOf({}, Number.NaN), 'CERTIFICATE_EXPIRED')
  t.equal(await codeOf({}, Infinity), 'CERTIFICATE_EXPIRED')
})

t.test('the algorithm that is signed is the one that is used', async (t) => {
  const key = await makeKey('p256')
  const good = await makeCertificate({ name: 'a', key, ...validity })
  const other = Uint8Array.from(good)
  // The last identifier of ECDSA with SHA-256 stands outside the signed part; the next number is SHA-384.
  const place = good.toString().lastIndexOf('6,8,42,134,72,206,61,4,3,2')
  other[good.toString().slice(0, place).split(',').length - 1 + 9] = 3
  t.throws(() => readCertificate(other), { code: 'CERTIFICATE_INVALID' })
  t.throws(() => readCertificate(sequence(sequence(), sequence(), bits(new Uint8Array()))), {
    code: 'DER_INVALID',
  })
})
