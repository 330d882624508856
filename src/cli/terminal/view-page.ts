import type {
  BenchmarkView,
  Bucket,
  CompositeView,
  FigureSet,
  MetricsView,
  SummaryView,
  SymbolFigures,
} from '@perf-agg/sdk'
import { hasTooFewDays, worthReadingFromDays } from '../../accounting/record/account-figures.ts'
import { formatStatistics } from '../analyze/page.ts'
import { printable } from '../failure.ts'
import { figure, formatPairs, formatTable } from './table.ts'
import { paint } from './terminal.ts'

/** Metrics and summary as a page for the terminal. */

export function formatView(view: MetricsView | SummaryView, title: string, hours: number): string {
  return [
    head(view, title),
    figures(view),
    ...(view.benchmark === null ? [] : [benchmark(view.benchmark)]),
    ...('symbols' in view && view.symbols.length > 0 ? [symbols(view.symbols)] : []),
    ...('trading' in view && (view.trading.figures['fills'] ?? 0) > 0 ? [trading(view.trading)] : []),
    ...('composite' in view && view.composite !== null ? [composite(view.composite)] : []),
    ...(hours > 0 && view.hourly_buckets.length > 0 ? [buckets(view.hourly_buckets, hours)] : []),
  ].join('\n\n')
}

function head(view: MetricsView | SummaryView, title: string): string {
  const { coverage, totals } = view
  const seen = coverage.observed + coverage.recovered
  const share =
    coverage.hours_expected === 0 ? '' : ` (${figure((100 * seen) / coverage.hours_expected, 'pct')})`
  const environment = view.environment === 'live' ? paint('green', 'live') : paint('yellow', view.environment)
  const pairs: (readonly [string, string])[] = [
    ['account', `${view.exchange}, ${environment}, ${view.account}`],
    ['status', `${statusWord(view.status)}, until ${view.expires_at}`],
    ['as of', view.as_of],
    [
      'hours',
      `${seen} of ${coverage.hours_expected} observed${share}; ${coverage.recovered} recovered, ${coverage.backfilled} backfilled`,
    ],
    [
      'totals',
      `${figure(totals.trades, 'count')} trades, ${figure(totals.volume_quote, 'usd')} traded, ${figure(totals.fees_usd, 'usd')} fees`,
    ],
  ]
  const income = Object.entries(view.income_usd).filter(([, usd]) => usd !== 0)
  if (income.length > 0) {
    const parts = income.map(([kind, usd]) => `${printable(words(kind))} ${figure(usd, 'usd')}`)
    pairs.push(['income', parts.join(', ')])
  }
  for (const { from, to, reason } of coverage.gaps.slice(-5))
    pairs.push(['gap', `${from} to ${to}: ${printable(reason)}`])
  return `${paint('bold', printable(title))}\n${formatPairs(pairs)}`
}

function statusWord(status: string): string {
  return status === 'active' ? paint('green', status) : paint('yellow', status)
}

function figures({ portfolio, reasons, coverage }: MetricsView | SummaryView): string {
  if (coverage.hours_expected === 0) {
    return paint(
      'dim',
      'no figures yet: the first full hour after the registration is stated once it is over',
    )
  }
  const why = new Set(
    Object.keys(portfolio).map((name) => (portfolio[name] === null ? reasons[name] : 'known')),
  )
  const [only] = why
  if (why.size < 2 && only !== 'known') {
    return paint(
      'dim',
      `no figures yet${only === undefined ? '' : `: ${printable(only).replaceAll(/[_-]/g, ' ')}`}`,
    )
  }
  const days = portfolio['days'] ?? 0
  const few = Object.keys(portfolio).filter(
    (name) => portfolio[name] !== null && portfolio[name] !== undefined && hasTooFewDays(name, days),
  )
  const table = figureTable({ figures: portfolio, reasons }, new Set(few))
  return few.length === 0 ? table : `${table}\n${paint('dim', fewDays(few, days))}`
}

/** A Sharpe ratio of three days is a number and no more: whoever reads it is told. */
function fewDays(names: readonly string[], days: number): string {
  const wanted = Math.max(...names.map((name) => worthReadingFromDays.get(name) ?? 0))
  const error = Math.sqrt(365 / days)
  const sharpe = names.includes('sharpe')
    ? `; at this length a Sharpe ratio is off by ${figure(error, 'plain')} either way as a rule`
    : ''
  const span = days === 1 ? 'one day' : `${figure(days, 'count')} days`
  return `* ${span}: too few to mean anything, worth reading from ${wanted} days on${sharpe}`
}

function figureTable({ figures: all, reasons }: FigureSet, marked: ReadonlySet<string> = new Set()): string {
  const rows = Object.entries(all)
    .toSorted(([a], [b]) => placeOf(a) - placeOf(b))
    .map(([name, value]) => [
      `${printable(words(name))}${marked.has(name) ? ' *' : ''}`,
      figure(value, unitOf(name, value)),
      value === null ? paint('dim', printable(reasons[name] ?? 'undefined').replaceAll(/[_-]/g, ' ')) : '',
    ])
  return formatTable(
    [
      { title: 'figure', align: 'left' },
      { title: 'value', align: 'right' },
      { title: '', align: 'left', optional: true },
    ],
    rows,
  )
}

/** What most people look for stands first; the rest keeps its order. */
const leading = [
  'twr_pct',
  'mwr_pct',
  'annualized_return_pct',
  'volatility_annualized_pct',
  'sharpe',
  'sortino',
  'calmar',
  'max_drawdown_pct',
  'current_drawdown_pct',
]

function placeOf(name: string): number {
  const place = leading.indexOf(name)
  return place === -1 ? leading.length : place
}

function unitOf(name: string, value: number | null): 'pct' | 'usd' | 'count' | 'plain' {
  if (name.endsWith('_pct')) return 'pct'
  if (name.endsWith('_usd')) return 'usd'
  return name.endsWith('days') && Number.isInteger(value) ? 'count' : 'plain'
}

/** `volatility_annualized_pct` as a person says it; short names are abbreviations. */
function words(name: string): string {
  const text = name.replace(/_(pct|usd)$/, '').replaceAll('_', ' ')
  return text.replaceAll(/\b(twr|mwr|es|mad)\b/g, (word) => word.toUpperCase()).replace(/\bvar\b/, 'VaR')
}

/** Beside an index; where nothing of it is known, why. */
function benchmark({ symbol, figures: all, reasons }: BenchmarkView): string {
  const title = paint('bold', `beside ${printable(symbol)}, bought and held`)
  const why = Object.values(all).every((value) => value === null) ? Object.values(reasons)[0] : undefined
  if (why !== undefined) return `${title}\n${paint('dim', printable(why).replaceAll(/[_-]/g, ' '))}`
  return `${title}\n${figureTable({ figures: all, reasons })}`
}

/** What the fills came to, in USD. */
function trading({ figures: metrics, reasons }: FigureSet): string {
  return formatStatistics({ metrics, reasons })
}

/** The client's accounts as one, and each of them. */
function composite({ accounts, portfolio, coverage, as_of }: CompositeView): string {
  const line = (
    name: string,
    since: string,
    weight: number | null,
    { portfolio: own, coverage: seen }: Pick<CompositeView, 'portfolio' | 'coverage'>,
  ): string[] => [
    printable(name),
    since.slice(0, 10),
    figure(weight, 'pct'),
    figure(own['twr_pct'] ?? null, 'pct'),
    figure(own['max_drawdown_pct'] ?? null, 'pct'),
    figure(own['sharpe'] ?? null, 'plain'),
    `${seen.observed + seen.recovered} of ${seen.hours_expected}`,
  ]
  const table = formatTable(
    [
      { title: 'account', align: 'left' },
      { title: 'since', align: 'left', optional: true },
      { title: 'weight', align: 'right' },
      { title: 'TWR', align: 'right' },
      { title: 'max drawdown', align: 'right' },
      { title: 'sharpe', align: 'right' },
      { title: 'hours', align: 'right', optional: true },
    ],
    [
      ...accounts.map((one) =>
        line(`${one.exchange} ${one.account.slice(0, 8)}…`, one.since, one.weight_pct, one),
      ),
      line('all as one', accounts.map(({ since }) => since).toSorted()[0] ?? as_of, 100, {
        portfolio,
        coverage,
      }),
    ],
  )
  return `${paint('bold', 'composite')}\n${table}`
}

function symbols(rows: readonly SymbolFigures[]): string {
  return formatTable(
    [
      { title: 'symbol', align: 'left' },
      { title: 'trades', align: 'right' },
      { title: 'return', align: 'right' },
      { title: 'realized', align: 'right' },
      { title: 'unrealized', align: 'right' },
      { title: 'fees', align: 'right' },
      { title: 'volume', align: 'right', optional: true },
      { title: 'base volume', align: 'right', optional: true },
    ],
    rows.map((row) => [
      printable(row.symbol),
      figure(row.trades, 'count'),
      figure(row.return_pct, 'pct'),
      figure(row.realized_pnl_usd, 'usd'),
      figure(row.unrealized_pnl_usd, 'usd'),
      figure(row.fees_usd, 'usd'),
      figure(row.volume_quote, 'usd'),
      figure(row.volume_base, 'plain'),
    ]),
  )
}

function buckets(all: readonly Bucket[], hours: number): string {
  const shown = all.slice(-hours)
  const table = formatTable(
    [
      { title: 'hour (UTC)', align: 'left' },
      { title: 'return', align: 'right' },
      { title: 'trades', align: 'right' },
      { title: 'volume', align: 'right' },
      { title: 'fees', align: 'right' },
    ],
    shown.map(({ t, return_pct, trades, volume_quote, fees_usd }) => [
      `${t.slice(0, 10)} ${t.slice(11, 16)}`,
      signed(return_pct),
      figure(trades, 'count'),
      figure(volume_quote, 'usd'),
      figure(fees_usd, 'usd'),
    ]),
  )
  const more =
    all.length > shown.length ? `\n${paint('dim', `the last ${shown.length} of ${all.length} hours`)}` : ''
  return table + more
}

function signed(value: number | null): string {
  const text = figure(value, 'pct')
  if (value === null || value === 0) return text
  return value > 0 ? paint('green', `+${text}`) : paint('red', text)
}
