import type { Command } from 'commander'
import { type MetricsView, PerfAggError, toInstant } from '@perf-agg/sdk'
import { examples, integerFlag, jsonFlag } from '../command.ts'
import { findRegistration, openRegistrations, type Registrations } from '../input/registrations.ts'
import { getJson } from '../input/request.ts'
import { readServiceUrl } from '../input/service-url.ts'
import { operationsUrlDefault } from '../terminal/status-page.ts'
import { figure } from '../terminal/table.ts'
import { paint, print, widthOf } from '../terminal/terminal.ts'
import { readQuietly } from '../input/view-access.ts'
import { frameOf, headlineOf, type Moment } from '../watch/frame.ts'
import { Screen } from '../watch/screen.ts'

/** An account, live in the terminal: the curve, the hour under way, coverage, deliveries, the last error. */

interface WatchFlags {
  readonly interval: number
  readonly operationsUrl: string
  readonly once?: true
  readonly json?: true
}

type Reading = Omit<Moment, 'nowMs'>

/** q, Ctrl-C and Ctrl-D. */
const leaving = ['q', 'Q', '\x03', '\x04']

export function define(command: Command): void {
  examples(
    command,
    'perf-agg watch',
    'perf-agg watch main --interval 60',
    'perf-agg watch --once',
    'perf-agg watch --json',
  )
    .argument('[label]', 'as registered here, or the session id')
    .option('--interval <seconds>', 'ask the enclave so often', integerFlag('--interval', 1, 86_400), 10)
    .option('--once', 'show one frame and leave')
    .option('--operations-url <url>', 'the operations API, for deliveries', operationsUrlDefault())
    .addOption(jsonFlag())
    .action(watch)
}

async function watch(wanted: string | undefined, flags: WatchFlags): Promise<void> {
  const registrations = await openRegistrations()
  const { label } = findRegistration(registrations, wanted)
  const operations = readServiceUrl(flags.operationsUrl)
  const read = (before: Reading): Promise<Reading> => readMoment(registrations, label, operations, before)
  const blank: Reading = { label, view: null, deliveries: null, trouble: null }
  if (flags.once === true) return showOnce(await read(blank), flags)
  if (flags.json === true || !process.stdout.isTTY) return tell(read, blank, flags)
  await live(read, blank, flags.interval * 1_000)
}

/** A failed reading keeps what was known and says why there is nothing newer. */
async function readMoment(
  registrations: Registrations,
  label: string,
  operations: string,
  before: Reading,
): Promise<Reading> {
  const { kept } = findRegistration(registrations, label)
  const deliveries = await readDeliveries(operations)
  try {
    const view = await readQuietly(registrations, label, kept, (client, access) => client.metrics(access))
    return { label, view, deliveries, trouble: null }
  } catch (error) {
    if (!(error instanceof PerfAggError)) throw error
    return { ...before, deliveries, trouble: { code: error.code, message: error.message, atMs: Date.now() } }
  }
}

async function readDeliveries(operations: string): Promise<Moment['deliveries']> {
  try {
    const { status, body } = await getJson(`${operations}/status`)
    const found: unknown = body !== null && typeof body === 'object' ? Reflect.get(body, 'deliveries') : null
    if (status !== 200 || typeof found !== 'object' || found === null) return null
    const [pending, parked] = ['pending', 'parked'].map((name) => Reflect.get(found, name) as unknown)
    return typeof pending === 'number' && typeof parked === 'number' ? { pending, parked } : null
  } catch (error) {
    if (!(error instanceof PerfAggError)) throw error
    return null
  }
}

function showOnce(reading: Reading, { json }: WatchFlags): void {
  if (reading.trouble !== null) throw new PerfAggError(reading.trouble.code, reading.trouble.message)
  if (json === true) return print(JSON.stringify(jsonOf(reading)))
  const size = { columns: Math.min(widthOf(), 120), rows: 24 }
  const lines = frameOf({ ...reading, nowMs: Date.now() }, size, paint)
  // nobody is there to leave
  print(lines.slice(0, -1).join('\n'))
}

/** Without a terminal: a line each time, for a log or a program. */
async function tell(
  read: (before: Reading) => Promise<Reading>,
  first: Reading,
  flags: WatchFlags,
): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  let reading = first
  while (!stop.signal.aborted) {
    reading = await read(reading)
    print(flags.json === true ? JSON.stringify(jsonOf(reading)) : lineOf(reading))
    await pause(flags.interval * 1_000, stop.signal)
  }
}

async function live(
  read: (before: Reading) => Promise<Reading>,
  first: Reading,
  intervalMs: number,
): Promise<void> {
  const stop = new AbortController()
  const screen = new Screen()
  let reading = first
  const draw = (): void => screen.show(frameOf({ ...reading, nowMs: Date.now() }, screen.size, screen.paint))
  const leave = (): void => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave)
  screen.take((keys) => {
    if (leaving.some((key) => keys.includes(key))) leave()
  }, draw)
  const ticking = setInterval(draw, 1_000)
  try {
    draw()
    while (!stop.signal.aborted) {
      // an answer that is slow must not keep anybody from leaving
      reading = await Promise.race([read(reading), aborted(stop.signal).then(() => reading)])
      if (stop.signal.aborted) break
      draw()
      await pause(intervalMs, stop.signal)
    }
  } finally {
    clearInterval(ticking)
    screen.release()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, ms))), aborted(signal)])
  clearTimeout(timer)
}

function jsonOf({ label, view, deliveries, trouble }: Reading): object {
  return {
    at: toInstant(Date.now()),
    label,
    account: view?.account ?? null,
    status: view?.status ?? null,
    as_of: view?.as_of ?? null,
    portfolio: view?.portfolio ?? null,
    coverage: view?.coverage ?? null,
    last_hour: (view === null ? undefined : headlineOf(view).at(-1)) ?? null,
    deliveries,
    error: trouble === null ? null : { code: trouble.code, message: trouble.message },
  }
}

function lineOf({ label, view, deliveries, trouble }: Reading): string {
  const at = toInstant(Date.now())
  if (trouble !== null) return `${at} ${label} ${trouble.code} ${trouble.message}`
  if (view === null) return `${at} ${label} nothing yet`
  const { coverage, portfolio } = view
  const seen = `${coverage.observed + coverage.recovered}/${coverage.hours_expected} h`
  const queue = deliveries === null ? '' : `, ${deliveries.pending} waiting, ${deliveries.parked} parked`
  return `${at} ${label} ${view.status} return ${figure(returnOf(portfolio), 'pct')}, ${seen}${queue}`
}

function returnOf(portfolio: MetricsView['portfolio']): number | null {
  return portfolio['twr_pct'] ?? null
}
