import { createWriteStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  dayMs,
  fromBase64url,
  hourMs,
  type MetricsView,
  newSigningKey,
  parseJson,
  parseStatement,
  PerfAggClient,
  type Registered,
  statementDigest,
  type Statement,
  toInstant,
  verdictOf,
  verifyLink,
  verifyStatement,
} from '@perf-agg/sdk'
import { SteppedClock } from '../../daemon/clock.ts'
import { loadConfiguration } from '../../daemon/configuration/config.ts'
import { type Daemon, startDaemon } from '../../daemon/daemon.ts'
import { stepUntil } from '../../daemon/stepping.ts'
import { createLog } from '../../http/log.ts'
import { type Simulator, startSimulator } from '../../simulator/simulator.ts'
import { type DemoBackend, startDemoBackend } from './demo-backend.ts'
import { demoScenario, demoStartMs } from './demo-scenario.ts'
import { formatSteps } from '../terminal/step-list.ts'
import { figure, formatPairs } from '../terminal/table.ts'
import { paint, print } from '../terminal/terminal.ts'
import { formatView } from '../terminal/view-page.ts'

export interface DemoOptions {
  readonly days: number
  readonly out: string
  readonly seed: number
}

/** An hour a poll is enough for a story; the enclave itself looks every 30 s to 5 min. */
const demoPacing = { pauseMsMin: hourMs, pauseMsMax: hourMs, settlingMs: 5_000 }

/**
 * A simulated exchange, a backend and an enclave, each the real thing on a free port; a clock that is stepped, so that
 * days pass in seconds and every hour is still observed live. Returns the exit code: 0 only if all of it held.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const began = performance.now()
  const out = resolve(options.out)
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  const clock = new SteppedClock(demoStartMs)
  const simulator = await startSimulator({
    exchange: 'binance',
    seed: options.seed,
    startMs: demoStartMs,
    scenario: demoScenario(options.days),
    truthFile: join(out, 'truth.jsonl'),
  })
  const backend = await startDemoBackend()
  let daemon: Daemon | null = null
  try {
    daemon = await startEnclave(out, simulator, backend, clock)
    introduce(simulator, backend, daemon, options.days)
    const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
    const registered = await register(client, simulator)
    await letTimePass(daemon, clock, simulator, backend, options.days)
    const metrics = await client.metrics(registered.access)
    chapter('4', 'What the trader sees')
    print(formatView(metrics, 'demo', 6))
    const holds = await verifyAll(backend, registered, metrics)
    await leaveFiles(out, backend, metrics, registered)
    print(
      `\n${paint('dim', `${((performance.now() - began) / 1_000).toFixed(1)} s. The files are in ${out}:`)}`,
    )
    print(paint('dim', 'statements.jsonl, metrics.json, statement-key.json, truth.jsonl, enclave.log'))
    print(
      paint(
        'dim',
        `perf-agg verify ${join(options.out, 'last-statement.json')} --key ${join(options.out, 'statement-key.json')}`,
      ),
    )
    return holds ? 0 : 1
  } finally {
    await daemon?.stop()
    await Promise.all([backend.close(), simulator.close()])
  }
}

async function startEnclave(
  out: string,
  simulator: Simulator,
  backend: DemoBackend,
  clock: SteppedClock,
): Promise<Daemon> {
  const config = join(out, 'perf-agg.json')
  await writeFile(
    config,
    `${JSON.stringify({ exchanges: { binance: { base_url: simulator.url } }, backfill_days: 0 }, null, 2)}\n`,
  )
  const configuration = loadConfiguration({
    flags: {
      config,
      insecure_simulated: true,
      state: join(out, 'state'),
      data_key: join(out, 'data.key'),
      port: '0',
      operations_port: '0',
      ws_port: '0',
      backend_url: backend.url,
    },
    environment: {},
    home: out,
    cwd: out,
  })
  const file = createWriteStream(join(out, 'enclave.log'))
  const log = createLog({
    level: 'info',
    readable: false,
    write: (line) => file.write(line),
    nowMs: () => clock.nowMs(),
  })
  return startDaemon(configuration, { log, clock, pacing: demoPacing })
}

function introduce(simulator: Simulator, backend: DemoBackend, daemon: Daemon, days: number): void {
  print(paint('bold', 'perf-agg demo: from exchange keys to a record that anyone can check\n'))
  print(
    formatPairs([
      ['exchange', `${simulator.url}  a simulated Binance; the client library is unmodified ccxt`],
      ['backend', `${backend.url}  takes statements at /api/ingest`],
      ['enclave', `${daemon.urls.enclave}  simulated hardware: this proves nothing, it shows how`],
    ]),
  )
  print(`\nTime is stepped: ${days} days pass in seconds, every hour observed as it ends.`)
}

async function register(client: PerfAggClient, simulator: Simulator): Promise<Registered> {
  const account = simulator.accounts[0]
  if (account === undefined) throw new Error('the scenario has no account')
  chapter('1', 'The trader asks the enclave what it is, before telling it anything')
  const registered = await client.register({
    clientId: 'demo-trader',
    label: 'demo',
    exchange: 'binance',
    credentials: { api_key: account.apiKey, secret: account.secret },
    clientKey: await newSigningKey(),
    insecureSimulated: true,
    ttlSeconds: 90 * 86_400,
    onAppraisal: ({ steps }) => print(formatSteps(steps)),
  })
  const { receipt } = registered
  chapter('2', 'and seals the exchange key to it: nobody on the way can read it')
  print(
    formatPairs([
      ['session', `${receipt.status}, until ${receipt.expires_at.slice(0, 10)}`],
      ['key', `${receipt.permissions} (the enclave asked the exchange; one that can withdraw is refused)`],
      ['account', `${receipt.account ?? '–'}  its public pseudonym`],
    ]),
  )
  return registered
}

async function letTimePass(
  daemon: Daemon,
  clock: SteppedClock,
  simulator: Simulator,
  backend: DemoBackend,
  days: number,
): Promise<void> {
  chapter('3', 'Days pass: fills are collected, hours closed, signed and posted')
  for (let day = 1; day <= days; day += 1) {
    const before = backend.received.length
    await stepUntil(daemon, clock, demoStartMs + day * dayMs, (atMs) => simulator.advanceTo(atMs))
    const fresh = backend.received.slice(before).map(({ statement }) => statement)
    const hours = fresh.flatMap(({ hourly_buckets: buckets }) => buckets)
    const growth = hours.reduce((product, { return_pct: pct }) => product * (1 + (pct ?? 0) / 100), 1)
    const trades = hours.reduce((count, bucket) => count + bucket.trades, 0)
    const marks = fresh.flatMap(({ metadata }) => metadata.coverage.unreconciled)
    const flows = fresh.reduce((sum, { metadata }) => sum + metadata.flows.net_usd, 0)
    print(
      `  day ${String(day).padStart(2)}  ${String(hours.length).padStart(2)} hours  ${String(trades).padStart(3)} fills  ` +
        `${figure((growth - 1) * 100, 'pct').padStart(8)}` +
        (flows === 0 ? '' : `  ${paint('dim', `flows ${figure(flows, 'usd')}: no performance`)}`) +
        (marks.length === 0
          ? ''
          : `  ${paint('yellow', `${marks.length} h with unexplained changes: never gain`)}`),
    )
  }
}

/** Everything the backend got, checked as an investor would: with the enclave's key and nothing else. */
async function verifyAll(
  backend: DemoBackend,
  registered: Registered,
  metrics: MetricsView,
): Promise<boolean> {
  chapter('5', "What an investor can check, offline, with the enclave's key alone")
  const key = { publicKey: fromBase64url(registered.access.signingKey), holder: 'enclave' } as const
  const statements = backend.received.map(({ statement }) => statement)
  let previous: Statement | null = null
  let sound = 0
  for (const statement of statements) {
    const steps = [...(await verifyStatement(statement, [key])), ...(await verifyLink(previous, statement))]
    if (verdictOf(steps) === 'holds') sound += 1
    else print(formatSteps(steps.filter(({ status }) => status !== 'affirming')))
    previous = statement
  }
  const linked = linkedReturn(statements)
  const shown = metrics.portfolio['twr_pct'] ?? null
  const agree = shown !== null && Math.abs(linked - shown) < 1e-9 * Math.max(1, Math.abs(shown))
  const caught = await tamperings(
    statements.findLast(({ hourly_buckets: buckets }) => buckets.length > 0),
    key,
  )
  print(
    mark(
      sound === statements.length,
      `${sound} of ${statements.length} statements: signature, chain without a hole, totals from hours`,
    ),
  )
  print(mark(agree, `the return recomputed from the hours, ${figure(linked, 'pct')}, is the one shown`))
  print(
    mark(
      caught.missed === 0,
      `${caught.tried} ways to touch up a statement tried, ${caught.tried - caught.missed} caught`,
    ),
  )
  return sound === statements.length && statements.length > 0 && agree && caught.missed === 0
}

/** In percent, from the published hours: the latest word on each. */
function linkedReturn(statements: readonly Statement[]): number {
  const latest = new Map<string, number>()
  for (const { hourly_buckets: buckets } of statements) {
    for (const bucket of buckets) latest.set(bucket.t, bucket.return_pct ?? 0)
  }
  const inOrder = [...latest].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return (inOrder.reduce((product, [, pct]) => product * (1 + pct / 100), 1) - 1) * 100
}

async function tamperings(
  statement: Statement | undefined,
  key: { readonly publicKey: Uint8Array; readonly holder: 'enclave' },
): Promise<{ tried: number; missed: number }> {
  if (statement === undefined) return { tried: 0, missed: 1 }
  const [bucket] = statement.hourly_buckets
  const touched: unknown[] = [
    { ...statement, hourly_buckets: [{ ...bucket, return_pct: 5 }, ...statement.hourly_buckets.slice(1)] },
    { ...statement, client_id: 'somebody-else' },
    { ...statement, totals: { ...statement.totals, fees_usd: 0 } },
    { ...statement, metadata: { ...statement.metadata, sequence: statement.metadata.sequence + 1 } },
    {
      ...statement,
      metadata: { ...statement.metadata, source: { ...statement.metadata.source, environment: 'live' } },
    },
  ]
  let missed = 0
  for (const each of touched) {
    try {
      const steps = await verifyStatement(parseStatement(parseJson(JSON.stringify(each))), [key])
      if (verdictOf(steps) === 'holds') missed += 1
    } catch {
      // refused by its form already
    }
  }
  return { tried: touched.length, missed }
}

async function leaveFiles(
  out: string,
  backend: DemoBackend,
  metrics: MetricsView,
  registered: Registered,
): Promise<void> {
  const lines = backend.received.map(({ bytes }) => Buffer.from(bytes).toString())
  const last = backend.received.at(-1)
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: registered.access.signingKey }
  await Promise.all([
    writeFile(join(out, 'statements.jsonl'), lines.map((line) => `${line}\n`).join('')),
    writeFile(join(out, 'last-statement.json'), lines.at(-1) ?? ''),
    writeFile(join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`),
    writeFile(join(out, 'statement-key.json'), `${JSON.stringify(jwk)}\n`),
  ])
  if (last !== undefined) {
    print(
      `\n${paint('dim', `last statement: ${await statementDigest(last.statement)}, ${toInstant(Date.parse(last.statement.period_end))}`)}`,
    )
  }
}

function chapter(number: string, title: string): void {
  print(`\n${paint('cyan', number)} ${paint('bold', title)}`)
}

function mark(good: boolean, text: string): string {
  return `${good ? paint('green', '✓') : paint('red', '✗')} ${text}`
}
