import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { ask, ccxtFor, simulatorFor, startMs } from './binance-client.ts'

/** The futures exchanges of the simulated binance: as strict as the original, and read by unmodified ccxt. */

const scenario = {
  accounts: [
    {
      opening: { USDT: '100' },
      purses: { linear: { USDT: '9000' }, inverse: { BTC: '0.3' } },
      trader: null,
      hedges: true,
      contractTrader: { ordersPerDay: 80, symbols: ['BTC/USDT:USDT', 'ETH/USDT:USDT', 'BTC/USD:BTC'] },
      events: [
        { kind: 'transfer', atMs: startMs + 3 * hourMs, asset: 'USDT', amount: '-50', other: 'linear' },
        { kind: 'liquidation', atMs: startMs + 30 * hourMs, symbol: 'BTC/USDT:USDT' },
      ],
    },
  ],
} as const

const two = startMs + 2 * dayMs

t.test('unmodified ccxt reads wallets, positions, incomes and marks', async (t) => {
  const simulator = await simulatorFor(t, { scenario })
  simulator.advanceTo(two)
  const exchange = await ccxtFor(simulator, { options: { defaultType: 'swap' } })
  const markets = await exchange.loadMarkets()
  t.equal(markets['BTC/USD:BTC']?.contractSize, 100)
  t.ok(markets['BTC/USDT:USDT']?.linear)

  const moved = simulator.truth.changes
    .flatMap(({ moves }) => moves)
    .filter(({ asset, purse }) => asset === 'USDT' && purse === 'linear')
    .reduce((sum, { amount }) => sum + BigInt(amount.replace('.', '')), 0n)
  const balance = (await exchange.fetchBalance({ type: 'future' })) as any
  t.equal(Math.round(Number(balance.info.assets[0].walletBalance) * 1e8), Number(moved))

  const trades = await exchange.fetchMyTrades('ETH/USDT:USDT', startMs, 1_000)
  const fills = simulator.truth.changes.filter(({ fill }) => fill?.symbol === 'ETH/USDT:USDT')
  t.same(
    trades.map(({ id, amount }) => [id, String(amount)]),
    fills.map(({ id, fill }) => [id, String(Number(fill!.quantity))]),
  )
  const ledger = await exchange.fetchLedger('USDT', startMs, 1_000, { type: 'future' })
  t.ok(ledger.some(({ info }) => info.incomeType === 'FUNDING_FEE'))
  const positions = await exchange.fapiPrivateV3GetPositionRisk()
  t.ok(positions.every(({ positionSide }: any) => positionSide === 'LONG' || positionSide === 'SHORT'))
  const [first] = await exchange.fetchMarkOHLCV('BTC/USDT:USDT', '1m', startMs, 1)
  t.equal(first?.[4], Number(simulator.truth.mark('BTC/USDT:USDT', startMs)!.close))
})

t.test('who asks, what for, and for how long a span', async (t) => {
  const simulator = await simulatorFor(t, { scenario })
  simulator.advanceTo(two)
  t.match(await ask(simulator, '/fapi/v3/account', {}, { secret: 'x' }), {
    status: 400,
    body: { code: -1022 },
  })
  t.match(await ask(simulator, '/dapi/v1/income', {}, { timestampMs: two - minuteMs }), {
    body: { code: -1021 },
  })
  t.match(await ask(simulator, '/fapi/v1/order', { symbol: 'BTCUSDT' }, { method: 'POST' }), { status: 401 })
  const trades = (more: Record<string, string | number>) =>
    ask(simulator, '/fapi/v1/userTrades', { symbol: 'BTCUSDT', ...more })
  t.match(await trades({ startTime: two - 8 * dayMs, endTime: two }), { body: { code: -1127 } })
  t.match(await trades({ fromId: 1, startTime: two - dayMs }), { body: { code: -1128 } })
  t.match(await trades({ limit: 1_001 }), { body: { code: -1130 } })
  t.match(await trades({ symbol: 'NOUSDT' }), { body: { code: -1121 } })
  t.match(await trades({ colour: 'red' }), { body: { code: -1104 } })
  t.match(await ask(simulator, '/fapi/v1/userTrades'), { body: { code: -1102 } })
})

t.test('incomes come in pages, oldest first, each trade as what it realised and what it cost', async (t) => {
  const simulator = await simulatorFor(t, { scenario })
  simulator.advanceTo(two)
  const span = { startTime: startMs, endTime: two }
  const { body: all } = await ask(simulator, '/fapi/v1/income', { ...span, limit: 1_000 })
  const pages: unknown[] = []
  for (let page = 1; ; page += 1) {
    const { body } = await ask(simulator, '/fapi/v1/income', { ...span, limit: 7, page })
    pages.push(...body)
    if (body.length < 7) break
  }
  t.same(pages, all)
  t.same(
    all.map(({ time }: any) => time),
    all.map(({ time }: any) => time).toSorted(),
  )
  t.same([...new Set(all.map(({ incomeType }: any) => incomeType))].toSorted(), [
    'COMMISSION',
    'FUNDING_FEE',
    'INSURANCE_CLEAR',
    'REALIZED_PNL',
    'TRANSFER',
  ])
  const sum = all.reduce((total: number, { income }: any) => total + Math.round(Number(income) * 1e8), 0)
  const { body: account } = await ask(simulator, '/fapi/v3/account')
  t.equal(Math.round(Number(account.assets[0].walletBalance) * 1e8) - 9_000e8, sum)
  const { body: forced } = await ask(simulator, '/fapi/v1/forceOrders', span)
  t.ok(forced.length > 0 && forced.every(({ clientOrderId }: any) => clientOrderId.startsWith('autoclose-')))
})

t.test('each futures exchange counts its own weight', async (t) => {
  const simulator = await simulatorFor(t, { scenario })
  simulator.advanceTo(two)
  let last = await ask(simulator, '/fapi/v1/income')
  for (let count = 0; count < 79; count += 1) last = await ask(simulator, '/fapi/v1/income')
  t.equal(last.headers.get('x-mbx-used-weight-1m'), '2400')
  t.match(await ask(simulator, '/fapi/v1/income'), { status: 429, body: { code: -1003 } })
  const other = await ask(simulator, '/dapi/v1/income')
  t.equal(other.headers.get('x-mbx-used-weight-1m'), '20')
  t.equal((await ask(simulator, '/api/v3/account')).headers.get('x-mbx-used-weight-1m'), '20')
  for (let count = 0; count < 10; count += 1) last = await ask(simulator, '/fapi/v1/income')
  t.equal(last.status, 418, 'who goes on is banned')
  t.equal((await ask(simulator, '/dapi/v1/income')).status, 418, 'everywhere')
})
