import { AsyncLocalStorage } from 'node:async_hooks'
import { fromUtf8, utf8 } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { CcxtInstance, Connection } from './adapter.ts'
import { Caller, type Slot } from './call.ts'
import type { JobClock } from './clock.ts'
import type { Credentials } from './credentials.ts'
import { CollectorFailure, failureOf } from './failure.ts'
import { budgetsOf, Limiter } from './limiter.ts'
import { type Wire, type WireAnswer, WireRefusal } from './wire.ts'

/** Every request of this process passes here; the slot of the call that made it learns what came back. */
const slots = new AsyncLocalStorage<Slot>()

export interface InstanceOptions {
  readonly wire: Wire
  readonly sandbox: boolean
  /** From the operator's configuration only. */
  readonly baseUrl: string | null
  /** Null: only what anybody may read. */
  readonly credentials: Credentials | null
}

/** One instance of ccxt's class, made for one host set and for one account, or for nobody's. */
export interface Instance {
  readonly exchange: CcxtInstance
}

/**
 * Fields are given by name: nothing that a client or an exchange sent is ever spread into ccxt's constructor. An
 * instance with credentials is made for a job and let go with it; it costs some ten milliseconds.
 */
export async function newInstance(
  connection: Pick<Connection, 'load' | 'prepare' | 'hasSandbox'>,
  options: InstanceOptions,
): Promise<Instance> {
  const { wire, sandbox, baseUrl, credentials } = options
  const { default: Exchange } = await connection.load()
  const exchange = new Exchange({
    // ccxt keeps its own pace for an instance; ours is for the address.
    enableRateLimit: false,
    // egress gives up before
    timeout: limits.egress.requestTimeoutMs + 5_000,
    ...(credentials?.apiKey == null ? {} : { apiKey: credentials.apiKey }),
    ...(credentials?.secret == null ? {} : { secret: credentials.secret }),
    ...(credentials?.passphrase == null ? {} : { password: credentials.passphrase }),
    ...(credentials?.walletAddress == null ? {} : { walletAddress: credentials.walletAddress }),
  })
  connection.prepare(exchange)
  exchange.options['maxRetriesOnFailure'] = 0
  exchange.number = String
  exchange.fetchImplementation = (url: string, request: FetchRequest) => fetchThrough(wire, url, request)
  if (baseUrl !== null) {
    rewrite(exchange.urls['api'] as Leaves, exchange.hostname ?? '', new URL(baseUrl).origin)
  } else if (sandbox) {
    // ccxt's switch leaves no URL at all where there is no such host set.
    if (!connection.hasSandbox) throw unsupported()
    exchange.setSandboxMode(true)
  }
  checkHosts(exchange.urls['api'])
  return { exchange }
}

/** Calls of one job through an instance, on the job's clock. */
export function openCalls(
  { exchange }: Instance,
  connection: Connection,
  options: {
    readonly clock: JobClock
    readonly limiter: Limiter
    readonly maxRetries: number
    /** When the exchange was last asked for its time, by our clock. */
    readonly synced: { atMs: number }
    readonly background: boolean
  },
): { caller: Caller; sync: () => Promise<number> } {
  const { clock, limiter, maxRetries, synced, background } = options
  const { judge, clockCode, mainBudget, time, serverTimeOf } = connection
  exchange.milliseconds = () => clock.nowMs()
  exchange.options['timeDifference'] = clock.skewMs
  const ask = async (): Promise<number> => {
    const sentAtMs = clock.nowMs()
    const { value } = await caller.call(time)
    const heardAtMs = clock.nowMs()
    const serverTimeMs = serverTimeOf(value)
    clock.skewMs = Math.round((sentAtMs + heardAtMs) / 2) - serverTimeMs
    exchange.options['timeDifference'] = clock.skewMs
    synced.atMs = heardAtMs
    return serverTimeMs
  }
  const sync = (): Promise<number> => {
    const ageMs = clock.nowMs() - synced.atMs
    return ageMs >= 0 && ageMs < connection.timeKeptMs ? Promise.resolve(clock.exchangeNowMs()) : ask()
  }
  const caller: Caller = new Caller({
    methods: exchange as unknown as Readonly<Record<string, unknown>>,
    slots,
    judge,
    limiter,
    ownLimiter: new Limiter(budgetsOf(connection.budgets, 'account')),
    mainBudget,
    clock,
    maxRetries,
    background,
    clockCode,
    resync: async () => void (await ask()),
  })
  return { caller, sync }
}

export interface FetchRequest {
  readonly method: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly body?: string
}

/** What ccxt wants of a response. */
interface FetchResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: Readonly<Record<string, string>>
  text(): Promise<string>
}

export function sendThrough(wire: Wire, url: string, request: FetchRequest): Promise<WireAnswer> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value
  }
  return wire.send(request.method, url, headers, utf8(request.body ?? ''))
}

/** Beyond that ccxt is not shown the body of a call whose answer we read ourselves: it would parse it for nothing. */
const shownBytesMax = 262_144

async function fetchThrough(wire: Wire, url: string, request: FetchRequest): Promise<FetchResponse> {
  const slot = slots.getStore()
  const isOver = slot !== undefined && slot.left <= 0
  try {
    // A second request inside one call would be one that nobody asked for.
    if (slot === undefined || isOver) throw new WireRefusal('HOST_REFUSED')
    const isSeen = slot.left > 1 || slot.answer !== null
    slot.left -= 1
    const answer = await sendThrough(wire, url, request)
    slot.answer = answer
    const text = answer.body.length > shownBytesMax && !isSeen ? '{}' : fromUtf8(answer.body)
    return {
      status: answer.status,
      statusText: '',
      headers: answer.headers,
      text: () => Promise.resolve(text),
    }
  } catch (error) {
    if (slot !== undefined && !isOver) {
      slot.refusal = error instanceof WireRefusal ? error : new WireRefusal('UNREACHABLE')
    }
    // without its cause: that can hold the signed URL
    // oxlint-disable-next-line eslint/preserve-caught-error
    throw new TypeError('refused')
  }
}

type Leaves = Record<string, string | object>

/** Scheme, host and port of every URL; the paths stay. */
function rewrite(urls: Leaves, hostname: string, origin: string): void {
  for (const [name, leaf] of Object.entries(urls)) {
    if (typeof leaf === 'string') {
      const { pathname } = new URL(leaf.replaceAll('{hostname}', hostname))
      const there = leaf.startsWith('ws') ? origin.replace(/^http/, 'ws') : origin
      // some put the path right behind, others a slash between
      urls[name] = there + (leaf.endsWith('/') ? pathname : pathname.replace(/\/$/, ''))
    } else rewrite(leaf as Leaves, hostname, origin)
  }
}

/** A sandbox switch that leaves no URL behind must not end in calls to nowhere, or to the real exchange. */
function checkHosts(urls: unknown): void {
  const leaves = typeof urls === 'object' && urls !== null ? Object.values(urls) : []
  if (leaves.length === 0) throw unsupported()
  for (const leaf of leaves) {
    if (typeof leaf === 'object') checkHosts(leaf)
    else if (typeof leaf !== 'string' || !/^(?:http|ws)s?:/.test(leaf)) throw unsupported()
  }
}

function unsupported(): CollectorFailure {
  return new CollectorFailure(failureOf('EXCHANGE_NOT_SUPPORTED', 'session'))
}
