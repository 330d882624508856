import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ExactBucket,
  hourMs,
  minuteMs,
  newSigningKey,
  parsePolicy,
  PerfAggClient,
  type Receipt,
  type RecordFigures,
  type SessionAccess,
  type SigningKey,
  type Step,
  type TrackRecord,
  verifyRecord,
} from '@perf-agg/sdk'
import type { Test } from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import type { AccountPlan, PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { type Backend, type Composed, startBackend, startComposed } from '../e2e/enclave.ts'
import { SmallWitness } from '../log/small-witness.ts'

export const startMs = Date.UTC(2026, 4, 4, 6, 20)
/** So many hours and minutes after the start of the play. */
export const at = (hours: number, minutes = 0): number => startMs + hours * hourMs + minutes * minuteMs

export interface Play {
  readonly accounts: readonly Partial<AccountPlan>[]
  /** Of one BTC in USDT; the exchange's own market unless given. */
  readonly price?: (atMs: number) => number
  readonly delistings?: Scenario['delistings']
  /** For how long there are such prices. */
  readonly hours?: number
}

export interface Joined {
  readonly access: SessionAccess
  readonly receipt: Receipt
  readonly clientKey: SigningKey
}

export interface Judged {
  readonly record: TrackRecord
  readonly steps: readonly Step[]
  readonly figures: RecordFigures
  /** Codes of all that does not hold, but for what a simulated enclave can never be. */
  readonly wrong: readonly string[]
}

/** A cheater's theatre: the whole daemon on a stepped clock, a simulated exchange, a witness and a backend. */
export class Stage {
  readonly simulator: Simulator
  readonly composed: Composed
  readonly witness: SmallWitness
  readonly backend: Backend
  readonly client: PerfAggClient

  private constructor(parts: Pick<Stage, 'simulator' | 'composed' | 'witness' | 'backend'>) {
    this.simulator = parts.simulator
    this.composed = parts.composed
    this.witness = parts.witness
    this.backend = parts.backend
    const { daemon, clock } = parts.composed
    this.client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  }

  static async open(t: Test, play: Play): Promise<Stage> {
    const witness = await SmallWitness.start(t, () => [])
    witness.trusting = true
    witness.nowS = startMs / 1_000
    const backend = await startBackend()
    const simulator = await startSimulator({
      exchange: 'binance',
      seed: 7,
      startMs,
      scenario: {
        accounts: play.accounts.map((plan) => ({ opening: { USDT: '10000' }, trader: null, ...plan })),
        delistings: play.delistings ?? [],
      },
      ...(play.price === undefined ? {} : { marketData: tape(t, play.price, play.hours ?? 24) }),
    })
    const composed = await startComposed({
      startMs,
      exchangeUrl: simulator.url,
      backendUrl: backend.url,
      pauseMs: hourMs,
      config: { witnesses: [witness.entry] },
    })
    t.teardown(async () => {
      await composed.close()
      await Promise.all([backend.close(), simulator.close()])
    })
    return new Stage({ simulator, composed, witness, backend })
  }

  /** Registers one of the accounts. */
  async join(index: number, clientKey?: SigningKey, config: object = {}): Promise<Joined> {
    const account = this.simulator.accounts[index]!
    const key = clientKey ?? (await newSigningKey())
    const { access, receipt } = await this.client.register({
      clientId: 'cheater',
      exchange: 'binance',
      credentials: { api_key: account.apiKey, secret: account.secret },
      config: { maxRetries: 0, ...config },
      clientKey: key,
      insecureSimulated: true,
      ttlSeconds: 80 * 86_400,
    })
    return { access, receipt, clientKey: key }
  }

  /** Time goes on until so many hours after the start. */
  async until(hours: number): Promise<void> {
    const { daemon, clock } = this.composed
    await stepUntil(daemon, clock, at(hours), (atMs) => {
      this.witness.nowS = Math.floor(atMs / 1_000)
      this.simulator.advanceTo(atMs)
    })
  }

  /** What an investor gets, and what a verification says of it. */
  async judge(access: SessionAccess): Promise<Judged> {
    const record = await this.client.record(access)
    return judgeRecord(record, this.witness, this.composed.clock.nowMs())
  }
}

export async function judgeRecord(
  record: TrackRecord,
  witness: SmallWitness,
  nowMs: number,
  change: { readonly record?: object; readonly config?: object } = {},
): Promise<Judged> {
  const policy = parsePolicy({
    version: 1,
    accept: [{ tee: 'sev-snp', measurement: ['00'.repeat(48)] }],
    config: { environments: ['simulated', 'self-reported'], ...change.config },
    witnesses: { keys: [witness.vkey], min: 1 },
    record: { ...change.record },
  })
  const { steps, figures } = await verifyRecord(record, { policy, nowMs, insecureSimulated: true })
  const wrong = steps
    .filter(({ status, code }) => status !== 'affirming' && code !== 'TEE_SIMULATED')
    .map(({ code }) => code)
  if (figures === null) throw new Error(`no figures: ${wrong.join()}`)
  return { record, steps, figures, wrong: [...new Set(wrong)] }
}

/** The hours of a record with their marks, as they were stated last. */
export function hoursOf({
  record,
}: Judged): Map<string, ExactBucket & { readonly returnPct: number | null }> {
  const hours = new Map<string, ExactBucket & { readonly returnPct: number | null }>()
  for (const { statement } of record.statements) {
    for (const [index, exact] of statement.metadata.exact.hourly_buckets.entries()) {
      hours.set(exact.t, { ...exact, returnPct: statement.hourly_buckets[index]!.return_pct })
    }
  }
  return hours
}

export const typesOf = ({ record }: Judged): string[] =>
  record.statements.map(({ statement }) => statement.metadata.type)

export const fill = (atMs: number, side: 'buy' | 'sell', quantity: string): PlannedEvent => ({
  kind: 'fill',
  atMs,
  symbol: 'BTC/USDT',
  side,
  quantity,
})

/** A market whose prices are the play's, as a file of candles. */
function tape(t: Test, price: (atMs: number) => number, hours: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'perf-agg-tape-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const rows: unknown[] = []
  for (let atMs = at(-4); atMs < at(hours + 2); atMs += minuteMs) {
    const text = price(atMs).toFixed(2)
    rows.push([atMs / 1_000, text, text, text, text, text, '100.00000', 50])
  }
  const file = join(folder, 'tape.json')
  writeFileSync(file, JSON.stringify({ result: { BTCUSDT: rows } }))
  return file
}
