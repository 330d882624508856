import { connect, createServer, type Server, type Socket } from 'node:net'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { newSigningKey, PerfAggClient, type SessionAccess, type SigningKey } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { SmallWitness } from '../log/small-witness.ts'
import { enroll, judge, policyOf, trade, wrong } from './recorded.ts'
import { Served, type ServedOptions, type Urls } from './served.ts'

/** One start of the real process hands its record over to the next, and what is left when either is killed. */
t.jobs = 3

interface Scene {
  readonly options: ServedOptions
  readonly witness: SmallWitness
  readonly clientKey: SigningKey
  readonly access: SessionAccess
  readonly old: Served
}

const placeOf = (urls: Urls) => ({ ws: urls.ws, nowMs: Date.now })

async function scene(t: Test): Promise<Scene> {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const options = { folder: Served.folder(t), config: { witnesses: [witness.entry] } }
  const { served: old, urls } = await Served.start(t, options)
  const clientKey = await newSigningKey()
  const access = await enroll(new PerfAggClient({ serviceUrl: urls.enclave }), clientKey)
  await trade(t, placeOf(urls), access, clientKey, [3])
  return { options, witness, clientKey, access, old }
}

/** The account goes on, and its record says how it came by its keys. */
async function continuities(t: Test, { witness, clientKey, access }: Scene, urls: Urls): Promise<string[]> {
  const client = new PerfAggClient({ serviceUrl: urls.enclave })
  await trade(t, placeOf(urls), access, clientKey, [2])
  const record = await client.record(access)
  const { steps } = await judge(record, policyOf(witness))
  const starts = record.statements.flatMap(({ statement: { metadata } }) =>
    metadata.type === 'key_start' ? [metadata.key_start] : [],
  )
  const broken = starts.some(({ continuity }) => continuity === 'broken')
  t.same(wrong(steps), broken ? ['CONTINUITY_BROKEN'] : [])
  return starts.map(({ continuity }) => continuity)
}

t.test('a start that takes over goes on under a key that the old one has named', async (t) => {
  const before = await scene(t)
  const { served, urls } = await Served.start(t, { ...before.options, flags: ['--take-over'] })
  const ended = await before.old.ended
  t.equal(ended.code, 0, ended.stderr)
  t.same(await continuities(t, before, urls), ['handover'])
  const third = await Served.start(t, { ...before.options, flags: ['--take-over'] })
  t.equal((await served.ended).code, 0)
  const record = await new PerfAggClient({ serviceUrl: third.urls.enclave }).record(before.access)
  const types = record.statements.map(({ statement }) => statement.metadata.type)
  t.same(types.at(-1), 'key_start', 'a chain that is watched says so at once')
  t.same((await third.served.stop()).code, 0)
  const alone = await Served.start(t, { ...before.options, flags: ['--take-over'] })
  t.same(
    await continuities(t, before, alone.urls),
    ['handover', 'handover', 'broken'],
    'nobody was there to hand over',
  )
  t.equal((await alone.served.stop()).code, 0)
  t.same(
    before.witness.answers.filter((status) => status >= 400 && status !== 409),
    [],
  )
})

/** Stands between the two, and lets so many lines through. */
class Between {
  readonly #server: Server
  #lines = 0

  constructor(path: string, at: number, onLine: () => Promise<void>) {
    renameSync(path, `${path}.real`)
    this.#server = createServer((successor) => {
      const old = connect(`${path}.real`)
      this.#pass(old, successor, at, onLine)
      this.#pass(successor, old, at, onLine)
    }).listen(path)
  }

  #pass(from: Socket, to: Socket, at: number, onLine: () => Promise<void>): void {
    from.on('error', () => undefined)
    void (async () => {
      for await (const line of createInterface(from)) {
        this.#lines += 1
        if (this.#lines === at) await onLine()
        to.write(`${line}\n`)
      }
    })()
      .catch(() => undefined)
      .finally(() => to.end())
  }

  close(): void {
    this.#server.close()
  }
}

const lines = ['the question', 'the evidence', 'the consent', 'the last signature']

for (const [index, line] of lines.entries()) {
  for (const victim of ['old', 'new'] as const) {
    t.test(`the ${victim} one is killed at ${line}`, async (t) => {
      const before = await scene(t)
      const { options, old } = before
      let next: Served | null = null
      const between = new Between(join(options.folder, 'state', 'handover.sock'), index + 1, async () => {
        await (victim === 'old' ? old : next)?.kill()
      })
      t.teardown(() => between.close())
      next = Served.launch(t, { ...options, flags: ['--take-over'] })
      let urls = await Promise.race([next.ready, next.ended.then(() => null)])
      if (victim === 'new') {
        t.equal(urls, null)
        // before it had consented it goes on; afterwards it ends, with nobody to go on
        if (index < 2) await old.stop()
        t.equal((await old.ended).code, 0)
        urls = (await Served.start(t, options)).urls
      }
      if (urls === null) return t.fail((await next.ended).stderr)
      const handed = victim === 'old' && index === 3
      t.same(await continuities(t, before, urls), [handed ? 'handover' : 'broken'])
    })
  }
}
