import { UnreachableError } from '@perf-agg/sdk/errors'
import { printable } from '../failure.ts'
import { type Answer, getJson } from '../input/request.ts'
import { readServiceUrl } from '../input/service-url.ts'
import { type Column, figure, formatPairs, formatTable } from './table.ts'
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
  const { places, rest } = partsOf(details.body)
  print(`\n${formatPairs(flatten(rest))}`)
  if (places.length > 0) print(`\n${formatTable(placeColumns, places)}`)
}

const placeColumns: readonly Column[] = [
  { title: 'exchange and address', align: 'left' },
  { title: 'accounts', align: 'right' },
  { title: 'can hold', align: 'right' },
  { title: 'lag', align: 'right' },
  { title: 'used of this minute', align: 'right', optional: true },
  { title: 'held until', align: 'left', optional: true },
]

/** What stands above already, or in a table of its own. */
const shownElsewhere: readonly string[] = ['capacity', 'checks', 'places', 'ready']

function partsOf(body: unknown): { places: string[][]; rest: unknown } {
  if (body === null || typeof body !== 'object') return { places: [], rest: body }
  const places = Object.entries('places' in body ? (body.places ?? {}) : {})
  return {
    places: places.map(([name, place]) => [printable(name), ...placeCells(place)]),
    rest: Object.fromEntries(Object.entries(body).filter(([name]) => !shownElsewhere.includes(name))),
  }
}

function placeCells(place: unknown): string[] {
  const { accounts, limit, lag, held_until, budgets } = (place ?? {}) as Readonly<Record<string, unknown>>
  const shares = Object.values(
    (budgets ?? {}) as Readonly<Record<string, { used?: unknown; limit?: unknown }>>,
  ).map((budget) => Number(budget.used) / Number(budget.limit))
  return [
    figure(Number(accounts), 'count'),
    limit === null ? '–' : figure(Number(limit), 'count'),
    figure(Number(lag), 'plain'),
    shares.length === 0 ? '–' : figure(100 * Math.max(...shares), 'pct'),
    held_until === null ? '' : printable(String(held_until)),
  ]
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
