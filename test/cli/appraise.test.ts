import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { sandbox } from './script.ts'

/** The command over every genuine vector, at its time and outside it: status, exit code, what was measured. */

const reference = fileURLToPath(new URL('../../../shared/reference/attestation/', import.meta.url))
const bin = fileURLToPath(new URL('../../bin/perf-agg.js', import.meta.url))

interface Expected {
  readonly [vector: string]: any
}

function expectedOf(kind: string): Expected | null {
  try {
    return JSON.parse(readFileSync(`${reference}${kind}/expected.json`, 'utf8')) as Expected
  } catch {
    return null
  }
}

const skip = expectedOf('tdx') === null ? 'no reference data at ../shared/reference/attestation' : false
// Each call is a process of its own, on a machine that may be busy.
t.setTimeout(1_500_000)
const folder = t.testdir()
const env = sandbox(folder)

interface Outcome {
  readonly exitCode: number | null
  readonly status: string
  readonly codes: readonly string[]
  readonly measurements: Readonly<Record<string, string>>
  readonly reportData: string
  readonly stdout: string
  readonly stderr: string
}

function appraise(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, 'appraise', ...args, '--json'], { cwd: folder, env })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()))
    child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
    child.once('error', reject)
    child.once('close', (exitCode) => {
      const answer = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, any>)
      const steps = (answer['steps'] ?? []) as readonly { status: string; code: string }[]
      resolve({
        exitCode,
        stdout,
        stderr,
        status: answer['status'],
        codes: [...new Set(steps.filter(({ status }) => status !== 'affirming').map(({ code }) => code))],
        measurements: answer['measurements'] ?? {},
        reportData: answer['report_data'] ?? '',
      })
    })
  })
}

const file = (name: string): string => `${reference}${name}`

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(`${folder}/${name}`, content)
  return `${folder}/${name}`
}

/** Collateral of the platforms of 2026, put together as Intel's service hands it out. */
function collateral2026(fmspc: string): string {
  const text = (name: string): string => readFileSync(file(`tdx/attestation-rs.${name}`), 'utf8')
  const base64 = (name: string): string => readFileSync(file(`tdx/attestation-rs.${name}`)).toString('base64')
  const collateral = {
    tcb_info: text(`tcb_info_${fmspc}.json`),
    tcb_info_issuer_chain: text('tcb_signing_chain.pem'),
    qe_identity: text('td_qe_identity.json'),
    qe_identity_issuer_chain: text('qe_identity_signing_chain.pem'),
    root_ca_crl: base64('root_ca_crl.der'),
    pck_crl: base64('pck_crl_platform.der'),
  }
  return written(`collateral-${fmspc}.json`, JSON.stringify(collateral))
}

function tdx(name: string, collateral: string | null, at: string, tee = 'tdx'): readonly string[] {
  const beside = collateral === null ? [] : ['--collateral', collateral]
  return ['--tee', tee, '--evidence', file(`tdx/${name}`), ...beside, '--at', at]
}

const dcap = (name: string): string => file(`tdx/dcap-qvl.${name}_collateral.json`)

t.test('TDX', { skip }, async (t) => {
  const vectors: readonly (readonly [readonly string[], number, readonly string[]])[] = [
    [tdx('dcap-qvl.tdx_quote', dcap('tdx_quote'), '2025-06-19T10:32:27Z'), 0, []],
    [tdx('dcap-qvl.tdx_quote', dcap('tdx_quote'), '2025-07-19T10:00:35Z'), 0, []],
    [tdx('dcap-qvl.tdx_quote', dcap('tdx_quote'), '2025-06-19T10:32:26Z'), 1, ['QE_IDENTITY_NOT_YET_VALID']],
    [tdx('dcap-qvl.tdx_quote', dcap('tdx_quote'), '2025-07-19T10:00:36Z'), 1, ['CRL_EXPIRED']],
    [tdx('go-tdx-guest.quote_v5_sample.dat', collateral2026('90c06f000000'), '2026-03-20'), 0, []],
    [tdx('dcap-qvl.tdx_quote_outdated', dcap('tdx_quote_outdated'), '1771415931'), 3, ['TCB_LEVEL_UNKNOWN']],
    [
      tdx('attestation-rs.tdx_quote_4.dat', collateral2026('50806f000000'), '2026-03-20'),
      3,
      ['DEBUG_ENABLED'],
    ],
    [
      tdx('go-tdx-guest.tdx_prod_quote_SPR_E4.dat', collateral2026('50806f000000'), '2026-03-20'),
      // There are bytes behind this quote that nothing signs.
      1,
      ['QUOTE_INVALID', 'TCB_LEVEL_UNKNOWN', 'SEPT_VE_ENABLED'],
    ],
    [tdx('attestation-rs.tdx_quote_5.dat', null, '2026-03-20'), 3, ['COLLATERAL_MISSING']],
    [tdx('dcap-qvl.tdx-quote.hex', null, '2025-06-19'), 3, ['COLLATERAL_MISSING']],
  ]
  for (const [args, exitCode, codes] of vectors) {
    const outcome = await appraise(...args)
    const name = `${args[3]!.split('/').at(-1)} at ${args.at(-1)}`
    t.equal(outcome.exitCode, exitCode, name)
    t.equal(outcome.status, exitCode === 0 ? 'affirming' : 'contraindicated', name)
    t.strictSame(
      outcome.codes.filter((code) => codes.includes(code)),
      codes,
      name,
    )
    if (exitCode === 0) t.strictSame(outcome.codes, [], name)
  }
  const [name, want] = Object.entries(expectedOf('tdx')!)[0]!
  const { measurements, reportData } = await appraise(
    ...tdx(name.split(' + ')[0]!, dcap('tdx_quote'), String(want.verify_at_unix)),
  )
  for (const each of ['mr_td', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3', 'td_attributes']) {
    t.equal(measurements[each], want[each], each)
  }
  t.equal(reportData, want.report_data)
  const sgx = await appraise(...tdx('dcap-qvl.sgx_quote', dcap('sgx_quote'), '1750334171'))
  t.equal(sgx.exitCode, 1)
  t.ok(sgx.codes.includes('QUOTE_INVALID'), 'an enclave of SGX is no TD')
})

t.test('dstack', { skip }, async (t) => {
  const report = await appraise(
    ...tdx('dstack-verifier.quote-report.json', collateral2026('90c06f000000'), '2026-03-20', 'dstack-tdx'),
  )
  t.ok(report.codes.includes('WORKLOAD_UNBOUND'), 'an image that carries no measurements')
  t.match(report.measurements['compose_hash'], /^[0-9a-f]{64}$/)
  t.match(report.reportData, /^1234(00)*$/)
  const lite = await appraise(
    ...tdx('dstack-verifier.tdx-lite-getquote.json', null, '2026-06-01', 'dstack-tdx'),
  )
  t.strictSame([lite.exitCode, lite.codes], [3, ['COLLATERAL_MISSING']], 'log, application and image hold')
  t.equal(
    lite.measurements['os_image_hash'],
    'e6f5cfec20c02e7b97baa213d0f718020b55e040172d90ccbcb946d56c8b09db',
  )
  const container = await appraise(
    ...tdx('dstack-verifier.tdx-lite-attestation.json', null, '2026-06-01', 'dstack-tdx'),
  )
  t.strictSame(
    [container.exitCode, container.codes],
    [3, ['COLLATERAL_MISSING']],
    'the same in one container',
  )
  t.strictSame(container.measurements, lite.measurements)
  t.equal(container.reportData, lite.reportData)
  const { attestation } = JSON.parse(
    readFileSync(file('tdx/dstack-verifier.tdx-lite-attestation.json'), 'utf8'),
  ) as { attestation: string }
  const bytes = Buffer.from(attestation, 'hex')
  // behind the quote: the list of events (but the digests of the ACPI tables, which lead nowhere), the guest's once
  // more, the report data
  for (const at of [0, 1, 2, 5_010, 5_300, 5_500, 5_800, 5_900, 6_100, 6_200, 6_255, 6_261, bytes.length]) {
    const changed = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.of((bytes[at] ?? 0) ^ 1),
      bytes.subarray(at + 1),
    ])
    const path = written('container.json', JSON.stringify({ attestation: changed.toString('hex') }))
    const outcome = await appraise('--tee', 'dstack-tdx', '--evidence', path, '--at', '2026-06-01')
    t.equal(outcome.exitCode, 1, `byte ${at}: ${outcome.codes.join()}`)
  }
  const whole = JSON.parse(readFileSync(file('tdx/dstack-verifier.tdx-lite-getquote.json'), 'utf8'))
  for (const [what, content] of [
    ['no JSON', 'quote'],
    ['no quote', '{}'],
    [
      'an altered log',
      JSON.stringify({ ...whole, event_log: whole.event_log.replace('"imr":3', '"imr":2') }),
    ],
  ] as const) {
    const path = written('altered.json', content)
    const { exitCode, status } = await appraise(
      '--tee',
      'dstack-tdx',
      '--evidence',
      path,
      '--at',
      '2026-06-01',
    )
    t.strictSame([exitCode, status], [1, 'contraindicated'], what)
  }
})

function snp(report: string, leaf: string, chain: readonly string[] | null, at: string): readonly string[] {
  const beside =
    chain === null
      ? []
      : [
          '--chain',
          written(
            `${chain.join('+')}.der`,
            Buffer.concat(chain.map((name) => readFileSync(file(`snp/${name}`)))),
          ),
        ]
  const certificate = ['--vcek', file(`snp/${leaf}`), ...beside]
  return ['--tee', 'sev-snp', '--evidence', file(`snp/${report}`), ...certificate, '--at', at]
}

t.test('SEV-SNP', { skip }, async (t) => {
  const expected = expectedOf('snp')!
  const vlek = ['attestation-rs.test-vlek-report.bin', 'attestation-rs.test-vlek.der'] as const
  const genoa = ['attestation-rs.live-report-v5-genoa.bin', 'attestation-rs.live-vcek-genoa.der'] as const
  const milan = ['virtee-sev.report_milan.hex', 'virtee-sev.vcek_milan.der'] as const
  const debug = ['go-sev-guest.attestation.bin', 'go-sev-guest.vcek.testcer'] as const
  const genoaChain = ['amd-root.genoa.ask.der', 'amd-root.genoa.ark.der']
  const vectors: readonly (readonly [readonly string[], number, readonly string[]])[] = [
    [snp(...milan, ['virtee-sev.cert_chain_milan'], '2026-11-23'), 0, []],
    [snp(...milan, null, '2026-11-23'), 0, []],
    [snp(...milan, null, '2023-04-03'), 1, ['CERTIFICATE_NOT_YET_VALID']],
    [snp(...milan, null, '2030-04-04'), 1, ['CERTIFICATE_EXPIRED']],
    [snp(...genoa, genoaChain, '2026-11-23'), 0, []],
    [snp(...genoa, ['amd-root.milan.ask.der', 'amd-root.milan.ark.der'], '2026-11-23'), 1, []],
    [snp(...vlek, ['amd-root.milan.asvk.der', 'amd-root.milan.ark.der'], '2025-06-01'), 0, []],
    [snp(...vlek, ['amd-root.milan.asvk.der'], '2025-06-01'), 0, []],
    [snp(...vlek, ['amd-root.milan.asvk.der'], '2026-06-01'), 1, ['CERTIFICATE_EXPIRED']],
    [snp(...debug, ['go-sev-guest.milan.testcer'], '2024-01-01'), 3, ['DEBUG_ENABLED']],
    [snp(milan[0], genoa[1], null, '2026-11-23'), 1, []],
    [snp(milan[0], 'attestation-rs.test-vcek-invalid-legacy.der', null, '2026-11-23'), 1, []],
    [snp(milan[0], 'attestation-rs.test-vcek-invalid-new.der', null, '2026-11-23'), 1, []],
  ]
  for (const [args, exitCode, codes] of vectors) {
    const outcome = await appraise(...args)
    const name = `${args[3]!.split('/').at(-1)} with ${args[5]!.split('/').at(-1)} at ${args.at(-1)}`
    t.equal(outcome.exitCode, exitCode, name)
    t.equal(outcome.status, exitCode === 0 ? 'affirming' : 'contraindicated', name)
    if (codes.length > 0 || exitCode === 0) t.strictSame(outcome.codes, codes, name)
    const want = Object.entries(expected).find(([key]) => key.startsWith(args[3]!.split('/').at(-1)!))?.[1]
    t.equal(outcome.measurements['measurement'], want.measurement, name)
    t.equal(outcome.reportData, want.report_data, name)
  }
  const bare = await appraise('--tee', 'sev-snp', '--evidence', file(`snp/${milan[0]}`))
  t.strictSame([bare.exitCode, bare.codes], [1, ['ENDORSEMENT_MISSING']])
})

t.test('Nitro', { skip }, async (t) => {
  const expected = expectedOf('nitro')!
  const refused: Readonly<Record<string, string>> = {
    'evervault.debug-mode-attestation-doc-bytes': 'DEBUG_ENABLED',
    'derived.evervault-ga.cose.bin': 'DEBUG_ENABLED',
    'fastcrypto.nitro.1.hex': 'DEBUG_ENABLED',
    'derived.vaportpm-nitrotpm.cose.bin': 'NITROTPM_NOT_ENCLAVE',
  }
  for (const [name, want] of Object.entries(expected)) {
    const args = ['--tee', 'nitro', '--evidence', file(`nitro/${name}`), '--at']
    const outcome = await appraise(...args, String(want.timestamp_ms))
    const code = refused[name]
    t.equal(outcome.exitCode, code === undefined ? 0 : 3, name)
    t.strictSame(outcome.codes, code === undefined ? [] : [code], name)
    t.equal(outcome.reportData, want.user_data ?? '', name)
    if (code === undefined) {
      for (const index of ['0', '1', '2'])
        t.equal(outcome.measurements[`pcr${index}`], want.nonzero_pcrs[index])
    }
    const late = await appraise(...args, String(want.timestamp_ms + 4 * 3_600_000))
    t.strictSame(
      [late.exitCode, late.codes.includes('CERTIFICATE_EXPIRED')],
      [1, true],
      `${name}, hours later`,
    )
  }
})

t.test('the same bytes in any form; one changed byte in none', { skip }, async (t) => {
  const document = readFileSync(file('nitro/evervault.valid-attestation-doc-bytes'))
  const at = ['--at', '1665651482136']
  const hex = document.toString('hex')
  const forms: Readonly<Record<string, string | Uint8Array>> = {
    binary: document,
    hex: `${hex}\n`,
    'upper-case hex in lines': hex.toUpperCase().replaceAll(/(.{64})/g, '$1\r\n'),
    'hex with 0x': `0x${hex}`,
    base64: document.toString('base64'),
    'base64 in lines': `${document.toString('base64').replaceAll(/(.{76})/g, '$1\n')}\n`,
    base64url: document.toString('base64url'),
  }
  for (const [name, content] of Object.entries(forms)) {
    const { exitCode } = await appraise('--tee', 'nitro', '--evidence', written('form', content), ...at)
    t.equal(exitCode, 0, name)
  }
  const altered = Buffer.from(document)
  altered[600]! ^= 1
  for (const content of [
    altered,
    altered.toString('hex'),
    hex.slice(0, -2),
    hex.slice(0, -1),
    'nothing',
    '',
  ]) {
    const { exitCode, status } = await appraise(
      '--tee',
      'nitro',
      '--evidence',
      written('form', content),
      ...at,
    )
    t.strictSame([exitCode, status], [1, 'contraindicated'])
  }
})

t.test('a policy decides over what holds', { skip }, async (t) => {
  const document = file('nitro/evervault.valid-attestation-doc-bytes')
  const pcrs = expectedOf('nitro')!['evervault.valid-attestation-doc-bytes'].nonzero_pcrs
  const policy = (...accept: readonly unknown[]): string =>
    written('policy.json', JSON.stringify({ version: 1, accept }))
  const nitro = { tee: 'nitro', pcrs: { 0: [pcrs[0]], 1: [pcrs[1]], 2: [pcrs[2]] } }
  const under = (path: string): Promise<Outcome> =>
    appraise('--tee', 'nitro', '--evidence', document, '--at', '1665651482136', '--policy', path)
  t.strictSame((await under(policy(nitro))).exitCode, 0)
  const other = await under(policy({ ...nitro, pcrs: { ...nitro.pcrs, 2: ['00'.repeat(48)] } }))
  t.strictSame([other.exitCode, other.codes], [3, ['MEASUREMENT_NOT_ACCEPTED']])
  const foreign = await under(policy({ tee: 'tdx', mr_td: ['00'] }))
  t.strictSame([foreign.exitCode, foreign.codes], [3, ['POLICY_TEE_NOT_ACCEPTED']])
  const genoa = snp(
    'attestation-rs.live-report-v5-genoa.bin',
    'attestation-rs.live-vcek-genoa.der',
    null,
    '2026-11-23',
  )
  const { measurement } =
    expectedOf('snp')!['attestation-rs.live-report-v5-genoa.bin + attestation-rs.live-vcek-genoa.der']
  const accepted = { tee: 'sev-snp', measurement: [measurement], products: ['Genoa'] }
  t.equal((await appraise(...genoa, '--policy', policy(accepted))).exitCode, 0)
  const strict = written('strict.json', JSON.stringify({ version: 1, accept: [accepted], require_crl: true }))
  t.strictSame((await appraise(...genoa, '--policy', strict)).codes, ['CRL_MISSING'])
  const quote = tdx('dcap-qvl.tdx_quote', dcap('tdx_quote'), '2025-06-19T10:32:27Z')
  const td = { tee: 'tdx', mr_td: [expectedOf('tdx')![Object.keys(expectedOf('tdx')!)[0]!].mr_td] }
  const unbound = await appraise(...quote, '--policy', policy(td))
  t.strictSame(
    [unbound.exitCode, unbound.codes],
    [3, ['WORKLOAD_UNBOUND']],
    'the machine alone is not the program',
  )
})

t.test('collateral in other forms, and none that is any good', { skip }, async (t) => {
  const whole = JSON.parse(readFileSync(dcap('tdx_quote'), 'utf8')) as Record<string, string>
  const at = '2025-06-19T10:32:27Z'
  const judged = (content: string): Promise<Outcome> =>
    appraise(...tdx('dcap-qvl.tdx_quote', written('collateral.json', content), at))
  const { tcb_info: info, tcb_info_signature: signature, ...rest } = whole
  const answered = { ...rest, tcb_info: `{"tcbInfo":${info},"signature":"${signature}"}` }
  t.equal((await judged(JSON.stringify(answered))).exitCode, 0, 'as Intel’s service answers')
  const asObject = JSON.stringify({ ...rest, tcb_info: '@', tcb_info_signature: signature }).replace(
    '"@"',
    info!,
  )
  t.equal((await judged(asObject)).exitCode, 0, 'as an object')
  const encoded = { ...whole, tcb_info_issuer_chain: encodeURIComponent(whole['tcb_info_issuer_chain']!) }
  t.equal((await judged(JSON.stringify(encoded))).exitCode, 0, 'as it stands in a header')
  for (const change of [
    { root_ca_crl: '' },
    { pck_crl: 'garbage' },
    { tcb_info_signature: '00'.repeat(64) },
    { tcb_info_signature: '"}' },
    { qe_identity: '' },
    { qe_identity_issuer_chain: 7 },
    { tcb_info: info!.replace('UpToDate', 'OutOfDate') },
  ]) {
    const { exitCode } = await judged(JSON.stringify({ ...whole, ...change }))
    t.equal(exitCode, 1, Object.keys(change).join())
  }
  t.strictSame((await judged('[]')).codes, ['COLLATERAL_INVALID'])
  t.strictSame((await judged('{')).codes, ['COLLATERAL_INVALID'])
})

t.test('a call that is wrong', async (t) => {
  const evidence = written('evidence', 'aabb')
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--tee', 'nitro'], /--evidence/],
    [['--evidence', evidence], /--tee/],
    [['--tee', 'simulated', '--evidence', evidence], /--tee must be one of/],
    [['--tee', 'nitro', '--evidence', `${folder}/missing`], /FILE_UNREADABLE/],
    [['--tee', 'nitro', '--evidence', evidence, '--at', 'yesterday'], /TIME_INVALID/],
    [['--tee', 'nitro', '--evidence', evidence, '--at', '2026-02-30'], /TIME_INVALID/],
    [['--tee', 'nitro', '--evidence', evidence, '--collateral', evidence], /says nothing about/],
    [['--tee', 'tdx', '--evidence', evidence, '--vcek', evidence], /says nothing about/],
    [['--tee', 'nitro', '--evidence', evidence, '--policy', evidence], /evidence/],
  ]
  for (const [args, words] of wrong) {
    const { exitCode, stderr, stdout } = await appraise(...args)
    t.equal(exitCode, 2, args.join(' '))
    t.match(stderr, words)
    t.equal(stdout, '')
  }
})
