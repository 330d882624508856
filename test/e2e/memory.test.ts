import { newSigningKey, PerfAggClient } from '@perf-agg/sdk'
import t from 'tap'
import { countInMemory } from './canary.ts'
import { Exchange } from './exchange.ts'
import { until } from './house.ts'
import { familyOf, runningOf } from './processes.ts'
import { Served } from './served.ts'

/** Once a session is over its credentials are in no process any more. */

// built at run time: its own source is in the memory of nobody who is looked into
const [key, secret] = ['Key', 'Secret'].map((name) =>
  ['CANARY', 'Memory', name].join('').padEnd(64, 'w8Kv2'),
) as [string, string]

t.test('a canary in memory', async (t) => {
  const exchange = await Exchange.open(t, [{ apiKey: key, secret }, {}])
  const { served, urls } = await Served.start(t, {
    folder: Served.folder(t),
    config: { exchanges: { binance: { base_url: exchange.url } }, log_level: 'debug' },
  })
  if ((await countInMemory(served.pid, [secret])) === null)
    return void t.comment('skipped: this user may not look into other processes')
  const clientKey = await newSigningKey()
  const client = new PerfAggClient({ serviceUrl: urls.enclave })
  const one = { clientId: 'trader', exchange: 'binance', clientKey, insecureSimulated: true } as const
  const { access } = await client.register({ ...one, credentials: { api_key: key, secret } })
  const polled = (): number => (served.stderr.match(/"event":"polled"/g) ?? []).length
  await until('it is polled', () => polled() >= 1)
  const running = (role: string): number[] => runningOf(familyOf(served.pid), role)
  const collectors = (): number[] => running('collector')
  const [first] = collectors()
  t.ok(
    first !== undefined && (await countInMemory(first, [secret]))![0]! > 0,
    'the search finds it where it must be',
  )
  const listening = async (): Promise<boolean> =>
    (await (await fetch(`${urls.operations}/metrics`)).text()).includes('streams_up{place="binance"} 1')
  await until('its stream is up', listening)
  const [ear] = running('listener')
  t.ok(
    ear !== undefined && (await countInMemory(ear, [secret]))![0]! > 0,
    'a listener has it while it listens',
  )

  await client.end(access.sessionId, clientKey)
  const inDaemon = await countInMemory(served.pid, [key, secret])
  t.comment(`in the daemon after the session's end: key ${inDaemon![0]}, secret ${inDaemon![1]}`)
  t.same(inDaemon, [0, 0])

  await until('nobody is listened to, and no listener is there', () => running('listener').length === 0)
  for (const pid of collectors()) process.kill(pid, 'SIGKILL')
  const other = exchange.account(1)
  await client.register({
    ...one,
    clientId: 'other',
    credentials: { api_key: other.apiKey, secret: other.secret },
  })
  const before = polled()
  await until('another account is polled by a fresh collector', () => polled() > before)
  await until('it is listened to by a fresh listener', listening)
  const now = collectors()
  t.ok(now.length > 0 && !now.includes(first!))
  for (const pid of familyOf(served.pid)) {
    const counts = await countInMemory(pid, [key, secret])
    // it has ended meanwhile
    if (counts === null) continue
    t.comment(
      `in process ${pid === served.pid ? 'daemon' : 'child'} after the replacement: ${counts.join(', ')}`,
    )
    t.same(counts, [0, 0])
  }
})
