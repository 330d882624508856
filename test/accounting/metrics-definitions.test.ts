import fc from 'fast-check'
import t from 'tap'
import { ReturnSeries } from '../../src/accounting/metrics/series.ts'
import { computeMetrics, metricSet } from '../../src/accounting/metrics/set.ts'
import { plainFigures } from './plain-definitions.ts'
import type { PlainInput } from './plain-definitions.ts'

/** Every figure against its definition, on series that nobody would think of: all mismatches in one list. */

function mismatches(input: PlainInput): string[] {
  const { r, b, ppy, rf, mar } = input
  const series = new ReturnSeries(r, { periodsPerYear: ppy, riskFree: rf, acceptable: mar, benchmark: b })
  const { metrics, reasons } = computeMetrics(series)
  const wanted = plainFigures(input)
  const found: string[] = []
  for (const [name, plain] of Object.entries(wanted)) {
    const got = metrics[name]
    if (got === undefined) found.push(`${name}: missing`)
    else if (got === null) {
      if (Number.isFinite(plain)) found.push(`${name}: ${reasons[name]} where ${plain} is defined`)
    } else if (!Number.isFinite(plain)) found.push(`${name}: ${got} where there is none`)
    else if (!(Math.abs(got - plain) <= 1e-7 * Math.max(Math.abs(plain), 1e-6)))
      found.push(`${name}: ${got} is not ${plain}`)
  }
  return found
}

const percent = fc.integer({ min: -60, max: 80 }).map((x) => x / 1_000)
const series: Record<string, fc.Arbitrary<number[]>> = {
  ordinary: fc.array(percent, { minLength: 1, maxLength: 80 }),
  constant: fc
    .tuple(fc.constantFrom(0.01, -0.02, 0, 0.1, 0.3), fc.integer({ min: 1, max: 40 }))
    .map(([x, n]) => Array.from({ length: n }, () => x)),
  'losses only': fc.array(
    percent.map((x) => -Math.abs(x) - 0.001),
    { minLength: 1, maxLength: 40 },
  ),
  'gains only': fc.array(
    percent.map((x) => Math.abs(x) + 0.001),
    { minLength: 1, maxLength: 40 },
  ),
  'mostly nothing': fc.array(fc.constantFrom(0, 0, 0, 0, 0.01, -0.01), { minLength: 1, maxLength: 60 }),
  huge: fc.array(fc.constantFrom(-0.999, 9, 50, -0.5, 1, 0.01), { minLength: 1, maxLength: 12 }),
  'wiped out': fc.array(percent, { minLength: 0, maxLength: 20 }).map((some) => [...some, -1]),
  'one or two': fc.array(percent, { minLength: 1, maxLength: 2 }),
}

for (const [name, returns] of Object.entries(series)) {
  t.test(`every figure is what its definition says: ${name}`, async (t) => {
    const seen = new Map<string, string>()
    fc.assert(
      fc.property(
        returns,
        fc.constantFrom(365, 252, 12),
        fc.constantFrom(0, 0.0005, -0.0002),
        fc.constantFrom(0, 0.002),
        fc.option(fc.array(percent, { minLength: 80, maxLength: 80 })),
        (r, ppy, rf, mar, other) => {
          const b = other === null ? null : r.map((_, at) => other[at]!)
          for (const one of mismatches({ r, b, ppy, rf, mar })) {
            const figure = one.split(':')[0]!
            if (!seen.has(figure))
              seen.set(
                figure,
                `${one} of [${r.join()}] ${b === null ? '' : `[${b.join()}]`} ppy ${ppy} rf ${rf} mar ${mar}`,
              )
          }
        },
      ),
      { numRuns: 150, seed: 11 },
    )
    t.same([...seen.values()], [])
  })
}

t.test('every figure has a plain definition', async (t) => {
  const input = { r: [0.01, -0.02, 0.03], b: [0.01, 0.02, -0.01], ppy: 365, rf: 0, mar: 0 }
  const plain = new Set(Object.keys(plainFigures(input)))
  t.same(
    metricSet.map(({ name }) => name).filter((name) => !plain.has(name)),
    [],
  )
})
