import { readFileSync } from 'node:fs'
import type {
  Change,
  ListedContract,
  ListedMarket,
  TrueCandle,
  TrueMark,
  Truth,
} from '../../../src/simulator/truth.ts'

type Line =
  | {
      readonly kind: 'exchange'
      readonly markets: readonly ListedMarket[]
      readonly contracts: readonly ListedContract[]
      readonly historyMs: number | null
    }
  | ({ readonly kind: 'change' } & Change)
  | {
      readonly kind: 'minute'
      readonly symbol: string
      readonly minuteMs: number
      readonly candle: TrueCandle | null
    }
  | {
      readonly kind: 'mark'
      readonly symbol: string
      readonly minuteMs: number
      readonly mark: TrueMark | null
    }

/** The truth as a simulator of another process wrote it. @throws {RangeError} when a minute is asked that it never showed */
export function readTruth(file: string): Truth {
  const changes: Change[] = []
  const minutes = new Map<string, TrueCandle | null>()
  const marks = new Map<string, TrueMark | null>()
  let markets: readonly ListedMarket[] = []
  let contracts: readonly ListedContract[] = []
  let historyMs = Number.POSITIVE_INFINITY
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (text === '') continue
    const line = JSON.parse(text) as Line
    if (line.kind === 'exchange') {
      markets = line.markets
      contracts = line.contracts
      historyMs = line.historyMs ?? Number.POSITIVE_INFINITY
    } else if (line.kind === 'change') {
      const { kind: _, ...change } = line
      changes.push(change)
    } else if (line.kind === 'mark') marks.set(`${line.symbol} ${line.minuteMs}`, line.mark)
    else minutes.set(`${line.symbol} ${line.minuteMs}`, line.candle)
  }
  return {
    changes,
    markets,
    contracts,
    historyMs,
    candle(symbol, minuteMs) {
      const candle = minutes.get(`${symbol} ${minuteMs}`)
      if (candle === undefined) throw new RangeError(`the truth has no minute ${minuteMs} of ${symbol}`)
      return candle
    },
    mark(symbol, minuteMs) {
      const mark = marks.get(`${symbol} ${minuteMs}`)
      if (mark === undefined) throw new RangeError(`the truth has no mark ${minuteMs} of ${symbol}`)
      return mark
    },
  }
}
