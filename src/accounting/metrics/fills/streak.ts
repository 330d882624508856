/** Round trips of one sign in a row; one of exactly 0 ends a streak. */
import type { FillStatistic } from './fill-statistic.ts'

const source = 'textbook'

export const streak: readonly FillStatistic[] = [
  {
    name: 'longest_winning_streak',
    formula: 'most round trips in a row with P > 0',
    source,
    unit: 'count',
    of: ({ roundTrips }) => roundTrips.streaks.longestWinning,
  },
  {
    name: 'longest_losing_streak',
    formula: 'most round trips in a row with P < 0',
    source,
    unit: 'count',
    of: ({ roundTrips }) => roundTrips.streaks.longestLosing,
  },
  {
    name: 'current_streak',
    formula: 'round trips of one sign up to the last: > 0 wins, < 0 losses',
    source,
    unit: 'count',
    of: ({ roundTrips }) => roundTrips.streaks.current,
  },
]
