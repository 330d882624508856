import { connect } from 'node:net'
import { PerfAggError } from '@perf-agg/sdk'
import { startListeners, type Listeners, type ListenersConfig } from '../../src/http/listeners.ts'
import { createLog, type Log } from '../../src/http/log.ts'
import type {
  Channel,
  ChannelEvent,
  EnclaveService,
  EndRequest,
  PublishRequest,
  PushedTrade,
} from '../../src/http/service.ts'
import type { PublicSummary } from '../../src/page/summary.ts'
import { limits, type HttpLimits, type WsLimits } from '../../src/limits.ts'

export const sessionId = 'sessionsessionsessionsession'
export const ownedId = 'ownedownedownedownedownedowned'
export const expiredId = 'expiredexpiredexpiredexpired'

const view = {
  account: 'pseudonym',
  exchange: 'binance',
  environment: 'simulated',
  as_of: '2026-11-23T01:00:00.000Z',
  expires_at: '2026-11-24T01:00:00.000Z',
  request_nonce: null,
  status: 'active',
  coverage: { hours_expected: 1, observed: 1, recovered: 0, backfilled: 0, gaps: [] },
  portfolio: { twr_pct: 1.5, sharpe: null },
  reasons: { sharpe: 'too-few-hours' },
  totals: { trades: 1, volume_base: 1, volume_quote: 50_000, fees_usd: 1.5 },
  income_usd: { funding: -1 },
  benchmark: null,
  hourly_buckets: [
    {
      t: '2026-11-23T00:00:00.000Z',
      return_pct: null,
      trades: 1,
      volume_base: 1,
      volume_quote: 50_000,
      fees_usd: 1.5,
    },
  ],
  key_id: 'key',
  signature: 'c2ln',
}

/** What is said of a record that is shown. */
export const publicSummary: PublicSummary = {
  account: 'A'.repeat(43),
  exchange: 'binance',
  environment: 'live',
  simulated: false,
  amounts: false,
  withdrawnAtMs: null,
  stale: false,
  fromMs: Date.UTC(2026, 10, 1),
  untilMs: Date.UTC(2026, 10, 23, 14),
  returnPct: 12.49,
  sharpe: 1.58,
  maxDrawdownPct: -14.24,
  coveragePct: 98.3,
  growth: [100, 104, 99, 112.49],
}

/** What a daemon would be asked, with answers of the right shape, and a way to hear what was asked. */
export class FakeService implements EnclaveService {
  readonly submitted: Uint8Array[] = []
  readonly plain: string[] = []
  readonly plainBytes: Uint8Array[] = []
  readonly ended: object[] = []
  readonly trades: PushedTrade[] = []
  readonly nonces: (string | null)[] = []
  /** Thrown by the next call. */
  failure: unknown = null
  isReady = true
  isLive = true
  /** Trades wait for it. */
  gate: Promise<void> = Promise.resolve()
  openGate: Promise<void> = Promise.resolve()
  channelsClosed = 0
  #listener: ((event: ChannelEvent) => void) | null = null

  async quote(nonce: string | null): Promise<object> {
    this.#fail()
    this.nonces.push(nonce)
    return {
      eat_profile: 'tag:perf-agg,2026:attestation/v1',
      tee: 'simulated',
      claims: 'e30',
      evidence: { type: 'application/json', value: 'e30' },
      endorsements: {},
      signature: 'c2ln',
    }
  }

  async submit(sealed: Uint8Array): Promise<{ status: 201 | 202; body: object }> {
    this.submitted.push(sealed)
    this.#fail()
    // as an enclave would: whatever does not begin right does not open
    if (sealed[0] !== 1) throw new PerfAggError('BOX_REFUSED', `cause ${sealed[0]}`)
    return {
      status: sealed[1] === 2 ? 202 : 201,
      body: sealed[1] === 3 ? { sealed: 'AAAA' } : this.#receipt(),
    }
  }

  async registerPlain(payload: Uint8Array): Promise<{ status: 201 | 202; body: object }> {
    this.#fail()
    this.plain.push(new TextDecoder().decode(payload))
    this.plainBytes.push(payload)
    return { status: 201, body: this.#receipt() }
  }

  #receipt(): object {
    return {
      session_id: sessionId,
      view_id: 'viewviewviewviewviewviewview',
      status: 'active',
      expires_at: '2026-11-24T01:00:00.000Z',
      account: null,
      permissions: 'read-only',
      ownership: 'key-holder',
      box_digest: `sha256:${'0'.repeat(64)}`,
      signature: 'c2ln',
    }
  }

  async metrics(id: string, nonce: string | null): Promise<object> {
    this.#known(id)
    const symbol = {
      ...view.totals,
      symbol: 'BTC/USDT',
      realized_pnl_usd: 1,
      unrealized_pnl_usd: null,
      return_pct: null,
    }
    const trading = {
      figures: { fills: 1, round_trip_win_rate: null },
      reasons: { round_trip_win_rate: 'no_trades' },
    }
    return {
      schema: 'perf-agg/metrics/v1',
      ...view,
      request_nonce: nonce,
      symbols: [symbol],
      trading,
      composite: null,
    }
  }

  async summary(id: string, nonce: string | null): Promise<object> {
    this.#known(id)
    return { schema: 'perf-agg/summary/v1', ...view, request_nonce: nonce }
  }

  readonly places: unknown[] = []

  async record(id: string, place: object | null): Promise<object> {
    this.#known(id)
    this.places.push(place)
    const empty = { checkpoints: [], evidence: [], statements: [], more: false }
    return { schema: 'perf-agg/record-page/v1', account: 'pseudonym', checkpoint: 'note', ...empty }
  }

  /** Asked of the public record, by account. */
  readonly shown = new Map<string, PublicSummary>()
  readonly proofs: object[] = []

  async publish(request: PublishRequest): Promise<object> {
    this.#known(request.session_id)
    this.proofs.push(request)
    return { account: 'pseudonym', published: true, amounts: request.amounts, path: '/record/pseudonym' }
  }

  async unpublish(request: EndRequest): Promise<object> {
    this.#known(request.session_id)
    this.proofs.push(request)
    const withdrawn_at = '2026-11-23T01:00:00.000Z'
    return { account: 'pseudonym', published: false, withdrawn_at, path: '/record/pseudonym' }
  }

  async publicRecord(account: string, place: object | null): Promise<object | null> {
    this.#fail()
    if (!this.shown.has(account)) return null
    this.places.push(place)
    const empty = { checkpoints: [], evidence: [], statements: [], more: false }
    return { schema: 'perf-agg/public-record-page/v1', account, checkpoint: 'note', ...empty }
  }

  async publicSummary(account: string): Promise<PublicSummary | null> {
    this.#fail()
    return this.shown.get(account) ?? null
  }

  async challenge(id: string): Promise<{ challenge: string; expires_at: string }> {
    this.#known(id)
    return { challenge: 'C'.repeat(43), expires_at: '2026-11-24T01:00:00.000Z' }
  }

  async cleanup(): Promise<{ removed: number }> {
    this.#fail()
    return { removed: 3 }
  }

  async end(request: { session_id: string; challenge?: string }): Promise<{ removed: number }> {
    this.#known(request.session_id)
    if (request.session_id === ownedId && request.challenge === undefined) {
      throw new PerfAggError('CHALLENGE_REQUIRED', 'this session has a client key')
    }
    this.ended.push(request)
    return { removed: 1 }
  }

  async jwks(): Promise<object> {
    return { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), kid: 'k', use: 'sig', alg: 'Ed25519' }] }
  }

  async published(path: string): Promise<{ body: Uint8Array; type: string; immutable: boolean } | null> {
    this.#fail()
    if (path === 'checkpoint')
      return { body: Buffer.from('a\n'), type: 'text/plain; charset=utf-8', immutable: false }
    if (path !== 'tile/0/x001/000.p/7') return null
    return { body: new Uint8Array([1, 2]), type: 'application/octet-stream', immutable: true }
  }

  async open(auth: { session_id: string; challenge?: string }): Promise<Channel> {
    await this.openGate
    this.#known(auth.session_id)
    if (auth.session_id === ownedId) {
      if (auth.challenge === undefined)
        throw new PerfAggError('CHALLENGE_REQUIRED', 'this session has a client key')
      if (auth.challenge !== 'C'.repeat(43)) throw new PerfAggError('CHALLENGE_REFUSED', 'not that one')
    }
    return {
      take: async (trade) => {
        this.#fail()
        const count = this.trades.push(trade)
        await this.gate
        return { id: trade.id ?? String(count), hour: '2026-11-23T01:00:00.000Z', duplicate: false }
      },
      subscribe: (listener) => {
        this.#listener = listener
      },
      close: () => {
        this.channelsClosed += 1
        this.#listener = null
      },
    }
  }

  /** To every open feed's listener. */
  tell(event: ChannelEvent): void {
    this.#listener?.(event)
  }

  live(): boolean {
    return this.isLive
  }

  ready(): { ready: boolean; checks: Record<string, string> } {
    return { ready: this.isReady, checks: { store: this.isReady ? 'ok' : 'STORE_FULL' } }
  }

  async status(): Promise<object> {
    return { sessions: 1 }
  }

  prometheus(): string {
    return '# TYPE perf_agg_sessions gauge\nperf_agg_sessions 1\n'
  }

  #known(id: string): void {
    this.#fail()
    if (id === expiredId)
      throw new PerfAggError('SESSION_UNKNOWN', 'expired a minute ago', { hint: 'told by mistake' })
    if (id !== sessionId && id !== ownedId) throw new PerfAggError('SESSION_UNKNOWN', 'never heard of')
  }

  #fail(): void {
    const { failure } = this
    if (failure !== null) throw failure
  }
}

export interface House {
  readonly service: FakeService
  readonly listeners: Listeners
  readonly lines: string[]
  readonly log: Log
}

interface Wishes {
  readonly config?: Partial<ListenersConfig>
  readonly http?: Partial<HttpLimits>
  readonly ws?: Partial<WsLimits>
}

/** All three listeners on free ports of loopback, around a fake service. */
export async function openHouse(
  t: { teardown: (end: () => Promise<void>) => void },
  { config = {}, http = {}, ws = {} }: Wishes = {},
): Promise<House> {
  const service = new FakeService()
  const lines: string[] = []
  const log = createLog({
    level: 'debug',
    readable: false,
    write: (line) => lines.push(line),
    nowMs: Date.now,
  })
  const bind = { host: '127.0.0.1', port: 0 }
  const listeners = await startListeners(
    service,
    {
      enclave: bind,
      operations: bind,
      ws: bind,
      tls: null,
      allowedOrigins: [],
      trustedProxies: [],
      allowPlainRegistration: false,
      ...config,
    },
    { http: { ...limits.http, slowCheckMs: 50, ...http }, ws: { ...limits.ws, ...ws } },
    log,
    { version: '0.2.0' },
  )
  t.teardown(async () => listeners.close(500))
  return { service, listeners, lines, log }
}

/** From here on nothing is earned of a rate, however long the rest of a test takes. */
export function standStill(t: { teardown: (end: () => void) => void }): void {
  const atMs = Math.ceil(performance.now())
  performance.now = () => atMs
  t.teardown(() => void Reflect.deleteProperty(performance, 'now'))
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers }
}

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

export interface RawAnswer {
  readonly text: string
  readonly status: number
  readonly code: string | null
  /** The other side ended the connection. */
  readonly closed: boolean
}

/** Writes bytes as they stand and takes what comes back until the other side ends the connection. */
export async function raw(url: string, parts: string | readonly string[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  let closed = false
  await new Promise<void>((resolve) => {
    // long after anything that is right: a connection that is kept
    const timer = setTimeout(resolve, 30_000)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      closed = true
      clearTimeout(timer)
      resolve()
    })
    socket.on('connect', () => {
      for (const part of [parts].flat()) socket.write(part)
    })
  })
  socket.destroy()
  return {
    text,
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
    code: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? null,
    closed,
  }
}
