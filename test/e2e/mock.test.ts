import { once } from 'node:events'
import {
  hourMs,
  hourOf,
  newSigningKey,
  PerfAggClient,
  challengeBytes,
  toBase64,
  toInstant,
} from '@perf-agg/sdk'
import t from 'tap'
import { WebSocket } from 'ws'
import { startBackend, startLive } from './enclave.ts'

/** Trades that their owner reports: over the WebSocket, into hours, to the backend. */
t.test('a mock session from the first trade to the backend', async (t) => {
  const backend = await startBackend()
  const live = await startLive({ backendUrl: backend.url, graceSeconds: 2 })
  t.teardown(async () => {
    await live.close()
    await backend.close()
  })
  const client = new PerfAggClient({ serviceUrl: live.daemon.urls.enclave })
  const clientKey = await newSigningKey()
  const { access, receipt } = await client.register({
    clientId: 'test-client-1',
    exchange: 'mock',
    credentials: {},
    clientKey,
    insecureSimulated: true,
  })
  t.equal(receipt.status, 'active')

  const socket = new WebSocket(live.daemon.urls.ws)
  t.teardown(() => socket.terminate())
  const inbox: Record<string, unknown>[] = []
  socket.on('message', (data: Buffer) => inbox.push(JSON.parse(data.toString()) as Record<string, unknown>))
  await once(socket, 'open')
  const until = async (type: string): Promise<Record<string, unknown>> => {
    for (let wait = 0; wait < 2_400; wait += 1) {
      const at = inbox.findIndex((message) => message['type'] === type)
      if (at >= 0) return inbox.splice(at, 1)[0]!
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`no ${type}: ${JSON.stringify(inbox).slice(0, 500)}`)
  }
  socket.send(JSON.stringify({ type: 'auth', session_id: access.sessionId }))
  const { challenge } = await until('challenge')
  const signature = await clientKey.sign(challengeBytes('stream', String(challenge)))
  socket.send(
    JSON.stringify({
      type: 'auth',
      session_id: access.sessionId,
      challenge,
      client_signature: toBase64(signature),
    }),
  )
  const hour = hourOf(Date.now()) - 3 * hourMs
  for (let trade = 0; trade < 10; trade += 1) {
    const data = {
      symbol: 'BTCUSDT',
      price: trade < 5 ? 50_000 : '50100',
      size: 0.1,
      side: trade < 5 ? 'buy' : 'sell',
      timestamp: hour + trade * 60_000,
      fee: 0.15,
      id: `t${trade}`,
    }
    socket.send(JSON.stringify({ type: 'trade', data }))
    const ack = await until('ack')
    t.equal(
      ack['hour'] ?? (ack['data'] as { hour?: string })?.hour,
      toInstant(hour),
      `trade ${trade} counted`,
    )
  }
  const bucket = (await until('bucket'))['data'] as Record<string, unknown>
  t.match(bucket, { t: toInstant(hour), trades: 10, volume_base: 1, volume_quote: 50_050, fees_usd: 1.5 })
  for (let wait = 0; wait < 2_400 && backend.statements.length < 2; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  const [registered, period] = backend.statements
  t.equal(registered?.metadata.type, 'registered')
  t.match(period, {
    client_id: 'test-client-1',
    exchange: 'mock',
    period_start: toInstant(hour),
    totals: { trades: 10, volume_base: 1, volume_quote: 50_050, fees_usd: 1.5 },
    metadata: { source: { environment: 'self-reported' }, return_method: 'capital-in-use' },
  })
  // bought 0.5 at 50,000 and sold at 50,100 with 1.5 of fees, on 25,000 in use
  const pct = ((50 - 1.5) / 25_000.75) * 100
  t.ok(
    Math.abs(period!.hourly_buckets[0]!.return_pct! - pct) < 0.01,
    `return ${period!.hourly_buckets[0]!.return_pct}`,
  )

  const view = await client.metrics(access)
  t.equal(view.totals.trades, 10)
  t.equal(view.environment, 'self-reported')
  const summary = await client.summary({ viewId: access.viewId, signingKey: access.signingKey })
  t.notOk('symbols' in summary)
  t.equal((await client.end(access.sessionId, clientKey)).removed, 1)
  await t.rejects(client.metrics(access), { code: 'SESSION_UNKNOWN' })
})
