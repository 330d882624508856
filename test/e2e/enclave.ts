import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJson, parseStatement, type Statement } from '@perf-agg/sdk'
import { loadConfiguration } from '../../src/daemon/configuration/config.ts'
import { SteppedClock } from '../../src/daemon/clock.ts'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts'
import { createLog, silentLog } from '../../src/http/log.ts'

/** A backend that takes everything, and what it took. */
export interface Backend {
  readonly url: string
  readonly statements: Statement[]
  close(): Promise<void>
}

export async function startBackend(): Promise<Backend> {
  const statements: Statement[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      statements.push(parseStatement(parseJson(Buffer.concat(parts))))
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statements,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface ComposedOptions {
  readonly startMs: number
  /** binance unless told. */
  readonly exchange?: string
  readonly exchangeUrl: string
  readonly backendUrl: string
  readonly pauseMs: number
  /** The longest pause; the same unless told. */
  readonly pauseMsMax?: number
  /** Whether its accounts' streams are listened to. */
  readonly streams?: boolean
  /** Beside what makes it a daemon of its own. */
  readonly config?: object
}

/** The real daemon on a stepped clock, in a folder of its own. */
export interface Composed {
  readonly daemon: Daemon
  readonly clock: SteppedClock
  /** When balances were read that count, by exchange time. */
  readonly anchorsMs: number[]
  readonly troubles: Map<string, number>
  close(): Promise<void>
}

export async function startComposed(options: ComposedOptions): Promise<Composed> {
  const folder = await mkdtemp(join(tmpdir(), 'perf-agg-e2e-'))
  const config = join(folder, 'perf-agg.json')
  await writeFile(
    config,
    JSON.stringify({
      exchanges: { [options.exchange ?? 'binance']: { base_url: options.exchangeUrl } },
      session: { ttl_default_s: 86_400, ttl_max_s: 90 * 86_400 },
      // the simulation begins where the test does
      backfill_days: 0,
      ...options.config,
    }),
  )
  const clock = new SteppedClock(options.startMs)
  const anchorsMs: number[] = []
  const troubles = new Map<string, number>()
  const log = createLog({
    level: 'debug',
    readable: false,
    nowMs: () => clock.nowMs(),
    write: (line) => {
      const { event, level, code, anchor } = JSON.parse(line) as Record<string, string | undefined>
      if (event === 'polled' && typeof anchor === 'string') anchorsMs.push(Date.parse(anchor))
      if (level === 'warn' || level === 'error') {
        const name = `${event} ${code ?? ''}`.trim()
        troubles.set(name, (troubles.get(name) ?? 0) + 1)
      }
    },
  })
  const configuration = loadConfiguration({
    flags: {
      config,
      insecure_simulated: true,
      state: join(folder, 'state'),
      data_key: join(folder, 'data.key'),
      port: '0',
      operations_port: '0',
      ws_port: '0',
      backend_url: options.backendUrl,
    },
    environment: {},
    home: folder,
    cwd: folder,
  })
  const { pauseMs, pauseMsMax = pauseMs, streams = false } = options
  const pacing = { pauseMsMin: pauseMs, pauseMsMax, settlingMs: 5_000 }
  const daemon = await startDaemon(configuration, { log, clock, pacing, streams })
  return {
    daemon,
    clock,
    anchorsMs,
    troubles,
    close: async () => {
      await daemon.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The real daemon on the system's clock, composed in this process. */
export async function startLive(options: {
  readonly backendUrl: string | null
  readonly graceSeconds: number
  readonly exchangeUrl?: string
}): Promise<{ readonly daemon: Daemon; readonly folder: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'perf-agg-e2e-'))
  const config = join(folder, 'perf-agg.json')
  await writeFile(
    config,
    JSON.stringify({
      grace_seconds: options.graceSeconds,
      ...(options.exchangeUrl === undefined
        ? {}
        : { exchanges: { binance: { base_url: options.exchangeUrl }, mock: {} } }),
    }),
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
      ...(options.backendUrl === null ? {} : { backend_url: options.backendUrl }),
    },
    environment: {},
    home: folder,
    cwd: folder,
  })
  const daemon = await startDaemon(configuration, { log: silentLog })
  return {
    daemon,
    folder,
    close: async () => {
      await daemon.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
