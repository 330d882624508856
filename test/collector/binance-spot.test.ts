import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** binance's spot wallet through the real processes: the documented answers, and what moves it seldom. */

const symbols = [
  { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' },
  { symbol: 'BNBBTC', baseAsset: 'BNB', quoteAsset: 'BTC', status: 'TRADING' },
]

function held(balances: Readonly<Record<string, string>>, updateTime = 1): object {
  const rows = Object.entries(balances).map(([asset, free]) => ({ asset, free, locked: '0.00' }))
  return { uid: 354_937_868, updateTime, balances: rows }
}

function serve(t: Test, nowMs: number, answers: Readonly<Record<string, Served>>, sinceMs = nowMs - hourMs) {
  const usual: Readonly<Record<string, Served>> = {
    '/api/v3/time': { serverTime: nowMs },
    '/api/v3/exchangeInfo': { symbols },
    '/api/v3/account': held({ USDT: '100' }),
    '/api/v3/myTrades': [],
    '/sapi/v1/capital/deposit/hisrec': [],
    '/sapi/v1/capital/withdraw/history': [],
    '/sapi/v1/asset/dribblet': { total: 0, userAssetDribblets: [] },
    '/sapi/v1/convert/tradeFlow': { list: [], moreData: false },
    '/sapi/v1/asset/assetDividend': { rows: [], total: 0 },
    '/sapi/v1/asset/transfer': { rows: [], total: 0 },
  }
  return serveExchange(t, 'binance', { nowMs, sinceMs, answers: { ...usual, ...answers } })
}

function body(t: Test, path: string): string {
  const text = documentedBody(path)
  if (text === null) t.comment('the reference folder is absent')
  return text ?? ''
}

t.test('deposits, withdrawals, dust and transfers as documented', async (t) => {
  const cases = [
    {
      path: '/sapi/v1/capital/deposit/hisrec',
      file: 'Account/GetDepositHistory',
      nowMs: 1_661_493_146_000 + minuteMs,
      sinceMs: 1_599_000_000_000,
      // the other one is still on its way
      flows: [['deposit', 'IOTA', '0.50000000', 1_599_620_082_000, true]],
      conversions: [],
    },
    {
      path: '/sapi/v1/capital/withdraw/history',
      file: 'Account/GetWithdrawalHistory',
      nowMs: 1_700_000_000_000,
      sinceMs: 1_569_000_000_000,
      flows: [],
      conversions: [],
    },
    {
      path: '/sapi/v1/asset/dribblet',
      file: 'Account/GetDustLog',
      nowMs: 1_616_203_180_000 + minuteMs,
      sinceMs: 1_615_900_000_000,
      flows: [],
      conversions: [
        ['45178372831', 'USDT -0.0009, ETH -0.0009, BNB 0.00132256'],
        ['4357015', 'USDT -0.001, ETH -0.0001, BNB 0.00058795'],
      ],
    },
    {
      path: '/sapi/v1/asset/transfer',
      file: 'Account/GetTransfers',
      nowMs: 1_544_433_328_000 + minuteMs,
      sinceMs: 1_544_433_328_000 - hourMs,
      flows: [
        ['transfer', 'USDT', '-1', 1_544_433_328_000, false],
        ['transfer', 'USDT', '-2', 1_544_433_328_000, false],
      ],
      conversions: [],
    },
  ] as const
  for (const { path, file, nowMs, sinceMs, flows, conversions } of cases) {
    const text = body(t, `binance/Spot/${file}.txt`)
    if (text === '') return
    const answer = (url: URL) => {
      const type = url.searchParams.get('type')
      return type === null || type === 'MAIN_UMFUTURE' ? text : { rows: [], total: 0 }
    }
    const exchange = await serve(t, nowMs, { [path]: answer }, sinceMs)
    const polled = await exchange.poll()
    if (polled.kind === 'failed') return t.fail(polled.code, { polled })
    const { observation } = polled
    t.strictSame(
      observation.flows.map(({ flow, asset, amount, atMs, atEstimated }) => [
        flow,
        asset,
        amount,
        atMs,
        atEstimated,
      ]),
      flows,
      file,
    )
    t.strictSame(
      observation.conversions.map(({ id, changes }) => [
        id,
        changes.map(({ asset, amount }) => `${asset} ${amount}`).join(', '),
      ]),
      conversions,
      file,
    )
  }
})

t.test('transfers to futures as documented, where the other call is not given', async (t) => {
  const text = body(t, 'binance/General/Futures/GetFuturesTransferHistory.txt')
  if (text === '') return
  const atMs = 1_555_056_425_000
  const exchange = await serve(t, atMs + minuteMs, {
    '/sapi/v1/asset/transfer': () => undefined,
    '/sapi/v1/futures/transfer': text,
  })
  const polled = await exchange.poll()
  if (polled.kind === 'failed') return t.fail(polled.code, { polled })
  t.strictSame(polled.observation.flows, [
    { id: '100000001', flow: 'transfer', asset: 'USDT', amount: '-40.84624400', atMs, atEstimated: false },
  ])
  t.strictSame(polled.observation.unavailable, ['transfers'])
})

t.test('an account and its trades as documented elsewhere', async (t) => {
  const account = body(t, 'nautilus/binance/spot/http_json/account_response.json')
  const trades = body(t, 'nautilus/binance/spot/http_json/account_trades_response.json')
  if (account === '') return
  const atMs = 1_499_865_549_590
  const exchange = await serve(t, atMs + minuteMs, {
    '/api/v3/account': held({ LTC: '4763368.68006011' }),
    '/api/v3/myTrades': (url: URL) => (url.searchParams.get('symbol') === 'BNBBTC' ? trades : []),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  exchange.answers.set('/api/v3/account', account)
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.strictSame(second.observation.anchor?.balances, [
    { asset: 'BTC', amount: '4723846.89208129' },
    { asset: 'LTC', amount: '4763368.68006011' },
  ])
  t.strictSame(second.observation.fills, [
    {
      id: '28457',
      market: 'spot',
      symbol: 'BNB/BTC',
      base: 'BNB',
      quote: 'BTC',
      side: 'buy',
      price: '4.00000100',
      quantity: '12.00000000',
      quoteQuantity: '48.000012',
      fees: [{ asset: 'BNB', amount: '10.10000000' }],
      atMs,
      execution: 'trade',
    },
  ])
})

/** What was held before, and after, and the list that says why. */
async function explained(
  t: Test,
  nowMs: number,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  answers: Readonly<Record<string, Served>>,
) {
  const exchange = await serve(t, nowMs - 2 * minuteMs, { ...answers, '/api/v3/account': held(before) })
  const first = await exchange.poll()
  if (first.kind === 'failed') throw new Error(first.code)
  t.notOk(
    exchange.asked.some((each) => /\/(pay|fiat|c2c|simple-earn|sub-account)\//.test(each)),
    'what is seldom is not asked for where nothing is missing',
  )
  exchange.clock.atMs = nowMs
  exchange.answers.set('/api/v3/time', { serverTime: nowMs })
  exchange.answers.set('/api/v3/account', held(after, 2))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') throw new Error(second.code)
  return second.observation
}

t.test('a payment takes what was paid from this wallet, and no more', async (t) => {
  const text = body(t, 'binance/Spot/Trading/GetPayTradeHistory.txt')
  if (text === '') return
  // as documented, but spent
  const paid = text.replace('"23.72469206"', '"-23.72469206"')
  const observation = await explained(
    t,
    1_610_090_460_133 + minuteMs,
    { USDT: '100', ETH: '1' },
    { USDT: '99.4', ETH: '0.99995' },
    { '/sapi/v1/pay/transactions': paid },
  )
  t.equal(observation.complete, true)
  t.strictSame(
    observation.flows.map(({ flow, asset, amount }) => [flow, asset, amount]),
    [
      ['withdrawal', 'USDT', '-0.6'],
      ['withdrawal', 'ETH', '-0.00005'],
    ],
  )
})

t.test('withdrawals that the law wants to know of are found where they are told', async (t) => {
  const text = body(t, 'binance/Spot/Account/GetTravelRuleWithdrawalHistory.txt')
  if (text === '') return
  const applied = '/sapi/v2/localentity/withdraw/history'
  const nowMs = 1_770_737_268_000 + minuteMs
  const told = text.replaceAll('"completeTime": 1770738871000', '"completeTime": null')
  const first = await explained(
    t,
    nowMs,
    { BTC: '1', XRP: '2' },
    { BTC: '0.995', XRP: '2' },
    { [applied]: told },
  )
  t.equal(first.complete, true)
  const expected = {
    id: 'XXXXXXXXXXXXXXXXXXXXXX',
    flow: 'withdrawal',
    asset: 'BTC',
    // 0.004985 and the fee; the one that was held up never left
    amount: '-0.005',
    atMs: 1_770_737_268_000,
    atEstimated: false,
  }
  t.strictSame(first.flows, [expected])
  // the other list tells it too: it left once
  const both = await explained(
    t,
    nowMs,
    { BTC: '1', USDT: '5' },
    { BTC: '0.995', USDT: '6' },
    {
      [applied]: told,
      '/sapi/v1/capital/withdraw/history': [
        {
          id: 'XXXXXXXXXXXXXXXXXXXXXX',
          amount: '0.004985',
          transactionFee: '0.000015',
          coin: 'BTC',
          status: 6,
          applyTime: '2026-02-10 15:27:48',
          walletType: 0,
        },
      ],
    },
  )
  t.strictSame(both.flows, [expected])
  t.equal(both.complete, false, 'a dollar came from nowhere')
})

t.test('deposits that the law held up count where they are just what is missing', async (t) => {
  const nowMs = 1_770_737_268_000
  const row = {
    trId: 765_127_651,
    tranId: 3_554_151,
    amount: '0.02',
    coin: 'BTC',
    network: 'BTC',
    depositStatus: 1,
    travelRuleReqStatus: 0,
    address: 'x',
    txId: 'y',
    insertTime: nowMs - minuteMs,
  }
  const listed = { '/sapi/v2/localentity/deposit/history': [row, { ...row, tranId: 2, depositStatus: 0 }] }
  const missing = await explained(t, nowMs, { BTC: '1' }, { BTC: '1.02' }, listed)
  t.equal(missing.complete, true)
  t.match(missing.flows, [
    { flow: 'deposit', asset: 'BTC', amount: '0.02', atMs: nowMs - minuteMs, atEstimated: true },
  ])
  const known = await explained(t, nowMs, { BTC: '1' }, { BTC: '1.03' }, listed)
  t.strictSame([known.complete, known.flows], [false, []], 'another sum is not guessed')
})

t.test('peer to peer counts where it is just what is missing: it may be of another wallet', async (t) => {
  const text = body(t, 'binance/Spot/Trading/GetC2CTradeHistory.txt')
  if (text === '') return
  const nowMs = 1_619_361_369_000 + minuteMs
  const answers = {
    '/sapi/v1/c2c/orderMatch/listUserOrderHistory': (url: URL) =>
      url.searchParams.get('tradeType') === 'SELL' ? text : { data: [] },
  }
  const sold = await explained(t, nowMs, { BUSD: '6000' }, { BUSD: '1000' }, answers)
  t.equal(sold.complete, true)
  t.match(sold.flows, [{ flow: 'withdrawal', asset: 'BUSD', amount: '-5000.00000000' }])
  const other = await explained(t, nowMs, { BUSD: '6000' }, { BUSD: '5999' }, answers)
  t.strictSame(other.flows, [])
  t.equal(other.complete, false)
})

t.test('earn, locked coins, banks, cards and the account above', async (t) => {
  const nowMs = 1_700_000_000_000
  const atMs = nowMs - minuteMs
  const observation = await explained(
    t,
    nowMs,
    { USDT: '1000', AXS: '200', EUR: '500' },
    { USDT: '1010.00001', AXS: '77.90797072', EUR: '530', BTC: '0.006', BNB: '0.5' },
    {
      '/sapi/v1/simple-earn/flexible/history/rewardsRecord': {
        rows: [{ asset: 'USDT', rewards: '0.00001000', projectId: 'USDT001', type: 'REALTIME', time: atMs }],
        total: 1,
      },
      '/sapi/v1/simple-earn/locked/history/subscriptionRecord': {
        rows: [
          {
            positionId: 123_123,
            purchaseId: 26_055,
            projectId: 'Axs*90',
            time: atMs,
            asset: 'AXS',
            amount: '122.09202928',
            lockPeriod: '60',
            type: 'NORMAL',
            sourceAccount: 'SPOT',
            amtFromSpot: '122.09202928',
            amtFromFunding: '0.00000000',
            status: 'SUCCESS',
          },
        ],
      },
      '/sapi/v1/fiat/orders': (url: URL) => ({
        code: '000000',
        data:
          url.searchParams.get('transactionType') === '0'
            ? [
                {
                  orderNo: '7d76d611-0568-4f43-afb6-24cac7767365',
                  fiatCurrency: 'EUR',
                  indicatedAmount: '131.00',
                  amount: '130.00',
                  totalFee: '1.00',
                  method: 'BankAccount',
                  status: 'Successful',
                  createTime: atMs - minuteMs,
                  updateTime: atMs,
                },
                {
                  orderNo: 'x',
                  fiatCurrency: 'EUR',
                  amount: '9',
                  status: 'Expired',
                  createTime: 1,
                  updateTime: 1,
                },
              ]
            : [],
      }),
      '/sapi/v1/fiat/payments': (url: URL) => ({
        code: '000000',
        data:
          url.searchParams.get('transactionType') === '0'
            ? [
                {
                  orderNo: 'a1',
                  sourceAmount: '100.0',
                  fiatCurrency: 'EUR',
                  obtainAmount: '0.004',
                  cryptoCurrency: 'BTC',
                  totalFee: '0.2',
                  price: '25000',
                  status: 'Completed',
                  paymentMethod: 'Cash Balance',
                  createTime: atMs,
                  updateTime: atMs,
                },
                {
                  orderNo: 'a2',
                  sourceAmount: '50.0',
                  fiatCurrency: 'EUR',
                  obtainAmount: '0.002',
                  cryptoCurrency: 'BTC',
                  status: 'Completed',
                  paymentMethod: 'Credit Card',
                  createTime: atMs,
                  updateTime: atMs,
                },
              ]
            : [],
      }),
      '/sapi/v1/pay/transactions': {
        code: '000000',
        data: [
          {
            orderType: 'PAY',
            transactionId: 'P1',
            transactionTime: atMs,
            amount: '0.5',
            currency: 'BNB',
            walletType: 2,
          },
        ],
      },
      '/sapi/v1/sub-account/transfer/subUserHistory': [
        {
          counterParty: 'master',
          email: 'master@example.com',
          type: 1,
          asset: 'USDT',
          qty: '10',
          fromAccountType: 'SPOT',
          toAccountType: 'SPOT',
          status: 'SUCCESS',
          tranId: 11_798_835_829,
          time: atMs,
        },
      ],
    },
  )
  t.equal(observation.complete, true)
  t.strictSame(
    observation.incomes.map(({ income, asset, amount }) => [income, asset, amount]),
    [['earn', 'USDT', '0.00001000']],
  )
  t.strictSame(observation.flows.map(({ flow, asset, amount }) => [flow, asset, amount]).toSorted(), [
    ['deposit', 'BNB', '0.5'],
    ['deposit', 'BTC', '0.002'],
    ['deposit', 'EUR', '130.00'],
    ['transfer', 'AXS', '-122.09202928'],
    ['transfer', 'USDT', '10'],
  ])
  t.match(observation.conversions, [
    {
      conversion: 'convert',
      changes: [
        { asset: 'EUR', amount: '-100.0' },
        { asset: 'BTC', amount: '0.004' },
      ],
    },
  ])
})

t.test('what a key may do as documented: one flag too many is told by its name', async (t) => {
  const text = body(t, 'binance/Spot/Account/GetAPIKeyPermissions.txt')
  const account = body(t, 'nautilus/binance/spot/http_json/account_response.json')
  if (text === '') return
  const exchange = await serve(t, 1_700_000_000_000, {
    '/api/v3/account': account,
    '/sapi/v1/account/apiRestrictions': text,
  })
  t.match(await exchange.check(), {
    kind: 'checked',
    permissions: 'trade',
    excess: ['enablePortfolioMarginTrading'],
    accountId: '354937868',
  })
})
