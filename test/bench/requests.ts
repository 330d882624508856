import { equal } from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import fastify from 'fastify'
import { startListeners } from '../../src/http/listeners.ts'
import { createLog } from '../../src/http/log.ts'
import { limits } from '../../src/limits.ts'
import { FakeService, sessionId } from '../http/fixture.ts'
import type { Bench } from './row.ts'

/** Requests over real connections, by what they cost the server's thread, against the framework with nothing around it. */
export const requests: Bench = {
  name: 'HTTP requests',
  run: async (quick) => {
    const ends: (() => Promise<void>)[] = []
    const many = 1e9
    const rates = { requestsPerAddressPerMinute: many, boxesPerSecond: many, requestsPerConnectionMax: many }
    const bind = { host: '127.0.0.1', port: 0 }
    const config = { enclave: bind, operations: bind, ws: bind, tls: null, allowedOrigins: [] }
    const listeners = await startListeners(
      new FakeService(),
      { ...config, trustedProxies: [], allowPlainRegistration: false },
      { http: { ...limits.http, ...rates }, ws: limits.ws },
      createLog({ level: 'info', readable: false, write: () => {}, nowMs: Date.now }),
    )
    ends.push(async () => listeners.close(500))
    const bare = fastify()
    ends.push(async () => bare.close())
    const live = { status: 'ok' }
    bare.get('/livez', { schema: { response: { 200: text('status') } } }, async () => live)
    bare.post('/enclave/submit_key', { schema: { body: text('sealed') } }, async () => ({ taken: true }))
    const plainUrl = await bare.listen({ host: '127.0.0.1', port: 0 })
    const load = fork(join(import.meta.dirname, 'load.ts'), { execArgv: [], env: cleanEnvironment() })
    ends.push(async () => void load.kill())
    try {
      const count = quick ? 20 : 20_000
      const rounds = quick ? 1 : 4
      // What begins so is no box of the made-up service, and is answered at once.
      const sealed = Buffer.concat([Buffer.from([1]), Buffer.alloc(730)]).toString('base64')
      const post = { path: '/enclave/submit_key', body: JSON.stringify({ sealed }) }
      const get = { path: '/livez', body: null }
      const view = { path: `/enclave/metrics/${sessionId}`, body: null }
      const ours = listeners.enclaveUrl
      const best = new Map<string, number>()
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, url, request, status] of [
          ['get', ours, get, 200],
          ['bare get', plainUrl, get, 200],
          ['post', ours, post, 201],
          ['bare post', plainUrl, post, 200],
          ['view', ours, view, 200],
        ] as const) {
          const rate = await served(load, { url, ...request, count, status })
          best.set(name, Math.max(best.get(name) ?? 0, rate / 1e3))
        }
      }
      const row = (name: string, own: string, limit: string, share: number | null) => ({
        name,
        value: best.get(own)!,
        unit: 'k/s',
        limit: { name: 'bare fastify', value: best.get(limit)! },
        goal: share === null ? 'to compare with' : `≥ ${share * 100} % of the bare framework`,
        reached: share === null ? null : best.get(own)! >= share * best.get(limit)!,
      })
      return [
        row('small GET (/livez)', 'get', 'bare get', 0.8),
        row('validated POST of 1 kB (submit_key, the box aside)', 'post', 'bare post', null),
        row('GET of a view with 24 hours', 'view', 'bare get', null),
      ]
    } finally {
      for (const end of ends.toReversed()) await end()
    }
  },
}

function text(name: string): object {
  return {
    type: 'object',
    properties: { [name]: { type: 'string' } },
    required: [name],
    additionalProperties: false,
  }
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env
  return env
}

/** Requests in a second of this thread's own time. */
async function served(
  load: ChildProcess,
  order: { readonly url: string; readonly count: number; readonly status: number },
): Promise<number> {
  const began = process.threadCpuUsage()
  load.send(order)
  const [answered] = await once(load, 'message')
  const { user, system } = process.threadCpuUsage(began)
  equal(answered, order.count, 'every request is answered as it should be')
  return (order.count * 1e6) / (user + system)
}
