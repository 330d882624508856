import { add, type Decimal, divide, minuteMs, minuteOf, multiply, parseDecimal, toText } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour/hour.ts'
import type { Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { CollectorFailure } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import { unknownPairCode } from './judge.ts'
import type { Listings } from './listings.ts'
import { candlesOf, type Print, printsOf } from './row.ts'

/** kraken keeps so many minutes, twelve hours; older ones are made of its list of trades. */
const keptMinutes = 720
/** 1,000 trades a page: beyond that, minutes of the busiest markets are not had. */
const pagesMax = 24

/** Null where there is no such symbol. @throws {CollectorFailure} */
export async function candlesFor(
  want: PriceWant,
  caller: Calls,
  listings: Listings,
  clock: Pick<JobClock, 'exchangeNowMs'>,
): Promise<readonly Candle[] | null> {
  const listing = listings.byName(want.symbol)
  if (listing === undefined) return null
  const nowMs = clock.exchangeNowMs()
  const fromMs = minuteOf(want.fromMs)
  const toMs = Math.min(want.toMs, nowMs)
  try {
    // a minute earlier: whether `since` itself is told differs
    const since = Math.floor(fromMs / 1_000) - 60
    const { value } = await caller.call(endpoints.ohlc, { pair: listing.id, interval: 1, since })
    const kept = candlesOf(value, nowMs)
    const firstMs = kept[0]?.minuteMs ?? minuteOf(nowMs)
    const older =
      firstMs > fromMs && fromMs < nowMs - keptMinutes * minuteMs
        ? await olderMinutes(listing.id, fromMs, Math.min(firstMs, toMs), caller, nowMs)
        : []
    const candles = [...older, ...kept].filter(
      (candle) => candle.minuteMs >= fromMs && candle.minuteMs < toMs,
    )
    return candles.slice(0, limits.collector.candlesMax)
  } catch (error) {
    if (error instanceof CollectorFailure && error.failure.exchangeCode === unknownPairCode) return null
    throw error
  }
}

async function olderMinutes(
  pair: string,
  fromMs: number,
  toMs: number,
  caller: Calls,
  nowMs: number,
): Promise<Candle[]> {
  const prints: Print[] = []
  // nanoseconds as text: they are beyond what a number holds
  let since = `${fromMs - 1}999999`
  for (let page = 0; page < pagesMax; page += 1) {
    const { value } = await caller.call(endpoints.trades, { pair, since })
    const { prints: rows, last } = printsOf(value, nowMs)
    prints.push(...rows.filter(({ atMs }) => atMs < toMs))
    if (rows.length === 0 || last === since || rows.some(({ atMs }) => atMs >= toMs)) return minutesOf(prints)
    since = last
  }
  // A part of the minutes would look like all of them; asked again it would be as many.
  return []
}

/** Minutes without a trade are left out. */
function minutesOf(prints: readonly Print[]): Candle[] {
  return [...Map.groupBy(prints, ({ atMs }) => minuteOf(atMs))].map(([startMs, own]) => {
    const zero: Decimal = parseDecimal('0')
    const base = own.reduce((total, { volume }) => add(total, parseDecimal(volume)), zero)
    const quote = own.reduce(
      (total, { price, volume }) => add(total, multiply(parseDecimal(price), parseDecimal(volume))),
      zero,
    )
    return {
      minuteMs: startMs,
      open: own[0]!.price,
      close: own.at(-1)!.price,
      baseVolume: toText(base),
      // as of the others, so that a price does not follow from when it was asked for
      quoteVolume: null,
      average: toText(divide(quote, base, 18)),
    }
  })
}
