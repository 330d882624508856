import fc from 'fast-check'
import t from 'tap'
import { HourlyRisk } from '../../src/accounting/record/hourly-risk.ts'
import { OrderedReturns } from '../../src/accounting/metrics/ordered-returns.ts'
import { RunningMoments } from '../../src/accounting/metrics/running-moments.ts'
import { ReturnSeries } from '../../src/accounting/metrics/series.ts'
import { computeMetrics } from '../../src/accounting/metrics/set.ts'

/** What is kept up step by step is what the same definitions make of the whole series at once. */

const some = fc.oneof(
  fc.double({ min: -0.5, max: 0.5, noNaN: true }),
  fc.constantFrom(0, 0.01, -0.01, -0.01),
  fc.constant(-0),
)
const names = [
  ['volatilityAnnualized', 'volatility_annualized_sample'],
  ['skewness', 'skewness_sample'],
  ['excessKurtosis', 'excess_kurtosis_sample'],
  ['valueAtRisk95', 'var_historical_95'],
  ['expectedShortfall95', 'es_historical_95'],
] as const

function near(got: number, wanted: number | null | undefined, name: string): void {
  if (wanted === null || wanted === undefined) {
    if (!Number.isNaN(got)) throw new Error(`${name}: ${got} where there is none`)
  } else if (!(Math.abs(got - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted))))
    throw new Error(`${name}: ${got} is not ${wanted}`)
}

t.test('figures of hours are those of the metric set over hours', async () => {
  fc.assert(
    fc.property(fc.array(some, { maxLength: 60 }), fc.nat(60), (returns, cut) => {
      const figures = new HourlyRisk().of(returns, Math.min(cut, returns.length))
      const { metrics } = computeMetrics(new ReturnSeries(returns, { periodsPerYear: 8_760 }))
      // Values that differ by less than their rounding make moments that say nothing.
      const spread = (metrics['volatility_sample'] ?? 0) < 1e-12 && returns.length > 1
      for (const [own, name] of names) {
        if (spread && own !== 'valueAtRisk95' && own !== 'expectedShortfall95') continue
        near(figures[own], metrics[name], `${name} of [${returns.join()}]`)
      }
    }),
    { numRuns: 500 },
  )
})

t.test('however often it was asked, the same series gives the same bits', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 1_500, maxLength: 1_600 }),
      fc.array(fc.nat(1_500), { maxLength: 6 }),
      (returns, asked) => {
        const often = new HourlyRisk()
        for (const settled of asked.toSorted((a, b) => a - b)) {
          often.of(returns.slice(0, settled + 20), settled)
        }
        const [got, wanted] = [often.of(returns, 1_500), new HourlyRisk().of(returns, 1_500)]
        for (const [name] of names) {
          if (!Object.is(got[name], wanted[name])) throw new Error(`${name}: ${got[name]}, ${wanted[name]}`)
        }
      },
    ),
    { numRuns: 20 },
  )
})

t.test('ranks, counts and sums are those of the sorted array', async (t) => {
  const values: number[] = []
  const ordered = new OrderedReturns()
  let state = 7
  for (let count = 0; count < 5_000; count += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const value = ((state >>> 8) % 3_001) - 1_500
    values.push(value)
    ordered.add(value)
    if (count % 499 !== 0 && count !== 4_999) continue
    const sorted = Float64Array.from(values).toSorted()
    for (const rank of [0, 1, count >> 1, count - 1, count]) {
      if (rank >= 0 && rank <= count && ordered.at(rank) !== sorted[rank])
        throw new Error(`rank ${rank} of ${count}`)
    }
    for (const level of [-2_000, -700, 0, 3, 2_000]) {
      const below = sorted.filter((one) => one < level)
      if (ordered.countBelow(level) !== below.length) throw new Error(`below ${level} of ${count}`)
      if (ordered.sumLowest(below.length) !== below.reduce((a, b) => a + b, 0))
        throw new Error(`sum ${level}`)
    }
  }
  t.equal(ordered.count, 5_000)
})

t.test('moments far from 0 do not cancel', async (t) => {
  const moments = new RunningMoments()
  for (let at = 0; at < 100_000; at += 1) moments.add(1e9 + (at % 2 === 0 ? 1 : -1) * 1e-3)
  t.ok(Math.abs(Math.sqrt(moments.varianceSample) / 1e-3 - 1) < 1e-3)
})
