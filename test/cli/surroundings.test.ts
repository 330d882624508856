import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** `perf-agg serve` as it is shipped, where it should be in a TEE: each thing that opens it keeps it from starting. */

const bin = fileURLToPath(new URL('../../bin/perf-agg.js', import.meta.url))

interface Attempt {
  readonly environment?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
  /** `ulimit -c` of the process. */
  readonly coreLimit?: string
  readonly flags?: readonly string[]
}

function serve(folder: string, { environment = {}, nodeFlags = [], coreLimit = '0', flags = [] }: Attempt) {
  const places = ['--state', `${folder}/state`, '--data-key', `${folder}/data.key`]
  const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  // the test runner puts options of its own into every child's environment
  const clean = ['env', '-u', 'NODE_OPTIONS', ...set]
  const command = [...clean, process.execPath, ...nodeFlags, bin, 'serve', ...places, ...flags]
  return spawnSync('/bin/sh', ['-c', `ulimit -S -c ${coreLimit} && exec "$@"`, 'sh', ...command], {
    env: { PATH: process.env['PATH'], HOME: folder },
    encoding: 'utf8',
    timeout: 120_000,
  })
}

t.test('in clean surroundings it comes as far as to look for its hardware', async (t) => {
  const { status, stderr } = serve(t.testdir(), {})
  t.equal(status, 1)
  t.match(stderr, /\(TEE_NOT_FOUND\)/)
  t.notMatch(stderr, /SURROUNDINGS/)
})

const variables: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--max-old-space-size=4000',
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
  NODE_EXTRA_CA_CERTS: '/verysecret/ca.pem',
  HTTPS_PROXY: 'http://verysecret.example',
  http_proxy: 'http://verysecret.example',
  HTTP_PROXY: 'http://verysecret.example',
  ALL_PROXY: 'http://verysecret.example',
  https_proxy: 'http://verysecret.example',
  NODE_USE_ENV_PROXY: '1',
  SSL_CERT_FILE: '/verysecret/ca.pem',
  SSLKEYLOGFILE: '/verysecret/keys.log',
  NODE_PATH: '/verysecret',
}

/** The first ones are tried alone, all of them together. */
const aloneCount = 5

t.test('a variable that loads code, changes trust or diverts bytes refuses the start', async (t) => {
  const folder = t.testdir()
  for (const [name, value] of Object.entries(variables).slice(0, aloneCount)) {
    const { status, stdout, stderr } = serve(folder, { environment: { [name]: value } })
    t.equal(status, 1, name)
    t.match(stderr, /\(SURROUNDINGS_UNSAFE\)/)
    t.match(stderr, new RegExp(`${name} is set`))
    const ours = stderr.replaceAll(/^Warning: .*$/gm, '')
    t.notMatch(ours + stdout, /verysecret/, 'its value is not shown')
  }
  const all = serve(folder, { environment: variables }).stderr
  for (const name of Object.keys(variables)) t.match(all, `${name} is set`, 'all of them are told at once')
})

t.test('an inspector, code that is loaded first, and core dumps refuse it too', async (t) => {
  const folder = t.testdir({ 'first.js': '' })
  const attempts: readonly (readonly [Attempt, RegExp])[] = [
    [{ nodeFlags: ['--inspect=0'] }, /--inspect: it opens the debugger/],
    [{ nodeFlags: [`--import=${folder}/first.js`] }, /--import: it loads other code/],
    [{ nodeFlags: ['--use-openssl-ca'] }, /--use-openssl-ca: it changes whom TLS trusts/],
  ]
  for (const [attempt, why] of attempts) {
    const { status, stderr } = serve(folder, attempt)
    t.equal(status, 1, String(attempt.nodeFlags))
    t.match(stderr, /\(SURROUNDINGS_UNSAFE\)/)
    t.match(stderr, why)
  }
})

const limited = spawnSync('/bin/sh', ['-c', 'ulimit -S -c unlimited']).status !== 0
const skip = limited
  ? 'core dumps can not be switched on here'
  : process.platform === 'linux'
    ? false
    : 'needs /proc'

t.test('a core dump would hold every key', { skip }, async (t) => {
  const { status, stderr } = serve(t.testdir(), { coreLimit: 'unlimited' })
  t.equal(status, 1)
  t.match(stderr, /a crash would write the whole memory to disk/)
  t.match(stderr, /ulimit -c 0/, 'with the way out')
})

t.test('no flag switches that off, and only a simulated TEE is merely warned', async (t) => {
  const folder = t.testdir()
  const environment = { NODE_EXTRA_CA_CERTS: '/verysecret/ca.pem' }
  for (const tee of ['tdx', 'nitro']) {
    t.match(serve(folder, { environment, flags: ['--tee', tee] }).stderr, /SURROUNDINGS_UNSAFE/, tee)
  }
  const simulated = serve(folder, {
    environment,
    flags: ['--insecure-simulated', '--port', '99999'],
  })
  t.match(simulated.stderr, /PORT_INVALID/, 'which is asked for in so many words')
})
