import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { canonicalize, newSigningKey, statementDigest, toBase64url } from '../../sdk/index.ts'
import { FakeEnclave } from './enclave-fixture.ts'
import { listening } from './service-fixture.ts'
import { signedPeriod } from './statement-fixture.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const blocks = [...readFileSync(`${root}sdk/README.md`, 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(
  (match) => match[1]!,
)

async function run(code: string): Promise<{ code: number; out: string; err: string }> {
  const args = ['--conditions=@perf-agg/source', '--input-type=module', '--eval', code]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env: {} }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

t.test('the examples of the README run as they stand', async (t) => {
  t.equal(blocks.length, 2)
  const [register, verify] = blocks as [string, string]
  const enclave = await FakeEnclave.make()
  const { url, close } = await listening(enclave)
  t.teardown(close)
  const registered = await run(register.replace('http://127.0.0.1:3000', url))
  t.equal(registered.code, 0, registered.err)
  t.match(
    registered.out,
    /warning TEE_SIMULATED[\s\S]*active A{43}[\s\S]*twr_pct: 1\.5[\s\S]*hours_expected: 2/,
  )

  const key = await newSigningKey()
  const first = await signedPeriod(key)
  const second = await signedPeriod(key, {
    sequence: 2,
    previous: await statementDigest(first),
    startMs: Date.parse(first.period_end),
  })
  const call = (one: object, before: object | null): string =>
    `console.log((await verify(${JSON.stringify(canonicalize(one))}, ${before === null ? null : JSON.stringify(canonicalize(before))}, '${toBase64url(key.publicKey)}')).length)`
  const verified = await run(`${verify}\n${call(first, null)}\n${call(second, first)}`)
  t.equal(verified.code, 0, verified.err)
  t.equal(verified.out, '6\n6\n')
  const broken = await run(`${verify}\n${call({ ...second, client_id: 'x' }, first)}`)
  t.equal(broken.code, 1)
  t.match(broken.err, /SIGNATURE_INVALID/)
})
