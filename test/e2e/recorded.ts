import { once } from 'node:events'
import {
  challengeBytes,
  hourMs,
  hourOf,
  parsePolicy,
  PerfAggClient,
  type Policy,
  type SessionAccess,
  type SigningKey,
  type Step,
  toBase64,
  type TrackRecord,
  verifyRecord,
} from '@perf-agg/sdk'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import type { SmallWitness } from '../log/small-witness.ts'
import { until } from './house.ts'

/** Records of self-reported accounts: made by trades of chosen hours, and judged. */

export interface Place {
  readonly ws: string
  readonly nowMs: () => number
}

/** Trades that state one hour each, so many hours ago: one is bought and sold, at a gain of 100.5 on 50,000. */
export async function trade(
  t: Test,
  { ws, nowMs }: Place,
  access: SessionAccess,
  clientKey: SigningKey,
  hoursAgo: readonly number[],
): Promise<void> {
  const socket = new WebSocket(ws)
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
  const signature = toBase64(await clientKey.sign(challengeBytes('stream', String(challenge))))
  const auth = { type: 'auth', session_id: access.sessionId, challenge, client_signature: signature }
  socket.send(JSON.stringify(auth))
  for (const ago of hoursAgo) {
    const timestamp = hourOf(nowMs()) - ago * hourMs
    const one = { symbol: 'BTCUSDT', price: 50_000, size: 0.1, side: 'buy', timestamp, fee: 0.15 }
    const two = { ...one, price: '50100.5', side: 'sell', timestamp: timestamp + 60_000 }
    for (const data of [one, two]) socket.send(JSON.stringify({ type: 'trade', data }))
    await next('bucket')
  }
  socket.close()
}

export async function enroll(
  client: PerfAggClient,
  clientKey: SigningKey,
  clientId = 'trader-1',
): Promise<SessionAccess> {
  const { access } = await client.register({
    clientId,
    exchange: 'mock',
    credentials: {},
    clientKey,
    insecureSimulated: true,
  })
  return access
}

export function policyOf(witness: SmallWitness, record: object = {}): Policy {
  return parsePolicy({
    version: 1,
    accept: [{ tee: 'sev-snp', measurement: ['00'.repeat(48)] }],
    config: { environments: ['self-reported'] },
    witnesses: { keys: [witness.vkey], min: 1 },
    record,
  })
}

export const judge = (record: TrackRecord, policy: Policy | null, nowMs = Date.now()) =>
  verifyRecord(record, { policy, nowMs, insecureSimulated: true })

/** The codes of everything that is wrong, but for what a simulated enclave can never be. */
export const wrong = (steps: readonly Step[]): string[] =>
  steps
    .filter(({ status, code }) => status !== 'affirming' && code !== 'TEE_SIMULATED')
    .map(({ code }) => code)
