import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import t from 'tap'
import * as everything from '../../sdk/index.ts'
import * as verifying from '../../sdk/verify.ts'

const root = fileURLToPath(new URL('../../sdk/', import.meta.url))
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !/^(?:dist|node_modules|examples)\//.test(path),
)

t.test('nothing of Node and nothing of the daemon is used', async (t) => {
  t.ok(sources.length > 20)
  for (const path of sources) {
    const text = readFileSync(`${root}${path}`, 'utf8')
    const imports = [...text.matchAll(/(?<![\w'])(?:from\s+|import\s*\(\s*|import\s+)'([^'\n]+)'/g)].map(
      (match) => match[1]!,
    )
    for (const name of imports)
      t.match(name, /^(?:\.{1,2}\/[a-z0-9/-]+\.ts|libsodium-wrappers)$/, `${path} imports ${name}`)
    for (const name of imports) t.notMatch(name, /^\.\.\/(?:\.\.\/)?src/, path)
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'/g, '')
    t.notMatch(code, /\b(?:process|Buffer|require|__dirname|global)\b[.(]/, `${path} uses no global of Node`)
  }
})

t.test('the clock is read in one place, and passed in everywhere else', async (t) => {
  const readers = sources.filter((path) =>
    /Date\.now|new Date\(\)|performance\.now/.test(readFileSync(`${root}${path}`, 'utf8')),
  )
  t.same(readers, ['client.ts'])
})

async function bundled(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [`${root}${entry}`],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    splitting: true,
    outdir: 'none',
    logLevel: 'silent',
  })
  const start = Object.values(metafile.outputs).find((output) => output.entryPoint?.endsWith(entry) === true)!
  return Object.keys(start.inputs)
}

t.test('bundles for a browser; the library of boxes is loaded only when it is needed', async (t) => {
  t.notMatch((await bundled('index.ts')).join('\n'), /libsodium/, 'not in what a page loads first')
  const inputs = await bundled('verify.ts')
  t.notMatch(inputs.join('\n'), /libsodium|\bbox\.ts|client\.ts/, 'and not at all where only verified')
})

t.test('the names that others stand on', async (t) => {
  const names = [
    'InputError PerfAggError PolicyError VerificationError UnreachableError ServiceError',
    'canonicalize canonicalBytes parseJson parseJsonWithSlice',
    'readObject readString readInteger readNumber readBoolean readArray readEnum',
    'verifySignature sealBox openBox newBoxKeyPair wipeBoxMemory encodeCredentials parseCredentials',
    'parseStatement parseContract signedBytes enclaveSignedBytes statementDigest verifyStatement verifyContract verifyLink',
    'thumbprint newSigningKey importSigningKey parseQuote parseClaims appraise parsePolicy verifySimulated',
    'judgeHardware acceptanceOf judgeUnpinnedWorkload collateralOfDcap readPemCertificates readCbor',
    'parseMetricsView parseSummaryView parseReceipt verifyView PerfAggClient',
  ].flatMap((line) => line.split(' '))
  for (const name of names) t.type(Reflect.get(everything, name), 'function', name)
  for (const name of Object.keys(verifying))
    t.equal(Reflect.get(everything, name), Reflect.get(verifying, name), name)
})
