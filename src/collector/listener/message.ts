import {
  readBoolean,
  readEnum,
  readInteger,
  readNullable,
  readObject,
  readRecord,
  readString,
} from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import { type Hint, readHints } from '../hint.ts'
import { type JobHead, jobHead, readJobHead } from '../job.ts'

/**
 * What the daemon asks of a listener. Of `listen` the credentials are the frame's body, and `id` names the account between
 * the two, until it is over.
 */
export type Order =
  | (JobHead & {
      readonly kind: 'listen'
      /** Our clock minus the exchange's, as its polls found. */
      readonly skewMs: number
    })
  | { readonly kind: 'leave'; readonly id: number }

export type Listen = Order & { readonly kind: 'listen' }

/** Why a stream is over. */
export type DownCode =
  /** The exchange would not have it: `exchangeCode` says more. */
  | 'STREAM_REFUSED'
  /** It sends our address away. */
  | 'STREAM_RATE_LIMITED'
  | 'STREAM_UNREACHABLE'
  /** It was open, and the other side ended it. */
  | 'STREAM_CLOSED'
  /** What came was none of the exchange's messages. */
  | 'STREAM_INVALID'
  | 'STREAM_TIMED_OUT'
  | 'STREAM_NOT_SUPPORTED'

export interface Down {
  readonly code: DownCode
  readonly exchangeCode: string | null
  readonly retryAfterMs: number | null
}

/** What a listener tells. None of it is believed: a poll looks. */
export type Word =
  | { readonly kind: 'ready' }
  /** `whole`: of all wallets of the account, so that its silence says something. */
  | { readonly kind: 'up'; readonly id: number; readonly whole: boolean }
  | { readonly kind: 'hint'; readonly id: number; readonly hints: readonly Hint[] }
  | ({ readonly kind: 'down'; readonly id: number } & Down)

/** @throws {InputError} */
export function readOrder(head: unknown): Order {
  const kind = readEnum(readRecord(head, '')['kind'], 'kind', ['listen', 'leave'])
  if (kind === 'leave') {
    const { id } = readObject(head, '', { required: ['kind', 'id'] })
    return { kind, id: readInteger(id, 'id', { min: 1 }) }
  }
  const listen = readObject(head, '', { required: ['kind', ...jobHead, 'skewMs'] })
  return { ...readJobHead(listen), kind, skewMs: readInteger(listen.skewMs, 'skewMs') }
}

/** @throws {InputError} */
export function readWord(head: unknown): Word {
  const kind = readEnum(readRecord(head, '')['kind'], 'kind', ['ready', 'up', 'hint', 'down'])
  if (kind === 'ready') {
    readObject(head, '', { required: ['kind'] })
    return { kind }
  }
  if (kind === 'up') {
    const { id, whole } = readObject(head, '', { required: ['kind', 'id', 'whole'] })
    return { kind, id: readInteger(id, 'id', { min: 1 }), whole: readBoolean(whole, 'whole') }
  }
  if (kind === 'hint') {
    const { id, hints } = readObject(head, '', { required: ['kind', 'id', 'hints'] })
    return { kind, id: readInteger(id, 'id', { min: 1 }), hints: readHints(hints, 'hints') }
  }
  const down = readObject(head, '', { required: ['kind', 'id', 'code', 'exchangeCode', 'retryAfterMs'] })
  return {
    kind,
    id: readInteger(down.id, 'id', { min: 1 }),
    code: readEnum(down.code, 'code', downCodes),
    exchangeCode: readNullable(down.exchangeCode, 'exchangeCode', (value, path) =>
      readString(value, path, { pattern: exchangeCodePattern }),
    ),
    retryAfterMs: readNullable(down.retryAfterMs, 'retryAfterMs', (value, path) =>
      readInteger(value, path, { min: 0, max: limits.listener.retryAfterMsMax }),
    ),
  }
}

/** A number, or a name in capitals: nothing of what was processed fits in. */
export const exchangeCodePattern: RegExp = /^(?:-?\d{1,9}|[A-Z_]{1,40})$/

const downCodes: readonly DownCode[] = [
  'STREAM_REFUSED',
  'STREAM_RATE_LIMITED',
  'STREAM_UNREACHABLE',
  'STREAM_CLOSED',
  'STREAM_INVALID',
  'STREAM_TIMED_OUT',
  'STREAM_NOT_SUPPORTED',
]
