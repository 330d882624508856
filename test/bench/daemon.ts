import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hourMs, readInteger, readRecord } from '@perf-agg/sdk'
import { Account } from '../../src/accounting/account.ts'
import { limits } from '../../src/limits.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { Served } from '../e2e/served.ts'
import { monthOf } from './daemon/month.ts'
import { fillState } from './daemon/tenants.ts'
import type { Bench, Measurement } from './row.ts'

const MB = 1e6
const GiB = 2 ** 30

/** What the real program takes of memory, with as many accounts as it is meant for. */
export const daemon: Bench = {
  name: 'memory of the daemon',
  run: async (quick) => {
    const rows = ledgers(quick ? 2 : 100, quick ? 3 : 30)
    const [few, many] = quick ? [2, 20] : [10, 10_000]
    const small = await residentWith(few, few)
    const large = await residentWith(many, quick ? many : 2_200)
    const perAccount = (large.idle - small.idle) / (many - few)
    const measured = (reached: boolean): boolean | null => (quick ? null : reached)
    const of50000 = small.idle + 50_000 * perAccount + (large.busy - large.idle)
    return [
      ...rows,
      {
        name: `daemon with ${many} accounts on its disk, as it has started`,
        value: large.idle / MB,
        unit: 'MB',
        limit: { name: `${few} accounts`, value: small.idle / MB },
        goal: '',
        reached: null,
      },
      {
        name: `the same after ${large.polls} jobs, ${limits.daemon.pollsMax} polls in flight, ${limits.daemon.ledgersMax} ledgers kept at most`,
        value: large.busy / MB,
        unit: 'MB',
        limit: { name: `${few} accounts`, value: small.busy / MB },
        goal: 'bounded whatever the accounts: ≤ 400 MB',
        reached: measured(large.busy <= 400 * MB),
      },
      {
        name: `the same with 50,000 accounts, from ${many} of them`,
        value: of50000 / GiB,
        unit: 'GiB',
        limit: null,
        goal: '< 1.5 GiB',
        reached: measured(of50000 < 1.5 * GiB),
      },
      {
        name: 'the processes that reach the exchanges, all of them',
        value: large.children / MB,
        unit: 'MB',
        limit: { name: `${few} accounts`, value: small.children / MB },
        goal: 'to compare with',
        reached: null,
      },
    ]
  },
}

/** One account of an exchange in memory, with the hours of a month. */
function ledgers(count: number, days: number): readonly Measurement[] {
  const endMs = Date.UTC(2026, 5, 1)
  const heldBy = (trades: boolean): { readonly bytes: number; readonly snapshot: number } => {
    const state = monthOf({ days, endMs, trades }).snapshot()
    const held = [restored(state)]
    const before = usedNow()
    for (let index = 0; index < count; index += 1) held.push(restored(state))
    return { bytes: (usedNow() - before) / count, snapshot: state.length }
  }
  // what the first one loads is no part of an account
  heldBy(true)
  const [busy, quiet] = [heldBy(true), heldBy(false)]
  const measured = globalThis.gc !== undefined && days === 30
  return [
    {
      name: 'memory of an exchange account with 30 days of hours',
      value: quiet.bytes / 1e3,
      unit: 'kB',
      limit: { name: 'dense', value: 23 },
      goal: '≤ 24 kB',
      reached: measured ? quiet.bytes <= 24_000 : null,
    },
    {
      name: 'the same, and a trade an hour that can still be corrected',
      value: busy.bytes / 1e3,
      unit: 'kB',
      limit: { name: 'dense', value: 23 },
      goal: '≤ 24 kB + lots and late trades',
      reached: null,
    },
    {
      name: 'the same on the disk, whence it comes for a poll',
      value: busy.snapshot / 1e3,
      unit: 'kB',
      limit: { name: 'dense', value: 23 },
      goal: '≤ 24 kB',
      reached: days === 30 ? busy.snapshot <= 24_000 : null,
    },
  ]
}

/** Accounts at the exchange; those of the daemon share them, as an exchange has a pace for each. */
const owners = 200
const owner = { opening: { USDT: '1000' }, unified: true, trader: null } as const

/** Long enough for a good part of the ledgers that are kept. */
const watchedMs = 100_000

interface Resident {
  readonly idle: number
  readonly busy: number
  readonly children: number
  readonly polls: number
}

/** `perf-agg serve` on a state with so many accounts: right after its start, and when it has polled so often. */
async function residentWith(count: number, pollsMin: number): Promise<Resident> {
  const folder = mkdtempSync(join(tmpdir(), 'perf-agg-bench-'))
  const closing: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const nowMs = Date.now()
  try {
    const simulator = await startSimulator({
      exchange: 'bybit',
      seed: 1,
      startMs: nowMs - hourMs,
      scenario: { accounts: Array.from({ length: owners }, () => owner) },
    })
    const stopTime = simulator.run(1)
    closing.push(() => {
      stopTime()
      return simulator.close()
    })
    simulator.advanceTo(nowMs)
    const ledger = monthOf({ days: 30, endMs: nowMs, trades: false }).snapshot()
    const credentials = simulator.accounts.map(({ apiKey, secret }) => ({ api_key: apiKey, secret }))
    await fillState(folder, { count, exchange: 'bybit', credentials, nowMs, ledger })
    const shim = { teardown: (close: () => Promise<void> | void) => closing.push(close) }
    const config = { exchanges: { bybit: { base_url: simulator.url } }, backfill_days: 0 }
    const { served, urls } = await Served.start(shim as never, { folder, config })
    closing.push(async () => void (await served.stop()))
    const idle = residentOf(served.pid)
    let [busy, children, polls] = [0, 0, 0]
    const endMs = performance.now() + watchedMs
    while (polls < pollsMin && performance.now() < endMs) {
      await pause(500)
      busy = Math.max(busy, residentOf(served.pid))
      children = Math.max(
        children,
        childrenOf(served.pid).reduce((sum, pid) => sum + residentOf(pid), 0),
      )
      polls = await jobsOf(urls.operations)
    }
    if (polls === 0) throw new Error('nothing was polled')
    return { idle, busy, children, polls }
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

async function jobsOf(operations: string): Promise<number> {
  const status = readRecord(await (await fetch(`${operations}/status`)).json(), 'status')
  const { jobs, failures } = readRecord(status['collectors'], 'collectors')
  // that a minute's budget is spent is how it goes with so many
  const failed = Object.entries(readRecord(failures, 'failures')).filter(
    ([code]) => code !== 'EXCHANGE_RATE_LIMITED',
  )
  if (failed.length > 0) throw new Error(`polls fail: ${JSON.stringify(failed)}`)
  return readInteger(jobs, 'jobs')
}

/** Resident set, in bytes. */
function residentOf(pid: number): number {
  try {
    const kB = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return Number(kB ?? 0) * 1_024
  } catch {
    return 0
  }
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

function restored(state: Uint8Array): Account {
  return Account.restore(state)
}

function usedNow(): number {
  // what the first time frees the second time takes away
  for (let time = 0; time < 3; time += 1) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
