import { existsSync, readFileSync } from 'node:fs'
import { utf8 } from '@perf-agg/sdk'
import type { Test } from 'tap'
import type { Wallet } from '../../src/accounting/observation.ts'
import { type Collectors, startCollectors } from '../../src/daemon/collecting/collectors.ts'
import { startServer } from '../egress/hostile-server.ts'

/** What a path answers: text as it stands, or what becomes JSON; made anew for each request where it is a function. */
export type Served = string | object | ((request: URL, body: string) => unknown)

export interface ServedExchange {
  readonly collectors: Collectors
  readonly clock: { atMs: number }
  readonly answers: Map<string, Served>
  /** Path and query or body of each request, in order. */
  readonly asked: string[]
  check(): ReturnType<Collectors['check']>
  poll(more?: { sinceMs?: number; cursor?: string | null }): ReturnType<Collectors['poll']>
}

const credentialsUsual = { api_key: 'key', secret: 'c2VjcmV0' }

/** Real collector and egress processes before a local server that says what a test wants. */
export async function serveExchange(
  t: Test,
  exchange: string,
  options: {
    readonly nowMs: number
    readonly sinceMs: number
    readonly answers: Readonly<Record<string, Served>>
    readonly credentials?: Readonly<Record<string, string>>
    readonly marketTypes?: readonly Wallet[]
  },
): Promise<ServedExchange> {
  const answers = new Map(Object.entries(options.answers))
  const asked: string[] = []
  const clock = { atMs: options.nowMs }
  const server = await startServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://here')
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      asked.push(`${url.pathname} ${url.search.slice(1)}${body}`)
      const given = answers.get(url.pathname)
      const answer = typeof given === 'function' ? given(url, body) : given
      if (answer === undefined) return void response.writeHead(404).end('<html>not here</html>')
      response.writeHead(statusOf(answer)).end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })
  })
  const collectors = await startCollectors({
    clock: { nowMs: () => clock.atMs, frozen: true },
    exchanges: { [exchange]: { base_url: server.url } },
    log: () => {},
  })
  t.teardown(async () => {
    await collectors.close()
    await server.close()
  })
  const source = { exchange, sandbox: false, marketTypes: options.marketTypes ?? ['spot'] }
  // anew for each call: who takes them wipes them
  const credentials = () => utf8(JSON.stringify(options.credentials ?? credentialsUsual))
  return {
    collectors,
    clock,
    answers,
    asked,
    check: () => collectors.check({ source, credentials: credentials() }),
    poll: ({ sinceMs = options.sinceMs, cursor = null } = {}) =>
      collectors.poll({
        source,
        credentials: credentials(),
        sinceMs,
        cursor,
        previousAnchor: null,
        apiIntervalMs: 60_000,
        maxRetries: 1,
        sweep: false,
      }),
  }
}

/** `{ httpStatus: 403, … }` is answered with that status. */
function statusOf(answer: unknown): number {
  const isStatus = typeof answer === 'object' && answer !== null && 'httpStatus' in answer
  return isStatus ? Number(answer.httpStatus) : 200
}

/** The body of a documented answer; null where the reference folder is absent. */
export function documentedBody(path: string): string | null {
  const file = new URL(`../../../shared/reference/exchanges/${path}`, import.meta.url)
  if (!existsSync(file)) return null
  const text = readFileSync(file, 'utf8').replaceAll('\r', '')
  if (path.endsWith('.json')) return text
  // method, path, whether signed, in a few the parameters, then the body
  const body = text.split('\n').slice(3)
  return (/^(Uri|Body)Params:/.test(body[0] ?? '') ? body.slice(1) : body).join('\n').trim()
}
