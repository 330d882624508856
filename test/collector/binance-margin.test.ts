import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { type Served, serveExchange } from './served.ts'

/** binance's margin accounts through the real processes, in the shapes of its documents. */

const nowMs = 1_700_000_000_000
const atMs = nowMs - minuteMs

const coin = (asset: string, free: string, more: object = {}): object => ({
  asset,
  free,
  locked: '0.00000000',
  borrowed: '0.00000000',
  interest: '0.00000000',
  netAsset: '0',
  ...more,
})

const symbols = [
  { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' },
  { symbol: 'BNBBTC', baseAsset: 'BNB', quoteAsset: 'BTC', status: 'TRADING' },
]

function serve(t: Test, answers: Readonly<Record<string, Served>>) {
  const usual: Readonly<Record<string, Served>> = {
    '/api/v3/time': { serverTime: nowMs },
    '/api/v3/exchangeInfo': { symbols },
    '/sapi/v1/margin/account': { userAssets: [] },
    '/sapi/v1/margin/isolated/account': { assets: [], totalAssetOfBtc: '0' },
    '/sapi/v1/margin/capital-flow': [],
    '/sapi/v1/margin/myTrades': [],
    '/sapi/v1/margin/interestHistory': { rows: [], total: 0 },
    '/sapi/v1/margin/transfer': { rows: [], total: 0 },
    '/sapi/v1/margin/forceLiquidationRec': { rows: [], total: 0 },
  }
  return serveExchange(t, 'binance', {
    nowMs,
    sinceMs: nowMs - hourMs,
    answers: { ...usual, ...answers },
    marketTypes: ['margin'],
  })
}

t.test('what is owed is taken off, in the cross account and in each of a pair', async (t) => {
  const exchange = await serve(t, {
    '/sapi/v1/margin/account': {
      borrowEnabled: true,
      userAssets: [
        coin('BTC', '0.00499500', { locked: '0.1' }),
        coin('USDT', '100', { borrowed: '250', interest: '0.01' }),
        coin('ETH', '0'),
      ],
    },
    '/sapi/v1/margin/isolated/account': {
      assets: [
        {
          symbol: 'BTCUSDT',
          isolatedCreated: true,
          baseAsset: coin('BTC', '1', { borrowed: '0.4', interest: '0.00000001', borrowEnabled: true }),
          quoteAsset: coin('USDT', '9.5'),
        },
      ],
    },
  })
  const polled = await exchange.poll()
  if (polled.kind === 'failed') return t.fail(polled.code, { polled })
  t.strictSame(polled.observation.anchor?.balances, [
    { asset: 'BTC', amount: '0.70499499' },
    { asset: 'USDT', amount: '-140.51' },
  ])
})

const trade = {
  commission: '0.00006000',
  commissionAsset: 'BTC',
  id: 34,
  isBestMatch: true,
  isBuyer: false,
  isMaker: false,
  orderId: 8_389_765_519,
  price: '0.02000000',
  qty: '1.02000000',
  quoteQty: '0.0204',
  symbol: 'BNBBTC',
  isIsolated: false,
  time: atMs,
}

t.test(
  'trades by what the flow of capital names, interest, transfers, a liquidation and its fee',
  async (t) => {
    const flow = (id: number, type: string, asset: string, amount: string) => {
      return { id, tranId: id, timestamp: atMs, asset, symbol: '', type, amount }
    }
    const exchange = await serve(t, {
      '/sapi/v1/margin/capital-flow': [
        flow(6, 'LIQUIDATION_FEE', 'BTC', '0.0002'),
        flow(5, 'COMMISSION_RETURN', 'BNB', '0.001'),
        flow(4, 'BORROW', 'USDT', '101'),
        flow(3, 'TRADING_COMMISSION', 'BTC', '-0.00006'),
        flow(2, 'SELL_LIQUIDATION', 'BTC', '0.0204'),
        flow(1, 'SELL_EXPENSE', 'BNB', '-1.02'),
      ],
      '/sapi/v1/margin/myTrades': (url: URL) =>
        url.searchParams.get('symbol') === 'BNBBTC' && !url.searchParams.has('fromId') ? [trade] : [],
      '/sapi/v1/margin/forceLiquidationRec': {
        rows: [
          {
            avgPrice: '0.02',
            executedQty: '1.02',
            orderId: 8_389_765_519,
            price: '0.02',
            qty: '1.02',
            side: 'SELL',
            symbol: 'BNBBTC',
            timeInForce: 'GTC',
            isIsolated: false,
            updatedTime: atMs,
          },
        ],
        total: 1,
      },
      '/sapi/v1/margin/interestHistory': (url: URL) =>
        url.searchParams.has('isolatedSymbol')
          ? { rows: [], total: 0 }
          : `{"rows":[{"txId":1352286576452864727,"interestAccuredTime":${atMs},"asset":"USDT","rawAsset":"USDT",` +
            '"principal":"45.3313","interest":"0.00024995","interestRate":"0.00013233","type":"ON_BORROW"}],"total":1}',
      '/sapi/v1/margin/transfer': {
        rows: [
          {
            amount: '0.10000000',
            asset: 'BNB',
            status: 'CONFIRMED',
            timestamp: atMs,
            txId: 5_240_372_201,
            type: 'ROLL_IN',
            transFrom: 'SPOT',
            transTo: 'ISOLATED_MARGIN',
          },
          {
            amount: '5.00000000',
            asset: 'USDT',
            status: 'CONFIRMED',
            timestamp: atMs,
            txId: 5_239_810_406,
            type: 'ROLL_OUT',
            transFrom: 'CROSS_MARGIN',
            transTo: 'SPOT',
          },
          {
            amount: '7.00000000',
            asset: 'USDT',
            status: 'CONFIRMED',
            timestamp: atMs,
            txId: 5_239_810_407,
            type: 'ROLL_OUT',
            transFrom: 'CROSS_MARGIN',
            transTo: 'ISOLATED_MARGIN',
          },
        ],
        total: 3,
      },
    })
    const polled = await exchange.poll()
    if (polled.kind === 'failed') return t.fail(polled.code, { polled })
    const { fills, flows, incomes } = polled.observation
    t.strictSame(fills, [
      {
        id: '34',
        market: 'margin',
        symbol: 'BNB/BTC',
        base: 'BNB',
        quote: 'BTC',
        side: 'sell',
        price: '0.02000000',
        quantity: '1.02000000',
        quoteQuantity: '0.0204',
        fees: [{ asset: 'BTC', amount: '0.00006000' }],
        atMs,
        execution: 'liquidation',
      },
    ])
    t.strictSame(
      flows.map(({ flow, asset, amount }) => [flow, asset, amount]),
      [
        ['transfer', 'BNB', '0.10000000'],
        ['transfer', 'USDT', '-5.00000000'],
      ],
      'between accounts of margin nothing comes or goes',
    )
    t.strictSame(
      incomes.map(({ id, income, asset, amount }) => [id, income, asset, amount]),
      [
        ['interest:cross:USDT:1352286576452864727', 'interest', 'USDT', '-0.00024995'],
        ['LIQUIDATION_FEE:6', 'liquidation-fee', 'BTC', '-0.0002'],
        ['COMMISSION_RETURN:5', 'rebate', 'BNB', '0.001'],
      ],
    )
    t.notOk(
      exchange.asked.some((each) => each.includes('symbol=BTCUSDT')),
      'only what was traded is asked for',
    )
  },
)

t.test('an account of a pair is asked for that pair', async (t) => {
  const exchange = await serve(t, {
    '/sapi/v1/margin/isolated/account': {
      assets: [{ symbol: 'BNBBTC', baseAsset: coin('BNB', '1'), quoteAsset: coin('BTC', '1') }],
    },
    '/sapi/v1/margin/myTrades': (url: URL) =>
      url.searchParams.get('isIsolated') === 'TRUE' && !url.searchParams.has('fromId')
        ? [{ ...trade, isIsolated: true }]
        : [],
  })
  const polled = await exchange.poll()
  if (polled.kind === 'failed') return t.fail(polled.code, { polled })
  t.match(polled.observation.fills, [{ id: '34', market: 'margin', symbol: 'BNB/BTC', execution: 'trade' }])
})

t.test('rests of coins and debts too small to be paid back are conversions', async (t) => {
  let at = nowMs
  const held = (btc: object, usdt: object, bnb: object): object => ({
    userAssets: [coin('BTC', '0', btc), coin('USDT', '100', usdt), coin('BNB', '1', bnb)],
  })
  const exchange = await serve(t, {
    '/api/v3/time': () => ({ serverTime: at }),
    '/sapi/v1/margin/account': held({ free: '0.001', borrowed: '0.00083434' }, {}, {}),
    '/sapi/v1/margin/exchange-small-liability-history': {
      total: 1,
      rows: [
        {
          asset: 'BTC',
          amount: '0.00083434',
          targetAsset: 'USDT',
          targetAmount: '1.37576819',
          bizType: 'EXCHANGE_SMALL_LIABILITY',
          timestamp: nowMs + minuteMs,
        },
      ],
    },
    '/sapi/v1/margin/dribblet': {
      total: 1,
      userAssetDribblets: [
        {
          operateTime: nowMs + minuteMs,
          totalTransferedAmount: '0.05',
          totalServiceChargeAmount: '0.001',
          transId: 45_178_372_831,
          userAssetDribbletDetails: [
            { transId: 1, amount: '0.001', transferedAmount: '0.05', fromAsset: 'BTC' },
          ],
        },
      ],
    },
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.notOk(
    exchange.asked.some((each) => /dribblet|small/.test(each)),
    'not asked for where the flow of capital has none',
  )
  at = nowMs + 2 * minuteMs
  exchange.clock.atMs = at
  const line = { tranId: 9, timestamp: nowMs + minuteMs, symbol: '', amount: '0.00083434' }
  exchange.answers.set('/sapi/v1/margin/capital-flow', [
    { ...line, id: 1, type: 'SMALL_CONVERT', asset: 'BTC' },
    { ...line, id: 2, type: 'SMALL_BALANCE_CONVERT', asset: 'BNB' },
  ])
  exchange.answers.set('/sapi/v1/margin/account', held({}, { free: '98.62423181' }, { free: '1.05' }))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.equal(second.observation.complete, true)
  t.strictSame(
    second.observation.conversions.map(({ conversion, changes }) => [
      conversion,
      ...changes.map(({ asset, amount }) => `${amount} ${asset}`),
    ]),
    [
      ['dust', '-0.001 BTC', '0.05 BNB'],
      ['convert', '0.00083434 BTC', '-1.37576819 USDT'],
    ],
  )
})
