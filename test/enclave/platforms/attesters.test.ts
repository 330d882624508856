import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { concat, fromBase64url, fromHex, utf8 } from '../../../sdk/bytes.ts'
import { readCertificateTable } from '../../../src/enclave/attesters/certificate-table.ts'
import { openConfigfsTsm } from '../../../src/enclave/attesters/configfs-tsm.ts'
import { openDstack } from '../../../src/enclave/attesters/dstack.ts'
import { amdFiles, openEndorsementFolder } from '../../../src/enclave/attesters/endorsement-folder.ts'
import { nitroAttester } from '../../../src/enclave/attesters/nitro.ts'
import { openNsmDevice } from '../../../src/enclave/attesters/nsm-device.ts'
import { attestationDocument, attestationRequest } from '../../../src/enclave/attesters/nsm-message.ts'
import { systemTsmFiles } from '../../../src/enclave/attesters/tsm-files.ts'
import { makeTsmReport, tsmProvider, tsmRoot } from '../../../src/enclave/attesters/tsm-report.ts'
import { findAttester } from '../../../src/enclave/detection.ts'
import { limits } from '../../../src/limits.ts'
import { head } from '../../vectors/attestation/fake-nitro.ts'
import { fakeKernel, type FakeKernelOptions, systemError } from './fake-kernel.ts'
import { certificateTable, fakeDstackMachine, nsmAnswer } from './fake-machine.ts'

/** Each provider against a platform that is busy, broken or hostile. */

const reportData = new Uint8Array(64).fill(7)
const good: FakeKernelOptions['report'] = async (inblob) => ({ outblob: concat(utf8('report of '), inblob) })
const failing = { code: 'ATTESTATION_FAILED', action: 'retry' }

t.test('a platform that is busy is asked again, and its folders are removed', async (t) => {
  const folder = t.testdir()
  for (const trouble of ['EBUSY', 'EINTR', 'ETIMEDOUT', 'empty'] as const) {
    let asked = 0
    const { files, seen } = fakeKernel({
      folder,
      provider: 'tdx_guest',
      report: async (inblob) => {
        asked += 1
        if (asked > 2) return good(inblob)
        if (trouble === 'empty') return { outblob: new Uint8Array() }
        throw systemError(trouble)
      },
    })
    const { outblob, provider, auxblob } = await makeTsmReport(reportData, { files, pauseMs: 1 })
    t.strictSame(outblob, concat(utf8('report of '), reportData), trouble)
    t.equal(provider, 'tdx_guest')
    t.equal(auxblob.length, 0)
    t.strictSame([asked, seen.made, seen.open], [3, 3, 0], 'a folder for each try, all removed')
  }
  t.strictSame(readdirSync(folder), [])
})

t.test('it gives up in the end, and at once where trying again helps nobody', async (t) => {
  const folder = t.testdir()
  const tried = async (code: string | null): Promise<number> => {
    const { files, seen } = fakeKernel({
      folder,
      provider: 'tdx_guest',
      report: async () => {
        if (code === null) return { outblob: new Uint8Array() }
        throw systemError(code)
      },
    })
    await t.rejects(makeTsmReport(reportData, { files, pauseMs: 1 }), failing, code ?? 'empty')
    t.equal(seen.open, 0)
    return seen.made
  }
  t.equal(await tried('EBUSY'), limits.attestation.triesMax)
  t.equal(await tried(null), limits.attestation.triesMax)
  t.equal(await tried('EACCES'), 1)
  t.equal(await tried('EINVAL'), 1)
  await t.rejects(makeTsmReport(reportData, { files: systemTsmFiles, root: `${folder}/missing` }), {
    ...failing,
    hint: /configfs/,
  })
})

t.test('a report that somebody else may have written is not taken', async (t) => {
  let meddled = 0
  const { files } = fakeKernel({
    folder: t.testdir(),
    provider: 'tdx_guest',
    report: good,
    meddle: async (at, kernel) => {
      meddled += 1
      if (meddled === 1) await kernel.write(`${at}/inblob`, new Uint8Array(64).fill(9))
    },
  })
  const { outblob } = await makeTsmReport(reportData, { files, pauseMs: 1 })
  t.equal(meddled, 2)
  t.strictSame(outblob, concat(utf8('report of '), reportData))
})

t.test('below a paravisor the level it leaves is asked for', async (t) => {
  const { files, seen } = fakeKernel({
    folder: t.testdir(),
    provider: 'sev_guest',
    report: good,
    privlevelFloor: '2',
  })
  await makeTsmReport(reportData, { files })
  t.equal(seen.privlevel, '2')
})

t.test('one report at a time, of what was asked, by the hardware that was wished', async (t) => {
  const folder = t.testdir()
  const kernel = fakeKernel({ folder, provider: 'tdx_guest', report: good })
  const options = { files: kernel.files, endorsementFolder: null }
  const attester = await openConfigfsTsm('tdx', options)
  const asked = Array.from({ length: 5 }, (_, index) => new Uint8Array(64).fill(index))
  const made = await Promise.all(asked.map((each) => attester.attest(each)))
  t.strictSame(
    made.map(({ evidence }) => fromBase64url(evidence.value).at(-1)),
    [0, 1, 2, 3, 4],
  )
  t.equal(kernel.seen.openMost, 1)
  await t.rejects(openConfigfsTsm('sev-snp', options), { code: 'TEE_NOT_FOUND' })

  const liar = fakeKernel({
    folder,
    provider: 'tdx_guest',
    report: async () => ({ outblob: new Uint8Array(700) }),
  })
  const lied = await openConfigfsTsm('tdx', { files: liar.files, endorsementFolder: null })
  await t.rejects(lied.attest(reportData), failing)
  const busy = fakeKernel({ folder, provider: 'tdx_guest', report: good })
  let failed = false
  const once = {
    ...busy.files,
    read: async (path: string, bytesMax: number) => {
      if (!failed && path.endsWith('outblob')) {
        failed = true
        throw systemError('EINVAL')
      }
      return busy.files.read(path, bytesMax)
    },
  }
  const recovering = await openConfigfsTsm('tdx', { files: once, endorsementFolder: null })
  await t.rejects(recovering.attest(reportData), failing)
  t.ok(await recovering.attest(reportData), 'who fails does not stop who comes next')
})

t.test('an interface with nothing behind it is no hardware', async (t) => {
  const files = {
    ...systemTsmFiles,
    makeFolder: async () => {
      throw systemError('ENXIO')
    },
  }
  t.equal(await tsmProvider({ files }), null)
  const machine = { exists: (path: string) => path === tsmRoot, tsmFiles: files }
  await t.rejects(findAttester({ tee: 'auto', insecureSimulated: false }, machine), { code: 'TEE_NOT_FOUND' })
  const old = { exists: (path: string) => path === '/dev/tdx_guest' }
  await t.rejects(findAttester({ tee: 'auto', insecureSimulated: false }, old), {
    code: 'TEE_NOT_FOUND',
    hint: /Linux 6\.7/,
  })
})

t.test('files are read to their end, whatever their size says, and up to a bound', async (t) => {
  const folder = t.testdir({ blob: 'x'.repeat(40_000) })
  t.equal((await systemTsmFiles.read(`${folder}/blob`, 40_000)).length, 40_000)
  await t.rejects(systemTsmFiles.read(`${folder}/blob`, 39_999), { code: 'EFBIG' })
  t.ok((await systemTsmFiles.read('/proc/self/status', 1_000_000)).length > 100, 'one that says it has none')
  await t.rejects(systemTsmFiles.write(`${folder}/new`, reportData), { code: 'ENOENT' }, 'nothing is made')
})

t.test("a host's certificate table", async (t) => {
  const whole = certificateTable([
    ['other', utf8('other')],
    ['vlek', utf8('vlek')],
    ['crl', utf8('crl')],
  ])
  t.strictSame(
    [...readCertificateTable(whole)],
    [
      ['vlek', utf8('vlek')],
      ['crl', utf8('crl')],
    ],
  )
  const windows = Uint8Array.from(whole)
  windows.set(fromHex('c24b07a85aa23e48'), 24)
  t.ok(readCertificateTable(windows).has('vlek'), 'fields of the GUID turned round')
  for (let length = 0; length < whole.length; length += 1) {
    const cut = readCertificateTable(whole.subarray(0, length))
    t.ok([...cut.values()].every((bytes) => bytes.length <= 4))
  }
  const outside = Uint8Array.from(whole)
  new DataView(outside.buffer).setUint32(24 + 20, 0xffff_ffff, true)
  t.notOk(readCertificateTable(outside).has('vlek'), 'what does not fit is left out')
  t.equal(readCertificateTable(new Uint8Array(4_096)).size, 0)
})

t.test('endorsements of a folder are read again where they change', async (t) => {
  const folder = t.testdir({ 'vcek.der': 'one', 'other.txt': 'x', 'crl.der': '' })
  const endorsements = openEndorsementFolder(folder, amdFiles)
  t.strictSame(endorsements.read(), { leaf: 'b25l' })
  writeFileSync(`${folder}/vcek.der`, 'two')
  utimesSync(`${folder}/vcek.der`, 1, 1)
  t.strictSame(endorsements.read(), { leaf: 'dHdv' })
  writeFileSync(`${folder}/crl.der`, 'x'.repeat(limits.attestation.endorsementBytesMax + 1))
  t.strictSame(endorsements.read(), { leaf: 'dHdv' }, 'nothing endless')
  t.strictSame(openEndorsementFolder(null, amdFiles).read(), {})
  t.strictSame(openEndorsementFolder(`${folder}/missing`, amdFiles).read(), {})
})

t.test('a dstack agent that fails or answers something else', async (t) => {
  const answers: readonly (readonly [string, (good: object) => { status: number; body: string }])[] = [
    ['status', () => ({ status: 500, body: '{}' })],
    ['no JSON', () => ({ status: 200, body: 'quote' })],
    ['a list', () => ({ status: 200, body: '[]' })],
    ['no quote', ({ ...rest }) => ({ status: 200, body: JSON.stringify({ ...rest, quote: undefined }) })],
    ['no hex', (rest) => ({ status: 200, body: JSON.stringify({ ...rest, quote: '0x00' }) })],
    [
      'another quote',
      (rest) => ({ status: 200, body: JSON.stringify({ ...rest, quote: '00'.repeat(800) }) }),
    ],
    ['no log', (rest) => ({ status: 200, body: JSON.stringify({ ...rest, event_log: '' }) })],
    ['a number', (rest) => ({ status: 200, body: JSON.stringify({ ...rest, vm_config: 7 }) })],
    ['endless', () => ({ status: 200, body: '0'.repeat(limits.attestation.dstackAnswerBytesMax + 1) })],
  ]
  for (const [what, answer] of answers) {
    const { socketPath, close } = await fakeDstackMachine(null, (path, rest) =>
      path === '/GetQuote' ? answer(rest) : null,
    )
    const attester = await openDstack({ socketPath, endorsementFolder: null })
    await t.rejects(attester.attest(reportData), failing, what)
    await close?.()
  }
  const old = await fakeDstackMachine(null, (path, { ...rest }) =>
    path === '/GetQuote' ? { status: 200, body: JSON.stringify({ ...rest, vm_config: undefined }) } : null,
  )
  const attester = await openDstack({ socketPath: old.socketPath, endorsementFolder: null })
  t.equal(
    (await attester.attest(reportData)).endorsements['vm_config'],
    'e30',
    'an agent that names no machine',
  )
  await old.close?.()
  await t.rejects(
    openDstack({ socketPath: old.socketPath, endorsementFolder: null }),
    failing,
    'nobody there',
  )
})

t.test('no address of a simulator is taken from the environment', async (t) => {
  const { socketPath, close } = await fakeDstackMachine(null)
  t.teardown(() => close?.())
  process.env['DSTACK_SIMULATOR_ENDPOINT'] = socketPath
  t.teardown(() => delete process.env['DSTACK_SIMULATOR_ENDPOINT'])
  for (const tee of ['auto', 'dstack-tdx'] as const) {
    await t.rejects(findAttester({ tee, insecureSimulated: false }, { exists: () => false }), {
      code: 'TEE_NOT_FOUND',
    })
  }
})

t.test('messages of the Nitro security module', async (t) => {
  const request = Buffer.from(attestationRequest(new Uint8Array(64)))
  const expected = [
    'a1',
    `6b${Buffer.from('Attestation').toString('hex')}`,
    'a3',
    `69${Buffer.from('user_data').toString('hex')}`,
    `5840${'00'.repeat(64)}`,
    `65${Buffer.from('nonce').toString('hex')}f6`,
    `6a${Buffer.from('public_key').toString('hex')}f6`,
  ]
  t.equal(request.toString('hex'), expected.join(''))
  t.strictSame(attestationDocument(nsmAnswer(utf8('document'))), utf8('document'))
  const text = (value: string): Uint8Array => concat(head(3, value.length), utf8(value))
  const refused: readonly (readonly [string, Uint8Array])[] = [
    ['an error', concat(head(5, 1), text('Error'), text('InvalidOperation'))],
    ['nothing', new Uint8Array()],
    ['a text', text('Attestation')],
    ['bytes behind it', concat(nsmAnswer(utf8('d')), Uint8Array.of(0))],
    ['another answer', concat(head(5, 1), text('GetRandom'), head(5, 1), text('random'), head(2, 0))],
    ['an empty document', nsmAnswer(new Uint8Array())],
    ['a document of text', concat(head(5, 1), text('Attestation'), head(5, 1), text('document'), text('d'))],
    ['two answers', concat(head(5, 2), nsmAnswer(utf8('d')).subarray(1), text('Lock'), text('Other'))],
  ]
  for (const [what, response] of refused) t.throws(() => attestationDocument(response), failing, what)
  t.throws(() => attestationDocument(refused[0]![1]), { message: /InvalidOperation/ })
  const liar = nitroAttester({ request: async () => nsmAnswer(new Uint8Array(700)), close: () => undefined })
  await t.rejects(liar.attest(reportData), failing, 'a document of something else')
})

t.test('without the optional library the module can not be asked, which is said', async (t) => {
  const missing = { code: 'NATIVE_LIBRARY_MISSING', hint: /--include=optional/ }
  await t.rejects(openNsmDevice('perf-agg-no-such-library'), missing)
  const machine = {
    exists: (path: string) => path === '/dev/nsm',
    openNsm: () => openNsmDevice('no-such-library'),
  }
  await t.rejects(findAttester({ tee: 'auto', insecureSimulated: false }, machine), missing)
})
