import { hourMs, type RecordFigures, type RecordHour } from '@perf-agg/sdk'
import t from 'tap'
import { distributionOf } from '../../src/page/distribution.ts'
import { growthPath } from '../../src/page/path.ts'
import { rollingSharpe } from '../../src/page/rolling.ts'
import { trackOf } from '../../src/page/track.ts'

/** What the page computes from verified hours. */

const startMs = Date.UTC(2026, 0, 1)

function hour(index: number, returnPct: number | null, change: Partial<RecordHour> = {}): RecordHour {
  const base = { startMs: startMs + index * hourMs, origin: 'observed', returnPct, reason: null } as const
  return { ...base, marks: [], amounts: null, ...change }
}

const figuresOf = (series: readonly RecordHour[], gaps: RecordFigures['gaps'] = []): RecordFigures =>
  ({
    series,
    gaps,
    backfilled: series.filter(({ origin }) => origin === 'backfilled').length,
  }) as RecordFigures

t.test('a gap is a hole in the line, and what comes after goes on from where it was', async (t) => {
  const path = growthPath([hour(0, 10), hour(1, -10), hour(5, 0), hour(6, 1)])
  t.strictSame(
    path.growth.map((value) => (value === null ? null : Number(value.toFixed(6)))),
    [100, 110, 99, null, 99, 99, 99.99],
  )
  t.equal(path.atMs.length, 7)
  t.strictSame(
    path.drawdownPct.map((value) => (value === null ? null : Number(value.toFixed(4)))),
    [0, 0, -10, null, -10, -10, -9.1],
  )
})

t.test('backfilled hours and hours without capital are in no figure', async (t) => {
  const hours = Array.from({ length: 48 }, (_, index) => hour(index, 0.1))
  const before = Array.from({ length: 24 }, (_, index) => hour(index - 24, 5, { origin: 'backfilled' }))
  const alone = trackOf(figuresOf(hours))
  const both = trackOf(figuresOf([...before, ...hours]))
  t.strictSame(both.figures, alone.figures)
  t.equal(both.backfilledPath.growth.length, 25)
  t.ok(Math.abs(alone.figures.values['twr_pct']! - (1.001 ** 48 - 1) * 100) < 1e-9)
  const idle = hours.map((each, index) => (index < 24 ? hour(index, 0, { marks: ['no_capital'] }) : each))
  t.equal(trackOf(figuresOf(idle)).figures.values['days'], 1)
})

t.test('what nobody saw is told with the reason, or that there is none', async (t) => {
  const gap = { fromMs: startMs + 2 * hourMs, toMs: startMs + 5 * hourMs, reason: 'exchange-unreachable' }
  const { coverage } = trackOf(
    figuresOf([hour(0, 1), hour(1, 1), hour(5, 1), hour(8, 1, { origin: 'recovered' })], [gap]),
  )
  t.match(coverage, { expected: 9, observed: 3, recovered: 1, missingHours: 5 })
  t.strictSame(
    coverage.missing.map(({ reason }) => reason),
    ['exchange-unreachable', null],
  )
  t.strictSame(
    coverage.columns.map(({ observed, recovered, missing }) => [observed, recovered, missing]),
    [[3, 1, 5]],
  )
})

t.test('bins meet at zero, and hold every return once', async (t) => {
  const returns = [-1.01, -0.2, -0.01, 0, 0.01, 0.3, 0.3, 2.4]
  const found = distributionOf(returns)!
  t.equal(
    found.bins.reduce((sum, { count }) => sum + count, 0),
    returns.length,
  )
  t.ok(found.bins.some(({ fromPct }) => fromPct === 0))
  t.match(found, { count: 8, positive: 4, negative: 3 })
  t.equal(distributionOf([]), null)
})

t.test('too few days roll nothing', async (t) => {
  const days = Array.from({ length: 44 }, (_, index) => ({
    dayMs: startMs + index * 24 * hourMs,
    pct: index % 3,
  }))
  t.equal(rollingSharpe(days), null)
  const more = rollingSharpe([...days, { dayMs: startMs + 44 * 24 * hourMs, pct: 1 }])!
  t.match(more, { windowDays: 30 })
  t.equal(more.points.length, 16)
  t.ok(Math.abs(more.standardError - Math.sqrt(365 / 30)) < 1e-12)
})
