import t from 'tap'
import type { Roots } from '../../../sdk/evidence/roots.ts'
import { verifyNitro } from '../../../sdk/evidence/nitro.ts'
import { verifySevSnp } from '../../../sdk/evidence/sev-snp.ts'
import { verifyTdx } from '../../../sdk/evidence/tdx.ts'
import { judgeUnpinnedWorkload, judgeWorkload } from '../../../sdk/evidence/workload.ts'
import { head, makeFakeNitro, type FakeNitroChanges } from './fake-nitro.ts'
import { makeFakeSnp, type FakeSnpChanges } from './fake-snp.ts'
import { makeFakeTdx, tcbLevel, type FakeTdxChanges } from './fake-tdx.ts'
import { fakeNowMs, extension, makeKey } from './pki.ts'
import { refusals } from './reference.ts'

/** Platforms under roots of their own, which do one thing wrong each: the real verifiers must see it. */

const dayMs = 86_400_000
const atMs = fakeNowMs

async function tdxCodes(
  changes: FakeTdxChanges,
  options: Partial<Parameters<typeof verifyTdx>[1]> = {},
): Promise<readonly string[]> {
  const { roots, evidence } = await makeFakeTdx(changes)
  return refusals((await verifyTdx(evidence, { atMs, roots, ...options })).steps)
}

t.test('a faked TDX platform holds under its root only', async (t) => {
  for (const version of [4, 5] as const) {
    const { roots, evidence } = await makeFakeTdx({ version })
    const verified = await verifyTdx(evidence, { atMs, roots })
    t.strictSame(refusals(verified.steps), [])
    t.equal(verified.tcbStatus, 'UpToDate')
    t.ok(refusals((await verifyTdx(evidence, { atMs })).steps).includes('CRL_INVALID'), 'not under Intel’s')
    const other = await makeFakeTdx()
    t.not(refusals((await verifyTdx(evidence, { atMs, roots: other.roots })).steps).length, 0)
    const mixed = { quote: evidence.quote, collateral: other.evidence.collateral }
    t.ok(
      refusals((await verifyTdx(mixed, { atMs, roots: other.roots })).steps).some((code) =>
        code.startsWith('CHAIN'),
      ),
    )
  }
})

t.test('TDX: chains that are not as they must be', async (t) => {
  const chain = 'CHAIN_INVALID'
  t.ok(
    (await tdxCodes({ platformCa: { ca: false, keyUsage: 0x06 } })).includes(chain),
    'an intermediate without CA:TRUE',
  )
  t.ok(
    (await tdxCodes({ platformCa: { ca: null, keyUsage: 0x06 } })).includes(chain),
    'an intermediate without constraints',
  )
  t.ok(
    (await tdxCodes({ platformCa: { keyUsage: 0x80 } })).includes(chain),
    'an intermediate that must not certify',
  )
  t.ok(
    (await tdxCodes({ platformCa: { keyUsage: null } })).includes(chain),
    'an intermediate that does not say it may',
  )
  t.ok((await tdxCodes({ platformCa: { name: 'Intel SGX Other CA' } })).length > 0, 'another authority')
  t.strictSame(await tdxCodes({ platformCa: { pathLength: 3 } }), [], 'a longer path allowed')
  t.ok((await tdxCodes({ pck: { ca: true } })).includes(chain), 'a leaf that is an authority')
  t.ok((await tdxCodes({ pck: { keyUsage: 0x20 } })).includes(chain), 'a leaf that must not sign')
  t.ok((await tdxCodes({ pck: { name: 'Intel SGX TCB Signing' } })).includes(chain), 'a leaf of another role')
  t.ok((await tdxCodes({ pck: { extensions: [] } })).includes('CERTIFICATE_INVALID'), 'a leaf of no platform')
  const forger = await makeKey('p256')
  t.strictSame(await tdxCodes({ pck: { signedBy: forger } }), ['CHAIN_SIGNATURE_INVALID'])
  t.ok((await tdxCodes({ platformCa: { signedBy: forger } })).includes('CHAIN_SIGNATURE_INVALID'))
  t.ok((await tdxCodes({ tcbSigner: { signedBy: forger } })).includes('CHAIN_SIGNATURE_INVALID'))
  t.ok(
    (await tdxCodes({ tcbSigner: { name: 'Intel SGX PCK Certificate' } })).includes(chain),
    'no TCB signer',
  )
  t.ok((await tdxCodes({ pck: { notAfterMs: fakeNowMs - 1_000 } })).includes('CERTIFICATE_EXPIRED'))
  t.ok((await tdxCodes({ pck: { notBeforeMs: fakeNowMs + 1_000 } })).includes('CERTIFICATE_NOT_YET_VALID'))
  const unknown = extension('1.2.3.4', new Uint8Array(), true)
  t.ok((await tdxCodes({ platformCa: { extensions: [unknown] } })).includes('CERTIFICATE_INVALID'))
})

t.test('TDX: bad revocation lists are refusals, and so is what they revoke', async (t) => {
  const forger = await makeKey('p256')
  for (const list of ['rootCrl', 'pckCrl'] as const) {
    t.strictSame(await tdxCodes({ [list]: { signedBy: forger } }), ['CRL_INVALID'], `${list} wrongly signed`)
    t.strictSame(await tdxCodes({ [list]: { issuer: { name: 'Else', key: forger } } }), ['CRL_INVALID'])
    t.strictSame(await tdxCodes({ [list]: { nextUpdateMs: fakeNowMs - 1_000 } }), ['CRL_EXPIRED'])
    t.strictSame(await tdxCodes({ [list]: { thisUpdateMs: fakeNowMs + 1_000 } }), ['CRL_NOT_YET_VALID'])
    const partial = extension('2.5.29.27', new Uint8Array([2, 1, 0]), true)
    t.strictSame(await tdxCodes({ [list]: { extensions: [partial] } }), ['CRL_INVALID'], 'a delta list')
    t.strictSame(await tdxCodes({ [list]: { revoked: [77, 78] } }), [], 'others are revoked')
  }
  t.strictSame(await tdxCodes({ pckCrl: { revoked: [77, 3] } }), ['CERTIFICATE_REVOKED'], 'the platform')
  t.strictSame(await tdxCodes({ rootCrl: { revoked: [2] } }), ['CERTIFICATE_REVOKED'], 'its authority')
  t.strictSame(await tdxCodes({ rootCrl: { revoked: [1] } }), ['CERTIFICATE_REVOKED'], 'the root')
  t.strictSame(
    await tdxCodes({ rootCrl: { revoked: [4] } }),
    ['CERTIFICATE_REVOKED', 'CERTIFICATE_REVOKED'],
    'the signer of both documents',
  )
})

async function statusOf(changes: FakeTdxChanges): Promise<unknown> {
  const { roots, evidence } = await makeFakeTdx(changes)
  const { tcbStatus, advisoryIds, steps } = await verifyTdx(evidence, { atMs, roots })
  return [tcbStatus, advisoryIds.join(), refusals(steps).join()]
}

/** Levels of a TD on the first module that has a version. */
function onModule(svn: string): string {
  return `${svn}0101${'00'.repeat(13)}`
}

t.test('TDX: the walk of TCB levels', async (t) => {
  t.strictSame(await statusOf({ component: 9, pceSvn: 12 }), ['UpToDate', '', ''])
  const hardening = ['SWHardeningNeeded', 'INTEL-SA-2', 'TCB_STATUS_NOT_ACCEPTED,ADVISORY_NOT_ALLOWED']
  t.strictSame(await statusOf({ component: 4 }), hardening)
  t.strictSame(await statusOf({ component: 2 }), ['Revoked', '', 'TCB_STATUS_NOT_ACCEPTED'])
  t.strictSame(await statusOf({ component: 1 }), [null, '', 'TCB_LEVEL_UNKNOWN'])
  t.strictSame(await statusOf({ pceSvn: 10 }), [null, '', 'TCB_LEVEL_UNKNOWN'])
  t.strictSame(await statusOf({ teeTcbSvn: `0601${'00'.repeat(14)}` }), [null, '', 'TCB_LEVEL_UNKNOWN'])
  t.strictSame(await statusOf({ teeTcbSvn: onModule('05') }), [
    'OutOfDate',
    'INTEL-SA-1',
    'TCB_STATUS_NOT_ACCEPTED,ADVISORY_NOT_ALLOWED',
  ])
  t.strictSame(await statusOf({ teeTcbSvn: onModule('01') }), [null, '', 'TCB_LEVEL_UNKNOWN'])
  t.strictSame(await statusOf({ teeTcbSvn: `0602${'01'}${'00'.repeat(13)}` }), [
    null,
    '',
    'TDX_MODULE_UNKNOWN',
  ])
  t.strictSame(
    await statusOf({ teeTcbSvn: `0000${'01'}${'00'.repeat(13)}` }),
    ['UpToDate', '', ''],
    'the first module',
  )
  t.strictSame(await statusOf({ qeIsvSvn: 3 }), ['OutOfDate', '', 'TCB_STATUS_NOT_ACCEPTED'])
  t.strictSame(await statusOf({ qeIsvSvn: 1 }), [null, '', 'TCB_LEVEL_UNKNOWN'])
  const needsConfiguration = { tcbInfo: { tcbLevels: [tcbLevel(5, 'ConfigurationNeeded')] } }
  t.strictSame(await statusOf(needsConfiguration), ['ConfigurationNeeded', '', 'TCB_STATUS_NOT_ACCEPTED'])
  t.strictSame(await statusOf({ ...needsConfiguration, qeIsvSvn: 3 }), [
    'OutOfDateConfigurationNeeded',
    '',
    'TCB_STATUS_NOT_ACCEPTED',
  ])

  const accepting = { tcbStatus: ['SWHardeningNeeded', 'Revoked'], allowedAdvisories: ['INTEL-SA-2'] }
  t.strictSame(await tdxCodes({ component: 4 }, accepting), [])
  t.strictSame(await tdxCodes({ component: 4 }, { ...accepting, allowedAdvisories: [] }), [
    'ADVISORY_NOT_ALLOWED',
  ])
  t.strictSame(
    await tdxCodes({ component: 2 }, accepting),
    ['TCB_STATUS_NOT_ACCEPTED'],
    'revoked is never accepted',
  )
  t.strictSame(await tdxCodes({}, { minTcbEvaluation: 18 }), [])
  t.strictSame(await tdxCodes({}, { minTcbEvaluation: 19 }), ['TCB_TOO_OLD'])
  t.strictSame(await tdxCodes({ qeIdentity: { tcbEvaluationDataNumber: 17 } }, { minTcbEvaluation: 18 }), [
    'TCB_TOO_OLD',
  ])
})

t.test('TDX: collateral of something else', async (t) => {
  t.strictSame(await tdxCodes({ tcbInfo: { fmspc: '00a06f000001' } }), ['TCB_INFO_MISMATCH'])
  t.strictSame(await tdxCodes({ tcbInfo: { pceId: '0001' } }), ['TCB_INFO_MISMATCH'])
  t.strictSame(await tdxCodes({ tcbInfo: { id: 'SGX' } }), ['TCB_INFO_MISMATCH'])
  for (const tcbInfo of [
    { version: 2 },
    { tcbType: 1 },
    { tcbLevels: [{}] },
    { id: 'X' },
    { nextUpdate: 'soon' },
    { tcbLevels: [tcbLevel(5, 'Fine')] },
  ]) {
    t.strictSame(await tdxCodes({ tcbInfo }), ['TCB_INFO_INVALID'], JSON.stringify(tcbInfo).slice(0, 60))
  }
  const module = { id: 'TDX_01', attributes: '0'.repeat(16), attributesMask: 'F'.repeat(16) }
  const level = { tcb: { isvsvn: 1 }, tcbDate: '2026-01-01T00:00:00Z', tcbStatus: 'UpToDate' }
  const modules = (changes: Record<string, unknown>): FakeTdxChanges => ({
    tcbInfo: {
      tdxModuleIdentities: [{ ...module, mrsigner: '0'.repeat(96), tcbLevels: [level], ...changes }],
    },
  })
  t.strictSame(await tdxCodes(modules({})), [])
  t.strictSame(
    await tdxCodes(modules({ mrsigner: '1'.repeat(96) })),
    ['TDX_MODULE_UNKNOWN'],
    'of another signer',
  )
  t.strictSame(await tdxCodes(modules({ attributes: '1'.repeat(16) })), ['TDX_MODULE_UNKNOWN'])
  t.strictSame(await tdxCodes(modules({ id: 'TDX_03' })), ['TDX_MODULE_UNKNOWN'])
  t.strictSame(await tdxCodes({ qeIdentity: { id: 'QE' } }), ['QE_IDENTITY_MISMATCH'])
  t.strictSame(await tdxCodes({ qeIdentity: { mrsigner: '00'.repeat(32) } }), ['QE_IDENTITY_MISMATCH'])
  t.strictSame(await tdxCodes({ qeIdentity: { isvprodid: 3 } }), ['QE_IDENTITY_MISMATCH'])
  t.strictSame(await tdxCodes({ qeIdentity: { attributes: `13${'00'.repeat(15)}` } }), [
    'QE_IDENTITY_MISMATCH',
  ])
  t.strictSame(await tdxCodes({ qeIdentity: { version: 1 } }), ['QE_IDENTITY_INVALID'])
  const old = new Date(fakeNowMs - dayMs / 2).toISOString().replace('.000Z', 'Z')
  t.strictSame(await tdxCodes({ tcbInfo: { nextUpdate: old } }), ['TCB_INFO_EXPIRED'])
  t.strictSame(await tdxCodes({ qeIdentity: { nextUpdate: old } }), ['QE_IDENTITY_EXPIRED'])
})

t.test('TDX: a TD that others can look into', async (t) => {
  t.strictSame(await tdxCodes({ tdAttributes: '0100001000000000' }), ['DEBUG_ENABLED'])
  t.strictSame(await tdxCodes({ tdAttributes: '8000001000000000' }), ['DEBUG_ENABLED'], 'the whole group')
  t.strictSame(await tdxCodes({ tdAttributes: '0000000000000000' }), ['SEPT_VE_ENABLED'])
  t.strictSame(await tdxCodes({ tdAttributes: '0000003000000000' }), ['MIGRATION_ENABLED'])
  t.strictSame(await tdxCodes({ tdAttributes: '0001001000000000' }), ['TD_ATTRIBUTES_RESERVED'])
  t.strictSame(await tdxCodes({ tdAttributes: '0000005000000000' }), [], 'protection keys harm nobody')
  t.strictSame(await tdxCodes({ version: 5, mrServiceTd: '01'.repeat(48) }), ['SERVICE_TD_BOUND'])
})

t.test('TDX: the workload', async (t) => {
  const judged = async (changes: FakeTdxChanges, pinned: readonly string[]): Promise<string> => {
    const { roots, evidence } = await makeFakeTdx(changes)
    return judgeWorkload(await verifyTdx(evidence, { atMs, roots }), new Set(pinned)).code
  }
  t.equal(await judged({}, ['mr_td', 'rtmr1', 'rtmr2']), 'OK')
  t.equal(await judged({}, ['mr_td']), 'WORKLOAD_UNBOUND', 'the firmware alone')
  t.equal(await judged({}, ['mr_td', 'rtmr1']), 'WORKLOAD_UNBOUND')
  const zero = '00'.repeat(48)
  const rtmr = [zero, 'b1'.repeat(48), zero, zero]
  t.equal(await judged({ rtmr }, ['mr_td', 'rtmr1', 'rtmr2']), 'WORKLOAD_UNBOUND', 'nothing was measured')
  const { roots, evidence } = await makeFakeTdx()
  t.equal(judgeUnpinnedWorkload(await verifyTdx(evidence, { atMs, roots })).code, 'WORKLOAD_UNBOUND')
})

async function snpCodes(
  changes: FakeSnpChanges,
  options: { requireCrl?: boolean } = {},
): Promise<readonly string[]> {
  const { roots, evidence } = await makeFakeSnp(changes)
  return refusals((await verifySevSnp(evidence, { atMs, roots, ...options })).steps)
}

t.test('faked SEV-SNP platforms of every product hold under their roots only', async (t) => {
  for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
    for (const signingKey of ['VCEK', 'VLEK'] as const) {
      const { roots, evidence } = await makeFakeSnp({ product, signingKey })
      const verified = await verifySevSnp(evidence, { atMs, roots, requireCrl: true })
      t.strictSame(refusals(verified.steps), [], `${product} ${signingKey}`)
      t.equal(verified.product, product)
      t.ok(verified.crlChecked)
      t.ok(
        refusals((await verifySevSnp(evidence, { atMs })).steps).includes('CHAIN_ROOT_UNKNOWN'),
        'not under AMD’s',
      )
      const { crl: _, ...bare } = evidence
      t.strictSame(refusals((await verifySevSnp(bare, { atMs, roots })).steps), [])
      t.strictSame(refusals((await verifySevSnp(bare, { atMs, roots, requireCrl: true })).steps), [
        'CRL_MISSING',
      ])
    }
  }
  const turin = await makeFakeSnp({ product: 'Turin' })
  const { tcb } = await verifySevSnp(turin.evidence, { atMs, roots: turin.roots })
  t.strictSame(tcb, { fmc: 1, bootloader: 2, tee: 3, snp: 4, microcode: 9 })
})

t.test('SEV-SNP: one thing wrong each', async (t) => {
  const forger = await makeKey('rsa')
  t.strictSame(await snpCodes({ policy: 0xb_0000 }), ['DEBUG_ENABLED'])
  t.strictSame(await snpCodes({ policy: 0x7_0000 }), ['MIGRATION_ENABLED'])
  t.strictSame(await snpCodes({ policy: 0x1_0000 }), ['SNP_REPORT_INVALID'])
  t.strictSame(await snpCodes({ vmpl: 4 }), ['SNP_REPORT_INVALID'])
  t.strictSame(await snpCodes({ signatureAlgorithm: 2 }), ['SNP_REPORT_INVALID'])
  t.strictSame(await snpCodes({ keyInfo: 7 << 2 }), ['SNP_REPORT_INVALID'], 'signed by no key')
  t.ok((await snpCodes({ keyInfo: 1 << 2 })).includes('CHAIN_INVALID'), 'a VCEK said to be a VLEK')
  t.strictSame(await snpCodes({ version: 1 }), ['SNP_REPORT_INVALID'])
  t.strictSame(await snpCodes({ version: 6 }), ['SNP_REPORT_INVALID'])
  t.strictSame(await snpCodes({ version: 2 }), [])
  t.strictSame(await snpCodes({ certifiedTcb: '0300000000000872' }), ['SNP_TCB_MISMATCH'])
  t.strictSame(await snpCodes({ reportedTcb: '0300010000000873' }), ['SNP_REPORT_INVALID'], 'reserved levels')
  t.strictSame(await snpCodes({ certifiedChip: 'c6'.repeat(64) }), ['SNP_CHIP_MISMATCH'])
  t.strictSame(await snpCodes({ certifiedChip: null }), ['SNP_CHIP_MISMATCH'])
  t.strictSame(await snpCodes({ chipId: '00'.repeat(64) }), ['SNP_CHIP_MISMATCH'], 'a masked chip id')
  const onTurin = { product: 'Turin', chipId: `0102030405060708${'00'.repeat(56)}` } as const
  t.strictSame(await snpCodes({ ...onTurin, certifiedChip: '0102030405060708' }), [])
  t.strictSame(await snpCodes({ ...onTurin, certifiedChip: '0102030405060709' }), ['SNP_CHIP_MISMATCH'])
  t.strictSame(await snpCodes({ ...onTurin, certifiedChip: onTurin.chipId }), ['SNP_CHIP_MISMATCH'])
  for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
    t.strictSame(await snpCodes({ product, chipAsOctets: true }), [], 'the chip as an octet string')
  }
  const other = 'c6'.repeat(64)
  t.strictSame(await snpCodes({ chipAsOctets: true, certifiedChip: other }), ['SNP_CHIP_MISMATCH'])
  t.strictSame(await snpCodes({ chipAsOctets: true, certifiedChip: 'c5'.repeat(63) }), ['SNP_CHIP_MISMATCH'])
  t.strictSame(await snpCodes({ certifiedChip: 'c5'.repeat(63) }), ['SNP_CHIP_MISMATCH'])
  for (const productName of ['Bergamo-A1', 'Siena', 'Genoa-B1'])
    t.strictSame(await snpCodes({ productName }), [])
  t.strictSame(await snpCodes({ productName: 'Venice' }), ['SNP_PRODUCT_UNKNOWN'])
  t.strictSame(await snpCodes({ productName: 'Milan' }), ['SNP_PRODUCT_MISMATCH'])
  for (const level of ['80', 'ff', '7f']) {
    t.strictSame(await snpCodes({ reportedTcb: `03000000000008${level}` }), [], `microcode level ${level}`)
  }
  t.strictSame(await snpCodes({ signingKey: 'VLEK', certifiedChip: 'c5'.repeat(64) }), ['SNP_CHIP_MISMATCH'])
  t.strictSame(await snpCodes({ ask: { ca: false, keyUsage: 0x06 } }), ['CHAIN_INVALID'])
  t.strictSame(await snpCodes({ ask: { ca: null, keyUsage: 0x06 } }), ['CHAIN_INVALID'])
  t.strictSame(await snpCodes({ ask: { signedBy: forger } }), ['CHAIN_SIGNATURE_INVALID'])
  t.strictSame(await snpCodes({ leaf: { signedBy: forger } }), ['CHAIN_SIGNATURE_INVALID'])
  t.strictSame(await snpCodes({ leaf: { ca: true } }), ['CHAIN_INVALID'])
  t.strictSame(await snpCodes({ leaf: { extensions: [] } }), ['CERTIFICATE_INVALID'])
  t.strictSame(await snpCodes({ leaf: { notAfterMs: fakeNowMs - 1_000 } }), ['CERTIFICATE_EXPIRED'])
  t.strictSame(await snpCodes({ crl: { revoked: [2] } }), ['CERTIFICATE_REVOKED'])
  t.strictSame(await snpCodes({ crl: { revoked: [9] } }), [])
  t.strictSame(await snpCodes({ crl: { signedBy: forger } }), ['CRL_INVALID'])
  t.strictSame(await snpCodes({ crl: { nextUpdateMs: fakeNowMs - 1_000 } }), ['CRL_EXPIRED'])
  t.strictSame(await snpCodes({ crl: { thisUpdateMs: fakeNowMs + 1_000 } }), ['CRL_NOT_YET_VALID'])
})

t.test('SEV-SNP: the workload', async (t) => {
  const { roots, evidence } = await makeFakeSnp()
  const verified = await verifySevSnp(evidence, { atMs, roots })
  t.equal(judgeWorkload(verified, new Set(['measurement'])).code, 'OK')
  t.equal(judgeWorkload(verified, new Set(['host_data'])).code, 'WORKLOAD_UNBOUND')
  t.equal(judgeUnpinnedWorkload(verified).code, 'WORKLOAD_UNBOUND')
})

async function nitroCodes(changes: FakeNitroChanges, roots?: Roots): Promise<readonly string[]> {
  const made = await makeFakeNitro(changes)
  return refusals((await verifyNitro(made.document, { atMs, roots: roots ?? made.roots })).steps)
}

t.test('a faked Nitro module holds under its root only', async (t) => {
  const { roots, document } = await makeFakeNitro()
  const verified = await verifyNitro(document, { atMs, roots })
  t.strictSame(refusals(verified.steps), [])
  t.equal(judgeUnpinnedWorkload(verified).code, 'OK')
  t.equal(judgeWorkload(verified, new Set(['pcr0', 'pcr1', 'pcr2'])).code, 'OK')
  t.equal(judgeWorkload(verified, new Set(['pcr0', 'pcr8'])).code, 'WORKLOAD_UNBOUND')
  t.strictSame(
    refusals((await verifyNitro(document, { atMs })).steps),
    ['CHAIN_ROOT_UNKNOWN'],
    'not under Amazon’s',
  )
  const other = await makeFakeNitro()
  t.strictSame(await nitroCodes({}, other.roots), ['CHAIN_SIGNATURE_INVALID'], 'a root of the same name')
})

function pcrs(...registers: readonly Uint8Array[]): FakeNitroChanges {
  return { pcrs: new Map(registers.entries()) }
}

t.test('Nitro: one thing wrong each', async (t) => {
  const zero = new Uint8Array(48)
  const some = new Uint8Array(48).fill(1)
  t.strictSame(await nitroCodes(pcrs(zero, zero, zero, some)), ['DEBUG_ENABLED'])
  t.strictSame(await nitroCodes(pcrs(some, some)), ['NITRO_DOCUMENT_INVALID'], 'a register is missing')
  t.strictSame(await nitroCodes({ registersName: 'nitrotpm_pcrs' }), ['NITROTPM_NOT_ENCLAVE'])
  t.strictSame(await nitroCodes({ registersName: 'other_pcrs' }), ['NITRO_DOCUMENT_INVALID'])
  for (const length of [31, 47, 49, 65]) {
    const register = new Uint8Array(length).fill(1)
    t.strictSame(await nitroCodes(pcrs(register, some, some)), ['NITRO_DOCUMENT_INVALID'], `${length} bytes`)
  }
  for (const length of [32, 64]) {
    t.strictSame(await nitroCodes(pcrs(some, some, some, new Uint8Array(length))), [], `${length} bytes`)
  }
  t.strictSame(await nitroCodes({ nonce: null, userData: null }), [], 'members of nothing')
  t.strictSame(await nitroCodes({ pcrs: new Map([[32, some]]) }), ['NITRO_DOCUMENT_INVALID'])
  t.strictSame(await nitroCodes({ extra: new Map([['more', head(0, 1)]]) }), ['NITRO_DOCUMENT_INVALID'])
  t.strictSame(await nitroCodes({ extra: new Map([['nitrotpm_pcrs', head(5, 0)]]) }), [
    'NITRO_DOCUMENT_INVALID',
  ])
  t.strictSame(
    await nitroCodes({ extra: new Map([['digest', head(0, 1)]]) }),
    ['CBOR_INVALID'],
    'a key twice',
  )
  t.strictSame(await nitroCodes({ digest: 'SHA256' }), ['NITRO_DOCUMENT_INVALID'])
  t.strictSame(
    await nitroCodes({ protectedHeader: Uint8Array.of(0xa1, 0x01, 0x26) }),
    ['NITRO_DOCUMENT_INVALID'],
    'ES256',
  )
  t.strictSame(await nitroCodes({ unprotectedHeader: Uint8Array.of(0xa1, 0x04, 0x00) }), [
    'NITRO_DOCUMENT_INVALID',
  ])
  t.strictSame(await nitroCodes({ timestampMs: fakeNowMs + 600_000 }), ['NITRO_TIME_INVALID'])
  t.strictSame(await nitroCodes({ timestampMs: fakeNowMs - 86_400_000 }), ['NITRO_TIME_INVALID'])
  t.strictSame(await nitroCodes({ timestampMs: fakeNowMs + 60_000 }), [])
  const chain = ['CHAIN_INVALID']
  t.strictSame(await nitroCodes({ middle: { ca: false, keyUsage: 0x06 } }), chain)
  t.strictSame(await nitroCodes({ middle: { ca: null, keyUsage: 0x06 } }), chain)
  t.strictSame(await nitroCodes({ middle: { keyUsage: 0x80 } }), chain)
  t.strictSame(await nitroCodes({ leaf: { ca: true } }), chain)
  t.strictSame(await nitroCodes({ leaf: { signedBy: await makeKey('p384') } }), ['CHAIN_SIGNATURE_INVALID'])
  t.strictSame(await nitroCodes({ leaf: { notAfterMs: fakeNowMs - 1_000 } }), [
    'CERTIFICATE_EXPIRED',
    'NITRO_TIME_INVALID',
  ])
  t.not((await nitroCodes({ bundleRoot: new Uint8Array(100) })).length, 0)
})
