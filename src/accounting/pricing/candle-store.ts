import { minuteMs, negate, signOf } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import { Refusal, readNotNegative, readPositive } from '../entry/door.ts'
import type { PriceWant } from '../hour/hour.ts'
import type { Candle } from '../observation.ts'

/** A minute in which somebody traded. */
export interface TradedMinute {
  readonly minuteMs: number
  readonly open: Decimal
  readonly close: Decimal
  readonly baseVolume: Decimal
  /** Null: the exchange does not tell it; then a unit counts as `average`. */
  readonly quoteVolume: Decimal | null
  /** As it is told, else the close. */
  readonly average: Decimal
}

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

interface SymbolCandles {
  /** Apart and in order. */
  covered: Span[]
  /** Traded minutes only; one that is covered and not here had no trade. */
  readonly minutes: Map<number, TradedMinute>
}

/** Candles as long as hours that need them are open; a price made from them is kept instead. */
export class CandleStore {
  #bySymbol = new Map<string, SymbolCandles>()
  readonly #isMark: boolean

  /** `isMark`: a minute counts although it has no volume. */
  constructor(options: { readonly isMark: boolean } = { isMark: false }) {
    this.#isMark = options.isMark
  }

  /** Returns why candles were refused; a refused one counts as a minute without trade. */
  take(want: PriceWant, candles: readonly Candle[]): string[] {
    const refused: string[] = []
    const known = this.#bySymbol.get(want.symbol) ?? { covered: [], minutes: new Map() }
    this.#bySymbol.set(want.symbol, known)
    for (const candle of candles) {
      try {
        const minute = readCandle(candle, want)
        const isNew = !known.covered.some(
          (span) => minute.minuteMs >= span.fromMs && minute.minuteMs < span.toMs,
        )
        if (isNew && (this.#isMark || signOf(minute.baseVolume) > 0))
          known.minutes.set(minute.minuteMs, minute)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        refused.push(error.reason)
      }
    }
    known.covered = join([...known.covered, { fromMs: want.fromMs, toMs: want.toMs }])
    return refused
  }

  /** What of `[fromMs, toMs)` has not been asked for yet, as one span; null when all is there. */
  missing(symbol: string, fromMs: number, toMs: number): Span | null {
    const covered = this.#bySymbol.get(symbol)?.covered ?? []
    let from = fromMs
    let to = toMs
    for (const span of covered) {
      if (span.fromMs <= from && span.toMs > from) from = span.toMs
    }
    for (const span of covered.toReversed()) {
      if (span.toMs >= to && span.fromMs < to) to = span.fromMs
    }
    return from < to ? { fromMs: from, toMs: to } : null
  }

  at(symbol: string, atMs: number): TradedMinute | null {
    return this.#bySymbol.get(symbol)?.minutes.get(atMs) ?? null
  }

  /** Traded minutes that begin in `[fromMs, toMs)`, oldest first. */
  between(symbol: string, fromMs: number, toMs: number): TradedMinute[] {
    const minutes = this.#bySymbol.get(symbol)?.minutes
    if (minutes === undefined) return []
    return [...minutes.values()]
      .filter((minute) => minute.minuteMs >= fromMs && minute.minuteMs < toMs)
      .toSorted((a, b) => a.minuteMs - b.minuteMs)
  }

  clear(): void {
    this.#bySymbol = new Map()
  }

  write(writer: Writer): void {
    writer.map(
      this.#bySymbol,
      (symbol) => writer.name(symbol),
      (candles) => {
        writer.list(candles.covered, (span) => {
          writer.instant(span.fromMs)
          writer.instant(span.toMs)
        })
        writer.map(
          candles.minutes,
          (minute) => writer.instant(minute),
          (minute) => {
            writer.decimal(minute.open)
            writer.decimal(minute.close)
            writer.decimal(minute.baseVolume)
            writer.decimal(minute.quoteVolume ?? negate(minute.average))
          },
        )
      },
    )
  }

  static read(reader: Reader, options?: { readonly isMark: boolean }): CandleStore {
    const store = new CandleStore(options)
    store.#bySymbol = reader.map(
      () => reader.name(),
      () => {
        const covered = reader.list(() => ({ fromMs: reader.instant(), toMs: reader.instant() }))
        let at = 0
        const minutes = reader.map(
          () => (at = reader.instant()),
          () => readMinute(reader, at),
        )
        return { covered, minutes }
      },
    )
    return store
  }
}

function join(spans: readonly Span[]): Span[] {
  const joined: Span[] = []
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1)
    if (last === undefined || span.fromMs > last.toMs) joined.push(span)
    else joined[joined.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) }
  }
  return joined
}

function readCandle(candle: Candle, want: PriceWant): TradedMinute {
  const atMs = candle.minuteMs
  if (!Number.isSafeInteger(atMs) || atMs % minuteMs !== 0) throw new Refusal('candle-not-a-minute')
  // nobody trades for nothing, but a right may be worth that
  const readPrice = want.kind === 'mark' ? readNotNegative : readPositive
  if (atMs < want.fromMs || atMs >= want.toMs) throw new Refusal('candle-not-asked-for')
  const close = readPrice(candle.close)
  return {
    minuteMs: atMs,
    open: readPrice(candle.open),
    close,
    baseVolume: readNotNegative(candle.baseVolume),
    quoteVolume: candle.quoteVolume === null ? null : readNotNegative(candle.quoteVolume),
    average: candle.average === undefined ? close : readPrice(candle.average),
  }
}

/** Below zero stands for a turnover that is not told: it is the average then. */
function readMinute(reader: Reader, atMs: number): TradedMinute {
  const [open, close] = [reader.decimal(), reader.decimal()]
  const [baseVolume, paid] = [reader.decimal(), reader.decimal()]
  const isTold = signOf(paid) >= 0
  return {
    minuteMs: atMs,
    open,
    close,
    baseVolume,
    quoteVolume: isTold ? paid : null,
    average: isTold ? close : negate(paid),
  }
}
