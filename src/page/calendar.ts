import { dayMs } from '@perf-agg/sdk'

/** Returns of days and months (UTC), linked from hours. */
export interface DayReturn {
  readonly dayMs: number
  readonly pct: number
}

export interface MonthReturn {
  readonly year: number
  /** 0 is January. */
  readonly month: number
  readonly pct: number
  /** Days that it is linked from. */
  readonly days: number
}

export interface YearReturn {
  readonly year: number
  readonly pct: number
  readonly months: readonly (MonthReturn | null)[]
}

export function daysOf(growth: ReadonlyMap<number, number>): readonly DayReturn[] {
  return [...growth].map(([atMs, factor]) => ({ dayMs: atMs, pct: (factor - 1) * 100 }))
}

/** Years with their twelve months; null where no day is in it. */
export function yearsOf(days: readonly DayReturn[]): readonly YearReturn[] {
  const years = new Map<number, { growth: number; months: ({ growth: number; days: number } | null)[] }>()
  for (const { dayMs: atMs, pct } of days) {
    const date = new Date(atMs)
    const year = date.getUTCFullYear()
    const entry = years.get(year) ?? { growth: 1, months: Array.from({ length: 12 }, () => null) }
    years.set(year, entry)
    const month = date.getUTCMonth()
    const before = entry.months[month] ?? { growth: 1, days: 0 }
    const factor = 1 + pct / 100
    entry.months[month] = { growth: before.growth * factor, days: before.days + 1 }
    entry.growth *= factor
  }
  return [...years].map(([year, { growth, months }]) => ({
    year,
    pct: (growth - 1) * 100,
    months: months.map((each, month) =>
      each === null ? null : { year, month, pct: (each.growth - 1) * 100, days: each.days },
    ),
  }))
}

/** Monday is 0. */
export function weekdayOf(atMs: number): number {
  return (new Date(atMs).getUTCDay() + 6) % 7
}

/** The Monday of the week that a day is in. */
export function weekOf(atMs: number): number {
  const midnightMs = Math.floor(atMs / dayMs) * dayMs
  return midnightMs - weekdayOf(midnightMs) * dayMs
}

export const monthNames = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const
export const weekdayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
