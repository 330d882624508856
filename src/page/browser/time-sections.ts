import { countText, dayText, percentText, ratioText, timeText } from '../figure-text.ts'
import type { Track } from '../track.ts'
import { element, hatching, svg } from './element.ts'
import { panel, when } from './panel.ts'
import { timeChart } from './time-chart.ts'

/** What runs over time: growth, falls, the Sharpe ratio, and what was before the registration. */

const dayPoints = 24

function gapLegend({ coverage: { missing } }: Track): HTMLElement | null {
  if (missing.length === 0) return null
  const sample = svg(
    'svg',
    { width: 28, height: 12, 'aria-hidden': 'true' },
    hatching('hatch-legend'),
    svg('rect', { width: 28, height: 12, fill: 'url(#hatch-legend)' }),
  )
  const word = missing.length === 1 ? 'gap' : 'gaps'
  return element('p', { class: 'legend' }, sample, ` ${missing.length} ${word}: nothing was observed there`)
}

export function equitySection(track: Track): HTMLElement {
  const { atMs, growth } = track.path
  const known = growth.filter((value) => value !== null)
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const last = known.at(-1) ?? 100
  const summary =
    known.length === 0
      ? 'No hour of this record counts yet.'
      : `100 became ${last.toFixed(2)} from ${timeText(atMs[0]!)} to ${timeText(atMs.at(-1)!)}, between ${low.toFixed(2)} and ${high.toFixed(2)} on the way.`
  return panel({
    id: 'equity',
    title: 'Equity curve',
    summary,
    picture: when(known.length > 0, () =>
      element(
        'div',
        {},
        timeChart({
          label: 'Growth of 100',
          atMs,
          values: growth,
          colour: 'accent',
          base: null,
          format: (value) => value.toFixed(high - low < 2 ? 2 : 1),
          formatTime: timeText,
          missing: track.coverage.missing,
          pagePoints: dayPoints,
          logarithmic: low > 0 && high / low > 4,
        }),
        gapLegend(track),
      ),
    ),
    notes: [
      'Growth of 100 by the time-weighted return of each hour: deposits and withdrawals move nothing.',
      ...(track.coverage.missing.length === 0
        ? []
        : ['Across a gap the hour after it carries the return from both sides, marked approximate.']),
    ],
    table: {
      caption: 'growth of 100 by day',
      head: ['Day', 'Return', 'Growth of 100'],
      rows: () => {
        let value = 100
        return track.days.map(({ dayMs, pct }) => {
          value *= 1 + pct / 100
          return [dayText(dayMs), percentText(pct, true), value.toFixed(4)]
        })
      },
    },
  })
}

export function drawdownSection(track: Track): HTMLElement {
  const { atMs, drawdownPct } = track.path
  const known = drawdownPct.filter((value) => value !== null)
  const deepest = Math.min(0, ...known)
  const at = atMs[drawdownPct.indexOf(deepest)]
  return panel({
    id: 'drawdown',
    title: 'Drawdown',
    summary:
      known.length === 0 || at === undefined
        ? 'There is no drawdown yet.'
        : `At its worst, ${timeText(at)}, it stood ${percentText(deepest)} from its peak; now ${percentText(known.at(-1) ?? 0)}.`,
    picture: when(known.length > 0, () =>
      timeChart({
        label: 'Below the peak',
        atMs,
        values: drawdownPct,
        colour: 'loss',
        base: 0,
        format: (value) => percentText(value),
        formatTime: timeText,
        missing: track.coverage.missing,
        pagePoints: dayPoints,
      }),
    ),
    notes:
      track.coverage.missing.length === 0 ? [] : ['A gap may hide a deeper one: at least so much was seen.'],
    table: {
      caption: 'drawdown at the end of each day',
      head: ['Day', 'Below the peak'],
      rows: () =>
        atMs.flatMap((time, index) => {
          const value = drawdownPct[index] ?? null
          return time % 86_400_000 === 0 && value !== null ? [[dayText(time - 1), percentText(value)]] : []
        }),
    },
  })
}

export function rollingSection({ rolling: found, days, coverage: { missing } }: Track): HTMLElement {
  if (found === null) {
    return panel({
      id: 'rolling',
      title: 'Rolling Sharpe ratio',
      summary: `${days.length} days are too few: a window of 30 needs 45 days to say anything about its course.`,
      picture: null,
    })
  }
  const { points, windowDays, standardError } = found
  const known = points.flatMap(({ value }) => value ?? [])
  const last = known.at(-1)
  return panel({
    id: 'rolling',
    title: `Rolling Sharpe ratio, ${windowDays} days`,
    summary: `Between ${ratioText(Math.min(...known))} and ${ratioText(Math.max(...known))}; ${ratioText(last ?? null)} at the end.`,
    picture: when(known.length > 0, () =>
      timeChart({
        label: `Sharpe of ${windowDays} days`,
        atMs: points.map(({ dayMs }) => dayMs),
        values: points.map(({ value }) => value),
        colour: 'accent',
        base: null,
        format: ratioText,
        formatTime: dayText,
        missing,
        pagePoints: 7,
      }),
    ),
    notes: [
      `A short sample: by chance alone a Sharpe ratio of ${windowDays} days is off by about ` +
        `±${standardError.toFixed(1)} (one standard error). Read the shape, not the level.`,
    ],
    table: {
      caption: `annualised Sharpe ratio of the last ${windowDays} days`,
      head: ['Day', 'Sharpe ratio'],
      rows: () => points.map(({ dayMs, value }) => [dayText(dayMs), ratioText(value)]),
    },
  })
}

/** What the account did before anybody watched it: the trader could choose to begin after it. */
export function backfilledSection({
  backfilledPath: { atMs, growth },
  coverage: { backfilled: hours },
}: Track): readonly HTMLElement[] {
  const known = growth.filter((value) => value !== null)
  if (known.length === 0) return []
  return [
    panel({
      id: 'backfilled',
      title: 'Before the registration',
      summary:
        `${countText(hours)} hours from the exchange’s history, from 100 to ${known.at(-1)!.toFixed(2)}. ` +
        'They are in no figure above: who registers after a good run has chosen it.',
      picture: timeChart({
        label: 'Before the registration, growth of 100',
        atMs,
        values: growth,
        colour: 'muted',
        base: null,
        format: (value) => value.toFixed(1),
        formatTime: timeText,
        missing: [],
        pagePoints: dayPoints,
      }),
    }),
  ]
}
