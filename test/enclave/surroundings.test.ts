import t from 'tap'
import { findAttester } from '../../src/enclave/detection.ts'
import {
  findWeaknesses,
  judgeSurroundings,
  surroundingsOf,
  type Surroundings,
} from '../../src/enclave/hardening.ts'
import { verifierKey } from '../../src/enclave/verifier-key.ts'

const nothing = (): boolean => false
const only = (path: string) => (each: string) => each === path

const safe: Surroundings = {
  environment: { PATH: '/usr/bin', HOME: '/root', HTTP_PROXY: '', no_proxy: '*', NODE_ENV: 'production' },
  nodeFlags: ['--disable-sigusr1', '--max-old-space-size=512'],
  inspectorOpen: false,
  coreDumps: false,
}

t.test('safe surroundings have no weakness', async (t) => {
  t.same(findWeaknesses(safe), [])
  t.same(judgeSurroundings([], false), [])
})

t.test(
  'each variable, flag and state that opens the process is found, and its value is not shown',
  async (t) => {
    const variables = [
      'NODE_OPTIONS',
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'NODE_EXTRA_CA_CERTS',
      'HTTP_PROXY',
      'https_proxy',
      'ALL_PROXY',
      'SSLKEYLOGFILE',
      'SSL_CERT_FILE',
      'LD_PRELOAD',
      'NODE_USE_ENV_PROXY',
      'OPENSSL_CONF',
      'NODE_COMPILE_CACHE',
    ]
    for (const name of variables) {
      const [found, ...rest] = findWeaknesses({
        ...safe,
        environment: { ...safe.environment, [name]: 'verysecret' },
      })
      t.same(rest, [])
      t.match(found, { code: 'ENVIRONMENT_REFUSED', message: new RegExp(`^${name} is set`) })
      t.notMatch(JSON.stringify(found), /verysecret/)
    }
    for (const flag of [
      '--inspect',
      '--inspect-brk=0.0.0.0:9229',
      '--import=/x.js',
      '-r',
      '--use-openssl-ca',
      '--insecure-http-parser',
      '--heapsnapshot-signal=SIGUSR2',
      '--report-on-signal',
    ]) {
      const found = findWeaknesses({ ...safe, nodeFlags: [...safe.nodeFlags, flag] })
      t.match(found, [{ code: 'NODE_FLAG_REFUSED' }], flag)
    }
    t.match(findWeaknesses({ ...safe, inspectorOpen: true }), [{ code: 'INSPECTOR_OPEN' }])
    t.match(findWeaknesses({ ...safe, nodeFlags: [] }), [{ code: 'INSPECTOR_SIGNAL' }])
    t.match(findWeaknesses({ ...safe, coreDumps: true }), [{ code: 'CORE_DUMPS_ON', hint: /ulimit -c 0/ }])
  },
)

t.test('a TEE refuses to start with one, a simulated one is told', async (t) => {
  const weaknesses = findWeaknesses({ ...safe, coreDumps: true, environment: { NODE_OPTIONS: '--import=x' } })
  t.equal(judgeSurroundings(weaknesses, true).length, 2)
  t.throws(() => judgeSurroundings(weaknesses, false), {
    code: 'SURROUNDINGS_UNSAFE',
    message: /NODE_OPTIONS.*crash/,
  })
  const around = surroundingsOf({ env: { A: 'b' }, execArgv: ['--x'] })
  t.match(around, { environment: { A: 'b' }, nodeFlags: ['--x'], inspectorOpen: false })
})

t.test('without a TEE nothing starts unless it is said to be simulated', async (t) => {
  t.equal(
    (await findAttester({ tee: 'auto', insecureSimulated: true }, { exists: nothing })).tee,
    'simulated',
  )
  const refused: [Parameters<typeof findAttester>[0], (path: string) => boolean, string | RegExp][] = [
    [{ tee: 'auto', insecureSimulated: false }, nothing, 'TEE_NOT_FOUND'],
    [{ tee: 'tdx', insecureSimulated: false }, nothing, 'TEE_NOT_FOUND'],
    [{ tee: 'simulated', insecureSimulated: false }, nothing, 'TEE_NOT_FOUND'],
    [{ tee: 'tdx', insecureSimulated: true }, nothing, 'TEE_CONTRADICTION'],
    [
      { tee: 'auto', insecureSimulated: false },
      only('/dev/nsm'),
      /^(DEVICE_UNREADABLE|NATIVE_LIBRARY_MISSING)$/,
    ],
    [{ tee: 'tdx', insecureSimulated: false }, only('/dev/nsm'), 'TEE_NOT_FOUND'],
  ]
  for (const [wish, exists, code] of refused)
    await t.rejects(findAttester(wish, { exists }), { code }, String(code))
})

t.test("a log's verifier key", async (t) => {
  // of the Go checksum database, as every Go release holds it
  const known = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'
  const publicKey = Buffer.from(known.slice('sum.golang.org+033de0ae+'.length), 'base64').subarray(1)
  t.equal(verifierKey('sum.golang.org', publicKey), known)
  t.throws(() => verifierKey('a b', publicKey), { code: 'LOG_ORIGIN_INVALID' })
  t.throws(() => verifierKey('a+b', publicKey), { code: 'LOG_ORIGIN_INVALID' })
})
