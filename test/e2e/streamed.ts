import { type AccountType, hourMs, minuteMs, newSigningKey, PerfAggClient, secondMs } from '@perf-agg/sdk'
import type { Test } from 'tap'
import type { Faults } from '../../src/simulator/faults.ts'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type SimulatedExchange, type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { type Backend, type Composed, startBackend, startComposed } from './enclave.ts'

export interface Watched {
  readonly simulator: Simulator
  readonly backend: Backend
  readonly composed: Composed
  /** The counts that the operator sees. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** In small steps, with every event heard before the next. */
  stepTo(untilMs: number, between?: () => Promise<void>): Promise<void>
}

/** A whole enclave that watches one account of a simulated exchange. */
export async function watch(
  t: Test,
  options: {
    readonly startMs: number
    readonly scenario: Scenario
    readonly faults?: Faults
    readonly streams: boolean
    /** All that is told is a hint: none is left behind, however slow the machine. */
    readonly patient?: boolean
    /** An event is heard so much later than it happened, at the most; 20 s unless told. */
    readonly stepMs?: number
    /** binance unless told. */
    readonly exchange?: SimulatedExchange
    readonly accountType?: AccountType
  },
): Promise<Watched> {
  const {
    startMs,
    scenario,
    faults = [],
    streams,
    patient = false,
    exchange = 'binance',
    accountType = 'spot',
    stepMs = 20 * secondMs,
  } = options
  const backend = await startBackend()
  const simulator = await startSimulator({ exchange, seed: 77, startMs, scenario, faults })
  const composed = await startComposed({
    startMs,
    exchange,
    exchangeUrl: simulator.url,
    backendUrl: backend.url,
    pauseMs: 30 * secondMs,
    pauseMsMax: 5 * minuteMs,
    streams,
  })
  t.teardown(async () => {
    await composed.close()
    await Promise.all([backend.close(), simulator.close()])
  })
  const { daemon, clock } = composed
  const account = simulator.accounts[0]!
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  await client.register({
    clientId: 'trader',
    exchange,
    config: { accountType },
    credentials: {
      api_key: account.apiKey,
      secret: account.secret,
      ...(account.passphrase === undefined ? {} : { passphrase: account.passphrase }),
    },
    clientKey: await newSigningKey(),
    insecureSimulated: true,
    ttlSeconds: 86_400,
  })
  const counts = async (): Promise<Readonly<Record<string, number>>> => {
    const text = await (await fetch(`${daemon.urls.operations}/metrics`)).text()
    return Object.fromEntries(
      [...text.matchAll(/^perf_agg_(\w+)(\{[^}]*\})? (\S+)$/gm)].map(([, name, labels = '', value]) => [
        `${name}${labels}`,
        Number(value),
      ]),
    )
  }
  let told = 0
  let hints = 0
  /** Until what was told is heard. What orders only lock is told and is no hint: that is not waited for long. */
  const hear = async (): Promise<void> => {
    if (simulator.streams.told === told) return
    told = simulator.streams.told
    for (let tries = 0; patient || tries < 50; tries += 1) {
      const now = (await counts())['stream_hints_total'] ?? 0
      if (now > hints) {
        hints = now
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return {
    simulator,
    backend,
    composed,
    counts,
    async stepTo(untilMs, between = async () => {}) {
      for (;;) {
        const nextMs = Math.max(Math.ceil(await daemon.nextMs()), clock.nowMs() + secondMs)
        const atMs = Math.min(nextMs, clock.nowMs() + stepMs, untilMs)
        simulator.advanceTo(atMs)
        clock.moveTo(atMs)
        await hear()
        await daemon.runDue()
        await between()
        if (atMs >= untilMs) return
      }
    },
  }
}

/** Hours of everything that can go wrong with a stream, one after the other. */
export function streamFaults(startMs: number): Faults {
  const during = (hour: number) => ({ fromMs: startMs + hour * hourMs, toMs: startMs + (hour + 1) * hourMs })
  return [
    { kind: 'stream-cut', ...during(1) },
    { kind: 'stream-lose', ...during(3) },
    { kind: 'stream-twice', ...during(4) },
    { kind: 'stream-delay', delayMs: 7 * minuteMs, ...during(5) },
    { kind: 'stream-lie', ...during(6) },
    { kind: 'refuse', ...during(7), toMs: startMs + 7.2 * hourMs },
    { kind: 'rate-limit', ...during(8), toMs: startMs + 8.1 * hourMs, retryAfterS: 60 },
  ]
}
