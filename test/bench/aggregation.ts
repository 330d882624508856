import { deepEqual } from 'node:assert/strict'
import { toText } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { FillAggregate } from '../../src/accounting/analysis/fill-aggregate.ts'
import type { AnalyzedFill } from '../../src/accounting/analysis/fill-analysis.ts'
import { pageOf } from '../../src/accounting/analysis/fill-page.ts'
import type { FillPage } from '../../src/accounting/analysis/fill-page.ts'
import { TradeHistory } from '../../src/accounting/metrics/fills/trade-history.ts'
import { askC, quickest, timed } from './peer.ts'
import type { Bench, Measurement } from './row.ts'
import { fillsOf, instrument, priceScale, sizeScale } from './workload.ts'

/** Fills of one account, exact: first in first out, buckets of an hour, the deepest fall of what was realized. */

/** As the C program writes them: whole units of the last place. */
function wholeUnits(value: Decimal): string {
  const scale = sizeScale + priceScale
  return String(value.digits * 10n ** BigInt(scale - value.scale))
}

function aggregate(page: FillPage): FillAggregate {
  const made = new FillAggregate(instrument)
  made.take(page)
  return made
}

function pageOfFills(fills: readonly AnalyzedFill[]): FillPage {
  const page = pageOf(
    fills.map(({ side, size, price, atMs }) => ({ side, quantity: size, price, atMs: atMs ?? 0 })),
  )
  if (page === null) throw new RangeError('too large for whole numbers')
  return page
}

const goal = 'within 2.5x of C, exact'

export const aggregation: Bench = {
  name: 'fills aggregated, one account',
  run: (quick) => {
    const count = quick ? 20_000 : 1_000_000
    const runs = quick ? 1 : 7
    const fills = fillsOf(count)
    const page = pageOfFills(fills)
    const own = quickest(runs, () => timed(() => aggregate(page)))
    const peer = askC('aggregate', count, runs)
    if (peer !== null) {
      const { hours, realized, deepestFall, volume } = own.made
      const got = {
        hours,
        realized: wholeUnits(realized),
        deepest: wholeUnits(deepestFall),
        volume: wholeUnits(volume),
      }
      const { seconds: _seconds, trades: _trades, ...wanted } = peer
      deepEqual(got, wanted)
    }
    const perSecond = count / own.seconds / 1e6
    const limit = peer === null ? null : { name: 'C -O3', value: count / peer.seconds / 1e6 }
    const whole = quickest(quick ? 1 : 2, () => timed(() => aggregate(pageOfFills(fills))))
    const statistics = quickest(quick ? 1 : 2, () => timed(() => history(fills)))
    deepEqual(toText(statistics.made.grossPnl), toText(own.made.realized))
    const rows: Measurement[] = [
      {
        name: 'fills aggregated: FIFO, hour buckets, drawdown, a page of one account',
        value: perSecond,
        unit: 'M/s',
        limit,
        goal,
        reached: limit === null ? null : perSecond * 2.5 >= limit.value,
      },
      {
        name: 'the same from exact numbers, the page made first',
        value: count / whole.seconds / 1e6,
        unit: 'M/s',
        limit,
        goal: 'to compare with',
        reached: null,
      },
      {
        name: 'fills into the statistics of trading, both cost methods',
        value: count / statistics.seconds / 1e6,
        unit: 'M/s',
        limit,
        goal: 'amortised O(1) a fill',
        reached: null,
      },
    ]
    return rows
  },
}

function history(fills: readonly AnalyzedFill[]): TradeHistory {
  const made = new TradeHistory(instrument)
  for (const fill of fills) made.take(fill)
  return made
}
