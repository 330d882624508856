import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { endedOf } from '../../src/collector/okx/ended.ts'
import { balance, bill, everything, good, nowMs, observed, serve } from './okx.ts'
import { documentedBody } from './served.ts'

/** okx's options: paid for when they are bought, and worth their mark. */

const listed = ['BTC-USD-260327-92000-C', 'BTC-USD-260327-92000-P'].map((instId) => ({
  instType: 'OPTION',
  instId,
  instFamily: 'BTC-USD',
  ctVal: '1',
  ctMult: '0.01',
  ctValCcy: 'BTC',
  ctType: '',
  settleCcy: 'BTC',
  state: 'live',
}))

const pair = { instType: 'SPOT', instId: 'BTC-USDT', baseCcy: 'BTC', quoteCcy: 'USDT', state: 'live' }

function instruments(url: URL): object {
  const query = url.searchParams
  if (query.get('instType') === 'SPOT') return good([pair])
  return good(query.get('instType') === 'OPTION' && query.get('instFamily') === 'BTC-USD' ? listed : [])
}

const right = { instType: 'OPTION', instId: 'BTC-USD-260327-92000-C', posSide: 'net', mgnMode: 'isolated' }
const terms = { size: '0.01', settle: 'BTC' }
const call = {
  market: 'linear',
  symbol: 'BTC/USD:BTC-260327-92000-C',
  base: 'BTC-USD-260327-92000-C',
  quote: 'BTC',
  terms,
}

t.test('what it cost has left the cash, and all of it is worth its mark', async (t) => {
  const exchange = await serve(t, {
    '/api/v5/public/instruments': instruments,
    '/api/v5/account/balance': balance([
      // 0.4 was lent, and the rights are in the equity: 1 - 0.4 + 0.42 - 0.02
      { ccy: 'BTC', cashBal: '1', liab: '0.4', eq: '1', upl: '0' },
    ]),
    '/api/v5/account/positions': good([
      { ...right, pos: '200', avgPx: '0.055', optVal: '0.42', upl: '0.31', margin: '' },
      {
        ...right,
        instId: 'BTC-USD-260327-92000-P',
        pos: '-10',
        avgPx: '0.01',
        optVal: '-0.02',
        mgnMode: 'cross',
      },
    ]),
  })
  t.strictSame((await observed(exchange, t))?.anchor, {
    atMs: nowMs,
    balances: [{ asset: 'BTC', amount: '0.6' }],
    positions: [
      { ...call, quantity: '200', entry: '0.000000000000000000' },
      {
        ...call,
        symbol: 'BTC/USD:BTC-260327-92000-P',
        base: 'BTC-USD-260327-92000-P',
        quantity: '-10',
        entry: '0.000000000000000000',
      },
    ],
  })
  t.equal(exchange.asked.filter((each) => each.includes('instFamily')).length, 1, 'a family is read once')
})

t.test('bought, used, used by the other side, and ended for nothing', async (t) => {
  const at = (minutes: number) => ({ ts: String(nowMs - minutes * minuteMs) })
  const option = (instId: string) => ({ instType: 'OPTION', instId, tradeId: '', ordId: '' })
  const traded = { ...right, tradeId: '501', ordId: '7' }
  const exchange = await serve(t, {
    '/api/v5/public/instruments': instruments,
    '/api/v5/trade/fills': good([
      {
        ...traded,
        billId: '11',
        side: 'buy',
        subType: '1',
        fillPx: '0.0555',
        fillSz: '20',
        fee: '-0.0004',
        feeCcy: 'BTC',
        fillTime: String(nowMs - 9 * minuteMs),
        ts: String(nowMs - 9 * minuteMs),
      },
    ]),
    '/api/v5/account/bills': good([
      { ...bill('2', '1', 'BTC', '-0.0115', { fee: '-0.0004', pnl: '0', sz: '20' }), ...traded, ...at(9) },
      // 40 × 0.01 × 0.25, less a fee
      {
        ...bill('3', '170', 'BTC', '0.0995', { fee: '-0.0005', pnl: '0.08', sz: '40', px: '100000' }),
        ...option('BTC-USD-260102-75000-C'),
        ...at(5),
      },
      {
        ...bill('3', '171', 'BTC', '-0.0305', { fee: '-0.0005', pnl: '-0.02', sz: '12', px: '100000' }),
        ...option('BTC-USD-260102-125000-P'),
        ...at(5),
      },
      {
        ...bill('3', '172', 'BTC', '0', { fee: '0', pnl: '-0.004', sz: '3', px: '100000' }),
        ...option('BTC-USD-260102-150000-C'),
        ...at(5),
      },
      {
        ...bill('3', '172', 'BTC', '0', { fee: '0', pnl: '0.004', sz: '2', px: '100000' }),
        ...option('BTC-USD-260102-150000-C'),
        ...at(5),
      },
      // of which nothing says who held it
      { ...bill('3', '172', 'BTC', '0', { sz: '1' }), ...option('BTC-USD-260102-150000-C'), ...at(4) },
      // bought back by the exchange: no penalty is told
      {
        ...bill('5', '106', 'BTC', '-0.02', { fee: '0', pnl: '-0.01', sz: '4' }),
        ...option('BTC-USD-260327-92000-P'),
        ...at(3),
      },
      // its family is not listed
      { ...bill('3', '172', 'SOL', '0', { pnl: '1', sz: '2' }), ...option('SOL-USD-260102-150-C'), ...at(4) },
    ]),
  })
  const seen = await observed(exchange, t)
  t.match(seen?.fills, [
    {
      ...call,
      id: '501',
      side: 'buy',
      price: '0.0555',
      quantity: '20',
      fees: [{ asset: 'BTC', amount: '0.0004' }],
      execution: 'trade',
    },
    {
      symbol: 'BTC/USD:BTC-260102-75000-C',
      base: 'BTC-USD-260102-75000-C',
      terms,
      side: 'sell',
      price: '0.25',
      quantity: '40',
      fees: [{ asset: 'BTC', amount: '0.0005' }],
      execution: 'settlement',
    },
    {
      symbol: 'BTC/USD:BTC-260102-125000-P',
      side: 'buy',
      price: '0.25',
      quantity: '12',
      execution: 'settlement',
    },
    { side: 'sell', price: '0', quantity: '3', execution: 'settlement' },
    { side: 'buy', price: '0', quantity: '2', execution: 'settlement' },
  ])
  t.equal(seen?.fills.length, 5)
  t.strictSame(seen?.incomes, [])
})

t.test('marks of a right may be nothing, prints of others may not', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const marks = good([[String(atMs), '0', '0', '0', '0', '1']])
  const exchange = await serve(t, {
    '/api/v5/public/instruments': instruments,
    '/api/v5/market/mark-price-candles': marks,
    '/api/v5/market/candles': good([[String(atMs), '0', '0', '0', '0', '0', '0', '0', '1']]),
  })
  const source = { exchange: 'okx', sandbox: false, marketTypes: everything }
  const want = { fromMs: atMs, toMs: atMs + minuteMs }
  const candles = (symbol: string, kind?: 'mark') =>
    exchange.collectors.candles({
      source,
      wants: [{ symbol, ...want, ...(kind === undefined ? {} : { kind }) }],
    })
  const nothing = { open: '0', close: '0', baseVolume: '0', quoteVolume: '0', minuteMs: atMs }
  const told = await candles('BTC/USD:BTC-260102-150000-C', 'mark')
  t.strictSame(told, [[nothing]])
  t.match(exchange.asked.at(-1), /instId=BTC-USD-260102-150000-C/)
  t.strictSame(await candles('BTC/USDC:USDC-260102-150000-P', 'mark'), [[nothing]])
  t.match(exchange.asked.at(-1), /instId=BTC-USDC_UM-260102-150000-P/)
  await t.rejects(candles('BTC/USD:BTC', 'mark'), { code: 'EXCHANGE_ANSWER_INVALID' })
  await t.rejects(candles('BTC/USDT'), { code: 'EXCHANGE_ANSWER_INVALID' })
})

t.test('documented options', async (t) => {
  const body = documentedBody('nautilus/okx/http_get_instruments_option.json')
  if (body === null) return t.comment('no reference folder here')
  const atMs = Date.UTC(2024, 11, 15)
  const at = (id: string, pos: string): object => ({ ...right, instId: id, pos, avgPx: '0.05', optVal: '' })
  const exchange = await serve(
    t,
    {
      '/api/v5/public/instruments': (url: URL) =>
        url.searchParams.get('instType') === 'OPTION' ? (JSON.parse(body) as object) : good([]),
      '/api/v5/account/positions': good([
        at('BTC-USD-241217-92000-C', '7'),
        at('BTC-USD-241217-92000-P', '-2'),
        at('BTC-USD-241217-94000-C', '1'),
        at('BTC-USD-241217-94000-P', '0'),
      ]),
    },
    { atMs, sinceMs: atMs - dayMs + hourMs },
  )
  t.match((await observed(exchange, t))?.anchor?.positions, [
    { symbol: 'BTC/USD:BTC-241217-92000-C', quantity: '7', terms },
    { symbol: 'BTC/USD:BTC-241217-92000-P', quantity: '-2', terms },
    { symbol: 'BTC/USD:BTC-241217-94000-C', quantity: '1', terms },
  ])
})

t.test('who held what expired at no gain and no loss, the ended positions say', async (t) => {
  const names = ['BTC-USD-260102-150000-C', 'BTC-USD-260102-20000-P', 'BTC-USD-260102-30000-P'] as const
  const ended = { instType: 'OPTION', type: '2', pnl: '0', closeTotalPos: '3', openMaxPos: '3' }
  const exchange = await serve(t, {
    '/api/v5/public/instruments': instruments,
    '/api/v5/account/bills': good(
      names.map((instId) => ({
        ...bill('3', '172', 'BTC', '0', { pnl: '0', sz: '3' }),
        instType: 'OPTION',
        instId,
        tradeId: '',
      })),
    ),
    '/api/v5/account/positions-history': (url: URL) => {
      const instId = url.searchParams.get('instId')
      const at = (direction: string, agoMs: number) =>
        good([{ ...ended, instId, direction, uTime: String(nowMs - agoMs) }])
      if (instId === names[0]) return at('long', minuteMs)
      // the last is of another time
      return instId === names[1] ? at('short', minuteMs) : at('long', dayMs)
    },
  })
  t.match((await observed(exchange, t))?.fills, [
    { base: names[0], side: 'sell', price: '0', execution: 'settlement' },
    { base: names[1], side: 'buy', price: '0', execution: 'settlement' },
  ])
})

t.test('documented positions that have ended', async (t) => {
  const plain = documentedBody('okx/UnifiedApi/Account/GetAccountPositionHistory.txt')
  const other = documentedBody('nautilus/okx/http_get_account_positions-history.json')
  if (plain === null || other === null) return t.comment('no reference folder here')
  for (const [body, instId, closedMs] of [
    [plain, 'BTC-USD-SWAP', 1_654_177_174_419],
    [other, 'ETH-USDT-SWAP', 1_736_745_929_198],
  ] as const) {
    const { data } = JSON.parse(body) as { data: unknown }
    t.strictSame(endedOf(data, closedMs), [{ instId, side: 'long', atMs: closedMs }])
    // of an option that nobody gained by, in the same words
    const option = 'BTC-USD-260102-150000-C'
    const exchange = await serve(
      t,
      {
        '/api/v5/public/instruments': instruments,
        '/api/v5/account/positions-history': body.replaceAll(instId, option),
        '/api/v5/account/bills': good([
          {
            ...bill('3', '172', 'BTC', '0', { pnl: '', sz: '1' }),
            instType: 'OPTION',
            instId: option,
            tradeId: '',
            ts: String(closedMs - minuteMs),
          },
        ]),
      },
      { atMs: closedMs + minuteMs },
    )
    t.match((await observed(exchange, t))?.fills, [{ base: option, side: 'sell', price: '0', quantity: '1' }])
  }
})
