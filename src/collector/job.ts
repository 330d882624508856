import {
  parseJson,
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readNullable,
  readObject,
  readRecord,
  readString,
} from '@perf-agg/sdk'
import type { PriceWant } from '../accounting/hour/hour.ts'
import type { Anchor, Wallet } from '../accounting/observation.ts'
import { wallets as known } from '../accounting/wallet.ts'
import { limits } from '../limits.ts'
import { type Hint, readHints } from './hint.ts'
import { readAnchor } from './observation.ts'

/** What the daemon asks of a child, over its control pipe: so much in every case. Credentials are the frame's body. */
export interface JobHead {
  readonly id: number
  readonly nowMs: number
  /** Time stands still while the job runs. */
  readonly frozen: boolean
  readonly exchange: string
  readonly sandbox: boolean
  readonly baseUrl: string | null
  readonly wallets: readonly Wallet[]
}

export interface PollJob extends JobHead {
  readonly job: 'poll'
  readonly sinceMs: number
  readonly cursor: string | null
  readonly previousAnchor: Anchor | null
  readonly maxRetries: number
  readonly sweep: boolean
  readonly hints: readonly Hint[]
  /** It can wait: most of a minute's budget is for others. */
  readonly background: boolean
}

export interface CandlesJob extends JobHead {
  readonly job: 'candles'
  readonly wants: readonly PriceWant[]
  readonly background: boolean
}

export type Job = PollJob | CandlesJob | (JobHead & { readonly job: 'check' | 'markets' })

/** Plain `Omit` would forget what tells the jobs apart. */
export type Asked = Job extends infer Each ? (Each extends Job ? Omit<Each, 'id'> : never) : never

export function readJob(head: unknown): Job {
  const job = readEnum(readRecord(head, '')['job'], 'job', ['check', 'poll', 'candles', 'markets'])
  if (job === 'poll') {
    const poll = readObject(head, '', {
      required: [
        'job',
        ...jobHead,
        'sinceMs',
        'cursor',
        'previousAnchor',
        'maxRetries',
        'sweep',
        'hints',
        'background',
      ],
    })
    return {
      ...readJobHead(poll),
      job,
      sinceMs: readInteger(poll.sinceMs, 'sinceMs', { min: 0 }),
      cursor: readNullable(poll.cursor, 'cursor', (value, path) =>
        readString(value, path, { max: limits.collector.cursorBytesMax }),
      ),
      previousAnchor: readNullable(poll.previousAnchor, 'previousAnchor', readAnchor),
      maxRetries: readInteger(poll.maxRetries, 'maxRetries', { min: 0, max: limits.collector.retriesMax }),
      sweep: readBoolean(poll.sweep, 'sweep'),
      hints: readHints(poll.hints, 'hints'),
      background: readBoolean(poll.background, 'background'),
    }
  }
  if (job === 'candles') {
    const candles = readObject(head, '', { required: ['job', ...jobHead, 'wants', 'background'] })
    return {
      ...readJobHead(candles),
      job,
      background: readBoolean(candles.background, 'background'),
      wants: readArray(candles.wants, 'wants', limits.collector.wantsMax, (value, path) => {
        const want = readObject(value, path, { required: ['symbol', 'fromMs', 'toMs'], optional: ['kind'] })
        return {
          symbol: readString(want.symbol, `${path}.symbol`, { min: 1, max: 80 }),
          fromMs: readInteger(want.fromMs, `${path}.fromMs`, { min: 0 }),
          toMs: readInteger(want.toMs, `${path}.toMs`, { min: 0 }),
          ...(want.kind === undefined ? {} : { kind: readEnum(want.kind, `${path}.kind`, ['mark']) }),
        }
      }),
    }
  }
  return { ...readJobHead(readObject(head, '', { required: ['job', ...jobHead] })), job }
}

export const jobHead = ['id', 'nowMs', 'frozen', 'exchange', 'sandbox', 'baseUrl', 'wallets'] as const

export function readJobHead(head: { readonly [Name in keyof JobHead]: unknown }): JobHead {
  return {
    id: readInteger(head.id, 'id', { min: 1 }),
    nowMs: readInteger(head.nowMs, 'nowMs', { min: 0 }),
    frozen: readBoolean(head.frozen, 'frozen'),
    exchange: readString(head.exchange, 'exchange', { max: 64 }),
    sandbox: readBoolean(head.sandbox, 'sandbox'),
    baseUrl: readNullable(head.baseUrl, 'baseUrl', (value, path) => readString(value, path, { max: 2_048 })),
    wallets: readArray(head.wallets, 'wallets', known.length, (value, path) => readEnum(value, path, known)),
  }
}

/** A body that is JSON: candles, markets, an observation. */
export function parseBody(body: Uint8Array): unknown {
  return parseJson(body, { bytesMax: limits.frame.bodyBytesMax, depthMax: limits.frame.jsonDepthMax })
}
