import { type Bucket, hourMs, hourOf, type MetricsView, parseInstant } from '@perf-agg/sdk'
import { printable } from '../failure.ts'
import { figure } from '../terminal/table.ts'
import { columnsOf, type Style } from '../terminal/terminal.ts'
import { drawCurve } from './curve.ts'

/** What is known at one moment. */
export interface Moment {
  readonly label: string
  /** As last read; null before the first answer. */
  readonly view: MetricsView | null
  /** Of the operations API, where it answers. */
  readonly deliveries: { readonly pending: number; readonly parked: number } | null
  /** Why the last reading failed; null: it did not. */
  readonly trouble: { readonly code: string; readonly message: string; readonly atMs: number } | null
  readonly nowMs: number
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

export type Painter = (style: Style, text: string) => string

/** The whole screen as lines, none wider than the terminal and no more than it has. */
export function frameOf(moment: Moment, size: Size, paint: Painter): readonly string[] {
  const columns = Math.max(20, size.columns)
  const { view } = moment
  const head = headLine(moment, columns, paint)
  const foot = [...statusLines(moment, columns, paint), paint('dim', cut('q leaves', columns))]
  if (view === null) {
    const waiting = moment.trouble === null ? 'asking the enclave …' : 'no answer yet'
    return [head, '', waiting, '', ...foot].slice(0, size.rows)
  }
  const figures = figureLine(view, columns, paint)
  const curveRows = Math.max(3, size.rows - foot.length - figures.length - 5)
  const body = [head, ...figures, '', ...curveLines(view, columns, curveRows, paint), '']
  return [...body, ...foot].slice(0, size.rows)
}

function headLine({ label, view, nowMs }: Moment, columns: number, paint: Painter): string {
  const clock = new Date(nowMs).toISOString().slice(11, 19)
  const right = `${clock} UTC`
  const about = view === null ? '' : `  ${view.exchange} · ${view.environment} · ${view.status}`
  const name = cut(printable(label), Math.max(4, columns - right.length - 2))
  const rest = cut(printable(about), Math.max(0, columns - right.length - 2 - columnsOf(name)))
  const space = ' '.repeat(Math.max(1, columns - columnsOf(name) - columnsOf(rest) - right.length))
  const usual = view === null || (view.status === 'active' && view.environment === 'live')
  const tone = usual ? 'dim' : 'yellow'
  return `${paint('bold', name)}${paint(tone, rest)}${space}${paint('dim', right)}`
}

/** As many figures as fit on two lines. */
function figureLine({ portfolio }: MetricsView, columns: number, paint: Painter): readonly string[] {
  const value = (name: string): number | null => portfolio[name] ?? null
  const twr = value('twr_pct')
  const pieces: readonly (readonly [plain: string, painted: string])[] = [
    [`return ${signed(twr)}`, `return ${paint(twr !== null && twr < 0 ? 'red' : 'green', signed(twr))}`],
    ...(
      [
        ['Sharpe', 'sharpe', 'plain'],
        ['drawdown', 'current_drawdown_pct', 'pct'],
        ['deepest', 'max_drawdown_pct', 'pct'],
        ['volatility', 'volatility_annualized_pct', 'pct'],
        ['best day', 'best_day_pct', 'pct'],
        ['worst day', 'worst_day_pct', 'pct'],
      ] as const
    ).map(([name, of, unit]) => {
      const text = `${name} ${figure(round(value(of)), unit)}`
      return [text, text] as const
    }),
  ]
  const lines: string[] = []
  let line = ''
  let width = 0
  for (const [plain, painted] of pieces) {
    const wanted = (width === 0 ? 0 : 3) + columnsOf(plain)
    if (width + wanted > columns) {
      lines.push(line)
      if (lines.length === 2) return lines
      line = painted
      width = columnsOf(plain)
      continue
    }
    line += (width === 0 ? '' : '   ') + painted
    width += wanted
  }
  return [...lines, line]
}

/** Growth of 100 since the registration, an hour that is missing leaves a hole. */
function curveLines(view: MetricsView, columns: number, height: number, paint: Painter): readonly string[] {
  const { values, startMs, endMs } = growthOf(view)
  if (values.length === 0 || startMs === null || endMs === null) {
    const text = 'no hour is stated yet: the first full hour after the registration is, once it is over'
    return [paint('dim', cut(text, columns))]
  }
  const scale = 9
  const width = columns - scale
  const { rows, low, high } = drawCurve(values, width, height - 1)
  const lines = rows.map((row, index) => {
    const edge = index === 0 ? high : index === rows.length - 1 ? low : null
    return `${paint('dim', (edge === null ? '' : edge.toFixed(2)).padStart(scale - 2))} ${paint('cyan', row)}`
  })
  const [from, to] = [startMs, endMs].map((atMs) =>
    new Date(atMs).toISOString().slice(0, 16).replace('T', ' '),
  )
  const axis = `${' '.repeat(scale - 1)}${from}${' '.repeat(Math.max(1, width - 32))}${to}`
  return [...lines, paint('dim', cut(axis, columns))]
}

/** Backfilled hours come first and are in no figure. */
export function headlineOf({ hourly_buckets: buckets, coverage }: MetricsView): readonly Bucket[] {
  const count = coverage.observed + coverage.recovered
  return count === 0 ? [] : buckets.slice(-count)
}

function growthOf(view: MetricsView): {
  readonly values: readonly (number | null)[]
  readonly startMs: number | null
  readonly endMs: number | null
} {
  const values: (number | null)[] = []
  let value = 100
  let reachedMs: number | null = null
  const hours = headlineOf(view)
  for (const { t, return_pct } of hours) {
    const startMs = parseInstant(t)
    if (reachedMs === null) values.push(value)
    else for (let atMs = reachedMs; atMs < startMs; atMs += hourMs) values.push(null)
    value *= 1 + (return_pct ?? 0) / 100
    values.push(value)
    reachedMs = startMs + hourMs
  }
  return { values, startMs: hours.length === 0 ? null : parseInstant(hours[0]!.t), endMs: reachedMs }
}

function statusLines(moment: Moment, columns: number, paint: Painter): readonly string[] {
  const { view, deliveries, trouble, nowMs } = moment
  const pairs: (readonly [string, string, Style | null])[] = []
  if (view !== null) {
    pairs.push(['now', hourText(view, nowMs), null])
    pairs.push(['hours', coverageText(view), view.coverage.gaps.length > 0 ? 'yellow' : null])
    pairs.push(['last', stripOf(view, columns - 9), null])
  }
  const told =
    deliveries === null
      ? 'not known here: the operations API does not answer'
      : `${deliveries.pending} waiting, ${deliveries.parked} parked`
  pairs.push(['delivery', told, deliveries !== null && deliveries.parked > 0 ? 'red' : null])
  const wrong =
    trouble === null
      ? 'none'
      : `${trouble.code} ${Math.max(0, Math.round((nowMs - trouble.atMs) / 1_000))} s ago: ${trouble.message}`
  pairs.push(['error', printable(wrong), trouble === null ? null : 'red'])
  return pairs.map(([name, text, style]) => {
    const shown = cut(text, columns - 9)
    return `${paint('dim', name.padEnd(9))}${style === null ? shown : paint(style, shown)}`
  })
}

function hourText(view: MetricsView, nowMs: number): string {
  const startMs = hourOf(nowMs)
  const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16)
  const left = Math.ceil((startMs + hourMs - nowMs) / 60_000)
  const last = headlineOf(view).at(-1)
  const stated =
    last === undefined
      ? 'none stated yet'
      : `last stated ${last.t.slice(11, 16)}: ${signed(last.return_pct)}, ${figure(last.trades, 'count')} trades`
  return `${clock(startMs)} to ${clock(startMs + hourMs)} UTC, ${left} min to go; ${stated}`
}

function coverageText({ coverage }: MetricsView): string {
  const seen = coverage.observed + coverage.recovered
  const share =
    coverage.hours_expected === 0 ? '' : ` (${figure((100 * seen) / coverage.hours_expected, 'pct')})`
  const gaps = coverage.gaps.length === 1 ? '1 gap' : `${coverage.gaps.length} gaps`
  return `${seen} of ${coverage.hours_expected} seen${share}, ${coverage.recovered} recovered, ${gaps}`
}

const levels = '▁▂▃▄▅▆▇█'

/** The last hours, one a character, by the size of their return; · is an hour that no statement has. */
function stripOf(view: MetricsView, width: number): string {
  const hours = new Map(headlineOf(view).map(({ t, return_pct }) => [parseInstant(t), return_pct]))
  const last = Math.max(...hours.keys())
  if (hours.size === 0) return ''
  const first = Math.min(...hours.keys())
  const count = Math.min(width, (last - first) / hourMs + 1)
  const sizes = [...hours.values()].map((pct) => Math.abs(pct ?? 0)).toSorted((a, b) => a - b)
  const largest = sizes[Math.floor((sizes.length - 1) * 0.95)] || 1
  return Array.from({ length: count }, (_, index) => {
    const pct = hours.get(last - (count - 1 - index) * hourMs)
    if (pct === undefined) return '·'
    const level = Math.min(levels.length - 1, Math.floor((Math.abs(pct ?? 0) / largest) * levels.length))
    return levels[level]!
  }).join('')
}

function signed(pct: number | null): string {
  const text = figure(round(pct), 'pct')
  return pct !== null && pct > 0 ? `+${text}` : text
}

/** Two digits after the point are enough for a glance. */
function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100
}

function cut(text: string, columns: number): string {
  const letters = [...text]
  return letters.length <= columns ? text : `${letters.slice(0, Math.max(0, columns - 1)).join('')}…`
}
