import {
  dayMs,
  hourMs,
  newSigningKey,
  PerfAggClient,
  verdictOf,
  verifyLink,
  verifyStatement,
  fromBase64url,
} from '@perf-agg/sdk'
import t from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { usualFaults, usualStory } from '../../src/simulator/story.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { startBackend, startComposed } from './enclave.ts'

const days = 31
const startMs = Date.UTC(2026, 2, 1, 7, 20)

// seven hundred polls through real processes take their minutes
t.setTimeout(1_800_000)

t.test('a month at binance spot, every bucket against the truth', async (t) => {
  const backend = await startBackend()
  const simulator = await startSimulator({
    exchange: 'binance',
    seed: 20260301,
    startMs,
    scenario: usualStory(startMs, days),
    faults: usualFaults(startMs),
  })
  const composed = await startComposed({
    startMs,
    exchangeUrl: simulator.url,
    backendUrl: backend.url,
    pauseMs: hourMs,
  })
  t.teardown(async () => {
    await composed.close()
    await Promise.all([backend.close(), simulator.close()])
  })
  const { daemon, clock } = composed
  const account = simulator.accounts[0]!
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  const { receipt, access } = await client.register({
    clientId: 'trader',
    exchange: 'binance',
    credentials: { api_key: account.apiKey, secret: account.secret },
    clientKey: await newSigningKey(),
    insecureSimulated: true,
    ttlSeconds: 60 * 86_400,
  })
  t.equal(receipt.status, 'active')
  t.equal(receipt.permissions, 'read-only')

  await stepUntil(daemon, clock, startMs + days * dayMs, (atMs) => simulator.advanceTo(atMs))

  const { statements } = backend
  const gaps = statements.flatMap(({ metadata }) =>
    metadata.coverage.gaps.map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) })),
  )
  const hours = statements
    .filter(({ metadata }) => metadata.type === 'period')
    .flatMap((each) => each.hourly_buckets)
  const fromMs = Date.parse(hours[0]!.t)
  const toMs = Date.parse(hours.at(-1)!.t) + hourMs
  const expected = expectedHours(simulator.truth, {
    accountId: account.uid,
    fromMs,
    toMs,
    anchorsMs: composed.anchorsMs,
    gaps,
  })
  const mismatches = compare(expected, statements)
  t.comment(`${expected.length} hours compared, ${mismatches.length} mismatches, ${gaps.length} gaps`)
  t.comment(`troubles: ${JSON.stringify(Object.fromEntries(composed.troubles))}`)
  t.same(mismatches.slice(0, 40), [], 'every bucket and total is right')
  t.ok(expected.length >= 30 * 24 - 80, 'at least 30 days but for the gaps')

  const key = { publicKey: fromBase64url(access.signingKey), holder: 'enclave' } as const
  let previous = null
  for (const statement of statements) {
    const steps = [...(await verifyStatement(statement, [key])), ...(await verifyLink(previous, statement))]
    if (verdictOf(steps) !== 'holds') t.fail(`statement ${statement.metadata.sequence}`, { steps })
    previous = statement
  }

  const view = await client.metrics(access)
  const linked = expected.reduce((product, row) => product * (1 + row.returnPct / 100), 1)
  const twr = view.portfolio['twr_pct']
  t.ok(
    typeof twr === 'number' && Math.abs(twr - (linked - 1) * 100) < 1e-9 * Math.max(1, Math.abs(twr)),
    'linked return',
  )
})
