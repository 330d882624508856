import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** The accounts of krakenfutures through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const accountUid = '3fa85f64-5717-4562-b3fc-2c963f66afa6'
const place = '/derivatives/api/v3'

const instrument = (symbol: string, type: string, base: string, more: object = {}) => ({
  symbol,
  type,
  base,
  quote: 'USD',
  contractSize: 1,
  tradeable: true,
  ...more,
})

const usual: Readonly<Record<string, Served>> = {
  [`${place}/instruments`]: {
    result: 'success',
    instruments: [
      instrument('PI_XBTUSD', 'futures_inverse', 'BTC'),
      instrument('PI_ETHUSD', 'futures_inverse', 'ETH'),
      instrument('PF_XBTUSD', 'flexible_futures', 'BTC'),
      instrument('PF_ETHUSD', 'flexible_futures', 'ETH', { tradeable: false }),
      instrument('OPT', 'options', 'BTC'),
    ],
  },
  [`${place}/accounts`]: { result: 'success', accounts: {} },
  [`${place}/openpositions`]: { result: 'success', openPositions: [] },
  [`${place}/fills`]: { result: 'success', fills: [] },
  '/api/history/v3/account-log': { accountUid, logs: [] },
}

function serve(t: Test, answers: Readonly<Record<string, Served>>, sinceMs = nowMs - hourMs, atMs = nowMs) {
  const time = { result: 'success', serverTime: new Date(atMs).toISOString() }
  return serveExchange(t, 'krakenfutures', {
    nowMs: atMs,
    sinceMs,
    marketTypes: ['linear', 'inverse'],
    answers: { ...usual, [`${place}/tickers/PI_XBTUSD`]: time, ...answers },
  })
}

let lines = 0
function line(info: string, asset: string, before: number, after: number, more: object = {}): object {
  lines += 1
  return {
    id: lines,
    date: new Date(nowMs - minuteMs).toISOString(),
    asset,
    info,
    booking_uid: `b-${lines}`,
    margin_account: 'flex',
    old_balance: before,
    new_balance: after,
    old_average_entry_price: null,
    new_average_entry_price: null,
    trade_price: null,
    mark_price: null,
    realized_pnl: null,
    fee: null,
    execution: null,
    collateral: null,
    funding_rate: null,
    realized_funding: null,
    contract: null,
    liquidation_fee: null,
    ...more,
  }
}

t.test('the documented fills', async (t) => {
  const fills = documentedBody('nautilus/kraken/http_futures_fills.json')
  if (fills === null) return t.comment('no reference folder here')
  const exchange = await serve(
    t,
    { [`${place}/fills`]: fills },
    Date.UTC(2023, 3, 7, 15, 30),
    Date.UTC(2023, 3, 7, 16),
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const own = { market: 'inverse', quote: 'USD', execution: 'trade' }
  const btc = { symbol: 'BTC/USD:BTC', base: 'BTC', terms: { size: '1', settle: 'BTC' } }
  t.strictSame(answer.observation.fills, [
    {
      id: 'cad76f07-814e-4dc6-8478-7867407b6bff',
      side: 'buy',
      price: '27937.5',
      quantity: '5000',
      fees: [{ asset: 'BTC', amount: '0.00008957' }],
      atMs: Date.UTC(2023, 3, 7, 15, 45, 10, 739),
      quoteQuantity: '5000',
      ...own,
      ...btc,
    },
    {
      id: 'b1aa44b2-4f2a-4031-999c-ae1175c91580',
      side: 'buy',
      price: '1764.65',
      quantity: '5000',
      fees: [{ asset: 'ETH', amount: '0.00685589' }],
      atMs: Date.UTC(2023, 3, 7, 15, 50, 45, 531),
      quoteQuantity: '5000',
      ...own,
      symbol: 'ETH/USD:ETH',
      base: 'ETH',
      terms: { size: '1', settle: 'ETH' },
    },
    {
      id: 'd3f4e5a6-b7c8-9d0e-1f2a-3b4c5d6e7f8a',
      side: 'sell',
      price: '28050',
      quantity: '2500',
      fees: [{ asset: 'BTC', amount: '0.00004456' }],
      atMs: Date.UTC(2023, 3, 7, 15, 55, 20, 123),
      quoteQuantity: '2500',
      ...own,
      ...btc,
    },
  ])
  t.equal(answer.observation.complete, false, 'the log does not show them yet')
})

t.test('the documented accounts and positions', async (t) => {
  const accounts = documentedBody('kraken/Futures/Account/GetBalances.txt')
  const positions = documentedBody('nautilus/kraken/http_futures_open_positions.json')
  const otherCoin = documentedBody('kraken/Futures/Trading/GetOpenPositions.txt')
  if (accounts === null || positions === null || otherCoin === null) {
    return t.comment('no reference folder here')
  }
  const exchange = await serve(t, { [`${place}/accounts`]: accounts, [`${place}/openpositions`]: positions })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.anchor, {
    atMs: nowMs,
    balances: [
      // in cash, behind one pair, and behind all: 141.31756797 twice and 0.1185308247
      { asset: 'BTC', amount: '282.7536667647' },
      { asset: 'EUR', amount: '4540.5837374453' },
      { asset: 'USD', amount: '5000' },
      { asset: 'XRP', amount: '52465.1254' },
    ],
    positions: [
      {
        market: 'inverse',
        symbol: 'BTC/USD:BTC',
        base: 'BTC',
        quote: 'USD',
        terms: { size: '1', settle: 'BTC' },
        quantity: '-8000',
        entry: '27523.749993345933',
      },
      {
        market: 'inverse',
        symbol: 'ETH/USD:ETH',
        base: 'ETH',
        quote: 'USD',
        terms: { size: '1', settle: 'ETH' },
        quantity: '12000',
        entry: '1750.25',
      },
    ],
  })
  exchange.answers.set(`${place}/openpositions`, otherCoin)
  t.match(await exchange.poll(), {
    observation: {
      anchor: {
        positions: [
          { symbol: 'BTC/USD:BTC', quantity: '-10000', entry: '9392.749993345933' },
          // delisted: known by its name
          { symbol: 'BTC/USD:BTC-201225', quantity: '20000', entry: '9399.749966754434' },
          // what it gains will be paid in BTC: until then it is worth dollars like any other
          { symbol: 'DEFI/USD:USD', quantity: '1', entry: '570', terms: { settle: 'USD' } },
        ],
      },
    },
  })
})

t.test('a profit that is paid in another coin', async (t) => {
  const held = (usd: number, xbt: number) => ({
    accounts: {
      flex: {
        type: 'multiCollateralMarginAccount',
        currencies: { USD: { quantity: usd }, XBT: { quantity: xbt } },
      },
    },
  })
  const open = (size: number) => ({
    openPositions: [{ side: 'long', symbol: 'PF_ETHUSD', price: 2_000, size, pnlCurrency: 'BTC' }],
  })
  const exchange = await serve(t, {
    [`${place}/accounts`]: held(1_000, 1),
    [`${place}/openpositions`]: open(3),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code)
  const laterMs = nowMs + 2 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set(`${place}/tickers/PI_XBTUSD`, { serverTime: new Date(laterMs).toISOString() })
  const told = { date: new Date(nowMs + minuteMs).toISOString(), contract: 'pf_ethusd', execution: 'e1' }
  exchange.answers.set('/api/history/v3/account-log', {
    accountUid,
    logs: [
      line('futures trade', 'pf_ethusd', 3, 1, {
        ...told,
        trade_price: 2_150,
        old_average_entry_price: 2_000,
        new_average_entry_price: 2_000,
      }),
      // 2 x 150 are 300 dollars, 0.003 BTC; 0.0001 is the fee, 0.0002 funding that was owed
      line('futures trade', 'xbt', 1, 1.0027, {
        ...told,
        trade_price: 2_150,
        fee: 0.0001,
        realized_funding: -0.0002,
      }),
    ],
  })
  exchange.answers.set(`${place}/accounts`, held(1_000, 1.0027))
  exchange.answers.set(`${place}/openpositions`, open(1))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code)
  t.match(second.observation, {
    complete: true,
    fills: [{ id: 'e1', side: 'sell', quantity: '2', fees: [{ asset: 'BTC', amount: '0.0001' }] }],
    incomes: [{ income: 'funding', asset: 'BTC', amount: '-0.0002' }],
    conversions: [
      {
        conversion: 'convert',
        changes: [
          { asset: 'BTC', amount: '0.003' },
          { asset: 'USD', amount: '-300' },
        ],
      },
    ],
  })
})

t.test('from poll to poll, to the last unit', async (t) => {
  const held = (usd: number, xbt: number, cash: number) => ({
    result: 'success',
    accounts: {
      cash: { type: 'cashAccount', balances: { usd: cash } },
      flex: {
        type: 'multiCollateralMarginAccount',
        currencies: { USD: { quantity: usd }, XBT: { quantity: xbt } },
      },
    },
  })
  const exchange = await serve(t, { [`${place}/accounts`]: held(5_000, 0, 250) })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  const laterMs = nowMs + 2 * minuteMs
  const date = new Date(nowMs + minuteMs).toISOString()
  exchange.clock.atMs = laterMs
  exchange.answers.set(`${place}/tickers/PI_XBTUSD`, { serverTime: new Date(laterMs).toISOString() })
  const traded = (execution: string, trade_price: number, more: object = {}) => ({
    date,
    contract: 'pf_xbtusd',
    execution,
    trade_price,
    ...more,
  })
  const logs = [
    line('futures trade', 'pf_xbtusd', 0, 0.3, traded('e1', 50_000)),
    line('futures trade', 'usd', 5_000, 4_992.5, traded('e1', 50_000, { fee: 7.5 })),
    line('funding rate change', 'usd', 4_992.5, 4_992.4, {
      date,
      contract: 'pf_xbtusd',
      realized_funding: -0.1,
    }),
    line('futures liquidation', 'pf_xbtusd', 0.3, 0.1, traded('e2', 49_000)),
    line(
      'futures liquidation',
      'usd',
      4_992.4,
      4_783.35,
      traded('e2', 49_000, { fee: 4, liquidation_fee: 5, realized_funding: -0.05, realized_pnl: -200 }),
    ),
    line('futures unwind bankrupt', 'pf_xbtusd', 0.1, 0, traded('e3', 48_000)),
    line(
      'futures unwind bankrupt',
      'usd',
      4_783.35,
      4_583.35,
      traded('e3', 48_000, { fee: 0, realized_pnl: -200 }),
    ),
    // 500 from the holding wallet, and 250 from the spot exchange into it
    line('transfer', 'usd', 4_583.35, 5_083.35, { date }),
    line('transfer', 'usd', 500, 0, { date, margin_account: 'cash' }),
    line('cross-exchange transfer', 'usd', 250, 500, {
      date: new Date(nowMs + minuteMs - 5).toISOString(),
      margin_account: 'cash',
      execution: 'FTabc-def',
    }),
    line('conversion', 'usd', 5_083.35, 4_583.35, { date }),
    line('conversion', 'xbt', 0, 0.01, { date }),
    line('interest payment', 'usd', 4_583.35, 4_583.3, { date }),
    line('something new', 'usd', 4_583.3, 4_583.4, { date }),
  ]
  exchange.answers.set('/api/history/v3/account-log', (url: URL) => ({
    accountUid,
    logs: Number(url.searchParams.get('since')) > nowMs + minuteMs ? [] : logs,
  }))
  exchange.answers.set(`${place}/fills`, {
    fills: [
      {
        fill_id: 'e1',
        symbol: 'pf_xbtusd',
        side: 'buy',
        order_id: 'o1',
        size: 0.3,
        price: 50_000,
        fillTime: date,
        fillType: 'taker',
      },
    ],
  })
  exchange.answers.set(`${place}/accounts`, held(4_583.4, 0.01, 0))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.match(observation, { complete: true, anchor: { atMs: laterMs } })
  t.strictSame(
    observation.fills.map(({ id, side, price, quantity, execution, fees }) => [
      id,
      side,
      price,
      quantity,
      execution,
      fees.map(({ asset, amount }) => `${amount} ${asset}`).join(),
    ]),
    [
      ['e1', 'buy', '50000', '0.3', 'trade', '7.5 USD'],
      ['e2', 'sell', '49000', '0.2', 'liquidation', '4 USD'],
      ['e3', 'sell', '48000', '0.1', 'adl', ''],
    ],
  )
  t.strictSame(
    observation.incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`),
    ['funding -0.1 USD', 'funding -0.05 USD', 'liquidation-fee -5 USD', 'interest -0.05 USD'],
  )
  t.strictSame(
    observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    ['transfer 250 USD'],
  )
  t.match(observation.conversions, [
    {
      conversion: 'convert',
      changes: [
        { asset: 'BTC', amount: '0.01' },
        { asset: 'USD', amount: '-500' },
      ],
    },
  ])
  t.match(await exchange.poll({ cursor: second.cursor }), { observation: { complete: true, fills: [] } })
})

t.test(
  'a line with every member that the exchange tells of, empty or nothing; credit is no money',
  async (t) => {
    const held = (bch: number) => ({
      accounts: {
        cash: { type: 'cashAccount', balances: { bch, 'usd credit': 25, 'USD CREDIT': 5 } },
        flex: { type: 'multiCollateralMarginAccount', currencies: { 'USD CREDIT': { quantity: 50 } } },
      },
    })
    const exchange = await serve(t, { [`${place}/accounts`]: held(0.01215667051) })
    const first = await exchange.poll()
    if (first.kind === 'failed') return t.fail(first.code, { first })
    exchange.clock.atMs = nowMs + 2 * minuteMs
    const serverTime = new Date(nowMs + 2 * minuteMs).toISOString()
    exchange.answers.set(`${place}/tickers/PI_XBTUSD`, { serverTime })
    exchange.answers.set(`${place}/accounts`, held(0.01215736653))
    const date = new Date(nowMs + minuteMs).toISOString()
    const nothing = {
      old_average_entry_price: 0,
      new_average_entry_price: 0,
      trade_price: 0,
      mark_price: 0,
      realized_pnl: 0,
      fee: 0,
      execution: '',
      collateral: 'bch',
      conversion_spread_percentage: 0,
      liquidation_fee: 0,
      contract: '',
    }
    exchange.answers.set('/api/history/v3/account-log', {
      accountUid,
      logs: [
        line('funding rate change', 'bch', 0.01215667051, 0.01215736653, {
          ...nothing,
          date,
          margin_account: 'f-bch:usd',
          funding_rate: -8.7002552653e-8,
          realized_funding: 6.9602e-7,
        }),
        line('transfer', 'usd credit', 0, 25, { ...nothing, date, booking_uid: '' }),
      ],
    })
    t.match(await exchange.poll({ cursor: first.cursor }), {
      observation: {
        complete: true,
        fills: [],
        flows: [],
        incomes: [{ income: 'funding', asset: 'BCH', amount: '0.00000069602' }],
        anchor: { balances: [{ asset: 'BCH', amount: '0.01215736653' }] },
      },
    })
  },
)

t.test('pages of the log and of fills', async (t) => {
  const logs = Array.from({ length: 700 }, (_, index) =>
    line('interest payment', 'usd', index, index + 1, {
      id: index + 1,
      date: new Date(nowMs - 30 * minuteMs + index).toISOString(),
    }),
  ) as readonly { readonly id: number }[]
  const fills = Array.from({ length: 250 }, (_, index) => ({
    fill_id: `f${index}`,
    symbol: 'PF_XBTUSD',
    side: 'buy',
    size: 1,
    price: 2,
    fillTime: new Date(nowMs - 30 * minuteMs - index * 10).toISOString(),
    fillType: 'maker',
  }))
  const exchange = await serve(t, {
    '/api/history/v3/account-log': (url: URL) => ({
      accountUid,
      logs: logs.filter(({ id }) => id >= Number(url.searchParams.get('from') ?? '1')).slice(0, 500),
    }),
    [`${place}/fills`]: (url: URL) => ({
      fills: fills
        .filter(({ fillTime }) => fillTime < (url.searchParams.get('lastFillTime') ?? 'a'))
        .slice(0, 100),
    }),
  })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.equal(answer.observation.incomes.length, 700)
  t.equal(answer.observation.fills.length, 250)
})

t.test('whose account it is, and what its key may do', async (t) => {
  const place = '/api/auth/v1/api-keys/v3/check'
  const key = (general: unknown, transfer: unknown) => ({
    apiKey: 'key',
    accountUid,
    iiban: 'AA08 N84G CPAR UN7A',
    createdAt: '2019-08-24T14:15:22Z',
    permissions: { general, transfer },
    allowedCidrBlock: '192.168.0.0/16',
    allowedCidrBlocks: ['192.168.0.0/16'],
  })
  const checked = async (served: Served) => (await serve(t, { [place]: served })).check()
  const good = { kind: 'checked', permissions: 'read-only', excess: [], accountId: accountUid }
  t.match(await checked(key('READ_ONLY', 'NO_ACCESS')), good)
  t.match(await checked(key('READ_ONLY', 'READ_ONLY')), good)
  t.match(await checked(key('FULL_ACCESS', 'NO_ACCESS')), { permissions: 'trade', excess: ['general'] })
  t.match(await checked(key('READ_ONLY', 'FULL_ACCESS')), { permissions: 'withdraw', excess: ['transfer'] })
  t.match(await checked(key('READ_ONLY', undefined)), { permissions: 'withdraw', excess: ['transfer?'] })
  t.match(await checked({ accountUid }), { permissions: 'withdraw', excess: ['transfer?', 'general?'] })
  t.match(await checked(key('NO_ACCESS', 'NO_ACCESS')), { kind: 'failed', code: 'EXCHANGE_KEY_REFUSED' })
  t.match(await checked({ httpStatus: 401, error: 'apiKeyNotFound' }), {
    kind: 'failed',
    code: 'EXCHANGE_KEY_REFUSED',
  })
  t.match(await checked({ httpStatus: 503, error: 'unavailable' }), { code: 'EXCHANGE_UNREACHABLE' })
  // a host without that call
  t.match(await (await serve(t, {})).check(), {
    kind: 'checked',
    permissions: 'unverified',
    excess: [],
    accountId: accountUid,
  })
  const nobody = await serve(t, { '/api/history/v3/account-log': { logs: [] } })
  t.match(await nobody.check(), { kind: 'failed' })
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t, {})
  for (const [error, code, scope] of [
    ['authenticationError', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['apiLimitExceeded', 'EXCHANGE_RATE_LIMITED', 'session'],
    ['accountInactive', 'EXCHANGE_ACCOUNT_REFUSED', 'session'],
    ['Unavailable', 'EXCHANGE_UNREACHABLE', 'exchange'],
    ['somethingElse', 'EXCHANGE_REQUEST_REFUSED', 'session'],
  ] as const) {
    exchange.answers.set(`${place}/accounts`, { result: 'error', error })
    t.match(await exchange.poll(), { kind: 'failed', code, scope, exchangeCode: error }, error)
    exchange.clock.atMs += minuteMs
  }
  for (const strange of ['<html>', '[]', '{}', { accounts: { cash: { balances: { usd: 'NaN' } } } }]) {
    exchange.answers.set(`${place}/accounts`, strange)
    t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' })
  }
})

t.test('markets, indexes, marks and prints', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const candles = (volume: number) => ({
    candles: [0, 1].map((index) => ({
      time: atMs + index * minuteMs,
      open: '2.0',
      high: '4',
      low: '1',
      close: '2.5',
      volume,
    })),
    more_candles: false,
  })
  const exchange = await serve(t, {
    '/api/charts/v1/trade/PI_XBTUSD/1m': candles(100),
    '/api/charts/v1/mark/PF_XBTUSD/1m': candles(0),
    '/api/charts/v1/spot/PI_XBTUSD/1m': candles(0),
  })
  const source = { exchange: 'krakenfutures', sandbox: false, marketTypes: ['linear', 'inverse'] as const }
  t.strictSame(
    (await exchange.collectors.markets({ source })).map(({ symbol, type, active }) => [symbol, type, active]),
    [
      ['BTC/USD:BTC', 'inverse', true],
      ['ETH/USD:ETH', 'inverse', true],
      ['BTC/USD:USD', 'linear', true],
      ['ETH/USD:USD', 'linear', false],
      ['BTC/USD', 'spot', true],
      ['ETH/USD', 'spot', true],
    ],
  )
  const span = { fromMs: atMs, toMs: atMs + 2 * minuteMs }
  const wants = [
    { symbol: 'BTC/USD:BTC', ...span },
    { symbol: 'BTC/USD:USD', ...span, kind: 'mark' as const },
    { symbol: 'BTC/USD', ...span },
    { symbol: 'ETH/USD:ETH', ...span },
    { symbol: 'NO/SUCH', ...span },
  ]
  const minutes = (baseVolume: string) =>
    [0, 1].map((index) => ({
      minuteMs: atMs + index * minuteMs,
      open: '2.0',
      close: '2.5',
      baseVolume,
      quoteVolume: null,
    }))
  t.strictSame(await exchange.collectors.candles({ source, wants }), [
    minutes('40'),
    minutes('0'),
    // an index is a price although nobody trades it
    minutes('1'),
    null,
    null,
  ])
  const documented = documentedBody('nautilus/kraken/http_futures_instruments.json')
  const single = documentedBody('nautilus/kraken/http_futures_instrument_no_fee_schedule.json')
  if (documented === null || single === null) return t.comment('no reference folder here')
  const lists = await serve(t, { [`${place}/instruments`]: documented })
  t.strictSame(
    (await lists.collectors.markets({ source })).map(({ symbol }) => symbol),
    [
      'BTC/USD:BTC',
      'ETH/USD:USD',
      'PEPE/USD:USD',
      'AAPLX/USD:USD',
      'BTC/USD',
      'ETH/USD',
      'PEPE/USD',
      'AAPLX/USD',
    ],
  )
  const one = await serve(t, { [`${place}/instruments`]: single })
  t.equal((await one.collectors.markets({ source })).length, 2)
})
