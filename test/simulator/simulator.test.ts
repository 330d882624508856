import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Test } from 'tap'
import type { Fault } from '../../src/simulator/faults.ts'
import { listings } from '../../src/simulator/listing.ts'
import { Market } from '../../src/simulator/market.ts'
import { replayOf } from '../../src/simulator/replay.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import { usualFaults, usualStory } from '../../src/simulator/story.ts'
import { toUnits } from '../../src/simulator/units.ts'
import { readTruth } from '../e2e/answer/truth-file.ts'

const startMs = Date.UTC(2026, 0, 5)
const quiet = { accounts: [{ opening: { USDT: '100' }, trader: null }] }

async function simulatorFor(test: Test, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ exchange: 'binance', seed: 7, startMs, ...options })
  test.teardown(() => simulator.close())
  return simulator
}

t.test('the same seed makes the same world, however it is stepped and asked', async (t) => {
  const [one, two, other] = await Promise.all([
    simulatorFor(t),
    simulatorFor(t),
    simulatorFor(t, { seed: 8 }),
  ])
  t.ok(two.truth.candle('SOL/BNB', startMs + hourMs), 'asked in another order')
  const endMs = startMs + 3 * dayMs
  for (let atMs = startMs; atMs <= endMs; atMs += 7 * minuteMs + 13) one.advanceTo(atMs)
  for (const simulator of [one, two, other]) simulator.advanceTo(endMs)
  t.same(one.truth.changes, two.truth.changes)
  t.not(JSON.stringify(one.truth.changes), JSON.stringify(other.truth.changes))
  t.same(one.accounts, two.accounts)
  for (const { symbol } of one.truth.markets) {
    t.same(one.truth.candle(symbol, endMs - minuteMs), two.truth.candle(symbol, endMs - minuteMs))
  }
})

t.test('a month holds everything that a record must survive', async (t) => {
  const simulator = await simulatorFor(t, { seed: 1 })
  simulator.advanceTo(startMs + 30 * dayMs)
  const { changes } = simulator.truth
  const causes = new Set(changes.map(({ cause }) => cause))
  const expected =
    'opening fill deposit withdrawal withdrawal-returned transfer dust convert reward unexplained'
  t.same(causes, new Set(expected.split(' ')))
  const fills = changes.flatMap(({ fill, atMs, visibleAtMs }) =>
    fill === undefined ? [] : [{ ...fill, atMs, visibleAtMs }],
  )
  t.ok(fills.length > 800)
  t.ok(fills.some((fill) => fill.maker) && fills.some((fill) => !fill.maker))
  const feeIn = (asset: (fill: (typeof fills)[number]) => string) =>
    fills.filter((fill) => fill.fee.asset === asset(fill)).length
  t.ok(feeIn(() => 'BNB') > 400)
  t.ok(feeIn((fill) => (fill.side === 'buy' ? fill.base : fill.quote)) > 50)
  t.ok(new Set(fills.map(({ orderId }) => orderId)).size < fills.length * 0.8, 'orders fill in parts')
  t.ok(fills.some(({ symbol }) => symbol === 'ETH/BTC'))
  t.ok(
    fills.some((fill, index) => {
      const next = fills[index + 1]
      const together =
        next !== undefined && Math.floor(next.atMs / minuteMs) === Math.floor(fill.atMs / minuteMs)
      return together && next.symbol === fill.symbol && fill.side === 'buy' && next.side === 'sell'
    }),
    'there and back within a minute',
  )
  const lateMs = fills.map((fill) => (fill.visibleAtMs ?? fill.atMs) - fill.atMs)
  t.ok(
    lateMs.some((ms) => ms > dayMs),
    'one is listed only after its hour was given up as unexplained',
  )
  t.ok(changes.some(({ cause, moves }) => cause === 'unexplained' && moves[0]!.amount.startsWith('-')))
  t.ok(changes.some(({ cause, moves }) => cause === 'unexplained' && !moves[0]!.amount.startsWith('-')))
  t.equal(simulator.truth.candle('WAVES/USDT', startMs + 21 * dayMs), null, 'delisted')
  t.ok(usualFaults(startMs).some(({ fromMs, toMs }) => toMs - fromMs > simulator.truth.historyMs))
  const lost = usualFaults(startMs).find(({ fromMs, toMs }) => toMs - fromMs > simulator.truth.historyMs)!
  t.ok(
    fills.some(({ atMs }) => atMs > lost.fromMs && atMs < lost.toMs - simulator.truth.historyMs),
    'a fill is lost',
  )
})

t.test('money is exact and never overdrawn', async (t) => {
  const simulator = await simulatorFor(t, { seed: 3 })
  simulator.advanceTo(startMs + 30 * dayMs)
  const held = new Map<string, bigint>()
  let lastMs = 0
  const own = new Map<string, bigint>()
  for (const { moves, fill, atMs } of simulator.truth.changes) {
    for (const { asset, amount } of moves) held.set(asset, (held.get(asset) ?? 0n) + toUnits(amount))
    if ([...held.values()].some((units) => units < 0n)) t.fail('overdrawn')
    if (atMs < lastMs) t.fail('out of order')
    lastMs = atMs
    if (fill === undefined) continue
    const exact = toUnits(fill.price) * toUnits(fill.quantity) === toUnits(fill.quoteQuantity) * 100_000_000n
    if (!exact) t.fail(`rounded: ${fill.symbol} ${fill.price} × ${fill.quantity}`)
    const minute = Math.floor(atMs / minuteMs) * minuteMs
    const candle = simulator.truth.candle(fill.symbol, minute)!
    const inside = toUnits(fill.price) >= toUnits(candle.low) && toUnits(fill.price) <= toUnits(candle.high)
    if (!inside) t.fail('outside its minute')
    const key = `${fill.symbol} ${minute}`
    own.set(key, (own.get(key) ?? 0n) + toUnits(fill.quantity))
    if (toUnits(candle.baseVolume) < own.get(key)!) t.fail('more than all of it')
  }
  t.ok(simulator.truth.changes.length > 500)
})

t.test('a month of candles of a dozen pairs is sound', (t) => {
  const market = new Market({ seed: 5, startMs })
  const dozen = listings.slice(0, 12)
  let wrong = 0
  for (const listing of dozen) {
    for (let minute = 0; minute < 30 * 1_440; minute += 1) {
      const candle = market.minute(listing, startMs + minute * minuteMs)!
      const { open, high, low, close, base, quote, trades } = candle
      if (low > Math.min(open, close) || high < Math.max(open, close) || low <= 0) wrong += 1
      if ((trades === 0) !== (base === 0n) || (trades > 0 && quote <= 0n)) wrong += 1
      if (
        trades > 0 &&
        (quote * 100_000_000n < base * BigInt(low) || quote * 100_000_000n > base * BigInt(high))
      )
        wrong += 1
    }
  }
  t.equal(wrong, 0)
  t.end()
})

t.test('everything that can go wrong goes wrong on order, in its time only', async (t) => {
  const simulator = await simulatorFor(t, { scenario: quiet })
  const ask = () => fetch(`${simulator.url}/api/v3/exchangeInfo`)
  const during = async <Result>(fault: Fault, act: () => Promise<Result>): Promise<Result> => {
    simulator.schedule(fault)
    simulator.advanceTo(fault.fromMs)
    const result = await act()
    simulator.advanceTo(fault.toMs)
    if (fault.kind !== 'ban') t.equal((await ask()).status, 200, `${fault.kind} is over`)
    return result
  }
  const span = (minute: number) => ({
    fromMs: startMs + minute * minuteMs,
    toMs: startMs + (minute + 1) * minuteMs,
  })
  await during({ kind: 'refuse', ...span(1) }, () => t.rejects(ask()))
  await during({ kind: 'hang', holdMs: 50, ...span(3) }, () => t.rejects(ask()))
  await during({ kind: 'bad-gateway', ...span(5) }, async () => t.equal((await ask()).status, 502))
  await during({ kind: 'html', ...span(7) }, async () => {
    const answer = await ask()
    t.equal(answer.status, 200)
    t.match(await answer.text(), /^<html>/)
  })
  await during({ kind: 'truncate', ...span(9) }, async () => t.rejects((await ask()).json()))
  await during({ kind: 'unavailable', ...span(11) }, async () => t.equal((await ask()).status, 503))
  await during({ kind: 'rate-limit', retryAfterS: 9, ...span(13) }, async () => {
    const answer = await ask()
    t.same([answer.status, answer.headers.get('retry-after')], [429, '9'])
  })
  await during({ kind: 'clock-skew', skewMs: 4_000, ...span(15) }, async () => {
    const answer = (await (await fetch(`${simulator.url}/api/v3/time`)).json()) as { serverTime: number }
    t.equal(answer.serverTime, simulator.nowMs() + 4_000)
  })
  await during({ kind: 'bad-gateway', count: 1, path: '/api/v3/time', ...span(17) }, async () => {
    t.equal((await ask()).status, 200, 'another path')
    t.equal((await fetch(`${simulator.url}/api/v3/time`)).status, 502)
    t.equal((await fetch(`${simulator.url}/api/v3/time`)).status, 200, 'once')
  })
  await during({ kind: 'ban', ...span(19) }, async () => t.equal((await ask()).status, 418))
  simulator.advanceTo(startMs + 21 * minuteMs)
  t.equal((await ask()).status, 200)
})

t.test('the truth on disk is the truth in memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'perf-agg-truth-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const truthFile = join(folder, 'truth.jsonl')
  const simulator = await startSimulator({ exchange: 'binance', seed: 2, startMs, truthFile })
  simulator.advanceTo(startMs + 2 * dayMs)
  await fetch(`${simulator.url}/api/v3/klines?symbol=PROMUSDT&interval=1m&startTime=${startMs}&limit=100`)
  const { changes, markets, historyMs } = simulator.truth
  const candle = simulator.truth.candle('PROM/USDT', startMs + 40 * minuteMs)
  await simulator.close()
  const truth = readTruth(truthFile)
  t.same(truth.changes, changes)
  t.same(truth.markets, markets)
  t.equal(truth.historyMs, historyMs)
  t.same(truth.candle('PROM/USDT', startMs + 40 * minuteMs), candle)
  t.throws(() => truth.candle('BTC/USDT', startMs), /no minute/)
})

t.test('time can run', async (t) => {
  const simulator = await simulatorFor(t, { scenario: quiet })
  const halt = simulator.run(3_600)
  await pause(120)
  const { serverTime } = (await (await fetch(`${simulator.url}/api/v3/time`)).json()) as {
    serverTime: number
  }
  t.ok(serverTime > startMs + 5 * minuteMs)
  halt()
  const stoppedMs = simulator.nowMs()
  await pause(60)
  t.equal(simulator.nowMs(), stoppedMs)
  simulator.advanceTo(startMs)
  t.equal(simulator.nowMs(), stoppedMs, 'never goes back')
})

t.test('real trades can be replayed', (t) => {
  const trades = [
    ['100.10000', '0.50000000', 1_762_795_433.97, 'b', 'l', '', 1],
    ['100.30000', '0.25000000', 1_762_795_434.5, 's', 'm', '', 2],
    ['99.90000', '1.00000000', 1_762_795_499, 's', 'm', '', 3],
  ]
  const atMs = Date.UTC(2025, 10, 10, 17, 23)
  const market = new Market({
    seed: 1,
    startMs: atMs,
    replay: replayOf({ result: { XBTUSDT: trades, last: '3' } }, atMs),
  })
  const minute = market.candle(listings[0]!, atMs)!
  t.same(
    { ...minute },
    {
      open: '100.10000000',
      high: '100.30000000',
      low: '100.10000000',
      close: '100.30000000',
      baseVolume: '0.75000000',
      quoteVolume: '75.12500000',
      trades: 2,
    },
  )
  t.throws(() => replayOf({ result: { NOTHING: trades } }, atMs), /no trades/)
  t.end()
})

const marketData = '../shared/reference/marketdata/kraken_http_trades.json'
t.test(
  'a market of real prints',
  { skip: existsSync(marketData) ? false : `${marketData} is not here` },
  async (t) => {
    const atMs = Date.UTC(2025, 10, 10, 20)
    const simulator = await simulatorFor(t, { startMs: atMs, marketData, scenario: quiet })
    const candle = simulator.truth.candle('BTC/USDT', atMs)!
    t.ok(Number(candle.close) > 100_000 && Number(candle.close) < 110_000)
    const moved = await simulatorFor(t, { marketData, scenario: quiet })
    t.ok(
      Number(moved.truth.candle('BTC/USDT', startMs)!.close) > 100_000,
      'another time: the file is moved there',
    )
  },
)

t.test('a scenario that names what does not exist is refused', async (t) => {
  const account = { opening: { USDT: '1' }, trader: { ordersPerDay: 1, symbols: ['NO/USDT'] } }
  await t.rejects(
    startSimulator({ exchange: 'binance', seed: 1, startMs, scenario: { accounts: [account] } }),
    /no such market/,
  )
  t.ok(usualStory(startMs, 1).accounts[0]!.events!.length < 5, 'a day has a day of it')
})

t.test(
  'contracts: what is realised, funded, liquidated and delivered adds up, the same for the same seed',
  async (t) => {
    const scenario = {
      accounts: [
        {
          opening: { USDT: '100' },
          purses: { linear: { USDT: '5000', BNB: '0.5' }, inverse: { BTC: '0.2' } },
          trader: null,
          contractTrader: {
            ordersPerDay: 60,
            symbols: ['BTC/USDT:USDT', 'BTC/USDT:USDT-260106', 'BTC/USD:BTC'],
          },
          events: [
            {
              kind: 'contract-fill',
              atMs: startMs + hourMs,
              symbol: 'DOGE/USDT:USDT',
              side: 'buy',
              quantity: '1500000',
            },
            {
              kind: 'contract-fill',
              atMs: startMs + 32 * hourMs - 500,
              symbol: 'BTC/USDT:USDT-260106',
              side: 'buy',
              quantity: '0.01',
            },
            { kind: 'transfer', atMs: startMs + 31 * hourMs, asset: 'USDT', amount: '9000', purse: 'linear' },
            { kind: 'liquidation', atMs: startMs + 30 * hourMs, symbol: 'BTC/USD:BTC' },
          ],
        },
      ],
      deliveries: [{ symbol: 'BTC/USDT:USDT', atMs: startMs + 32 * hourMs }],
    } as const
    const [one, two] = await Promise.all([simulatorFor(t, { scenario }), simulatorFor(t, { scenario })])
    const endMs = startMs + 2 * dayMs
    for (let atMs = startMs; atMs <= endMs; atMs += 37 * minuteMs) one.advanceTo(atMs)
    for (const simulator of [one, two]) simulator.advanceTo(endMs)
    const { changes } = one.truth
    t.same(changes, two.truth.changes)
    t.same(one.truth.mark('BTC/USDT:USDT', startMs), two.truth.mark('BTC/USDT:USDT', startMs))
    t.equal(one.truth.mark('BTC/USDT:USDT-260106', startMs + 32 * hourMs), null, 'delivered')

    // a wallet less what its positions cost moves by what each fill is worth, whatever the exchange averages
    const cost = new Map<string, bigint>()
    for (const { fill, moves } of changes) {
      if (fill?.contract === undefined) continue
      const { contract } = fill
      const key = `${fill.symbol} ${contract.position}`
      const quantity = toUnits(fill.quantity) * (fill.side === 'buy' ? 1n : -1n) * BigInt(contract.size)
      const price = toUnits(fill.price)
      const one8 = 100_000_000n
      const worth = contract.kind === 'linear' ? (quantity * price) / one8 : -(quantity * one8) / price
      const after = toUnits(contract.cost)
      const cash = toUnits(moves[0]!.amount) - (after - (cost.get(key) ?? 0n)) + worth
      t.ok(cash >= -1n && cash <= 1n, 'to the last place')
      cost.set(key, after)
    }
    const executions = new Set(changes.flatMap(({ fill }) => fill?.contract?.execution ?? []))
    t.same(executions, new Set(['trade', 'liquidation', 'settlement']))
    t.ok(
      changes.some(
        ({ fill }) => fill?.contract?.execution === 'liquidation' && fill.symbol === 'DOGE/USDT:USDT',
      ),
      'a margin that was used up',
    )
    const funded = changes.filter(({ cause }) => cause === 'funding')
    t.ok(funded.length > 3 && funded.every(({ atMs }) => atMs % (8 * hourMs) === 3))
  },
)
