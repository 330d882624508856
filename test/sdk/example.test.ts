import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { FakeEnclave } from './enclave-fixture.ts'
import { listening } from './service-fixture.ts'

const script = fileURLToPath(new URL('../../sdk/examples/secure-client.mjs', import.meta.url))

async function run(
  folder: string,
  args: readonly string[],
  stdin: string,
): Promise<{ code: number; out: string; err: string }> {
  const node = [
    '--conditions=@perf-agg/source',
    script,
    '--client-id',
    'trader-john',
    '--exchange',
    'binance',
    ...args,
  ]
  return new Promise((resolve) => {
    // An environment of its own: nothing of the test runner's.
    const child = execFile(
      process.execPath,
      node,
      { cwd: folder, env: { PATH: '/usr/bin:/bin' } },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err })
      },
    )
    child.stdin!.end(stdin)
  })
}

t.test('secure-client.mjs registers end to end, by file and by stdin', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'perf-agg-example-'))
  const enclave = await FakeEnclave.make()
  const { url, close } = await listening(enclave)
  t.teardown(async () => {
    close()
    await rm(folder, { recursive: true })
  })
  const credentials = '{"api_key":"k3y","secret":"s3cret"}'

  const refused = await run(folder, ['--service-url', url], credentials)
  t.equal(refused.code, 3)
  t.match(refused.err, /contraindicated TEE_SIMULATED[\s\S]*TEE_SIMULATED: the TEE is simulated/)
  t.same(enclave.opened, [])

  const first = await run(folder, ['--service-url', url, '--insecure-simulated'], credentials)
  t.equal(first.code, 0, first.err)
  t.match(JSON.parse(first.out), { status: 'active', permissions: 'read-only', totals: { trades: 10 } })
  t.match(enclave.opened[0]?.credentials, { api_key: 'k3y', secret: 's3cret' })
  for (const name of ['client-key.json', 'session.json']) {
    t.equal((await stat(join(folder, name))).mode & 0o777, 0o600, `${name} is its owner's only`)
    t.notMatch(await readFile(join(folder, name), 'utf8'), /s3cret/)
  }

  await writeFile(join(folder, 'credentials.json'), credentials)
  const args = [
    '--service-url',
    url,
    '--insecure-simulated',
    '--credentials-file',
    'credentials.json',
    '--session-file',
    'second.json',
  ]
  const second = await run(folder, args, '')
  t.equal(second.code, 0, second.err)
  t.equal(enclave.opened[1]?.payload.client_key, enclave.opened[0]?.payload.client_key, 'with the same key')

  t.equal((await run(folder, ['--service-url', 'http://127.0.0.1:9'], credentials)).code, 4)
})
