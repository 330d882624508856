import { type PerfAggError, toInstant } from '@perf-agg/sdk'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { Collectors } from './collecting/collectors.ts'
import type { Streams } from './collecting/streams.ts'
import type { Feeds } from './feeds.ts'
import type { Health } from './health.ts'
import type { PlaceState } from './schedule/place-queue.ts'
import type { Schedule } from './schedule/schedule.ts'

interface Parts {
  readonly clock: Clock
  readonly store: Store
  readonly collectors: Collectors
  readonly streams: Pick<Streams, 'stats'>
  readonly schedule: Schedule
  readonly feeds: Feeds
  readonly health: Health
  readonly startedAtMs: number
  readonly version: string
  readonly tee: string
  readonly stopping: () => boolean
  /** What others have seen of the log contradicts it. */
  readonly conflict: () => PerfAggError | null
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, string>>
  /** `limit` is null while the exchange has not told its budgets. */
  readonly capacity: Readonly<Record<string, { readonly accounts: number; readonly limit: number | null }>>
}

/** What the operator may know of the daemon: counts and codes, no id and no account. */
export class Report {
  readonly #parts: Parts
  #deliveries = { pending: 0, parked: 0, oldestQueuedAtMs: null as number | null }

  constructor(parts: Parts) {
    this.#parts = parts
  }

  ready(): Readiness {
    const { store, stopping, conflict } = this.#parts
    const checks = {
      state: store.condition === 'ok' ? 'ok' : `STATE_${store.condition.toUpperCase()}`,
      daemon: stopping() ? 'STOPPING' : 'ok',
      log: conflict()?.code ?? 'ok',
    }
    return {
      ready: Object.values(checks).every((check) => check === 'ok'),
      checks,
      capacity: this.#capacity(),
    }
  }

  /** By exchange and address of ours: accounts watched, and how many its budgets can hold. */
  #capacity(): Readiness['capacity'] {
    const { clock, schedule } = this.#parts
    return Object.fromEntries(
      Object.entries(schedule.stats(clock.nowMs())).map(([place, { accounts, limit }]) => [
        place,
        { accounts, limit },
      ]),
    )
  }

  async status(): Promise<object> {
    const { clock, store, collectors, streams, schedule, feeds, health, startedAtMs, version, tee } =
      this.#parts
    const [outbox, parked, accounts] = await Promise.all([
      store.outboxCounts(),
      store.outboxParked(20),
      store.accounts(),
    ])
    this.#deliveries = outbox
    const nowMs = clock.nowMs()
    return {
      version,
      tee,
      uptime_s: Math.round((nowMs - startedAtMs) / 1_000),
      state: store.condition,
      ...this.ready(),
      accounts: { known: accounts.length, polled: schedule.size, self_reported: feeds.size },
      troubles: health.counts(),
      deliveries: {
        pending: outbox.pending,
        parked: outbox.parked,
        oldest_age_s:
          outbox.oldestQueuedAtMs === null ? null : Math.round((nowMs - outbox.oldestQueuedAtMs) / 1_000),
        parked_codes: [...new Set(parked.map((row) => row.lastCode ?? 'unknown'))],
      },
      collectors: collectors.stats(),
      streams: streams.stats(),
      places: Object.fromEntries(
        Object.entries(schedule.stats(nowMs)).map(
          ([place, { accounts, limit, lag, heldUntilMs, budgets }]) => [
            place,
            {
              accounts,
              limit,
              lag: Math.round(lag * 100) / 100,
              held_until: heldUntilMs === null ? null : toInstant(heldUntilMs),
              budgets,
            },
          ],
        ),
      ),
    }
  }

  /** Counts that a scrape wants and only the store knows; called now and then. */
  async refresh(): Promise<void> {
    this.#deliveries = await this.#parts.store.outboxCounts()
  }

  prometheus(): string {
    const { clock, store, collectors, streams, schedule, feeds, health, startedAtMs } = this.#parts
    const stats = collectors.stats()
    const heard = streams.stats()
    const { pending, parked, oldestQueuedAtMs } = this.#deliveries
    const nowMs = clock.nowMs()
    return [
      gauge('uptime_seconds', 'since this start', (nowMs - startedAtMs) / 1_000),
      gauge('state_ok', '1 while the state can be written', store.condition === 'ok' ? 1 : 0),
      gauge('accounts_polled', 'exchange accounts watched', schedule.size),
      gauge('accounts_self_reported', 'accounts whose owner reports trades', feeds.size),
      gauge(
        'accounts_in_trouble',
        'accounts that can not be read, by code',
        labelled('code', health.counts()),
      ),
      gauge('deliveries_pending', 'statements not yet taken by the backend', pending),
      gauge('deliveries_parked', 'statements the backend refused: look at them', parked),
      gauge(
        'deliveries_oldest_seconds',
        'age of the oldest statement not delivered',
        oldestQueuedAtMs === null ? 0 : (nowMs - oldestQueuedAtMs) / 1_000,
      ),
      counter('store_transactions_total', 'durable transactions, one fsync each', store.counts.transactions),
      counter('collector_jobs_total', 'jobs given to collectors', stats.jobs),
      counter('collector_died_total', 'collector or egress processes that died', stats.died),
      counter('collector_failures_total', 'failed jobs by code', labelled('code', stats.failures)),
      gauge('collector_waiting', 'jobs waiting for a collector', stats.waiting),
      gauge('streams_up', 'accounts whose events are listened to', labelled('place', heard.up)),
      counter('stream_hints_total', 'times that a stream told of something', heard.hints),
      counter(
        'stream_ended_total',
        'streams that ended or were not opened, by code',
        labelled('code', heard.ended),
      ),
      counter('listener_died_total', 'listener processes that died', heard.died),
      ...this.#placeGauges(nowMs),
    ].join('')
  }

  #placeGauges(nowMs: number): string[] {
    const places = Object.entries(this.#parts.schedule.stats(nowMs))
    const of = (value: (state: PlaceState) => number | null): Sample[] =>
      places.flatMap(([place, state]) => {
        const number = value(state)
        return number === null ? [] : labelled('place', { [place]: number })
      })
    return [
      gauge(
        'place_accounts',
        'accounts watched, by exchange and address of ours',
        of(({ accounts }) => accounts),
      ),
      gauge(
        'place_accounts_limit',
        'accounts that the budgets there can hold',
        of(({ limit }) => limit),
      ),
      gauge(
        'place_lag',
        'the longest wait in paces; 1 is on time',
        of(({ lag }) => lag),
      ),
      gauge(
        'place_budget_used',
        'used of the tightest budget of this minute, 0 to 1',
        of(({ budgets }) => Math.max(0, ...Object.values(budgets).map(({ used, limit }) => used / limit))),
      ),
    ]
  }
}

type Sample = readonly [labels: string, value: number]

function labelled(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => [
    `{${label}="${name.replaceAll(/[^\w-]/g, '_')}"}`,
    value,
  ])
}

function gauge(name: string, help: string, value: number | Sample[]): string {
  return family(name, 'gauge', help, value)
}

function counter(name: string, help: string, value: number | Sample[]): string {
  return family(name, 'counter', help, value)
}

/** One metric in Prometheus' text form (0.0.4). */
function family(name: string, type: string, help: string, value: number | Sample[]): string {
  const samples: readonly Sample[] = typeof value === 'number' ? [['', value]] : value
  const lines = samples.map(([labels, each]) => `perf_agg_${name}${labels} ${each}\n`)
  return `# HELP perf_agg_${name} ${help}\n# TYPE perf_agg_${name} ${type}\n${lines.join('')}`
}
