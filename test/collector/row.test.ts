import { parseJson } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import {
  candlesOf,
  convertsOf,
  depositsOf,
  dividendsOf,
  dustOf,
  fillsOf,
  listingsOf,
  serverTimeOf,
  transfersOf,
  withdrawalsOf,
} from '../../src/collector/binance/row.ts'
import { CollectorFailure } from '../../src/collector/failure.ts'
import { documented } from './documented.ts'

const nowMs = Date.UTC(2026, 0, 5)
const listing = { id: 'BTCUSDT', base: 'BTC', quote: 'USDT' }
const trade = {
  symbol: 'BTCUSDT',
  id: 28457,
  price: '4.00000100',
  qty: '12.00000000',
  quoteQty: '48.000012',
  commission: '10.10000000',
  commissionAsset: 'BNB',
  time: nowMs,
  isBuyer: true,
}

function refusedAs(t: Test, place: string, read: () => unknown): void {
  try {
    read()
    t.fail(`${place} passed`)
  } catch (error) {
    t.ok(error instanceof CollectorFailure && error.failure.code === 'EXCHANGE_ANSWER_INVALID', place)
    t.equal(error instanceof CollectorFailure ? error.failure.exchangeCode : '', place)
  }
}

t.test('a trade comes out as it was written', async (t) => {
  t.strictSame(fillsOf([trade], listing, nowMs), [
    {
      id: '28457',
      market: 'spot',
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      side: 'buy',
      price: '4.00000100',
      quantity: '12.00000000',
      quoteQuantity: '48.000012',
      fees: [{ asset: 'BNB', amount: '10.10000000' }],
      atMs: nowMs,
      execution: 'trade',
    },
  ])
  t.strictSame(fillsOf([{ ...trade, commission: '0.00000000' }], listing, nowMs)[0]?.fees, [])
  t.equal(fillsOf([{ ...trade, commission: '-0.1' }], listing, nowMs)[0]?.fees[0]?.amount, '-0.1', 'a rebate')
})

t.test('one strange field refuses the whole answer', async (t) => {
  const strange: readonly (readonly [string, object])[] = [
    ['trade.price', { price: 'NaN' }],
    ['trade.price', { price: '0' }],
    ['trade.price', { price: '-1' }],
    ['trade.price', { price: '1e3' }],
    ['trade.price', { price: Infinity }],
    ['trade.price', { price: 1e30 }],
    ['trade.price', { price: '1'.repeat(60) }],
    ['trade.price', { price: ' 1' }],
    ['trade.price', { price: '01' }],
    ['trade.price', { price: null }],
    ['trade.qty', { qty: '-0.5' }],
    ['trade.quoteQty', { quoteQty: '' }],
    ['trade.commission', { commission: undefined }],
    ['trade.commissionAsset', { commissionAsset: 'B\nB' }],
    ['trade.id', { id: '28457' }],
    ['trade.id', { id: 2 ** 60 }],
    ['trade.isBuyer', { isBuyer: 'true' }],
    ['trade.symbol', { symbol: 'ETHUSDT' }],
    ['trade.time', { time: Date.UTC(5138, 0) }],
    ['trade.time', { time: nowMs + 6 * 60_000 }],
    ['trade.time', { time: 0 }],
    ['trade.time', { time: nowMs + 0.5 }],
  ]
  for (const [place, change] of strange) {
    refusedAs(t, place, () => fillsOf([trade, { ...trade, ...change }], listing, nowMs))
  }
  refusedAs(t, 'myTrades', () => fillsOf({ rows: [] }, listing, nowMs))
  refusedAs(t, 'myTrades', () => fillsOf([null], listing, nowMs))
  refusedAs(t, 'myTrades', () =>
    fillsOf(
      Array.from({ length: 1_001 }, () => trade),
      listing,
      nowMs,
    ),
  )
})

t.test('deposits count once credited, withdrawals when applied for', async (t) => {
  const bytes = documented('Account/GetDepositHistory')
  const other = documented('Account/GetWithdrawalHistory')
  if (bytes === null || other === null) return t.comment('no reference folder here')
  t.strictSame(
    depositsOf(parseJson(bytes), nowMs).map(({ id, asset, amount, state, completedAtMs }) => [
      id,
      asset,
      amount,
      state,
      completedAtMs,
    ]),
    [
      ['769800519366885376', 'BNB', '0.001', 'pending', null],
      ['769754833590042625', 'IOTA', '0.50000000', 'done', null],
    ],
  )
  t.strictSame(withdrawalsOf(parseJson(other), nowMs), [], 'both are of the funding wallet')
  const spot = (parseJson(other) as object[]).map((row) => ({ ...row, walletType: 0 }))
  t.strictSame(withdrawalsOf(spot, nowMs)[0], {
    id: 'b6ae22b3aa844210a7041aee7589627c',
    asset: 'USDT',
    amount: '8.914',
    state: 'done',
    startedAtMs: Date.UTC(2019, 9, 12, 11, 12, 2),
    completedAtMs: Date.UTC(2023, 2, 23, 16, 52, 41),
  })
  for (const [status, state] of [
    [0, 'pending'],
    [1, 'refused'],
    [2, 'pending'],
    [3, 'refused'],
    [4, 'pending'],
    [5, 'refused'],
    [6, 'done'],
  ] as const) {
    t.equal(withdrawalsOf([{ ...spot[0], status }], nowMs)[0]?.state, state)
  }
  refusedAs(t, 'withdrawal.applyTime', () =>
    withdrawalsOf([{ ...spot[0], applyTime: '2019-13-12 11:12:02' }], nowMs),
  )
  refusedAs(t, 'withdrawal.amount', () => withdrawalsOf([{ ...spot[0], amount: '-8' }], nowMs))
})

t.test('documented dust and transfers', async (t) => {
  const dust = documented('Account/GetDustLog')
  const transfers = documented('Account/GetTransfers')
  if (dust === null || transfers === null) return t.comment('no reference folder here')
  t.strictSame(dustOf(parseJson(dust), nowMs)[0], {
    id: '45178372831',
    conversion: 'dust',
    changes: [
      { asset: 'USDT', amount: '-0.0009' },
      { asset: 'ETH', amount: '-0.0009' },
      { asset: 'BNB', amount: '0.00132256' },
    ],
    atMs: 1_615_985_535_000,
  })
  t.match(transfersOf(parseJson(transfers), 'out', nowMs), [
    { id: '11415955596', flow: 'transfer', asset: 'USDT', amount: '-1' },
    { id: '11366865406', amount: '-2' },
  ])
})

t.test('rewards and conversions', async (t) => {
  const reward = { id: 1, asset: 'BNB', amount: '0.5', divTime: nowMs, direction: 1 }
  t.match(dividendsOf({ rows: [reward] }, nowMs), [{ id: '1', flow: 'reward', amount: '0.5' }])
  t.match(dividendsOf({ rows: [{ ...reward, direction: -1 }] }, nowMs), [{ amount: '-0.5' }])
  const convert = {
    orderId: 9,
    orderStatus: 'SUCCESS',
    fromAsset: 'USDT',
    fromAmount: '20',
    toAsset: 'BNB',
    toAmount: '0.06',
    createTime: nowMs,
  }
  t.match(convertsOf({ list: [convert, { ...convert, orderStatus: 'FAIL' }], moreData: true }, nowMs), {
    rows: [
      {
        id: '9',
        changes: [
          { asset: 'USDT', amount: '-20' },
          { asset: 'BNB', amount: '0.06' },
        ],
      },
    ],
    more: true,
  })
})

const minuteRow = (openMs: number) => [
  openMs,
  '1',
  '2',
  '0.5',
  '1.5',
  '10',
  openMs + 59_999,
  '15',
  3,
  '0',
  '0',
  '0',
]

t.test('minutes that are not over are left out', async (t) => {
  t.strictSame(
    candlesOf([minuteRow(nowMs - 120_000), minuteRow(nowMs - 60_000), minuteRow(nowMs)], nowMs).map(
      ({ minuteMs }) => minuteMs,
    ),
    [nowMs - 120_000, nowMs - 60_000],
  )
  refusedAs(t, 'kline.open', () =>
    candlesOf([[nowMs - 60_000, '-1', '2', '0.5', '1.5', '10', nowMs - 1, '15']], nowMs),
  )
})

t.test('the list of markets', async (t) => {
  const row = {
    symbol: 'BTCUSDT',
    baseAsset: 'BTC',
    quoteAsset: 'USDT',
    status: 'TRADING',
    isSpotTradingAllowed: true,
  }
  t.strictSame(
    listingsOf({ symbols: [row, { ...row, symbol: 'LUNAUSDT', baseAsset: 'LUNA', status: 'BREAK' }] }),
    [
      { id: 'BTCUSDT', base: 'BTC', quote: 'USDT', active: true },
      { id: 'LUNAUSDT', base: 'LUNA', quote: 'USDT', active: false },
    ],
  )
  t.equal(
    listingsOf({ symbols: [{ ...row, symbol: '币安人生USDT', baseAsset: '币安人生' }] })[0]?.base,
    '币安人生',
  )
  refusedAs(t, 'exchangeInfo.symbols', () => listingsOf({ symbols: {} }))
  t.equal(serverTimeOf({ serverTime: 1_499_827_319_559 }), 1_499_827_319_559)
})
