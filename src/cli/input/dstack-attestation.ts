import { fromUtf8, InputError, toHex } from '@perf-agg/sdk'

/**
 * dstack's own container for evidence, as its tools hand it out in hexadecimal: version and kind, then in SCALE (lengths
 * in one, two or four bytes, numbers little-endian) the quote, the event log, the guest's events once more, the report
 * data and the machine's configuration. The two that stand in it twice must agree.
 */
export interface DstackAttestation {
  readonly quote: Uint8Array
  /** The JSON text that the guest agent hands out. */
  readonly eventLog: string
  readonly vmConfig: string
}

interface LoggedEvent {
  readonly imr: number
  readonly event_type: number
  readonly digest: string
  readonly event: string
  readonly event_payload: string
}

const eventsMax = 1_024
const guestRegister = 3
const reportDataBytes = 64
/** `ACPI DATA` */
const acpiData = '414350492044415441'

/** @throws {InputError} `INPUT_INVALID` */
export function readDstackAttestation(bytes: Uint8Array): DstackAttestation {
  const reader = new ScaleReader(bytes)
  if (reader.take(2).some((byte) => byte !== 0)) throw invalid('it is of another version, or not of TDX')
  const quote = reader.bytes()
  const events = Array.from({ length: reader.count() }, (): LoggedEvent => {
    const imr = reader.u32()
    const event_type = reader.u32()
    const digest = toHex(reader.bytes())
    return { imr, event_type, digest, event: reader.text(), event_payload: toHex(reader.bytes()) }
  })
  const again = Array.from({ length: reader.count() }, () => `${reader.text()} ${toHex(reader.bytes())}`)
  const guests = events.filter(({ imr }) => imr === guestRegister)
  const told = guests.map(({ event, event_payload: payload }) => `${event} ${payload}`)
  if (again.join('\n') !== told.join('\n')) throw invalid('its two lists of events differ')
  if (!Buffer.from(quote).includes(reader.take(reportDataBytes))) {
    throw invalid('its report data are not those of its quote')
  }
  const vmConfig = reader.text()
  reader.end()
  return { quote, eventLog: JSON.stringify(isExcerpt(events) ? guests : events), vmConfig }
}

/**
 * Of the firmware's events a slim container holds the three of the ACPI tables alone. They lead to no register, and
 * say nothing of the program: the guest's events are what is judged.
 */
function isExcerpt(events: readonly LoggedEvent[]): boolean {
  const boot = events.filter(({ imr }) => imr !== guestRegister)
  return (
    boot.map(({ imr, event_type: type, event }) => `${imr} ${type} ${event}`).join() ===
      '0 10 acpi-loader,0 10 acpi-rsdp,0 10 acpi-tables' &&
    boot.every(({ event_payload: payload }) => payload === acpiData)
  )
}

class ScaleReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw invalid('it ends too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  u32(): number {
    return Buffer.from(this.take(4)).readUInt32LE()
  }

  /** In the shortest of its forms. */
  length(): number {
    const form = (this.#bytes[this.#at] ?? 0) & 3
    if (form === 3) throw invalid('it has a length beyond all bounds')
    const length = Buffer.from(this.take(2 ** form)).readUIntLE(0, 2 ** form) >>> 2
    if (length < (form === 0 ? 0 : form === 1 ? 1 << 6 : 1 << 14))
      throw invalid('it has a length in a long form')
    return length
  }

  count(): number {
    const count = this.length()
    if (count > eventsMax) throw invalid('it has too many events')
    return count
  }

  bytes(): Uint8Array {
    return this.take(this.length())
  }

  text(): string {
    try {
      return fromUtf8(this.bytes())
    } catch {
      throw invalid('a text in it is not UTF-8')
    }
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw invalid('bytes stand behind it')
  }
}

function invalid(why: string): InputError {
  return new InputError('INPUT_INVALID', `the attestation can’t be read: ${why}`)
}
