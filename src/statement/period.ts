import { hourMs, periodHoursMax } from '@perf-agg/sdk'
import type { Hour } from '../accounting/hour/hour.ts'

/** Cuts closed hours, oldest first, into what one `period` statement may hold: consecutive, one origin, 24 at most. */
export function periodsOf(hours: readonly Hour[]): Hour[][] {
  const periods: Hour[][] = []
  for (const hour of hours) {
    const current = periods.at(-1)
    const last = current?.at(-1)
    const fits =
      current !== undefined &&
      last !== undefined &&
      current.length < periodHoursMax &&
      last.origin === hour.origin &&
      last.startMs + hourMs === hour.startMs
    if (fits) current.push(hour)
    else periods.push([hour])
  }
  return periods
}
