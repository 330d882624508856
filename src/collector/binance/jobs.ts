import { concat, utf8 } from '@perf-agg/sdk'
import type { Candle } from '../../accounting/observation.ts'
import { JobClock } from '../clock.ts'
import type { Credentials } from '../credentials.ts'
import type { Job } from '../job.ts'
import { Limiter } from '../limiter.ts'
import type { Wire } from '../wire.ts'
import { checkKey } from './check.ts'
import { budgets } from './endpoint.ts'
import { Listings } from './listings.ts'
import { candlesFor, marketsOf } from './markets.ts'
import { type Instance, newInstance, openBinance } from './open.ts'
import { Poll } from './poll.ts'

/** What one address and one host set share, whoever's account is polled. */
interface Place {
  readonly limiter: Limiter
  readonly listings: Listings
  /** Ours minus theirs, from the job before. */
  skewMs: number
  /** For what anybody may read; it holds nobody's key. */
  instance: Instance | null
}

export interface Done {
  readonly head: Readonly<Record<string, unknown>>
  readonly body: Uint8Array
}

export class BinanceJobs {
  readonly #wire: Wire
  readonly #places = new Map<string, Place>()

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /** @throws {CollectorFailure} */
  async run(job: Job, credentials: Credentials | null): Promise<Done> {
    const place = this.#placeOf(job)
    const clock = new JobClock(job.nowMs, job.frozen)
    clock.skewMs = place.skewMs
    const instance = await this.#instanceOf(job, place, credentials)
    const maxRetries = job.job === 'poll' ? job.maxRetries : 3
    const { caller, sync } = openBinance(instance, { clock, limiter: place.limiter, maxRetries })
    const head = () => {
      place.skewMs = clock.skewMs
      return { collector: `ccxt ${ccxtRelease}`, skewMs: clock.skewMs, weight: caller.weight }
    }
    switch (job.job) {
      case 'check': {
        const { restrictions, account } = await checkKey(caller, sync)
        const parts = [restrictions?.length ?? null, account.length]
        return { head: { ...head(), parts }, body: concat(restrictions ?? new Uint8Array(), account) }
      }
      case 'poll': {
        const { sinceMs, cursor, previousAnchor, sweep } = job
        const { listings } = place
        const polled = await Poll.run({ caller, sync, listings, sinceMs, cursor, previousAnchor, sweep })
        return { head: { ...head(), cursor: polled.cursor }, body: json(polled.observation) }
      }
      case 'markets': {
        const nowMs = await sync()
        await place.listings.load(caller, nowMs)
        return { head: head(), body: json(marketsOf(place.listings)) }
      }
      case 'candles': {
        const nowMs = await sync()
        await place.listings.load(caller, nowMs)
        const answers: (readonly Candle[] | null)[] = []
        for (const want of job.wants) answers.push(await candlesFor(want, caller, place.listings, clock))
        return { head: head(), body: json(answers.map((candles) => candles?.map(rowOfCandle) ?? null)) }
      }
    }
  }

  async #instanceOf(job: Job, place: Place, credentials: Credentials | null): Promise<Instance> {
    const { sandbox, baseUrl } = job
    if (credentials !== null) return newInstance({ wire: this.#wire, sandbox, baseUrl, credentials })
    place.instance ??= await newInstance({ wire: this.#wire, sandbox, baseUrl, credentials: null })
    return place.instance
  }

  #placeOf(job: Job): Place {
    const key = job.baseUrl ?? (job.sandbox ? 'sandbox' : 'live')
    let place = this.#places.get(key)
    if (place === undefined) {
      place = { limiter: new Limiter(budgets), listings: new Listings(), skewMs: 0, instance: null }
      this.#places.set(key, place)
    }
    return place
  }
}

function rowOfCandle(candle: Candle): readonly (string | number)[] {
  return [candle.minuteMs, candle.open, candle.close, candle.baseVolume, candle.quoteVolume]
}

function json(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value))
}
