import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** binance's futures wallets through the real processes; expected figures are written down from the documents by hand. */

function contract(symbol: string, more: object = {}): object {
  return {
    symbol,
    baseAsset: 'BTC',
    quoteAsset: 'USDT',
    marginAsset: 'USDT',
    contractType: 'PERPETUAL',
    deliveryDate: 4_133_404_800_000,
    status: 'TRADING',
    ...more,
  }
}

const nothing = { assets: [], positions: [] }

function serve(
  t: Test,
  wallet: 'linear' | 'inverse',
  nowMs: number,
  answers: Readonly<Record<string, Served>>,
  sinceMs = nowMs - hourMs,
) {
  const usual: Readonly<Record<string, Served>> = {
    '/api/v3/time': { serverTime: nowMs },
    '/fapi/v1/exchangeInfo': { symbols: [contract('BTCUSDT')] },
    '/dapi/v1/exchangeInfo': { symbols: [] },
    '/fapi/v3/account': nothing,
    '/dapi/v1/account': nothing,
    '/fapi/v1/income': [],
    '/dapi/v1/income': [],
    '/fapi/v1/userTrades': [],
    '/dapi/v1/userTrades': [],
    '/fapi/v1/forceOrders': [],
    '/dapi/v1/forceOrders': [],
  }
  return serveExchange(t, 'binance', {
    nowMs,
    sinceMs,
    answers: { ...usual, ...answers },
    marketTypes: [wallet],
  })
}

/** As documented; the test ends where the folder is absent. */
function body(t: Test, path: string): string {
  const text = documentedBody(path)
  if (text === null) t.comment('the reference folder is absent')
  return text ?? ''
}

function line(incomeType: string, income: string, more: object = {}): object {
  return { symbol: 'BTCUSDT', incomeType, income, asset: 'USDT', info: '', tranId: 7, tradeId: '', ...more }
}

t.test('USDⓈ-M trades as documented, with the fee that the wallet paid', async (t) => {
  const trades = body(t, 'binance/UsdFutures/Trading/GetUserTrades.txt')
  if (trades === '') return
  const atMs = 1_569_514_978_020
  const exchange = await serve(t, 'linear', atMs + minuteMs, {
    '/fapi/v1/userTrades': trades,
    '/fapi/v1/income': [
      // to the second, as incomes often are
      line('COMMISSION', '-0.07819010', { time: 1_569_514_978_000, tradeId: '698759' }),
      line('REALIZED_PNL', '-0.91539999', { time: 1_569_514_978_000, tradeId: '698759', tranId: 8 }),
    ],
  })
  const polled = await exchange.poll()
  if (polled.kind === 'failed') return t.fail(polled.code, { polled })
  t.strictSame(polled.observation.fills, [
    {
      id: '698759',
      market: 'linear',
      symbol: 'BTC/USDT:USDT',
      base: 'BTC',
      quote: 'USDT',
      side: 'sell',
      price: '7819.01',
      quantity: '0.002',
      quoteQuantity: '15.63802',
      fees: [{ asset: 'USDT', amount: '0.0781901' }],
      atMs,
      execution: 'trade',
      terms: { size: '1', settle: 'USDT' },
    },
  ])
  t.strictSame(polled.observation.incomes, [], 'what a trade realised is no income')
  t.ok(exchange.asked.some((each) => /^\/fapi\/v1\/userTrades .*fromId=698759/.test(each)))
})

t.test(
  'liquidation and deleveraging as documented: by the orders that the exchange made itself',
  async (t) => {
    const forced = body(t, 'binance/UsdFutures/Trading/GetForcedOrders.txt')
    if (forced === '') return
    const atMs = 1_596_110_725_059
    const trade = {
      symbol: 'BTCUSDT',
      qty: '0.001',
      realizedPnl: '-1',
      commission: '0',
      commissionAsset: 'USDT',
    }
    const exchange = await serve(
      t,
      'linear',
      atMs + minuteMs,
      {
        // beside the documented ones a contract that was taken off the list
        '/fapi/v1/forceOrders': [
          ...(JSON.parse(forced) as object[]),
          { orderId: 8_887_002, symbol: 'BTCUSDT', clientOrderId: 'settlement_autoclose-9999' },
        ],
        '/fapi/v1/income': [
          line('REALIZED_PNL', '-1', { time: 1_596_107_620_044, tradeId: '11' }),
          line('INSURANCE_CLEAR', '-0.13641512', { time: 1_596_107_620_044, tranId: 9 }),
          line('REALIZED_PNL', '-1', { time: atMs, tradeId: '12', tranId: 10 }),
          line('REALIZED_PNL', '-1', { time: atMs, tradeId: '13', tranId: 11 }),
        ],
        '/fapi/v1/userTrades': [
          {
            ...trade,
            id: 11,
            orderId: 6_071_832_819,
            side: 'SELL',
            price: '10913.21',
            time: 1_596_107_620_044,
          },
          { ...trade, id: 12, orderId: 6_072_734_303, side: 'BUY', price: '10979.82', time: atMs },
          { ...trade, id: 13, orderId: 8_887_002, side: 'BUY', price: '10979.82', time: atMs },
        ],
      },
      atMs - 3 * hourMs,
    )
    const polled = await exchange.poll()
    if (polled.kind === 'failed') return t.fail(polled.code, { polled })
    t.strictSame(
      polled.observation.fills.map(({ id, side, execution }) => [id, side, execution]),
      [
        ['11', 'sell', 'liquidation'],
        ['12', 'buy', 'adl'],
        ['13', 'buy', 'settlement'],
      ],
    )
    t.strictSame(
      polled.observation.incomes.map(({ income, amount }) => [income, amount]),
      [['liquidation-fee', '-0.13641512']],
    )
  },
)

t.test('wallets and positions of every documented shape', async (t) => {
  const nowMs = 1_700_000_000_000
  const usd = (amount: string) => [{ asset: 'USDT', amount }]
  const long = (entry: string) => [
    {
      market: 'linear',
      symbol: 'BTC/USDT:USDT',
      base: 'BTC',
      quote: 'USDT',
      terms: { size: '1', settle: 'USDT' },
      quantity: '0.001',
      entry,
    },
  ]
  const nautilus = 'nautilus/binance/futures/http_json'
  const cases: readonly [string, Record<string, string | undefined>, object][] = [
    [
      'account of version 2',
      {
        '/fapi/v3/account': undefined,
        '/fapi/v2/account': 'binance/UsdFutures/Account/GetAccountInfo.txt',
      },
      { balances: [{ asset: 'BUSD', amount: '103.12345678' }, ...usd('23.72469206')] },
    ],
    [
      'the same elsewhere',
      { '/fapi/v3/account': undefined, '/fapi/v2/account': `${nautilus}/account_info_v2.json` },
      { balances: usd('23.72469206') },
    ],
    [
      'balances, and positions of version 3',
      {
        '/fapi/v3/account': undefined,
        '/fapi/v3/balance': 'binance/UsdFutures/Account/GetBalances.txt',
        '/fapi/v3/positionRisk': 'binance/UsdFutures/Trading/GetPositions.txt',
      },
      { balances: usd('122607.35137903'), positions: long('22185.2') },
    ],
    [
      'balances, and positions elsewhere',
      {
        '/fapi/v3/account': undefined,
        '/fapi/v3/balance': `${nautilus}/balance.json`,
        '/fapi/v3/positionRisk': `${nautilus}/position_risk.json`,
      },
      { balances: usd('122.12345678'), positions: long('50000.0') },
    ],
    [
      'balances, and positions of version 2',
      {
        '/fapi/v3/account': undefined,
        '/fapi/v3/balance': `${nautilus}/balance.json`,
        '/fapi/v2/positionRisk': 'binance/UsdFutures/Account/GetPositionInformation.txt',
      },
      { balances: usd('122.12345678') },
    ],
  ]
  for (const [name, files, anchor] of cases) {
    await t.test(name, async (t) => {
      const answers: Record<string, Served> = {}
      for (const [path, file] of Object.entries(files)) {
        if (file === undefined) answers[path] = () => undefined
        else answers[path] = body(t, file)
        if (answers[path] === '') return
      }
      const exchange = await serve(t, 'linear', nowMs, answers)
      const polled = await exchange.poll()
      if (polled.kind === 'failed') return t.fail(polled.code, { polled })
      t.strictSame(polled.observation.anchor, { atMs: nowMs, ...anchor })
    })
  }
})

t.test('COIN-M as documented: contracts by their size, incomes in coin', async (t) => {
  const info = body(t, 'binance/CoinFutures/ExchangeData/GetExchangeInfo.txt')
  if (info === '') return
  const account = body(t, 'binance/CoinFutures/Account/GetAccountInfo.txt')
  const trades = body(t, 'binance/CoinFutures/Trading/GetUserTrades.txt')
  const incomes = body(t, 'binance/CoinFutures/Account/GetIncomeHistory.txt')
  const usual = { '/dapi/v1/exchangeInfo': info, '/dapi/v1/account': account }

  const tradedMs = 1_590_743_483_586
  const trading = await serve(t, 'inverse', tradedMs + minuteMs, {
    ...usual,
    '/dapi/v1/userTrades': trades,
    '/dapi/v1/forceOrders': body(t, 'binance/CoinFutures/Trading/GetForcedOrders.txt'),
    '/dapi/v1/income': [
      line('COMMISSION', '-0.00000454', {
        symbol: 'BTCUSD_200626',
        asset: 'BTC',
        time: tradedMs,
        tradeId: '6',
      }),
    ],
  })
  const first = await trading.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.fills, [
    {
      id: '6',
      market: 'inverse',
      // delivered long ago: known by its name
      symbol: 'BTC/USD:BTC-200626',
      base: 'BTC',
      quote: 'USD',
      side: 'sell',
      price: '8800',
      quantity: '1',
      quoteQuantity: '0.01136364',
      fees: [{ asset: 'BTC', amount: '0.00000454' }],
      atMs: tradedMs,
      execution: 'trade',
      terms: { size: '100', settle: 'BTC' },
    },
  ])
  t.strictSame(first.observation.anchor, {
    atMs: tradedMs + minuteMs,
    balances: [{ asset: 'BTC', amount: '0.00241969' }],
  })

  const earning = await serve(
    t,
    'inverse',
    1_570_636_800_000 + minuteMs,
    { ...usual, '/dapi/v1/income': incomes, '/dapi/v1/userTrades': [] },
    1_570_608_000_000 - hourMs,
  )
  const second = await earning.poll()
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.match(second.observation.flows, [
    { flow: 'transfer', asset: 'BTC', amount: '-0.37500000', atMs: 1_570_608_000_000, atEstimated: false },
  ])
  t.equal(second.observation.complete, false, 'a fee names a trade that is not told yet')

  const source = { exchange: 'binance', sandbox: false, marketTypes: ['inverse'] as const }
  await t.rejects(earning.collectors.markets({ source }), 'without spot nothing prices coins')
  earning.answers.set('/api/v3/exchangeInfo', { symbols: [] })
  t.match(await earning.collectors.markets({ source }), [
    { symbol: 'BTC/USD:BTC-200925', base: 'BTC', quote: 'USD', type: 'inverse', active: true },
  ])
})

t.test('balances of COIN-M where the host tells them apart from positions', async (t) => {
  const balances = body(t, 'binance/CoinFutures/Account/GetBalances.txt')
  if (balances === '') return
  const exchange = await serve(t, 'inverse', 1_700_000_000_000, {
    '/dapi/v1/account': () => undefined,
    '/dapi/v1/balance': balances,
    '/dapi/v1/positionRisk': [
      { symbol: 'ETHUSD_PERP', positionAmt: '-3', entryPrice: '2000.12345678', positionSide: 'SHORT' },
      { symbol: 'ETHUSD_PERP', positionAmt: '5', entryPrice: '1990.5', positionSide: 'LONG' },
    ],
  })
  const polled = await exchange.poll()
  if (polled.kind === 'failed') return t.fail(polled.code, { polled })
  t.match(polled.observation.anchor, {
    balances: [{ asset: 'BTC', amount: '0.0025' }],
    positions: [
      { symbol: 'ETH/USD:ETH', quantity: '-3', entry: '2000.12345678', terms: { size: '10', settle: 'ETH' } },
      { symbol: 'ETH/USD:ETH', quantity: '5', entry: '1990.5' },
    ],
  })
})

t.test('what an income is: performance, given, converted, moved, or nobody knows', async (t) => {
  const nowMs = 1_700_000_000_000
  const atMs = nowMs - minuteMs
  const lineOf = (type: string, amount: string, tranId: number, more: object = {}) =>
    line(type, amount, { symbol: '', time: atMs, tranId, ...more })
  const exchange = await serve(t, 'linear', nowMs, {
    '/fapi/v1/income': [
      lineOf('FUNDING_FEE', '-0.37', 1, { symbol: 'BTCUSDT' }),
      lineOf('API_REBATE', '0.2', 2),
      lineOf('REFERRAL_KICKBACK', '0.1', 3),
      lineOf('FEE_RETURN', '0.05', 4),
      lineOf('BFUSD_REWARD', '0.4', 5, { asset: 'BFUSD' }),
      lineOf('WELCOME_BONUS', '50', 6),
      lineOf('CONTEST_REWARD', '7', 7),
      lineOf('COMMISSION_REBATE', '3', 8),
      lineOf('AUTO_EXCHANGE', '-10', 9),
      lineOf('AUTO_EXCHANGE', '0.02', 9, { asset: 'BNB' }),
      lineOf('TRANSFER', '250', 10),
      lineOf('POSITION_LIMIT_INCREASE_FEE', '-1', 11),
      lineOf('SOMETHING_NEW', '5', 12),
    ],
  })
  const polled = await exchange.poll()
  if (polled.kind === 'failed') return t.fail(polled.code, { polled })
  const { incomes, flows, conversions } = polled.observation
  t.strictSame(
    incomes.map(({ income, asset, amount }) => [income, asset, amount]),
    [
      ['funding', 'USDT', '-0.37'],
      ['rebate', 'USDT', '0.2'],
      ['rebate', 'USDT', '0.1'],
      ['rebate', 'USDT', '0.05'],
      ['earn', 'BFUSD', '0.4'],
    ],
  )
  t.strictSame(
    flows.map(({ flow, amount }) => [flow, amount]),
    [
      ['transfer', '250'],
      ['reward', '50'],
      ['reward', '7'],
      ['reward', '3'],
    ],
  )
  t.match(conversions, [
    {
      conversion: 'convert',
      changes: [
        { asset: 'BNB', amount: '0.02' },
        { asset: 'USDT', amount: '-10' },
      ],
    },
  ])
})

t.test('a wallet that joined tells nothing of before, though the account is older', async (t) => {
  const nowMs = 1_700_000_000_000
  const told = line('FUNDING_FEE', '-1', { time: nowMs - 30 * minuteMs })
  const exchange = await serve(t, 'linear', nowMs, { '/fapi/v1/income': [told] }, nowMs)
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  exchange.clock.atMs = nowMs + hourMs
  exchange.answers.set('/api/v3/time', { serverTime: nowMs + hourMs })
  const second = await exchange.poll({ cursor: first.cursor, sinceMs: nowMs - 24 * hourMs })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.strictSame([...first.observation.incomes, ...second.observation.incomes], [])
  t.equal(second.observation.complete, true)
})

t.test('an account that would be half read is refused, with the flag that says so', async (t) => {
  const off = [
    'enableWithdrawals',
    'enableInternalTransfer',
    'permitsUniversalTransfer',
    'enableSpotAndMarginTrading',
    'enableMargin',
    'enableFutures',
    'enableVanillaOptions',
    'enablePortfolioMarginTrading',
  ]
  const restrictions = { enableReading: true, ...Object.fromEntries(off.map((name) => [name, false])) }
  const info = { isMarginEnabled: true, isFutureEnabled: true, isPortfolioMarginRetailEnabled: false }
  const exchange = await serve(t, 'linear', 1_700_000_000_000, {
    '/api/v3/account': { uid: 354_937_868, balances: [] },
    '/sapi/v1/account/apiRestrictions': restrictions,
    '/sapi/v1/account/info': info,
  })
  t.match(await exchange.check(), { kind: 'checked', permissions: 'read-only', accountId: '354937868' })
  exchange.answers.set('/sapi/v1/account/info', { ...info, isPortfolioMarginRetailEnabled: true })
  t.match(await exchange.check(), {
    code: 'EXCHANGE_ACCOUNT_REFUSED',
    exchangeCode: 'isPortfolioMarginRetailEnabled',
  })
  const spot = await serveExchange(t, 'binance', {
    nowMs: 1_700_000_000_000,
    sinceMs: 1_700_000_000_000,
    answers: Object.fromEntries(exchange.answers),
  })
  t.match(await spot.check(), { kind: 'checked' }, "spot's wallet stands beside the others")
  exchange.answers.set('/sapi/v1/account/info', { ...info, isFutureEnabled: false })
  t.match(await exchange.check(), { code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: 'isFutureEnabled' })
  exchange.answers.delete('/sapi/v1/account/info')
  t.match(await exchange.check(), { kind: 'checked' }, 'a host without the call has no such mode')
})

t.test('half an answer, or one that cannot be true, is no observation', async (t) => {
  const nowMs = 1_700_000_000_000
  const bad: Readonly<Record<string, Served>>[] = [
    { '/fapi/v3/account': {} },
    { '/fapi/v3/account': { assets: [{ asset: 'USDT', walletBalance: 'NaN' }], positions: [] } },
    { '/fapi/v3/account': { assets: [{ asset: 'USDT', walletBalance: '1e999' }], positions: [] } },
    { '/fapi/v1/income': [line('FUNDING_FEE', '1', { time: 99_999_999_999_999 })] },
    { '/fapi/v1/income': {} },
    {
      '/fapi/v3/account': { assets: [], positions: [{ symbol: 'BTCUSDT', positionAmt: '1' }] },
      '/fapi/v3/positionRisk': [
        { symbol: 'BTCUSDT', positionAmt: '1', entryPrice: '-5', positionSide: 'BOTH' },
      ],
    },
    {
      '/fapi/v3/account': { assets: [], positions: [{ symbol: 'BTCUSDT', positionAmt: '1' }] },
      '/fapi/v3/positionRisk': [
        { symbol: 'BTCUSDT', positionAmt: '1', entryPrice: '5', positionSide: 'SIDEWAYS' },
      ],
    },
  ]
  for (const answers of bad) {
    const exchange = await serve(t, 'linear', nowMs, answers)
    t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' })
  }
})
