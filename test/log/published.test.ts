import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { formatVkey, parseClaims, claimsBytesOf, parseQuote } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { ask } from '../e2e/forge.ts'
import { House } from '../e2e/house.ts'
import { logKey, logOf, publisher } from './fixture.ts'
import { SmallWitness } from './small-witness.ts'

/** The published log, read by a program in another language that knows the format's pages and nothing of ours. */

const reader = join(import.meta.dirname, 'read_log.py')
const canRead = spawnSync('python3', ['-c', 'import cryptography']).status === 0

async function read(
  url: string,
  ...vkeys: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn('python3', [reader, url, ...vkeys], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out: out.trim(), err }
}

type Files = (path: string) => Promise<Uint8Array | null>

async function serve(t: Test, files: Files): Promise<string> {
  const server = createServer((request, response) => {
    void files((request.url ?? '/').slice(1)).then((body) =>
      response.writeHead(body === null ? 404 : 200).end(body),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

if (!canRead) t.comment('skipped: no python3 with its package cryptography')
else {
  t.test('logs of every shape', async (t) => {
    for (const size of [1, 255, 256, 257, 1_000, 66_000]) {
      const store = await logOf(t, size)
      const witness = await SmallWitness.start(t, () => [logKey])
      const { publisher: published } = publisher(store, { witnesses: [(await witness.client(store))!] })
      await published.publish()
      const files: Files = async (path) => (await published.read(path))?.body ?? null
      const { code, out, err } = await read(await serve(t, files), formatVkey(logKey), witness.vkey)
      t.equal(code, 0, err)
      t.match(out, new RegExp(`^${size} \\d+ ${witness.nowS}$`))
      if (size !== 257) continue
      for (const changed of ['checkpoint', 'tile/0/000', 'tile/1/000.p/1', 'tile/entries/001.p/1']) {
        const spoilt: Files = async (path) => {
          const body = await files(path)
          return body === null || path !== changed ? body : Buffer.from(body).fill(body[9]! ^ 1, 9, 10)
        }
        const refused = await read(await serve(t, spoilt), formatVkey(logKey), witness.vkey)
        t.not(refused.code, 0, `${changed}, changed by a bit, is seen`)
      }
    }
  })

  t.test('the log of a whole daemon', async (t) => {
    const witness = await SmallWitness.start(t, () => [])
    witness.trusting = true
    witness.live = true
    const house = await House.open(t, { config: { witnesses: [witness.entry] } })
    const { enclave } = house.daemon.urls
    const { log } = parseClaims(claimsBytesOf(parseQuote((await ask(enclave, '/attestation/quote')).body)))
    const { code, out, err } = await read(`${enclave}/log`, log!.vkey, witness.vkey)
    t.equal(code, 0, err)
    t.match(
      out,
      /^3 3 \d{10}$/,
      'key start, configuration and evidence, in a checkpoint, a tile and a bundle',
    )
  })
}
