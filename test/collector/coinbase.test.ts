import { generateKeyPairSync } from 'node:crypto'
import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** The spot wallets of coinbase through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const credentials = {
  api_key: 'organizations/1/apiKeys/2',
  secret: privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
}
const walletId = '8bfc20d7-f7c6-4422-bf07-8243ca4169fe'

function time(atMs: number): object {
  return { iso: new Date(atMs).toISOString(), epochSeconds: String(atMs / 1_000), epochMillis: String(atMs) }
}

function wallet(id: string, currency: string, available: string, hold = '0'): object {
  const money = (value: string) => ({ value, currency })
  return { uuid: id, currency, available_balance: money(available), hold: money(hold), type: 'CRYPTO' }
}

function list(data: readonly object[], next: string | null = null): object {
  return { pagination: { next_starting_after: next }, data }
}

const usual: Readonly<Record<string, Served>> = {
  '/api/v3/brokerage/time': time(nowMs),
  '/api/v3/brokerage/key_permissions': {
    can_view: true,
    can_trade: false,
    can_transfer: false,
    portfolio_uuid: 'b87a2d3f-8a1e-49b3-a4ea-402d8c389aca',
    portfolio_type: 'DEFAULT',
  },
  '/api/v3/brokerage/accounts': { accounts: [], has_next: false, cursor: '' },
  '/api/v3/brokerage/orders/historical/fills': { fills: [], cursor: '' },
}

function serve(t: Test, answers: Readonly<Record<string, Served>>, sinceMs = nowMs - hourMs, atMs = nowMs) {
  const all = { ...usual, '/api/v3/brokerage/time': time(atMs), ...answers }
  return serveExchange(t, 'coinbase', { nowMs: atMs, sinceMs, answers: all, credentials })
}

t.test('the documented fills and accounts', async (t) => {
  const fills = documentedBody('nautilus/coinbase/http_fills.json')
  const accounts = documentedBody('nautilus/coinbase/http_accounts.json')
  if (fills === null || accounts === null) return t.comment('no reference folder here')
  const exchange = await serve(
    t,
    {
      '/api/v3/brokerage/orders/historical/fills': fills,
      '/api/v3/brokerage/accounts': accounts,
      [`/v2/accounts/${walletId}/transactions`]: list([]),
      '/v2/accounts/9cfc20d7-f7c6-4422-bf07-8243ca4169ff/transactions': list([]),
      '/v2/accounts/9cfc20d7-f7c6-4422-bf07-8243ca4169ff/deposits': list([]),
    },
    Date.UTC(2024, 0, 1),
    Date.UTC(2024, 0, 16),
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const own = { market: 'spot', execution: 'trade', quote: 'USD' }
  t.strictSame(answer.observation.fills, [
    {
      ...own,
      id: '1111-11111-111112',
      symbol: 'ETH/USD',
      base: 'ETH',
      side: 'sell',
      price: '3076.92',
      quantity: '0.0325',
      quoteQuantity: '99.9999',
      fees: [{ asset: 'USD', amount: '0.5' }],
      atMs: Date.UTC(2024, 0, 15, 10, 5),
    },
    {
      ...own,
      id: '1111-11111-111111',
      symbol: 'BTC/USD',
      base: 'BTC',
      side: 'buy',
      price: '45123.45',
      quantity: '0.005',
      quoteQuantity: '225.61725',
      fees: [{ asset: 'USD', amount: '1.14' }],
      atMs: Date.UTC(2024, 0, 15, 10, 30),
    },
  ])
  t.match(answer.observation, {
    complete: true,
    anchor: {
      balances: [
        { asset: 'BTC', amount: '1.23956789' },
        { asset: 'USD', amount: '10450.5' },
      ],
    },
    // the list of withdrawals is not there
    unavailable: ['withdrawals'],
  })
})

t.test('the documented transactions, deposits and withdrawals', async (t) => {
  const transactions = documentedBody('coinbase/AdvancedTrade/Account/GetTransactions.txt')
  const deposits = documentedBody('coinbase/AdvancedTrade/Account/GetDeposits.txt')
  const withdrawals = documentedBody('coinbase/AdvancedTrade/Account/GetWithdrawals.txt')
  const accounts = documentedBody('coinbase/AdvancedTrade/Account/GetAccounts.txt')
  if (transactions === null || deposits === null || withdrawals === null || accounts === null) {
    return t.comment('no reference folder here')
  }
  const exchange = await serve(
    t,
    {
      '/api/v3/brokerage/accounts': accounts,
      [`/v2/accounts/${walletId}/transactions`]: transactions,
      [`/v2/accounts/${walletId}/deposits`]: deposits,
      [`/v2/accounts/${walletId}/withdrawals`]: withdrawals,
    },
    Date.UTC(2015, 0, 1),
    Date.UTC(2015, 3, 1),
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const { flows, anchor, fills, conversions } = answer.observation
  t.strictSame([fills, conversions], [[], []])
  t.strictSame(anchor?.balances, [{ asset: 'BTC', amount: '2.46' }])
  // a buy and a request that are pending are none; the bank's deposit and withdrawal have one transaction each
  t.strictSame(
    flows.map(({ flow, asset, amount, atMs }) => [flow, amount, asset, new Date(atMs).toISOString()]),
    [
      ['withdrawal', '-10', 'USD', '2015-01-31T20:49:02.000Z'],
      ['withdrawal', '-0.00100000', 'BTC', '2015-03-11T20:13:35.000Z'],
      ['transfer', '-5.00000000', 'BTC', '2015-03-12T22:51:38.000Z'],
    ],
  )
})

t.test('a documented deposit alone, credited when it was done', async (t) => {
  const deposits = documentedBody('coinbase/AdvancedTrade/Account/GetDeposits.txt')
  if (deposits === null) return t.comment('no reference folder here')
  const exchange = await serve(
    t,
    {
      '/api/v3/brokerage/accounts': { accounts: [{ ...wallet('w1', 'USD', '10'), type: 'FIAT' }] },
      '/v2/accounts/w1/transactions': list([]),
      '/v2/accounts/w1/deposits': deposits,
      '/v2/accounts/w1/withdrawals': list([]),
    },
    Date.UTC(2015, 0, 1),
    Date.UTC(2015, 3, 1),
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.flows, [
    {
      id: '441b9494-b3f0-5b98-b9b0-4d82c21c252a',
      flow: 'deposit',
      asset: 'USD',
      amount: '10',
      atMs: Date.UTC(2015, 1, 12, 0, 54, 2),
      atEstimated: true,
    },
  ])
})

t.test('from poll to poll, to the last unit', async (t) => {
  const first = { accounts: [wallet('w1', 'USD', '1000'), wallet('w2', 'BTC', '0.1')] }
  const exchange = await serve(t, {
    '/api/v3/brokerage/accounts': first,
    '/v2/accounts/w1/transactions': list([]),
    '/v2/accounts/w2/transactions': list([]),
  })
  const start = await exchange.poll()
  if (start.kind === 'failed') return t.fail(start.code, { start })
  const atMs = nowMs + minuteMs
  exchange.clock.atMs = nowMs + 2 * minuteMs
  exchange.answers.set('/api/v3/brokerage/time', time(nowMs + 2 * minuteMs))
  const fill = (id: string, more: object) => ({
    entry_id: id,
    trade_id: id,
    trade_time: new Date(atMs).toISOString(),
    trade_type: 'FILL',
    price: '50000',
    size: '0.01',
    commission: '1.2345678901234',
    product_id: 'BTC-USD',
    size_in_quote: false,
    side: 'BUY',
    ...more,
  })
  exchange.answers.set('/api/v3/brokerage/orders/historical/fills', (url: URL) =>
    url.searchParams.get('cursor') === null
      ? { fills: [fill('f1', {}), fill('p1', { product_id: 'BTC-PERP-INTX' })], cursor: 'x' }
      : {
          fills: [
            fill('f1', {}),
            fill('f2', { size: '100', size_in_quote: true, price: '40000', side: 'SELL', commission: '' }),
            fill('r1', { trade_type: 'REVERSAL' }),
          ],
          cursor: '',
        },
  )
  const moved = (id: string, type: string, amount: string, currency: string, more: object = {}) => ({
    id,
    type,
    status: 'completed',
    amount: { amount, currency },
    created_at: new Date(atMs).toISOString(),
    resource: 'transaction',
    ...more,
  })
  exchange.answers.set('/v2/accounts/w1/transactions', (url: URL) =>
    url.searchParams.get('starting_after') === null
      ? list(
          [
            moved('t1', 'advanced_trade_fill', '-501.23', 'USD'),
            moved('t2', 'send', '-20', 'USD', { status: 'pending' }),
          ],
          't2',
        )
      : list([
          moved('t3', 'trade', '-30', 'USD', { trade: { id: 'c1' } }),
          moved('t4', 'staking_reward', '0.5', 'USD'),
          moved('t5', 'transfer', '-7', 'USD', { to: { id: 'w2', resource: 'account' } }),
          moved('t6', 'transfer', '7', 'USD', { from: { id: 'w1', resource: 'account' } }),
          moved('t7', 'send', '-9', 'USD', {
            status: 'failed',
            updated_at: new Date(atMs + 1_000).toISOString(),
          }),
        ]),
  )
  exchange.answers.set(
    '/v2/accounts/w2/transactions',
    list([moved('t8', 'trade', '0.0006', 'BTC', { trade: { id: 'c1' } })]),
  )
  // 1000 − 500 − 1.2345678901234 + 100 − 20 − 30 + 0.5, and 0.1 + 0.01 − 0.0025 + 0.0006
  exchange.answers.set('/api/v3/brokerage/accounts', (url: URL) =>
    url.searchParams.get('cursor') === null
      ? { accounts: [wallet('w1', 'USD', '549.2654321098766', '0')], has_next: true, cursor: 'next' }
      : { accounts: [wallet('w2', 'BTC', '0.1', '0.0081')], has_next: false, cursor: '' },
  )
  const second = await exchange.poll({ cursor: start.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.match(observation, {
    complete: true,
    anchor: {
      // until the second began in which they were read
      atMs: nowMs + 2 * minuteMs - 1,
      balances: [
        { asset: 'BTC', amount: '0.1081' },
        { asset: 'USD', amount: '549.2654321098766' },
      ],
    },
    fills: [
      { id: 'f1', fees: [{ asset: 'USD', amount: '1.2345678901234' }] },
      { id: 'f2', quantity: '0.0025', quoteQuantity: '100', fees: [] },
    ],
    incomes: [{ income: 'earn', amount: '0.5', asset: 'USD' }],
    conversions: [
      {
        id: 'c1',
        conversion: 'convert',
        changes: [
          { asset: 'BTC', amount: '0.0006' },
          { asset: 'USD', amount: '-30' },
        ],
      },
    ],
  })
  t.equal(observation.fills.length, 2, 'no perpetual, no reversal, each once')
  t.strictSame(
    observation.flows.map(({ id, flow, amount }) => `${id} ${flow} ${amount}`),
    ['t2 withdrawal -20', 't7 withdrawal -9', 't7:returned deposit 9'],
  )
})

t.test('what happens in the second of a balance read, after it, is not in it', async (t) => {
  const accounts = (available: string) => ({
    accounts: [wallet('w1', 'USD', available)],
    has_next: false,
    cursor: '',
  })
  const exchange = await serve(
    t,
    { '/api/v3/brokerage/accounts': accounts('1000'), '/v2/accounts/w1/transactions': list([]) },
    nowMs - hourMs,
    nowMs + 300,
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  const atMs = nowMs + minuteMs
  exchange.clock.atMs = atMs
  exchange.answers.set('/api/v3/brokerage/time', time(atMs))
  exchange.answers.set('/api/v3/brokerage/accounts', accounts('1025'))
  // at 600 of that second, told as its beginning
  const created_at = `${new Date(nowMs).toISOString().slice(0, 19)}Z`
  const reward = { id: 't1', type: 'staking_reward', status: 'completed', created_at }
  const transactions = list([{ ...reward, amount: { amount: '25', currency: 'USD' } }])
  exchange.answers.set('/v2/accounts/w1/transactions', transactions)
  const second = await exchange.poll({ cursor: first.cursor })
  t.match(second, { observation: { complete: true, incomes: [{ id: 't1', amount: '25' }] } })
})

t.test('only a key that reads', async (t) => {
  const good = usual['/api/v3/brokerage/key_permissions'] as object
  const checked = async (served: Served) =>
    (await serve(t, { '/api/v3/brokerage/key_permissions': served })).check()
  t.match(await checked(good), {
    kind: 'checked',
    permissions: 'read-only',
    accountId: 'b87a2d3f-8a1e-49b3-a4ea-402d8c389aca',
  })
  t.match(await checked({ ...good, can_trade: true }), { permissions: 'trade', excess: ['can_trade'] })
  t.match(await checked({ ...good, can_transfer: true }), { permissions: 'withdraw' })
  t.match(await checked({ portfolio_uuid: 'x' }), {
    permissions: 'withdraw',
    excess: ['can_transfer?', 'can_trade?'],
  })
  t.match(await checked({ can_trade: false, can_transfer: false }), { kind: 'failed' }, 'whose it is')
  const documented = documentedBody('coinbase/AdvancedTrade/Account/GetApiKeyInfo.txt')
  if (documented === null) return t.comment('no reference folder here')
  t.match(await checked(documented), {
    permissions: 'withdraw',
    excess: ['can_transfer', 'can_trade'],
    accountId: 'string',
  })
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t, {})
  for (const [httpStatus, body, code] of [
    [401, { error: 'Unauthorized' }, 'EXCHANGE_KEY_REFUSED'],
    [403, { error: 'PERMISSION_DENIED', message: 'words' }, 'EXCHANGE_KEY_REFUSED'],
    [400, { error: 'INVALID_ARGUMENT' }, 'EXCHANGE_REQUEST_REFUSED'],
    [404, { errors: [{ id: 'not_found', message: 'words' }] }, 'EXCHANGE_REQUEST_REFUSED'],
    [429, { error: 'rate limit exceeded' }, 'EXCHANGE_RATE_LIMITED'],
    [503, {}, 'EXCHANGE_UNREACHABLE'],
  ] as const) {
    exchange.answers.set('/api/v3/brokerage/accounts', { httpStatus, ...body })
    t.match(await exchange.poll(), { kind: 'failed', code }, String(httpStatus))
    // an exchange that asks for a pause gets it
    exchange.clock.atMs += 10 * minuteMs
  }
  const wallets = (more: object) => ({ accounts: [{ ...wallet('w1', 'USD', '1'), ...more }] })
  for (const strange of [
    '<html>',
    '[]',
    { accounts: 'x' },
    wallets({ available_balance: { value: 'NaN' } }),
    wallets({ uuid: '../x' }),
  ]) {
    exchange.answers.set('/api/v3/brokerage/accounts', strange)
    t.match(
      await exchange.poll(),
      { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' },
      JSON.stringify(strange),
    )
  }
})

t.test('markets and minutes', async (t) => {
  const products = documentedBody('nautilus/coinbase/http_products.json')
  const atMs = nowMs - 10 * minuteMs
  const exchange = await serve(t, {
    '/api/v3/brokerage/market/products': products ?? {
      products: [{ product_id: 'BTC-USD', product_type: 'SPOT' }],
    },
    '/api/v3/brokerage/market/products/BTC-USD/candles': (url: URL) => ({
      candles: [1, 0].map((index) => ({
        start: String(Number(url.searchParams.get('start')) + index * 60),
        low: '1',
        high: '4',
        open: '2',
        close: `3.${index}`,
        volume: '10',
      })),
    }),
  })
  const source = { exchange: 'coinbase', sandbox: false, marketTypes: ['spot'] as const }
  t.match(await exchange.collectors.markets({ source }), [
    { symbol: 'BTC/USD', base: 'BTC', quote: 'USD', type: 'spot', active: true },
  ])
  const wants = ['BTC/USD', 'NO/SUCH'].map((symbol) => ({
    symbol,
    fromMs: atMs,
    toMs: atMs + 2 * minuteMs,
  }))
  exchange.answers.set('/api/v3/brokerage/market/products/NO-SUCH/candles', {
    httpStatus: 404,
    error: 'NOT_FOUND',
  })
  t.strictSame(await exchange.collectors.candles({ source, wants }), [
    [
      { minuteMs: atMs, open: '2', close: '3.0', baseVolume: '10', quoteVolume: null },
      { minuteMs: atMs + minuteMs, open: '2', close: '3.1', baseVolume: '10', quoteVolume: null },
    ],
    null,
  ])
  const futures = documentedBody('nautilus/coinbase/http_products_future.json')
  if (futures === null) return t.comment('no reference folder here')
  const others = await serve(t, { '/api/v3/brokerage/market/products': futures })
  t.strictSame(await others.collectors.markets({ source }), [], 'contracts are none of spot')
})
