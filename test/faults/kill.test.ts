import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  fromBase64,
  fromBase64url,
  newSigningKey,
  parseInstant,
  parseJson,
  parseStatement,
  PerfAggClient,
  signedBytes,
  statementDigest,
  verifySignature,
  type Statement,
} from '@perf-agg/sdk'
import t from 'tap'
import { loadDataKey } from '../../src/store/data-key.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { createVault } from '../../src/store/vault.ts'
import { FlakyBackend } from './flaky-backend.ts'
import { RealDaemon, type Urls } from './real-daemon.ts'
import { Trader } from './trader.ts'

/** More for a soak: PERF_AGG_KILLS=500. */
const kills = Number(process.env['PERF_AGG_KILLS'] ?? 50)
/** A kill every so often comes while it still starts: recovery must bear being cut off too. */
const startKillShare = 0.25
const tradersMax = 8
const patient = { timeout: Math.max(1_500_000, kills * 10_000) }

t.setTimeout(patient.timeout)
const folder = mkdtempSync(join(tmpdir(), 'perf-agg-kill-'))
const backend = new FlakyBackend()
const backendUrl = await backend.listen()
let daemon = null as RealDaemon | null
t.teardown(async () => {
  await daemon?.kill()
  backend.close()
  rmSync(folder, { recursive: true, force: true })
})

const clientKey = await newSigningKey()
const traders: Trader[] = []
const refusals: string[] = []

async function enroll(urls: Urls): Promise<void> {
  try {
    traders.push(await Trader.register(urls, `trader-${traders.length}-${Date.now()}`, clientKey))
  } catch (error) {
    // cut off by the kill: never acknowledged
    if (!(error instanceof Error && 'code' in error && error.code === 'SERVICE_UNREACHABLE')) {
      refusals.push(String(error))
    }
  }
}

function start(): RealDaemon {
  daemon = new RealDaemon(folder, backendUrl)
  return daemon
}

/** One life of the daemon under load, and its sudden end. */
async function live(mortal: RealDaemon): Promise<void> {
  if (Math.random() < startKillShare && traders.length > 0) {
    await Promise.race([mortal.ready, sleep(Math.random() * 1_500)])
    return mortal.kill()
  }
  const urls = await mortal.ready
  const end = new AbortController()
  const work = traders.map((trader) => trader.stream(urls, end.signal, { more: true }))
  if (traders.length < tradersMax) work.push(enroll(urls))
  const settled = Promise.allSettled(work)
  await sleep(50 + Math.random() * 1_800)
  await mortal.kill()
  end.abort()
  for (const result of await settled) if (result.status === 'rejected') refusals.push(String(result.reason))
}

/** What lies on the disk, read while no daemon runs. */
async function read<T>(look: (store: Store) => Promise<T>): Promise<T> {
  const stateDir = join(folder, 'state')
  const key = await loadDataKey(join(folder, 'data.key'), { stateDir, create: false })
  const store = await openStore(stateDir, { vault: createVault(key), clock: { nowMs: Date.now } })
  try {
    return await look(store)
  } finally {
    await store.close()
  }
}

async function allStatements(store: Store, account: string): Promise<Statement[]> {
  const statements: Statement[] = []
  for (;;) {
    const page = await store.statements(account, { afterSequence: statements.length, limit: 1_000 })
    for (const { body } of page) statements.push(parseStatement(parseJson(body)))
    if (page.length < 1_000) return statements
  }
}

t.test(`${kills} kills under load`, patient, async (t) => {
  for (let round = 0; round < kills; round += 1) await live(start())
  t.strictSame(refusals, [], 'nothing acknowledged was refused after a restart')
  t.ok(traders.length >= Math.min(4, kills / 4))
  t.comment(`${traders.length} sessions, ${backend.posts} posts of ${backend.bodies.size} statements`)
})

t.test(
  'what was not acknowledged is sent again, every hour gets stated, everything is delivered',
  async (t) => {
    backend.flaky = false
    let done = false
    for (let round = 0; round < 12 && !done; round += 1) {
      const last = start()
      const urls = await last.ready
      const end = new AbortController()
      const timer = setTimeout(() => end.abort(), 10_000)
      await Promise.all(traders.map((trader) => trader.stream(urls, end.signal, { more: false })))
      clearTimeout(timer)
      await sleep(6_000)
      if (round === 0) {
        const client = new PerfAggClient({ serviceUrl: urls.enclave })
        for (const { access, account } of traders) {
          const fresh = await client.renewAccess(access, { insecureSimulated: true })
          const view = await client.metrics(fresh)
          t.equal(view.account, account, 'an acknowledged session answers')
          t.equal(view.status, 'active')
        }
      }
      t.equal(await last.stop(), 0, last.stderr)
      done = await read(async (store) => {
        if ((await store.outboxCounts()).pending > 0) return false
        for (const { account, acknowledged } of traders) {
          const stated = new Set(
            (await store.statedHours(account, 0, Number.MAX_SAFE_INTEGER)).map((hour) => hour.startMs),
          )
          if ([...acknowledged.keys()].some((hour) => !stated.has(hour))) return false
        }
        return true
      })
    }
    t.ok(done, 'in time')
    t.strictSame(
      traders.map(({ unacknowledged }) => unacknowledged),
      traders.map(() => 0),
    )
    t.strictSame(
      traders.flatMap(({ errors }) => errors),
      [],
    )
  },
)

t.test('no fork, no hole, no hour twice, no trade lost or counted twice', patient, async (t) => {
  await read(async (store) => {
    t.strictSame(await store.outboxParked(5), [])
    const keys = new Map((await store.statementKeys()).map(({ keyId, jwk }) => [keyId, jwk]))
    const accounts = await store.accounts()
    let count = 0
    for (const { pseudonym, head } of accounts) {
      const statements = await allStatements(store, pseudonym)
      count += statements.length
      t.equal(statements.length, head.sequence)
      t.equal(await brokenLink(statements, keys), null, 'every link is signed and holds the one before')
      t.equal(hourTwice(statements), null)
      for (const statement of statements) {
        const posted = backend.bodies.get(await statementDigest(statement))
        const stored = await store.statementAt(pseudonym, statement.metadata.sequence)
        if (posted === undefined || !posted.equals(stored!.body))
          t.fail('a statement was not posted as stored')
      }
      const trader = traders.find(({ account }) => account === pseudonym)
      t.strictSame(
        tradesOf(statements),
        sorted(trader?.acknowledged ?? new Map()),
        'exactly the acknowledged trades',
      )
    }
    t.equal(backend.bodies.size, count, 'nothing was ever posted that is not in the record: no fork')
    t.strictSame(backend.wrong, [])
    const types = new Set(
      [...backend.bodies.values()].map((body) => parseStatement(parseJson(body)).metadata.type),
    )
    for (const type of ['registered', 'period', 'correction', 'key_start'])
      t.ok(types.has(type as never), type)
    t.comment(`${accounts.length} accounts, ${count} statements`)
  })
})

/** @returns the first link that does not hold */
async function brokenLink(
  statements: readonly Statement[],
  keys: ReadonlyMap<string, string>,
): Promise<string | null> {
  let previous: string | null = null
  for (const [index, statement] of statements.entries()) {
    const { metadata } = statement
    const { x } = JSON.parse(keys.get(metadata.key_id) ?? '{"x":""}') as { x: string }
    const signed = await verifySignature(
      fromBase64url(x),
      signedBytes(statement),
      fromBase64(statement.signature),
    )
    const holds = signed && metadata.sequence === index + 1 && metadata.previous === previous
    if (!holds) return JSON.stringify(statement)
    previous = await statementDigest(statement)
  }
  return null
}

/** @returns an hour that two periods state, or that a correction changes before it was stated */
function hourTwice(statements: readonly Statement[]): string | null {
  const stated = new Set<string>()
  for (const { metadata, hourly_buckets } of statements) {
    for (const { t: hour } of hourly_buckets) {
      if (stated.has(hour) !== (metadata.type === 'correction')) return hour
      stated.add(hour)
    }
  }
  return null
}

/** By hour with trades: the volume that the latest statement about it says, which tells which trades are in it. */
function tradesOf(statements: readonly Statement[]): Map<number, number> {
  const latest = new Map<number, number>()
  for (const { hourly_buckets } of statements) {
    for (const bucket of hourly_buckets) {
      // as many trades as bits: none is there twice
      const bits = bucket.volume_base.toString(2).replaceAll('0', '').length
      const volume = bits === bucket.trades ? bucket.volume_base : Number.NaN
      if (bucket.trades === 0) latest.delete(parseInstant(bucket.t))
      else latest.set(parseInstant(bucket.t), volume)
    }
  }
  return sorted(latest)
}

function sorted(hours: ReadonlyMap<number, number>): Map<number, number> {
  return new Map([...hours].toSorted(([a], [b]) => a - b))
}
