import { concat, utf8 } from '@perf-agg/sdk'
import type { PriceWant } from '../accounting/hour/hour.ts'
import type { Candle } from '../accounting/observation.ts'
import { limits } from '../limits.ts'
import type { Adapter } from './adapter.ts'
import { newBinance } from './binance/adapter.ts'
import { newBitget } from './bitget/adapter.ts'
import { newBybit } from './bybit/adapter.ts'
import { newCoinbase } from './coinbase/adapter.ts'
import { JobClock } from './clock.ts'
import type { Credentials } from './credentials.ts'
import { CollectorFailure, failureOf, isOutOfBudget } from './failure.ts'
import type { Job } from './job.ts'
import { newGeneric } from './generic/adapter.ts'
import { newHyperliquid } from './hyperliquid/adapter.ts'
import { newKraken } from './kraken/adapter.ts'
import { newKrakenFutures } from './krakenfutures/adapter.ts'
import { newKucoin } from './kucoin/adapter.ts'
import { budgetsOf, Limiter } from './limiter.ts'
import { newOkx } from './okx/adapter.ts'
import { type Instance, newInstance, openCalls } from './open.ts'
import type { Wire } from './wire.ts'

const adapters: Readonly<Record<string, () => Adapter>> = {
  binance: newBinance,
  bitget: newBitget,
  bybit: newBybit,
  coinbase: newCoinbase,
  hyperliquid: newHyperliquid,
  kraken: newKraken,
  krakenfutures: newKrakenFutures,
  kucoin: newKucoin,
  okx: newOkx,
}

/** What one address and one host set share, whoever's account is polled. */
interface Place {
  readonly adapter: Adapter
  readonly limiter: Limiter
  /** Ours minus theirs, from the job before. */
  skewMs: number
  readonly synced: { atMs: number }
  /** For what anybody may read; it holds nobody's key. */
  instance: Instance | null
}

export interface Done {
  readonly head: Readonly<Record<string, unknown>>
  readonly body: Uint8Array
}

/** Does what the daemon asks, each job by the adapter of its exchange. */
export class Jobs {
  readonly #wire: Wire
  readonly #places = new Map<string, Place>()

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /** @throws {CollectorFailure} */
  async run(job: Job, credentials: Credentials | null): Promise<Done> {
    const place = this.#placeOf(job)
    const { adapter, limiter, synced } = place
    const { wallets } = job
    if (!wallets.every((wallet) => adapter.wallets.includes(wallet))) {
      throw new CollectorFailure(failureOf('EXCHANGE_NOT_SUPPORTED', 'session'))
    }
    const clock = new JobClock(job.nowMs, job.frozen)
    clock.skewMs = place.skewMs
    const instance = await this.#instanceOf(job, place, credentials)
    const maxRetries = job.job === 'poll' ? job.maxRetries : 3
    const background = 'background' in job && job.background
    const calls = { clock, limiter, maxRetries, synced, background }
    const { caller, sync } = openCalls(instance, adapter.connection, calls)
    // The daemon believes only what came over the wire in that very job.
    if (job.job !== 'poll') synced.atMs = Number.NEGATIVE_INFINITY
    const tools = { caller, sync, clock, walletAddress: credentials?.walletAddress ?? null }
    const head = () => {
      place.skewMs = clock.skewMs
      return {
        collector: `ccxt ${ccxtRelease}${Object.hasOwn(adapters, job.exchange) ? '' : ' generic'}`,
        skewMs: clock.skewMs,
        weight: caller.weight,
      }
    }
    switch (job.job) {
      case 'check': {
        const { restrictions, account } = await adapter.check(tools, wallets)
        const parts = [restrictions?.length ?? null, account.length]
        return { head: { ...head(), parts }, body: concat(restrictions ?? new Uint8Array(), account) }
      }
      case 'poll': {
        const { sinceMs, cursor, previousAnchor, sweep, hints } = job
        const polled = await adapter.poll(tools, { sinceMs, cursor, previousAnchor, sweep, wallets, hints })
        return { head: { ...head(), cursor: polled.cursor }, body: json(polled.observation) }
      }
      case 'markets':
        return { head: head(), body: json(await adapter.markets(tools, wallets)) }
      case 'candles': {
        await sync()
        const answers = await candlesOf(job.wants, (want) => adapter.candles(tools, want), clock)
        return { head: head(), body: json(answers.map((candles) => candles?.map(rowOfCandle) ?? null)) }
      }
    }
  }

  async #instanceOf(job: Job, place: Place, credentials: Credentials | null): Promise<Instance> {
    const { sandbox, baseUrl } = job
    const { connection } = place.adapter
    if (credentials !== null)
      return newInstance(connection, { wire: this.#wire, sandbox, baseUrl, credentials })
    place.instance ??= await newInstance(connection, {
      wire: this.#wire,
      sandbox,
      baseUrl,
      credentials: null,
    })
    return place.instance
  }

  #placeOf(job: Job): Place {
    const key = `${job.exchange} ${job.baseUrl ?? (job.sandbox ? 'sandbox' : 'live')}`
    let place = this.#places.get(key)
    if (place === undefined) {
      const adapter = Object.hasOwn(adapters, job.exchange)
        ? (adapters[job.exchange]?.() ?? null)
        : newGeneric(job.exchange)
      if (adapter === null) throw new CollectorFailure(failureOf('EXCHANGE_NOT_SUPPORTED', 'session'))
      place = {
        adapter,
        limiter: new Limiter(budgetsOf(adapter.connection.budgets, 'address')),
        skewMs: 0,
        synced: { atMs: Number.NEGATIVE_INFINITY },
        instance: null,
      }
      this.#places.set(key, place)
    }
    return place
  }
}

/** Whom the exchange sends away for longer than a moment, the daemon has to hear of. */
function isOutOfPace(error: unknown): boolean {
  if (isOutOfBudget(error)) return true
  if (!(error instanceof CollectorFailure)) return false
  const { code, scope, retryAfterMs } = error.failure
  const isMoment = retryAfterMs !== null && retryAfterMs <= limits.collector.waitMsMax
  return code === 'EXCHANGE_RATE_LIMITED' && (scope === 'session' || isMoment)
}

/** Of as many as the minute's budget and the job's time have room for, in order; always of one. */
async function candlesOf(
  wants: readonly PriceWant[],
  ask: (want: PriceWant) => Promise<readonly Candle[] | null>,
  clock: JobClock,
): Promise<readonly (readonly Candle[] | null)[]> {
  const answers: (readonly Candle[] | null)[] = []
  const untilMs = clock.nowMs() + limits.collector.candlesMsMax
  try {
    for (const want of wants) {
      if (answers.length > 0 && clock.nowMs() > untilMs) break
      answers.push(await ask(want))
    }
  } catch (error) {
    if (answers.length === 0 || !isOutOfPace(error)) throw error
  }
  return answers
}

function rowOfCandle(candle: Candle): readonly (string | number | null)[] {
  const { minuteMs, open, close, baseVolume, quoteVolume, average } = candle
  const row = [minuteMs, open, close, baseVolume, quoteVolume]
  return average === undefined ? row : [...row, average]
}

function json(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value))
}
