import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** What a user gets: both packages as npm packs them, installed into an empty folder, and used from there. */

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The registry's settings of whoever runs this, and nothing of the runner or of npm's own run. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(NODE_OPTIONS|TAP|npm_|INIT_CWD)/.test(name) ||
      /^npm_config_(cache|registry|cafile|proxy|https_proxy)$/i.test(name),
  ),
)
env['PATH'] = `${dirname(process.execPath)}:${env['PATH']}`

interface Packed {
  readonly filename: string
  readonly size: number
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

/** Without its scripts: what is there was just built. */
function pack(folder: string, ...args: readonly string[]): Packed {
  const flags = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...args]
  const out = JSON.parse(execFileSync('npm', flags, { cwd: root, env, encoding: 'utf8' })) as unknown
  const [packed] = Array.isArray(out) ? (out as Packed[]) : Object.values(out as Record<string, Packed>)
  return packed!
}

/** @returns how it was installed: by npm, or, where no registry answers, by hand */
function install(app: string, tarballs: readonly string[]): 'npm' | 'by hand' {
  const flags = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error', ...tarballs]
  const npm = spawnSync('npm', flags, { cwd: app, env, encoding: 'utf8', timeout: 120_000 })
  if (npm.status === 0) return 'npm'
  if (!/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENOTCACHED|network/i.test(npm.stderr) && npm.signal === null)
    throw new Error(npm.stderr)
  const modules = join(app, 'node_modules')
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === 'perf-agg' || name === '@perf-agg') continue
    mkdirSync(modules, { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const [index, name] of ['perf-agg', '@perf-agg/sdk'].entries()) {
    mkdirSync(join(modules, name), { recursive: true })
    execFileSync('tar', ['-xzf', tarballs[index]!, '-C', join(modules, name), '--strip-components=1'])
  }
  mkdirSync(join(modules, '.bin'), { recursive: true })
  symlinkSync('../perf-agg/bin/perf-agg.js', join(modules, '.bin', 'perf-agg'))
  return 'by hand'
}

function foreign({ files }: Packed, pattern: RegExp): string[] {
  return files.map(({ path }) => path).filter((path) => pattern.test(path))
}

t.test('both packages, packed, installed and used', { timeout: 900_000 }, async (t) => {
  // Far from the project: nothing must be found in its node_modules by accident.
  const folder = mkdtempSync(join(tmpdir(), 'perf-agg-pack-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const app = join(folder, 'app')
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{"name":"app","version":"1.0.0","type":"module"}')
  const command = pack(folder)
  const sdk = pack(folder, '--workspace', 'sdk')

  t.test('they hold what runs, and nothing else', async (t) => {
    t.strictSame(foreign(command, /\.map$|\.ts$|^(src|test|sdk)\//), [])
    t.strictSame(foreign(sdk, /\.map$|(?<!\.d)\.ts$|^(src|test)\//), [])
    const has = (packed: Packed, path: string) =>
      t.ok(
        packed.files.some((file) => file.path === path),
        path,
      )
    for (const path of [
      'bin/perf-agg.js',
      'bin/register-user.ps1',
      'dist/cli/main.js',
      'dist/collector/main.js',
      'dist/egress/main.js',
      'dist/listener/main.js',
    ]) {
      has(command, path)
    }
    for (const path of [
      'man/perf-agg.1',
      'man/perf-agg-protocol.7',
      'LICENSE',
      'README.md',
      'dist/collector/ccxt/LICENSE.txt',
      'dist/listener/ccxt/LICENSE.txt',
    ])
      has(command, path)
    for (const path of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/verify.js',
      'examples/secure-client.mjs',
      'LICENSE',
      'README.md',
    ])
      has(sdk, path)
    t.ok(command.size + sdk.size < 2_200_000, `${command.size + sdk.size} bytes together`)
  })

  const way = install(app, [join(folder, command.filename), join(folder, sdk.filename)])
  t.comment(`installed ${way}`)
  // the runner slips its NODE_OPTIONS into every child, whatever its environment
  const run = (file: string, ...args: readonly string[]) =>
    spawnSync('env', ['-u', 'NODE_OPTIONS', file, ...args], {
      cwd: app,
      env: { PATH: env['PATH'], HOME: folder },
      encoding: 'utf8',
    })
  const perfAgg = join(app, 'node_modules', '.bin', 'perf-agg')

  t.match(run(perfAgg, '--version'), { status: 0, stdout: /^0\.2\.0\n$/ })
  t.match(run(perfAgg, '--help'), { status: 0, stdout: /^Example:\n/ })
  t.match(run(perfAgg, 'help', 'keys'), { status: 0, stdout: /perf-agg-keys\(1\)/ })
  t.match(run(perfAgg, 'serve', '--insecure-simulated', '--check'), {
    status: 0,
    stdout: /"config_digest": "sha256:/,
  })
  t.match(
    run(perfAgg, 'doctor', '--insecure-simulated').stdout,
    /ok +bundles/,
    'the children of serve are there',
  )

  writeFileSync(
    join(app, 'use.mjs'),
    `import { canonicalize, newSigningKey, PerfAggClient } from '@perf-agg/sdk'
     import { parsePolicy } from '@perf-agg/sdk/verify'
     new PerfAggClient({ serviceUrl: 'https://enclave.example' })
     const key = await newSigningKey()
     console.log(canonicalize({ b: 1, a: key.publicKey.length }), typeof parsePolicy)`,
  )
  t.match(run(process.execPath, 'use.mjs'), { status: 0, stdout: '{"a":32,"b":1} function\n' })

  writeFileSync(
    join(app, 'use.ts'),
    `import { PerfAggClient, type MetricsView, newSigningKey } from '@perf-agg/sdk'
     import { type Policy, parsePolicy } from '@perf-agg/sdk/verify'
     const client: PerfAggClient = new PerfAggClient({ serviceUrl: 'https://enclave.example' })
     export const policy: Policy = parsePolicy({})
     export const figures = async (): Promise<MetricsView> => {
       const credentials = { api_key: 'a', secret: 'b' }
       const clientKey = await newSigningKey()
       const { access } = await client.register({ clientId: 'me', exchange: 'binance', credentials, clientKey, policy })
       return client.metrics(access)
     }
     // @ts-expect-error: types are there, and not any
     export const wrong: number = client.quote()`,
  )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024,dom',
    '--types',
    '',
    'use.ts',
  ]
  t.match(run(process.execPath, tsc, ...flags), { status: 0, stdout: '' }, 'types without any of Node')
})
