import t from 'tap'
import type { SummaryView } from '@perf-agg/sdk'
import { formatView } from '../../src/cli/terminal/view-page.ts'

/** What a person at a terminal is told of figures. */

function viewOf(portfolio: Readonly<Record<string, number | null>>): SummaryView {
  return {
    schema: 'perf-agg/summary/v1',
    account: 'A'.repeat(43),
    exchange: 'binance',
    environment: 'live',
    as_of: '2026-01-08T00:00:00.000Z',
    expires_at: '2026-02-08T00:00:00.000Z',
    request_nonce: null,
    status: 'active',
    coverage: { hours_expected: 72, observed: 72, recovered: 0, backfilled: 0, gaps: [] },
    portfolio,
    reasons: { calmar: 'under_one_year' },
    totals: { trades: 3, volume_base: 1, volume_quote: 100, fees_usd: 0.1 },
    income_usd: {},
    benchmark: null,
    hourly_buckets: [],
    key_id: 'key',
    signature: 'c2ln',
  }
}

const figures = { twr_pct: 1.5, volatility_annualized_pct: 21, sharpe: 7.25, calmar: null }

t.test('a Sharpe ratio of three days is given, marked, and said to mean nothing', async (t) => {
  const page = formatView(viewOf({ ...figures, days: 3 }), 'summary', 0)
  t.match(page, /^sharpe \* +7\.25$/m)
  t.match(page, /^volatility annualized \* +21\.00 %$/m)
  t.match(page, /^TWR +1\.50 %$/m, 'a return is what it is')
  t.match(page, /^calmar +– +under one year$/m, 'what is not given is not marked')
  t.match(page, '* 3 days: too few to mean anything, worth reading from 90 days on; at this length a Sharpe')
  t.match(page, 'is off by 11.03 either way as a rule')
})

t.test('with more days fewer figures are marked, and then none', async (t) => {
  const month = formatView(viewOf({ ...figures, days: 31 }), 'summary', 0)
  t.match(month, /^sharpe \* /m)
  t.match(month, /^volatility annualized +21/m)
  const quarter = formatView(viewOf({ ...figures, days: 90 }), 'summary', 0)
  t.notMatch(quarter, '*')
})
