import { UnreachableError } from '@perf-agg/sdk/errors'
import { printable } from './failure.ts'
import { type Answer, getJson } from './request.ts'
import { readServiceUrl } from './service-url.ts'
import { formatPairs } from './table.ts'
import { paint, print, printJson, remark } from './terminal.ts'

/** Health from the enclave API; queues, gaps and parked deliveries from the operations API. */

export interface StatusFlags {
  readonly serviceUrl: string
  readonly operationsUrl: string
  readonly json?: true
}

/** Where `serve` listens that was started in the same environment. */
export function enclaveUrlDefault(): string {
  return urlOf(process.env['ENCLAVE_HOST'], process.env['ENCLAVE_PORT'] || '3000')
}

export function operationsUrlDefault(): string {
  return urlOf(process.env['AGGREGATOR_HOST'], process.env['AGGREGATOR_PORT'] || '5000')
}

function urlOf(host: string | undefined, port: string): string {
  const name =
    host === undefined || host === '' || host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

export async function showStatus(flags: StatusFlags): Promise<void> {
  const service = readServiceUrl(flags.serviceUrl)
  const operations = readServiceUrl(flags.operationsUrl)
  const [live, ready] = await Promise.all([getJson(`${service}/livez`), getJson(`${service}/readyz`)])
  const details = await getJson(`${operations}/status`).catch((error: unknown) => {
    if (error instanceof UnreachableError) return null
    throw error
  })
  const healthy = live.status === 200 && ready.status === 200
  if (!healthy) process.exitCode = 1
  if (flags.json) {
    const seen = details !== null && details.status === 200 ? details.body : null
    return printJson({
      service_url: service,
      live: live.status === 200,
      ready: ready.status === 200,
      checks: checksOf(ready),
      status: seen,
    })
  }
  print(
    formatPairs([
      ['enclave', service],
      ['live', mark(live.status === 200)],
      ['ready', mark(ready.status === 200)],
      ...checksOf(ready).map(
        ({ name, state }) => [`  ${name}`, state === 'ok' ? mark(true) : paint('red', state)] as const,
      ),
    ]),
  )
  if (details === null)
    return remark(
      `\nqueues and gaps: ${operations} does not answer; they are the operator's (--operations-url)`,
    )
  if (details.status !== 200) return remark(`\nqueues and gaps: ${operations} answers ${details.status}`)
  print(`\n${formatPairs(flatten(details.body))}`)
}

function checksOf({ body }: Answer): readonly { name: string; state: string }[] {
  const checks = body !== null && typeof body === 'object' && 'checks' in body ? body.checks : null
  if (checks === null || typeof checks !== 'object') return []
  return Object.entries(checks).map(([name, state]) => ({
    name: printable(name),
    state: printable(String(state)),
  }))
}

function mark(good: boolean): string {
  return good ? paint('green', 'yes') : paint('red', 'no')
}

/** `{"outbox":{"waiting":3}}` as `outbox waiting  3`: the daemon may say more than this version knows. */
function flatten(value: unknown, prefix = ''): (readonly [string, string])[] {
  if (value === null || typeof value !== 'object')
    return [[prefix, printable(value === null ? '–' : String(value))]]
  if (Array.isArray(value) && value.length === 0) return [[prefix, 'none']]
  return Object.entries(value).flatMap(([name, member]) =>
    flatten(member, `${prefix} ${printable(name).replaceAll('_', ' ')}`.trimStart()),
  )
}
