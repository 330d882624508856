import { decimalFromInteger, parseDecimal } from '@perf-agg/sdk'
import type { AnalyzedFill, AnalyzedInstrument } from '../../src/accounting/analysis/fill-analysis.ts'

/** The same made-up numbers as those of the C program, from the same generator. */
export class Generator {
  #state = 20_260_105

  next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state
  }
}

export const instrument: AnalyzedInstrument = {
  kind: 'linear',
  base: 'BTC',
  contractSize: decimalFromInteger(1),
  pnlCurrency: 'USDT',
}

/** Digits after the point of what is made up. */
export const sizeScale = 5
export const priceScale = 2

const fee = parseDecimal('0')

/** Fills of one account: a price that walks, sizes up to a half, either side, some two a minute. */
export function fillsOf(count: number): AnalyzedFill[] {
  const generator = new Generator()
  let cents = 4_000_000
  let atMs = 0
  return Array.from({ length: count }, () => {
    cents = Math.max(100_000, cents + ((generator.next() >>> 8) % 201) - 100)
    const units = 1 + ((generator.next() >>> 8) % 50_000)
    const side = ((generator.next() >>> 16) & 1) === 1 ? 'buy' : 'sell'
    atMs += (generator.next() >>> 8) % 60_000
    return {
      side,
      price: { digits: BigInt(cents), scale: priceScale },
      size: { digits: BigInt(units), scale: sizeScale },
      fee,
      feeCurrency: '',
      feeRate: null,
      atMs,
    }
  })
}

export function returnsOf(count: number): Float64Array {
  const generator = new Generator()
  return Float64Array.from({ length: count }, () => {
    let sum = 0
    for (let term = 0; term < 4; term += 1) sum += (generator.next() >>> 8) / 16_777_216
    return (sum - 2) * 0.006 + 0.000_02
  })
}

export function decimalTexts(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 1 ? (40_000 + index / 100).toFixed(2) : (0.0001 + index * 0.000_13).toFixed(5),
  )
}
