import { refuse } from './verified.ts'

/** Little-endian fields of fixed places, as hardware reports have them. Every read is within the bytes or refused. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #code: string
  #at = 0

  /** @param code of the refusal when the bytes end too early */
  constructor(bytes: Uint8Array, code: string) {
    this.#bytes = bytes
    this.#code = code
  }

  get at(): number {
    return this.#at
  }

  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw refuse(this.#code, 'the evidence ends too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  u8(): number {
    return this.bytes(1)[0]!
  }

  u16(): number {
    const [low, high] = this.bytes(2)
    return low! + high! * 256
  }

  u32(): number {
    return this.u16() + this.u16() * 65_536
  }

  /** Bytes that must be zero: unused space that could differ unseen would make two evidences of one. */
  zeros(length: number): void {
    if (this.bytes(length).some((byte) => byte !== 0)) {
      throw refuse(this.#code, 'bytes of the evidence that must be zero are not')
    }
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at)
  }
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** The same bytes in the other order: AMD's numbers are little-endian, WebCrypto's big-endian. */
export function reversed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes).toReversed()
}
