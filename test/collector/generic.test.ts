import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { type Served, serveExchange } from './served.ts'

/** Exchanges that are read by ccxt's own methods alone, through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)

const usual: Readonly<Record<string, Served>> = {
  '/api/v4/spot/currency_pairs': [pair('BTC', 'USDT'), pair('ETH', 'USDT', { trade_status: 'untradable' })],
  '/api/v4/margin/currency_pairs': [],
  '/api/v4/spot/accounts': [],
  '/api/v4/spot/my_trades': [],
  '/api/v4/wallet/deposits': [],
  '/api/v4/wallet/withdrawals': [],
}

function pair(base: string, quote: string, more: object = {}): object {
  return {
    id: `${base}_${quote}`,
    base,
    quote,
    fee: '0.2',
    min_quote_amount: '1',
    amount_precision: 4,
    precision: 2,
    trade_status: 'tradable',
    sell_start: 0,
    buy_start: 0,
    ...more,
  }
}

function serve(t: Test, answers: Readonly<Record<string, Served>>) {
  return serveExchange(t, 'gate', {
    nowMs,
    sinceMs: nowMs - hourMs,
    answers: { ...usual, '/api/v4/spot/time': { server_time: nowMs }, ...answers },
  })
}

function trade(id: number, side: string, amount: string, price: string, more: object = {}): object {
  return {
    id: String(id),
    create_time: String(Math.floor((nowMs + minuteMs) / 1_000)),
    create_time_ms: `${nowMs + minuteMs}.123000`,
    currency_pair: 'BTC_USDT',
    side,
    role: 'taker',
    amount,
    price,
    order_id: '9',
    fee: '0',
    fee_currency: 'USDT',
    point_fee: '0',
    gt_fee: '0',
    ...more,
  }
}

t.test('fills, deposits and withdrawals, and honestly nothing else', async (t) => {
  const exchange = await serve(t, {
    '/api/v4/spot/accounts': [{ currency: 'USDT', available: '900', locked: '100' }],
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.match(first, {
    origin: { collector: /^ccxt \d+\.\d+\.\d+ generic$/, environment: 'simulated' },
    observation: {
      complete: true,
      anchor: { balances: [{ asset: 'USDT', amount: '1000' }] },
      unavailable: ['transfers', 'rewards', 'conversions', 'interest'],
    },
  })
  const laterMs = nowMs + 3 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v4/spot/time', { server_time: laterMs })
  exchange.answers.set('/api/v4/spot/my_trades', [
    trade(2, 'buy', '0.01', '50000', { fee: '0.00002', fee_currency: 'BTC' }),
    trade(1, 'sell', '0.002', '50100.5', { fee: '0.1' }),
  ])
  const seconds = String(Math.floor((nowMs + minuteMs) / 1_000))
  const moved = (id: string, amount: string, status: string) => ({
    id,
    timestamp: seconds,
    currency: 'USDT',
    address: 'x',
    txid: `tx-${id}`,
    amount,
    fee: '0',
    status,
    chain: 'TRX',
  })
  exchange.answers.set('/api/v4/wallet/deposits', [moved('d1', '50', 'DONE'), moved('d2', '7', 'PEND')])
  exchange.answers.set('/api/v4/wallet/withdrawals', [moved('w1', '20', 'DONE'), moved('w2', '9', 'CANCEL')])
  // 1000 − 500 + 100.201 − 0.1 + 50 − 20
  exchange.answers.set('/api/v4/spot/accounts', [
    { currency: 'USDT', available: '630.101', locked: '0' },
    { currency: 'BTC', available: '0.00798', locked: '0' },
  ])
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.match(observation, {
    complete: true,
    anchor: {
      atMs: laterMs,
      balances: [
        { asset: 'BTC', amount: '0.00798' },
        { asset: 'USDT', amount: '630.101' },
      ],
    },
  })
  t.strictSame(
    observation.fills.map(({ id, symbol, side, quantity, quoteQuantity, fees }) => [
      id,
      symbol,
      side,
      quantity,
      quoteQuantity,
      fees.map(({ asset, amount }) => `${amount} ${asset}`).join(),
    ]),
    [
      ['1', 'BTC/USDT', 'sell', '0.002', '100.201', '0.1 USDT'],
      ['2', 'BTC/USDT', 'buy', '0.01', '500', '0.00002 BTC'],
    ],
  )
  t.strictSame(
    observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    ['deposit 50 USDT', 'withdrawal -20 USDT'],
  )
})

t.test('more rows than one answer holds are asked for in shorter spans', async (t) => {
  const all = Array.from({ length: 250 }, (_, index) => ({
    ...trade(index + 1, 'buy', '0.01', '50000'),
    create_time: String(Math.floor((nowMs - 50 * minuteMs + index * 10_000) / 1_000)),
    create_time_ms: `${nowMs - 50 * minuteMs + index * 10_000}.0`,
  }))
  const exchange = await serve(t, {
    '/api/v4/spot/my_trades': (url: URL) => {
      const [from, to] = [Number(url.searchParams.get('from')), Number(url.searchParams.get('to'))]
      return all
        .filter((each) => Number(each.create_time) >= from && Number(each.create_time) <= to)
        .slice(-100)
    },
  })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.equal(answer.observation.fills.length, 250)
  t.equal(answer.observation.complete, true)
})

t.test('an account is known by the number that the exchange tells, whatever the key', async (t) => {
  const exchange = await serve(t, { '/api/v4/account/detail': { user_id: 10406147, key: { mode: 1 } } })
  t.match(await exchange.check(), {
    kind: 'checked',
    permissions: 'unverified',
    excess: [],
    accountId: '10406147',
  })
  t.notOk(exchange.asked.some((each) => !each.startsWith('/api/v4/')))
  for (const strange of [{}, { user_id: null }, { user_id: 'a b' }, { user_id: -1 }, []]) {
    exchange.answers.set('/api/v4/account/detail', strange)
    t.match(await exchange.check(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' })
  }
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t, {})
  for (const [httpStatus, code] of [
    [401, 'EXCHANGE_KEY_REFUSED'],
    [403, 'EXCHANGE_KEY_REFUSED'],
    [400, 'EXCHANGE_REQUEST_REFUSED'],
    [429, 'EXCHANGE_RATE_LIMITED'],
    [502, 'EXCHANGE_UNREACHABLE'],
  ] as const) {
    exchange.answers.set('/api/v4/spot/accounts', { httpStatus, label: 'WORDS', message: 'words' })
    t.match(await exchange.poll(), { kind: 'failed', code }, String(httpStatus))
    exchange.clock.atMs += 10 * minuteMs
  }
  for (const strange of [
    '<html>',
    'null',
    [{ currency: 'USDT', available: '-1e999', locked: '0' }],
    [{ currency: 'A B', available: '1', locked: '0' }],
  ]) {
    exchange.answers.set('/api/v4/spot/accounts', strange)
    t.match(
      await exchange.poll(),
      { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' },
      JSON.stringify(strange),
    )
  }
  exchange.answers.set('/api/v4/spot/accounts', [])
  for (const strange of [
    trade(1, 'buy', '-1', '5'),
    trade(1, 'buy', 'NaN', '5'),
    trade(1, 'hold', '1', '5'),
    trade(1, 'buy', '1', '5', { create_time_ms: '99999999999999.0', create_time: '99999999999' }),
  ]) {
    exchange.answers.set('/api/v4/spot/my_trades', [strange])
    t.match(
      await exchange.poll(),
      { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' },
      JSON.stringify(strange),
    )
  }
})

t.test('markets and minutes', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const exchange = await serve(t, {
    '/api/v4/spot/candlesticks': [0, 1].map((index) => [
      String((atMs + index * minuteMs) / 1_000),
      '25',
      `3.${index}`,
      '4',
      '1',
      '2',
      '10',
      'true',
    ]),
  })
  const source = { exchange: 'gate', sandbox: false, marketTypes: ['spot'] as const }
  t.strictSame(
    (await exchange.collectors.markets({ source })).map(({ symbol, active }) => [symbol, active]),
    [
      ['BTC/USDT', true],
      ['ETH/USDT', false],
    ],
  )
  const wants = ['BTC/USDT', 'NO/SUCH'].map((symbol) => ({ symbol, fromMs: atMs, toMs: atMs + 2 * minuteMs }))
  t.strictSame(await exchange.collectors.candles({ source, wants }), [
    [
      { minuteMs: atMs, open: '2', close: '3.0', baseVolume: '10', quoteVolume: null },
      { minuteMs: atMs + minuteMs, open: '2', close: '3.1', baseVolume: '10', quoteVolume: null },
    ],
    null,
  ])
})

t.test('the others of the list are reached, and only for reading', async (t) => {
  const calls = {
    poloniex: {
      '/timestamp': { serverTime: nowMs },
      '/markets': [],
      '/v3/market/allInstruments': { code: '200', data: [] },
      '/accounts/balances': [
        { accountId: '1', accountType: 'SPOT', balances: [{ currency: 'USDT', available: '5', hold: '1' }] },
      ],
      '/trades': [],
      '/wallets/activity': { deposits: [], withdrawals: [] },
    },
    woo: {
      '/v3/public/systemInfo': { success: true, data: { status: 0 }, timestamp: nowMs },
      '/v3/public/instruments': { success: true, data: { rows: [] }, timestamp: nowMs },
      '/v3/account/info': { success: true, data: { applicationId: '251b-f5c4' }, timestamp: nowMs },
      '/v3/asset/balances': {
        success: true,
        data: { holding: [{ token: 'USDT', holding: '6', frozen: '0' }] },
        timestamp: nowMs,
      },
      '/v3/trade/transactionHistory': { success: true, data: { rows: [], meta: {} }, timestamp: nowMs },
      '/v3/asset/wallet/history': { success: true, data: { rows: [], meta: {} }, timestamp: nowMs },
    },
  } satisfies Record<string, Record<string, Served>>
  for (const [id, answers] of Object.entries(calls)) {
    const exchange = await serveExchange(t, id, { nowMs, sinceMs: nowMs - hourMs, answers })
    t.match(
      await exchange.poll(),
      {
        kind: 'observed',
        observation: { complete: true, anchor: { balances: [{ asset: 'USDT', amount: '6' }] } },
      },
      id,
    )
    const accountId = id === 'woo' ? '251b-f5c4' : '1'
    t.match(await exchange.check(), { kind: 'checked', permissions: 'unverified', accountId }, id)
    const paths = new Set(exchange.asked.map((each) => each.split(' ')[0]))
    t.strictSame([...paths].toSorted(), Object.keys(answers).toSorted(), id)
  }
})
