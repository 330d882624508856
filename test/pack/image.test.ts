import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ask, register } from '../e2e/forge.ts'

/** The image's recipe: what it says, and what comes of its own steps, taken here without a container. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const recipe = readFileSync(`${root}Dockerfile`, 'utf8')
const lines = recipe
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const instructions = lines.map((line) => {
  const [word = '', ...rest] = line.split(/ +/)
  return { word, rest, text: rest.join(' ') }
})
const lastFrom = instructions.findLastIndex(({ word }) => word === 'FROM')
const building = instructions.slice(0, lastFrom)
const running = instructions.slice(lastFrom)

interface Copy {
  readonly from: string | null
  readonly sources: readonly string[]
  readonly target: string
}

function copiesOf(part: typeof instructions): Copy[] {
  return part
    .filter(({ word }) => word === 'COPY')
    .map(({ rest }) => {
      const paths = rest.filter((each) => !each.startsWith('--'))
      const from = rest.find((each) => each.startsWith('--from='))?.slice('--from='.length) ?? null
      return { from, sources: paths.slice(0, -1), target: paths.at(-1)! }
    })
}

t.test('what it copies is there, and its base is one version', async (t) => {
  for (const { from, sources } of copiesOf(building)) {
    t.equal(from, null)
    for (const source of sources) t.ok(existsSync(join(root, source)), source)
  }
  const froms = instructions.filter(({ word }) => word === 'FROM').map(({ rest }) => rest[0])
  t.strictSame(froms, ['${NODE}', '${NODE}'])
  t.match(instructions[0], { word: 'ARG', text: /^NODE=node:\d+\.\d+\.\d+-slim$/ })
  const version = instructions[0]!.text.match(/node:(\d+)/)?.[1]
  t.ok(Number(version) >= 24, 'one that runs it')
  t.ok(
    building.some(({ word, text }) => word === 'RUN' && text.startsWith('npm ci --ignore-scripts')),
    'packages are those of the lock file, and run nothing',
  )
  t.notMatch(recipe, /curl|wget|apt-get|npm install|npm i /, 'nothing is fetched in another way')
})

t.test('what runs has no rights and needs no shell', async (t) => {
  const of = (word: string): string[] => running.filter((each) => each.word === word).map(({ text }) => text)
  t.strictSame(of('RUN'), [], 'nothing is run to make it')
  t.strictSame(of('USER'), ['10001:10001'])
  t.match(of('ENV').join(' '), /\bENCLAVE_HOST=0\.0\.0\.0 ENCLAVE_PORT=3000\b/)
  for (const command of [...of('ENTRYPOINT'), ...of('CMD'), ...of('HEALTHCHECK')]) {
    t.match(command, /(^|CMD )\[".*"\]$/, `no shell: ${command}`)
  }
  t.strictSame(JSON.parse(of('ENTRYPOINT')[0]!), ['node', '--disable-sigusr1', '/app/bin/perf-agg.js'])
  t.strictSame(JSON.parse(of('CMD')[0]!), ['serve'])
  t.notMatch(recipe, /insecure/, 'and never a simulated TEE')
})

const npm = spawnSync('npm', ['--version']).status === 0
const oneDisk = statSync(tmpdir()).dev === statSync(root).dev
const skip =
  npm && process.platform === 'linux' && oneDisk ? false : 'needs npm, Linux, and /tmp on the same disk'

t.test('its steps give a tree that runs', { skip, timeout: 900_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'perf-agg-image-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const build = join(folder, 'build')
  mkdirSync(build)
  for (const name of [
    'package.json',
    'package-lock.json',
    '.npmrc',
    'LICENSE',
    'bin',
    'dist',
    'man',
    'sdk',
    'test',
  ]) {
    cpSync(join(root, name), join(build, name), {
      recursive: true,
      filter: (path) => !relative(root, path).includes('node_modules') && !path.includes('.tap'),
    })
  }
  // npm ci and npm run build have been run to get here: linked, not copied, for they are large
  execFileSync('cp', ['-al', join(root, 'node_modules'), join(build, 'node_modules')])
  // npm writes into this one, and a link would write into ours
  const listing = join(build, 'node_modules', '.package-lock.json')
  rmSync(listing)
  copyFileSync(join(root, 'node_modules', '.package-lock.json'), listing)
  const runs = building.filter(({ word }) => word === 'RUN').map(({ text }) => text)
  const after = runs
    .slice(runs.indexOf('npm run build') + 1)
    .map((text) => text.replaceAll('/state', `${folder}/state`))
  t.equal(after.length, 2)
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: folder }
  for (const command of after) execFileSync('/bin/sh', ['-c', command], { cwd: build, env, stdio: 'pipe' })

  const app = join(folder, 'app')
  for (const { sources, target } of copiesOf(running)) {
    for (const source of sources) {
      if (!source.startsWith('/build/')) continue
      const path = join(build, source.slice('/build/'.length))
      const isFile = lstatSync(path).isFile()
      const place = target === './' ? app : join(app, target)
      mkdirSync(isFile ? place : dirname(place), { recursive: true })
      if (isFile) cpSync(path, join(place, source.slice(source.lastIndexOf('/') + 1)))
      else execFileSync('cp', ['-al', path, place])
    }
  }
  const installed = readdirSync(join(app, 'node_modules'))
  for (const name of ['tap', 'typescript', 'esbuild', 'ccxt', 'fast-check', 'oxlint', 'marked']) {
    t.notOk(installed.includes(name), `${name} only builds or tests`)
  }
  for (const name of ['fastify', 'kysely', 'got', '@perf-agg']) t.ok(installed.includes(name), name)
  t.notOk(existsSync(join(app, 'test')))
  t.notOk(existsSync(join(app, 'src')))

  // no PATH: nothing but what is there can be run; and no options of the test runner's
  const bare = { XDG_STATE_HOME: `${folder}/state`, HOME: folder, NODE_ENV: 'production' }
  const node = (...arguments_: string[]) =>
    [process.execPath, ['--disable-sigusr1', join(app, 'bin/perf-agg.js'), ...arguments_]] as const
  const asked = (...arguments_: string[]) => {
    const [file, list] = node(...arguments_)
    return spawnSync('/bin/sh', ['-c', 'ulimit -c 0; unset NODE_OPTIONS; exec "$0" "$@"', file, ...list], {
      cwd: app,
      env: bare,
      encoding: 'utf8',
    })
  }
  t.match(asked('--version'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(asked('serve'), { status: 1, stderr: /TEE_NOT_FOUND/ }, 'without hardware it does not start')
  t.match(asked('help', 'attestation'), { status: 0 })

  const [file, list] = node(
    'serve',
    '--insecure-simulated',
    '--port',
    '0',
    '--operations-port',
    '0',
    '--ws-port',
    '0',
  )
  const child: ChildProcess = spawn(file, list, { cwd: app, env: bare, stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const { enclave } = JSON.parse(line.toString()) as { enclave: string }
  t.equal((await ask(enclave, '/readyz')).status, 200)
  t.equal((await register(enclave)).status, 201)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  t.equal(code, 0)
})
