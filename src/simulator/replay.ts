import { readFileSync } from 'node:fs'
import { minuteMs } from '@perf-agg/sdk'
import { listings } from './listing.ts'
import type { Listing } from './listing.ts'

/**
 * Real trades or candles in place of the seeded market, for the minutes a file covers. Read are Kraken's public
 * answers, trades `[price, volume, seconds, …]` and candles `[seconds, open, high, low, close, vwap, volume, count]`,
 * under `result` by pair.
 */
export interface Replay {
  /** By unified symbol, then by the minute's start. */
  readonly minutes: ReadonlyMap<string, ReadonlyMap<number, ReplayedMinute>>
}

/** In units of 10^-8. */
export interface ReplayedMinute {
  open: number
  high: number
  low: number
  close: number
  base: number
  quote: number
  trades: number
}

/**
 * Where the file's time does not hold `startMs`, the file is moved so that it begins an hour before it.
 * @throws {RangeError} when nothing in the file is a market of ours
 */
export function readReplay(file: string, startMs: number): Replay {
  return replayOf(JSON.parse(readFileSync(file, 'utf8')), startMs)
}

export function replayOf(json: unknown, startMs: number): Replay {
  const minutes = new Map<string, Map<number, ReplayedMinute>>()
  for (const [pair, rows] of Object.entries(membersOf(membersOf(json)['result']))) {
    const listing = listings.find(({ id }) => id === pair.replace(/^XBT/, 'BTC'))
    if (listing === undefined || !Array.isArray(rows)) continue
    const own = new Map<number, ReplayedMinute>()
    for (const row of rows) {
      if (!Array.isArray(row)) continue
      if (row.length === 8) addCandle(own, row)
      else addTrade(own, row, listing)
    }
    minutes.set(listing.symbol, own)
  }
  if (minutes.size === 0) throw new RangeError('no trades or candles of a listed market')
  return { minutes: moved(minutes, startMs) }
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function addTrade(own: Map<number, ReplayedMinute>, row: readonly unknown[], listing: Listing): void {
  const step = 10 ** (8 - listing.stepDecimals)
  const price = unitsOf(row[0])
  const base = Math.max(step, Math.round(unitsOf(row[1]) / step) * step)
  const startMs = Math.floor((Number(row[2]) * 1_000) / minuteMs) * minuteMs
  const quote = Number((BigInt(price) * BigInt(base)) / 100_000_000n)
  const minute = own.get(startMs)
  if (minute === undefined) {
    own.set(startMs, { open: price, high: price, low: price, close: price, base, quote, trades: 1 })
    return
  }
  minute.high = Math.max(minute.high, price)
  minute.low = Math.min(minute.low, price)
  minute.close = price
  minute.base += base
  minute.quote += quote
  minute.trades += 1
}

function addCandle(own: Map<number, ReplayedMinute>, row: readonly unknown[]): void {
  const [seconds, open, high, low, close, vwap, volume, count] = row
  const base = unitsOf(volume)
  own.set(Math.floor((Number(seconds) * 1_000) / minuteMs) * minuteMs, {
    open: unitsOf(open),
    high: unitsOf(high),
    low: unitsOf(low),
    close: unitsOf(close),
    base,
    quote: Number((BigInt(unitsOf(vwap)) * BigInt(base)) / 100_000_000n),
    trades: Number(count),
  })
}

function unitsOf(value: unknown): number {
  const units = Math.round(Number(value) * 100_000_000)
  if (!Number.isSafeInteger(units) || units < 0) throw new RangeError('not an amount in the market data')
  return units
}

function moved(
  minutes: Map<string, Map<number, ReplayedMinute>>,
  startMs: number,
): Map<string, Map<number, ReplayedMinute>> {
  const all = [...minutes.values()].flatMap((own) => [...own.keys()])
  const firstMs = all.reduce((least, atMs) => Math.min(least, atMs), Number.POSITIVE_INFINITY)
  const lastMs = all.reduce((most, atMs) => Math.max(most, atMs), 0)
  if (startMs >= firstMs && startMs <= lastMs) return minutes
  const byMs = Math.floor(startMs / minuteMs) * minuteMs - 60 * minuteMs - firstMs
  return new Map(
    [...minutes].map(([symbol, own]) => [
      symbol,
      new Map([...own].map(([atMs, minute]) => [atMs + byMs, minute])),
    ]),
  )
}
