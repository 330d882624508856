import type { RecordHour } from '@perf-agg/sdk'

/** What each hour of the day (UTC) brought on average, over the hours with capital. */
export interface DayHour {
  readonly hour: number
  readonly count: number
  /** Null where no such hour counts. */
  readonly meanPct: number | null
  readonly positive: number
}

export function dayHoursOf(counted: readonly RecordHour[]): readonly DayHour[] {
  const sums = Array.from({ length: 24 }, () => ({ sum: 0, count: 0, positive: 0 }))
  for (const { startMs, returnPct } of counted) {
    const entry = sums[new Date(startMs).getUTCHours()]!
    entry.sum += returnPct ?? 0
    entry.count += 1
    if ((returnPct ?? 0) > 0) entry.positive += 1
  }
  return sums.map(({ sum, count, positive }, hour) => ({
    hour,
    count,
    meanPct: count === 0 ? null : sum / count,
    positive,
  }))
}
