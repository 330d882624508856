import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { usualStory } from '../../src/simulator/story.ts'
import { ask, ccxtFor, simulatorFor, startMs } from './binance-client.ts'

/** The usual month, with lists that forget nothing. */
const month = { ...usualStory(startMs, 30), historyMs: Number.POSITIVE_INFINITY }

t.test('unmodified ccxt works against it', async (t) => {
  const simulator = await simulatorFor(t, { scenario: month })
  simulator.advanceTo(startMs + 26 * dayMs)
  const exchange = await ccxtFor(simulator)
  const markets = await exchange.loadMarkets()
  t.ok(markets['BTC/USDT']?.active)
  t.equal(markets['WAVES/USDT']?.active, false, 'the delisted market is no longer active')
  t.equal(markets['ETH/BTC']?.precision.price, 0.00001)

  const balance = (await exchange.fetchBalance()) as any
  const usdt = simulator.truth.changes
    .flatMap(({ moves }) => moves)
    .filter(({ asset }) => asset === 'USDT')
    .reduce((sum, { amount }) => sum + BigInt(amount.replace('.', '')), 0n)
  t.equal(Math.round(balance.USDT.total * 1e8), Number(usdt))
  t.equal(String(balance.info.uid), simulator.accounts[0]!.uid)

  const trades = await exchange.fetchMyTrades('BTC/USDT', undefined, 1000)
  const fills = simulator.truth.changes.filter(({ fill }) => fill?.symbol === 'BTC/USDT')
  t.same(
    trades.map(({ id }) => id),
    fills.map(({ id }) => id),
  )
  t.same(
    trades.map(({ info }) => info.commission),
    fills.map(({ fill }) => fill!.fee.amount),
  )
  t.ok(new Set(trades.map(({ order }) => order)).size < trades.length, 'partial fills share an order')

  const deposits = await exchange.fetchDeposits(undefined, startMs)
  t.ok(deposits.length >= 3)
  t.ok(deposits.every(({ status }) => status === 'ok'))
  const withdrawals = await exchange.fetchWithdrawals(undefined, startMs)
  t.same(new Set(withdrawals.map(({ status }) => status)), new Set(['ok', 'failed']))
  t.equal(withdrawals.find(({ currency }) => currency === 'ETH')?.fee?.cost, 0.0012)
  const dust = await exchange.fetchMyDustTrades(undefined, startMs)
  t.ok(dust.some(({ symbol }) => symbol?.includes('USDC')))
  const converts = (await exchange.sapiGetConvertTradeFlow({
    startTime: startMs,
    endTime: simulator.nowMs(),
  })) as any
  t.ok(converts.list.some((row: any) => row.fromAsset === 'BNB'))
  const rewards = (await exchange.sapiGetAssetAssetDividend({ limit: 500 })) as any
  t.same(
    new Set(rewards.rows.map((row: any) => row.enInfo)),
    new Set(['Bonus', 'Referral Commission', 'Airdrop']),
  )
  const transfers = (await exchange.sapiGetAssetTransfer({ type: 'MAIN_FUNDING', startTime: startMs })) as any
  t.equal(transfers.rows[0].amount, '750')
  const restrictions = (await exchange.sapiGetAccountApiRestrictions()) as any
  t.equal(restrictions.enableReading, true)
  t.equal(restrictions.enableWithdrawals, false)
  const candles = await exchange.fetchOHLCV('ETH/USDT', '1m', startMs, 5)
  t.same(
    candles.map(([at]) => at),
    [0, 1, 2, 3, 4].map((minute) => startMs + minute * minuteMs),
  )
})

t.test('security is as strict as the original', async (t) => {
  const simulator = await simulatorFor(t, {
    scenario: { accounts: [{ opening: { USDT: '100' }, trader: null }] },
  })
  const codeOf = async (options: Parameters<typeof ask>[3], params = {}, path = '/api/v3/account') => {
    const { status, body } = await ask(simulator, path, params, options)
    return [status, body.code]
  }
  t.equal((await ask(simulator, '/api/v3/account')).status, 200)
  t.same(await codeOf({ secret: 'wrong' }), [400, -1022], 'refuses a foreign signature')
  t.same(await codeOf({ timestampMs: startMs - 5_001 }), [400, -1021], 'refuses a stale timestamp')
  t.same(await codeOf({ timestampMs: startMs - 9_000 }, { recvWindow: 10_000 }), [200, undefined])
  t.same(await codeOf({ timestampMs: startMs + 1_000 }), [400, -1021], 'refuses a timestamp from the future')
  t.same(await codeOf({ timestampMs: startMs + 999 }), [200, undefined])
  t.same(await codeOf({}, { recvWindow: 60_001 }), [400, -1131])
  t.same(await codeOf({ apiKey: 'short' }), [401, -2014])
  t.same(await codeOf({ apiKey: 'A'.repeat(64) }), [401, -2015])
  t.same(await codeOf({ signed: false }), [400, -1102], 'a signed call needs its timestamp')
  t.same(
    await codeOf({ method: 'POST' }, { symbol: 'BTCUSDT' }, '/api/v3/order'),
    [401, -2015],
    'nothing can be ordered',
  )
})

t.test('parameters are read strictly', async (t) => {
  const simulator = await simulatorFor(t, {
    scenario: { accounts: [{ opening: { USDT: '100' }, trader: null }] },
  })
  const code = async (path: string, params: Record<string, string | number>, options = {}) =>
    (await ask(simulator, path, params, options)).body.code
  const trades = '/api/v3/myTrades'
  t.equal(await code(trades, {}), -1102)
  t.equal(await code(trades, { symbol: 'NOPEUSDT' }), -1121)
  t.equal(await code(trades, { symbol: 'btcusdt' }), -1100)
  t.equal(await code(trades, { symbol: 'BTC/USDT' }), -1100)
  t.equal(await code(trades, { symbol: 'BTCUSDT', since: 1 }), -1104)
  t.equal(await code(trades, { symbol: 'BTCUSDT', startTime: '1e3' }), -1100)
  t.equal(await code(trades, { symbol: 'BTCUSDT', limit: 1001 }), -1130)
  t.equal(await code(trades, { symbol: 'BTCUSDT', fromId: 1, startTime: startMs }), -1128)
  t.equal(await code(trades, { symbol: 'BTCUSDT', startTime: startMs, endTime: startMs + dayMs + 1 }), -1127)
  t.equal(await code(trades, { symbol: 'BTCUSDT', startTime: startMs, endTime: startMs + dayMs }), undefined)
  t.equal(await code('/api/v3/klines', { symbol: 'BTCUSDT', interval: '7m' }, { signed: false }), -1120)
  t.equal(await code('/api/v3/klines', { symbol: 'BTCUSDT' }, { signed: false }), -1102)
  const wide = { startTime: startMs - 91 * dayMs, endTime: startMs }
  t.equal(await code('/sapi/v1/capital/deposit/hisrec', wide), -1127)
  t.equal(await code('/sapi/v1/capital/withdraw/history', wide), -1127)
  t.equal(await code('/sapi/v1/convert/tradeFlow', {}), -1102)
  t.equal(await code('/sapi/v1/asset/transfer', {}), -1102)
  const twice = await fetch(`${simulator.url}/api/v3/klines?symbol=BTCUSDT&symbol=ETHUSDT&interval=1m`)
  t.equal(((await twice.json()) as { code: number }).code, -1101)
})

t.test('fills come in pages, oldest first from a place on, else the newest', async (t) => {
  const simulator = await simulatorFor(t, { scenario: month })
  simulator.advanceTo(startMs + 10 * dayMs)
  const fills = simulator.truth.changes.filter(({ fill }) => fill?.symbol === 'ETH/USDT')
  const page = async (params: object) =>
    (await ask(simulator, '/api/v3/myTrades', { symbol: 'ETHUSDT', ...params })).body.map((row: any) =>
      String(row.id),
    )
  const ids = fills.map(({ id }) => id)
  t.ok(ids.length > 10)
  t.same(await page({}), ids)
  t.same(await page({ limit: 3 }), ids.slice(-3))
  t.same(await page({ limit: 3, fromId: ids[2]! }), ids.slice(2, 5))
  const paged: string[] = []
  for (let fromId = 0; ;) {
    const some = await page({ limit: 4, fromId })
    if (some.length === 0) break
    paged.push(...some)
    fromId = Number(some.at(-1)) + 1
  }
  t.same(paged, ids, 'paging by id misses nothing and repeats nothing')
  const { atMs } = fills[4]!
  t.same(
    await page({ startTime: atMs, endTime: atMs + dayMs }),
    fills.filter((fill) => fill.atMs >= atMs && fill.atMs <= atMs + dayMs).map(({ id }) => id),
  )
})

t.test('weight is counted, spent budgets are refused, and who goes on is banned', async (t) => {
  const simulator = await simulatorFor(t, {
    scenario: { accounts: [{ opening: { USDT: '100' }, trader: null }] },
  })
  const first = await ask(simulator, '/api/v3/myTrades', { symbol: 'BTCUSDT' })
  t.equal(first.headers.get('x-mbx-used-weight-1m'), '20')
  for (let call = 1; call < 300; call += 1) await ask(simulator, '/api/v3/account')
  t.equal(
    (await ask(simulator, '/sapi/v1/account/apiRestrictions')).headers.get('x-sapi-used-ip-weight-1m'),
    '1',
  )
  simulator.advanceTo(startMs + 40_000)
  const refused = await ask(simulator, '/api/v3/account')
  t.same([refused.status, refused.body.code], [429, -1003])
  t.equal(refused.headers.get('retry-after'), '20', 'until the minute is over')
  t.equal(
    (await ask(simulator, '/sapi/v1/account/apiRestrictions')).status,
    200,
    'the wallet budget is another',
  )
  for (let call = 0; call < 10; call += 1) await ask(simulator, '/api/v3/account')
  const banned = await ask(simulator, '/api/v3/account')
  t.equal(banned.status, 418)
  t.equal(banned.headers.get('retry-after'), '120')
  t.match(banned.body.msg, `banned until ${startMs + 40_000 + 120_000}`)
  simulator.advanceTo(startMs + 61_000)
  t.equal((await ask(simulator, '/sapi/v1/account/apiRestrictions')).status, 418, 'a ban is for everything')
  simulator.advanceTo(startMs + 160_000)
  t.equal((await ask(simulator, '/api/v3/account')).status, 200)
})

t.test('a late fill moves the balance at once and is listed later', async (t) => {
  const atMs = startMs + hourMs
  const simulator = await simulatorFor(t, {
    scenario: {
      accounts: [
        {
          opening: { USDT: '1000' },
          trader: null,
          events: [
            {
              kind: 'fill',
              atMs,
              symbol: 'SOL/USDT',
              side: 'buy',
              quantity: '2',
              visibleAfterMs: 2 * hourMs,
            },
          ],
        },
      ],
    },
  })
  const solOf = async () =>
    (await ask(simulator, '/api/v3/account')).body.balances.find((row: any) => row.asset === 'SOL').free
  const listed = async () => (await ask(simulator, '/api/v3/myTrades', { symbol: 'SOLUSDT' })).body
  simulator.advanceTo(atMs - 1)
  t.equal(await solOf(), '0.00000000')
  simulator.advanceTo(atMs)
  t.equal(await solOf(), '1.99800000', 'the fee is taken from what was received')
  t.same(await listed(), [])
  simulator.advanceTo(atMs + 2 * hourMs)
  const [row] = await listed()
  t.equal(row.time, atMs)
  t.equal(simulator.truth.changes[1]!.visibleAtMs, atMs + 2 * hourMs)
})

t.test('lists reach back as far as the history does', async (t) => {
  const simulator = await simulatorFor(t, {
    scenario: {
      historyMs: 6 * hourMs,
      accounts: [
        {
          opening: { USDT: '1000' },
          trader: null,
          events: [
            { kind: 'fill', atMs: startMs + hourMs, symbol: 'SOL/USDT', side: 'buy', quantity: '2' },
            { kind: 'deposit', atMs: startMs + 2 * hourMs, asset: 'USDT', amount: '10' },
          ],
        },
      ],
    },
  })
  const counts = async () => [
    (await ask(simulator, '/api/v3/myTrades', { symbol: 'SOLUSDT' })).body.length,
    (await ask(simulator, '/sapi/v1/capital/deposit/hisrec')).body.length,
  ]
  simulator.advanceTo(startMs + 7 * hourMs)
  t.same(await counts(), [1, 1])
  simulator.advanceTo(startMs + 8 * hourMs)
  t.same(await counts(), [0, 1])
  simulator.advanceTo(startMs + 9 * hourMs)
  t.same(await counts(), [0, 0])
})

t.test('a deposit waits, a refused withdrawal comes back without saying when', async (t) => {
  const atMs = startMs + hourMs
  const simulator = await simulatorFor(t, {
    scenario: {
      accounts: [
        {
          opening: { USDT: '1000' },
          trader: null,
          events: [
            { kind: 'deposit', atMs, asset: 'USDT', amount: '50', pendingMs: 10 * minuteMs },
            {
              kind: 'withdrawal',
              atMs: atMs + hourMs,
              asset: 'USDT',
              amount: '100',
              fee: '1',
              outcome: 'refused',
              settleMs: 5 * minuteMs,
            },
          ],
        },
      ],
    },
  })
  const usdt = async () =>
    (await ask(simulator, '/api/v3/account')).body.balances.find((row: any) => row.asset === 'USDT').free
  const deposit = async () => (await ask(simulator, '/sapi/v1/capital/deposit/hisrec')).body[0]
  const withdrawal = async () => (await ask(simulator, '/sapi/v1/capital/withdraw/history')).body[0]
  simulator.advanceTo(atMs - minuteMs)
  t.match(await deposit(), { status: 0, insertTime: atMs - 10 * minuteMs, amount: '50' })
  t.equal((await deposit()).completeTime, undefined)
  t.equal(await usdt(), '1000.00000000')
  simulator.advanceTo(atMs)
  t.match(await deposit(), { status: 1, completeTime: atMs })
  t.equal(await usdt(), '1050.00000000')
  simulator.advanceTo(atMs + hourMs)
  t.equal(await usdt(), '949.00000000')
  t.match(await withdrawal(), {
    status: 4,
    amount: '100',
    transactionFee: '1',
    applyTime: '2026-01-05 02:00:00',
  })
  simulator.advanceTo(atMs + hourMs + 5 * minuteMs)
  t.equal(await usdt(), '1050.00000000')
  t.equal((await withdrawal()).status, 3)
  t.equal((await withdrawal()).completeTime, undefined)
})

t.test('minutes: empty ones repeat the close, a running one is told as far as it has come', async (t) => {
  const simulator = await simulatorFor(t, {
    scenario: { accounts: [{ opening: { USDT: '100' }, trader: null }] },
  })
  simulator.advanceTo(startMs + 90_000)
  const rows = async (params: object): Promise<any[]> =>
    (await ask(simulator, '/api/v3/klines', { interval: '1m', ...params }, { signed: false })).body
  const thin = await rows({ symbol: 'PROMUSDT', startTime: startMs - 100 * minuteMs, limit: 100 })
  t.equal(thin.length, 100)
  t.ok(thin.filter((row) => row[8] === 0).length > 70)
  for (const [index, row] of thin.entries()) {
    if (row[8] > 0 || index === 0) continue
    t.same(
      [row[1], row[2], row[3], row[4], row[5], row[7]],
      [...Array(4).fill(thin[index - 1][4]), '0.00000000', '0.00000000'],
    )
  }
  const [whole, running, ...more] = await rows({ symbol: 'BTCUSDT', startTime: startMs })
  t.same(more, [])
  simulator.advanceTo(startMs + 120_000)
  const [same, done] = await rows({ symbol: 'BTCUSDT', startTime: startMs })
  t.same(same, whole, 'a minute that is over does not change')
  t.ok(Number(running[5]) < Number(done[5]))
  t.equal(running[1], done[1])
  t.equal(
    (await rows({ symbol: 'BTCUSDT', startTime: startMs + 10 * minuteMs })).length,
    0,
    'nothing of the future',
  )
  t.equal((await rows({ symbol: 'BTCUSDT' })).length, 500)
  t.equal((await rows({ symbol: 'BTCUSDT', limit: 1500 })).length, 1000)
})

t.test("an account's own budget is of one path, and bans nobody", async (t) => {
  const nobody = { opening: { USDT: '1' }, trader: null }
  const simulator = await simulatorFor(t, { scenario: { accounts: [nobody, nobody] } })
  const path = '/sapi/v1/capital/withdraw/history'
  for (let call = 1; call <= 10; call += 1) {
    const { status, headers } = await ask(simulator, path)
    t.equal(status, 200)
    t.equal(headers.get('x-sapi-used-uid-weight-1m'), String(call * 18_000))
  }
  // many more than are forgiven where an address is counted
  for (let call = 0; call < 15; call += 1) {
    const { status, headers, body } = await ask(simulator, path)
    t.equal(status, 429)
    t.equal(body.code, -1003)
    t.ok(Number(headers.get('x-sapi-used-uid-weight-1m')) > 180_000)
    t.ok(Number(headers.get('retry-after')) > 0)
  }
  const now = simulator.nowMs()
  const converts = await ask(simulator, '/sapi/v1/convert/tradeFlow', {
    startTime: now - dayMs,
    endTime: now,
  })
  t.equal(converts.headers.get('x-sapi-used-uid-weight-1m'), '3000', 'each path by itself')
  const { apiKey, secret } = simulator.accounts[1]!
  t.equal((await ask(simulator, path, {}, { apiKey, secret })).status, 200, 'each account by itself')
  simulator.advanceTo(simulator.nowMs() + minuteMs)
  t.equal((await ask(simulator, path)).status, 200)
})
