import { deepEqual } from 'node:assert/strict'
import { add, compare, hourMs, multiply, subtract, toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { AnalyzedFill } from '../../src/accounting/fill-analysis.ts'
import { TradeHistory } from '../../src/accounting/metrics/fills/trade-history.ts'
import { FifoPosition } from '../../src/accounting/position.ts'
import { askC, quickest, timed } from './peer.ts'
import type { Bench, Measurement } from './row.ts'
import { fillsOf, instrument, priceScale, sizeScale } from './workload.ts'

/** Fills of one account, exact: first in first out, buckets of an hour, the deepest fall of what was realized. */

interface Aggregate {
  readonly hours: number
  readonly realized: Decimal
  readonly deepest: Decimal
  readonly volume: Decimal
}

function aggregate(fills: readonly AnalyzedFill[]): Aggregate {
  const position = new FifoPosition(instrument)
  let hours = 0
  let hour = -1
  let volume = zero
  let peak = zero
  let deepest = zero
  for (const { side, price, size, atMs } of fills) {
    const own = Math.floor((atMs ?? 0) / hourMs)
    if (own !== hour) {
      hour = own
      hours += 1
      if (compare(position.realized, peak) > 0) peak = position.realized
      const fall = subtract(position.realized, peak)
      if (compare(fall, deepest) < 0) deepest = fall
    }
    volume = add(volume, multiply(size, price))
    position.apply({ side, quantity: size, price })
  }
  return { hours, realized: position.realized, deepest, volume }
}

/** As the C program writes them: whole units of the last place. */
function units(value: Decimal): string {
  const scale = sizeScale + priceScale
  return String(value.digits * 10n ** BigInt(scale - value.scale))
}

const goal = 'within 2.5x of C, exact'

export const aggregation: Bench = {
  name: 'fills aggregated, one account',
  run: (quick) => {
    const count = quick ? 20_000 : 1_000_000
    const runs = quick ? 1 : 3
    const fills = fillsOf(count)
    const own = quickest(runs, () => timed(() => aggregate(fills)))
    const peer = askC('aggregate', count, runs)
    if (peer !== null) {
      const { hours, realized, deepest, volume } = own.made
      const got = { hours, realized: units(realized), deepest: units(deepest), volume: units(volume) }
      const { seconds: _seconds, trades: _trades, ...wanted } = peer
      deepEqual(got, wanted)
    }
    const perSecond = count / own.seconds / 1e6
    const limit = peer === null ? null : { name: 'C -O3', value: count / peer.seconds / 1e6 }
    const statistics = quickest(runs, () => timed(() => history(fills)))
    deepEqual(toText(statistics.made.grossPnl), toText(own.made.realized))
    const rows: Measurement[] = [
      {
        name: 'fills aggregated: FIFO, hour buckets, drawdown',
        value: perSecond,
        unit: 'M/s',
        limit,
        goal,
        reached: limit === null ? null : perSecond * 2.5 >= limit.value,
      },
      {
        name: 'fills into the statistics of trading, both cost methods',
        value: count / statistics.seconds / 1e6,
        unit: 'M/s',
        limit,
        goal: 'amortised O(1) a fill',
        reached: true,
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
