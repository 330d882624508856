import { performance } from 'node:perf_hooks'
import { InputError, PerfAggError, readExchangeCredentials } from '@perf-agg/sdk'
import type {
  CandlesAnswer,
  CandlesRequest,
  CheckAnswer,
  CheckRequest,
  Failure,
  MarketsAnswer,
  MarketsRequest,
  PollAnswer,
  PollRequest,
  Source,
  Weight,
} from '../../collector/answer.ts'
import { failureOf } from '../../collector/failure.ts'
import type { Asked } from '../../collector/job.ts'
import { knowsAccounts } from '../../collector/permissions.ts'
import { exchangesWithHosts, type Rule, rulesOf } from '../../egress/hosts.ts'
import { limits } from '../../limits.ts'
import type { ChildUser } from './child-user.ts'
import { baseUrlOf, type ExchangeSettings } from './exchange-settings.ts'
import { type Finished, judgeCandles, judgeCheck, judgeMarkets, judgePoll } from './judge.ts'
import { Pair } from './pair.ts'
import { placeOf, Places, type PlaceStats } from './place.ts'
import { PairDied } from './process-pair.ts'

export type Log = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Readonly<Record<string, string | number | boolean | null>>,
) => void

export interface CollectorsOptions {
  /** `frozen`: time stands still while the daemon works (demo, tests); then nobody waits for it. */
  readonly clock: { nowMs(): number; readonly frozen: boolean }
  readonly exchanges: ExchangeSettings
  readonly log: Log
  /** Told the time of each answer of a job, as egress saw it. */
  readonly onDates?: (exchange: string, dates: readonly (number | null)[], nowMs: number) => void
  /** Told what each job cost at a place, whoever it was for. */
  readonly onWeight?: (place: string, weight: Weight) => void
  /** An exchange has sent an address of ours away: nobody begins anything there for so long. */
  readonly onClosed?: (place: string, retryAfterMs: number) => void
  /** Our own addresses that requests leave from; none: the system chooses. */
  readonly addresses?: readonly string[]
  /** Pairs of processes that work at the same time, of each address. */
  readonly pairs?: 1 | 2
  /** A pair is replaced by a fresh one after so many jobs, or so long. */
  readonly replaceAfterJobs?: number
  readonly replaceAfterMs?: number
  /** Whom the processes run as; our own user unless given. */
  readonly childUser?: ChildUser | null
}

export interface CollectorsStats {
  readonly pairs: number
  /** Jobs running and waiting. */
  readonly running: number
  readonly waiting: number
  readonly jobs: number
  readonly failures: Readonly<Record<string, number>>
  readonly replaced: number
  readonly died: number
  /** By exchange and host set (`binance`, `binance sandbox`): until when nobody calls. What is used the schedule knows. */
  readonly exchanges: Readonly<Record<string, PlaceStats>>
}

/**
 * The only door to the exchanges. Each job runs in a pair of processes (collector, egress) that may die at any
 * moment: its job then answers `COLLECTOR_DIED`, the next finds a fresh pair, and since cursors are stored by
 * the caller, together with what they brought, nothing is lost.
 */
export interface Collectors {
  /** Never rejects: what went wrong is a `Failure`. */
  check(request: CheckRequest, signal?: AbortSignal): Promise<CheckAnswer>
  /** Never rejects: what went wrong is a `Failure`. At the signal its process is ended, with all that it holds. */
  poll(request: PollRequest, signal?: AbortSignal): Promise<PollAnswer>
  /** @throws {CollectorError} */
  candles(request: CandlesRequest): Promise<CandlesAnswer>
  /** Of the source's market types, inactive ones included. @throws {CollectorError} */
  markets(request: MarketsRequest): Promise<MarketsAnswer>
  stats(): CollectorsStats
  /** The exchange has sent our address away. */
  isClosed(source: Source): boolean
  /** Waits for no job: what runs answers `COLLECTOR_CLOSED`. Resolves when every child is gone. */
  close(): Promise<void>
}

/** A failure where there is no account to answer for. */
export class CollectorError extends PerfAggError {
  override readonly name = 'CollectorError'
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.code, 'the exchange could not be asked', { action: 'retry' })
    this.failure = failure
  }
}

/** @throws {InputError} `BASE_URL_INVALID` */
export async function startCollectors(options: CollectorsOptions): Promise<Collectors> {
  const pool = new Pool(options)
  pool.warm()
  return pool
}

interface Slot {
  readonly address: number
  pair: Pair | null
  busy: boolean
  /** Whom its job asks. */
  place: string | null
}

interface Turn {
  readonly address: number
  readonly take: (slot: Slot) => void
  readonly refuse: () => void
}

const replaceAfterJobsDefault = 500
const replaceAfterMsDefault = 30 * 60_000
const noCredentials = new Uint8Array()

class Pool implements Collectors {
  readonly #options: CollectorsOptions
  readonly #rules: readonly Rule[]
  /** By exchange. */
  readonly #hosts: ReadonlyMap<string, ReadonlySet<string>>
  readonly #slots: readonly Slot[]
  readonly #turns: Turn[] = []
  readonly #places: Places
  readonly #failures: Record<string, number> = {}
  #jobs = 0
  #replaced = 0
  #died = 0
  #closed = false

  constructor(options: CollectorsOptions) {
    this.#options = options
    this.#places = new Places(options.clock)
    const rules = exchangesWithHosts.map(
      (exchange) => [exchange, rulesOf(exchange, baseUrlOf(options.exchanges, exchange))] as const,
    )
    this.#rules = rules.flatMap(([, each]) => each)
    this.#hosts = new Map(
      rules.map(([exchange, each]) => [exchange, new Set(each.map(({ origin }) => new URL(origin).host))]),
    )
    const perAddress = options.pairs ?? 1
    const count = Math.max(options.addresses?.length ?? 0, 1) * perAddress
    // the second of an address starts when its first is busy
    this.#slots = Array.from({ length: count }, (_, index) => ({
      address: Math.floor(index / perAddress),
      pair: null,
      busy: false,
      place: null,
    }))
  }

  /** Starts a pair ahead of the first job, which then need not wait; where it fails, that job says so. */
  warm(): void {
    this.#turn(0)
      .then(async (slot) => {
        try {
          await this.#pairOf(slot)
        } finally {
          this.#free(slot)
        }
      })
      .catch(() => {})
  }

  async check(request: CheckRequest, signal?: AbortSignal): Promise<CheckAnswer> {
    return this.#job(request.source, { job: 'check' }, request.credentials, judgeCheck, signal)
  }

  async poll(request: PollRequest, signal?: AbortSignal): Promise<PollAnswer> {
    const {
      source,
      credentials,
      sinceMs,
      cursor,
      previousAnchor,
      sweep,
      hints = [],
      background = false,
    } = request
    const maxRetries = Math.min(Math.max(request.maxRetries, 0), limits.collector.retriesMax)
    const asked = { sinceMs, cursor, previousAnchor, maxRetries, sweep, hints, background }
    const job = { job: 'poll', ...asked } as const
    return this.#job(source, job, credentials, judgePoll, signal)
  }

  async candles({ source, wants, background = false }: CandlesRequest): Promise<CandlesAnswer> {
    const job = { job: 'candles', wants, background } as const
    return thrown(await this.#job(source, job, noCredentials, judgeCandles))
  }

  async markets({ source }: MarketsRequest): Promise<MarketsAnswer> {
    return thrown(await this.#job(source, { job: 'markets' }, noCredentials, judgeMarkets))
  }

  stats(): CollectorsStats {
    return {
      pairs: this.#slots.filter(({ pair }) => pair?.alive === true).length,
      running: this.#slots.filter(({ busy }) => busy).length,
      waiting: this.#turns.length,
      jobs: this.#jobs,
      failures: { ...this.#failures },
      replaced: this.#replaced,
      died: this.#died,
      exchanges: this.#places.stats(),
    }
  }

  isClosed(source: Source): boolean {
    return this.#places.closed(source) !== null
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { refuse } of this.#turns.splice(0)) refuse()
    await Promise.all(this.#slots.map(({ pair }) => pair?.close()))
  }

  async #job<Answer>(
    source: Source,
    job: JobOf<Asked>,
    credentials: Uint8Array,
    judge: (finished: Finished) => Answer | Failure,
    signal?: AbortSignal,
  ): Promise<Answer | Failure> {
    this.#jobs += 1
    const answer = await this.#tryJob(source, job, credentials, judge, signal)
    if (isFailure(answer)) this.#failures[answer.code] = (this.#failures[answer.code] ?? 0) + 1
    return answer
  }

  async #tryJob<Answer>(
    source: Source,
    job: JobOf<Asked>,
    credentials: Uint8Array,
    judge: (finished: Finished) => Answer | Failure,
    signal?: AbortSignal,
  ): Promise<Answer | Failure> {
    const { clock, exchanges } = this.#options
    if (!isSupported(source)) return failureOf('EXCHANGE_NOT_SUPPORTED', 'session')
    const closed = this.#places.closed(source)
    if (closed !== null) return closed
    let slot: Slot
    try {
      slot = await this.#turn(source.address ?? 0)
    } catch {
      return failureOf(this.#closed ? 'COLLECTOR_CLOSED' : 'COLLECTOR_DIED', 'collector')
    }
    try {
      slot.place = placeOf(source)
      const pair = await this.#pairOf(slot)
      // it may have closed while this one waited, or while its pair started
      const closedNow = this.#places.closed(source)
      if (closedNow !== null) return closedNow
      if (signal?.aborted === true) return failureOf('COLLECTOR_CLOSED', 'collector')
      const { exchange, sandbox, marketTypes: wallets } = source
      const baseUrl = baseUrlOf(exchanges, exchange)
      const common = { nowMs: clock.nowMs(), frozen: clock.frozen, exchange, sandbox, baseUrl, wallets }
      const knownAccount = knownAccountOf(exchange, credentials)
      const frame = await pair.run({ ...common, ...job }, credentials, signal)
      const environment = baseUrl === null ? (sandbox ? 'sandbox' : 'live') : 'simulated'
      const dates = pair.reports.map(({ serverDateMs }) => serverDateMs)
      this.#options.onDates?.(exchange, dates, clock.nowMs())
      const hosts = this.#hosts.get(exchange) ?? new Set()
      const { reports } = pair
      const heard = (weight: Weight): void => this.#options.onWeight?.(placeOf(source), weight)
      const answer = judge({ frame, reports, exchange, hosts, environment, heard, knownAccount })
      if (isFailure(answer) && this.#places.note(source, answer)) {
        const { code, exchangeCode, retryAfterMs } = answer
        const told = { exchange, code, exchange_code: exchangeCode, retry_after_ms: retryAfterMs }
        this.#options.log('warn', 'exchange-closed', told)
        this.#stopOthers(slot)
        this.#options.onClosed?.(placeOf(source), retryAfterMs ?? 0)
      }
      return answer
    } catch (error) {
      if (this.#closed) return failureOf('COLLECTOR_CLOSED', 'collector')
      const stopped = this.#places.closed(source)
      if (stopped !== null) return stopped
      if (error instanceof PairDied || error instanceof PerfAggError) {
        return failureOf(
          error instanceof PairDied ? 'COLLECTOR_DIED' : 'COLLECTOR_ANSWER_INVALID',
          'collector',
          {
            exchangeCode: error instanceof PerfAggError ? error.code : null,
          },
        )
      }
      throw error
    } finally {
      slot.place = null
      this.#free(slot)
    }
  }

  /** The exchange sent our address away: what is under way there from the same address would go on asking. */
  #stopOthers(slot: Slot): void {
    for (const other of this.#slots) {
      if (other !== slot && other.place === slot.place) void other.pair?.close()
    }
  }

  /** The next free slot of an address, in the order of asking. */
  #turn(address: number): Promise<Slot> {
    return new Promise((resolve, reject) => {
      if (this.#closed || this.#turns.length >= limits.collector.waitingMax) {
        return reject(new InputError('COLLECTOR_BUSY', 'no collector is free'))
      }
      const slot = this.#slots.find((each) => each.address === address && !each.busy)
      if (slot === undefined) {
        this.#turns.push({
          address,
          take: resolve,
          refuse: () => reject(new InputError('COLLECTOR_BUSY', 'closed')),
        })
        return
      }
      slot.busy = true
      resolve(slot)
    })
  }

  #free(slot: Slot): void {
    const index = this.#turns.findIndex(({ address }) => address === slot.address)
    const next = index < 0 ? undefined : this.#turns.splice(index, 1)[0]
    if (next === undefined) slot.busy = false
    else next.take(slot)
  }

  /** The slot's pair, or a fresh one where that is gone or has served long enough. @throws {PairDied} */
  async #pairOf(slot: Slot): Promise<Pair> {
    const { replaceAfterJobs, replaceAfterMs, log } = this.#options
    const old = slot.pair
    if (old !== null && old.alive) {
      const ageMs = performance.now() - old.startedAt
      const worn =
        old.jobs >= (replaceAfterJobs ?? replaceAfterJobsDefault) ||
        ageMs >= (replaceAfterMs ?? replaceAfterMsDefault)
      if (!worn) return old
      this.#replaced += 1
      await old.close()
    }
    slot.pair = null
    const pair = await Pair.start(
      this.#rules,
      {
        onDeath: (fields) => {
          this.#died += 1
          log('warn', 'collector-died', fields)
        },
        onRefused: ({ code, host }) => {
          if (code !== 'UNREACHABLE' && code !== 'TIMED_OUT') log('warn', 'egress-refused', { code, host })
        },
      },
      { user: this.#options.childUser ?? null, address: this.#options.addresses?.[slot.address] ?? null },
    )
    if (this.#closed) {
      await pair.close()
      throw new PairDied('closed')
    }
    slot.pair = pair
    return pair
  }
}

/** What tells the jobs apart, without what they all have. */
type JobOf<Each> = Each extends unknown
  ? Omit<Each, 'nowMs' | 'frozen' | 'exchange' | 'sandbox' | 'baseUrl' | 'wallets'>
  : never

/** Where no answer says whose account it is. Read before whoever takes the credentials wipes them: an address is no secret. */
function knownAccountOf(exchange: string, credentials: Uint8Array): string | null {
  if (credentials.length === 0 || knowsAccounts(exchange)) return null
  const read = readExchangeCredentials(credentials, exchange)
  return 'wallet_address' in read ? (read.wallet_address?.toLowerCase() ?? null) : null
}

function isSupported(source: Source): boolean {
  return exchangesWithHosts.includes(source.exchange)
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'failed'
}

function thrown<Answer>(answer: Answer | Failure): Answer {
  if (isFailure(answer)) throw new CollectorError(answer)
  return answer
}
