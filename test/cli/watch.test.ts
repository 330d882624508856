import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { hourMs, type MetricsView, newSigningKey, toInstant } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { drawCurve } from '../../src/cli/watch/curve.ts'
import { frameOf, type Moment } from '../../src/cli/watch/frame.ts'
import { House } from '../e2e/house.ts'
import { commandIn, sandbox } from './script.ts'

/** The live view: what a frame says in any size, and a terminal that is given back as it was. */

const startMs = Date.UTC(2026, 10, 20)

function viewOf(returns: readonly (number | null)[], missing: readonly number[] = []): MetricsView {
  const hours = returns.flatMap((return_pct, index) =>
    missing.includes(index)
      ? []
      : [
          {
            t: toInstant(startMs + index * hourMs),
            return_pct,
            trades: 3,
            volume_base: 1,
            volume_quote: 5_000,
            fees_usd: 1,
          },
        ],
  )
  return {
    account: 'A'.repeat(43),
    exchange: 'binance',
    environment: 'live',
    status: 'active',
    coverage: {
      hours_expected: returns.length,
      observed: hours.length,
      recovered: 0,
      backfilled: 0,
      gaps: missing.map((index) => ({
        from: toInstant(startMs + index * hourMs),
        to: toInstant(startMs + (index + 1) * hourMs),
        reason: 'exchange-unreachable',
      })),
    },
    portfolio: { twr_pct: 12.3456, sharpe: 1.5, max_drawdown_pct: -3.21, current_drawdown_pct: 0 },
    hourly_buckets: hours,
  } as unknown as MetricsView
}

const moment = (change: Partial<Moment> = {}): Moment => ({
  label: 'main',
  view: viewOf(Array.from({ length: 90 }, (_, index) => Math.sin(index / 5))),
  deliveries: { pending: 2, parked: 0 },
  trouble: null,
  nowMs: startMs + 90 * hourMs + 720_000,
  ...change,
})

const plain = (_: string, words: string): string => words

t.test('a frame fits its terminal, whatever that is', async (t) => {
  const moments = [
    moment(),
    moment({ view: null }),
    moment({ view: viewOf([]) }),
    moment({ label: 'a label that somebody made far too long for any terminal that there is' }),
    moment({ trouble: { code: 'UNREACHABLE', message: 'x'.repeat(300), atMs: startMs } }),
  ]
  let count = 0
  for (const each of moments) {
    for (const columns of [20, 40, 60, 80, 100, 200]) {
      for (const rows of [5, 12, 24, 50]) {
        const frame = frameOf(each, { columns, rows }, plain)
        t.ok(frame.length <= rows, `${frame.length} of ${rows} rows`)
        const widest = Math.max(...frame.map((line) => [...line].length))
        t.ok(widest <= columns, `${widest} of ${columns} columns`)
        count += 1
      }
    }
  }
  t.equal(count, 120)
})

t.test('what a frame of 80 columns says', async (t) => {
  const words = frameOf(moment(), { columns: 80, rows: 24 }, plain).join('\n')
  for (const part of [
    /^main {2}binance · live · active +18:12:00 UTC/,
    /return \+12\.35 % {3}Sharpe 1\.50/,
    /18:00 to 19:00 UTC, 48 min to go; last stated 17:00: \+?-?\d/,
    /90 of 90 seen \(100\.00 %\), 0 recovered, 0 gaps/,
    /2 waiting, 0 parked/,
    /error {4}none/,
    /q leaves$/,
  ]) {
    t.match(words, part)
  }
  t.match(words, /[\u2801-\u28ff]{3}/, 'a line')
  const failed = moment({
    trouble: { code: 'UNREACHABLE', message: 'no answer', atMs: moment().nowMs - 5_000 },
  })
  t.match(frameOf(failed, { columns: 80, rows: 24 }, plain).join('\n'), /UNREACHABLE 5 s ago: no answer/)
  const holed = frameOf(
    moment({
      view: viewOf(
        Array.from({ length: 30 }, () => 1),
        [10, 11],
      ),
    }),
    { columns: 80, rows: 24 },
    plain,
  ).join('\n')
  t.match(holed, /28 of 30 seen .*2 gaps/)
  t.match(holed, /█{10}··█{18}/, 'hours that nobody saw')
})

t.test('a curve', async (t) => {
  t.strictSame(drawCurve([0, 1], 1, 1), { rows: ['⣸'], low: 0, high: 1 })
  t.strictSame(drawCurve([], 3, 2).rows, ['   ', '   '])
  const flat = drawCurve([5, 5, 5], 4, 1)
  t.equal(flat.rows[0], '⠤⠤⠤⠤')
  const holed = drawCurve([1, 1, null, null, 1, 1], 6, 1).rows[0]!
  t.match(holed, /^\S+ +\S+$/, 'a hole stays a hole')
})

async function registered(t: Test): Promise<{ env: NodeJS.ProcessEnv; folder: string; args: string[] }> {
  const house = await House.open(t, { config: { grace_seconds: 0 } })
  const { access, receipt } = await house.client.register({
    clientId: 'me',
    exchange: 'mock',
    credentials: {},
    clientKey: await newSigningKey(),
    insecureSimulated: true,
  })
  const folder = t.testdir()
  const env = sandbox(folder)
  const place = join(env['XDG_CONFIG_HOME'] ?? join(String(env['HOME']), '.config'), 'perf-agg')
  mkdirSync(place, { recursive: true, mode: 0o700 })
  const kept = {
    clientId: 'me',
    serviceUrl: house.daemon.urls.enclave,
    exchange: 'mock',
    accountType: 'spot',
    sandbox: false,
    account: receipt.account,
    registeredAt: toInstant(Date.now()),
    expiresAt: receipt.expires_at,
    access,
    policy: null,
    insecureSimulated: true,
  }
  writeFileSync(join(place, 'registrations.json'), JSON.stringify({ accounts: { main: kept } }), {
    mode: 0o600,
  })
  return { env, folder, args: ['watch', '--interval', '1', '--operations-url', house.daemon.urls.operations] }
}

const python = spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0

t.test('in a terminal', { skip: python ? false : 'no python3 on this machine' }, async (t) => {
  const { env, folder, args } = await registered(t)
  const script = fileURLToPath(new URL('./screen.py', import.meta.url))
  for (const way of ['q', 'ctrl-c', 'term', 'resize']) {
    const child = spawn(
      'python3',
      [script, '80', '24', 'waiting, 0 parked', way, '--', commandIn(folder), ...args],
      { env: { ...env, TERM: 'xterm-256color' }, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const told = JSON.parse(await text(child.stdout)) as {
      readonly code: number
      readonly frames: readonly (readonly string[])[]
    }
    t.match(told, { code: 0, begins: true, ends: true, restored: true, coloured: true }, way)
    const last = told.frames.at(-1)!
    t.match(last.join('\n'), /no hour is stated yet/)
    const [columns, rows] = way === 'resize' ? [50, 18] : [80, 24]
    t.ok(last.length <= rows, `${way}: ${last.length} lines`)
    t.strictSame(
      last.filter((line) => [...line].length > columns),
      [],
      `${way}: no line is too wide`,
    )
  }
  const uncoloured = spawn(
    'python3',
    [script, '80', '24', 'waiting, 0 parked', 'q', '--', commandIn(folder), ...args],
    {
      env: { ...env, TERM: 'xterm-256color', NO_COLOR: '1' },
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  t.match(JSON.parse(await text(uncoloured.stdout)), { code: 0, coloured: false })
})

t.test('without a terminal', async (t) => {
  const { env, folder, args } = await registered(t)
  const run = async (...more: readonly string[]) => {
    const child = spawn(commandIn(folder), [...args, ...more], { env, cwd: folder })
    let out = ''
    for await (const piece of child.stdout) {
      out += String(piece)
      // where it goes on, a first line is enough
      if (!more.includes('--once') && out.includes('\n')) child.kill('SIGTERM')
    }
    return out
  }
  t.match(await run('--once'), /^main {2}mock · self-reported · active[^]*error {4}none\n$/)
  const once = JSON.parse(await run('--once', '--json')) as object
  t.match(once, { label: 'main', status: 'active', deliveries: { parked: 0 }, error: null })
  const lines = (await run()).trimEnd().split('\n')
  t.match(lines[0], /^20\S+Z main active return –, 0\/0 h, \d waiting, 0 parked$/)
  const objects = (await run('--json')).trimEnd().split('\n')
  t.match(JSON.parse(objects[0]!), { label: 'main', last_hour: null })
})
