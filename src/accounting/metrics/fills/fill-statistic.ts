import type { Outcome } from '../metric.ts'
import type { ResultTally } from './result-tally.ts'
import type { TradeHistory } from './trade-history.ts'

/** One figure of a history of fills, by one convention. */
export interface FillStatistic {
  readonly name: string
  readonly formula: string
  readonly source: string
  readonly unit: 'count' | 'ratio' | 'money' | 'hours'
  readonly of: (history: TradeHistory) => Outcome
}

/** What is counted as one result: a whole round trip, net; or a single fill that closed, before fees. */
export interface ResultKind {
  readonly prefix: string
  readonly symbol: string
  readonly of: (history: TradeHistory) => ResultTally
}

export const resultKinds: readonly ResultKind[] = [
  { prefix: 'round_trip', symbol: 'P', of: ({ roundTrips }) => roundTrips },
  { prefix: 'closing_fill', symbol: 'G', of: ({ closings }) => closings },
]
