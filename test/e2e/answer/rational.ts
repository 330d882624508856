const longBottom = 10n ** 60n

/** Exact fractions of whole numbers: the answer's own arithmetic, so that it shares no rounding with what it judges. */
export class Rational {
  readonly top: bigint
  /** Always positive. */
  readonly bottom: bigint

  constructor(top: bigint, bottom: bigint = 1n) {
    if (bottom === 0n) throw new RangeError('division by zero')
    const sign = bottom < 0n ? -1n : 1n
    // shortened only where it has grown long: most are decimals that share their power of ten
    const shared = bottom * sign > longBottom ? divisor(top < 0n ? -top : top, bottom * sign) : 1n
    this.top = (top * sign) / shared
    this.bottom = (bottom * sign) / shared
  }

  static of(text: string): Rational {
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
    if (match === null) throw new RangeError(`not a plain decimal: ${text}`)
    const fraction = match[3] ?? ''
    return new Rational(BigInt(`${match[1]}${match[2]}${fraction}`), tenTo(fraction.length))
  }

  plus(other: Rational): Rational {
    if (this.bottom === other.bottom) return new Rational(this.top + other.top, this.bottom)
    if (this.bottom % other.bottom === 0n) {
      return new Rational(this.top + other.top * (this.bottom / other.bottom), this.bottom)
    }
    if (other.bottom % this.bottom === 0n) return other.plus(this)
    return new Rational(this.top * other.bottom + other.top * this.bottom, this.bottom * other.bottom)
  }

  minus(other: Rational): Rational {
    return this.plus(other.negated())
  }

  times(other: Rational): Rational {
    return new Rational(this.top * other.top, this.bottom * other.bottom)
  }

  over(other: Rational): Rational {
    return new Rational(this.top * other.bottom, this.bottom * other.top)
  }

  negated(): Rational {
    return new Rational(-this.top, this.bottom)
  }

  /** Negative, 0 or positive. */
  compare(other: Rational): number {
    const difference = this.top * other.bottom - other.top * this.bottom
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }

  get sign(): number {
    return this.top < 0n ? -1 : this.top > 0n ? 1 : 0
  }

  /** To `places` decimals, ties to the even digit. */
  rounded(places: number): Rational {
    const scale = 10n ** BigInt(places)
    const scaled = this.top * scale
    const size = scaled < 0n ? -scaled : scaled
    let whole = size / this.bottom
    const twice = (size % this.bottom) * 2n
    if (twice > this.bottom || (twice === this.bottom && whole % 2n === 1n)) whole += 1n
    return new Rational(scaled < 0n ? -whole : whole, scale)
  }

  /** Exact decimal text without trailing zeros. @throws {RangeError} where it has no end */
  text(): string {
    const shared = divisor(this.top < 0n ? -this.top : this.top, this.bottom)
    const top = this.top / shared
    let places = 0
    let bottom = this.bottom / shared
    for (; bottom % 10n === 0n; bottom /= 10n) places += 1
    for (const factor of [2n, 5n]) {
      for (; bottom % factor === 0n; bottom /= factor) places += 1
    }
    if (bottom !== 1n) throw new RangeError('no finite decimal')
    const digits = (top * shared * 10n ** BigInt(places)) / this.bottom
    const padded = (digits < 0n ? -digits : digits).toString().padStart(places + 1, '0')
    const fraction = padded.slice(padded.length - places).replace(/0+$/, '')
    const whole = padded.slice(0, padded.length - places)
    return `${digits < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
  }

  /** The double next to it: 40 significant decimals are read, far beyond what a tie would need here. */
  toNumber(): number {
    const size = this.top < 0n ? -this.top : this.top
    const shift = 40 - (size.toString().length - this.bottom.toString().length)
    const digits =
      shift >= 0 ? (size * 10n ** BigInt(shift)) / this.bottom : size / (this.bottom * 10n ** BigInt(-shift))
    return Number(`${this.top < 0n ? '-' : ''}${digits}e${-shift}`)
  }
}

const powers = Array.from({ length: 40 }, (_, places) => 10n ** BigInt(places))

function tenTo(places: number): bigint {
  return powers[places] ?? 10n ** BigInt(places)
}

export const nought = new Rational(0n)
export const unity = new Rational(1n)

function divisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? 1n : a
}

export function least(a: Rational, b: Rational): Rational {
  return a.compare(b) <= 0 ? a : b
}

export function total(values: Iterable<Rational>): Rational {
  let sum = nought
  for (const value of values) sum = sum.plus(value)
  return sum
}
