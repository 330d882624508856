import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { balance, bill, good, nowMs, observed, serve } from './okx.ts'
import { documentedBody } from './served.ts'

/** okx's fills beside plain trades, and the bills behind them. */

const at = (minutes: number) => ({ ts: String(nowMs - minutes * minuteMs) })

let fills = 0
function fill(instId: string, side: 'buy' | 'sell', size: string, price: string, more: object): object {
  fills += 1
  const filledAt = String(nowMs - 3 * minuteMs)
  return {
    instType: instId.endsWith('SWAP') ? 'SWAP' : /\d{6}$/.test(instId) ? 'FUTURES' : 'SPOT',
    instId,
    side,
    fillSz: size,
    fillPx: price,
    fee: '0',
    feeCcy: '',
    ordId: '',
    billId: String(7_000 + fills),
    fillTime: filledAt,
    ts: filledAt,
    ...more,
  }
}

t.test('what the list of fills tells of conversions their bills tell already', async (t) => {
  const exchange = await serve(t, {
    '/api/v5/trade/fills': good([
      fill('ADA-USDT', 'sell', '3', '0.4', { subType: '237', tradeId: '31' }),
      fill('BTC-USDT', 'buy', '0.00002', '60000', { subType: '118', tradeId: '32' }),
      fill('BTC-USDT', 'buy', '0.00002', '60000', { subType: '212', tradeId: '33' }),
      fill('BTC-USDT', 'sell', '0.01', '60000', { subType: '377', tradeId: '34' }),
    ]),
    '/api/v5/account/bills': good([
      {
        ...bill('28', '237', 'ADA', '-3', { instType: 'SPOT', instId: 'ADA-USDT', tradeId: '31' }),
        ...at(3),
      },
      {
        ...bill('28', '236', 'USDT', '1.2', { instType: 'SPOT', instId: 'ADA-USDT', tradeId: '31' }),
        ...at(3),
      },
      // its own number, of a kind that is none of trades
      {
        ...bill('4', '377', 'BTC', '-0.01', { instType: 'SPOT', instId: 'BTC-USDT', tradeId: '34' }),
        ...at(3),
      },
      {
        ...bill('4', '377', 'USDT', '599.4', {
          instType: 'SPOT',
          instId: 'BTC-USDT',
          tradeId: '34',
          fee: '-0.6',
        }),
        ...at(3),
      },
      // dollars for the coin that an option costs
      { ...bill('1', '221', 'USDT', '-610'), ...at(2) },
      { ...bill('1', '220', 'BTC', '0.01'), ...at(2) },
    ]),
  })
  const seen = await observed(exchange, t)
  t.match(seen?.fills, [
    {
      id: '34',
      side: 'sell',
      execution: 'liquidation',
      quoteQuantity: '600',
      fees: [{ asset: 'USDT', amount: '0.6' }],
    },
  ])
  t.equal(seen?.fills.length, 1)
  t.strictSame(
    seen?.conversions.map(({ changes }) => changes.map(({ asset, amount }) => `${amount} ${asset}`)),
    [
      ['-3 ADA', '1.2 USDT'],
      ['0.01 BTC', '-610 USDT'],
    ],
  )
  t.strictSame(seen?.flows, [])
})

t.test('a pair of dollars is paid in the coin that was chosen', async (t) => {
  const named = { instType: 'SPOT', instId: 'BTC-USD', tradeId: '41', ordId: '8' }
  const exchange = await serve(t, {
    '/api/v5/public/instruments': good([
      { instType: 'SPOT', instId: 'BTC-USD', baseCcy: 'BTC', quoteCcy: 'USD', state: 'live' },
    ]),
    '/api/v5/trade/fills': good([
      fill('BTC-USD', 'buy', '0.01', '60000', {
        ...named,
        subType: '1',
        tradeQuoteCcy: 'USDC',
        feeCcy: 'BTC',
      }),
    ]),
    '/api/v5/account/bills': good([
      { ...bill('2', '1', 'BTC', '0.01'), ...named, ...at(3) },
      { ...bill('2', '1', 'USDC', '-600.01'), ...named, ...at(3) },
    ]),
  })
  t.match((await observed(exchange, t))?.fills, [
    { symbol: 'BTC/USDC', base: 'BTC', quote: 'USDC', quantity: '0.01', quoteQuantity: '600.01' },
  ])
})

t.test(
  'a liquidation has a number below nothing, a block trade no order, a settlement no trade',
  async (t) => {
    const swap = { instType: 'SWAP', instId: 'BTC-USDT-SWAP' }
    const first = await serve(t)
    const before = await first.poll()
    if (before.kind !== 'observed') return t.fail(before.code)
    const nextMs = nowMs + 10 * minuteMs
    first.clock.atMs = nextMs
    const filled = { fillTime: String(nowMs + minuteMs), ts: String(nowMs + minuteMs) }
    const { answers } = first
    answers.set('/api/v5/public/time', good([{ ts: String(nextMs) }]))
    answers.set('/api/v5/account/balance', balance([{ ccy: 'USDT', cashBal: '1004.25', eq: '1004.25' }]))
    answers.set(
      '/api/v5/account/positions',
      good([{ ...swap, pos: '5', posSide: 'net', avgPx: '61000', mgnMode: 'cross' }]),
    )
    answers.set(
      '/api/v5/trade/fills',
      good([
        fill('BTC-USDT-SWAP', 'buy', '8', '60000', { ...filled, subType: '204', tradeId: '51' }),
        fill('BTC-USDT-SWAP', 'sell', '3', '60500', { ...filled, subType: '107', tradeId: '-52' }),
      ]),
    )
    const then = { ts: String(nowMs + minuteMs) }
    answers.set(
      '/api/v5/account/bills',
      good([
        {
          ...swap,
          ...bill('14', '204', 'USDT', '-0.75', { pnl: '0', fee: '-0.75', tradeId: '51' }),
          ...then,
        },
        {
          ...swap,
          ...bill('5', '107', 'USDT', '15', { pnl: '15', fee: '0', tradeId: '-52', ordId: '' }),
          ...then,
        },
        // the entry is set to where it was settled, and what that makes is paid
        { ...swap, ...bill('34', '355', 'USDT', '-10', { pnl: '-10' }), ts: String(nowMs + 2 * minuteMs) },
      ]),
    )
    const after = await first.poll({ cursor: before.cursor })
    if (after.kind !== 'observed') return t.fail(after.code)
    const { complete, fills: told, flows, incomes } = after.observation
    t.ok(complete, 'all of it is explained')
    t.match(told, [
      { id: '51', side: 'buy', quantity: '8', execution: 'trade', fees: [{ asset: 'USDT', amount: '0.75' }] },
      { id: '-52', side: 'sell', quantity: '3', execution: 'liquidation' },
    ])
    t.strictSame([flows, incomes], [[], []])
  },
)

t.test('the legs of a documented spread are fills with bills of their own', async (t) => {
  const trades = documentedBody('nautilus/okx/http_get_spread_trades.json')
  const spreads = documentedBody('nautilus/okx/http_get_spreads.json')
  if (trades === null || spreads === null) return t.comment('no reference folder here')
  const [trade] = (
    JSON.parse(trades) as { data: [{ sprdId: string; fillSz: string; ordId: string; ts: string }] }
  ).data
  const spread = (
    JSON.parse(spreads) as { data: { sprdId: string; legs: { instId: string; side: 'buy' | 'sell' }[] }[] }
  ).data.find(({ sprdId }) => sprdId === trade.sprdId)
  const atMs = 1_700_000_001_000
  t.equal(Number(trade.ts), atMs)
  const contracts = (spread?.legs ?? []).map(({ instId }) => ({
    instType: instId.endsWith('SWAP') ? 'SWAP' : 'FUTURES',
    instId,
    ctType: 'inverse',
    ctVal: '10',
    ctMult: '1',
    ctValCcy: 'USD',
    settleCcy: 'ETH',
    state: 'live',
  }))
  const legs = (spread?.legs ?? []).map(({ instId, side }, index) => ({
    instId,
    instType: instId.endsWith('SWAP') ? 'SWAP' : 'FUTURES',
    side,
    subType: side === 'buy' ? '270' : '271',
    tradeId: `900${index}`,
    ts: trade.ts,
  }))
  const exchange = await serve(
    t,
    {
      '/api/v5/public/instruments': (url: URL) =>
        good(contracts.filter(({ instType }) => instType === url.searchParams.get('instType'))),
      '/api/v5/trade/fills': good(
        legs.map((leg) =>
          fill(leg.instId, leg.side, trade.fillSz, '2000', {
            ...leg,
            ordId: trade.ordId,
            fee: '-0.00001',
            feeCcy: 'ETH',
            fillTime: trade.ts,
          }),
        ),
      ),
      '/api/v5/account/bills': good(
        legs.map((leg) => ({
          ...bill('24', leg.subType, 'ETH', '-0.00001', { fee: '-0.00001', pnl: '0', sz: trade.fillSz }),
          ...leg,
          ordId: '',
        })),
      ),
    },
    { atMs: atMs + hourMs, sinceMs: atMs - hourMs },
  )
  const seen = await observed(exchange, t)
  t.ok(seen?.complete, 'no bill is without its fill')
  t.match(seen?.fills, [
    { symbol: 'ETH/USD:ETH', side: 'sell', quantity: '5', fees: [{ asset: 'ETH', amount: '0.00001' }] },
    { symbol: 'ETH/USD:ETH-231229', side: 'buy', quantity: '5', fees: [{ asset: 'ETH', amount: '0.00001' }] },
  ])
})

t.test('the execution that a documented order tells, as the list of fills has it', async (t) => {
  const body = documentedBody('nautilus/okx/http_get_orders_history.json')
  const swaps = documentedBody('nautilus/okx/http_get_instruments_swap.json')
  if (body === null || swaps === null) return t.comment('no reference folder here')
  const [order] = (JSON.parse(body) as { data: [Record<string, unknown>] }).data
  const atMs = 1_746_947_317_402
  const exchange = await serve(
    t,
    {
      '/api/v5/public/instruments': (url: URL) =>
        url.searchParams.get('instType') === 'SWAP' ? (JSON.parse(swaps) as object) : good([]),
      '/api/v5/trade/fills': good([{ ...order, billId: '1', subType: '3', ts: String(atMs) }]),
    },
    { atMs: atMs + minuteMs },
  )
  t.match((await observed(exchange, t))?.fills, [
    {
      id: '1518905529',
      market: 'linear',
      symbol: 'BTC/USDT:USDT',
      side: 'buy',
      price: '103698.9',
      quantity: '0.03',
      terms: { size: '0.01', settle: 'USDT' },
      fees: [{ asset: 'USDT', amount: '0.021776769' }],
      atMs,
      execution: 'trade',
    },
  ])
})
