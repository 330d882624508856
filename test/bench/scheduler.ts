import { hourMs } from '@perf-agg/sdk'
import { limits } from '../../src/limits.ts'
import type { Bench, Measurement } from './row.ts'
import { population } from './scheduler/population.ts'
import { type Outcome, simulate } from './scheduler/simulation.ts'
import { adaptive, clairvoyant, listening, roundRobin, type Setting } from './scheduler/strategy.ts'

const startMs = Date.UTC(2026, 0, 5)

/** Accounts of binance behind some addresses: what each strategy comes to, over the hours after the first three. */
export function compareStrategies(count: number, addresses: number, hours: number): readonly Outcome[] {
  const { setting, span } = stage(count, addresses, hours)
  return [adaptive, roundRobin, clairvoyant].map((strategy) => simulate(strategy(setting), setting, span))
}

function stage(
  count: number,
  addresses: number,
  hours: number,
): { readonly setting: Setting; readonly span: { readonly measuredMs: number; readonly endMs: number } } {
  const accounts = population(count, startMs, hours, 7)
  const places = new Map(accounts.map(({ key }, index) => [key, `binance@${index % addresses}`]))
  const setting: Setting = {
    accounts,
    placeOf: (key) => places.get(key) ?? '',
    startMs,
    pacing: limits.pacing,
    costs: { ip: 30, sapi: 2 },
  }
  return { setting, span: { measuredMs: startMs + 3 * hourMs, endMs: startMs + hours * hourMs } }
}

/** The same accounts without streams, and with those of the busiest behind each address. */
export function compareStreams(
  count: number,
  addresses: number,
  perAddress: number,
  hours: number,
): readonly [without: Outcome, listened: Outcome] {
  const { setting, span } = stage(count, addresses, hours)
  return [simulate(adaptive(setting), setting, span), simulate(listening(setting, perAddress), setting, span)]
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
    for (const [accounts, addresses, perAddress] of quick
      ? ([[300, 1, 64]] as const)
      : ([
          [300, 1, 64],
          [300, 1, 256],
          [10_000, 4, 256],
        ] as const)) {
      rows.push(...rowsOfStreams(accounts, addresses, perAddress))
    }
    return rows
  },
}

function rowsOfStreams(count: number, addresses: number, perAddress: number): readonly Measurement[] {
  const [without, listened] = compareStreams(count, addresses, perAddress, 6)
  const name = `${count} accounts, ${addresses} addresses, ${perAddress} streams each`
  const row = (what: string, unit: string, of: (outcome: Outcome) => number): Measurement => ({
    name: `${name}: ${what}`,
    value: of(listened),
    unit,
    limit: { name: 'without', value: of(without) },
    goal: '',
    reached: null,
  })
  if (listened.within2H < without.within2H) throw new Error('streams cost an hour')
  return [
    row('age of news read, p50', 's', ({ freshnessS }) => freshnessS.p50),
    row('age of news read, p99', 's', ({ freshnessS }) => freshnessS.p99),
    row('of the weight that may be spent, used', '%', ({ usedShare }) => 100 * usedShare),
    row('weight on news or promises', '%', ({ usefulShare }) => 100 * usefulShare),
  ]
}
