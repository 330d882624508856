import type {
  CandlesAnswer,
  CandlesRequest,
  CheckAnswer,
  CheckRequest,
  MarketsAnswer,
  MarketsRequest,
  PollAnswer,
  PollRequest,
} from '../collector/answer.ts'

/** Where an exchange is looked for instead of its own hosts; environment `simulated`. Part of `config_digest`. */
export interface ExchangeSettings {
  readonly binance?: { readonly base_url?: string }
}

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
  /** Pairs of processes that work at the same time. */
  readonly pairs?: 1 | 2
  /** A pair is replaced by a fresh one after so many jobs, or so long. */
  readonly replaceAfterJobs?: number
  readonly replaceAfterMs?: number
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
  /** By exchange and host set (`binance`, `binance sandbox`): used weight of the minute, and until when nobody calls. */
  readonly exchanges: Readonly<
    Record<
      string,
      {
        readonly usedOfMinute: number | null
        readonly limitOfMinute: number
        readonly closedUntilMs: number | null
      }
    >
  >
}

/**
 * The only door to the exchanges. Each job runs in a pair of processes (collector, egress) that may die at any
 * moment: its job then answers `COLLECTOR_DIED`, the next finds a fresh pair, and since cursors are stored by
 * the caller, together with what they brought, nothing is lost.
 */
export interface Collectors {
  /** Never rejects: what went wrong is a `Failure`. */
  check(request: CheckRequest): Promise<CheckAnswer>
  /** Never rejects: what went wrong is a `Failure`. */
  poll(request: PollRequest): Promise<PollAnswer>
  /** @throws {CollectorError} */
  candles(request: CandlesRequest): Promise<CandlesAnswer>
  /** Spot markets, inactive ones included. @throws {CollectorError} */
  markets(request: MarketsRequest): Promise<MarketsAnswer>
  stats(): CollectorsStats
  /** Waits for no job: what runs answers `COLLECTOR_CLOSED`. Resolves when every child is gone. */
  close(): Promise<void>
}

export declare function startCollectors(options: CollectorsOptions): Promise<Collectors>
