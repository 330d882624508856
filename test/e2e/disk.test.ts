import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { verdictOf, verifyLink } from '@perf-agg/sdk'
import t from 'tap'
import { startBackend } from './enclave.ts'
import { type Answer, ask, register } from './forge.ts'
import { until } from './house.ts'
import { Served } from './served.ts'

/** A disk that fills up under the real process: nothing is taken or signed that is not stored, and it recovers. */

const mounted = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=14m none "$0" && exec "$@"']

t.test('a full disk', async (t) => {
  const folder = Served.folder(t)
  const disk = join(folder, 'disk')
  spawnSync('mkdir', [disk])
  const [program, ...rest] = [...mounted, disk]
  if (spawnSync(program!, [...rest, 'true'], { env: { PATH: process.env['PATH'] } }).status !== 0) {
    t.comment('skipped: no disk of our own to fill')
    return
  }
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const flags = ['--state', join(disk, 'state'), '--backend-url', backend.url]
  const { served, urls } = await Served.start(t, { folder, flags, wrapper: [...mounted, disk] })
  const { enclave: url, operations } = urls
  const early = await register(url)
  t.equal(early.status, 201)

  // the disk as that process sees it
  const ballast = join(`/proc/${served.pid}/root`, disk, 'ballast')
  const file = openSync(ballast, 'w')
  const block = Buffer.alloc(65_536)
  for (let size = block.length; size >= 512;) {
    try {
      writeSync(file, block, 0, size)
    } catch {
      size /= 2
    }
  }
  closeSync(file)
  const taken: Answer[] = []
  const refused = await until('it is full', async () => {
    const answer = await register(url)
    if (answer.status === 201) taken.push(answer)
    else return answer
  })
  t.match(refused, { status: 503, body: { code: 'STATE_FULL', hint: /room/ } })
  t.comment(`${taken.length} were taken before`)
  t.match(await register(url), { status: 503, body: { code: 'STATE_FULL' } })
  t.match(await ask(url, '/livez'), { status: 200 }, 'nothing that a restart would help')
  t.match(await ask(url, '/readyz'), { status: 503, body: { checks: { state: 'STATE_FULL' } } })
  t.match(await ask(operations, '/readyz'), { status: 503 })
  t.equal(
    (await ask(url, `/enclave/metrics/${String(early.body['session_id'])}`)).status,
    200,
    'it can be read',
  )
  const end = await ask(url, '/enclave/cleanup', { session_id: early.body['session_id'] })
  t.match(end, { status: 200, body: { removed: 1 } }, 'a last word has its place in reserve')
  const { stderr } = served
  t.ok(stderr.length < 100_000, `${stderr.length} bytes of log`)

  rmSync(ballast)
  const late = await until('it goes on once there is room', async () => {
    const answer = await register(url)
    return answer.status === 201 ? answer : null
  })
  t.match(await ask(url, '/readyz'), { status: 200 })
  const known = [early, ...taken, late].map(({ body }) => String(body['account']))
  await until('all is delivered', async () => {
    const { deliveries } = (await ask(operations, '/status')).body as { deliveries: { pending: number } }
    return deliveries.pending === 0
  })
  const stated = new Map(known.map((account) => [account, [] as typeof backend.statements]))
  for (const statement of backend.statements) {
    const { account } = statement.metadata
    if (!stated.has(account)) t.fail('signed for somebody who was refused')
    // an outcome that could not be stored is posted again
    const chain = stated.get(account)!
    if (chain.at(-1)?.signature !== statement.signature) chain.push(statement)
  }
  t.same(
    stated.get(known[0]!)!.map(({ metadata }) => metadata.type),
    ['registered', 'closed'],
  )
  for (const chain of stated.values()) {
    let previous = null
    for (const statement of chain) {
      t.equal(verdictOf(await verifyLink(previous, statement)), 'holds')
      previous = statement
    }
    t.ok(chain.length > 0, 'who was taken is on record')
  }
  t.equal((await served.stop()).code, 0)
})
