import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PerfAggClient } from '@perf-agg/sdk'
import type { Test } from 'tap'
import type { Clock } from '../../src/daemon/clock.ts'
import { loadConfiguration } from '../../src/daemon/configuration/config.ts'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts'
import { createLog } from '../../src/http/log.ts'

/** The system's time, moved by as much as a test says. */
export class ShiftedClock implements Clock {
  readonly frozen = false
  offsetMs = 0
  /** Time that is made to have passed, whatever the clock says. */
  uptimeShiftMs = 0

  nowMs(): number {
    return Date.now() + this.offsetMs
  }

  uptimeMs(): number {
    return performance.now() + this.uptimeShiftMs
  }
}

export interface HouseOptions {
  /** To start again in; whoever gives it cleans it up. */
  readonly folder?: string
  readonly exchangeUrl?: string
  readonly config?: object
  readonly flags?: Readonly<Record<string, string | boolean>>
  readonly clock?: Clock
  /** Between two polls of an account; 250 unless told. */
  readonly pauseMs?: number
}

type Line = Readonly<Record<string, unknown>>

/** The whole daemon, composed in this process and polling often, with its log kept. */
export class House {
  readonly daemon: Daemon
  readonly folder: string
  readonly clock: Clock
  readonly log: readonly Line[]
  readonly client: PerfAggClient

  private constructor(parts: Pick<House, 'daemon' | 'folder' | 'clock' | 'log'>) {
    this.daemon = parts.daemon
    this.folder = parts.folder
    this.clock = parts.clock
    this.log = parts.log
    this.client = new PerfAggClient({
      serviceUrl: parts.daemon.urls.enclave,
      nowMs: () => parts.clock.nowMs(),
    })
  }

  static async open(t: Test, options: HouseOptions = {}): Promise<House> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'perf-agg-house-')))
    const clock = options.clock ?? new ShiftedClock()
    const config = join(folder, 'perf-agg.json')
    const exchanges =
      options.exchangeUrl === undefined ? {} : { exchanges: { binance: { base_url: options.exchangeUrl } } }
    const often = {
      requests_per_address_per_minute: 100_000,
      boxes_per_second: 1_000,
      quotes_per_second: 1_000,
    }
    await writeFile(
      config,
      JSON.stringify({ limits: often, backfill_days: 0, ...exchanges, ...options.config }),
    )
    const configuration = loadConfiguration({
      flags: {
        config,
        insecure_simulated: true,
        state: join(folder, 'state'),
        data_key: join(folder, 'data.key'),
        port: '0',
        operations_port: '0',
        ws_port: '0',
        ...options.flags,
      },
      environment: {},
      home: folder,
      cwd: folder,
    })
    const lines: Line[] = []
    const log = createLog({
      level: 'debug',
      readable: false,
      nowMs: () => clock.nowMs(),
      write: (line) => lines.push(JSON.parse(line) as Line),
    })
    const pauseMs = options.pauseMs ?? 250
    const pacing = { pauseMsMin: pauseMs, pauseMsMax: pauseMs * 2, settlingMs: 1_000 }
    const daemon = await startDaemon(configuration, { log, clock, pacing })
    t.teardown(async () => {
      await daemon.stop()
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    })
    return new House({ daemon, folder, clock, log: lines })
  }

  /** The lines of one event. */
  told(event: string): readonly Line[] {
    return this.log.filter((line) => line['event'] === event)
  }

  async status(): Promise<Record<string, unknown>> {
    return (await (await fetch(`${this.daemon.urls.operations}/status`)).json()) as Record<string, unknown>
  }
}

/** Looks again and again; a test that waits in vain says for what. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | null | false | undefined> | Found | null | false | undefined,
  timeoutMs = 90_000,
): Promise<Found> {
  const endMs = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== null && found !== false && found !== undefined) return found
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
