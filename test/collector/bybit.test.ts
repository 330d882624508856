import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { executionsOf, holdingOf } from '../../src/collector/bybit/row.ts'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** The spot part of bybit's unified account through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)

function good(result: unknown): object {
  return { retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: nowMs }
}

function wallet(coins: readonly object[]): object {
  return good({ list: [{ accountType: 'UNIFIED', coin: coins }] })
}

const key = { readOnly: 1, uta: 1, userID: 1448939, permissions: { Spot: ['SpotTrade'], Wallet: [] } }

const usual: Readonly<Record<string, Served>> = {
  '/v5/market/time': good({ timeSecond: String(nowMs / 1_000), timeNano: `${nowMs}000000` }),
  '/v5/market/instruments-info': good({
    category: 'spot',
    list: [
      { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', status: 'Trading' },
      { symbol: 'OLDUSDT', baseCoin: 'OLD', quoteCoin: 'USDT', status: 'Closed' },
    ],
  }),
  '/v5/user/query-api': good(key),
  '/v5/account/info': good({ unifiedMarginStatus: 4, marginMode: 'REGULAR_MARGIN' }),
  '/v5/account/wallet-balance': wallet([{ coin: 'USDT', walletBalance: '1000' }]),
  '/v5/account/transaction-log': good({ nextPageCursor: '', list: [] }),
  '/v5/execution/list': good({ nextPageCursor: '', category: 'spot', list: [] }),
}

function serve(t: Test, answers: Readonly<Record<string, Served>>, sinceMs = nowMs - hourMs) {
  return serveExchange(t, 'bybit', { nowMs, sinceMs, answers: { ...usual, ...answers } })
}

let lines = 0
function line(type: string, currency: string, change: string, more: object = {}): object {
  lines += 1
  const rest = { category: '', fee: '', funding: '', cashFlow: change, tradeId: '', orderId: '' }
  return {
    id: `l${lines}`,
    type,
    currency,
    change,
    transactionTime: String(nowMs - minuteMs),
    ...rest,
    ...more,
  }
}

const execution = {
  symbol: 'BTCUSDT',
  side: 'Buy',
  execId: '2100000000042',
  execPrice: '50000.5',
  execQty: '0.01',
  execValue: '500.005',
  execFee: '0.00001',
  feeCurrency: 'BTC',
  execType: 'Trade',
  execTime: String(nowMs - minuteMs),
}

t.test('a fill, its log lines and what was transferred, to the last unit', async (t) => {
  const sinceMs = nowMs - 20 * dayMs
  const exchange = await serve(t, {}, sinceMs)
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.match(first.observation, {
    complete: true,
    anchor: { balances: [{ asset: 'USDT', amount: '1000' }] },
    lost: null,
  })
  const spans = exchange.asked
    .filter((each) => each.startsWith('/v5/account/transaction-log'))
    .map((each) => new URLSearchParams(each.split(' ')[1]))
    .map((asked) => [Number(asked.get('startTime')), Number(asked.get('endTime'))] as const)
  t.equal(spans.length, 3, 'seven days at a time')
  t.ok(spans.every(([from, to]) => to - from <= 7 * dayMs))
  t.equal(spans[0]?.[0], sinceMs - 5 * minuteMs)
  t.ok(spans.every(([from], index) => index === 0 || from === spans[index - 1]![1] + 1))

  const atMs = nowMs + minuteMs
  exchange.clock.atMs = nowMs + 2 * minuteMs
  exchange.answers.set('/v5/market/time', good({ timeNano: `${nowMs + 2 * minuteMs}000000` }))
  const pair = { tradeId: execution.execId, category: 'spot', transactionTime: String(atMs) }
  exchange.answers.set('/v5/account/transaction-log', (url: URL) =>
    url.searchParams.get('cursor') === null
      ? good({
          nextPageCursor: 'a%3A1',
          list: [
            line('TRADE', 'BTC', '0.00999', { ...pair, fee: '0.00001' }),
            line('TRADE', 'USDT', '-500.005', { ...pair, fee: '0' }),
          ],
        })
      : good({
          nextPageCursor: '',
          list: [line('TRANSFER_IN', 'USDT', '250', { transactionTime: String(atMs) })],
        }),
  )
  exchange.answers.set(
    '/v5/execution/list',
    good({ category: 'spot', nextPageCursor: '', list: [{ ...execution, execTime: String(atMs) }] }),
  )
  exchange.answers.set(
    '/v5/account/wallet-balance',
    wallet([
      { coin: 'USDT', walletBalance: '749.995' },
      { coin: 'BTC', walletBalance: '0.00999' },
      { coin: 'ETH', walletBalance: '' },
    ]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.strictSame(second.observation, {
    begunAtMs: nowMs + 2 * minuteMs,
    complete: true,
    fills: [
      {
        id: '2100000000042',
        market: 'spot',
        symbol: 'BTC/USDT',
        base: 'BTC',
        quote: 'USDT',
        side: 'buy',
        price: '50000.5',
        quantity: '0.01',
        quoteQuantity: '500.005',
        fees: [{ asset: 'BTC', amount: '0.00001' }],
        atMs,
        execution: 'trade',
      },
    ],
    flows: second.observation.flows,
    conversions: [],
    incomes: [],
    anchor: {
      atMs: nowMs + 2 * minuteMs,
      balances: [
        { asset: 'BTC', amount: '0.00999' },
        { asset: 'USDT', amount: '749.995' },
      ],
    },
    unavailable: [],
    lost: null,
  })
  t.match(second.observation.flows, [
    { flow: 'transfer', asset: 'USDT', amount: '250', atMs, atEstimated: false },
  ])
})

t.test('each kind of line', async (t) => {
  const list = [
    line('TRANSFER_OUT', 'USDT', '-5'),
    line('FLEXIBLE_STAKING_SUBSCRIPTION', 'USDT', '-7'),
    line('AIRDROP', 'XYZ', '100'),
    line('BONUS_RECOLLECT', 'USDT', '-1'),
    line('INTEREST', 'USDT', '-0.01'),
    line('FEE_REFUND', 'USDT', '0.02'),
    line('CURRENCY_SELL', 'BTC', '-0.1', { orderId: 'c1' }),
    line('CURRENCY_BUY', 'ETH', '1.77', { orderId: 'c1' }),
    line('SOMETHING_NEW', 'USDT', '3'),
  ]
  const exchange = await serve(t, { '/v5/account/transaction-log': good({ nextPageCursor: '', list }) })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const { flows, incomes, conversions } = answer.observation
  t.strictSame(
    flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    ['transfer -7 USDT', 'reward 100 XYZ', 'reward -1 USDT', 'transfer -5 USDT'],
  )
  t.strictSame(
    incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`),
    ['interest -0.01 USDT', 'rebate 0.02 USDT'],
  )
  t.match(conversions, [
    {
      conversion: 'convert',
      id: 'c1',
      changes: [
        { asset: 'BTC', amount: '-0.1' },
        { asset: 'ETH', amount: '1.77' },
      ],
    },
  ])
})

t.test('what a spot session would read by halves is refused', async (t) => {
  const refused = { kind: 'failed', code: 'EXCHANGE_ACCOUNT_REFUSED', scope: 'session' }
  const coin = { coin: 'USDT', walletBalance: '10' }
  for (const [name, answers] of Object.entries({
    classic: { '/v5/account/info': good({ unifiedMarginStatus: 1, marginMode: 'REGULAR_MARGIN' }) },
    'portfolio margin': {
      '/v5/account/info': good({ unifiedMarginStatus: 4, marginMode: 'PORTFOLIO_MARGIN' }),
    },
    'no mode': { '/v5/account/info': good({}) },
    borrowed: { '/v5/account/wallet-balance': wallet([{ ...coin, borrowAmount: '1' }]) },
    'a position': { '/v5/account/wallet-balance': wallet([{ ...coin, totalPositionIM: '1' }]) },
    'another kind of account': {
      '/v5/account/wallet-balance': good({ list: [{ accountType: 'SPOT', coin: [coin] }] }),
    },
    funding: {
      '/v5/account/transaction-log': good({
        list: [line('SETTLEMENT', 'USDT', '-1', { category: 'linear' })],
      }),
    },
    adl: {
      '/v5/account/transaction-log': good({
        list: [line('TRADE', 'USDT', '1', { category: 'spot', tradeId: 'x' })],
      }),
      '/v5/execution/list': good({ category: 'spot', list: [{ ...execution, execType: 'AdlTrade' }] }),
    },
  } satisfies Record<string, Record<string, Served>>)) {
    t.match(await (await serve(t, answers)).poll(), refused, name)
  }
  const linear = documentedBody('nautilus/bybit/http_get_executions.json')
  if (linear === null) return t.comment('no reference folder here')
  const other = (JSON.parse(linear) as { result: unknown }).result
  t.strictSame(executionsOf(other, nowMs, 'spot').rows, [], 'fills of another market are none of spot')
})

t.test('the documented wallets', async (t) => {
  const result = (name: string): unknown => {
    const body = documentedBody(name)
    return body === null ? null : (JSON.parse(body) as { result: unknown }).result
  }
  const plain = result('bybit/V5Api/Account/GetBalances.txt')
  if (plain === null) return t.comment('no reference folder here')
  t.match(holdingOf(plain), { balances: [], more: null })
  t.match(holdingOf(result('nautilus/bybit/http_get_wallet_balance.json')), {
    // 0 − 0.06142 − 0.02
    balances: [
      { asset: 'ETH', amount: '-0.08142' },
      { asset: 'USDT', amount: '1000.5' },
    ],
    more: 'borrowed',
  })
  t.match(holdingOf(result('nautilus/bybit/http_get_wallet_balance_spot_short.json')), {
    balances: [
      { asset: 'ETH', amount: '-0.08142' },
      { asset: 'USDT', amount: '2500' },
    ],
    more: 'borrowed',
  })
  t.match(holdingOf(result('nautilus/bybit/http_get_wallet_balance_with_spot_borrow.json')), {
    // 1200 − 200 − 0.50
    balances: [{ asset: 'USDT', amount: '999.5' }],
    more: 'borrowed',
  })
  const exchange = await serve(t, {
    '/v5/account/wallet-balance': documentedBody('bybit/V5Api/Account/GetBalances.txt')!,
    '/v5/account/info': documentedBody('bybit/V5Api/Account/GetMarginAccountInfo.txt')!,
    '/v5/market/instruments-info': documentedBody('bybit/V5Api/ExchangeData/GetSpotSymbols.txt')!,
  })
  t.match(await exchange.poll(), {
    kind: 'observed',
    observation: { complete: true, anchor: { balances: [] } },
  })
  const source = { exchange: 'bybit', sandbox: false, marketTypes: ['spot'] as const }
  t.strictSame(await exchange.collectors.markets({ source }), [
    { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true },
  ])
  const lists: Served = documentedBody('nautilus/bybit/http_get_instruments_spot.json')!
  const others = await serve(t, {
    '/v5/market/instruments-info': lists,
    '/v5/account/info': documentedBody('nautilus/bybit/http_get_account_info.json')!,
  })
  t.match(await others.poll(), { kind: 'observed', observation: { complete: true } })
  t.strictSame(
    (await others.collectors.markets({ source })).map(({ symbol }) => symbol),
    ['BTC/USDT', 'ETH/USDT'],
  )
})

t.test('documented converts and tokens, as the log and the history have them', async (t) => {
  const rows = (path: string): readonly Record<string, string>[] | null => {
    const body = documentedBody(path)
    return body === null
      ? null
      : (JSON.parse(body) as { result: { list: Record<string, string>[] } }).result.list
  }
  const converts = rows('bybit/V5Api/Account/GetConvertHistory.txt')
  if (converts === null) return t.comment('no reference folder here')
  const unified = converts.find(({ accountType }) => accountType === 'eb_convert_uta')!
  const [token] = rows('bybit/V5Api/Trading/GetLeverageTokenOrderHistory.txt')!
  const list = [
    line('CURRENCY_SELL', unified['fromCoin']!, `-${unified['fromAmount']}`, { orderId: 'c' }),
    line('CURRENCY_BUY', unified['toCoin']!, unified['toAmount']!, { orderId: 'c' }),
    line('TOKENS_SUBSCRIPTION', token!['valueCoin']!, `-${token!['value']}`, { orderId: token!['orderId'] }),
    line('TOKENS_SUBSCRIPTION', token!['ltCoin']!, token!['amount']!, { orderId: token!['orderId'] }),
  ]
  const exchange = await serve(t, { '/v5/account/transaction-log': good({ nextPageCursor: '', list }) })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code)
  t.strictSame(
    answer.observation.conversions.map(({ changes }) =>
      changes.map(({ asset, amount }) => `${amount} ${asset}`),
    ),
    [
      ['-0.1 BTC', '1.773938248611074 ETH'],
      ['222.90757477 EOS3L', '-95.13860435 USDT'],
    ],
  )
})

t.test('only a read-only key of a unified account', async (t) => {
  const checked = async (served: Served) => (await serve(t, { '/v5/user/query-api': served })).check()
  t.match(await checked(good(key)), {
    kind: 'checked',
    permissions: 'read-only',
    excess: [],
    accountId: '1448939',
  })
  t.match(await checked(good({ ...key, readOnly: 0 })), { permissions: 'trade', excess: ['readOnly'] })
  t.match(await checked(good({ ...key, readOnly: 0, permissions: { Wallet: ['Withdraw'] } })), {
    permissions: 'withdraw',
  })
  for (const strange of [undefined, null, '1', true, 2]) {
    t.match(
      await checked(good({ ...key, readOnly: strange, permissions: undefined })),
      { permissions: 'withdraw', excess: ['readOnly?'] },
      String(strange),
    )
  }
  t.match(await checked(good({ ...key, uta: 0 })), { kind: 'failed', code: 'EXCHANGE_ACCOUNT_REFUSED' })
  const writing = documentedBody('bybit/V5Api/Account/GetApiKeyInfo.txt')
  const reading = documentedBody('nautilus/bybit/http_get_user_query_api.json')
  if (writing === null || reading === null) return t.comment('no reference folder here')
  t.match(await checked(writing), { permissions: 'withdraw', excess: ['readOnly'], accountId: '24617703' })
  t.match(await checked(reading), { permissions: 'read-only', excess: [], accountId: '1448939' })
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t, {})
  for (const [retCode, code, scope] of [
    [10003, 'EXCHANGE_KEY_REFUSED', 'session'],
    [10005, 'EXCHANGE_KEY_REFUSED', 'session'],
    [33004, 'EXCHANGE_KEY_REFUSED', 'session'],
    [10002, 'EXCHANGE_REQUEST_REFUSED', 'session'],
    [10006, 'EXCHANGE_RATE_LIMITED', 'session'],
    [10008, 'EXCHANGE_ACCOUNT_REFUSED', 'session'],
    [10016, 'EXCHANGE_UNREACHABLE', 'exchange'],
    [99999, 'EXCHANGE_REQUEST_REFUSED', 'session'],
  ] as const) {
    exchange.answers.set('/v5/account/wallet-balance', { retCode, retMsg: 'words', result: {} })
    t.match(
      await exchange.poll(),
      { kind: 'failed', code, scope, exchangeCode: String(retCode) },
      String(retCode),
    )
  }
  for (const strange of ['<html>', '{"retCode":0', '{"retCode":"0","result":{}}', '[]']) {
    exchange.answers.set('/v5/account/wallet-balance', strange)
    t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, strange)
  }
})

t.test('a dense backlog is caught up with from poll to poll', async (t) => {
  const sinceMs = nowMs - 3 * dayMs
  const everyMs = 20_000
  const exchange = await serve(
    t,
    {
      // newest first, fifty at a time
      '/v5/account/transaction-log': (url: URL) => {
        const asked = (name: string): number => Number(url.searchParams.get(name) ?? 0)
        const fromMs = Math.max(asked('startTime'), sinceMs)
        const newest = Math.floor(Math.min(asked('endTime'), nowMs) / everyMs) - asked('cursor')
        const count = Math.max(0, Math.min(50, newest - Math.ceil(fromMs / everyMs) + 1))
        const list = Array.from({ length: count }, (_, index) =>
          line('TRANSFER_IN', 'USDT', '1', { transactionTime: String((newest - index) * everyMs) }),
        )
        return good({ list, nextPageCursor: count === 50 ? String(asked('cursor') + 50) : '' })
      },
    },
    sinceMs,
  )
  let cursor: string | null = null
  let flows = 0
  let readToMs = sinceMs
  for (let poll = 0; poll < 12 && readToMs < nowMs; poll += 1) {
    const polled = await exchange.poll({ cursor })
    if (polled.kind === 'failed') return t.fail(polled.code)
    flows += polled.observation.flows.length
    const reached = (JSON.parse(polled.cursor) as { readToMs: number }).readToMs
    t.ok(reached > readToMs, `${(reached - readToMs) / hourMs} hours more`)
    readToMs = reached
    cursor = polled.cursor
  }
  t.equal(readToMs, nowMs)
  t.ok(flows >= (3 * dayMs) / everyMs, `${flows} lines`)
})

t.test('minutes, oldest first', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const rows = [1, 0].map((index) => [
    String(atMs + index * minuteMs),
    '2',
    '3',
    '1',
    `2.${index}`,
    '10',
    '25',
  ])
  const exchange = await serve(t, {
    '/v5/market/kline': good({ category: 'spot', symbol: 'BTCUSDT', list: rows }),
  })
  const source = { exchange: 'bybit', sandbox: false, marketTypes: ['spot'] as const }
  const wants = [{ symbol: 'BTC/USDT', fromMs: atMs, toMs: atMs + 2 * minuteMs }]
  t.strictSame(await exchange.collectors.candles({ source, wants }), [
    [0, 1].map((index) => ({
      minuteMs: atMs + index * minuteMs,
      open: '2',
      close: `2.${index}`,
      baseVolume: '10',
      quoteVolume: '25',
    })),
  ])
})
