import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Wallet } from '../../src/accounting/observation.ts'
import { billsOf } from '../../src/collector/okx/row.ts'
import { balance, bill, config, everything, good, nowMs, observed, serve, usualAt } from './okx.ts'
import { documentedBody, type Served } from './served.ts'

/** okx's trading account through the real processes. */

t.test('each kind of bill', async (t) => {
  const twap = { ts: String(nowMs - 2 * minuteMs) }
  const exchange = await serve(t, {
    '/api/v5/account/bills': good([
      bill('1', '11', 'USDT', '250', { from: '6', to: '18' }),
      bill('1', '12', 'USDT', '-5'),
      bill('12', '202', 'USDT', '-40'),
      bill('1', '372', 'XYZ', '100'),
      bill('7', '9', 'USDT', '-0.01'),
      bill('8', '173', 'USDT', '-0.42', { instType: 'SWAP', instId: 'BTC-USDT-SWAP', pnl: '-0.42' }),
      // of a position that has its own margin: the account's level does not move
      bill('8', '174', 'USDT', '0', { instType: 'SWAP', instId: 'BTC-USDT-SWAP', posBalChg: '0.07' }),
      bill('10', '108', 'USDT', '-1.5', { instType: 'SWAP', instId: 'BTC-USDT-SWAP' }),
      bill('381', '381', 'USDT', '0.02'),
      bill('27', '319', 'BTC', '-0.1', twap),
      bill('27', '318', 'ETH', '1.77', twap),
      bill('28', '237', 'ADA', '-3', twap),
      bill('28', '236', 'OKB', '0.2', twap),
      // between the account and one position
      bill('6', '160', 'USDT', '-7', { posBalChg: '7' }),
      bill('16', '306', 'USDT', '500'),
      bill('999', '998', 'USDT', '3'),
    ]),
  })
  const seen = await observed(exchange, t)
  const { flows = [], incomes = [], conversions = [] } = seen ?? {}
  t.strictSame(
    flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    ['transfer 250 USDT', 'transfer -5 USDT', 'transfer -40 USDT', 'reward 100 XYZ'],
  )
  t.strictSame(
    incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`),
    [
      'interest -0.01 USDT',
      'funding -0.42 USDT',
      'funding 0.07 USDT',
      'liquidation-fee -1.5 USDT',
      'earn 0.02 USDT',
    ],
  )
  t.strictSame(
    conversions.map(({ conversion, changes }) => [
      conversion,
      ...changes.map(({ asset, amount }) => `${amount} ${asset}`),
    ]),
    [
      ['convert', '-0.1 BTC', '1.77 ETH'],
      ['dust', '-3 ADA', '0.2 OKB'],
    ],
  )
})

t.test('pages by the number of the last bill, two lists by age, every kind of older fills', async (t) => {
  const exchange = await serve(
    t,
    {
      '/api/v5/account/bills-archive': (url: URL) =>
        good(
          url.searchParams.get('after') === null
            ? Array.from({ length: 100 }, () => bill('1', '11', 'USDT', '1'))
            : [bill('1', '12', 'USDT', '-100')],
        ),
    },
    { sinceMs: nowMs - 30 * dayMs },
  )
  const seen = await observed(exchange, t)
  t.equal(seen?.flows.length, 101)
  const archive = exchange.asked.filter((each) => each.startsWith('/api/v5/account/bills-archive'))
  t.equal(archive.length, 2)
  t.match(archive[1], /limit=100&after=62395085453\d{7}$/)
  t.strictSame(
    exchange.asked
      .filter((each) => each.startsWith('/api/v5/trade/fills-history'))
      .map((each) => new URLSearchParams(each.split(' ')[1]).get('instType')),
    ['SPOT', 'MARGIN', 'SWAP', 'FUTURES', 'OPTION'],
  )
  t.notOk(exchange.asked.some((each) => /fills |account\/bills /.test(each)))
})

t.test('contracts: trade, liquidation with its penalty, deleveraging, delivery', async (t) => {
  const swap = { instType: 'SWAP', instId: 'BTC-USDT-SWAP' }
  const fill = {
    ...swap,
    side: 'sell',
    fillPx: '60000',
    fillSz: '3',
    fee: '-0.9',
    feeCcy: 'USDT',
    ordId: '7',
    fillTime: String(nowMs - 3 * minuteMs),
    ts: String(nowMs - 3 * minuteMs + 1),
  }
  const at = (minutes: number) => ({ ts: String(nowMs - minutes * minuteMs) })
  const exchange = await serve(t, {
    '/api/v5/trade/fills': good([
      { ...fill, billId: '11', tradeId: '501', subType: '5' },
      { ...fill, billId: '12', tradeId: '502', subType: '104' },
      {
        ...fill,
        billId: '13',
        tradeId: '503',
        subType: '125',
        fee: '0',
        side: 'buy',
        instId: 'BTC-USD-SWAP',
      },
      { ...fill, billId: '15', tradeId: '505', subType: '5', instId: 'DOGE-USDC-SWAP' },
    ]),
    '/api/v5/account/bills': good([
      {
        ...swap,
        ...bill('2', '5', 'USDT', '11.1', { pnl: '12', fee: '-0.9', tradeId: '501', ordId: '7' }),
        ...at(3),
      },
      {
        ...swap,
        ...bill('5', '104', 'USDT', '-14.4', { pnl: '-12', fee: '-0.9', tradeId: '502', ordId: '7' }),
        ...at(3),
      },
      {
        ...swap,
        ...bill('9', '125', 'BTC', '0.001', { pnl: '0.001', fee: '0', tradeId: '503', ordId: '7' }),
        instId: 'BTC-USD-SWAP',
        ...at(3),
      },
      // nobody traded: the bill alone tells it, and its contract has left the list
      bill('3', '112', 'BTC', '0.002', {
        instType: 'FUTURES',
        instId: 'BTC-USD-260102',
        sz: '4',
        px: '61000.5',
        pnl: '0.0021',
        fee: '-0.0001',
        tradeId: '',
        ordId: '',
      }),
    ]),
  })
  const seen = await observed(exchange, t)
  const linear = { market: 'linear', symbol: 'BTC/USDT:USDT', terms: { size: '0.01', settle: 'USDT' } }
  const inverse = { market: 'inverse', terms: { size: '100', settle: 'BTC' } }
  t.match(seen?.fills, [
    {
      ...linear,
      id: '501',
      execution: 'trade',
      side: 'sell',
      quantity: '3',
      fees: [{ asset: 'USDT', amount: '0.9' }],
    },
    { ...linear, id: '502', execution: 'liquidation', price: '60000' },
    { ...inverse, id: '503', execution: 'adl', side: 'buy', symbol: 'BTC/USD:BTC', fees: [] },
    {
      ...inverse,
      id: /^bill-/,
      execution: 'settlement',
      side: 'sell',
      symbol: 'BTC/USD:BTC-260102',
      quantity: '4',
      price: '61000.5',
      fees: [{ asset: 'BTC', amount: '0.0001' }],
    },
  ])
  t.equal(seen?.fills.length, 4)
  t.strictSame(seen?.unavailable, ['instrument.DOGE-USDC-SWAP'], 'terms that nobody knows are not guessed')
  // -14.4 is -12 lost, -0.9 fee, and the rest
  t.match(seen?.incomes, [{ income: 'liquidation-fee', asset: 'USDT', amount: '-1.5' }])
})

t.test('what is owed, and what the margin of one position holds', async (t) => {
  const seen = await observed(
    await serve(t, {
      '/api/v5/account/balance': balance([
        // lent into the account: told beside
        { ccy: 'USDT', cashBal: '1000', liab: '400', interest: '0.5', eq: '599.5', upl: '0' },
        // sold without having it: below zero already
        { ccy: 'ETH', cashBal: '-2', liab: '2', eq: '-2', upl: '0' },
        // nothing but a loss that is not realised
        { ccy: 'BTC', cashBal: '1', liab: '0.2', uplLiab: '0.2', eq: '-0.2', upl: '-1.2' },
        // bots hold the rest
        { ccy: 'SOL', cashBal: '3', eq: '8', stgyEq: '5' },
      ]),
      '/api/v5/account/positions': good([
        {
          instType: 'SWAP',
          instId: 'BTC-USDT-SWAP',
          pos: '-12',
          posSide: 'net',
          avgPx: '60123.450',
          mgnMode: 'isolated',
          margin: '25.5',
          ccy: 'USDT',
        },
        {
          instType: 'SWAP',
          instId: 'BTC-USD-SWAP',
          pos: '3',
          posSide: 'short',
          avgPx: '60000.1',
          mgnMode: 'cross',
        },
        { instType: 'SWAP', instId: 'ETH-USD-SWAP', pos: '0', posSide: 'net', avgPx: '', mgnMode: 'cross' },
      ]),
    }),
    t,
  )
  t.strictSame(seen?.anchor?.balances, [
    { asset: 'BTC', amount: '1' },
    { asset: 'ETH', amount: '-2' },
    { asset: 'SOL', amount: '3' },
    // 1000 - 400 - 0.5, and 25.5
    { asset: 'USDT', amount: '625' },
  ])
  t.match(seen?.anchor?.positions, [
    { symbol: 'BTC/USDT:USDT', quantity: '-12', entry: '60123.450' },
    { symbol: 'BTC/USD:BTC', market: 'inverse', quantity: '-3', entry: '60000.1' },
  ])
})

t.test('what would be read by halves is refused', async (t) => {
  const swap = { instType: 'SWAP', instId: 'BTC-USDT-SWAP', pos: '1', posSide: 'net', avgPx: '1' }
  const spot: readonly Wallet[] = ['spot']
  const [whole, pairs] = [await serve(t), await serve(t, {}, { wallets: spot })]
  for (const [name, exchangeCode, wallets, answers] of [
    [
      'a mode that nobody knows',
      'acctLv',
      everything,
      { '/api/v5/account/config': good([{ ...config, acctLv: '5' }]) },
    ],
    [
      'a kind that nobody knows',
      'EVENTS',
      everything,
      { '/api/v5/account/positions': good([{ ...swap, instType: 'EVENTS' }]) },
    ],
    [
      'an option in a spot session',
      'OPTION',
      spot,
      { '/api/v5/account/bills': good([bill('2', '1', 'BTC', '-1', { instType: 'OPTION' })]) },
    ],
    [
      'a pair held on the margin of all',
      'MARGIN',
      everything,
      { '/api/v5/account/positions': good([{ ...swap, instType: 'MARGIN', mgnMode: 'cross' }]) },
    ],
    ['contracts in a spot session', 'positions', spot, { '/api/v5/account/positions': good([swap]) }],
    [
      'a loan in a spot session',
      'borrowed',
      spot,
      { '/api/v5/account/balance': balance([{ ccy: 'A', cashBal: '9', liab: '1', eq: '8' }]) },
    ],
    [
      'funding in a spot session',
      'SWAP',
      spot,
      { '/api/v5/account/bills': good([bill('8', '173', 'USDT', '-1', { instType: 'SWAP' })]) },
    ],
  ] as const satisfies readonly (readonly [string, string, readonly Wallet[], Record<string, Served>])[]) {
    const exchange = wallets === everything ? whole : pairs
    for (const [path, answer] of Object.entries({ ...usualAt(nowMs), ...answers }))
      exchange.answers.set(path, answer)
    t.match(await exchange.poll(), { code: 'EXCHANGE_ACCOUNT_REFUSED', scope: 'session', exchangeCode }, name)
  }
})

t.test('only a key that reads, of an account that is read', async (t) => {
  const exchange = await serve(t)
  const checked = (row: object) => {
    exchange.answers.set('/api/v5/account/config', good([row]))
    return exchange.check()
  }
  t.match(await checked(config), {
    kind: 'checked',
    permissions: 'read-only',
    excess: [],
    accountId: '44705892343619584',
  })
  t.match(await checked({ ...config, perm: 'read_only,trade' }), { permissions: 'trade', excess: ['trade'] })
  t.match(await checked({ ...config, perm: 'read_only,withdraw' }), { permissions: 'withdraw' })
  t.match(await checked({ ...config, perm: 'read_only,newer' }), {
    permissions: 'withdraw',
    excess: ['newer'],
  })
  for (const perm of [undefined, null, '', 7]) {
    t.match(await checked({ ...config, perm }), { permissions: 'withdraw', excess: ['perm?'] }, String(perm))
  }
  // by what a portfolio risks
  t.match(await checked({ ...config, acctLv: '4' }), { permissions: 'read-only' })
  t.match(await checked({ ...config, acctLv: '5' }), {
    code: 'EXCHANGE_ACCOUNT_REFUSED',
    exchangeCode: 'acctLv',
  })
  t.match(await checked({ ...config, uid: undefined }), { code: 'EXCHANGE_ANSWER_INVALID' })
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t)
  for (const [code, as, scope] of [
    ['50111', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['50105', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['50101', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['50110', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['50102', 'EXCHANGE_REQUEST_REFUSED', 'session'],
    ['50011', 'EXCHANGE_RATE_LIMITED', 'session'],
    ['50009', 'EXCHANGE_ACCOUNT_REFUSED', 'session'],
    ['50001', 'EXCHANGE_UNREACHABLE', 'exchange'],
    ['99999', 'EXCHANGE_REQUEST_REFUSED', 'session'],
  ] as const) {
    exchange.answers.set('/api/v5/account/balance', { code, data: [], msg: 'words' })
    t.match(await exchange.poll(), { kind: 'failed', code: as, scope, exchangeCode: code }, code)
  }
  for (const [httpStatus, as, scope] of [
    [429, 'EXCHANGE_RATE_LIMITED', 'exchange'],
    [403, 'EXCHANGE_RATE_LIMITED', 'exchange'],
  ] as const) {
    const own = await serve(t, { '/api/v5/account/balance': { httpStatus } })
    t.match(await own.poll(), { kind: 'failed', code: as, scope }, String(httpStatus))
  }
  const strange = await serve(t)
  for (const text of [
    '<html>',
    '{"code":"0","data":[',
    '{"code":"0"}',
    '[]',
    '{"code":"0","data":[{"details":7}]}',
  ]) {
    strange.answers.set('/api/v5/account/balance', text)
    t.match(await strange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, text)
  }
})

t.test('minutes of prints and marks, oldest first', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const exchange = await serve(t, {
    '/api/v5/market/candles': good([
      [String(atMs + minuteMs), '2', '3', '1', '2.1', '1000', '10', '25', '0'],
      [String(atMs), '2', '3', '1', '2', '1000', '10', '25', '1'],
    ]),
    '/api/v5/market/mark-price-candles': (url: URL) =>
      url.searchParams.get('instId') === 'BTC-USDT-SWAP'
        ? good([[String(atMs), '5', '6', '4', '5.5', '1']])
        : { code: '51001', data: [], msg: 'words' },
    '/api/v5/market/history-candles': { code: '51001', data: [], msg: 'words' },
  })
  const source = { exchange: 'okx', sandbox: false, marketTypes: everything }
  const span = { fromMs: atMs, toMs: atMs + 2 * minuteMs }
  const minute = { minuteMs: atMs, open: '2', close: '2', quoteVolume: '25' }
  t.strictSame(
    await exchange.collectors.candles({
      source,
      wants: [
        { symbol: 'BTC/USDT', ...span },
        { symbol: 'BTC/USDT:USDT', ...span },
        { symbol: 'BTC/USDT:USDT', kind: 'mark', ...span },
        { symbol: 'NOT/HERE:USDT', kind: 'mark', ...span },
        { symbol: 'NOT/HERE', fromMs: atMs - 9 * dayMs, toMs: atMs - 9 * dayMs + minuteMs },
      ],
    }),
    [
      [{ ...minute, baseVolume: '1000' }],
      // contracts are counted by the coin
      [{ ...minute, baseVolume: '10' }],
      [{ minuteMs: atMs, open: '5', close: '5.5', baseVolume: '0', quoteVolume: '0' }],
      null,
      null,
    ],
  )
})

function documented(path: string): { readonly data: readonly Record<string, string>[] } | null {
  const body = documentedBody(path)
  return body === null ? null : (JSON.parse(body) as { data: readonly Record<string, string>[] })
}

t.test('documented fills', async (t) => {
  const archive = documentedBody('okx/UnifiedApi/Trading/GetUserTradesArchive.txt')
  if (archive === null) return t.comment('no reference folder here')
  const filledMs = 1708587373361
  const exchange = await serve(
    t,
    { '/api/v5/trade/fills-history': archive },
    { atMs: filledMs + 5 * dayMs, sinceMs: filledMs - hourMs },
  )
  t.match((await observed(exchange, t))?.fills, [
    {
      id: '744876980',
      market: 'spot',
      symbol: 'BTC/USDT',
      side: 'buy',
      price: '51858',
      quantity: '0.00192834',
      // 51858 × 0.00192834
      quoteQuantity: '99.99985572',
      fees: [{ asset: 'BTC', amount: '0.00000192834' }],
      atMs: filledMs,
      execution: 'trade',
    },
  ])
  const detail = JSON.parse(documentedBody('nautilus/okx/http_transaction_detail.json')!) as object
  const empty = JSON.parse(documentedBody('nautilus/okx/http_transaction_detail_empty_fee.json')!) as object
  const atMs = 1625097600000
  const details = await serve(t, { '/api/v5/trade/fills': good([detail]) }, { atMs: atMs + minuteMs })
  const expected = {
    id: '123456789',
    symbol: 'BTC/USDT',
    side: 'buy',
    price: '42000.5',
    quantity: '0.001',
    quoteQuantity: '42.0005',
    atMs,
  }
  // what is charged is below zero there: this one was given
  t.match((await observed(details, t))?.fills, [{ ...expected, fees: [{ asset: 'USDT', amount: '-0.042' }] }])
  details.answers.set('/api/v5/trade/fills', good([empty]))
  t.match((await observed(details, t))?.fills, [{ ...expected, fees: [] }])
})

t.test('documented bills', async (t) => {
  const body = documented('okx/UnifiedApi/Account/GetBillHistory.txt')
  if (body === null) return t.comment('no reference folder here')
  const atMs = 1695033476167
  t.match(billsOf(body.data, atMs), {
    rows: [
      {
        id: '623950854533513219',
        type: '2',
        asset: 'USDT',
        change: '0.021933823221',
        fee: '-0.000021955779',
        tradeId: '586760148',
        atMs,
      },
    ],
  })
  for (const name of ['GetBillHistory', 'GetBillArchive']) {
    const served = documentedBody(`okx/UnifiedApi/Account/${name}.txt`)!
    const path = name === 'GetBillHistory' ? '/api/v5/account/bills' : '/api/v5/account/bills-archive'
    const age = name === 'GetBillHistory' ? hourMs : 10 * dayMs
    const exchange = await serve(t, { [path]: served }, { atMs: atMs + age, sinceMs: atMs - hourMs })
    const seen = await observed(exchange, t)
    t.match(seen, { complete: false, fills: [], flows: [], incomes: [] }, 'its fill is still to come')
  }
})

t.test('documented balances', async (t) => {
  const plain = documentedBody('okx/UnifiedApi/Account/GetAccountBalance.txt')
  if (plain === null) return t.comment('no reference folder here')
  const single = (name: string): object =>
    balance([JSON.parse(documentedBody(`nautilus/okx/${name}.json`)!) as object])
  const exchange = await serve(t, {}, { wallets: ['spot'] })
  for (const [served, balances] of [
    // a bot's 150 are not in it, nor what is not realised
    [plain, ['USDT 4850.435693622894']],
    [documentedBody('nautilus/okx/http_get_account_balance.json')!, ['USDT 94.42612990333333']],
    [single('http_balance_detail_new_fields'), ['USDT 100']],
    [single('http_balance_detail_old_fields'), ['USDT 100']],
    [
      good(documented('nautilus/okx/ws_account.json')!.data),
      ['BTC 0.0000000051', 'ETH 0.000000185', 'USDT 100.52768569797846'],
    ],
    [good(documented('nautilus/okx/ws_account_empty.json')!.data), []],
  ] as const) {
    exchange.answers.set('/api/v5/account/balance', served)
    const seen = await observed(exchange, t)
    t.strictSame(
      seen?.anchor?.balances.map(({ asset, amount }) => `${asset} ${amount}`),
      balances,
    )
  }
})

t.test('documented positions', async (t) => {
  const plain = documentedBody('okx/UnifiedApi/Account/GetAccountPositions.txt')
  const other = documentedBody('nautilus/okx/http_get_positions.json')
  if (plain === null || other === null) return t.comment('no reference folder here')
  const exchange = await serve(t, { '/api/v5/account/positions': plain })
  t.match((await observed(exchange, t))?.anchor, {
    // the margin of the position stands beside the account's cash
    balances: [
      { asset: 'ETH', amount: '0.0003896645377994' },
      { asset: 'USDT', amount: '1000' },
    ],
    positions: [
      {
        market: 'inverse',
        symbol: 'ETH/USD:ETH-210430',
        terms: { size: '10', settle: 'ETH' },
        quantity: '1',
        entry: '2566.31',
      },
    ],
  })
  exchange.answers.set('/api/v5/account/positions', other)
  const swaps = documentedBody('nautilus/okx/http_get_instruments_swap.json')!
  const others = await serve(t, {
    '/api/v5/account/positions': other,
    '/api/v5/public/instruments': (url: URL) =>
      url.searchParams.get('instType') === 'SWAP' ? (JSON.parse(swaps) as object) : good([]),
  })
  t.match((await observed(others, t))?.anchor, {
    balances: [
      { asset: 'BTC', amount: '0.5' },
      { asset: 'USDT', amount: '1000' },
    ],
    positions: [
      {
        market: 'linear',
        symbol: 'BTC/USDT:USDT',
        terms: { size: '0.01', settle: 'USDT' },
        quantity: '0.5',
        entry: '10000',
      },
    ],
  })
})

t.test('documented key, time and instruments', async (t) => {
  const key = documentedBody('okx/UnifiedApi/Account/GetAccountConfiguration.txt')
  if (key === null) return t.comment('no reference folder here')
  const exchange = await serve(t, { '/api/v5/account/config': key })
  t.match(await exchange.check(), {
    permissions: 'withdraw',
    excess: ['withdraw', 'trade'],
    accountId: '44705892343619584',
  })
  const lists: Record<string, string> = {
    SPOT: documentedBody('nautilus/okx/http_get_instruments_spot.json')!,
    SWAP: documentedBody('nautilus/okx/http_get_instruments_swap.json')!,
    FUTURES: documentedBody('nautilus/okx/http_get_instruments_futures.json')!,
  }
  const listed = await serve(
    t,
    {
      '/api/v5/public/time': documentedBody('okx/UnifiedApi/ExchangeData/GetServerTime.txt')!,
      '/api/v5/public/instruments': (url: URL) =>
        JSON.parse(lists[url.searchParams.get('instType') ?? ''] ?? '{}') as object,
    },
    { atMs: 1597026383085 },
  )
  const source = { exchange: 'okx', sandbox: false, marketTypes: everything }
  const markets = await listed.collectors.markets({ source })
  t.strictSame(
    markets.map(({ symbol, type }) => `${type} ${symbol}`),
    [
      'spot BTC/USD',
      'spot ETH/USD',
      'spot SOL/USD',
      'spot XRP/USD',
      'spot USDT/USD',
      'inverse BTC/USD:BTC',
      'linear ETH/USDT:USDT',
      'linear BTC/USDT:USDT',
      'inverse BTC/USD:BTC-241220',
      'inverse BTC/USD:BTC-241227',
      'inverse BTC/USD:BTC-250131',
      'inverse BTC/USD:BTC-250228',
      'inverse BTC/USD:BTC-250328',
      'inverse BTC/USD:BTC-250627',
    ],
  )
  const symbols = await serve(t, {
    '/api/v5/public/instruments': documentedBody('okx/UnifiedApi/ExchangeData/GetSymbols.txt')!,
  })
  t.strictSame(await symbols.collectors.markets({ source }), [
    { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true },
  ])
})
