import { hourMs, zero } from '@perf-agg/sdk'
import t from 'tap'
import type { Hour } from '../../src/accounting/hour/hour.ts'
import { contentsOf } from '../../src/daemon/chain/chain.ts'

const noon = Date.UTC(2026, 0, 1, 12)

function hour(index: number, origin: Hour['origin'] = 'observed'): Hour {
  return {
    startMs: noon + index * hourMs,
    origin,
    returnPct: 0,
    returnReason: null,
    trades: 0,
    volumeBase: zero,
    volumeQuoteUsd: zero,
    feesUsd: zero,
    equityUsd: zero,
    flows: { count: 0, netUsd: zero },
    marks: {},
  }
}

function gap(index: number): { fromMs: number; toMs: number; reason: string } {
  return { fromMs: noon + index * hourMs, toMs: noon + (index + 1) * hourMs, reason: 'exchange-unreachable' }
}

t.test(
  'corrections come first, then hours and gaps by time; gaps that touch are one statement',
  async (t) => {
    const correction = { hours: [hour(-3)], cause: 'late-fill', records: ['7'] } as const
    const closed = {
      hours: [hour(0), hour(1), hour(4, 'recovered'), hour(5)],
      gaps: [gap(2), gap(3)],
      corrections: [correction],
    }
    t.same(contentsOf(closed), [
      { type: 'correction', correction },
      { type: 'period', hours: [hour(0), hour(1)] },
      { type: 'gap', gaps: [gap(2), gap(3)] },
      { type: 'period', hours: [hour(4, 'recovered')] },
      { type: 'period', hours: [hour(5)] },
    ])
  },
)

t.test('nothing closed is nothing to say', async (t) => {
  t.same(contentsOf({ hours: [], gaps: [], corrections: [] }), [])
})
