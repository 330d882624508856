import { minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { bill, good, nowMs, serve, usdt } from './bitget-served.ts'
import { documentedBody } from './served.ts'

/** bitget's contracts through the real processes. */

t.test('the documented contracts: fills, bills, positions, account', async (t) => {
  const fills = documentedBody('bitget/Futures/Trading/GetUserTrades.txt')
  const lines = documentedBody('bitget/Futures/Account/GetLedger.txt')
  const positions = documentedBody('bitget/Futures/Trading/GetPositions.txt')
  const account = documentedBody('bitget/Futures/Account/GetBalance.txt')
  if (fills === null || lines === null || positions === null || account === null) {
    return t.comment('no reference folder here')
  }
  const empty = good([])
  const traded = await serve(
    t,
    {
      '/api/v2/mix/order/fills': usdt(fills, good({ fillList: [] })),
      '/api/v2/mix/position/all-position': usdt(positions, empty),
      '/api/v2/mix/account/accounts': usdt(account, empty),
    },
    1_627_290_000_000,
    1_627_293_600_000,
    ['linear'],
  )
  const first = await traded.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.fills, [
    {
      id: '123',
      market: 'linear',
      symbol: 'ETH/USDT:USDT',
      base: 'ETH',
      quote: 'USDT',
      // with positions of both sides, closing a long one is told as a buy
      side: 'sell',
      price: '1900',
      quantity: '1',
      quoteQuantity: '1900',
      fees: [{ asset: 'BGB', amount: '0.017118519726' }],
      atMs: 1_627_293_509_612,
      execution: 'trade',
      terms: { size: '1', settle: 'USDT' },
    },
  ])
  t.strictSame(first.observation.anchor, {
    atMs: 1_627_293_600_000,
    balances: [{ asset: 'USDT', amount: '13178.86110692' }],
    positions: [
      {
        market: 'linear',
        symbol: 'BTC/USDT:USDT',
        base: 'BTC',
        quote: 'USDT',
        terms: { size: '1', settle: 'USDT' },
        quantity: '0.01',
        entry: '25000',
      },
    ],
  })
  const booked = await serve(
    t,
    { '/api/v2/mix/account/bill': usdt(lines, good({ bills: [] })) },
    1_695_710_000_000,
    1_695_716_000_000,
    ['linear'],
  )
  t.match(await booked.poll(), {
    observation: {
      fills: [],
      flows: [],
      incomes: [{ income: 'funding', asset: 'USDT', amount: '-0.004992', atMs: 1_695_715_200_654 }],
    },
  })
})

t.test('contracts from poll to poll, to the last unit, and what stays inside', async (t) => {
  const account = (equity: string, unrealizedPL: string) => [
    { marginCoin: 'USDT', accountEquity: equity, unrealizedPL },
  ]
  const exchange = await serve(
    t,
    {
      '/api/v2/mix/account/accounts': usdt(good(account('1000', '')), good([])),
      '/api/v2/spot/account/assets': good([{ coin: 'USDT', available: '500', frozen: '0', locked: '0' }]),
    },
    undefined,
    undefined,
    ['spot', 'linear'],
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'USDT', amount: '1500' }])
  const laterMs = nowMs + 3 * minuteMs
  const cTime = String(nowMs + minuteMs)
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v2/public/time', good({ serverTime: String(laterMs) }))
  let id = 100
  const line = (businessType: string, amount: string, fee = '0', balance = '') => {
    id -= 1
    return { billId: String(id), symbol: 'BTCUSDT', amount, fee, businessType, coin: 'USDT', balance, cTime }
  }
  exchange.answers.set(
    '/api/v2/mix/account/bill',
    usdt(
      good({
        bills: [
          line('contract_settle_fee', '-0.25', '0', '1240.15'),
          line('burst_long_loss_query', '-50', '-0.5'),
          line('risk_captital_user_transfer', '-7'),
          line('open_long', '0', '-2'),
          line('close_short', '0', '-0.1'),
          line('trans_from_exchange', '200'),
          line('trans_from_otc', '100'),
          line('cash_gift_issue', '0.01'),
          line('something_new', '-0.01'),
        ],
      }),
      good({ bills: [] }),
    ),
  )
  exchange.answers.set(
    '/api/v2/spot/account/bills',
    good([bill('transfer', 'transfer_out', '-200', 'USDT', { cTime })]),
  )
  exchange.answers.set(
    '/api/v2/spot/account/assets',
    good([{ coin: 'USDT', available: '300', frozen: '0', locked: '0' }]),
  )
  const fill = (tradeId: string, tradeSide: string, side: string, posMode = 'hedge_mode') => ({
    tradeId,
    symbol: 'BTCUSDT',
    price: '50000',
    baseVolume: '0.01',
    side,
    tradeSide,
    posMode,
    feeDetail: [{ feeCoin: 'USDT', totalFee: '-0.5' }],
    cTime,
  })
  exchange.answers.set(
    '/api/v2/mix/order/fills',
    usdt(
      good({
        fillList: [
          fill('1', 'open', 'buy'),
          fill('2', 'burst_close_long', 'buy'),
          fill('3', 'close', 'sell'),
          fill('4', 'dte_sys_adl_sell_in_single_side_mode', 'sell', 'one_way_mode'),
          fill('5', 'close', 'sell', 'one_way_mode'),
        ],
      }),
      good({ fillList: [] }),
    ),
  )
  exchange.answers.set(
    '/api/v2/mix/position/all-position',
    usdt(
      good([
        { symbol: 'BTCUSDT', marginCoin: 'USDT', holdSide: 'short', total: '0.01', openPriceAvg: '50000.5' },
        { symbol: 'BTCUSDT', marginCoin: 'USDT', holdSide: 'long', total: '0', openPriceAvg: '' },
      ]),
      good([]),
    ),
  )
  // 1000 − 0.25 − 50.5 − 7 − 2 − 0.1 + 200 + 100, and the two that cancel; equity is rounded by itself
  exchange.answers.set('/api/v2/mix/account/accounts', usdt(good(account('1245.15000001', '5')), good([])))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.match(observation, {
    complete: true,
    anchor: {
      atMs: laterMs,
      balances: [{ asset: 'USDT', amount: '1540.15' }],
      positions: [{ symbol: 'BTC/USDT:USDT', quantity: '-0.01', entry: '50000.5' }],
    },
  })
  t.strictSame(observation.fills.map((each) => `${each.id} ${each.side} ${each.execution}`).toSorted(), [
    '1 buy trade',
    '2 sell liquidation',
    '3 buy trade',
    '4 sell adl',
    '5 sell trade',
  ])
  t.strictSame(
    observation.flows.map(({ flow, amount }) => `${flow} ${amount}`).toSorted(),
    ['reward 0.01', 'transfer 100'],
    'what went from spot to contracts is inside',
  )
  t.strictSame(observation.incomes.map(({ income, amount }) => `${income} ${amount}`).toSorted(), [
    'funding -0.25',
    'liquidation-fee -7',
  ])
})

/** What is asked of those that are paid in coins. */
const coins = (answer: unknown, otherwise: unknown) => (url: URL) =>
  url.searchParams.get('productType') === 'COIN-FUTURES' ? answer : otherwise

t.test('contracts that are paid in coins: dollars are won, coins are paid for them', async (t) => {
  const account = (accountEquity: string, unrealizedPL: string) =>
    coins(good([{ marginCoin: 'BTC', accountEquity, unrealizedPL }]), good([]))
  const exchange = await serve(
    t,
    { '/api/v2/mix/account/accounts': account('0.5', '0') },
    undefined,
    undefined,
    ['linear', 'inverse'],
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'BTC', amount: '0.5' }])
  const laterMs = nowMs + 3 * minuteMs
  const cTime = String(nowMs + minuteMs)
  const at = { symbol: 'BTCUSD', coin: 'BTC', cTime }
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v2/public/time', good({ serverTime: String(laterMs) }))
  exchange.answers.set(
    '/api/v2/mix/account/bill',
    coins(
      good({
        bills: [
          { billId: '9', ...at, businessType: 'close_long', amount: '0.00066667', fee: '-0.0000024' },
          { billId: '8', ...at, businessType: 'open_long', amount: '0', fee: '-0.000006' },
          { billId: '7', ...at, businessType: 'contract_settle_fee', amount: '-0.0001', fee: '0' },
        ],
      }),
      good({ bills: [] }),
    ),
  )
  const fill = (tradeId: string, tradeSide: string, baseVolume: string, price: string, profit: string) => ({
    tradeId,
    symbol: 'BTCUSD',
    price,
    baseVolume,
    profit,
    side: 'buy',
    tradeSide,
    posMode: 'hedge_mode',
    feeDetail: [{ feeCoin: 'BTC', totalFee: `-${tradeSide === 'open' ? '0.000006' : '0.0000024'}` }],
    cTime,
  })
  exchange.answers.set(
    '/api/v2/mix/order/fills',
    coins(
      good({
        fillList: [
          // 0.004 × (60000 − 50000) dollars, at 60000 each coin
          fill('2', 'close', '0.004', '60000', '0.00066667'),
          fill('1', 'open', '0.01', '50000', '0'),
        ],
      }),
      good({ fillList: [] }),
    ),
  )
  const held = {
    marginCoin: 'BTC',
    holdSide: 'long',
    total: '0.006',
    openPriceAvg: '50000.012345678901',
    unrealizedPL: '0.001',
  }
  exchange.answers.set(
    '/api/v2/mix/position/all-position',
    coins(good([{ symbol: 'BTCUSD', ...held }]), good([])),
  )
  // 0.5 − 0.000006 + 0.00066667 − 0.0000024 − 0.0001, and what is open
  exchange.answers.set('/api/v2/mix/account/accounts', account('0.50155827', '0.001'))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  const contract = {
    market: 'linear',
    symbol: 'BTC/USD:BTC',
    base: 'BTC',
    quote: 'USD',
    terms: { size: '1', settle: 'USD' },
  }
  t.equal(observation.complete, true)
  t.strictSame(observation.anchor, {
    atMs: laterMs,
    balances: [{ asset: 'BTC', amount: '0.50055827' }],
    // a unit of a coin's last place is half a thousandth of a dollar there, of so small a position a tenth of its price
    positions: [{ ...contract, quantity: '0.006', entry: '50000.0' }],
  })
  t.match(
    observation.fills.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    [
      { ...contract, side: 'buy', quantity: '0.01', quoteQuantity: '500' },
      { ...contract, side: 'sell', quantity: '0.004', quoteQuantity: '240' },
    ],
  )
  t.strictSame(
    observation.conversions.map(({ changes }) => changes),
    [
      [
        { asset: 'BTC', amount: '0.00066667' },
        { asset: 'USD', amount: '-40.0002' },
      ],
    ],
  )
  t.match(observation.incomes, [{ income: 'funding', asset: 'BTC', amount: '-0.0001' }])

  exchange.answers.set(
    '/api/v2/mix/position/all-position',
    coins(good([{ symbol: 'BTCUSD', ...held, marginCoin: 'ETH' }]), good([])),
  )
  t.match(
    await exchange.poll({ cursor: second.cursor }),
    { kind: 'failed', code: 'EXCHANGE_ACCOUNT_REFUSED' },
    'at what price another coin is paid is told nowhere',
  )
})

t.test('a list that answers for all products is read once, coins that back a wallet count', async (t) => {
  const lines = documentedBody('bitget/Futures/Account/GetLedger.txt')
  const fills = documentedBody('bitget/Futures/Trading/GetUserTrades.txt')
  const positions = documentedBody('bitget/Futures/Trading/GetPosition.txt')
  const account = documentedBody('bitget/Futures/Account/GetBalance.txt')
  if (lines === null || fills === null || positions === null || account === null) {
    return t.comment('no reference folder here')
  }
  const exchange = await serve(
    t,
    {
      '/api/v2/mix/account/bill': lines,
      '/api/v2/mix/order/fills': fills,
      '/api/v2/mix/position/all-position': positions,
      '/api/v2/mix/account/accounts': account,
    },
    1_627_290_000_000,
    1_695_716_000_000,
    ['linear', 'inverse'],
  )
  const answer = await exchange.poll({ sinceMs: 1_695_710_000_000 })
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.match(answer.observation.incomes, [{ amount: '-0.004992' }])
  t.equal(answer.observation.incomes.length, 1)
  t.match(answer.observation.anchor?.positions, [
    { symbol: 'BTC/USDT:USDT', quantity: '0.01', entry: '25000' },
  ])
  t.equal(answer.observation.anchor?.positions?.length, 1)
  t.strictSame(answer.observation.anchor?.balances, [{ asset: 'USDT', amount: '13178.86110692' }])

  const union = (more: object) =>
    usdt(
      good([{ marginCoin: 'USDT', accountEquity: '90', unrealizedPL: '-10', assetMode: 'union', ...more }]),
      good([]),
    )
  const assetList = [
    { coin: 'BTC', balance: '0.25' },
    { coin: 'USDT', balance: '100' },
  ]
  exchange.answers.set('/api/v2/mix/account/accounts', union({ assetList }))
  exchange.answers.set('/api/v2/mix/account/bill', good({ bills: null }))
  t.match(await exchange.poll({ sinceMs: 1_695_715_900_000 }), {
    observation: {
      anchor: {
        balances: [
          { asset: 'BTC', amount: '0.25' },
          { asset: 'USDT', amount: '100' },
        ],
      },
    },
  })
  exchange.answers.set('/api/v2/mix/account/accounts', union({}))
  t.match(await exchange.poll(), { code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: 'assetMode' })
})
