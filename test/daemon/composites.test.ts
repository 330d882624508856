import { join } from 'node:path'
import t, { type Test } from 'tap'
import { toText } from '@perf-agg/sdk'
import { Book, MarketLists } from '../../src/daemon/book.ts'
import { SteppedClock } from '../../src/daemon/clock.ts'
import { Composites } from '../../src/daemon/composites.ts'
import { Lanes } from '../../src/daemon/lane.ts'
import { createLog } from '../../src/http/log.ts'
import { openStore } from '../../src/store/open.ts'
import { Desk, hour, minute, start } from '../accounting/desk.ts'
import { account as accountOf, folder, testVault } from '../store/fixture.ts'
import { addressFor } from '../../src/daemon/schedule/egress-address.ts'

const key = new Uint8Array(32).fill(1)
const strangers = new Uint8Array(32).fill(2)

const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3']

/** Accounts as they stand on the disk, and what the daemon makes of them. */
async function family(t: Test, desks: Readonly<Record<string, Desk>>) {
  const clock = new SteppedClock(start)
  const store = await openStore(join(folder(t), 'state'), { vault: testVault(), clock })
  t.teardown(() => store.close())
  const [any] = Object.values(desks)
  const warned: string[] = []
  /** From which of our addresses prices were asked. */
  const asked = new Set<number | undefined>()
  const open = () =>
    new Composites({
      clock,
      store,
      book: new Book(store, { settlingMs: 30_000, countMax: 8 }),
      markets: new MarketLists(24 * hour),
      collectors: {
        markets: async () => any!.markets,
        candles: async ({ source, wants }) => {
          asked.add(source.address)
          return wants.map(({ symbol, fromMs, toMs }) => any!.candles(symbol, fromMs, toMs))
        },
      },
      addresses,
      lanes: new Lanes(),
      log: createLog({
        level: 'warn',
        readable: false,
        nowMs: () => start,
        write: (line) => warned.push((JSON.parse(line) as { event: string }).event),
      }),
    })
  await store.commit((tx) => {
    for (const name of Object.keys(desks)) {
      tx.insertAccount(accountOf(name, { clientKey: key, firstRegisteredAtMs: start }))
    }
  })
  const composites = open()
  return {
    store,
    warned,
    asked,
    open,
    composites,
    /** Every account but those that are away, polled and stored. */
    run: async (hours: number, away: readonly string[] = []): Promise<void> => {
      for (
        let at = Math.max(clock.nowMs() + 10 * minute, start + 10_000);
        at <= start + hours * hour + 10 * minute;
        at += 10 * minute
      ) {
        clock.moveTo(at)
        for (const [name, desk] of Object.entries(desks)) {
          if (away.includes(name)) continue
          desk.poll(at)
          const before = desk.account.nextHourMs
          const { corrections } = desk.close(at)
          await store.commit((tx) => tx.saveProgress(name, { state: desk.account.snapshot() }))
          if (desk.account.nextHourMs === before && corrections.length === 0) continue
          await composites.note(name, {
            nextHourMs: desk.account.nextHourMs,
            corrected: corrections.length > 0,
          })
        }
      }
    },
    figures: async (name: string, of = composites) => of.figures((await store.account(name))!),
  }
}

const flat = (): string => '100'

t.test('made from what is on disk, kept there, and the same after a restart', async (t) => {
  const a = new Desk({ opening: { USDT: '1000' }, prices: flat })
  const b = new Desk({ opening: { USDT: '3000' }, prices: flat })
  b.convert(start + 90 * minute, 'convert', [['USDT', '-40']])
  a.fill(start + 100 * minute, 'buy', 'BTC/USDT', '1', '100', {
    shownFromMs: start + 190 * minute,
    fees: [['USDT', '10']],
  })
  const { run, figures, open, warned } = await family(t, { a, b })
  t.equal((await figures('a'))!.whole.portfolio.reasons['twr_pct'], 'no_hours_yet')
  await run(4)
  const made = (await figures('b'))!
  t.same(
    made.whole.hours.map(({ returnPct, equityUsd }) => [returnPct, toText(equityUsd!)]),
    [
      [0, '4000'],
      [(-50 / 4000) * 100, '3950'],
      [0, '3950'],
      [0, '3950'],
    ],
    'what showed late is in',
  )
  t.same(
    made.members.map(({ row, weightPct }) => [row.pseudonym, weightPct!.toFixed(6)]),
    [
      ['a', ((990 / 3950) * 100).toFixed(6)],
      ['b', ((2960 / 3950) * 100).toFixed(6)],
    ],
  )
  const anew = (await figures('a', open()))!
  t.same(anew.whole, made.whole)
  t.same(warned, [])
})

t.test('the prices of each come from where it is asked for itself', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const desks = Object.fromEntries(
    names.map((name) => [name, new Desk({ opening: { USDT: '1000', BTC: '1' }, prices: flat })]),
  )
  desks['a']!.flow(start + 90 * minute, 'deposit', 'USDT', '500')
  const { run, asked, warned } = await family(t, desks)
  await run(4)
  const own = new Set(names.map((name) => addressFor(name, addresses)))
  t.ok(own.size > 1)
  t.strictSame([...asked].toSorted(), [...own].toSorted())
  t.same(warned, [])
})

t.test('one that says nothing any more is a gap of all after a day, and none leaves', async (t) => {
  const a = new Desk({ opening: { USDT: '1000' }, prices: flat })
  const b = new Desk({ opening: { USDT: '3000' }, prices: flat })
  const { run, figures } = await family(t, { a, b })
  await run(2)
  await run(28, ['b'])
  const { whole } = (await figures('a'))!
  t.equal(whole.hours.length, 2)
  t.same(whole.coverage.gaps[0]?.reason, 'member-unseen')
  t.equal(whole.coverage.gaps[0]?.fromMs, start + 2 * hour)
})

t.test('an account that another key has taken over shows nothing to the first one', async (t) => {
  const desks = Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [name, new Desk({ opening: { USDT: '1000' }, prices: flat })]),
  )
  const { run, figures, store, warned } = await family(t, desks)
  await run(2)
  t.equal((await figures('a'))!.members.length, 3)
  await store.commit((tx) => tx.updateAccount('c', { clientKey: strangers, expectedClientKey: key }))
  t.equal(await figures('a'), null)
  t.equal(await figures('c'), null)
  await run(3)
  t.equal(await figures('a'), null, 'it stands')
  t.ok(warned.includes('composite-stands'))
})
