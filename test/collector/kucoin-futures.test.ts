import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import type { MarketType } from '../../src/accounting/observation.ts'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** Futures of kucoin through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const credentials = { api_key: 'key', secret: 'secret', passphrase: 'words' }
const both: readonly MarketType[] = ['linear', 'inverse']

function good(data: unknown): object {
  return { code: '200000', data }
}

function page(items: readonly object[], more: object = {}): object {
  return good({ currentPage: 1, pageSize: 500, totalNum: items.length, totalPage: 1, items, ...more })
}

const linear = {
  symbol: 'XBTUSDTM',
  type: 'FFWCSX',
  baseCurrency: 'XBT',
  quoteCurrency: 'USDT',
  settleCurrency: 'USDT',
  isInverse: false,
  multiplier: 0.001,
  expireDate: null,
  indexSymbol: '.KXBTUSDT',
  status: 'Open',
}
const inverse = {
  ...linear,
  symbol: 'XBTUSDM',
  quoteCurrency: 'USD',
  settleCurrency: 'XBT',
  isInverse: true,
  multiplier: -1,
  indexSymbol: '.BXBT',
}
const dated = { ...inverse, symbol: 'XBTMH26', type: 'FFICSX', expireDate: Date.UTC(2026, 2, 27, 8) }
const quanto = { ...linear, symbol: 'ODDM', settleCurrency: 'XRP' }

/** What a wallet holds, as its overview says it: with what is open. */
function overviews(wallets: Readonly<Record<string, readonly [equity: number, open: number]>>): Served {
  return (url: URL) => {
    const currency = url.searchParams.get('currency') ?? 'XBT'
    const [accountEquity, unrealisedPNL] = wallets[currency] ?? [0, 0]
    return good({ currency, accountEquity, unrealisedPNL, marginBalance: accountEquity })
  }
}

/** Rows of a list by the span that is asked for. */
function spanned(rows: readonly Readonly<Record<string, unknown>>[], time: string): Served {
  return (url: URL) => {
    const from = Number(url.searchParams.get('startAt'))
    const to = Number(url.searchParams.get('endAt'))
    const symbol = url.searchParams.get('symbol')
    const own = rows.filter(
      (row) =>
        Number(row[time]) >= from &&
        Number(row[time]) <= to &&
        (symbol === null || row['symbol'] === undefined || row['symbol'] === symbol),
    )
    if (time === 'createdAt') return page(own)
    return good({ hasMore: false, dataList: url.searchParams.has('offset') ? [] : own })
  }
}

const usual: Readonly<Record<string, Served>> = {
  '/api/v2/symbols': good([
    { symbol: 'BTC-USDT', baseCurrency: 'BTC', quoteCurrency: 'USDT', enableTrading: true },
  ]),
  '/api/v1/contracts/active': good([linear, inverse, dated, quanto]),
  '/api/ua/v1/account/mode': good({ selfAccountMode: 'CLASSIC' }),
  '/api/v1/account-overview': overviews({}),
  '/api/v1/positions': good([]),
  '/api/v1/transaction-history': good({ hasMore: false, dataList: [] }),
  '/api/v1/fills': page([]),
  '/api/v1/funding-history': good({ hasMore: false, dataList: [] }),
}

function serve(
  t: Test,
  answers: Readonly<Record<string, Served>>,
  {
    sinceMs = nowMs - hourMs,
    atMs = nowMs,
    marketTypes = both,
  }: { sinceMs?: number; atMs?: number; marketTypes?: readonly MarketType[] } = {},
) {
  const all = { ...usual, '/api/v1/timestamp': good(atMs), ...answers }
  return serveExchange(t, 'kucoin', { nowMs: atMs, sinceMs, answers: all, credentials, marketTypes })
}

function position(symbol: string, currentQty: number, avgEntryPrice: number, unrealisedCost: number) {
  const settleCurrency = symbol === 'XBTUSDTM' ? 'USDT' : 'XBT'
  return { symbol, currentQty, avgEntryPrice, unrealisedCost, settleCurrency, isOpen: true }
}

let numbers = 0
function fill(symbol: string, side: string, size: number, price: string, value: string, more: object = {}) {
  numbers += 1
  const settleCurrency = symbol.endsWith('USDTM') ? 'USDT' : 'XBT'
  return {
    symbol,
    tradeId: `t${numbers}`,
    orderId: `o${numbers}`,
    side,
    price,
    size,
    value,
    fee: '0',
    feeCurrency: settleCurrency,
    settleCurrency,
    tradeType: 'trade',
    createdAt: nowMs + minuteMs,
    ...more,
  }
}

t.test('the documented funding and wallet lines', async (t) => {
  const fundings = documentedBody('kucoin/Futures/Account/GetFundingHistory.txt')
  const lines = documentedBody('kucoin/Futures/Account/GetTransactionHistory.txt')
  if (fundings === null || lines === null) return t.comment('no reference folder here')
  const readMs = 1_558_596_300_000
  const exchange = await serve(
    t,
    {
      '/api/v1/funding-history': (url: URL) =>
        url.searchParams.has('offset') ? good({ dataList: [], hasMore: false }) : fundings,
      '/api/v1/transaction-history': lines,
      '/api/v1/account-overview': overviews({ XBT: [8_060.7899305281, 0] }),
    },
    { sinceMs: 1_557_900_000_000, atMs: readMs },
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const { observation } = answer
  t.strictSame(
    observation.incomes.map(({ id, income, asset, amount, atMs }) => [id, income, asset, amount, atMs]),
    [
      ['funding.36275152660002', 'funding', 'BTC', '-0.00000476', 1_557_910_800_000],
      ['funding.36275152660004', 'funding', 'BTC', '-0.00000465', 1_557_914_400_000],
      ['funding.36275152660006', 'funding', 'BTC', '-0.00000464', 1_557_918_000_000],
    ],
  )
  // what was realised there is the funding and the fills, and is not counted once more
  t.strictSame([observation.flows, observation.fills, observation.conversions], [[], [], []])
  t.strictSame(observation.anchor?.balances, [{ asset: 'BTC', amount: '8060.7899305281' }])
  t.ok(
    exchange.asked.some((each) => each.includes('symbol=XBTUSDM') && each.includes('offset=36275152660002')),
    'the next page lies behind the last row',
  )
})

t.test('from poll to poll: both kinds of contracts, both sides, all executions', async (t) => {
  const exchange = await serve(
    t,
    {
      '/api/v1/account-overview': overviews({ USDT: [1_000.5, 0.5], XBT: [0.5, 0] }),
      '/api/v1/positions': good([position('XBTUSDTM', 10, 50_000, 500)]),
    },
    { sinceMs: nowMs - 3 * dayMs },
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.match(first.observation, {
    complete: true,
    anchor: {
      balances: [
        { asset: 'BTC', amount: '0.5' },
        { asset: 'USDT', amount: '1000' },
      ],
      positions: [
        {
          market: 'linear',
          symbol: 'BTC/USDT:USDT',
          base: 'BTC',
          quote: 'USDT',
          quantity: '10',
          entry: '50000',
          terms: { size: '0.001', settle: 'USDT' },
        },
      ],
    },
  })
  // every wallet that a contract pays in, the one of three coins not
  t.strictSame(
    [...new Set(exchange.asked.filter((each) => each.includes('account-overview')))].map((each) =>
      each.split('=').at(-1),
    ),
    ['USDT', 'XBT'],
  )
  const spans = exchange.asked
    .filter((each) => each.startsWith('/api/v1/transaction-history'))
    .map((each) => new URLSearchParams(each.split(' ')[1]))
    .map((query) => [Number(query.get('startAt')), Number(query.get('endAt'))] as const)
  t.ok(spans.length === 4 && spans.every(([from, to]) => to - from < dayMs))

  const laterMs = nowMs + 5 * minuteMs
  const dealtMs = nowMs + minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v1/timestamp', good(laterMs))
  const own = { tradeId: 'both', tradeTime: `${dealtMs}000123` }
  exchange.answers.set(
    '/api/v1/fills',
    spanned(
      [
        fill('XBTUSDTM', 'buy', 5, '51000', '255', { fee: '0.153' }),
        fill('XBTUSDTM', 'sell', 3, '49000', '147', { fee: '0.0882', tradeType: 'liquidation' }),
        fill('XBTUSDTM', 'sell', 1, '49500', '49.5', { fee: '0', tradeType: 'ADL' }),
        fill('XBTUSDTM', 'buy', 1, '50500', '50.5', { ...own, fee: '0.0303', orderId: 'a' }),
        fill('XBTUSDTM', 'sell', 1, '50500', '50.5', { ...own, fee: '-0.0101', orderId: 'b' }),
        // 10 / 8302, rounded
        fill('XBTUSDM', 'sell', 10, '8302', '0.001204529', { fee: '0.0000012022' }),
        fill('XBTMH26', 'sell', 2, '40000', '0.00005', { tradeType: 'settlement' }),
        // gone from the list: what a contract of it is, its value says
        fill('GONEUSDTM', 'buy', 2, '1.5', '30', { fee: '0.018' }),
        fill('GONEUSDTM', 'sell', 2, '1.6', '32', { fee: '0.0192' }),
      ],
      'createdAt',
    ),
  )
  exchange.answers.set(
    '/api/v1/funding-history',
    spanned(
      [
        { id: 71, symbol: 'XBTUSDTM', timePoint: dealtMs, funding: 0.05478755, settleCurrency: 'USDT' },
        { id: 72, symbol: 'XBTUSDM', timePoint: dealtMs, funding: -4.64e-6, settleCurrency: 'XBT' },
      ],
      'timePoint',
    ),
  )
  const line = (offset: number, type: string, amount: number, currency: string, more: object = {}) => ({
    time: dealtMs,
    type,
    amount,
    fee: 0,
    accountEquity: 20,
    status: 'Completed',
    remark: 'Transferred from High-Frequency Trading Account',
    offset,
    currency,
    ...more,
  })
  exchange.answers.set(
    '/api/v1/transaction-history',
    spanned(
      [
        line(5, 'TransferIn', 20, 'USDT'),
        line(6, 'TransferOut', -3, 'USDT'),
        line(7, 'TransferOut', 2, 'USDT'),
        line(8, 'Deposit', 0.25, 'XBT'),
        line(9, 'Withdrawal', 0.125, 'XBT'),
        line(10, 'RealisedPNL', -4.2, 'USDT', { remark: 'XBTUSDTM' }),
        line(-1, 'RealisedPNL', 1, 'XBT', { remark: 'XBTUSDM', status: 'Pending' }),
      ],
      'time',
    ),
  )
  // 500 + 255 − 147 − 49.5 + 50.5 − 50.5 of cost were paid; what is left of it is the exchange's to say
  const cost = 551.2333333333
  const paid = 0.153 + 0.0882 + 0.0303 - 0.0101 + 0.018 + 0.0192
  const gone = 32 - 30
  // wallet: 1000, less what was paid and not kept as cost
  const usdt = 1_000 - (558.5 - cost) - paid + gone + 0.05478755 + 20 - 3 - 2
  // the short ones' cost comes and stays; a fee, funding, and 0.25 − 0.125
  const btc = 0.5 - 0.0000012022 - 0.00000464 + 0.125
  exchange.answers.set('/api/v1/account-overview', overviews({ USDT: [usdt + 7, 7], XBT: [btc, 0] }))
  exchange.answers.set(
    '/api/v1/positions',
    good([
      { ...position('XBTUSDTM', 12, 54_269.44, cost + 100), positionSide: 'LONG' },
      // without its sign, as one side of two
      { ...position('XBTUSDTM', 1, 100_000, 100), positionSide: 'SHORT' },
      position('XBTUSDM', -10, 8_302, 0.001204529),
      position('XBTMH26', -2, 40_000, 0.00005),
      position('XBTUSDM', 0, 0, 0),
    ]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.equal(observation.complete, true, 'to the last digit, as far as doubles have it')
  t.strictSame(
    observation.fills.map(
      ({ id, symbol, side, quantity, price, quoteQuantity, fees, execution, atMs }) =>
        `${id.replace(/\d+/, '')} ${symbol} ${side} ${quantity} ${price} ${quoteQuantity} ${fees
          .map(({ asset, amount }) => amount + asset)
          .join()} ${execution} ${atMs - nowMs}`,
    ),
    [
      't BTC/USDT:USDT buy 5 51000 255 0.153USDT trade 60000',
      't BTC/USDT:USDT sell 3 49000 147 0.0882USDT liquidation 60000',
      't BTC/USDT:USDT sell 1 49500 49.5  adl 60000',
      'both BTC/USDT:USDT buy 1 50500 50.5 0.0303USDT trade 60000',
      'both.sell BTC/USDT:USDT sell 1 50500 50.5 -0.0101USDT trade 60000',
      't BTC/USD:BTC sell 10 8302 10 0.0000012022BTC trade 60000',
      't BTC/USD:BTC-260327 sell 2 40000 2  settlement 60000',
      't GONE/USDT:USDT buy 2 1.5 30 0.018USDT trade 60000',
      't GONE/USDT:USDT sell 2 1.6 32 0.0192USDT trade 60000',
    ],
  )
  t.strictSame(observation.fills.find(({ symbol }) => symbol.startsWith('GONE'))?.terms, {
    size: '10',
    settle: 'USDT',
  })
  t.strictSame(
    observation.flows.map(({ id, flow, asset, amount }) => `${id} ${flow} ${amount} ${asset}`).toSorted(),
    [
      'futures.5 transfer 20 USDT',
      'futures.6 transfer -3 USDT',
      'futures.7 transfer -2 USDT',
      'futures.8 deposit 0.25 BTC',
      'futures.9 withdrawal -0.125 BTC',
    ],
  )
  t.strictSame(
    observation.incomes.map(({ id, income, asset, amount }) => `${id} ${income} ${amount} ${asset}`),
    ['funding.71 funding 0.05478755 USDT', 'funding.72 funding -0.00000464 BTC'],
  )
  // at its average the long one is worth 651.23328, and cost 651.23333…: what that leaves out lies in the wallet
  const held = observation.anchor?.balances.find(({ asset }) => asset === 'USDT')
  t.ok(Math.abs(Number(held?.amount) - (usdt - 651.2333333333 + 651.23328)) < 1e-9)
  t.strictSame(
    observation.anchor?.positions?.map(({ symbol, quantity, entry }) => `${symbol} ${quantity} ${entry}`),
    [
      'BTC/USDT:USDT 12 54269.44',
      'BTC/USDT:USDT -1 100000',
      'BTC/USD:BTC -10 8302',
      'BTC/USD:BTC-260327 -2 40000',
    ],
  )
})

t.test(
  'what is missing is seen: a fill that is not told, a line of another kind, a transfer under way',
  async (t) => {
    const exchange = await serve(t, {})
    const start = async (answers: Readonly<Record<string, Served>>) => {
      exchange.clock.atMs = nowMs
      const before = { ...usual, '/api/v1/timestamp': good(nowMs) }
      for (const [path, served] of Object.entries(before)) exchange.answers.set(path, served)
      exchange.answers.set('/api/v1/account-overview', overviews({ USDT: [100, 0] }))
      const first = await exchange.poll()
      if (first.kind === 'failed') throw new Error(first.code)
      const laterMs = nowMs + 5 * minuteMs
      exchange.clock.atMs = laterMs
      exchange.answers.set('/api/v1/timestamp', good(laterMs))
      for (const [path, served] of Object.entries(answers)) exchange.answers.set(path, served)
      return await exchange.poll({ cursor: first.cursor })
    }
    const history = (type: string, status: string): Served =>
      spanned(
        [{ time: nowMs + 1, type, amount: 1, status, remark: null, offset: 3, currency: 'USDT' }],
        'time',
      )
    t.match(await start({ '/api/v1/positions': good([position('XBTUSDTM', 1, 50_000, 50)]) }), {
      observation: { complete: false, fills: [] },
    })
    t.match(
      await start({
        '/api/v1/account-overview': overviews({ USDT: [101, 0] }),
        '/api/v1/transaction-history': history('NewThing', 'Completed'),
      }),
      // the ledger has it, so the read is whole; that nobody knows what it is the books say
      { observation: { complete: true, flows: [], incomes: [] } },
    )
    t.match(
      await start({
        '/api/v1/account-overview': overviews({ USDT: [99, 0] }),
        '/api/v1/transaction-history': history('TransferOut', 'Pending'),
      }),
      {
        observation: { complete: false, flows: [] },
      },
    )
    // a hundred-millionth is a rounding, more is not
    t.match(await start({ '/api/v1/account-overview': overviews({ USDT: [100.000000009, 0] }) }), {
      observation: { complete: true },
    })
    t.match(await start({ '/api/v1/account-overview': overviews({ USDT: [100.00000002, 0] }) }), {
      observation: { complete: false },
    })
  },
)

t.test('an answer that cannot be true is none', async (t) => {
  const strange: readonly Readonly<Record<string, Served>>[] = [
    // of another wallet than was asked for
    { '/api/v1/account-overview': good({ currency: 'XRP', accountEquity: 1, unrealisedPNL: 0 }) },
    { '/api/v1/account-overview': good({ currency: 'USDT', accountEquity: 1 }) },
    { '/api/v1/positions': good([{ ...position('NOBODYKNOWS', 1, 5, 5), settleCurrency: 'USDT' }]) },
    { '/api/v1/positions': good([{ ...position('XBTUSDTM', 1, 5, 5), settleCurrency: 'XBT' }]) },
    { '/api/v1/fills': page([fill('XBTUSDTM', 'hold', 1, '1', '1')]) },
    { '/api/v1/fills': page([fill('XBTUSDTM', 'buy', -1, '1', '1')]) },
  ]
  const exchange = await serve(t, {})
  for (const answers of strange) {
    for (const [path, served] of Object.entries({ ...usual, ...answers })) exchange.answers.set(path, served)
    t.match(
      await exchange.poll(),
      { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' },
      JSON.stringify(answers),
    )
  }
})

t.test('what is documented of a wallet, a position and a fill', async (t) => {
  const tradedMs = 1_558_334_496_000
  const exchange = await serve(
    t,
    {
      // of whichever coin is asked for it tells of this one
      '/api/v1/account-overview': good({
        accountEquity: 99.8999305281,
        unrealisedPNL: 0.5,
        marginBalance: 99.3999305281,
        positionMargin: 0,
        orderMargin: 0,
        frozenFunds: 0,
        availableBalance: 99.3999305281,
        currency: 'XBT',
      }),
      '/api/v1/positions': good([
        {
          id: '5e81a7827911f40008e80715',
          symbol: 'XBTUSDTM',
          crossMode: false,
          currentQty: 1,
          currentCost: 40.008,
          unrealisedCost: 40.008,
          markValue: 40.01493,
          posCost: 40.008,
          unrealisedPnl: 0.00693,
          avgEntryPrice: 40_008.0,
          settleCurrency: 'USDT',
        },
      ]),
      '/api/v1/fills': page([
        {
          symbol: 'XBTUSDM',
          tradeId: '5ce24c1f0c19fc3c58edc47c',
          orderId: '5ce24c16b210233c36ee321d',
          side: 'sell',
          liquidity: 'taker',
          price: '8302',
          size: 10,
          value: '0.001204529',
          feeRate: '0.0005',
          fixFee: '0.00000006',
          feeCurrency: 'XBT',
          stop: '',
          fee: '0.0000012022',
          orderType: 'limit',
          tradeType: 'trade',
          createdAt: tradedMs - 7_000,
          settleCurrency: 'XBT',
          tradeTime: 'NANOSECONDS',
        },
      ]),
    },
    { sinceMs: tradedMs - hourMs, atMs: tradedMs + hourMs },
  )
  // beyond what a double holds
  const fills = JSON.stringify(exchange.answers.get('/api/v1/fills'))
  exchange.answers.set('/api/v1/fills', fills.replace('"NANOSECONDS"', `${tradedMs}123456`))
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.match(answer.observation, {
    anchor: {
      balances: [{ asset: 'BTC', amount: '99.3999305281' }],
      positions: [{ symbol: 'BTC/USDT:USDT', quantity: '1', entry: '40008' }],
    },
    fills: [
      {
        id: '5ce24c1f0c19fc3c58edc47c',
        market: 'inverse',
        symbol: 'BTC/USD:BTC',
        base: 'BTC',
        quote: 'USD',
        side: 'sell',
        price: '8302',
        quantity: '10',
        quoteQuantity: '10',
        fees: [{ asset: 'BTC', amount: '0.0000012022' }],
        atMs: tradedMs,
        execution: 'trade',
        terms: { size: '1', settle: 'BTC' },
      },
    ],
  })
})

t.test('a fill whose terms are told nowhere is named, and nothing is made of it', async (t) => {
  const exchange = await serve(t, {
    '/api/v1/fills': spanned(
      [{ ...fill('NOVALUEUSDTM', 'buy', 1, '3', ''), createdAt: nowMs - minuteMs }],
      'createdAt',
    ),
  })
  t.match(await exchange.poll(), { observation: { fills: [], unavailable: ['NOVALUEUSDTM'] } })
})

t.test('with spot watched too, what goes from one to the other stays inside', async (t) => {
  const atMs = nowMs - 5 * minuteMs
  const exchange = await serve(
    t,
    {
      '/api/v1/accounts': good([]),
      '/api/v1/accounts/ledgers': page([]),
      '/api/v1/hf/accounts/ledgers': (url: URL) =>
        good(
          url.searchParams.has('lastId')
            ? []
            : ['5', '7'].map((amount, index) => ({
                id: `${index}`,
                currency: 'BTC',
                amount,
                fee: '0',
                accountType: 'TRADE_HF',
                bizType: 'TRANSFER',
                direction: 'out',
                createdAt: `${atMs}`,
                context: '{}',
              })),
        ),
      '/api/v1/transaction-history': spanned(
        [
          // whole seconds, and another name for the coin
          {
            time: atMs + 2_000,
            type: 'TransferIn',
            amount: 5,
            status: 'Completed',
            offset: 1,
            currency: 'XBT',
          },
        ],
        'time',
      ),
    },
    { marketTypes: ['spot', 'linear', 'inverse'] },
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(
    answer.observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    ['transfer -7 BTC'],
  )
})

t.test('markets, and minutes: a mark is the index that it follows', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const exchange = await serve(t, {
    '/api/v1/kline/query': (url: URL) => {
      const symbol = url.searchParams.get('symbol')
      t.equal(Number(url.searchParams.get('from')), atMs)
      if (symbol === '.BXBT') return good([])
      const open = symbol === '.KXBTUSDT' ? 7_495.01 : 7_500
      return good([[atMs, open, 8_309.67, 7_250, 7_463.5, 20]])
    },
    '/api/v1/market/candles': good([]),
  })
  const source = { exchange: 'kucoin', sandbox: false, marketTypes: ['spot', ...both] as const }
  t.strictSame(await exchange.collectors.markets({ source }), [
    { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true },
    { symbol: 'BTC/USDT:USDT', base: 'BTC', quote: 'USDT', type: 'linear', active: true },
    { symbol: 'BTC/USD:BTC', base: 'BTC', quote: 'USD', type: 'inverse', active: true },
    { symbol: 'BTC/USD:BTC-260327', base: 'BTC', quote: 'USD', type: 'inverse', active: true },
  ])
  const want = { fromMs: atMs, toMs: atMs + 2 * minuteMs }
  const minute = (open: string, baseVolume = '0') => [
    { minuteMs: atMs, open, close: '7463.5', baseVolume, quoteVolume: null },
  ]
  t.strictSame(
    await exchange.collectors.candles({
      source,
      wants: [
        { ...want, symbol: 'BTC/USDT:USDT', kind: 'mark' },
        { ...want, symbol: 'BTC/USD:BTC', kind: 'mark' },
        { ...want, symbol: 'BTC/USDT:USDT' },
        { ...want, symbol: 'NO/SUCH:USDT', kind: 'mark' },
      ],
    }),
    [minute('7495.01'), minute('7500'), minute('7500', '0.02'), null],
  )
})

t.test('as many contracts as there are: their funding does not use up what a poll may read', async (t) => {
  const names = Array.from({ length: 90 }, (_, index) => `C${index}`)
  const atMs = nowMs - 30 * minuteMs
  const hour = nowMs - hourMs
  const exchange = await serve(
    t,
    {
      '/api/v1/contracts/active': good(
        names.map((baseCurrency) => ({ ...linear, symbol: `${baseCurrency}USDTM`, baseCurrency })),
      ),
      '/api/v1/positions': good(
        names.map((name) => ({ ...position(`${name}USDTM`, 1, 2, 0.002), settleCurrency: 'USDT' })),
      ),
      '/api/v1/account-overview': overviews({ USDT: [100, 0] }),
      '/api/v1/fills': spanned(
        names.map((name) => ({ ...fill(`${name}USDTM`, 'buy', 1, '2', '0.002'), createdAt: atMs })),
        'createdAt',
      ),
      '/api/v1/funding-history': spanned(
        names.map((name, index) => ({
          id: index,
          symbol: `${name}USDTM`,
          timePoint: hour,
          funding: 0.01,
          settleCurrency: 'USDT',
        })),
        'timePoint',
      ),
    },
    { sinceMs: hour - minuteMs },
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const { fills, incomes, complete, anchor } = answer.observation
  t.strictSame([fills.length, incomes.length, anchor?.positions?.length, complete], [90, 90, 90, true])
})
