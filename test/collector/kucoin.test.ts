import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** The main and the trading account of kucoin through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const credentials = { api_key: 'key', secret: 'secret', passphrase: 'words' }

function good(data: unknown): object {
  return { code: '200000', data }
}

function page(items: readonly object[], more: object = {}): object {
  return good({ currentPage: 1, pageSize: 500, totalNum: items.length, totalPage: 1, items, ...more })
}

const key = { permission: 'General', uid: 157_267_400, isMaster: true, apiVersion: 3 }

const usual: Readonly<Record<string, Served>> = {
  '/api/v2/symbols': good([
    { symbol: 'BTC-USDT', baseCurrency: 'BTC', quoteCurrency: 'USDT', enableTrading: true },
  ]),
  '/api/v1/user/api-key': good(key),
  '/api/ua/v1/account/mode': good({ selfAccountMode: 'CLASSIC' }),
  '/api/v1/accounts': good([]),
  '/api/v1/accounts/ledgers': page([]),
  '/api/v1/hf/accounts/ledgers': good([]),
  '/api/v1/fills': page([]),
}

function serve(t: Test, answers: Readonly<Record<string, Served>>, sinceMs = nowMs - hourMs, atMs = nowMs) {
  const all = { ...usual, '/api/v1/timestamp': good(atMs), ...answers }
  return serveExchange(t, 'kucoin', { nowMs: atMs, sinceMs, answers: all, credentials })
}

function account(type: string, currency: string, balance: string): object {
  return { id: `${type}${currency}`, type, currency, balance, available: balance, holds: '0' }
}

let lines = 0
function line(accountType: string, bizType: string, change: string, currency: string, more: object = {}) {
  lines += 1
  const isOut = change.startsWith('-')
  return {
    id: `${lines}`,
    currency,
    amount: change.replace('-', ''),
    fee: '0',
    accountType,
    bizType,
    direction: isOut ? 'out' : 'in',
    createdAt: nowMs - 2 * minuteMs,
    context: '',
    ...more,
  }
}

t.test('the documented fills of both trading accounts', async (t) => {
  const fills = documentedBody('kucoin/Spot/Trading/GetUserTrades.txt')
  const hfFills = documentedBody('kucoin/Spot/HfTrading/GetUserTrades.txt')
  const accounts = documentedBody('kucoin/Spot/Account/GetAccounts.txt')
  if (fills === null || hfFills === null || accounts === null) return t.comment('no reference folder here')
  const older = await serve(
    t,
    { '/api/v1/fills': fills, '/api/v1/accounts': accounts },
    1_547_026_472_000 - hourMs,
    1_547_026_472_000 + hourMs,
  )
  const answer = await older.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.fills, [
    {
      id: '5c35c02709e4f67d5266954e',
      market: 'spot',
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      side: 'buy',
      price: '0.083',
      quantity: '0.8424304',
      quoteQuantity: '0.0699217232',
      fees: [],
      atMs: 1_547_026_472_000,
      execution: 'trade',
    },
  ])
  // main and trade
  t.strictSame(answer.observation.anchor?.balances, [{ asset: 'BTC', amount: '1471938.04299' }])
  t.equal(answer.observation.complete, false, 'the ledger does not show that trade yet')

  const atMs = 1_661_390_702_919
  const context = "{'symbol':'BTC-ETC','orderId':'6306cf6e27ecbe0001e1e03a','tradeId':'616179312641'}"
  const traded = { createdAt: atMs, context }
  const newer = await serve(
    t,
    {
      '/api/v1/hf/fills': hfFills,
      '/api/v1/hf/accounts/ledgers': (url: URL) =>
        good(
          url.searchParams.has('lastId')
            ? []
            : [
                line('TRADE_HF', 'TRADE_EXCHANGE', '1', 'BTC', traded),
                line('TRADE_HF', 'TRADE_EXCHANGE', '-1', 'ETC', traded),
              ],
        ),
    },
    atMs - hourMs,
    atMs + hourMs,
  )
  const second = await newer.poll()
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.match(second.observation, {
    complete: true,
    fills: [
      {
        id: '616179312641',
        symbol: 'BTC/ETC',
        base: 'BTC',
        quote: 'ETC',
        side: 'buy',
        price: '1',
        quantity: '1',
        quoteQuantity: '1',
        fees: [{ asset: 'USDT', amount: '0.00021' }],
        atMs,
      },
    ],
  })
  t.ok(newer.asked.some((each) => each.startsWith('/api/v1/hf/fills') && each.includes('symbol=BTC-ETC')))
})

t.test('the documented ledger: what was lent comes back from outside', async (t) => {
  const ledgers = documentedBody('kucoin/Spot/Account/GetAccountLedgers.txt')
  if (ledgers === null) return t.comment('no reference folder here')
  const atMs = Date.UTC(2021, 7, 16, 9)
  const exchange = await serve(t, { '/api/v1/accounts/ledgers': ledgers }, atMs - 3 * hourMs, atMs)
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.flows, [
    {
      id: '611a18bc6a0533000671e1bf',
      flow: 'transfer',
      asset: 'USDT',
      amount: '10.00059547',
      atMs: 1_629_100_220_843,
      atEstimated: false,
    },
    {
      id: '611a1e7c6a053300067a88d9',
      flow: 'transfer',
      asset: 'USDT',
      amount: '10.00059547',
      atMs: 1_629_101_692_950,
      atEstimated: false,
    },
  ])
})

t.test('the documented deposit and withdrawal are what the ledger says of them', async (t) => {
  const deposits = documentedBody('kucoin/Spot/Account/GetDeposits.txt')
  const withdrawals = documentedBody('kucoin/Spot/Account/GetWithdrawals.txt')
  if (deposits === null || withdrawals === null) return t.comment('no reference folder here')
  // 20.5 came in, and what went out took its fee along
  const at = (createdAt: number) => ({ createdAt })
  const exchange = await serve(
    t,
    {
      '/api/v1/deposits': deposits,
      '/api/v1/withdrawals': withdrawals,
      '/api/v1/accounts/ledgers': page([
        line('MAIN', 'Deposit', '20.50000000', 'XRP', at(1_666_600_549_000)),
        line('MAIN', 'Withdrawal', '-21.00000000', 'XRP', { fee: '0.50000000', ...at(1_666_600_379_000) }),
      ]),
    },
    1_666_600_000_000,
    1_666_601_000_000,
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(
    answer.observation.flows.map(({ flow, asset, amount, atMs }) => [flow, asset, amount, atMs]),
    [
      ['withdrawal', 'XRP', '-21', 1_666_600_379_000],
      ['deposit', 'XRP', '20.50000000', 1_666_600_549_000],
    ],
  )
  // by a chain or from another client of the exchange: both come from outside
  t.notOk(exchange.asked.some((each) => /deposits|withdrawals/.test(each)))
})

t.test('who trades with oneself has one number on both sides', async (t) => {
  const atMs = nowMs - 2 * minuteMs
  const context = '{"symbol":"BTC-USDT","orderId":"o","tradeId":"77"}'
  const fill = (side: string, id: number) => ({
    id,
    symbol: 'BTC-USDT',
    tradeId: 77,
    side,
    price: '5',
    size: '2',
    funds: '10',
    fee: '0.01',
    feeCurrency: 'USDT',
    tradeType: 'TRADE',
    createdAt: atMs,
  })
  const exchange = await serve(t, {
    '/api/v1/hf/accounts/ledgers': (url: URL) =>
      good(
        url.searchParams.has('lastId')
          ? []
          : ['2', '-2'].map((change) => line('TRADE_HF', 'TRADE_EXCHANGE', change, 'BTC', { context })),
      ),
    '/api/v1/hf/fills': (url: URL) =>
      good({ items: url.searchParams.has('lastId') ? [] : [fill('buy', 1), fill('sell', 2)], lastId: 2 }),
  })
  t.match(await exchange.poll(), {
    observation: {
      complete: true,
      fills: [
        { id: '77', side: 'buy' },
        { id: '77.sell', side: 'sell' },
      ],
    },
  })
})

t.test('from poll to poll, to the last unit, a day at a time', async (t) => {
  const sinceMs = nowMs - 3 * dayMs
  const exchange = await serve(
    t,
    { '/api/v1/accounts': good([account('main', 'USDT', '1000'), account('margin', 'USDT', '5')]) },
    sinceMs,
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'USDT', amount: '1000' }])
  const asked = exchange.asked
    .filter((each) => each.startsWith('/api/v1/accounts/ledgers'))
    .map((each) => new URLSearchParams(each.split(' ')[1]))
    .map((query) => [Number(query.get('startAt')), Number(query.get('endAt'))] as const)
  t.equal(asked.length, 4)
  t.ok(asked.every(([from, to]) => to - from < dayMs))
  t.ok(asked.every(([from], index) => index === 0 || from === asked[index - 1]![1] + 1))

  const atMs = nowMs + minuteMs
  const laterMs = nowMs + 5 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v1/timestamp', good(laterMs))
  const at = { createdAt: atMs }
  const trade = { ...at, context: '{"symbol":"BTC-USDT","orderId":"o1","tradeId":"t1"}' }
  exchange.answers.set('/api/v1/accounts/ledgers', (url: URL) =>
    url.searchParams.get('currentPage') === '1'
      ? page(
          [
            line('MAIN', 'Transfer', '-600', 'USDT', at),
            line('MARGIN', 'Transfer', '9', 'USDT', at),
            line('MAIN', 'Withdrawal', '-50.5', 'USDT', at),
          ],
          { totalPage: 2 },
        )
      : page(
          [
            line('MAIN', 'Transfer', '-30', 'USDT', at),
            line('MAIN', 'Convert to KCS', '-0.4', 'USDT', { ...at, context: '{"orderId":"k1"}' }),
            line('MAIN', 'Convert to KCS', '0.03', 'KCS', { ...at, context: '{"orderId":"k1"}' }),
            line('MAIN', 'Soft Staking Profits', '0.01', 'KCS', at),
            line('MAIN', 'Something new', '0.1', 'USDT', at),
          ],
          { currentPage: 2, totalPage: 2 },
        ),
  )
  exchange.answers.set('/api/v1/hf/accounts/ledgers', (url: URL) =>
    good(
      url.searchParams.has('lastId')
        ? []
        : [
            line('TRADE_HF', 'TRANSFER', '600', 'USDT', { createdAt: atMs + 300 }),
            line('TRADE_HF', 'TRADE_EXCHANGE', '-500.5', 'USDT', trade),
            line('TRADE_HF', 'TRADE_EXCHANGE', '0.01', 'BTC', trade),
            line('TRADE_HF', 'RETURNED_FEES', '0.5', 'USDT', at),
            line('TRADE_HF', 'DEDUCTION_FEES', '-0.02', 'KCS', at),
          ],
    ),
  )
  exchange.answers.set(
    '/api/v1/hf/fills',
    good({
      items: [
        {
          id: 1,
          symbol: 'BTC-USDT',
          tradeId: 't1',
          side: 'buy',
          price: '50000',
          size: '0.01',
          funds: '500',
          fee: '0.5',
          feeCurrency: 'USDT',
          tradeType: 'TRADE',
          createdAt: atMs,
        },
      ],
      lastId: 1,
    }),
  )
  exchange.answers.set(
    '/api/v1/accounts',
    good([
      // 1000 − 600 − 50.5 − 30 − 0.4 + 0.1, and 600 − 500.5 + 0.5
      account('main', 'USDT', '319.2'),
      account('trade', 'USDT', '100'),
      account('trade', 'BTC', '0.01'),
      // 0.03 + 0.01 − 0.02
      account('main', 'KCS', '0.02'),
    ]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.match(observation, {
    complete: true,
    anchor: { atMs: laterMs },
    fills: [{ id: 't1', fees: [{ asset: 'USDT', amount: '0.5' }], quoteQuantity: '500' }],
    conversions: [
      {
        id: 'k1',
        conversion: 'dust',
        changes: [
          { asset: 'KCS', amount: '0.03' },
          { asset: 'USDT', amount: '-0.4' },
        ],
      },
    ],
  })
  t.strictSame(
    observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    // the 600 stay inside, and what is of the margin account is not looked at
    ['withdrawal -50.5 USDT', 'transfer -30 USDT'],
  )
  t.strictSame(
    observation.incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`).toSorted(),
    ['earn 0.01 KCS', 'rebate -0.02 KCS', 'rebate 0.5 USDT'],
  )
})

t.test('half a transfer is not judged before its other half can have come', async (t) => {
  const half = (createdAt: number) => line('MAIN', 'Transfer', '-5', 'USDT', { createdAt })
  const fresh = await serve(t, { '/api/v1/accounts/ledgers': page([half(nowMs - 5_000)]) })
  t.match(await fresh.poll(), { observation: { complete: false, flows: [] } })
  const old = await serve(t, { '/api/v1/accounts/ledgers': page([half(nowMs - 5 * minuteMs)]) })
  t.match(await old.poll(), { observation: { complete: true, flows: [{ amount: '-5' }] } })
})

t.test('only a key that reads', async (t) => {
  const checked = async (served: Served) => (await serve(t, { '/api/v1/user/api-key': served })).check()
  t.match(await checked(good(key)), { permissions: 'read-only', excess: [], accountId: '157267400' })
  t.match(await checked(good({ ...key, permission: 'General, Spot' })), {
    permissions: 'trade',
    excess: ['Spot'],
  })
  for (const permission of ['General,Transfer', 'General,Brandnew', '', undefined, 7]) {
    t.match(await checked(good({ ...key, permission })), { permissions: 'withdraw' }, String(permission))
  }
  t.match(await checked(good({ permission: 'General' })), { kind: 'failed' })
  const documented = documentedBody('kucoin/Unified/Account/GetApiKeyInfo.txt')
  if (documented === null) return t.comment('no reference folder here')
  t.match(await checked(documented), {
    permissions: 'withdraw',
    excess: ['InnerTransfer', 'Futures', 'Unified', 'Spot', 'Earn', 'Margin'],
    accountId: '157267400',
  })
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t, {})
  for (const [code, expected, scope] of [
    ['400003', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['400004', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['400002', 'EXCHANGE_REQUEST_REFUSED', 'session'],
    ['411100', 'EXCHANGE_ACCOUNT_REFUSED', 'session'],
    ['900001', 'EXCHANGE_REQUEST_REFUSED', 'session'],
    ['500000', 'EXCHANGE_UNREACHABLE', 'exchange'],
    ['429000', 'EXCHANGE_RATE_LIMITED', 'session'],
    // of the firewall, which knows no accounts
    ['1015', 'EXCHANGE_RATE_LIMITED', 'exchange'],
  ] as const) {
    exchange.answers.set('/api/v1/accounts', { code, msg: 'words' })
    t.match(await exchange.poll(), { kind: 'failed', code: expected, scope, exchangeCode: code }, code)
    exchange.clock.atMs += minuteMs
  }
  const usd = account('main', 'USDT', '1')
  for (const strange of ['<html>', '{"code":"200000"', good({}), good([{ ...usd, balance: '1e999' }])]) {
    exchange.answers.set('/api/v1/accounts', strange)
    t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' })
  }
})

t.test('markets and minutes', async (t) => {
  const symbols = documentedBody('kucoin/Spot/ExchangeData/GetSymbols.txt')
  const atMs = nowMs - 10 * minuteMs
  const row = (index: number) => [
    String((atMs + index * minuteMs) / 1_000),
    '2',
    `3.${index}`,
    '4',
    '1',
    '10',
    '25',
  ]
  const exchange = await serve(t, {
    ...(symbols === null ? {} : { '/api/v2/symbols': symbols }),
    '/api/v1/market/candles': (url: URL) =>
      url.searchParams.get('symbol') === 'XLM-USDT'
        ? good([row(1), row(0)])
        : { code: '400100', msg: 'words' },
  })
  const source = { exchange: 'kucoin', sandbox: false, marketTypes: ['spot'] as const }
  if (symbols !== null) {
    t.strictSame(
      (await exchange.collectors.markets({ source })).map(({ symbol }) => symbol),
      ['XLM/USDT', 'VET/USDT'],
    )
  }
  const wants = ['XLM/USDT', 'NO/SUCH'].map((symbol) => ({ symbol, fromMs: atMs, toMs: atMs + 2 * minuteMs }))
  t.strictSame(await exchange.collectors.candles({ source, wants }), [
    [0, 1].map((index) => ({
      minuteMs: atMs + index * minuteMs,
      open: '2',
      close: `3.${index}`,
      baseVolume: '10',
      quoteVolume: '25',
    })),
    null,
  ])
})
