import t from 'tap'
import { toText } from '@perf-agg/sdk'
import type { Correction, Hour } from '../../src/accounting/hour/hour.ts'
import type { CashFlow, Observation } from '../../src/accounting/observation.ts'
import { hour, minute, start } from './desk.ts'
import { FuturesDesk, btcInverse, btcLinear } from './futures-desk.ts'
import { type Marks, Watch, turning } from './watch.ts'

/** Ways to look better than one was, with contracts: the same rules, the same answers. */

const day = 24 * hour
const at = (minutes: number): number => start + minutes * minute
const isNear = (got: number | null | undefined, want: number): boolean =>
  typeof got === 'number' && Math.abs(got - want) < 1e-9
const returns = (hours: readonly Hour[]): (number | null)[] => hours.map(({ returnPct }) => returnPct)

/** Value that comes to the futures wallet from outside, or goes there. */
function flow(watch: Watch, atMs: number, kind: CashFlow['flow'], asset: string, amount: string): void {
  watch.flows.push({ id: `x${atMs}`, flow: kind, asset, amount, atMs, atEstimated: false })
  watch.at(atMs, (desk) => desk.pay(asset, amount))
}

t.test('leverage is no capital: a tenth of margin, ten times the move', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '5000' }), turning(30, '50000', '47500'))
  watch.fill(at(10), btcLinear, 'buy', '1000', '50000')
  const [first] = watch.run(1)
  t.same([first!.returnPct, toText(first!.equityUsd!)], [-50, '2500'])
  t.end()
})

t.test('transferred out to one dollar and doubled a hundred times levered: nothing is doubled', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '10000' }), turning(90, '50000', '50500'))
  flow(watch, at(65), 'transfer', 'USDT', '-9999')
  watch.fill(at(70), btcLinear, 'buy', '2', '50000')
  const hours = watch.run(3)
  t.same(returns(hours), [0, 0, 0])
  t.equal(toText(hours[1]!.equityUsd!), '2')
  t.equal(hours[1]!.marks.belowFloor, true)
  t.end()
})

t.test('liquidated below zero, made good by the exchange, paid in again: gone stays gone', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '5000' }), turning(30, '50000', '44000'))
  watch.fill(at(10), btcLinear, 'buy', '1000', '50000')
  watch.fill(at(61), btcLinear, 'sell', '1000', '44000', { execution: 'liquidation', fee: '22' })
  // The insurance takes over what is owed: given, not earned.
  flow(watch, at(62), 'reward', 'USDT', '1022')
  flow(watch, at(130), 'transfer', 'USDT', '2000')
  watch.fill(at(140), btcLinear, 'buy', '10', '44000', { fee: '20' })
  const hours = watch.run(3)
  t.same(
    hours.map(({ returnPct, equityUsd, trades }) => [returnPct, toText(equityUsd!), trades]),
    [
      [-100, '-1000', 1],
      [0, '0', 1],
      [-1, '1980', 1],
    ],
  )
  const { values, reasons } = watch.account.view(0).portfolio
  t.same([values['twr_pct'], reasons['twr_pct']], [null, 'wiped_out'])
  t.ok(isNear(values['twr_since_wipe_out_pct'], -1))
  t.end()
})

t.test('a bonus in the futures wallet is given, its trade is earned', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '100' }), turning(30, '50000', '51000'))
  flow(watch, at(5), 'reward', 'USDT', '500')
  watch.fill(at(10), btcLinear, 'buy', '6', '50000')
  const [first] = watch.run(1)
  t.ok(isNear(first!.returnPct, 1))
  t.same([toText(first!.flows.netUsd), toText(first!.equityUsd!)], ['500', '606'])
  t.end()
})

t.test('one BTC paid in and sold by contract: hedged, no gain whatever its price does', (t) => {
  const marks = turning(40, '50000', '80000')
  const watch = new Watch(new FuturesDesk({ USDT: '50000' }), marks, marks)
  flow(watch, at(10), 'deposit', 'BTC', '1')
  watch.fill(at(20), btcInverse, 'sell', '500', '50000', { fee: '0.0005' })
  const [first] = watch.run(1)
  // A fee of 25 dollars was paid in coin, and it is coin that is short now.
  t.ok(isNear(first!.returnPct, (-40 / 100_000) * 100), `${first!.returnPct}`)
  t.equal(toText(first!.flows.netUsd), '50000')
  t.end()
})

/** Down 40 % on the second day, back at the old price on the tenth. */
const valley: Marks = (_symbol, atMs) =>
  atMs < start + day + 30 * minute || atMs >= start + 10 * day ? '50000' : '40000'

t.test('the key is revoked with a losing position and given back at break-even: the fall stays', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '25000' }), valley)
  watch.fill(at(10), btcLinear, 'buy', '1000', '50000')
  const hours: Hour[] = []
  for (let now = start + 10_000; now < start + day + 3 * hour; now += 20 * minute) {
    watch.account.take(watch.observation(now))
    hours.push(...watch.close(now).hours)
  }
  const backMs = start + 11 * day + minute
  const lost = { fromMs: start + day + 2 * hour, toMs: backMs - day }
  watch.account.take({ ...watch.observation(backMs), lost })
  let before = 0
  while (before !== watch.account.nextHourMs) {
    before = watch.account.nextHourMs
    hours.push(...watch.close(backMs).hours)
  }
  const carrying = hours.filter(({ marks }) => marks.approximate)
  t.equal(carrying.length, 1)
  // 10,000 of 25,000 lost and won again
  t.ok(isNear(carrying[0]!.returnPct, (10_000 / 15_000) * 100))
  const { values, reasons } = watch.account.view(0).portfolio
  t.ok(isNear(values['twr_pct'], 0))
  t.ok(isNear(values['max_drawdown_hourly_pct'], -40))
  t.equal(reasons['max_drawdown_hourly_pct'], 'lower_bound')
  t.end()
})

/** Polls and closes; what `isHidden` names is in no list until `shownFromMs`. */
function late(watch: Watch, hours: number, isHidden: (id: string) => boolean, shownFromMs: number) {
  const stated = new Map<number, Hour>()
  const first: number[] = []
  const corrections: Correction[] = []
  for (let now = start + 10_000; now <= start + hours * hour + 20 * minute; now += 10 * minute) {
    const seen = watch.observation(now)
    const shown = <Entry extends { id: string }>(entries: readonly Entry[]): readonly Entry[] =>
      entries.filter(({ id }) => now >= shownFromMs || !isHidden(id))
    const observation: Observation = { ...seen, fills: shown(seen.fills), incomes: shown(seen.incomes) }
    watch.account.take(observation)
    const closed = watch.close(now)
    corrections.push(...closed.corrections)
    first.push(...closed.hours.map(({ returnPct }) => returnPct!))
    for (const one of [...closed.hours, ...closed.corrections.flatMap((each) => each.hours)]) {
      stated.set(one.startMs, one)
    }
  }
  return { first, hours: [...stated.values()].toSorted((a, b) => a.startMs - b.startMs), corrections }
}
const facts = ({ returnPct, trades, volumeBase, feesUsd, equityUsd, marks }: Hour) => [
  returnPct,
  trades,
  toText(volumeBase),
  toText(feesUsd),
  toText(equityUsd!),
  marks,
]

t.test('funding that shows late replaces its hour, and the one in which something was missing', (t) => {
  const told = (shownFromMs: number) => {
    const watch = new Watch(new FuturesDesk({ USDT: '10000' }), () => '50000')
    watch.fill(at(10), btcLinear, 'buy', '100', '50000', { fee: '2' })
    watch.at(at(60), (desk) => desk.income(at(60) + 7, 'funding', 'USDT', '-5'))
    return { ...late(watch, 4, (id) => id.startsWith('i'), shownFromMs), view: watch.account.view(0) }
  }
  const timely = told(0)
  const tardy = told(at(200))
  t.same(timely.corrections, [])
  t.same(tardy.hours.map(facts), timely.hours.map(facts))
  t.same(
    tardy.corrections.map(({ cause, records, hours }) => [
      cause,
      records,
      hours.map(({ startMs }) => startMs),
    ]),
    [['explained', ['i2'], [start, at(60)]]],
  )
  t.same(tardy.view.incomeUsd, timely.view.incomeUsd)
  t.equal(toText(tardy.view.incomeUsd['funding']!), '-5')
  t.same(tardy.view.totals, timely.view.totals)
  t.same(tardy.view.trading, timely.view.trading)
  t.end()
})

t.test(
  'a closing fill that shows late replaces both hours that it moves, of a linear and of an inverse one',
  (t) => {
    for (const terms of [btcLinear, btcInverse]) {
      const told = (shownFromMs: number) => {
        const watch = new Watch(
          new FuturesDesk({ USDT: '10000', BTC: '1' }),
          turning(65, '50000', '62500'),
          turning(65, '50000', '62500'),
        )
        watch.fill(at(10), terms, 'sell', '100', '50000')
        // Just after the turn of the hour, while the balance read before it was in the hour before.
        watch.fill(at(60) + 5_000, terms, 'buy', '60', '50000', { fee: '0.001' })
        return { ...late(watch, 4, (id) => id === 'f2', shownFromMs), view: watch.account.view(0) }
      }
      const timely = told(0)
      const tardy = told(at(190))
      t.same(tardy.hours.map(facts), timely.hours.map(facts), terms.market)
      const [correction] = tardy.corrections
      t.same([tardy.corrections.length, correction!.records], [1, ['f2']])
      t.same(
        correction!.hours.map(({ startMs }) => startMs),
        [start, at(60)],
      )
      for (const name of ['totals', 'trading', 'incomeUsd'] as const) {
        t.same(tardy.view[name], timely.view[name], `${terms.market} ${name}`)
      }
      t.same(
        tardy.view.symbols.map(({ realizedPnlUsd, unrealizedPnlUsd }) => [
          toText(realizedPnlUsd),
          toText(unrealizedPnlUsd),
        ]),
        timely.view.symbols.map(({ realizedPnlUsd, unrealizedPnlUsd }) => [
          toText(realizedPnlUsd),
          toText(unrealizedPnlUsd),
        ]),
      )
    }
    t.end()
  },
)

t.test('what a contract owes in a coin without a price: nothing is stated', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '5000', NEW: '-3' }), () => '50000')
  t.same(watch.run(2), [])
  t.end()
})

t.test('paid in a coin that has no price yet: it counts 0, and comes in with its first as a flow', (t) => {
  const watch = new Watch(
    new FuturesDesk({ USDT: '5000' }),
    () => '50000',
    (symbol, atMs) => (symbol === 'BNB/USDT' && atMs < at(90) ? null : '300'),
  )
  watch.at(at(20), (desk) => desk.income(at(20), 'rebate', 'BNB', '2'))
  const hours = watch.run(3)
  t.same(
    hours.map(({ returnPct, equityUsd, flows, marks }) => [
      returnPct,
      toText(equityUsd!),
      toText(flows.netUsd),
      marks.unpriced ?? [],
    ]),
    [
      [0, '5000', '0', ['BNB']],
      [0, '5000', '0', []],
      [0, '5600', '600', []],
    ],
  )
  t.equal(hours[0]!.marks.unpricedFees, true)
  t.end()
})
