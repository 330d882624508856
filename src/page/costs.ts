import { type HourIncome, parseDecimal, type RecordHour, sum, toNumber } from '@perf-agg/sdk'

/** Trading fees, volume, funding and interest of a month, in USD at fill time. */
export interface MonthCosts {
  readonly year: number
  readonly month: number
  readonly feesUsd: number
  readonly volumeUsd: number
  /** Funding and interest received, negative paid; what is lent or staked earned. */
  readonly fundingUsd: number
  readonly interestUsd: number
  readonly earnUsd: number
  readonly trades: number
}

/** Null where the record tells no amounts. */
export function costsOf(hours: readonly RecordHour[]): readonly MonthCosts[] | null {
  const months = new Map<string, RecordHour[]>()
  for (const hour of hours) {
    if (hour.amounts === null) return null
    const date = new Date(hour.startMs)
    const key = `${date.getUTCFullYear()} ${date.getUTCMonth()}`
    const list = months.get(key)
    if (list === undefined) months.set(key, [hour])
    else list.push(hour)
  }
  return [...months].map(([key, list]) => {
    const [year = 0, month = 0] = key.split(' ').map(Number)
    const amounts = list.flatMap((hour) => hour.amounts ?? [])
    const total = (of: 'fees_usd' | 'volume_quote'): number =>
      toNumber(sum(amounts.map((each) => parseDecimal(each[of]))))
    const income = (kind: HourIncome['kind']): number =>
      toNumber(
        sum(
          amounts.flatMap((each) =>
            (each.income ?? []).flatMap((one) => (one.kind === kind ? [parseDecimal(one.usd)] : [])),
          ),
        ),
      )
    return {
      year,
      month,
      feesUsd: total('fees_usd'),
      volumeUsd: total('volume_quote'),
      fundingUsd: income('funding'),
      interestUsd: income('interest'),
      earnUsd: income('earn'),
      trades: amounts.reduce((count, { trades }) => count + trades, 0),
    }
  })
}
