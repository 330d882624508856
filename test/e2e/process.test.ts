import { setTimeout as pause } from 'node:timers/promises'
import { hourMs, hourOf, newNonce, type Statement, verdictOf, verifyLink } from '@perf-agg/sdk'
import t from 'tap'
import { chainOf, endOf } from './chains.ts'
import { startBackend } from './enclave.ts'
import { type Answer, ask, boxOf, payloadOf, quoteOf, register, submit } from './forge.ts'
import { until } from './house.ts'
import { Served } from './served.ts'
import { TradeFeed } from './trade-feed.ts'

/** The real process stopped in the middle of its work, and what the next one knows of it. */

t.test('a stop under load loses nothing that was acknowledged', async (t) => {
  const folder = Served.folder(t)
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const options = { folder, flags: ['--backend-url', backend.url] }
  const first = await Served.start(t, options)
  const { enclave: url, ws } = first.urls
  t.match(first.urls, { enclave: /^http:\/\/127\.0\.0\.1:\d+$/, operations: /^http:/, ws: /^ws:/ })

  const nonce = newNonce()
  const shown = await quoteOf(url, nonce)
  const box = await boxOf(shown, await payloadOf(shown))
  const main = await submit(url, box)
  t.equal(main.status, 201)
  t.match(await submit(url, box), { status: 409, body: { code: 'BOX_REPLAYED' } })

  const feed = await TradeFeed.open(ws, main.body['session_id'])
  t.teardown(() => feed.close())
  const taken: Answer[] = [main]
  const others: Answer[] = []
  const enough = new AbortController()
  const hour = hourOf(Date.now()) - 3 * hourMs
  const load = [
    ...Array.from({ length: 3 }, async () => {
      while (!enough.signal.aborted) {
        const answer = await register(url).catch(() => null)
        if (answer === null) return
        if (answer.status === 201) taken.push(answer)
        else others.push(answer)
      }
    }),
    (async () => {
      for (let at = 0; feed.isOpen && !enough.signal.aborted; at += 1) {
        feed.send(hour + at)
        await pause(2)
      }
    })(),
  ]
  await until('it has work', () => taken.length > 5 && feed.acknowledged.length > 20)
  const ended = await first.served.stop()
  enough.abort()
  await Promise.all(load)
  t.equal(ended.code, 0, ended.stderr)
  t.ok(ended.tookMs < 60_000, `${Math.round(ended.tookMs)} ms`)
  t.match(ended.stderr, /"event":"stopped"/)
  t.notMatch(ended.stderr, /"level":"error"/)
  for (const { status, body } of others)
    t.match({ status, body }, { status: 503, body: { code: /^(STOPPING|STATE_CLOSED|ENCLAVE_CLOSED)$/ } })
  t.comment(`${taken.length} sessions, ${feed.acknowledged.length} trades`)

  const second = await Served.start(t, options)
  const again = second.urls.enclave
  for (const { body } of taken) {
    const { status } = await ask(again, `/enclave/metrics/${String(body['session_id'])}`)
    if (status !== 200) t.fail('a session that was acknowledged is gone')
  }
  const trades = await until('its hours are stated', async () => {
    const { body } = await ask(again, `/enclave/metrics/${String(main.body['session_id'])}`)
    const count = (body['totals'] as { trades: number }).trades
    return count >= feed.acknowledged.length ? count : null
  })
  t.ok(trades >= feed.acknowledged.length, 'and every trade that was acknowledged')
  t.match(
    await submit(again, box),
    { status: 400, body: { code: 'BOX_REFUSED' } },
    'its box opens for nobody now',
  )
  const fresh = await quoteOf(again, nonce)
  const sealed = await boxOf(fresh, await payloadOf(fresh))
  t.match(
    await submit(again, sealed),
    { status: 409, body: { code: 'BOX_REPLAYED' } },
    'nor is its nonce forgotten',
  )

  const { account } = main.body
  t.match(await ask(again, '/enclave/cleanup', { session_id: main.body['session_id'] }), {
    body: { removed: 1 },
  })
  await endOf(backend, account, 'closed')
  const chain = chainOf(backend, account)
  const types = chain.map(({ metadata }) => metadata.type)
  t.equal(types[0], 'registered')
  t.ok(types.includes('key_start'), `a new start says so: ${types.join(' ')}`)
  let previous: Statement | null = null
  for (const statement of chain) {
    t.equal(verdictOf(await verifyLink(previous, statement)), 'holds')
    previous = statement
  }
  t.equal((await second.served.stop()).code, 0)
})

t.test('who stops listening to what it says does not stop it', async (t) => {
  const { served, urls } = await Served.start(t, {
    folder: Served.folder(t),
    flags: ['--log-level', 'debug'],
  })
  served.deafen()
  for (let request = 0; request < 5; request += 1) {
    t.equal((await register(urls.enclave)).status, 201)
    await pause(20)
  }
  t.equal((await served.stop()).code, 0)
})

t.test('a stop while it starts ends it, and leaves a state that opens', async (t) => {
  const folder = Served.folder(t)
  for (const afterMs of [150, 300, 450, 600]) {
    const served = Served.launch(t, { folder })
    await pause(afterMs)
    const { code, stderr, tookMs } = await served.stop()
    // null: before it could hear the signal
    t.ok(code === 0 || code === null, stderr)
    t.ok(tookMs < 60_000)
  }
  const { served, urls } = await Served.start(t, { folder })
  t.equal((await register(urls.enclave)).status, 201)
  t.equal((await served.stop('SIGINT')).code, 0)
})
