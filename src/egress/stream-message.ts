import { readEnum, readInteger, readObject, readRecord, readString } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { Refusal } from './message.ts'

/** What a listener asks of egress about streams; what is to be said is the frame's body. */
export type StreamOrder =
  | { readonly kind: 'open'; readonly id: number; readonly url: string }
  | { readonly kind: 'say'; readonly id: number }
  | { readonly kind: 'hang-up'; readonly id: number }

/** Why a connection is over. */
export type EndCode =
  | Refusal
  /** The other side's wish. */
  | 'CLOSED'
  /** It answered, and not with a connection: `status` says how. */
  | 'HANDSHAKE_REFUSED'
  /** What was to be said is none of the rule's operations. */
  | 'OPERATION_REFUSED'

/** What egress tells of a connection; a message that was heard is the frame's body. */
export type StreamWord =
  | { readonly kind: 'opened'; readonly id: number }
  | { readonly kind: 'heard'; readonly id: number }
  | {
      readonly kind: 'ended'
      readonly id: number
      readonly code: EndCode
      /** Of an answer that was no connection. */
      readonly status: number | null
      readonly retryAfterS: number | null
    }

/** Null for what concerns no stream. @throws {InputError} */
export function readStreamOrder(head: unknown): StreamOrder | null {
  if (!Object.hasOwn(readRecord(head, ''), 'kind')) return null
  const kind = readEnum(readRecord(head, '')['kind'], 'kind', ['open', 'say', 'hang-up'])
  if (kind === 'open') {
    const open = readObject(head, '', { required: ['kind', 'id', 'url'] })
    const url = readString(open.url, 'url', { max: limits.egress.urlBytesMax })
    return { kind, id: readInteger(open.id, 'id', { min: 1 }), url }
  }
  const { id } = readObject(head, '', { required: ['kind', 'id'] })
  return { kind, id: readInteger(id, 'id', { min: 1 }) }
}
