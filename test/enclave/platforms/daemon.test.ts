import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { fromBase64url, parseClaims, parseQuote } from '@perf-agg/sdk'
import { ask, register } from '../../e2e/forge.ts'

/** The whole daemon where a TEE is: its data key comes from the platform, and is lost with it. */

const script = fileURLToPath(new URL('./faked-daemon.ts', import.meta.url))

interface Started {
  readonly told: Record<string, any>
  readonly stderr: () => string
  stop(): Promise<void>
}

async function start(
  t: Test,
  state: string,
  environment: Readonly<Record<string, string>> = {},
  flags: readonly string[] = ['--disable-sigusr1'],
): Promise<Started> {
  const endorsements = `${state}-endorsements`
  mkdirSync(endorsements, { recursive: true })
  const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  // the test runner puts options of its own into every child's environment
  const clean = ['env', '-u', 'NODE_OPTIONS', ...set, process.execPath]
  const node = [...clean, ...flags, '--conditions=@perf-agg/source', script, state, endorsements]
  const child: ChildProcess = spawn('/bin/sh', ['-c', 'ulimit -c 0; exec "$@"', 'sh', ...node], {
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stderr!.on('data', (part: Buffer) => (err += part.toString()))
  const ended = once(child, 'close')
  t.teardown(() => child.kill('SIGKILL'))
  const line = new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (part: Buffer) => {
      out += part.toString()
      if (out.includes('\n')) resolve(out)
    })
    void ended.then(() => reject(new Error(`it ended: ${err}`)))
  })
  return {
    told: JSON.parse(await line) as Record<string, any>,
    stderr: () => err,
    stop: async () => {
      child.stdin!.end()
      await ended
    },
  }
}

async function claimsOf(url: string) {
  const quote = parseQuote((await ask(url, '/attestation/quote')).body)
  return { quote, claims: parseClaims(fromBase64url(quote.claims)) }
}

t.test('state is wrapped by the platform, and lost with its key', async (t) => {
  const folder = t.testdir()
  const state = `${folder}/state`
  const first = await start(t, state)
  const { quote, claims } = await claimsOf(first.told['enclave'])
  t.equal(quote.tee, 'dstack-tdx')
  t.match(claims.config, { data_key: 'tee', data_key_release: 'platform' }, 'which every quote says')
  const { body, status } = await register(first.told['enclave'])
  t.equal(status, 201)
  await first.stop()

  const again = await start(t, state)
  t.equal((await claimsOf(again.told['enclave'])).claims.pseudonym_epoch, claims.pseudonym_epoch)
  t.equal((await ask(again.told['enclave'], `/enclave/metrics/${body['session_id']}`)).status, 200)
  await again.stop()

  const otherKey = { FAKE_DSTACK_KEY: 'a5'.repeat(32) }
  const lost = await start(t, state, otherKey)
  t.match(lost.told, { code: 'DATA_KEY_LOST', hint: /start with a new folder.*register again/ })
  await lost.stop()

  const fresh = await start(t, `${folder}/new-state`, otherKey)
  const { claims: newClaims } = await claimsOf(fresh.told['enclave'])
  t.not(newClaims.pseudonym_epoch, claims.pseudonym_epoch, 'accounts have new names from here on')
  const renewed = await register(fresh.told['enclave'])
  t.equal(renewed.status, 201, 'clients register again')
  t.equal((await ask(fresh.told['enclave'], `/enclave/metrics/${body['session_id']}`)).status, 404)
  await fresh.stop()

  const back = await start(t, state)
  t.equal(
    (await claimsOf(back.told['enclave'])).claims.pseudonym_epoch,
    claims.pseudonym_epoch,
    'nothing was spoilt',
  )
  await back.stop()
})

t.test('in a TEE it does not start in surroundings that open it', async (t) => {
  const refused: readonly (readonly [what: RegExp, environment: Record<string, string>, flags?: string[]])[] =
    [
      [/NODE_EXTRA_CA_CERTS/, { NODE_EXTRA_CA_CERTS: '/etc/ca.pem' }],
      [/https_proxy/, { https_proxy: 'http://127.0.0.1:1' }],
      [/SIGUSR1/, {}, []],
    ]
  for (const [what, environment, flags] of refused) {
    const { told, stop } = await start(t, `${t.testdir()}/state`, environment, flags)
    t.match(told, { code: 'SURROUNDINGS_UNSAFE', message: what })
    await stop()
  }
})
