import { dayMs, parseDecimal, signOf, toNumber } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { Reader, Writer } from '../codec.ts'
import type { Candle } from '../observation.ts'

const magic = 'perf-agg index 1'

/** What an index (a coin that is bought and held) stood at, at the turns of hours; one is kept and never made again. */
export class IndexPrices {
  #prices = new Map<number, Decimal>()

  has(atMs: number): boolean {
    return this.#prices.has(atMs)
  }

  at(atMs: number): number | null {
    const price = this.#prices.get(atMs)
    return price === undefined ? null : toNumber(price)
  }

  /** The close of the last minute in which anybody traded; false where there was none. */
  take(atMs: number, candles: readonly Candle[]): boolean {
    const last = candles.findLast(({ minuteMs, baseVolume }) => {
      return minuteMs < atMs && signOf(parseDecimal(baseVolume)) > 0
    })
    if (last === undefined || this.#prices.has(atMs)) return false
    this.#prices.set(atMs, parseDecimal(last.close))
    return true
  }

  snapshot(): Uint8Array {
    const writer = new Writer()
    writer.text(magic)
    writer.map(
      this.#prices,
      (atMs) => writer.instant(atMs),
      (price) => writer.decimal(price),
    )
    return writer.finish()
  }

  /** @throws {InputError} `SNAPSHOT_INVALID` */
  static restore(bytes: Uint8Array): IndexPrices {
    const reader = new Reader(bytes)
    reader.form(magic)
    const prices = new IndexPrices()
    prices.#prices = reader.map(
      () => reader.instant(),
      () => reader.decimal(),
    )
    reader.end()
    return prices
  }
}

/** An index is looked for so far before the turn of an hour. */
export const indexSearchMs = dayMs / 96
