/**
 * Chance that is the same every time: a small fast generator (sfc32), seeded by text, so that each market and each
 * trader has its own stream and none disturbs another.
 */
export class Chance {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(...names: readonly (string | number)[]) {
    const text = names.join('\u0000')
    this.#a = hash(text, 0x9e3779b9)
    this.#b = hash(text, 0x243f6a88)
    this.#c = hash(text, 0xb7e15162)
    for (let round = 0; round < 12; round += 1) this.next()
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }

  /** Roughly normal, mean 0, variance 1: the sum of four uniforms, cheap and without far tails. */
  bell(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * 1.732_050_8
  }

  /** An integer from `from` to `to`, both inclusive. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.next() * items.length)] ?? items[0]
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  /** Upper case letters and digits, or lower case hexadecimal: names and ids that look like the original's. */
  text(length: number, alphabet: string): string {
    let text = ''
    for (let index = 0; index < length; index += 1)
      text += alphabet[Math.floor(this.next() * alphabet.length)]
    return text
  }
}

/** FNV-1a with a mixed start; not for anything secret. */
function hash(text: string, start: number): number {
  let value = start
  for (let index = 0; index < text.length; index += 1) {
    value ^= text.charCodeAt(index)
    value = Math.imul(value, 0x01000193)
  }
  value ^= value >>> 16
  value = Math.imul(value, 0x85ebca6b)
  return (value ^ (value >>> 13)) | 0
}
