import { minuteMs } from '@perf-agg/sdk'
import type { Exchange } from '../exchange.ts'
import { priceText } from '../market.ts'
import { fromUnits } from '../units.ts'
import { dexOf, listingOfCoin, otherDex, perpCoin, settle, spotListings, tokens } from './name.ts'

/** What anybody may read at hyperliquid: its markets, and the last 5,000 minutes of each. */

const keptMinutes = 5_000

export function meta({ contracts }: Exchange, dex: string, nowMs: number): unknown {
  const universe = contracts.contracts
    .filter((contract) => contract.kind === 'linear' && dexOf(contract) === dex)
    .map((contract) => ({
      name: perpCoin(contract),
      szDecimals: contract.stepDecimals,
      maxLeverage: 40,
      marginTableId: 56,
      ...(contracts.marks.isTrading(contract, nowMs) ? {} : { isDelisted: true }),
    }))
  return { universe, marginTables: [], collateralToken: 0 }
}

/** Its own first, one that trades nothing, and the others. */
export function allPerpMetas(exchange: Exchange, nowMs: number): unknown {
  const empty = { universe: [], marginTables: [], collateralToken: 0 }
  return [meta(exchange, '', nowMs), empty, meta(exchange, otherDex, nowMs)]
}

export function spotMeta(): unknown {
  return {
    universe: spotListings.map(({ base }, place) => ({
      tokens: [tokens.indexOf(base), 0],
      name: `@${100 + place}`,
      index: 100 + place,
      isCanonical: false,
    })),
    tokens: tokens.map((name, index) => ({
      name,
      szDecimals: name === settle ? 8 : 5,
      weiDecimals: 8,
      index,
      tokenId: `0x${index.toString(16).padStart(32, '0')}`,
      isCanonical: name === settle,
    })),
  }
}

/** Null: there is no such market, or the interval is none of a minute. */
export function candles(exchange: Exchange, asked: unknown, nowMs: number): unknown[] | null {
  if (typeof asked !== 'object' || asked === null) return null
  const { coin, interval, startTime, endTime } = asked as Record<string, unknown>
  if (typeof coin !== 'string' || interval !== '1m') return null
  if (!Number.isSafeInteger(startTime) || !Number.isSafeInteger(endTime)) return null
  const minuteOf = minuteReader(exchange, coin, nowMs)
  if (minuteOf === null) return null
  const lastMs = Math.floor(Math.min(endTime as number, nowMs) / minuteMs) * minuteMs
  const oldestMs = Math.floor(nowMs / minuteMs) * minuteMs - (keptMinutes - 1) * minuteMs
  const rows: unknown[] = []
  for (let t = Math.max(startTime as number, oldestMs); t <= lastMs; t += minuteMs) {
    const minute = minuteOf(t)
    if (minute !== null) rows.push({ t, T: t + minuteMs - 1, s: coin, i: '1m', ...minute })
  }
  return rows
}

interface Bar {
  readonly o: string
  readonly h: string
  readonly l: string
  readonly c: string
  readonly v: string
  readonly n: number
}

function minuteReader(
  { market, contracts, truth }: Exchange,
  coin: string,
  nowMs: number,
): ((startMs: number) => Bar | null) | null {
  const listing = listingOfCoin(coin)
  if (listing !== null) {
    return (startMs) => {
      const minute = market.partialMinute(listing, startMs, nowMs)
      // a minute without a trade is left out
      if (minute === null || minute.base === 0n) return null
      if (startMs + minuteMs <= nowMs) truth.used(listing.symbol, startMs)
      const [o, h, l, c] = [minute.open, minute.high, minute.low, minute.close].map(priceText)
      return { o: o!, h: h!, l: l!, c: c!, v: fromUnits(minute.base), n: minute.trades }
    }
  }
  const contract = contracts.contracts.find((each) => each.kind === 'linear' && perpCoin(each) === coin)
  if (contract === undefined) return null
  // a perpetual trades where it stands, and plenty of it
  return (startMs) => {
    const mark = truth.mark(contract.symbol, startMs)
    if (mark === null) return null
    if (startMs + minuteMs <= nowMs) truth.marked(contract.symbol, startMs)
    return { o: mark.open, h: mark.high, l: mark.low, c: mark.close, v: '5000', n: 40 }
  }
}
