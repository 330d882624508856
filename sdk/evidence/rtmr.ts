import { canonicalBytes } from '../canonical.ts'
import { concat, equalBytes, fromHex, toHex, utf8 } from '../bytes.ts'
import { parseJson } from '../json.ts'
import { readArray, readEnum, readInteger, readObject, readString } from '../shape.ts'
import { refuse } from './verified.ts'

/**
 * The event log behind a TD's run-time measurement registers, as dstack's guest agent hands it out. A register can
 * only be extended: `new = SHA-384(old ‖ digest)`, so a log that leads to the quoted register is the log.
 */
export interface RtmrEvent {
  readonly register: 0 | 1 | 2 | 3
  readonly digest: Uint8Array
  /** Name and payload of an event of the guest; null for those of the firmware, whose digests say nothing of them. */
  readonly runtime: { readonly name: string; readonly payload: Uint8Array } | null
}

const code = 'EVENT_LOG_INVALID'
const bytesMax = 524_288
const eventsMax = 1_024
const payloadCharactersMax = 131_072
/** dstack's own event type: its digest is computed from name and payload. */
const runtimeType = 0x0800_0001

/** @throws {VerificationError} `EVENT_LOG_INVALID` */
export async function readEventLog(json: Uint8Array): Promise<readonly RtmrEvent[]> {
  let events: readonly RawEvent[]
  try {
    events = readArray(parseJson(json, { bytesMax }), 'event_log', eventsMax, readRawEvent)
  } catch (error) {
    throw refuse(code, `the event log can't be read: ${error instanceof Error ? error.message : 'invalid'}`)
  }
  return Promise.all(events.map(checkedEvent))
}

interface RawEvent {
  readonly register: 0 | 1 | 2 | 3
  readonly type: number
  readonly digest: Uint8Array
  readonly name: string
  readonly payload: Uint8Array
  readonly version: 1 | 2
}

function readRawEvent(value: unknown, path: string): RawEvent {
  const event = readObject(value, path, {
    required: ['imr', 'event_type', 'digest', 'event', 'event_payload'],
    optional: ['version'],
  })
  const hex = (member: unknown, name: string, max: number): Uint8Array =>
    fromHex(readString(member, `${path}.${name}`, { max, pattern: /^[0-9a-f]*$/ }))
  return {
    register: readEnum(event.imr, `${path}.imr`, [0, 1, 2, 3]),
    type: readInteger(event.event_type, `${path}.event_type`, { min: 0, max: 0xffff_ffff }),
    digest: hex(event.digest, 'digest', 96),
    name: readString(event.event, `${path}.event`, { max: 1_024 }),
    payload: hex(event.event_payload, 'event_payload', payloadCharactersMax),
    version: readEnum(event.version ?? 1, `${path}.version`, [1, 2]),
  }
}

async function checkedEvent({
  register,
  type,
  digest,
  name,
  payload,
  version,
}: RawEvent): Promise<RtmrEvent> {
  if (type !== runtimeType) {
    if (register === 3) throw refuse(code, 'an event of the last register is not the guest’s')
    if (digest.length !== 48) throw refuse(code, 'an event of the log has no digest')
    return { register, digest, runtime: null }
  }
  const computed = await sha384(version === 1 ? preimage(name, payload) : canonicalPreimage(name, payload))
  if (digest.length > 0 && !equalBytes(digest, computed)) {
    throw refuse(code, 'an event of the log has another digest than its content')
  }
  return { register, digest: computed, runtime: { name, payload } }
}

function preimage(name: string, payload: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(1, 0, 0, 8), utf8(':'), utf8(name), utf8(':'), payload)
}

function canonicalPreimage(name: string, payload: Uint8Array): Uint8Array {
  return canonicalBytes({ name, type: runtimeType, payload: toHex(payload) })
}

/** What the register holds after these digests. */
export async function replay(digests: readonly Uint8Array[]): Promise<Uint8Array> {
  let register = new Uint8Array(48)
  for (const digest of digests) register = await sha384(concat(register, digest))
  return register
}

export async function sha384(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-384', bytes as Uint8Array<ArrayBuffer>))
}

/**
 * Every register that the log speaks of must come out as quoted; the last one, which holds what was started, always.
 * @throws {VerificationError} `EVENT_LOG_MISMATCH`
 */
export async function checkRegisters(
  events: readonly RtmrEvent[],
  quoted: readonly Uint8Array[],
): Promise<void> {
  for (const [index, register] of quoted.entries()) {
    const own = events.filter((event) => event.register === index)
    if (own.length === 0 && index !== 3) continue
    if (!equalBytes(await replay(own.map(({ digest }) => digest)), register)) {
      throw refuse('EVENT_LOG_MISMATCH', `the event log does not lead to register ${index} of the quote`)
    }
  }
}
