import { once } from 'node:events'
import { challengeBytes, hourMs, hourOf, type SessionAccess, type SigningKey, toBase64 } from '@perf-agg/sdk'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { type House, until } from './house.ts'

/** Trades of a session with a client key that state one hour each, so many hours ago. */
export async function tradeHours(
  t: Test,
  house: House,
  access: SessionAccess,
  clientKey: SigningKey,
  hoursAgo: readonly number[],
): Promise<void> {
  const socket = new WebSocket(house.daemon.urls.ws)
  t.teardown(() => socket.terminate())
  const inbox: Record<string, unknown>[] = []
  socket.on('message', (data: Buffer) => inbox.push(JSON.parse(data.toString()) as Record<string, unknown>))
  await once(socket, 'open')
  const next = (type: string) =>
    until(type, () => {
      const at = inbox.findIndex((message) => message['type'] === type)
      return at < 0 ? null : inbox.splice(at, 1)[0]!
    })
  socket.send(JSON.stringify({ type: 'auth', session_id: access.sessionId }))
  const { challenge } = await next('challenge')
  const client_signature = toBase64(await clientKey.sign(challengeBytes('stream', String(challenge))))
  socket.send(JSON.stringify({ type: 'auth', session_id: access.sessionId, challenge, client_signature }))
  for (const ago of hoursAgo) {
    const timestamp = hourOf(house.clock.nowMs()) - ago * hourMs
    const one = { symbol: 'BTCUSDT', price: 50_000, size: 0.1, side: 'buy', timestamp, fee: 0.15 }
    const two = { ...one, price: '50100.5', side: 'sell', timestamp: timestamp + 60_000 }
    for (const data of [one, two]) socket.send(JSON.stringify({ type: 'trade', data }))
    await next('bucket')
  }
  socket.close()
}
