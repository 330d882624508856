import fc from 'fast-check'
import t from 'tap'
import { hourMs, zero } from '@perf-agg/sdk'
import type { FigureHour } from '../../src/accounting/record/portfolio.ts'
import { FigureMemo, portfolioOf } from '../../src/accounting/record/portfolio.ts'

const startMs = Date.UTC(2026, 0, 5)

function hourAt(index: number, returnPct: number): FigureHour {
  return {
    startMs: startMs + index * hourMs,
    origin: 'observed',
    returnPct,
    equityUsd: null,
    flows: { count: 0, netUsd: zero },
    marks: {},
  }
}

const pct = fc.double({ min: -20, max: 20, noNaN: true })

t.test('figures that were kept are the figures made anew, hour by hour, corrected or not', async () => {
  fc.assert(
    fc.property(
      fc.array(pct, { minLength: 30, maxLength: 120 }),
      fc.array(fc.tuple(fc.nat(119), pct), { maxLength: 4 }),
      (returns, corrections) => {
        const memo = new FigureMemo()
        const hours: FigureHour[] = []
        for (const [index, returnPct] of returns.entries()) {
          hours.push(hourAt(index, returnPct))
          // The last two days may still be corrected.
          const from = Math.max(0, index - 48)
          for (const [at, to] of corrections) if (at >= from && at === index - 5) hours[at] = hourAt(at, to)
          const kept = portfolioOf(hours, [], memo, startMs + from * hourMs)
          const anew = portfolioOf(hours, [], new FigureMemo(), startMs + from * hourMs)
          if (JSON.stringify(kept) !== JSON.stringify(anew))
            throw new Error(`hour ${index}: ${JSON.stringify(kept)} is not ${JSON.stringify(anew)}`)
        }
      },
    ),
    { numRuns: 25 },
  )
})

t.test('the daily set is made at a day’s close, and again where a correction moved a day', async (t) => {
  const memo = new FigureMemo()
  const first = memo.daily([0.01, -0.02])
  t.equal(memo.daily([0.01, -0.02]), first, 'within the day it is kept')
  const second = memo.daily([0.01, -0.02, 0.03])
  t.not(second, first)
  t.not(memo.daily([0.01, -0.025, 0.03]), second)
  t.not(memo.daily([0]), memo.daily([-0]), 'to the bit')
})
