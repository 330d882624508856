import { hourMs } from '@perf-agg/sdk'
import { limits } from '../../src/limits.ts'
import type { Bench, Measurement } from './row.ts'
import { population } from './scheduler/population.ts'
import { type Outcome, simulate } from './scheduler/simulation.ts'
import { adaptive, clairvoyant, roundRobin, type Setting } from './scheduler/strategy.ts'

const startMs = Date.UTC(2026, 0, 5)

/** Accounts of binance behind some addresses: what each strategy comes to, over the hours after the first three. */
export function compareStrategies(count: number, addresses: number, hours: number): readonly Outcome[] {
  const accounts = population(count, startMs, hours, 7)
  const places = new Map(accounts.map(({ key }, index) => [key, `binance@${index % addresses}`]))
  const setting: Setting = {
    accounts,
    placeOf: (key) => places.get(key) ?? '',
    startMs,
    pacing: limits.pacing,
    costs: { ip: 30, sapi: 2 },
  }
  const span = { measuredMs: startMs + 3 * hourMs, endMs: startMs + hours * hourMs }
  return [adaptive, roundRobin, clairvoyant].map((strategy) => simulate(strategy(setting), setting, span))
}

export const scheduler: Bench = {
  name: 'scheduler',
  run(quick) {
    const count = quick ? 600 : 10_000
    const rows: Measurement[] = []
    for (const addresses of quick ? [1] : [2, 3, 4]) {
      const [own, inTurn, bound] = compareStrategies(count, addresses, quick ? 6 : 8)
      if (own === undefined || inTurn === undefined || bound === undefined) throw new Error('no outcome')
      if (own.within2H < 1) throw new Error('an hour was not read within two hours of its end')
      const name = `${count} accounts, ${addresses} addresses`
      rows.push(
        {
          name: `${name}: weight on news or promises`,
          value: 100 * own.usefulShare,
          unit: '%',
          limit: { name: 'in turn', value: 100 * inTurn.usefulShare },
          goal: '≥ 90 %',
          reached: own.usefulShare >= 0.9,
        },
        ...(['p50', 'p90', 'p99'] as const).map((percentile) => ({
          name: `${name}: age of news read, ${percentile} (told of each event: ${bound.freshnessS[percentile].toFixed(0)} s)`,
          value: own.freshnessS[percentile],
          unit: 's',
          limit: { name: 'in turn', value: inTurn.freshnessS[percentile] },
          goal: '',
          reached: null,
        })),
        {
          name: `${name}: hours read within 2 h of their end`,
          value: 100 * own.within2H,
          unit: '%',
          limit: { name: 'in turn', value: 100 * inTurn.within2H },
          goal: '100 %',
          reached: own.within2H === 1,
        },
        {
          name: `${name}: of the weight that may be spent, used`,
          value: 100 * own.usedShare,
          unit: '%',
          limit: { name: 'in turn', value: 100 * inTurn.usedShare },
          goal: '',
          reached: null,
        },
      )
    }
    return rows
  },
}
