import { compare, divide, minuteMs, multiply, signOf, subtract, sum } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { CandleStore, TradedMinute } from './candle-store.ts'

/** Own fills of a market in a span: they must not make the price of what they trade. */
export interface OwnVolumes {
  ownVolume(symbol: string, fromMs: number, toMs: number): { base: Decimal; quote: Decimal }
}

/** A price of a market in its quote, and when it was made. */
export interface MarketPrice {
  readonly price: Decimal
  readonly atMs: number
  readonly source: 'close' | 'vwap' | 'last'
}

export const vwapMs = 60 * minuteMs
export const liquidMs = 15 * minuteMs
/** More than half of the quarter of an hour. */
const tradedMinutesMin = 8
const vwapScale = 18

/**
 * The price at `atMs`, a whole minute, by the rule for spot: the last minute's close when most of the last 15
 * minutes traded and own fills are under 10 % of their volume and of that minute's, whose close might else be the
 * account's own print; else the volume-weighted average of the last hour without own fills; else null. Where the
 * exchange does not tell a minute's turnover, what others traded in it counts at its average or, where that is not told
 * either, at its close; and minutes with own fills, which may have made both, only where there are no others.
 */
export function recentPrice(
  symbol: string,
  atMs: number,
  candles: CandleStore,
  own: OwnVolumes,
): MarketPrice | null {
  const hour = candles.between(symbol, atMs - vwapMs, atMs)
  const quarter = hour.filter((minute) => minute.minuteMs >= atMs - liquidMs)
  const last = quarter.at(-1)
  if (last !== undefined && quarter.length >= tradedMinutesMin) {
    const volume = volumeOf(quarter)
    const mine = own.ownVolume(symbol, atMs - liquidMs, atMs).base
    if (compare(multiply(mine, ten), volume) < 0 && isOthers(symbol, last, own)) {
      return { price: last.close, atMs: last.minuteMs + minuteMs, source: 'close' }
    }
  }
  const { base, quote } = ofOthers(symbol, atMs, hour, own)
  if (signOf(base) <= 0 || signOf(quote) <= 0) return null
  const price = divide(quote, base, vwapScale)
  return signOf(price) > 0 ? { price, atMs, source: 'vwap' } : null
}

/** What others traded in the hour before. */
function ofOthers(
  symbol: string,
  atMs: number,
  hour: readonly TradedMinute[],
  own: OwnVolumes,
): { readonly base: Decimal; readonly quote: Decimal } {
  const turnovers = hour.flatMap(({ quoteVolume }) => (quoteVolume === null ? [] : [quoteVolume]))
  if (turnovers.length === hour.length) {
    const mine = own.ownVolume(symbol, atMs - vwapMs, atMs)
    return { base: subtract(volumeOf(hour), mine.base), quote: subtract(sum(turnovers), mine.quote) }
  }
  // what was rounded, less what we paid, is not what others paid
  const minutes = hour.map(({ minuteMs: fromMs, baseVolume, average }) => {
    const mine = own.ownVolume(symbol, fromMs, fromMs + minuteMs).base
    const base = subtract(baseVolume, mine)
    return { isOthers: signOf(mine) === 0, base, quote: multiply(average, base) }
  })
  const counted = minutes.some((minute) => minute.isOthers)
    ? minutes.filter((minute) => minute.isOthers)
    : minutes.filter(({ base }) => signOf(base) > 0)
  return { base: sum(counted.map(({ base }) => base)), quote: sum(counted.map(({ quote }) => quote)) }
}

/** Whether a minute's prints are others': own fills are under 10 % of its volume. */
export function isOthers(symbol: string, minute: TradedMinute, own: OwnVolumes): boolean {
  const mine = own.ownVolume(symbol, minute.minuteMs, minute.minuteMs + minuteMs).base
  return compare(multiply(mine, ten), minute.baseVolume) < 0
}

/** The close of the last minute in `[fromMs, toMs)` in which others traded too. */
export function lastPrice(
  symbol: string,
  fromMs: number,
  toMs: number,
  candles: CandleStore,
  own: OwnVolumes,
): MarketPrice | null {
  const foreign = candles
    .between(symbol, fromMs, toMs)
    .findLast(
      ({ minuteMs: at, baseVolume }) =>
        compare(baseVolume, own.ownVolume(symbol, at, at + minuteMs).base) > 0,
    )
  return foreign === undefined
    ? null
    : { price: foreign.close, atMs: foreign.minuteMs + minuteMs, source: 'last' }
}

const ten: Decimal = { digits: 10n, scale: 0 }

function volumeOf(minutes: readonly TradedMinute[]): Decimal {
  return sum(minutes.map(({ baseVolume }) => baseVolume))
}
