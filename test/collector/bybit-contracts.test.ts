import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import type { Wallet, Observation } from '../../src/accounting/observation.ts'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** Contracts and loans in bybit's unified account, through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const everything: readonly Wallet[] = ['spot', 'margin', 'linear', 'inverse']

function good(result: unknown): object {
  return { retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: nowMs }
}

const lists: Readonly<Record<string, readonly object[]>> = {
  spot: ['BTC', 'SOL'].map((baseCoin) => ({
    symbol: `${baseCoin}USDT`,
    baseCoin,
    quoteCoin: 'USDT',
    status: 'Trading',
  })),
  linear: [
    ['BTCUSDT', 'LinearPerpetual', 'BTC', 'USDT', '0'],
    ['ETHUSDT', 'LinearPerpetual', 'ETH', 'USDT', '0'],
    ['LTCUSDT', 'LinearPerpetual', 'LTC', 'USDT', '0'],
    ['SOLUSDT', 'LinearPerpetual', 'SOL', 'USDT', '0'],
    ['ICPUSDT', 'LinearPerpetual', 'ICP', 'USDT', '0'],
    ['BTCPERP', 'LinearPerpetual', 'BTC', 'USDC', '0'],
    ['BTCUSDT-27MAR26', 'LinearFutures', 'BTC', 'USDT', String(Date.UTC(2026, 2, 27, 8))],
  ].map(([symbol, contractType, baseCoin, quoteCoin, deliveryTime]) => ({
    symbol,
    contractType,
    baseCoin,
    quoteCoin,
    settleCoin: quoteCoin,
    deliveryTime,
    status: 'Trading',
  })),
  inverse: [
    {
      symbol: 'BTCUSD',
      contractType: 'InversePerpetual',
      baseCoin: 'BTC',
      quoteCoin: 'USD',
      settleCoin: 'BTC',
      deliveryTime: '0',
      status: 'Trading',
    },
  ],
}

function empty(url: URL): object {
  return good({ category: url.searchParams.get('category'), nextPageCursor: '', list: [] })
}

function usualAt(atMs: number): Readonly<Record<string, Served>> {
  return {
    '/v5/market/time': good({ timeNano: `${atMs}000000` }),
    '/v5/market/instruments-info': (url: URL) => {
      const category = url.searchParams.get('category') ?? ''
      return good({ category, nextPageCursor: '', list: lists[category] })
    },
    '/v5/account/info': good({ unifiedMarginStatus: 5, marginMode: 'REGULAR_MARGIN' }),
    '/v5/account/wallet-balance': wallet([{ coin: 'USDT', walletBalance: '1000', unrealisedPnl: '-3' }]),
    '/v5/account/transaction-log': empty,
    '/v5/execution/list': empty,
    '/v5/position/list': empty,
  }
}

function wallet(coins: readonly object[]): object {
  return good({ list: [{ accountType: 'UNIFIED', coin: coins }] })
}

function serve(t: Test, answers: Readonly<Record<string, Served>> = {}, atMs = nowMs) {
  return serveExchange(t, 'bybit', {
    nowMs: atMs,
    sinceMs: atMs - hourMs,
    answers: { ...usualAt(atMs), ...answers },
    marketTypes: everything,
  })
}

async function observed(exchange: Awaited<ReturnType<typeof serve>>, t: Test): Promise<Observation | null> {
  const answer = await exchange.poll()
  if (answer.kind === 'observed') return answer.observation
  t.fail(answer.code, { answer })
  return null
}

/** Answers a category with its list, every other with none. */
function only(category: string, list: readonly unknown[]): Served {
  return (url: URL) => (url.searchParams.get('category') === category ? good({ category, list }) : empty(url))
}

const execution = {
  symbol: 'BTCUSDT',
  side: 'Sell',
  execPrice: '60000',
  execQty: '0.5',
  execValue: '30000',
  execFee: '16.5',
  execTime: String(nowMs - 2 * minuteMs),
}

let lines = 0
function line(type: string, currency: string, change: string, more: object = {}): object {
  lines += 1
  return {
    id: `c${lines}`,
    type,
    currency,
    change,
    category: 'linear',
    symbol: 'BTCUSDT',
    side: 'Sell',
    transactionTime: String(nowMs - 2 * minuteMs),
    fee: '0',
    funding: '',
    cashFlow: '0',
    tradeId: '',
    orderId: '',
    ...more,
  }
}

t.test('every kind of execution, in every category', async (t) => {
  const exchange = await serve(t, {
    '/v5/execution/list': (url: URL) => {
      const category = url.searchParams.get('category') ?? ''
      const linear = [
        { ...execution, execId: '1', execType: 'Trade' },
        { ...execution, execId: '2', execType: 'BustTrade' },
        { ...execution, execId: '3', execType: 'AdlTrade', execFee: '0' },
        { ...execution, execId: '4', execType: 'Delivery', symbol: 'BTCUSDT-27MAR26' },
        // these hold no quantity that changes hands
        { ...execution, execId: '5', execType: 'Funding', side: 'None', execPrice: '60000', execQty: '0.5' },
        { ...execution, execId: '6', execType: 'SomethingNew' },
        // left the list long ago
        { ...execution, execId: '7', execType: 'Trade', symbol: 'OLDUSDT' },
        { ...execution, execId: '9', execType: 'Delivery', symbol: 'ETHUSDT-05DEC25' },
        { ...execution, execId: '10', execType: 'Delivery', symbol: 'ETH-5DEC25', feeCurrency: 'USDC' },
      ]
      const inverse = [
        {
          ...execution,
          execId: '8',
          execType: 'Settle',
          symbol: 'BTCUSDZ25',
          execQty: '300',
          execValue: '0.005',
          execFee: '0.000001',
        },
      ]
      return good({ category, list: { linear, inverse }[category] ?? [] })
    },
  })
  const seen = await observed(exchange, t)
  const terms = { size: '1', settle: 'USDT' }
  t.strictSame(
    seen?.fills.map((fill) => [fill.id, fill.market, fill.symbol, fill.execution, fill.terms?.settle]),
    [
      ['1', 'linear', 'BTC/USDT:USDT', 'trade', 'USDT'],
      ['2', 'linear', 'BTC/USDT:USDT', 'liquidation', 'USDT'],
      ['3', 'linear', 'BTC/USDT:USDT', 'adl', 'USDT'],
      ['4', 'linear', 'BTC/USDT:USDT-260327', 'settlement', 'USDT'],
      ['7', 'linear', 'OLD/USDT:USDT', 'trade', 'USDT'],
      ['9', 'linear', 'ETH/USDT:USDT-251205', 'settlement', 'USDT'],
      ['10', 'linear', 'ETH/USDC:USDC-251205', 'settlement', 'USDC'],
      ['8', 'inverse', 'BTC/USD:BTC-251226', 'settlement', 'BTC'],
    ],
  )
  t.match(seen?.fills[0], { terms, quantity: '0.5', fees: [{ asset: 'USDT', amount: '16.5' }] })
  // contracts of a dollar, and a fee in the coin
  t.match(seen?.fills.at(-1), {
    quantity: '300',
    quoteQuantity: '300',
    fees: [{ asset: 'BTC', amount: '0.000001' }],
  })
  t.strictSame(seen?.unavailable, ['execution.SomethingNew'])
})

t.test('funding, a session settled, loans, and lines of fills', async (t) => {
  const exchange = await serve(t, {
    '/v5/account/transaction-log': good({
      list: [
        line('TRADE', 'USDT', '83.5', { tradeId: '1', fee: '16.5', cashFlow: '100' }),
        line('SETTLEMENT', 'USDT', '-0.003676', { funding: '-0.003676' }),
        // funding, and what the session brought, which is the position's
        line('SETTLEMENT', 'USDC', '5.1', { funding: '0.1', cashFlow: '5', symbol: 'BTCPERP' }),
        line('SETTLEMENT', 'USDC', '7', { cashFlow: '7', symbol: 'BTCPERP' }),
        line('INTEREST', 'USDT', '-0.2', { category: '', symbol: '' }),
        line('AUTO_LOANS_BORROW', 'USDT', '400', { category: '', symbol: '' }),
        line('LIQUIDATION', 'USDT', '-2', { tradeId: '9' }),
      ],
    }),
    '/v5/execution/list': only('linear', [
      { ...execution, execId: '1', execType: 'Trade', execFee: '16.50001' },
    ]),
  })
  const seen = await observed(exchange, t)
  t.strictSame(
    seen?.incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`),
    ['funding -0.003676 USDT', 'funding 0.1 USDC', 'interest -0.2 USDT'],
  )
  t.match(
    seen?.fills,
    [{ id: '1', fees: [{ asset: 'USDT', amount: '16.5' }] }],
    'the log knows the fee to the last digit',
  )
  t.match(seen, { complete: true, flows: [] })
})

t.test('positions beside the wallet, and what the second poll must find', async (t) => {
  const position = { symbol: 'BTCUSDT', side: 'Buy', size: '0.5', avgPrice: '60000.10' }
  const exchange = await serve(t, {
    '/v5/position/list': (url: URL) =>
      url.searchParams.get('settleCoin') === 'USDT'
        ? good({ category: 'linear', list: [position] })
        : empty(url),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.match(first.observation.anchor, {
    balances: [{ asset: 'USDT', amount: '1000' }],
    positions: [{ symbol: 'BTC/USDT:USDT', quantity: '0.5', entry: '60000.10' }],
  })
  t.strictSame(
    exchange.asked
      .filter((each) => each.startsWith('/v5/position/list'))
      .slice(0, 4)
      .map((each) => each.split(' ')[1]),
    [
      'category=option',
      'category=linear&limit=200&settleCoin=USDT',
      'category=linear&limit=200&settleCoin=USDC',
      'category=inverse&limit=200',
    ],
  )
  const laterMs = nowMs + 10 * minuteMs
  exchange.clock.atMs = laterMs
  for (const [path, answer] of Object.entries(usualAt(laterMs))) exchange.answers.set(path, answer)
  // the position is gone, and nothing says how
  const second = await exchange.poll({ cursor: first.cursor })
  t.match(second, { observation: { complete: false, fills: [] } })
  const atMs = String(nowMs + minuteMs)
  exchange.answers.set('/v5/account/wallet-balance', wallet([{ coin: 'USDT', walletBalance: '983.5' }]))
  exchange.answers.set(
    '/v5/account/transaction-log',
    good({ list: [line('TRADE', 'USDT', '-16.5', { tradeId: '1', fee: '16.5', transactionTime: atMs })] }),
  )
  exchange.answers.set(
    '/v5/execution/list',
    only('linear', [{ ...execution, execId: '1', execType: 'Trade', execTime: atMs }]),
  )
  t.match(await exchange.poll({ cursor: first.cursor }), {
    observation: { complete: true, fills: [{ id: '1' }], anchor: { balances: [{ amount: '983.5' }] } },
  })
})

t.test('what is not read is refused', async (t) => {
  const exchange = await serve(t)
  const refused = async (name: string, exchangeCode: string, answers: Readonly<Record<string, Served>>) => {
    for (const [path, answer] of Object.entries({ ...usualAt(nowMs), ...answers }))
      exchange.answers.set(path, answer)
    t.match(await exchange.poll(), { code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode }, name)
  }
  const option = { symbol: 'BTC-27MAR26-100000-C', side: 'Buy', size: '1', avgPrice: '5' }
  await refused('an open option', 'option', { '/v5/position/list': only('option', [option]) })
  await refused('an option in the log', 'option', {
    '/v5/account/transaction-log': good({ list: [line('TRADE', 'USDC', '-5', { category: 'option' })] }),
  })
  await refused('portfolio margin', 'marginMode', {
    '/v5/account/info': good({ unifiedMarginStatus: 5, marginMode: 'PORTFOLIO_MARGIN' }),
  })
  await refused('inverse contracts of the first unified account', 'inverse', {
    '/v5/account/info': good({ unifiedMarginStatus: 4, marginMode: 'REGULAR_MARGIN' }),
    '/v5/position/list': only('inverse', [{ symbol: 'BTCUSD', side: 'Sell', size: '300', avgPrice: '1' }]),
  })
})

t.test('the mark of a contract', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const exchange = await serve(t, {
    '/v5/market/mark-price-kline': good({
      category: 'inverse',
      list: [[String(atMs), '5', '6', '4', '5.5']],
    }),
  })
  const source = { exchange: 'bybit', sandbox: false, marketTypes: everything }
  const want = { symbol: 'BTC/USD:BTC', kind: 'mark' as const, fromMs: atMs, toMs: atMs + minuteMs }
  t.strictSame(await exchange.collectors.candles({ source, wants: [want] }), [
    [{ minuteMs: atMs, open: '5', close: '5.5', baseVolume: '0', quoteVolume: '0' }],
  ])
  t.match(exchange.asked.at(-1), /mark-price-kline category=inverse&symbol=BTCUSD&/)
})

function result(path: string): { readonly list: readonly Record<string, unknown>[] } | null {
  const body = documentedBody(path)
  return body === null
    ? null
    : (JSON.parse(body) as { result: { list: readonly Record<string, unknown>[] } }).result
}

t.test('documented executions', async (t) => {
  const body = documentedBody('nautilus/bybit/http_get_executions.json')
  if (body === null) return t.comment('no reference folder here')
  const of = async (atMs: number, category: string, list: readonly unknown[] | string) => {
    const served = typeof list === 'string' ? (JSON.parse(list) as object) : good({ category, list })
    let told = false
    const exchange = await serve(
      t,
      {
        '/v5/execution/list': (url: URL) => {
          if (url.searchParams.get('category') !== category || told) return empty(url)
          // its cursor leads on to nothing
          told = true
          return served
        },
      },
      atMs,
    )
    return (await observed(exchange, t))?.fills
  }
  const terms = { size: '1', settle: 'USDT' }
  t.strictSame(await of(1672282722429 + 30 * minuteMs, 'linear', body), [
    {
      id: 'e0cbe81d-0f18-5866-9415-cf319b5dab3b',
      market: 'linear',
      symbol: 'BTC/USDT:USDT',
      base: 'BTC',
      quote: 'USDT',
      side: 'buy',
      price: '50000.00',
      quantity: '0.100',
      quoteQuantity: '5000.00',
      fees: [{ asset: 'USDT', amount: '0.015' }],
      atMs: 1672282722429,
      execution: 'trade',
      terms,
    },
    {
      id: 'f1dce92e-1g29-6977-a526-dg420c6ecb4c',
      market: 'linear',
      symbol: 'ETH/USDT:USDT',
      base: 'ETH',
      quote: 'USDT',
      side: 'sell',
      price: '3000.00',
      quantity: '0.500',
      quoteQuantity: '1500.00',
      fees: [{ asset: 'USDT', amount: '0.9' }],
      atMs: 1672282822529,
      execution: 'trade',
      terms,
    },
  ])
  const stream = (name: string): readonly Record<string, unknown>[] =>
    (JSON.parse(documentedBody(`nautilus/bybit/${name}.json`)!) as { data: Record<string, unknown>[] }).data
  t.match(await of(1746270400353 + minuteMs, 'linear', stream('ws_account_execution')), [
    {
      id: '0ab1bdf7-4219-438b-b30a-32ec863018f7',
      side: 'sell',
      price: '95900.1',
      quantity: '0.5',
      fees: [{ asset: 'USDT', amount: '26.3725275' }],
      execution: 'trade',
    },
  ])
  t.match(await of(1746270400398 + minuteMs, 'linear', stream('ws_account_execution_adl')), [
    {
      id: '0ab1bdf7-4219-438b-b30a-32ec863018f8',
      price: '95850.0',
      quantity: '0.5',
      fees: [],
      execution: 'adl',
    },
  ])
  const spread = result('bybit/V5Api/Trading/GetSpreadUserTrades.txt')!.list[0]!
  const legs = spread['legs'] as readonly Record<string, unknown>[]
  t.match(
    await of(
      1744104992224 + minuteMs,
      'linear',
      legs.filter(({ category }) => category === 'linear'),
    ),
    [
      {
        symbol: 'SOL/USDT:USDT',
        side: 'buy',
        price: '124.1',
        quantity: '2',
        fees: [{ amount: '0.039712' }],
        execution: 'trade',
      },
    ],
  )
  t.match(
    await of(
      1744104992224 + minuteMs,
      'spot',
      legs.filter(({ category }) => category === 'spot'),
    ),
    [
      {
        id: '2110000000061481958',
        market: 'spot',
        symbol: 'SOL/USDT',
        side: 'sell',
        price: '103.1152',
        quantity: '2',
        quoteQuantity: '206.2304',
        // taken from what a sale brings, where it does not say otherwise
        fees: [{ asset: 'USDT', amount: '0.06186912' }],
        execution: 'trade',
      },
    ],
  )
})

t.test('documented positions', async (t) => {
  const inverse = result('bybit/V5Api/Trading/GetPositions.txt')
  if (inverse === null) return t.comment('no reference folder here')
  const exchange = await serve(t)
  const positionsOf = async (category: string, list: readonly unknown[]) => {
    exchange.answers.set('/v5/position/list', (url: URL) =>
      url.searchParams.get('settleCoin') === 'USDC'
        ? empty(url)
        : (only(category, list) as (url: URL) => unknown)(url),
    )
    const seen = await observed(exchange, t)
    return seen?.anchor?.positions?.map(({ symbol, quantity, entry }) => [symbol, quantity, entry])
  }
  t.strictSame(await positionsOf('inverse', inverse.list), [['BTC/USD:BTC', '-300', '27464.50441675']])
  t.strictSame(await positionsOf('linear', result('nautilus/bybit/http_get_positions.json')!.list), [
    ['BTC/USDT:USDT', '0.5', '50000.00'],
    ['ETH/USDT:USDT', '-5', '3000.00'],
  ])
  t.strictSame(
    await positionsOf('linear', result('nautilus/bybit/http_get_positions_with_open_time.json')!.list),
    [['LTC/USDT:USDT', '1', '70']],
  )
  const stream = (name: string): readonly object[] => {
    const body = JSON.parse(documentedBody(`nautilus/bybit/${name}.json`)!) as { data?: readonly object[] }
    return body.data ?? [body]
  }
  for (const [name, position] of [
    ['ws_account_position', ['ETH/USDT:USDT', '-0.01', '3641.075']],
    ['ws_account_position_short', ['ETH/USDT:USDT', '-0.01', '3641.075']],
    ['ws_account_position_with_open_time', ['BTC/USDT:USDT', '0.1', '50000']],
  ] as const) {
    t.strictSame(await positionsOf('linear', stream(name)), [position], name)
  }
})

t.test('documented wallets, loans among them', async (t) => {
  const plain = documentedBody('bybit/V5Api/Account/GetBalances.txt')
  if (plain === null) return t.comment('no reference folder here')
  const exchange = await serve(t)
  const stream = (name: string): object => {
    const { data } = JSON.parse(documentedBody(`nautilus/bybit/${name}.json`)!) as { data: readonly object[] }
    return good({ list: data.map((account) => ({ accountType: 'UNIFIED', ...account })) })
  }
  for (const [served, balances] of [
    [plain, []],
    // 0 - 0.06142 - 0.02
    [documentedBody('nautilus/bybit/http_get_wallet_balance.json')!, ['ETH -0.08142', 'USDT 1000.5']],
    [
      documentedBody('nautilus/bybit/http_get_wallet_balance_spot_short.json')!,
      ['ETH -0.08142', 'USDT 2500'],
    ],
    // 1200 - 200 - 0.50
    [documentedBody('nautilus/bybit/http_get_wallet_balance_with_spot_borrow.json')!, ['USDT 999.5']],
    [stream('ws_account_wallet'), ['BTC 0.00102964', 'USDT 9647.75537647']],
    [stream('ws_account_wallet_small_order'), ['USDT 51333.82543837']],
    [stream('ws_account_wallet_locked_exceeds_total'), ['USDT 100']],
    // a loss that borrowed: told twice, owed once
    [wallet([{ coin: 'USDT', walletBalance: '-100', borrowAmount: '100', spotBorrow: '0' }]), ['USDT -100']],
  ] as const) {
    exchange.answers.set('/v5/account/wallet-balance', served)
    const seen = await observed(exchange, t)
    t.strictSame(
      seen?.anchor?.balances.map(({ asset, amount }) => `${asset} ${amount}`),
      balances,
    )
  }
})

t.test('documented instruments', async (t) => {
  const linear = documentedBody('nautilus/bybit/http_get_instruments_linear.json')
  if (linear === null) return t.comment('no reference folder here')
  const bodies: Readonly<Record<string, readonly string[]>> = {
    spot: ['nautilus/bybit/http_get_instruments_spot_xstocks.json'],
    linear: [
      'nautilus/bybit/http_get_instruments_linear.json',
      'nautilus/bybit/http_get_instruments_linear_symbol_type.json',
      'bybit/V5Api/ExchangeData/GetLinearInverseSymbols.txt',
    ],
    inverse: [
      'nautilus/bybit/http_get_instruments_inverse.json',
      'nautilus/bybit/http_get_instruments_inverse_symbol_type.json',
    ],
  }
  const exchange = await serve(t, {
    '/v5/market/instruments-info': (url: URL) => {
      const list = (bodies[url.searchParams.get('category') ?? ''] ?? []).flatMap(
        (path) => result(path)!.list,
      )
      return good({ nextPageCursor: null, list })
    },
  })
  const source = { exchange: 'bybit', sandbox: false, marketTypes: everything }
  const markets = await exchange.collectors.markets({ source })
  t.strictSame(
    markets.map(({ symbol, type }) => `${type} ${symbol}`),
    [
      'spot AAPL/USDT',
      'linear BTC/USDT:USDT',
      'linear ETH/USDT:USDT',
      'linear TSLA/USDT:USDT',
      'linear BTC/USDT:USDT',
      'inverse BTC/USD:BTC',
      'inverse BRENT/USD:BRENT',
    ],
  )
})

t.test('interest is owed from when it accrues, whenever it is charged', async (t) => {
  const owing = (walletBalance: string, accruedInterest: string): Served =>
    wallet([{ coin: 'USDT', walletBalance, spotBorrow: '400', borrowAmount: '400', accruedInterest }])
  const exchange = await serve(t, { '/v5/account/wallet-balance': owing('1000', '0.5') })
  const later = async (
    minutes: number,
    cursor: string | null,
    balance: Served,
    log: readonly object[] = [],
  ) => {
    const atMs = nowMs + minutes * minuteMs
    exchange.clock.atMs = atMs
    for (const [path, answer] of Object.entries(usualAt(atMs))) exchange.answers.set(path, answer)
    exchange.answers.set('/v5/account/wallet-balance', balance)
    exchange.answers.set('/v5/account/transaction-log', good({ list: log }))
    const answer = await exchange.poll({ cursor })
    if (answer.kind === 'failed') return t.fail(answer.code, { answer })
    const { incomes, complete, anchor } = answer.observation
    t.equal(complete, true)
    return {
      cursor: answer.cursor,
      held: anchor?.balances.map(({ amount }) => amount).join(),
      incomes: incomes.map(({ id, income, amount }) => `${income} ${amount} ${id}`),
    }
  }
  const first = await later(0, null, owing('1000', '0.5'))
  // 1000 - 400 - 0.5
  t.match(first, { held: '599.5', incomes: [] })
  if (first === undefined || first === null || typeof first === 'boolean') return
  const second = await later(1, first.cursor, owing('1000', '0.8'))
  t.match(second, { held: '599.2', incomes: [`interest -0.3 accrued.USDT.${nowMs}`] })
  if (second === undefined || second === null || typeof second === 'boolean') return
  const charged = line('INTEREST', 'USDT', '-0.9', {
    id: 'charged',
    category: '',
    symbol: '',
    transactionTime: String(nowMs + 90_000),
  })
  const third = await later(2, second.cursor, owing('999.1', '0.1'), [charged])
  t.match(third, {
    held: '599',
    incomes: ['interest -0.9 charged', `interest 0.7 accrued.USDT.${nowMs + minuteMs}`],
  })
})

t.test('an answer that is not of what was asked for is nothing of it', async (t) => {
  const executions = documentedBody('nautilus/bybit/http_get_executions.json')
  const positions = documentedBody('nautilus/bybit/http_get_positions.json')
  const instruments = documentedBody('nautilus/bybit/http_get_instruments_linear.json')
  if (executions === null || positions === null || instruments === null)
    return t.comment('no reference folder here')
  // the same body whatever category, coin and cursor
  const atMs = 1672282722429 + 30 * minuteMs
  const exchange = await serve(t, { '/v5/execution/list': executions, '/v5/position/list': positions }, atMs)
  const seen = await observed(exchange, t)
  t.strictSame(
    seen?.fills.map(({ market, symbol }) => `${market} ${symbol}`),
    ['linear BTC/USDT:USDT', 'linear ETH/USDT:USDT'],
  )
  t.strictSame(
    seen?.anchor?.positions?.map(({ symbol, quantity }) => `${symbol} ${quantity}`),
    ['BTC/USDT:USDT 0.5', 'ETH/USDT:USDT -5'],
  )
})
