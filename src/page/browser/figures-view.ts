import {
  accountFigures,
  type AccountFigure,
  hasTooFewDays,
  worthReadingFromDays,
} from '../../accounting/record/account-figures.ts'
import { metricSet } from '../../accounting/metrics/set.ts'
import type { Figures } from '../../accounting/view.ts'
import { countText, percentText, ratioText, wordsOf } from '../figure-text.ts'
import type { Track } from '../track.ts'
import { element } from './element.ts'

/** The figures: the ones most people look for as cards, all of them with their definitions as a table. */

const leading = [
  'twr_pct',
  'annualized_return_pct',
  'sharpe',
  'max_drawdown_pct',
  'volatility_annualized_pct',
  'sortino',
  'win_rate_days_pct',
  'worst_day_pct',
]

function textOf({ name, unit }: AccountFigure, { values }: Figures): string {
  const value = values[name] ?? null
  if (value === null) return '–'
  if (unit === 'pct') return percentText(value, name === 'twr_pct')
  return unit === 'days' ? `${countText(value)} days` : ratioText(value)
}

/** Why there is no number, or what qualifies it. */
function remarkOf({ name }: AccountFigure, { values, reasons }: Figures): string {
  const reason = reasons[name]
  const value = values[name] ?? null
  if (value !== null && hasTooFewDays(name, values['days'])) {
    return `too few days to mean anything, worth reading from ${worthReadingFromDays.get(name) ?? 0} on`
  }
  if (reason === undefined) return ''
  if (reason === 'lower_bound') return 'at least so much: gaps may hide more'
  return values[name] === null ? wordsOf(reason) : wordsOf(reason)
}

export function figureCards({ figures, coverage }: Track): HTMLElement {
  const shown = leading.flatMap((name) => accountFigures.find((figure) => figure.name === name) ?? [])
  const seen = coverage.observed + coverage.recovered
  return element(
    'dl',
    { class: 'cards' },
    ...shown.map((figure) => card(figure.title, textOf(figure, figures), remarkOf(figure, figures))),
    card(
      'Coverage',
      coverage.expected === 0 ? '–' : percentText((100 * seen) / coverage.expected),
      `${countText(seen)} of ${countText(coverage.expected)} hours`,
    ),
  )
}

/** What stands where figures stood that do not hold. */
export function withdrawnCards(): HTMLElement {
  const titles = [
    ...leading.flatMap((name) => accountFigures.find((each) => each.name === name)?.title ?? []),
    'Coverage',
  ]
  return element(
    'dl',
    { class: 'cards withdrawn' },
    ...titles.map((title) =>
      element(
        'div',
        { class: 'card' },
        element('dt', {}, element('s', {}, title)),
        element('dd', {}, 'withdrawn'),
      ),
    ),
  )
}

function card(title: string, value: string, remark: string): HTMLElement {
  return element(
    'div',
    { class: 'card' },
    element('dt', {}, title),
    element('dd', {}, value, remark === '' ? null : element('small', {}, remark)),
  )
}

/** Every figure with what it means: the words of the manual's page of metrics. */
export function figureTable({ figures }: Track): HTMLElement {
  const rows = accountFigures.filter(({ name }) => figures.values[name] !== undefined)
  const table = element(
    'table',
    { class: 'figures' },
    element('caption', {}, 'Every figure, computed in this browser from the verified hours'),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ...['Figure', 'Value', 'What it means'].map((name) => element('th', { scope: 'col' }, name)),
      ),
    ),
    element(
      'tbody',
      {},
      ...rows.map((figure) => {
        const remark = remarkOf(figure, figures)
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, figure.title, element('code', {}, figure.name)),
          element(
            'td',
            { class: 'number' },
            textOf(figure, figures),
            remark === '' ? null : element('small', {}, remark),
          ),
          element('td', {}, ...meaningOf(figure)),
        )
      }),
    ),
  )
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'All figures' }, table)
}

function meaningOf({ definition, daily }: AccountFigure): readonly (HTMLElement | string)[] {
  const metric = daily === undefined ? undefined : metricSet.find(({ name }) => name === daily.metric)
  if (metric === undefined) return [definition.replaceAll('`', '')]
  return [
    'of daily returns: ',
    element('span', { class: 'formula' }, metric.formula),
    element('small', {}, `${metric.name}; ${metric.source}`),
  ]
}
