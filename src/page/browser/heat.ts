import { dayMs } from '@perf-agg/sdk'
import { type DayReturn, monthNames, weekdayNames, weekOf, weekdayOf, type YearReturn } from '../calendar.ts'
import type { Missing } from '../coverage.ts'
import { dayText, percentText } from '../figure-text.ts'
import { element, hatching, svg } from './element.ts'

/** Months as a table of numbers on colours, days as a calendar of squares. */

const levels = 5

/** 1 to 5 by size, the largest of all being 5. */
function levelOf(pct: number, largest: number): string {
  if (pct === 0 || largest === 0) return 'zero'
  const level = Math.min(levels, Math.max(1, Math.ceil((Math.abs(pct) / largest) * levels)))
  return `${pct > 0 ? 'gain' : 'loss'}-${level}`
}

export function monthTable(years: readonly YearReturn[]): HTMLElement {
  const all = years.flatMap(({ months }) =>
    months.flatMap((month) => (month === null ? [] : [Math.abs(month.pct)])),
  )
  const largest = Math.max(0, ...all)
  const table = element(
    'table',
    { class: 'months' },
    element('caption', {}, 'Return by month, in percent'),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ...['Year', ...monthNames, 'Total'].map((name) => element('th', { scope: 'col' }, name)),
      ),
    ),
    element(
      'tbody',
      {},
      ...years.map(({ year, pct, months }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, String(year)),
          ...months.map((month) =>
            month === null
              ? element('td', { class: 'none' }, '')
              : element(
                  'td',
                  { class: levelOf(month.pct, largest), title: `${month.days} days` },
                  percentText(month.pct, true).replace(' %', ''),
                ),
          ),
          element('td', { class: 'total' }, percentText(pct, true).replace(' %', '')),
        ),
      ),
    ),
  )
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Return by month' },
    table,
  )
}

const cell = 13
const [left, top] = [34, 18]

/** One block a year: a column a week, a row a weekday. A loss has a stroke through it, a gap is hatched. */
export function dayCalendar(days: readonly DayReturn[], missing: readonly Missing[]): HTMLElement {
  const years = [...new Set(days.map(({ dayMs: atMs }) => new Date(atMs).getUTCFullYear()))]
  // the few wildest days must not make all others pale
  const sizes = days.map(({ pct }) => Math.abs(pct)).toSorted((a, b) => a - b)
  const largest = sizes[Math.floor((sizes.length - 1) * 0.95)] ?? 0
  return element(
    'div',
    { class: 'scroll calendar', tabindex: 0, role: 'region', 'aria-label': 'Return by day' },
    ...years.map((year) => yearBlock(year, days, missing, largest)),
  )
}

function yearBlock(
  year: number,
  days: readonly DayReturn[],
  missing: readonly Missing[],
  largest: number,
): SVGElement {
  const firstMs = Date.UTC(year, 0, 1)
  const endMs = Date.UTC(year + 1, 0, 1)
  const byDay = new Map(days.map(({ dayMs: atMs, pct }) => [atMs, pct]))
  const weeks = (weekOf(endMs - 1) - weekOf(firstMs)) / (7 * dayMs) + 1
  const known = [...byDay.keys()].filter((atMs) => atMs >= firstMs && atMs < endMs).length
  const picture = svg(
    'svg',
    {
      width: left + weeks * cell + 4,
      height: top + 7 * cell + 4,
      role: 'img',
      'aria-label': `${year}: ${known} days`,
    },
    hatching(`hatch-${year}`),
    svg('text', { x: 0, y: 11, class: 'axis strong' }, String(year)),
  )
  for (const [weekday, name] of weekdayNames.entries()) {
    if (weekday % 2 === 0)
      picture.append(svg('text', { x: 0, y: top + weekday * cell + 10, class: 'axis' }, name))
  }
  for (let atMs = firstMs; atMs < endMs; atMs += dayMs) {
    const x = left + ((weekOf(atMs) - weekOf(firstMs)) / (7 * dayMs)) * cell
    const y = top + weekdayOf(atMs) * cell
    const date = new Date(atMs)
    if (date.getUTCDate() === 1) {
      picture.append(
        svg(
          'text',
          { x, y: 11, class: 'axis' },
          date.getUTCMonth() === 0 ? '' : monthNames[date.getUTCMonth()]!,
        ),
      )
    }
    const pct = byDay.get(atMs)
    const gap = missing.some(({ fromMs, toMs }) => fromMs < atMs + dayMs && toMs > atMs)
    const told =
      pct === undefined ? (gap ? 'nothing observed' : 'no day of this record') : percentText(pct, true)
    const square = svg(
      'rect',
      {
        x,
        y,
        width: cell - 2,
        height: cell - 2,
        rx: 2,
        class: `day ${pct === undefined ? 'none' : levelOf(pct, largest)}`,
        ...(pct === undefined && gap ? { fill: `url(#hatch-${year})`, class: 'day' } : {}),
      },
      svg('title', {}, `${dayText(atMs)}: ${told}${pct !== undefined && gap ? ', hours missing' : ''}`),
    )
    picture.append(square)
    if (pct !== undefined && pct < 0) {
      picture.append(
        svg('line', {
          x1: x + 3,
          x2: x + cell - 5,
          y1: y + 5.5,
          y2: y + 5.5,
          class: `stroke ${levelOf(pct, largest)}`,
        }),
      )
    }
  }
  return picture
}
