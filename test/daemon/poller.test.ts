import t from 'tap'
import { add, parseDecimal, verifyLink } from '@perf-agg/sdk'
import type { Statement } from '@perf-agg/sdk'
import type { FailureCode } from '../../src/collector/answer.ts'
import { SteppedClock } from '../../src/daemon/clock.ts'
import { hour, minute, start } from '../accounting/desk.ts'
import { FuturesDesk, btcInverse, btcLinear } from '../accounting/futures-desk.ts'
import { type Polled, startPolled, TwoWallets } from './polled.ts'

const flat = (symbol: string): string => (symbol.startsWith('BNB') ? '300' : '50000')

async function run(polled: Polled, hours: number, everyMs = 20 * minute): Promise<Statement[]> {
  for (let at = polled.clock.nowMs() + everyMs; at <= start + hours * hour + everyMs; at += everyMs) {
    await polled.poll(at)
  }
  return polled.statements()
}

const periods = (statements: readonly Statement[]) =>
  statements.filter(({ metadata }) => metadata.type === 'period')

const buckets = (statements: readonly Statement[]) =>
  periods(statements).flatMap(({ hourly_buckets, metadata }) =>
    hourly_buckets.map((bucket, index) => ({
      returnPct: bucket.return_pct,
      trades: bucket.trades,
      base: metadata.exact.hourly_buckets[index]!.volume_base,
      quote: metadata.exact.hourly_buckets[index]!.volume_quote,
      fees: metadata.exact.hourly_buckets[index]!.fees_usd,
    })),
  )

async function isChain(t: Tap.Test, statements: readonly Statement[]): Promise<void> {
  for (const [index, statement] of statements.entries()) {
    const steps = await verifyLink(index === 0 ? null : statements[index - 1]!, statement)
    t.same(
      steps.filter(({ status }) => status !== 'affirming'),
      [],
    )
  }
}
declare namespace Tap {
  type Test = { same: (got: unknown, want: unknown) => unknown }
}

t.test('futures from the poll to the statement: fills, funding, a fee in BNB, the mark', async (t) => {
  const clock = new SteppedClock(start)
  const desk = new FuturesDesk({ USDT: '10000', BTC: '1', BNB: '1' })
  const marks = (_symbol: string, at: number): string => (at < start + 90 * minute ? '50000' : '62500')
  const exchange = new TwoWallets(clock, desk, flat, marks)
  const act = (at: number, done: () => void): TwoWallets => exchange.at(start + at * minute, done)
  const at = (minutes: number): number => start + minutes * minute
  act(10, () => desk.fill(at(10), btcLinear, 'buy', '500', '50000', { fee: '0.01', feeAsset: 'BNB' }))
  act(30, () => desk.fill(at(30), btcInverse, 'sell', '100', '50000'))
  act(100, () => desk.income(at(100), 'funding', 'USDT', '-2.5'))
  act(130, () => desk.fill(at(130), btcLinear, 'sell', '500', '62500', { fee: '10.2' }))
  act(131, () => desk.income(at(131), 'liquidation-fee', 'USDT', '-1'))
  act(140, () => desk.fill(at(140), btcInverse, 'buy', '100', '62500', { execution: 'settlement' }))
  const polled = await startPolled(t, clock, exchange, { scope: ['linear', 'inverse'] })
  const statements = await run(polled, 3)
  await isChain(t, statements)
  t.same(buckets(statements), [
    // 60,300 dollars with a bitcoin and a BNB: 3 of them are the fee
    { returnPct: (-3 / 60300) * 100, trades: 2, base: '0.7', quote: '35000', fees: '3' },
    // 6,250 on the long, less funding; the short of 0.2 lost 10,000 × (1/50,000 − 1/62,500) BTC at 50,000
    { returnPct: ((6247.5 - 2000) / 60297) * 100, trades: 0, base: '0', quote: '0', fees: '0' },
    { returnPct: (-11.2 / 64544.5) * 100, trades: 1, base: '0.5', quote: '31250', fees: '11.2' },
  ])
  t.same(
    statements.flatMap(({ metadata }) => metadata.exact.hourly_buckets.map(({ income }) => income ?? null)),
    [null, [{ kind: 'funding', usd: '-2.5' }], null],
  )
  for (const { metadata } of statements) {
    t.same(metadata.scope, ['linear', 'inverse'])
    t.same(metadata.source.market_types, ['linear', 'inverse'])
    t.same(metadata.coverage.unreconciled, [])
  }
  const { incomeUsd, symbols } = (await viewOf(polled))!
  t.same(
    Object.entries(incomeUsd).map(([kind, { digits, scale }]) => [kind, Number(digits) / 10 ** scale]),
    [
      ['funding', -2.5],
      ['liquidation-fee', -1],
    ],
  )
  t.same(
    symbols.map(({ symbol, trades }) => [symbol, trades]),
    [
      ['BTC/USD:BTC', 1],
      ['BTC/USDT:USDT', 2],
    ],
  )
})

async function viewOf(polled: Polled) {
  const row = await polled.store.account('A'.repeat(43))
  return row === null ? null : (await polled.book.stored(row)).account.view(0)
}

t.test('what the exchange did not tell is stated, and not what it was about', async (t) => {
  const clock = new SteppedClock(start)
  const exchange = new TwoWallets(clock, new FuturesDesk({ USDT: '10000' }), flat, flat)
  exchange.unavailable = ['transfers', 'instrument.DOGE-USDC-SWAP', 'instrument.XRP', 'Execution.New', 'a b']
  const polled = await startPolled(t, clock, exchange, { scope: ['linear'] })
  const before = periods(await run(polled, 2))
  t.ok(before.length > 0)
  for (const { metadata } of before) {
    t.same(metadata.source.unavailable, ['execution', 'instrument', 'transfers'])
  }
  exchange.unavailable = []
  const last = periods(await run(polled, 4)).at(-1)
  t.equal(last === undefined || 'unavailable' in last.metadata.source, false)
})

t.test('own fills of the hour before the first are asked for: they must not make its prices', async (t) => {
  const opened = start + 20 * minute
  const clock = new SteppedClock(opened)
  const exchange = new TwoWallets(clock, new FuturesDesk({}), flat, flat)
  exchange.pay('USDT', '10000')
  const polled = await startPolled(t, clock, exchange, { scope: ['spot'] })
  await polled.poll(opened)
  t.equal(exchange.asked[0]?.sinceMs, start)
})

t.test('a wallet that joins brings what it holds as a flow, and makes no gain of it', async (t) => {
  const clock = new SteppedClock(start)
  const desk = new FuturesDesk({ USDT: '4000' })
  const marks = (_symbol: string, at: number): string => (at < start + 150 * minute ? '50000' : '51000')
  const exchange = new TwoWallets(clock, desk, flat, marks)
  exchange.pay('USDT', '10000')
  const at = (minutes: number): number => start + minutes * minute
  // Before anybody watches the futures: a position that already made and lost, and funding.
  desk.fill(at(-100), btcLinear, 'buy', '500', '48000', { fee: '9.6' })
  desk.income(at(-60), 'funding', 'USDT', '-1')
  // While only spot is: told with the first read of both, and none of this account's business.
  exchange.at(at(50), () => desk.fill(at(50), btcLinear, 'buy', '100', '54000', { fee: '2' }))
  exchange.at(at(70), () => desk.income(at(70), 'funding', 'USDT', '-1.4'))
  // External as long as the other wallet is not watched, internal after.
  exchange.at(at(30), () => exchange.transfer(at(30), '500'))
  exchange.at(at(150), () => exchange.transfer(at(150), '-1000'))
  const polled = await startPolled(t, clock, exchange, { scope: ['spot'], ledgersMax: 0 })
  for (let minutes = 20; minutes <= 80; minutes += 20) await polled.poll(at(minutes))
  const pseudonym = 'A'.repeat(43)
  const wallets = ['spot', 'linear', 'inverse']
  const settings = JSON.stringify({ wallets, apiIntervalMs: 60_000, maxRetries: 3, sandbox: false })
  await polled.store.commit((tx) => tx.updateSession('id-a', { settings }))
  // It does not answer at first: nothing joins by half, and the account says that something is wrong.
  exchange.fails = ({ source }) => (source.marketTypes.length > 1 ? 'EXCHANGE_UNREACHABLE' : null)
  await polled.poll(at(100))
  t.equal(polled.health.codeOf(pseudonym), 'EXCHANGE_UNREACHABLE')
  exchange.fails = () => null
  const statements = await run(polled, 4)
  t.equal(polled.health.codeOf(pseudonym), null)
  await isChain(t, statements)
  t.same(
    statements.map(({ metadata }) => [metadata.type, metadata.scope, metadata.flows]),
    [
      ['registered', ['spot'], { count: 0, net_usd: 0 }],
      ['period', ['spot'], { count: 1, net_usd: -500 }],
      ['scope', wallets, { count: 0, net_usd: 0 }],
      ['period', wallets, { count: 0, net_usd: 0 }],
      // 4,000 and 500 and 600 unrealised, less what was paid before
      ['period', wallets, { count: 1, net_usd: 5086 }],
      ['period', wallets, { count: 0, net_usd: 0 }],
    ],
  )
  t.same(
    buckets(statements).map(({ returnPct, trades, fees }) => [returnPct, trades, fees]),
    [
      [0, 0, '0'],
      [0, 0, '0'],
      [(600 / 14586) * 100, 0, '0'],
      [0, 0, '0'],
    ],
  )
  const row = await polled.store.account(pseudonym)
  t.same(row?.scope, wallets)
  const { symbols, incomeUsd } = (await viewOf(polled))!
  t.same([symbols, incomeUsd], [[], {}], 'nothing of before it joined is told')
  const joins = exchange.asked.filter(({ sweep, source }) => !sweep && source.marketTypes.length > 1)
  t.ok(joins[0]!.sinceMs >= at(100), 'of a wallet that joins no history is wanted')
})

t.test('a wallet that joins in the red, in other coins, short: all of it is a flow', async (t) => {
  const clock = new SteppedClock(start)
  const desk = new FuturesDesk({ BTC: '1', USDT: '-200' })
  const marks = (_symbol: string, at: number): string => (at < start + 100 * minute ? '50000' : '60000')
  const exchange = new TwoWallets(clock, desk, marks, marks)
  exchange.pay('USDT', '5000')
  desk.fill(start - hour, btcLinear, 'sell', '1000', '52000')
  desk.fill(start - hour, btcInverse, 'buy', '100', '50000')
  const polled = await startPolled(t, clock, exchange, {
    scope: ['spot'],
    wallets: ['linear', 'inverse'],
  })
  const statements = await run(polled, 2)
  await isChain(t, statements)
  const [first] = periods(statements)
  // a bitcoin, −200, 2,000 on the short; the long of 10,000 dollars stands where it was opened
  t.same(first!.metadata.flows, { count: 1, net_usd: 51800 })
  const equity = add(parseDecimal('5000'), parseDecimal('51800'))
  const inverse = 10000 * (1 / 50000 - 1 / 60000) * 60000
  const made = 10000 - 10000 + inverse
  const got = buckets(statements)
  t.equal(got[0]!.returnPct, 0)
  t.ok(Math.abs(got[1]!.returnPct! - (made / Number(equity.digits)) * 100) < 1e-9, `${got[1]!.returnPct}`)
  // the next trade goes on from there: half of the short is bought back
  exchange.at(start + 150 * minute, () =>
    desk.fill(start + 150 * minute, btcLinear, 'buy', '500', '60000', { fee: '12' }),
  )
  const more = await run(polled, 3)
  const last = buckets(more).at(-1)!
  t.same([last.trades, last.fees, last.base], [1, '12', '0.5'])
  t.ok(Math.abs(last.returnPct! - (-12 / (56800 + made)) * 100) < 1e-9, `${last.returnPct}`)
  const linear = (await viewOf(polled))!.symbols.find(({ symbol }) => symbol === btcLinear.symbol)!
  // of before it joined it made nothing here: from 50,000, the mark when it came in
  t.same(
    [Number(linear.realizedPnlUsd.digits), Number(linear.unrealizedPnlUsd.digits)].map(Math.sign),
    [-1, -1],
  )
})

t.test(
  'a position that joins while nothing is marked: nothing is stated until it is known what came in',
  async (t) => {
    const clock = new SteppedClock(start)
    const desk = new FuturesDesk({ USDT: '4000' })
    const at = (minutes: number): number => start + minutes * minute
    const marks = (_symbol: string, atMs: number): string | null =>
      atMs >= at(-10) && atMs < at(70) ? null : '50000'
    const exchange = new TwoWallets(clock, desk, flat, marks)
    exchange.pay('USDT', '10000')
    desk.fill(at(-100), btcLinear, 'buy', '500', '48000')
    const polled = await startPolled(t, clock, exchange, { scope: ['spot'], wallets: ['linear'] })
    const statements = await run(polled, 4)
    await isChain(t, statements)
    t.same(buckets(statements), [])
    const later = await run(polled, 30)
    const [gap] = later.flatMap(({ metadata }) => metadata.coverage.gaps)
    t.equal(gap?.reason, 'liability-unpriced')
    const [first] = periods(later)
    t.same([first!.hourly_buckets[0]!.return_pct, first!.metadata.flows.net_usd], [0, 0])
  },
)

t.test('a day without an answer is a gap, and says what kept it from being seen', async (t) => {
  const told = async (failing: (at: number) => FailureCode): Promise<[string, string, string][]> => {
    const clock = new SteppedClock(start)
    const exchange = new TwoWallets(clock, new FuturesDesk({}), flat, flat)
    exchange.pay('USDT', '10000')
    const polled = await startPolled(t, clock, exchange, { scope: ['spot'] })
    await run(polled, 1)
    let count = 0
    exchange.fails = () => (clock.nowMs() < start + 30 * hour ? failing(++count) : null)
    const statements = await run(polled, 32)
    await isChain(t, statements)
    const gaps = statements.filter(({ metadata }) => metadata.type === 'gap')
    return gaps.flatMap(({ metadata }) =>
      metadata.coverage.gaps.map(({ from, to, reason }): [string, string, string] => [from, to, reason]),
    )
  }
  const hourOf = (count: number): string => new Date(start + count * hour).toISOString()
  const spans = (gaps: readonly [string, string, string][]) => [gaps[0]?.[0], gaps.at(-1)?.[1]]
  const invalid = await told((count) => (count === 1 ? 'EXCHANGE_UNREACHABLE' : 'EXCHANGE_ANSWER_INVALID'))
  t.same(spans(invalid), [hourOf(1), hourOf(5)])
  t.same([...new Set(invalid.map(([, , reason]) => reason))], ['exchange-answer-invalid'])
  const away = await told((count) => (count % 3 === 0 ? 'EXCHANGE_ANSWER_INVALID' : 'EXCHANGE_UNREACHABLE'))
  t.same([...new Set(away.map(([, , reason]) => reason))], ['exchange-unreachable'])
})

t.test('a standstill longer than the exchange tells is a gap, and says that it is lost', async (t) => {
  const clock = new SteppedClock(start)
  const exchange = new TwoWallets(clock, new FuturesDesk({ USDT: '10000' }), flat, flat)
  // nothing is kept in memory: each poll is one after a restart
  const polled = await startPolled(t, clock, exchange, { scope: ['linear'], ledgersMax: 0 })
  await run(polled, 3)
  const [readToMs, backMs] = [clock.nowMs(), start + 40 * 24 * hour]
  const toldFromMs = backMs - 24 * hour
  exchange.lostAt = (nowMs) => (nowMs >= backMs ? { fromMs: readToMs, toMs: toldFromMs } : null)
  await polled.poll(backMs)
  exchange.lostAt = () => null
  await polled.poll(backMs + 20 * minute)
  const statements = await polled.statements()
  await isChain(t, statements)
  const lost = statements
    .flatMap(({ metadata }) => [...metadata.coverage.gaps])
    .filter(({ reason }) => reason === 'history-lost')
  const [from, to] = [lost[0]?.from ?? '', lost.at(-1)?.to ?? ''].map((at) => Date.parse(at))
  t.ok(from! <= readToMs && from! > readToMs - hour, 'from the last hour that was read')
  t.ok(to! >= toldFromMs && to! < toldFromMs + hour, 'to where it tells again')
  const stated = statements.flatMap((each) => each.hourly_buckets.map((bucket) => Date.parse(bucket.t)))
  t.ok(
    stated.some((atMs) => atMs >= toldFromMs),
    'and the hours behind it are stated',
  )
  t.ok(
    stated.every((atMs) => atMs < from! || atMs >= to!),
    'none of those that are lost',
  )
})
