import fc from 'fast-check'
import t from 'tap'
import { concat, fromHex, utf8 } from '../../../sdk/bytes.ts'
import { PerfAggError } from '../../../sdk/errors.ts'
import { readCbor, readTaggedCbor } from '../../../sdk/evidence/cbor.ts'
import { readCrl } from '../../../sdk/evidence/crl.ts'
import { readDcapQuote } from '../../../sdk/evidence/dcap-quote.ts'
import { DerReader, Tag, oidText } from '../../../sdk/evidence/der.ts'
import { dstackEvidenceOf, sevSnpEvidenceOf, tdxEvidenceOf } from '../../../sdk/evidence/endorsements.ts'
import { readNitroDocument } from '../../../sdk/evidence/nitro-document.ts'
import { verifyNitro } from '../../../sdk/evidence/nitro.ts'
import { readPemCertificates } from '../../../sdk/evidence/pem.ts'
import { pinnedRoots } from '../../../sdk/evidence/roots.ts'
import { verifySevSnp } from '../../../sdk/evidence/sev-snp.ts'
import { readSnpReport } from '../../../sdk/evidence/snp-report.ts'
import { readQeIdentity, readTcbInfo } from '../../../sdk/evidence/tcb-info.ts'
import { verifyTdx } from '../../../sdk/evidence/tdx.ts'
import { readCertificate } from '../../../sdk/evidence/x509.ts'
import { makeFakeNitro } from './fake-nitro.ts'
import { makeFakeTdx } from './fake-tdx.ts'
import {
  fakeNowMs,
  bits,
  der,
  integer,
  makeCertificate,
  makeCrl,
  makeKey,
  octets,
  oid,
  pem,
  sequence,
  utcTime,
} from './pki.ts'

const runs = Number(process.env['FUZZ_RUNS'] ?? 2_000)

const time = (text: string, tag: number = Tag.utcTime): number => new DerReader(der(tag, utf8(text))).timeMs()
const reader = (hex: string): DerReader => new DerReader(fromHex(hex))

t.test('DER: one form only', async (t) => {
  const code = { code: 'DER_INVALID' }
  for (const [hex, why] of [
    ['', 'nothing'],
    ['30', 'no length'],
    ['3001', 'no content'],
    ['3080000000', 'the indefinite form'],
    ['308100', 'a length in a longer form than needed'],
    ['30820001ff', 'the same'],
    ['3084000000010000', 'a length of four bytes'],
    ['30ff', 'a reserved length'],
    ['1f8101', 'a tag of several bytes'],
  ] as const) {
    t.throws(() => reader(hex).element(), code, why)
  }
  t.throws(() => reader('02020001').unsigned(), code, 'an integer with a leading zero')
  t.throws(() => reader('020180').unsigned(), code, 'a negative integer')
  t.throws(() => reader('0200').unsigned(), code, 'an empty integer')
  t.throws(() => reader('02050100000000').smallInteger(), code, 'a large integer')
  t.equal(reader('020500ffffffff').smallInteger(), 0xffff_ffff)
  t.throws(() => reader('010101').boolean(), code, 'a boolean that is neither')
  t.throws(() => reader('0300').bitString(), code)
  t.throws(() => reader('030108').bitString(), code)
  t.throws(() => reader('030101').bitString(), code)
  t.throws(() => reader('030201ff').bitString(), code, 'unused bits set')
  t.throws(() => reader('030207 80'.replace(' ', '')).bitStringBytes(), code, 'not whole bytes')
  t.throws(() => reader('0500ff').end(), code)
  t.equal(oidText(fromHex('2a864886f70d01010a')), '1.2.840.113549.1.1.10')
  t.equal(oidText(fromHex('550403')), '2.5.4.3')
  t.equal(oidText(fromHex('883703')), '2.999.3')
  for (const hex of ['', '80', '2a80', '2a8001', `2a${'ff'.repeat(5)}7f`, '2a'.repeat(33)]) {
    t.throws(() => oidText(fromHex(hex)), code, `oid ${hex}`)
  }
  t.equal(time('491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59))
  t.equal(time('500101000000Z'), Date.UTC(1950, 0, 1))
  t.equal(time('20500101000000Z', Tag.generalizedTime), Date.UTC(2050, 0, 1))
  t.throws(() => time('00010101000000Z', Tag.generalizedTime), code, 'a year that no certificate is of')
  for (const text of [
    '230229000000Z',
    '231301000000Z',
    '230101240000Z',
    '2301010000Z',
    '230101000000',
    '230101000000+0000',
    '23010100000aZ',
  ]) {
    t.throws(() => time(text), code, text)
  }
})

t.test('certificates: what is not understood is refused', async (t) => {
  const key = await makeKey('p256')
  const shape = { name: 'a', key, notBeforeMs: fakeNowMs, notAfterMs: fakeNowMs + 1_000 }
  const good = await makeCertificate(shape)
  t.equal(readCertificate(good).serial, '01')
  t.throws(() => readCertificate(concat(good, Uint8Array.of(0))), { code: 'DER_INVALID' })
  t.throws(() => readCertificate(new Uint8Array(20_000)), { code: 'CERTIFICATE_INVALID' })
  const twice = sequence(oid('2.5.29.19'), octets(sequence()))
  t.throws(() => readCertificateOf([twice]), { code: 'DER_INVALID' })
  await t.rejects(async () => readCertificate(await makeCertificate({ ...shape, extensions: [twice] })), {
    code: 'CERTIFICATE_INVALID',
  })
  const pathWithoutCa = sequence(oid('2.5.29.19'), octets(sequence(integer(0))))
  await t.rejects(
    async () => readCertificate(await makeCertificate({ ...shape, ca: null, extensions: [pathWithoutCa] })),
    { code: 'CERTIFICATE_INVALID' },
  )
  const nested = Array.from({ length: 2_000 }).reduce<Uint8Array>((inner) => sequence(inner), sequence())
  t.throws(() => readCertificate(nested), { code: 'DER_INVALID' })
  for (const root of [...Object.values(pinnedRoots.amd), pinnedRoots.intel, pinnedRoots.aws]) {
    t.ok(readCertificate(root).basicConstraints?.ca)
  }
})

function readCertificateOf(parts: readonly Uint8Array[]): unknown {
  return readCertificate(sequence(...parts))
}

t.test('the pinned roots are the ones known, and sign themselves', async (t) => {
  const { verifyDer } = await import('../../../sdk/evidence/public-key.ts')
  const { sha256, toHex } = await import('../../../sdk/bytes.ts')
  const known = [
    [pinnedRoots.amd.Milan, '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd'],
    [pinnedRoots.amd.Genoa, '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1'],
    [pinnedRoots.amd.Turin, '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a'],
    [pinnedRoots.intel, '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3'],
    [pinnedRoots.aws, '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b'],
  ] as const
  for (const [root, fingerprint] of known) {
    t.equal(toHex(await sha256(root)), fingerprint)
    const { publicKey, signatureAlgorithm, signature, tbs } = readCertificate(root)
    t.ok(await verifyDer(publicKey, signatureAlgorithm, signature, tbs))
  }
})

function certificatesIn(text: string, end?: 'file' | 'c-string'): unknown {
  return readPemCertificates(utf8(text), end)
}

t.test('PEM: one form only', async (t) => {
  const key = await makeKey('p256')
  const certificate = await makeCertificate({ name: 'a', key, notBeforeMs: fakeNowMs, notAfterMs: fakeNowMs })
  const text = new TextDecoder().decode(pem(certificate))
  t.strictSame(certificatesIn(text), [certificate])
  t.strictSame(certificatesIn(text + text), [certificate, certificate])
  t.strictSame(certificatesIn(text.trimEnd()), [certificate])
  t.strictSame(certificatesIn(`${text}\n`), [certificate])
  t.strictSame(certificatesIn(text.replaceAll('\n', '\r\n')), [certificate])
  t.strictSame(certificatesIn(`${text}\0`, 'c-string'), [certificate])
  t.strictSame(certificatesIn(text, 'c-string'), [certificate])
  t.strictSame(certificatesIn(`${text.trimEnd()}\0`, 'c-string'), [certificate])
  for (const changed of [
    `${text}\0\0`,
    `${text}\n\0`,
    `${text}\n`,
    `${text.trimEnd()}\0\0`,
    `${text.trimEnd()}\0\n`,
  ]) {
    t.throws(() => certificatesIn(changed, 'c-string'), { code: 'PEM_INVALID' })
  }
  t.strictSame(certificatesIn(''), [])
  for (const changed of [
    `${text}\0`,
    `${text}\n\n`,
    `${text.trimEnd()}\0`,
    ` ${text}`,
    `\n${text}`,
    text.replace('\n', '\r\n'),
    text.replace('\n', '\n\n'),
    text.replace('CERTIFICATE', 'PRIVATE KEY'),
    text.replace('-----END', 'x-----END'),
    text.slice(0, -20),
    text.replace(/\n(.)/, '\n-$1'),
    text.replace(/(\n.{30})/, '$1\n'),
    'x'.repeat(70_000),
    text.repeat(9),
  ]) {
    t.throws(() => certificatesIn(changed), { code: 'PEM_INVALID' }, JSON.stringify(changed.slice(0, 40)))
  }
})

function read(hex: string): unknown {
  return readCbor(fromHex(hex))
}

t.test('CBOR: one form only', async (t) => {
  t.equal(read('17'), 23)
  t.equal(read('1818'), 24)
  t.equal(read('3822'), -35)
  t.equal(read('1b0000018356f5b000'), 0x18356f5b000)
  t.equal(read('f5'), true)
  t.equal(read('f6'), null)
  t.strictSame(read('83014102f4'), [1, Uint8Array.of(2), false])
  t.strictSame(read('a1616101'), new Map([['a', 1]]))
  t.strictSame(read('bf616101ff'), new Map([['a', 1]]), 'the outermost map may be open')
  t.equal(readTaggedCbor(fromHex('d201'), 18), 1)
  t.throws(() => readTaggedCbor(fromHex('d301'), 18), { code: 'CBOR_INVALID' })
  for (const [hex, why] of [
    ['', 'nothing'],
    ['0100', 'bytes after the end'],
    ['1817', 'a number in a longer form than needed'],
    ['190018', 'the same'],
    ['1a00000018', 'the same'],
    ['1b0000000000000018', 'the same'],
    ['1bffffffffffffffff', 'a number beyond 2^53'],
    ['1c', 'a reserved length'],
    ['5f4101ff', 'an open byte string'],
    ['7f6161ff', 'an open text'],
    ['9f01ff', 'an open array'],
    ['81bf616101ff', 'an open map inside'],
    ['bf616101', 'an open map that does not end'],
    ['bf6161ff', 'an open map that ends in the middle'],
    ['ff', 'an end of nothing'],
    ['a2616101616102', 'a key twice'],
    ['a2012001', 'a key without its value'],
    ['a1f601', 'a key that is null'],
    ['a1800 1'.replace(' ', ''), 'a key that is an array'],
    ['f7', 'undefined'],
    ['f818', 'a simple value'],
    ['f93c00', 'a float'],
    ['c001', 'a tag'],
    ['61ff', 'a text that is not UTF-8'],
    ['5affffffff', 'a length beyond the end'],
    ['9affffffff', 'an array of four thousand million'],
    ['bb001fffffffffffff', 'a map of 2^53'],
  ] as const) {
    t.throws(() => read(hex), { code: 'CBOR_INVALID' }, why)
  }
  t.throws(() => readCbor(fromHex('81'.repeat(1_000) + '01')), { code: 'CBOR_INVALID' }, 'too deep')
  t.throws(
    () => readCbor(concat(fromHex('99ffff'), new Uint8Array(65_535))),
    { code: 'CBOR_INVALID' },
    'too many',
  )
})

t.test('whatever the bytes, a parser reads them or refuses them', async (t) => {
  const root = pinnedRoots.intel
  const key = await makeKey('p256')
  const crl = await makeCrl({
    issuer: { name: 'a', key },
    thisUpdateMs: fakeNowMs,
    nextUpdateMs: fakeNowMs,
    revoked: [1, 2, 3],
  })
  const nitro = (await makeFakeNitro()).document
  const { evidence } = await makeFakeTdx()
  const parsers: readonly (readonly [string, (bytes: Uint8Array) => unknown, Uint8Array])[] = [
    ['certificate', readCertificate, root],
    ['crl', readCrl, crl],
    ['pem', readPemCertificates, evidence.collateral.tcbInfoIssuerChain],
    ['cbor', readCbor, nitro],
    ['nitro', readNitroDocument, nitro],
    ['report', readSnpReport, new Uint8Array(1_184)],
    ['quote', readDcapQuote, evidence.quote],
    ['tcb info', readTcbInfo, evidence.collateral.tcbInfo],
    ['qe identity', readQeIdentity, evidence.collateral.qeIdentity],
  ]
  for (const [name, parse, seed] of parsers) {
    const judged = (bytes: Uint8Array): boolean => {
      try {
        parse(bytes)
        return true
      } catch (error) {
        return error instanceof PerfAggError
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), judged), { numRuns: runs })
    const edits = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 6,
    })
    const changed = fc
      .tuple(edits, fc.nat(seed.length), fc.uint8Array({ maxLength: 8 }))
      .map(([each, cut, added]) => {
        const bytes = Uint8Array.from(seed)
        for (const [at, value] of each) bytes[at] = value
        return concat(
          bytes.subarray(0, cut % 3 === 0 ? cut : bytes.length),
          cut % 5 === 0 ? added : new Uint8Array(),
        )
      })
    fc.assert(fc.property(changed, judged), { numRuns: runs })
    t.pass(`${name}: ${2 * runs} inputs`)
  }
})

t.test('whatever the evidence, a verifier answers with steps', async (t) => {
  const anyBytes = fc.uint8Array({ maxLength: 1_200 })
  const { collateral, quote } = (await makeFakeTdx()).evidence
  await fc.assert(
    fc.asyncProperty(anyBytes, anyBytes, fc.double(), async (one, two, atMs) => {
      const all = [
        await verifyNitro(one, { atMs }),
        await verifySevSnp({ report: one, leaf: two, chain: [two, one], crl: one }, { atMs }),
        await verifyTdx({ quote: one, collateral }, { atMs }),
        await verifyTdx({ quote, collateral: { ...collateral, tcbInfo: one, rootCaCrl: two } }, { atMs }),
      ]
      return all.every(({ steps }) => steps.some(({ status }) => status === 'contraindicated'))
    }),
    { numRuns: Math.ceil(runs / 10) },
  )
  const huge = new Uint8Array(5_000_000)
  for (const verified of [
    await verifyNitro(huge, { atMs: fakeNowMs }),
    await verifySevSnp({ report: huge, leaf: huge }, { atMs: fakeNowMs }),
    await verifyTdx({ quote: huge, collateral }, { atMs: fakeNowMs }),
    await verifyTdx(
      { quote, collateral: { ...collateral, tcbInfo: huge, pckCrl: huge, tcbInfoIssuerChain: huge } },
      { atMs: fakeNowMs },
    ),
  ]) {
    t.ok(verified.steps.some(({ status }) => status === 'contraindicated'))
  }
})

t.test('endorsements: unknown, missing and malformed members are refused', async (t) => {
  const bytes = new Uint8Array(3)
  t.strictSame(sevSnpEvidenceOf(bytes, { leaf: 'AQ', chain: ['Ag', 'Aw'], crl: 'BA' }), {
    report: bytes,
    leaf: Uint8Array.of(1),
    chain: [Uint8Array.of(2), Uint8Array.of(3)],
    crl: Uint8Array.of(4),
  })
  const tdx = {
    tcb_info: 'AQ',
    tcb_info_issuer_chain: 'AQ',
    qe_identity: 'AQ',
    qe_identity_issuer_chain: 'AQ',
    root_ca_crl: 'AQ',
    pck_crl: 'AQ',
  }
  t.equal(tdxEvidenceOf(bytes, tdx).collateral?.pckCrlIssuerChain, undefined)
  t.strictSame(
    tdxEvidenceOf(bytes, { ...tdx, pck_crl_issuer_chain: 'AQ' }).collateral?.pckCrlIssuerChain,
    Uint8Array.of(1),
  )
  t.strictSame(
    dstackEvidenceOf(bytes, { ...tdx, event_log: 'AQ', vm_config: 'Ag' }).vmConfig,
    Uint8Array.of(2),
  )
  for (const bad of [
    null,
    [],
    { leaf: 1 },
    { leaf: 'A' },
    { leaf: 'AQ', more: 1 },
    { leaf: 'AQ', chain: ['AQ', 'AQ', 'AQ'] },
  ]) {
    t.throws(() => sevSnpEvidenceOf(bytes, bad), { name: 'InputError' })
  }
  t.throws(() => tdxEvidenceOf(bytes, { ...tdx, event_log: 'AQ' }), { name: 'InputError' })
  t.equal(sevSnpEvidenceOf(bytes, {}).leaf, null)
  t.equal(tdxEvidenceOf(bytes, {}).collateral, null)
  t.throws(() => tdxEvidenceOf(bytes, { pck_crl: 'AQ' }), { name: 'InputError' }, 'all of it or nothing')
  t.throws(() => dstackEvidenceOf(bytes, tdx), { name: 'InputError' })
})

t.test('bits and times of revocation lists', async (t) => {
  t.throws(() => readCrl(new Uint8Array()), { code: 'CRL_INVALID' })
  t.throws(() => readCrl(sequence(sequence(), sequence(), bits(new Uint8Array()))), { code: 'DER_INVALID' })
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const first = sequence(integer(0), algorithm, sequence(), utcTime(fakeNowMs), utcTime(fakeNowMs))
  t.throws(
    () => readCrl(sequence(first, algorithm, bits(new Uint8Array()))),
    { code: 'CRL_INVALID' },
    'version 1',
  )
  const endless = sequence(integer(1), algorithm, sequence(), utcTime(fakeNowMs))
  t.throws(
    () => readCrl(sequence(endless, algorithm, bits(new Uint8Array()))),
    { code: 'DER_INVALID' },
    'no next update',
  )
})
