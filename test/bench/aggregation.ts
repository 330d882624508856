import { deepEqual } from 'node:assert/strict'
import { add, compare, hourMs, multiply, subtract, toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { AnalyzedFill } from '../../src/accounting/fill-analysis.ts'
import { TradeHistory } from '../../src/accounting/metrics/fills/trade-history.ts'
import { FifoPosition } from '../../src/accounting/position.ts'
import { ScaledFifo } from '../../src/accounting/scaled-fifo.ts'
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
function wholeUnits(value: Decimal): string {
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
      const got = {
        hours,
        realized: wholeUnits(realized),
        deepest: wholeUnits(deepest),
        volume: wholeUnits(volume),
      }
      const { seconds: _seconds, trades: _trades, ...wanted } = peer
      deepEqual(got, wanted)
    }
    const perSecond = count / own.seconds / 1e6
    const limit = peer === null ? null : { name: 'C -O3', value: count / peer.seconds / 1e6 }
    const columns = columnsOf(fills)
    const core = quickest(runs, () => timed(() => aggregateColumns(columns)))
    deepEqual(core.made, { hours: own.made.hours, realized: wholeUnits(own.made.realized) })
    const corePerSecond = count / core.seconds / 1e6
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
        name: 'the same by whole numbers in columns',
        value: corePerSecond,
        unit: 'M/s',
        limit,
        goal,
        reached: limit === null ? null : corePerSecond * 2.5 >= limit.value,
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

interface Columns {
  /** > 0 bought, < 0 sold. */
  readonly units: Float64Array
  readonly cents: Float64Array
  readonly atMs: Float64Array
}

function columnsOf(fills: readonly AnalyzedFill[]): Columns {
  return {
    units: Float64Array.from(fills, ({ side, size }) => Number(size.digits) * (side === 'buy' ? 1 : -1)),
    cents: Float64Array.from(fills, ({ price }) => Number(price.digits)),
    atMs: Float64Array.from(fills, ({ atMs }) => atMs ?? 0),
  }
}

/** What a position does with small numbers, without its exact ones at either end. */
function aggregateColumns({ units, cents, atMs }: Columns): { hours: number; realized: string } {
  const fifo = new ScaledFifo()
  let side = 1
  let hours = 0
  let hour = -1
  let realized = 0
  let volume = 0
  let peak = 0
  let deepest = 0
  for (let at = 0; at < units.length; at += 1) {
    const own = Math.floor(atMs[at]! / hourMs)
    if (own !== hour) {
      hour = own
      hours += 1
      peak = Math.max(peak, realized)
      deepest = Math.min(deepest, realized - peak)
    }
    const size = Math.abs(units[at]!)
    const price = cents[at]!
    const direction = Math.sign(units[at]!)
    if (!fifo.fits(size, price)) throw new RangeError('too large for whole numbers')
    volume += size * price
    const closing = fifo.open === 0 || direction === side ? 0 : Math.min(size, fifo.open)
    if (closing > 0) realized += side * fifo.take(closing, price)
    if (size > closing) {
      side = direction
      fifo.put(size - closing, price)
    }
  }
  if (volume < 0 || deepest > 0) throw new RangeError('volume and fall have their signs')
  return { hours, realized: String(realized) }
}

function history(fills: readonly AnalyzedFill[]): TradeHistory {
  const made = new TradeHistory(instrument)
  for (const fill of fills) made.take(fill)
  return made
}
