import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** kraken spot through the real processes: documented answers, and what its ledger can hold. */

const nowMs = Date.UTC(2026, 0, 5, 12)

function good(result: unknown): object {
  return { error: [], result }
}

const pairs = {
  XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', base: 'XXBT', quote: 'ZUSD', status: 'online' },
  XXBTZEUR: { altname: 'XBTEUR', wsname: 'XBT/EUR', base: 'XXBT', quote: 'ZEUR', status: 'online' },
  SOLUSDT: { altname: 'SOLUSDT', wsname: 'SOL/USDT', base: 'SOL', quote: 'USDT', status: 'cancel_only' },
}

const keyInfo = {
  iban: 'AA12 N84G 0000 0000',
  permissions: ['query-funds', 'query-open-trades', 'query-closed-trades', 'query-ledger'],
}

const usual: Readonly<Record<string, Served>> = {
  '/0/public/Time': () => good({ unixtime: nowMs / 1_000, rfc1123: '' }),
  '/0/public/AssetPairs': good(pairs),
  '/0/private/GetApiKeyInfo': good(keyInfo),
  '/0/private/OpenPositions': good({}),
  '/0/private/Balance': good({}),
  '/0/private/Ledgers': good({ ledger: {}, count: 0 }),
  '/0/private/TradesHistory': good({ trades: {}, count: 0 }),
}

function serve(t: Test, answers: Readonly<Record<string, Served>>, sinceMs = nowMs - hourMs, atMs = nowMs) {
  const time: Served = () => good({ unixtime: Math.floor(atMs / 1_000) })
  return serveExchange(t, 'kraken', {
    nowMs: atMs,
    sinceMs,
    answers: { ...usual, '/0/public/Time': time, ...answers },
  })
}

let lines = 0
function line(type: string, asset: string, amount: string, more: object = {}): Record<string, object> {
  lines += 1
  const row = {
    refid: `R${lines}`,
    time: nowMs / 1_000 - 60,
    type,
    subtype: '',
    asset,
    amount,
    fee: '0',
    balance: '1',
  }
  return { [`L${lines}`]: { ...row, ...more } }
}

t.test('the documented ledger, trades and balances', async (t) => {
  const ledger = documentedBody('kraken/Spot/Account/GetLedgerInfo.txt')
  const trades = documentedBody('kraken/Spot/Trading/GetUserTrades.txt')
  const balance = documentedBody('kraken/Spot/Account/GetBalances.txt')
  if (ledger === null || trades === null || balance === null) return t.comment('no reference folder here')
  const exchange = await serve(
    t,
    { '/0/private/Ledgers': ledger, '/0/private/TradesHistory': trades, '/0/private/Balance': balance },
    Date.UTC(2023, 6, 1),
    Date.UTC(2023, 6, 7),
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const { fills, anchor, flows, conversions, incomes, complete } = answer.observation
  const own = {
    market: 'spot',
    symbol: 'BTC/USD',
    base: 'BTC',
    quote: 'USD',
    side: 'buy',
    execution: 'trade',
  }
  t.strictSame(fills, [
    {
      ...own,
      id: 'TCWJEG-FL4SZ-3FKGH6',
      price: '30010.00000',
      quantity: '0.01000000',
      quoteQuantity: '300.10000',
      fees: [],
      atMs: 1_688_667_769_639,
    },
    {
      ...own,
      id: 'THVRQM-33VKH-UCI7BS',
      price: '30010.00000',
      quantity: '0.02000000',
      quoteQuantity: '600.20000',
      fees: [],
      atMs: 1_688_667_796_880,
    },
  ])
  t.equal(complete, false, 'the ledger does not show those trades yet')
  t.strictSame([flows, conversions, incomes], [[], [], []])
  t.strictSame(anchor?.balances, [
    { asset: 'BTC', amount: '1011.19088779' },
    { asset: 'DAI', amount: '9999.9999999999' },
    { asset: 'DOT', amount: '2.5' },
    { asset: 'ETH', amount: '818.55' },
    // staked and its rewards
    { asset: 'ETH2', amount: '200.985637433' },
    { asset: 'EUR', amount: '504861.8946' },
    // 171288.6158 and 1213029.2780 that earns
    { asset: 'USD', amount: '1384317.8938' },
    { asset: 'USDT', amount: '500000' },
  ])
})

t.test('what else is documented of trades and balances', async (t) => {
  const trades = documentedBody('nautilus/kraken/http_trades_history.json')
  const list = documentedBody('nautilus/kraken/http_asset_pairs.json')
  const balance = documentedBody('nautilus/kraken/http_spot_balance.json')
  const details = documentedBody('kraken/Spot/Trading/GetUserTradeDetails.txt')
  if (trades === null || list === null || balance === null || details === null) {
    return t.comment('no reference folder here')
  }
  const exchange = await serve(
    t,
    { '/0/private/TradesHistory': trades, '/0/private/Balance': balance },
    Date.UTC(2023, 6, 1),
    Date.UTC(2023, 6, 7),
  )
  const both = JSON.parse(list) as { result: object }
  const tokens = JSON.parse(documentedBody('nautilus/kraken/http_asset_pairs_tokenized.json') ?? '') as {
    result: object
  }
  exchange.answers.set('/0/public/AssetPairs', good({ ...both.result, ...tokens.result }))
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.match(answer.observation.fills, [
    {
      id: 'TCCCTY-WJ6EO-4FP4VZ',
      symbol: 'BTC/USDT',
      side: 'buy',
      quantity: '0.50000000',
      quoteQuantity: '14750.25',
      fees: [{ asset: 'USDT', amount: '23.6' }],
      atMs: 1_688_585_840_892,
    },
    { id: 'TDCVFQ-TPEG4-6X7LSZ', side: 'sell', price: '1799.75', fees: [{ amount: '3.6' }] },
  ])
  t.strictSame(answer.observation.anchor?.balances, [
    { asset: 'BTC', amount: '0.5' },
    { asset: 'ETH', amount: '2' },
    { asset: 'USD', amount: '200000' },
  ])
  const source = { exchange: 'kraken', sandbox: false, marketTypes: ['spot'] as const }
  const markets = await exchange.collectors.markets({ source })
  t.match(
    markets.filter(({ symbol }) => ['BTC/USDT', 'AAPLX/USD'].includes(symbol)),
    [
      { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true },
      { symbol: 'AAPLX/USD', base: 'AAPLX', quote: 'USD', active: true },
    ],
  )
  const again = await serve(
    t,
    { '/0/private/TradesHistory': good({ trades: (JSON.parse(details) as { result: object }).result }) },
    Date.UTC(2023, 5, 1),
    Date.UTC(2023, 6, 7),
  )
  const detailed = await again.poll()
  t.match(detailed, {
    observation: { fills: [{ symbol: 'BTC/EUR', quoteQuantity: '0.20020' }, { symbol: 'BTC/USD' }] },
  })
})

t.test('the ledger says what was really paid', async (t) => {
  const trade = {
    pair: 'XXBTZUSD',
    time: nowMs / 1_000 - 60,
    type: 'buy',
    price: '30010.1',
    cost: '600.20204',
    fee: '1.5605',
    vol: '0.02',
    margin: '0',
    misc: '',
  }
  const exchange = await serve(t, {
    '/0/private/Balance': good({ ZUSD: '1000', XXBT: '0' }),
    '/0/private/Ledgers': good({ ledger: {}, count: 0 }),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code)
  t.equal(first.observation.complete, true)
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'USD', amount: '1000' }])

  const booked = {
    ...line('trade', 'ZUSD', '-600.2020', { refid: 'TX', fee: '1.5605', time: nowMs / 1_000 + 60 }),
    ...line('trade', 'XXBT', '0.0200000000', { refid: 'TX', time: nowMs / 1_000 + 60 }),
  }
  exchange.clock.atMs = nowMs + 2 * minuteMs
  exchange.answers.set('/0/public/Time', good({ unixtime: nowMs / 1_000 + 120 }))
  exchange.answers.set('/0/private/Balance', good({ ZUSD: '398.2375', XXBT: '0.0200000000' }))
  exchange.answers.set(
    '/0/private/TradesHistory',
    good({ trades: { TX: { ...trade, time: nowMs / 1_000 + 60 } }, count: 1 }),
  )
  exchange.answers.set('/0/private/Ledgers', good({ ledger: booked, count: 2 }))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code)
  const { complete, fills, anchor } = second.observation
  t.equal(complete, true, 'the last unit is explained')
  t.match(fills, [
    { id: 'TX', quantity: '0.02', quoteQuantity: '600.202', fees: [{ asset: 'USD', amount: '1.5605' }] },
  ])
  t.strictSame(anchor?.balances, [
    { asset: 'BTC', amount: '0.02' },
    { asset: 'USD', amount: '398.2375' },
  ])
  t.equal(
    exchange.asked.filter((each) => each.startsWith('/0/private/Balance')).length,
    3,
    'read once where it is explained',
  )

  exchange.asked.length = 0
  exchange.clock.atMs += minuteMs
  const quiet = await exchange.poll({ cursor: second.cursor })
  t.match(quiet, {
    observation: { complete: true, fills: [], anchor: { balances: [{ amount: '0.02' }, {}] } },
  })
  t.strictSame(
    exchange.asked.filter((each) => /Ledgers|Trades/.test(each)),
    [],
    'nothing moved: nothing is read',
  )

  exchange.clock.atMs += minuteMs
  exchange.answers.set('/0/private/Balance', good({ ZUSD: '399', XXBT: '0.02' }))
  const open = await exchange.poll({ cursor: second.cursor })
  if (open.kind === 'failed') return t.fail(open.code)
  t.equal(open.observation.complete, false, 'something is missing: it may still come')
  exchange.clock.atMs += 11 * minuteMs
  exchange.answers.set('/0/public/Time', good({ unixtime: exchange.clock.atMs / 1_000 }))
  const given = await exchange.poll({ cursor: open.cursor })
  t.match(given, { observation: { complete: true, anchor: { balances: [{}, { amount: '399' }] } } })
})

t.test('each kind of line', async (t) => {
  const ledger = {
    ...line('deposit', 'XXBT', '0.5', { fee: '0.0001' }),
    ...line('deposit', 'XXBT', '0.5', { fee: '0', balance: '' }),
    ...line('withdrawal', 'ZEUR', '-100', { fee: '0.35' }),
    ...line('withdrawal', 'ZEUR', '100', { fee: '-0.35' }),
    ...line('transfer', 'ZUSD', '-50', { subtype: 'spottofutures' }),
    ...line('transfer', 'DOT', '-5', { refid: 'STAKE', subtype: 'spottostaking' }),
    ...line('transfer', 'DOT.S', '5', { refid: 'STAKE', subtype: 'stakingfromspot' }),
    ...line('staking', 'DOT28.S', '0.01'),
    ...line('earn', 'USD.M', '0.25', { subtype: 'reward', fee: '0.05' }),
    ...line('earn', 'ZUSD', '-20', { refid: 'EARN', subtype: 'allocation' }),
    ...line('earn', 'USD.F', '20', { refid: 'EARN', subtype: 'allocation' }),
    ...line('spend', 'ZEUR', '-10', { refid: 'BUY', fee: '0.1' }),
    ...line('receive', 'XXDG', '120', { refid: 'BUY' }),
    ...line('spend', 'SOL', '-0.0001', { refid: 'DUST', subtype: 'dustsweeping' }),
    ...line('receive', 'ZUSD', '0.01', { refid: 'DUST', subtype: 'dustsweeping' }),
    ...line('invite bonus', 'ZUSD', '20'),
    ...line('something new', 'ZUSD', '7'),
  }
  const exchange = await serve(t, { '/0/private/Ledgers': good({ ledger, count: 17 }) })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const { flows, incomes, conversions, fills } = answer.observation
  t.strictSame(
    flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    [
      'deposit 0.4999 BTC',
      'withdrawal -100.35 EUR',
      'withdrawal 100.35 EUR',
      'transfer -50 USD',
      'reward 20 USD',
    ],
  )
  t.strictSame(
    incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`),
    ['earn 0.01 DOT', 'earn 0.2 USD'],
  )
  t.strictSame(
    conversions.map(({ conversion, id, changes }) => [
      conversion,
      id,
      ...changes.map(({ asset, amount }) => `${amount} ${asset}`),
    ]),
    [
      ['convert', 'BUY', '120 DOGE', '-10.1 EUR'],
      ['dust', 'DUST', '-0.0001 SOL', '0.01 USD'],
    ],
  )
  t.strictSame(fills, [])
})

t.test('pages, and a history longer than one poll', async (t) => {
  const count = 430
  const rows = Array.from(
    { length: count },
    (_, index) =>
      [
        `D${index}`,
        {
          refid: `Q${index}`,
          time: nowMs / 1_000 - 3_000 + index * 5,
          type: 'deposit',
          subtype: '',
          asset: 'ZUSD',
          amount: '1',
          fee: '0',
          balance: '1',
        },
      ] as const,
  )
  const exchange = await serve(t, {
    '/0/private/Balance': good({ ZUSD: '430' }),
    '/0/private/Ledgers': (_, body) => {
      const asked = new URLSearchParams(body)
      const within = rows
        .filter(([, { time }]) => time > Number(asked.get('start')) && time <= Number(asked.get('end')))
        .toReversed()
      const ofs = Number(asked.get('ofs') ?? 0)
      return good({ ledger: Object.fromEntries(within.slice(ofs, ofs + 50)), count: within.length })
    },
  })
  const seen = new Set<string>()
  let cursor: string | null = null
  let polls = 0
  for (; polls < 8; polls += 1) {
    exchange.asked.length = 0
    const answer = await exchange.poll({ cursor })
    if (answer.kind === 'failed') return t.fail(answer.code, { answer })
    for (const { id } of answer.observation.flows) seen.add(id)
    cursor = answer.cursor
    const pages = exchange.asked.filter((each) => each.startsWith('/0/private/Ledgers')).length
    t.ok(pages <= 12, `${pages} pages`)
    if (answer.observation.complete) break
    t.equal(answer.observation.anchor, null, 'no anchor before the end is reached')
  }
  t.equal(seen.size, count, 'each of them')
  t.ok(polls >= 2, `in ${polls + 1} polls`)
})

t.test('margin is refused, not read by halves', async (t) => {
  const refused = { kind: 'failed', code: 'EXCHANGE_ACCOUNT_REFUSED', scope: 'session' }
  const open = await serve(t, {
    '/0/private/OpenPositions': good({ 'TF5GVO-T7ZZ2-6NBKBI': { pair: 'XXBTZUSD' } }),
  })
  t.match(await open.poll(), refused)
  for (const type of ['margin', 'rollover', 'settled']) {
    const exchange = await serve(t, {
      '/0/private/Ledgers': good({ ledger: line(type, 'ZUSD', '-1'), count: 1 }),
    })
    t.match(await exchange.poll(), refused, type)
  }
})

t.test('the key is judged by the exchange’s own words', async (t) => {
  const given = async (words: unknown) => {
    const exchange = await serve(t, { '/0/private/GetApiKeyInfo': good({ ...keyInfo, permissions: words }) })
    return exchange.check()
  }
  t.match(await given(keyInfo.permissions), {
    kind: 'checked',
    permissions: 'read-only',
    excess: [],
    accountId: 'AA12N84G00000000',
  })
  t.match(await given([...keyInfo.permissions, 'export-data']), { permissions: 'read-only' })
  t.match(await given([...keyInfo.permissions, 'modify-trades', 'close-trades']), {
    permissions: 'trade',
    excess: ['modify-trades', 'close-trades'],
  })
  t.match(await given([...keyInfo.permissions, 'withdraw-funds']), {
    permissions: 'withdraw',
    excess: ['withdraw-funds'],
  })
  t.match(await given([...keyInfo.permissions, 'add-funds']), {
    permissions: 'withdraw',
    excess: ['add-funds'],
  })
  t.match(await given([...keyInfo.permissions, 'something-new']), {
    permissions: 'withdraw',
    excess: ['something-new'],
  })
  t.match(await given(undefined), { permissions: 'withdraw', excess: ['permissions?'] }, 'missing')
  t.match(await given(['query-funds']), { kind: 'failed', code: 'EXCHANGE_KEY_REFUSED' }, 'may not read all')
  const documented = documentedBody('kraken/Spot/Account/GetApiKeyInfo.txt')
  if (documented === null) return t.comment('no reference folder here')
  const exchange = await serve(t, { '/0/private/GetApiKeyInfo': documented })
  t.match(await exchange.check(), {
    permissions: 'withdraw',
    excess: ['add-funds', 'withdraw-funds', 'modify-trades', 'close-trades'],
    accountId: '123',
    origin: { environment: 'simulated' },
  })
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t, {})
  for (const [error, code, scope] of [
    ['EAPI:Invalid key', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['EAPI:Invalid signature', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['EGeneral:Permission denied', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['EAPI:Invalid nonce', 'EXCHANGE_REQUEST_REFUSED', 'session'],
    ['EAPI:Rate limit exceeded', 'EXCHANGE_RATE_LIMITED', 'session'],
    ['EGeneral:Temporary lockout', 'EXCHANGE_RATE_LIMITED', 'session'],
    ['EService:Unavailable', 'EXCHANGE_UNREACHABLE', 'exchange'],
    ['EFunding:Whatever it is', 'EXCHANGE_REQUEST_REFUSED', 'session'],
  ] as const) {
    exchange.answers.set('/0/private/Balance', { error: [error] })
    t.match(await exchange.poll(), { kind: 'failed', code, scope, exchangeCode: error }, error)
  }
  for (const strange of [
    '<html>',
    '{"error":[],"res',
    '{"result":{}}',
    '{"error":[],"result":{"ZUSD":"NaN"}}',
    '[]',
  ]) {
    exchange.answers.set('/0/private/Balance', strange)
    t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, strange)
  }
  exchange.answers.set('/0/private/Balance', { error: ['EService:Throttled: 1767614415'] })
  t.match(await exchange.poll(), { code: 'EXCHANGE_RATE_LIMITED', scope: 'exchange', retryAfterMs: 15_000 })
})

t.test('each request has a number of its own', async (t) => {
  const exchange = await serve(t, {})
  await exchange.poll()
  await exchange.check()
  const nonces = exchange.asked.flatMap((each) => /nonce=(\d+)/.exec(each)?.[1] ?? []).map(Number)
  t.ok(nonces.length >= 5)
  t.strictSame(
    nonces,
    [...new Set(nonces)].toSorted((a, b) => a - b),
    'rising while the clock stands still',
  )
})

t.test('minutes: the kept ones, and those made of trades', async (t) => {
  const ohlc = documentedBody('../marketdata/kraken_http_ohlc.json')
  const prints = documentedBody('kraken/Spot/ExchangeData/GetTradeHistory.txt')
  if (ohlc === null || prints === null) return t.comment('no reference folder here')
  const source = { exchange: 'kraken', sandbox: false, marketTypes: ['spot'] as const }
  const first = 1_762_777_020_000
  const exchange = await serve(t, { '/0/public/OHLC': ohlc }, first, first + 12 * hourMs)
  const want = { symbol: 'BTC/USD', fromMs: first, toMs: first + 2 * minuteMs }
  t.strictSame(
    await exchange.collectors.candles({ source, wants: [want, { ...want, symbol: 'NOT/HERE' }] }),
    [
      [
        { minuteMs: first, open: '106038.2', close: '106038.2', baseVolume: '0.00000000', quoteVolume: null },
        {
          minuteMs: first + minuteMs,
          open: '106038.2',
          close: '106038.2',
          baseVolume: '0.00000000',
          quoteVolume: null,
        },
      ],
      null,
    ],
  )

  const day = Date.UTC(2023, 6, 8)
  let page = 0
  const older = await serve(
    t,
    {
      '/0/public/OHLC': good({ XXBTZUSD: [], last: 1 }),
      '/0/public/Trades': () =>
        (page += 1) === 1 ? JSON.parse(prints) : good({ XXBTZUSD: [], last: '1688671969993150842' }),
    },
    day,
    day,
  )
  const minute = Date.UTC(2023, 6, 6, 18, 53)
  const wants = [{ symbol: 'BTC/USD', fromMs: minute, toMs: minute + 2 * minuteMs }]
  t.strictSame(await older.collectors.candles({ source, wants }), [
    [
      // 0.34507674 × 30243.4 + (0.00376960 + 0.01235716) × 30243.3
      {
        minuteMs: minute,
        open: '30243.40000',
        close: '30243.30000',
        baseVolume: '0.3612035',
        quoteVolume: null,
        average: '30243.39553527028392582',
      },
    ],
  ])
})

t.test('documented margin positions are refused, and a documented line waits for its trade', async (t) => {
  for (const name of [
    'kraken/Spot/Account/GetOpenPositions.txt',
    'nautilus/kraken/http_spot_open_positions.json',
  ]) {
    const positions = documentedBody(name)
    if (positions === null) return t.comment('no reference folder here')
    const exchange = await serve(t, { '/0/private/OpenPositions': positions })
    t.match(
      await exchange.poll(),
      { kind: 'failed', code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: 'margin positions' },
      name,
    )
  }
  const entry = documentedBody('kraken/Spot/Account/GetLedgersEntry.txt')
  if (entry === null) return t.comment('no reference folder here')
  const { result } = JSON.parse(entry) as { result: object }
  const exchange = await serve(
    t,
    { '/0/private/Ledgers': good({ ledger: result, count: 1 }) },
    Date.UTC(2023, 6, 4),
    Date.UTC(2023, 6, 4, 12),
  )
  t.match(await exchange.poll(), {
    observation: { complete: false, fills: [], flows: [], conversions: [], incomes: [] },
  })
})

/**
 * The lists of deposits and withdrawals are not asked: the same events as its ledger has them. A deposit counts when it
 * is credited, one on hold has no line yet; a withdrawal counts when it leaves, and once more where it comes back.
 */
t.test('documented deposits and withdrawals, by their lines of the ledger', async (t) => {
  const deposits = documentedBody('kraken/Spot/Account/GetDepositStatus.txt')
  const withdrawals = documentedBody('kraken/Spot/Account/GetWithdrawalStatus.txt')
  if (deposits === null || withdrawals === null) return t.comment('no reference folder here')
  interface Row {
    readonly refid: string
    readonly asset: string
    readonly amount: string
    readonly fee?: string
    readonly time: number
    readonly status: string
  }
  const rowsOf = (text: string) => (JSON.parse(text) as { result: Row[] }).result
  const ledger: Record<string, object> = {}
  for (const { refid, asset, amount, fee = '0', time } of rowsOf(deposits).slice(0, 1))
    Object.assign(ledger, line('deposit', asset, amount, { refid, fee, time }))
  for (const { refid, asset, amount, fee = '0', time, status } of rowsOf(withdrawals)) {
    Object.assign(ledger, line('withdrawal', asset, `-${amount}`, { refid, fee, time }))
    if (status !== 'Failure') continue
    Object.assign(ledger, line('withdrawal', asset, amount, { refid, fee: `-${fee}`, time: time + 60 }))
  }
  const exchange = await serve(
    t,
    {
      '/0/private/Ledgers': good({ ledger, count: Object.keys(ledger).length }),
      '/0/private/DepositStatus': deposits,
      '/0/private/WithdrawStatus': withdrawals,
    },
    Date.UTC(2023, 5, 1),
    Date.UTC(2023, 6, 14),
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code)
  t.strictSame(
    answer.observation.flows.map(({ flow, asset, amount, atMs }) => [flow, asset, amount, atMs]),
    [
      ['withdrawal', 'BTC', '-0.72505', 1_688_014_586_000],
      ['withdrawal', 'BTC', '-0.72505', 1_688_015_423_000],
      ['withdrawal', 'BTC', '0.72505', 1_688_015_483_000],
      ['deposit', 'BTC', '0.78125', 1_688_992_722_000],
    ],
  )
  t.notOk(exchange.asked.some((each) => /DepositStatus|WithdrawStatus/.test(each)))
})
