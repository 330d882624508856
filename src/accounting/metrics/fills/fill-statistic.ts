import type { Decimal } from '@perf-agg/sdk'
import type { Outcome } from '../metric.ts'
import type { ResultTally } from './result-tally.ts'
import type { TradeClock } from './trade-clock.ts'

/** What figures of trading are made of: one instrument's fills, or all of an account's in USD. */
export interface TradingFacts {
  readonly closings: ResultTally
  readonly roundTrips: ResultTally
  readonly clock: TradeClock
  readonly fills: number
  /** Worth of what was bought and sold, and the lesser of both. */
  readonly volume: Decimal
  readonly turned: Decimal
  /** Realized, before fees and funding. */
  readonly grossPnl: Decimal
  readonly fees: Decimal
  readonly funding: Decimal
  /** The most that was ever at work: cost of the open positions and what had been lost until then. */
  readonly capital: Decimal
}

/** One figure of a history of fills, by one convention. */
export interface FillStatistic {
  readonly name: string
  readonly formula: string
  readonly source: string
  readonly unit: 'count' | 'ratio' | 'money' | 'hours'
  readonly of: (history: TradingFacts) => Outcome
}

/** What is counted as one result: a whole round trip, net; or a single fill that closed, before fees. */
export interface ResultKind {
  readonly prefix: string
  readonly symbol: string
  readonly of: (history: TradingFacts) => ResultTally
}

export const resultKinds: readonly ResultKind[] = [
  { prefix: 'round_trip', symbol: 'P', of: ({ roundTrips }) => roundTrips },
  { prefix: 'closing_fill', symbol: 'G', of: ({ closings }) => closings },
]
