import {
  dayMs,
  minuteMs,
  newBoxKeyPair,
  openBox,
  publicJwk,
  wipeBoxMemory,
  wipeBytes,
  type BoxKeyPair,
  type PublicJwk,
} from '@perf-agg/sdk'
import type { OpenedBox } from './enclave.ts'
import { type NativeBoxes, nativeBoxes } from './native-box.ts'

/** How long one box key is shown. A box sealed to an older one can be opened by nobody: that is forward secrecy. */
export const boxKeyLifeMs = dayMs
/** How long a replaced key still opens: longer than a quote is good for. */
export const boxKeyOverlapMs = 10 * minuteMs

interface HeldKey {
  readonly pair: BoxKeyPair
  readonly jwk: PublicJwk<'X25519'>
  readonly madeAtMs: number
}

async function newKey(nowMs: number): Promise<HeldKey> {
  const pair = await newBoxKeyPair()
  return { pair, jwk: publicJwk(pair.publicKey, 'X25519'), madeAtMs: nowMs }
}

/** The box keys of one start: the one shown, and for ten minutes the one before it. Never stored. */
export class BoxKeys {
  #current: HeldKey
  #previous: { readonly key: HeldKey; readonly untilMs: number } | null = null
  #turning: Promise<void> | null = null
  #closed = false

  readonly #native: NativeBoxes | null

  private constructor(first: HeldKey, native: NativeBoxes | null) {
    this.#current = first
    this.#native = native
  }

  static async make(nowMs: number, native?: NativeBoxes | null): Promise<BoxKeys> {
    return new BoxKeys(await newKey(nowMs), native === undefined ? await nativeBoxes() : native)
  }

  /** What quotes show. */
  get jwk(): PublicJwk<'X25519'> {
    return this.#current.jwk
  }

  /** The key that opened a box, as quotes showed it; null once it is gone. */
  jwkOf(boxKey: string): PublicJwk<'X25519'> | null {
    if (this.#current.jwk.x === boxKey) return this.#current.jwk
    return this.#previous?.key.jwk.x === boxKey ? this.#previous.key.jwk : null
  }

  /** Both keys are always tried: which of them opened, or that none did, takes the same work. */
  async open(sealed: Uint8Array, nowMs: number): Promise<OpenedBox | null> {
    this.#retire(nowMs)
    const held = [this.#current, ...(this.#previous === null ? [] : [this.#previous.key])]
    let opened: OpenedBox | null = null
    for (const { pair, jwk } of held) {
      const plaintext =
        this.#native === null
          ? await openBox(pair.publicKey, pair.secretKey, sealed)
          : this.#native.open(pair.publicKey, pair.secretKey, sealed)
      if (plaintext !== null) opened = { plaintext, boxKey: jwk.x }
    }
    // a box that does not open leaves no plaintext behind, nor does what writes into our own memory
    if (opened !== null && this.#native === null) await wipeBoxMemory(sealed.length)
    return opened
  }

  /** Replaces the key where it is a day old, forgets the one before where its ten minutes are over. */
  async rotate(nowMs: number): Promise<void> {
    this.#retire(nowMs)
    if (nowMs - this.#current.madeAtMs < boxKeyLifeMs) return
    // quotes ask at the same time: one new key for all of them
    this.#turning ??= this.#turn(nowMs).finally(() => {
      this.#turning = null
    })
    await this.#turning
  }

  async #turn(nowMs: number): Promise<void> {
    const next = await newKey(nowMs)
    await wipeBoxMemory(0)
    if (this.#closed) return wipeBytes(next.pair.secretKey)
    if (this.#previous !== null) wipeBytes(this.#previous.key.pair.secretKey)
    this.#previous = { key: this.#current, untilMs: nowMs + boxKeyOverlapMs }
    this.#current = next
  }

  #retire(nowMs: number): void {
    if (this.#previous === null || nowMs < this.#previous.untilMs) return
    wipeBytes(this.#previous.key.pair.secretKey)
    this.#previous = null
  }

  close(): void {
    this.#closed = true
    wipeBytes(this.#current.pair.secretKey)
    if (this.#previous !== null) wipeBytes(this.#previous.key.pair.secretKey)
    this.#previous = null
  }
}
