import fc from 'fast-check'
import t from 'tap'
import { logGrowth } from '../../src/accounting/metrics/log-growth.ts'
import { OrderStatistics } from '../../src/accounting/metrics/order-statistics.ts'
import { partialMoments } from '../../src/accounting/metrics/partial-moments.ts'
import { ReturnSeries } from '../../src/accounting/metrics/series.ts'
import { computeMetrics } from '../../src/accounting/metrics/set.ts'
import { sumBy } from '../../src/accounting/metrics/stable-sum.ts'

/** What figures share, held against the plain way to compute it. */

const returnOf = fc.double({ min: -1, max: 3, noNaN: true })

t.test('order statistics are those of the sorted values, in whatever order they are asked for', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(returnOf, fc.constantFrom(0, -0, 0.01)), { minLength: 1, maxLength: 3_000 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
      (values, ranks) => {
        const sorted = Float64Array.from(values).toSorted()
        const order = new OrderStatistics(Float64Array.from(values))
        for (const rank of ranks.map((one) => one % values.length)) {
          if (order.at(rank) !== sorted[rank]! && !(order.at(rank) === 0 && sorted[rank] === 0)) return false
          const lowest = order.lowest(rank).toSorted()
          if (lowest.some((value, index) => value !== sorted[index])) return false
        }
        return true
      },
    ),
    { numRuns: 300 },
  )
  const many = Float64Array.from({ length: 20_000 }, (_, index) => Math.sin(index * index))
  const order = new OrderStatistics(many)
  const sorted = many.toSorted()
  for (const rank of [10_000, 200, 199, 19_999, 0, 15_000]) t.equal(order.at(rank), sorted[rank])
})

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-13 * Math.max(1, Math.abs(b))

t.test('partial moments are sums over both sides of a level', async () => {
  fc.assert(
    fc.property(fc.array(returnOf, { maxLength: 300 }), returnOf, (values, level) => {
      const made = partialMoments(Float64Array.from(values), level)
      return (
        made.countAbove === values.filter((r) => r > level).length &&
        made.countBelow === values.filter((r) => r < level).length &&
        close(
          made.above,
          sumBy(values, (r) => Math.max(r - level, 0)),
        ) &&
        close(
          made.below,
          sumBy(values, (r) => Math.max(level - r, 0)),
        ) &&
        close(
          made.squaresAbove,
          sumBy(values, (r) => Math.max(r - level, 0) ** 2),
        ) &&
        close(
          made.squaresBelow,
          sumBy(values, (r) => Math.max(level - r, 0) ** 2),
        )
      )
    }),
  )
})

const grow = (...values: number[]): number => logGrowth(Float64Array.from(values))

t.test('growth linked in stretches is growth linked one by one', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(returnOf, fc.double({ min: -1e-9, max: 1e-9, noNaN: true })), { maxLength: 200 }),
      (values) => {
        const returns = Float64Array.from(values)
        const made = logGrowth(returns)
        const plain = sumBy(values, (r) => Math.log1p(r))
        const size = sumBy(values, (r) => Math.abs(Math.log1p(r)))
        return made === plain || Math.abs(made - plain) <= 1e-13 * size
      },
    ),
  )
  t.equal(grow(0.5, -1, 0.5), Number.NEGATIVE_INFINITY)
  t.ok(Number.isNaN(grow(-2, -2)), 'two losses of more than all are no gain')
  t.ok(Math.abs(grow(1e300, 1e300) - 600 * Math.LN10) < 1e-9, 'no product overflows')
})

t.test('a long series is no harder than a short one', async (t) => {
  // Many episodes: each pair falls and comes back.
  const returns = Float64Array.from({ length: 600_000 }, (_, index) => (index % 2 === 0 ? -0.5 : 1))
  const { metrics } = computeMetrics(new ReturnSeries(returns, { periodsPerYear: 8760, benchmark: returns }))
  t.match(metrics, {
    n: 600_000,
    cumulative_return: 0,
    max_drawdown: -0.5,
    drawdown_count: 300_000,
    longest_drawdown_periods: 2,
    median_return: 0.25,
    win_rate: 0.5,
    arithmetic_mean_return: 0.25,
    beta: 1,
    tracking_error_annualized: 0,
  })
})
