import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import t from 'tap'
import {
  evidenceTypes,
  type HardwareEvidence,
  newBoxKeyPair,
  openBox,
  toBase64,
  toBase64url,
} from '@perf-agg/sdk'
import { fromBase64, fromUtf8 } from '../../sdk/bytes.ts'
import { collateralOfDcap } from '../../sdk/evidence/tdx-collateral.ts'
import { referenceBytes, referenceJson, unlessThere } from '../vectors/attestation/reference.ts'
import { findChromium, runPage } from './chromium.ts'

/** The SDK in a browser: genuine evidence of three makers judged and a box sealed, and how large it all is. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const browser = findChromium()

interface Bundle {
  readonly scripts: Readonly<Record<string, string>>
  readonly entry: string
  /** Sources in what is loaded first. */
  readonly inputs: readonly string[]
  /** First what is loaded at once, then what is loaded once it is needed. */
  readonly sizes: readonly { readonly bytes: number; readonly gzipBytes: number }[]
}

async function bundle(entry: { readonly file: string } | { readonly code: string }): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...('file' in entry
      ? { entryPoints: [`${root}${entry.file}`] }
      : { stdin: { contents: entry.code, resolveDir: `${root}test`, sourcefile: 'entry.ts', loader: 'ts' } }),
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    splitting: true,
    outdir: `${root}out`,
    logLevel: 'silent',
  })
  const outputs = Object.entries(metafile.outputs)
  const first = outputs.find(([, { entryPoint }]) => entryPoint !== undefined)!
  const scripts = Object.fromEntries(
    outputFiles.map(({ path, text }) => [path.slice(`${root}out`.length), text]),
  )
  const atOnce = new Set([first[0]])
  for (const name of atOnce) {
    for (const { path, kind } of metafile.outputs[name]!.imports) {
      if (kind === 'import-statement') atOnce.add(path)
    }
  }
  const sizeOf = (names: readonly string[]): { bytes: number; gzipBytes: number } => {
    const texts = names.map((name) => Buffer.from(scripts[name.slice('out'.length)]!))
    return {
      bytes: texts.reduce((sum, text) => sum + text.length, 0),
      gzipBytes: texts.reduce((sum, text) => sum + gzipSync(text).length, 0),
    }
  }
  const names = outputs.map(([name]) => name)
  return {
    scripts,
    entry: first[0].slice('out'.length),
    inputs: [...atOnce].flatMap((name) => Object.keys(metafile.outputs[name]!.inputs)),
    sizes: [
      sizeOf(names.filter((name) => atOnce.has(name))),
      sizeOf(names.filter((name) => !atOnce.has(name))),
    ],
  }
}

function told({ bytes, gzipBytes }: { bytes: number; gzipBytes: number }): string {
  return `${(bytes / 1_000).toFixed(1)} kB (${(gzipBytes / 1_000).toFixed(1)} kB gzip)`
}

t.test('what a page loads', async (t) => {
  const bundles: readonly (readonly [string, string, number])[] = [
    ['sealing alone', "export { sealBox, encodeCredentials } from '@perf-agg/sdk'", 40_000],
    ['verifying evidence alone', "export { judgeHardware } from '@perf-agg/sdk/verify'", 110_000],
    ['verifying alone', "export * from '@perf-agg/sdk/verify'", 180_000],
    ['the client, with all it judges by', "export { PerfAggClient } from '@perf-agg/sdk'", 160_000],
  ]
  for (const [name, code, bytesMax] of bundles) {
    const { sizes, inputs } = await bundle({ code })
    const [first, later] = sizes
    t.comment(`${name}: ${told(first!)} at once, ${told(later!)} when a box is sealed`)
    t.ok(first!.bytes < bytesMax, `${name} is under ${bytesMax} bytes`)
    t.notMatch(inputs.join('\n'), /libsodium/, 'libsodium is not in what is loaded at once')
    if (name === 'sealing alone') t.notMatch(inputs.join('\n'), /evidence\//, 'nor is any verifier')
  }
})

const tdx = (): HardwareEvidence => {
  const collateral = collateralOfDcap(referenceJson('tdx/dcap-qvl.tdx_quote_collateral.json'))
  return {
    tee: 'tdx',
    evidence: { type: evidenceTypes.tdx, value: toBase64url(referenceBytes('tdx/dcap-qvl.tdx_quote')) },
    endorsements: {
      tcb_info: toBase64url(collateral.tcbInfo),
      tcb_info_issuer_chain: toBase64url(collateral.tcbInfoIssuerChain),
      qe_identity: toBase64url(collateral.qeIdentity),
      qe_identity_issuer_chain: toBase64url(collateral.qeIdentityIssuerChain),
      root_ca_crl: toBase64url(collateral.rootCaCrl),
      pck_crl: toBase64url(collateral.pckCrl),
      pck_crl_issuer_chain: toBase64url(collateral.pckCrlIssuerChain!),
    },
  }
}

const snp = (): HardwareEvidence => ({
  tee: 'sev-snp',
  evidence: {
    type: evidenceTypes['sev-snp'],
    value: toBase64url(referenceBytes('snp/attestation-rs.live-report-v5-genoa.bin')),
  },
  endorsements: { leaf: toBase64url(referenceBytes('snp/attestation-rs.live-vcek-genoa.der')) },
})

const nitro = (change?: (bytes: Uint8Array) => void): HardwareEvidence => {
  const bytes = referenceBytes('nitro/evervault.valid-attestation-doc-bytes')
  change?.(bytes)
  return {
    tee: 'nitro',
    evidence: { type: evidenceTypes.nitro, value: toBase64url(bytes) },
    endorsements: {},
  }
}

const skip = browser === null ? 'no Chromium on this machine' : unlessThere

t.test('evidence of three makers, and a box, in headless Chromium', { skip }, async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/chromium-`)
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
  const { scripts, entry } = await bundle({ file: 'test/browser/page.ts' })
  const box = await newBoxKeyPair()
  const nitroMs = 1_665_651_482_136
  const result = await runPage({
    browser: browser!,
    folder,
    scripts,
    entry,
    timeoutMs: 480_000,
    task: {
      boxKey: toBase64(box.publicKey),
      vectors: [
        { name: 'TDX', atMs: Date.UTC(2025, 5, 19, 10, 32, 27), evidence: tdx() },
        { name: 'SEV-SNP', atMs: Date.UTC(2026, 10, 23), evidence: snp() },
        { name: 'Nitro', atMs: nitroMs, evidence: nitro() },
        { name: 'Nitro, later', atMs: nitroMs + 86_400_000, evidence: nitro() },
        { name: 'Nitro, one bit flipped', atMs: nitroMs, evidence: nitro((bytes) => (bytes[700]! ^= 1)) },
        { name: 'TDX, out of date', atMs: Date.UTC(2026, 10, 23), evidence: tdx() },
      ],
    },
  })
  t.equal(result.failed, undefined)
  t.ok(result.secure, 'a secure context')
  const judged = result.judged as readonly { name: string; verdict: string; measurements: any; ms: number }[]
  t.strictSame(
    judged.map(({ name, verdict }) => [name, verdict]),
    [
      ['TDX', 'holds'],
      ['SEV-SNP', 'holds'],
      ['Nitro', 'holds'],
      ['Nitro, later', 'broken'],
      ['Nitro, one bit flipped', 'broken'],
      ['TDX, out of date', 'broken'],
    ],
  )
  const expected = [
    ['mr_td', Object.values(referenceJson('tdx/expected.json'))[0].mr_td],
    [
      'measurement',
      referenceJson('snp/expected.json')[
        'attestation-rs.live-report-v5-genoa.bin + attestation-rs.live-vcek-genoa.der'
      ].measurement,
    ],
    ['pcr0', referenceJson('nitro/expected.json')['evervault.valid-attestation-doc-bytes'].nonzero_pcrs['0']],
  ] as const
  for (const [index, [name, value]] of expected.entries()) {
    t.equal(judged[index]!.measurements[name], value, name)
  }
  const opened = await openBox(box.publicKey, box.secretKey, fromBase64(result.sealed))
  t.equal(opened === null ? null : fromUtf8(opened), 'sealed in a page')
  t.comment(`${result.agent}: ${judged.map(({ name, ms }) => `${name} ${ms} ms`).join(', ')}`)
})
