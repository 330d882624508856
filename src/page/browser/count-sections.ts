import { hourMs } from '@perf-agg/sdk'
import { monthNames } from '../calendar.ts'
import type { MonthCosts } from '../costs.ts'
import { countText, dayText, moneyText, percentText, timeText, wordsOf } from '../figure-text.ts'
import type { Track } from '../track.ts'
import { bars } from './bars.ts'
import { element } from './element.ts'
import { dayCalendar, monthTable } from './heat.ts'
import { panel, when } from './panel.ts'
import { coverageStrip } from './strip.ts'

/** What is counted and laid side by side: months, days, sizes, hours of the day, costs, coverage. */

export function monthsSection(track: Track): HTMLElement {
  const all = track.years.flatMap(({ months: list }) => list.flatMap((month) => month ?? []))
  const up = all.filter(({ pct }) => pct > 0).length
  return panel({
    id: 'months',
    title: 'Months',
    summary:
      all.length === 0
        ? 'No whole day is over yet.'
        : `${up} of ${all.length} months brought a gain. Of whole UTC days: the day under way is not in it, and the first and the last month may be parts.`,
    picture: when(all.length > 0, () => monthTable(track.years)),
  })
}

export function calendarSection(track: Track): HTMLElement {
  const { days } = track
  const up = days.filter(({ pct }) => pct > 0).length
  return panel({
    id: 'days',
    title: 'Days',
    summary:
      days.length === 0
        ? 'No whole day is over yet.'
        : `${up} of ${days.length} days brought a gain. Stronger is more; a stroke through a square is a loss, hatched is a gap.`,
    picture: when(days.length > 0, () => dayCalendar(days, track.coverage.missing)),
    table: {
      caption: 'return by day',
      head: ['Day', 'Return'],
      rows: () => days.map(({ dayMs, pct }) => [dayText(dayMs), percentText(pct, true)]),
    },
  })
}

export function distributionSection({ distribution: { of, value } }: Track): HTMLElement {
  const title = `Distribution of ${of === 'days' ? 'daily' : 'hourly'} returns`
  if (value === null)
    return panel({ id: 'distribution', title, summary: 'There is no return yet.', picture: null })
  const { bins, widthPct, count, positive, negative } = value
  const most = bins.reduce((best, bin) => (bin.count > best.count ? bin : best), bins[0]!)
  const span = (fromPct: number): string =>
    `${percentText(fromPct, true)} to ${percentText(fromPct + widthPct, true)}`
  const every = Math.ceil(bins.length / 8)
  return panel({
    id: 'distribution',
    title,
    summary: `Of ${countText(count)} ${of}, ${countText(positive)} are above and ${countText(negative)} below zero; most lie from ${span(most.fromPct)}.`,
    picture: bars({
      label: `${title}: ${bins.length} bins of ${percentText(widthPct)}`,
      values: bins.map((bin) => bin.count),
      names: bins.map(({ fromPct }, index) =>
        index % every === 0 ? percentText(fromPct, true).replace(' %', '') : '',
      ),
      titles: bins.map(({ fromPct, count: many }) => `${span(fromPct)}: ${countText(many)}`),
      formatAxis: countText,
      tone: bins.map(({ fromPct }) => (fromPct < 0 ? 'loss' : 'gain')),
    }),
    notes: [
      of === 'hours'
        ? 'Of hours: there are too few days for a picture.'
        : `Bins of ${percentText(widthPct)}; left of zero are losses.`,
    ],
    table: {
      caption: title.toLowerCase(),
      head: ['From', 'To', of === 'days' ? 'Days' : 'Hours'],
      rows: () =>
        bins.map(({ fromPct, count: many }) => [
          percentText(fromPct, true),
          percentText(fromPct + widthPct, true),
          countText(many),
        ]),
    },
  })
}

export function dayHoursSection({ dayHours: hours }: Track): HTMLElement {
  const known = hours.flatMap((hour) =>
    hour.meanPct === null ? [] : [{ hour: hour.hour, mean: hour.meanPct }],
  )
  const best = known.toSorted((a, b) => b.mean - a.mean)
  const name = clock
  return panel({
    id: 'day-hours',
    title: 'Hours of the day',
    summary: best.length === 0 ? 'There is no hour yet.' : extremes(best[0]!, best.at(-1)!),
    picture: when(best.length > 0, () =>
      bars({
        label: 'Mean return by hour of the day, UTC',
        values: hours.map(({ meanPct }) => meanPct),
        names: hours.map(({ hour }) => (hour % 3 === 0 ? name(hour) : '')),
        titles: hours.map(
          ({ hour, meanPct, count }) => `${name(hour)} UTC: ${percentText(meanPct, true)}, ${count} hours`,
        ),
        formatAxis: (value) => percentText(value),
        tone: 'sign',
      }),
    ),
    notes: ['Mean return of each UTC hour. With few days in it, chance makes most of the shape.'],
    table: {
      caption: 'mean return by hour of the day',
      head: ['Hour (UTC)', 'Mean return', 'Hours', 'Gains'],
      rows: () =>
        hours.map(({ hour, meanPct, count, positive }) => [
          name(hour),
          percentText(meanPct, true),
          countText(count),
          countText(positive),
        ]),
    },
  })
}

export function costsSection({ costs: months }: Track): HTMLElement {
  const title = 'Fees and funding'
  if (months === null) {
    return panel({
      id: 'costs',
      title,
      summary:
        'This record is in percentages only: returns are net of all fees, but their amounts are not disclosed.',
      picture: null,
      notes: ['Funding and interest are in the returns too.'],
    })
  }
  if (months.length === 0)
    return panel({ id: 'costs', title, summary: 'There is no hour yet.', picture: null })
  const fees = months.reduce((sum, { feesUsd }) => sum + feesUsd, 0)
  const volume = months.reduce((sum, { volumeUsd }) => sum + volumeUsd, 0)
  const points = (feesUsd: number, volumeUsd: number): string =>
    volumeUsd === 0 ? '–' : `${((feesUsd / volumeUsd) * 10_000).toFixed(2)} bp`
  const name = (year: number, month: number): string => `${monthNames[month]} ${year}`
  return panel({
    id: 'costs',
    title,
    summary:
      `${moneyText(fees)} of trading fees net of rebates on ${moneyText(volume)} traded: ` +
      `${points(fees, volume)} of the volume. ${incomeText(months)} Returns have all of it in.`,
    picture: element(
      'div',
      {},
      bars({
        label: 'Trading fees by month, USD',
        values: months.map(({ feesUsd }) => feesUsd),
        names: months.map(({ year, month }, index) =>
          index % Math.ceil(months.length / 12) === 0 ? name(year, month) : '',
        ),
        titles: months.map(
          ({ year, month, feesUsd, volumeUsd }) =>
            `${name(year, month)}: ${moneyText(feesUsd)}, ${points(feesUsd, volumeUsd)}`,
        ),
        formatAxis: countText,
        tone: 'accent',
      }),
      when(
        months.some((month) => incomeOf(month) !== 0),
        () =>
          bars({
            label: 'Funding, interest and earnings by month, USD; below the line they were paid',
            values: months.map(incomeOf),
            names: months.map(({ year, month }, index) =>
              index % Math.ceil(months.length / 12) === 0 ? name(year, month) : '',
            ),
            titles: months.map(
              (month) =>
                `${name(month.year, month.month)}: funding ${moneyText(month.fundingUsd)}, ` +
                `interest ${moneyText(month.interestUsd)}, earned ${moneyText(month.earnUsd)}`,
            ),
            formatAxis: countText,
            tone: 'accent',
          }),
      ),
    ),
    table: {
      caption: 'fees by month',
      head: ['Month', 'Fees', 'Volume', 'Fees of volume', 'Trades', 'Funding', 'Interest', 'Earned'],
      rows: () =>
        months.map(({ year, month, feesUsd, volumeUsd, trades, fundingUsd, interestUsd, earnUsd }) => [
          name(year, month),
          moneyText(feesUsd),
          moneyText(volumeUsd),
          points(feesUsd, volumeUsd),
          countText(trades),
          moneyText(fundingUsd),
          moneyText(interestUsd),
          moneyText(earnUsd),
        ]),
    },
  })
}

function incomeOf({ fundingUsd, interestUsd, earnUsd }: MonthCosts): number {
  return fundingUsd + interestUsd + earnUsd
}

function incomeText(months: readonly MonthCosts[]): string {
  const total = (of: (month: MonthCosts) => number): number =>
    months.reduce((sum, month) => sum + of(month), 0)
  const parts = [
    ['funding', total(({ fundingUsd }) => fundingUsd)],
    ['interest', total(({ interestUsd }) => interestUsd)],
    ['earned on what was lent or staked', total(({ earnUsd }) => earnUsd)],
  ] as const
  const told = parts.filter(([, usd]) => usd !== 0).map(([what, usd]) => `${moneyText(usd)} ${what}`)
  return told.length === 0 ? 'No funding, no interest.' : `${told.join(', ')} (negative was paid).`
}

export function coverageSection({ coverage: found }: Track): HTMLElement {
  const { observed, recovered, expected, missing, missingHours } = found
  const told = [
    `${countText(observed)} hours observed live`,
    `${countText(recovered)} recovered from the exchange’s history`,
    `${countText(missingHours)} missing of ${countText(expected)}.`,
  ].join(', ')
  return panel({
    id: 'coverage',
    title: 'Coverage and gaps',
    summary: told,
    picture: when(expected > 0, () => coverageStrip(found, `Coverage by day: ${told}`)),
    notes: ['Plain: observed. Dotted: recovered. Hatched: missing.'],
    table: {
      caption: missing.length === 0 ? 'gaps (none)' : 'gaps',
      head: ['From', 'To', 'Hours', 'Reason'],
      rows: () =>
        missing.map(({ fromMs, toMs, reason }) => [
          timeText(fromMs),
          timeText(toMs),
          countText((toMs - fromMs) / hourMs),
          reason === null ? 'no statement says' : wordsOf(reason),
        ]),
    },
  })
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`
}

type MeanHour = { readonly hour: number; readonly mean: number }

function extremes(best: MeanHour, worst: MeanHour): string {
  const told = ({ hour, mean }: MeanHour): string => `from ${clock(hour)} UTC (${percentText(mean, true)})`
  return `On average the hour ${told(best)} was the best, the one ${told(worst)} the worst.`
}
