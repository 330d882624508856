import { dayMs, hourMs, minuteMs, utf8 } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import type { MarketType } from '../../src/accounting/observation.ts'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** A unified account of kucoin, one wallet for all markets, through the real processes. */

const nowMs = Date.UTC(2026, 0, 13, 12)
const credentials = { api_key: 'key', secret: 'secret', passphrase: 'words' }
const all: readonly MarketType[] = ['spot', 'margin', 'linear', 'inverse']

function good(data: unknown): object {
  return { code: '200000', data }
}

function coin(currency: string, equity: string, balance: string, liability = '0'): object {
  return { currency, equity, hold: '0', balance, available: balance, liability }
}

function balances(...currencies: readonly object[]): object {
  return good({ accountType: 'UNIFIED', ts: nowMs, accounts: [{ currencies }] })
}

let lines = 0
/** Nanoseconds are numbers there: as text they come to the same. */
function line(businessType: string, change: string, currency: string, atMs = nowMs + minuteMs) {
  lines += 1
  return {
    accountType: 'UNIFIED',
    id: `1000000000000${1_000 + lines}`,
    currency,
    direction: change.startsWith('-') ? 'OUT' : 'IN',
    businessType,
    amount: change.replace('-', ''),
    balance: '1',
    fee: '0',
    tax: '0',
    remark: '',
    ts: `${atMs}000000`,
  }
}

/** All of a list on its first page. */
function once(rows: readonly object[]): Served {
  return (url: URL) => good(url.searchParams.has('lastId') ? { items: [] } : { lastId: 7, items: rows })
}

const nothing = once([])

const usual: Readonly<Record<string, Served>> = {
  '/api/v2/symbols': good(
    ['BTC', 'ETH'].map((baseCurrency) => ({
      symbol: `${baseCurrency}-USDT`,
      baseCurrency,
      quoteCurrency: 'USDT',
      enableTrading: true,
    })),
  ),
  '/api/v1/contracts/active': good([
    {
      symbol: 'XBTUSDTM',
      baseCurrency: 'XBT',
      quoteCurrency: 'USDT',
      settleCurrency: 'USDT',
      isInverse: false,
      multiplier: 0.001,
      expireDate: null,
      status: 'Open',
    },
  ]),
  '/api/ua/v1/account/mode': good({ selfAccountMode: 'UNIFIED' }),
  '/api/ua/v1/unified/account/balance': balances(),
  '/api/ua/v1/unified/position/open-list': good([]),
  '/api/ua/v1/account/ledger': nothing,
  '/api/ua/v1/unified/order/execution': nothing,
}

function serve(
  t: Test,
  answers: Readonly<Record<string, Served>>,
  { sinceMs = nowMs - hourMs, atMs = nowMs, marketTypes = all } = {},
) {
  const served = { ...usual, '/api/v1/timestamp': good(atMs), ...answers }
  return serveExchange(t, 'kucoin', { nowMs: atMs, sinceMs, answers: served, credentials, marketTypes })
}

function position(size: string, more: object = {}): object {
  return {
    symbol: 'XBTUSDTM',
    id: '1',
    marginMode: 'CROSS',
    size,
    entryPrice: '90000',
    markPrice: '91000',
    unrealizedPnL: '1',
    ...more,
  }
}

t.test('the documented balances, position, ledger and fills', async (t) => {
  const [held, open, ledger, fills] = [
    'Account/GetBalances',
    'Trading/GetPositions',
    'Account/GetAccountLedger',
    'Trading/GetUserTrades',
  ].map((name) => documentedBody(`kucoin/Unified/${name}.txt`))
  if (held == null || open == null || ledger == null || fills == null)
    return t.comment('no reference folder here')
  const atMs = 1_768_780_806_739
  const exchange = await serve(
    t,
    {
      '/api/ua/v1/unified/account/balance': held,
      '/api/ua/v1/unified/position/open-list': open,
      '/api/ua/v1/account/ledger': (url: URL) =>
        url.searchParams.has('lastId') ? good({ items: [] }) : ledger,
    },
    { sinceMs: atMs - 2 * dayMs, atMs: atMs + minuteMs },
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.match(answer.observation, {
    complete: true,
    flows: [],
    conversions: [],
    anchor: {
      balances: [
        { asset: 'BTC', amount: '0.0000216' },
        { asset: 'USDT', amount: '97.9936711985' },
      ],
      positions: [
        {
          market: 'linear',
          symbol: 'BTC/USDT:USDT',
          quantity: '1',
          entry: '90476.2',
          terms: { size: '0.001', settle: 'USDT' },
        },
      ],
    },
  })
  t.strictSame(answer.observation.incomes, [
    {
      id: '10000000002203239',
      income: 'funding',
      asset: 'USDT',
      amount: '0.00504281',
      atMs: 1_768_694_412_367,
    },
    {
      id: '10000000002286107',
      income: 'funding',
      asset: 'USDT',
      amount: '0.00262242',
      atMs: 1_768_780_806_739,
    },
  ])

  const tradedMs = 1_768_216_134_336
  const traded = await serve(
    t,
    {
      '/api/ua/v1/account/ledger': once([
        line('SPOT_EXCHANGE', '0.001', 'BTC', tradedMs),
        // 90.4881 and the fee
        line('SPOT_EXCHANGE', '-90.5785881', 'USDT', tradedMs),
      ]),
      '/api/ua/v1/unified/order/execution': (url: URL) =>
        url.searchParams.get('tradeType') !== 'SPOT' || url.searchParams.has('lastId')
          ? good({ items: [] })
          : fills,
    },
    { sinceMs: tradedMs - hourMs, atMs: tradedMs + minuteMs },
  )
  const second = await traded.poll()
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.equal(second.observation.complete, true)
  t.strictSame(second.observation.fills, [
    {
      id: '20408356621008896',
      market: 'spot',
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      side: 'buy',
      price: '90488.1',
      quantity: '0.001',
      quoteQuantity: '90.4881',
      fees: [{ asset: 'USDT', amount: '0.0904881' }],
      atMs: tradedMs,
      execution: 'trade',
    },
  ])
  t.ok(traded.asked.some((each) => each.includes('symbol=BTC-USDT')))
  t.notOk(
    traded.asked.some((each) => each.includes('symbol=ETH-USDT')),
    'nothing of that moved',
  )
})

t.test('from poll to poll, all markets of one wallet', async (t) => {
  const exchange = await serve(t, {
    '/api/ua/v1/unified/account/balance': balances(
      coin('USDT', '1001', '1000'),
      coin('ETH', '-0.5', '0', '0.5'),
    ),
    '/api/ua/v1/unified/position/open-list': good([position('1')]),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [
    { asset: 'ETH', amount: '-0.5' },
    { asset: 'USDT', amount: '1000' },
  ])
  const laterMs = nowMs + 5 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v1/timestamp', good(laterMs))
  exchange.answers.set(
    '/api/ua/v1/account/ledger',
    once([
      line('TRANSFER', '200', 'USDT'),
      line('SUB_TRANSFER', '-10', 'USDT'),
      line('FUTURES_EXCHANGE_OPEN', '-0.1092', 'USDT'),
      line('FUTURES_EXCHANGE_CLOSE', '1.8908', 'USDT'),
      line('FUTURES_EXCHANGE_REBATE', '0.02', 'USDT'),
      line('FUNDING_FEE', '-0.05478755', 'USDT'),
      line('LIABILITY_INTEREST', '-0.0001', 'ETH'),
      line('SPOT_EXCHANGE', '0.1', 'ETH'),
      line('SPOT_EXCHANGE', '-301', 'USDT'),
      line('AUTO_EXCHANGE_USER', '-31', 'USDT'),
      line('AUTO_EXCHANGE_USER', '0.01', 'ETH'),
      line('KCS_RETURNED_FEES', '0.3', 'USDT'),
    ]),
  )
  const fill = (
    symbol: string,
    tradeId: string,
    side: string,
    size: string,
    price: string,
    more: object,
  ) => ({
    symbol,
    orderId: `o${tradeId}`,
    side,
    fillType: 'NORMAL',
    tradeId,
    size,
    price,
    executionTime: `${nowMs + minuteMs}000000`,
    feeCurrency: 'USDT',
    tax: '0',
    ...more,
  })
  exchange.answers.set('/api/ua/v1/unified/order/execution', (url: URL) => {
    const tradeType = url.searchParams.get('tradeType')
    if (url.searchParams.has('lastId') || tradeType === 'SPOT') return good({ items: [] })
    const items =
      tradeType === 'CROSS'
        ? // a country's tax beside the fee
          [fill('ETH-USDT', 'm1', 'BUY', '0.1', '3000', { value: '300', fee: '0.9', tax: '0.1' })]
        : [
            fill('XBTUSDTM', 'f1', 'SELL', '2', '91000', {
              value: '182',
              fee: '0.1092',
              fillType: 'LIQUIDATION',
            }),
            fill('XBTUSDTM', 'f2', 'BUY', '2', '90000', { value: '180', fee: '0.1092' }),
            fill('XBTUSDTM', 'f3', 'SELL', '3', '91000', { value: '273', fee: '0', fillType: 'ADL' }),
          ]
    return good({ tradeType, lastId: 3, items })
  })
  // 1000 + 200 − 10 − 0.1092 + 1.8908 + 0.02 − 0.05478755 − 301 − 31 + 0.3
  const usdt = 860.04681245
  exchange.answers.set(
    '/api/ua/v1/unified/account/balance',
    balances(
      coin('USDT', String(usdt - 1), String(usdt)),
      // 0.1 + 0.01 − 0.0001 against the debt
      coin('ETH', '-0.3901', '0', '0.3901'),
    ),
  )
  // without a sign: what it loses says that it is short
  exchange.answers.set(
    '/api/ua/v1/unified/position/open-list',
    good([position('2', { unrealizedPnL: '-1' })]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.equal(observation.complete, true)
  t.strictSame(
    observation.anchor?.positions?.map(({ quantity }) => quantity),
    ['-2'],
  )
  t.strictSame(
    observation.fills.map(
      ({ id, market, side, quantity, fees, execution }) =>
        `${id} ${market} ${side} ${quantity} ${fees.map(({ amount }) => amount).join()} ${execution}`,
    ),
    [
      'm1 margin buy 0.1 1 trade',
      'f1 linear sell 2 0.1092 liquidation',
      'f2 linear buy 2 0.1092 trade',
      'f3 linear sell 3  adl',
    ],
  )
  t.strictSame(
    observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    ['transfer 200 USDT', 'transfer -10 USDT'],
  )
  t.strictSame(
    observation.incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`).toSorted(),
    ['funding -0.05478755 USDT', 'interest -0.0001 ETH', 'rebate 0.02 USDT', 'rebate 0.3 USDT'],
  )
  t.match(observation.conversions, [
    {
      conversion: 'convert',
      changes: [
        { asset: 'ETH', amount: '0.01' },
        { asset: 'USDT', amount: '-31' },
      ],
    },
  ])
})

t.test('what it has must be watched, and what it is worth be told', async (t) => {
  const exchange = await serve(t, {})
  const polled = (answers: Readonly<Record<string, Served>>, marketTypes: readonly MarketType[]) => {
    for (const [path, served] of Object.entries({ ...usual, ...answers })) exchange.answers.set(path, served)
    return exchange.collectors.poll({
      source: { exchange: 'kucoin', sandbox: false, marketTypes },
      credentials: utf8(JSON.stringify(credentials)),
      sinceMs: nowMs - hourMs,
      cursor: null,
      previousAnchor: null,
      apiIntervalMs: 60_000,
      maxRetries: 1,
      sweep: false,
    })
  }
  const contract = { '/api/ua/v1/unified/position/open-list': good([position('1')]) }
  const owing = { '/api/ua/v1/unified/account/balance': balances(coin('USDT', '4', '5', '1')) }
  const refused = (exchangeCode: string) => ({
    kind: 'failed',
    code: 'EXCHANGE_ACCOUNT_REFUSED',
    exchangeCode,
  })
  t.match(await polled({}, ['spot']), { kind: 'observed', observation: { complete: true } })
  t.match(await polled({}, ['linear', 'inverse']), refused('UNIFIED'))
  t.match(await polled({}, ['margin']), refused('UNIFIED'))
  t.match(await polled(contract, ['spot']), refused('UNIFIED FUTURES'))
  t.match(await polled(contract, ['spot', 'linear', 'inverse']), { kind: 'observed' })
  t.match(await polled(owing, ['spot']), refused('UNIFIED MARGIN'))
  t.match(await polled(owing, ['spot', 'margin']), {
    observation: { anchor: { balances: [{ asset: 'USDT', amount: '4' }] } },
  })
  // what is owed is taken off already
  const negative = { '/api/ua/v1/unified/account/balance': balances(coin('USDT', '-5', '-5', '5')) }
  t.match(await polled(negative, ['spot', 'margin']), {
    observation: { anchor: { balances: [{ asset: 'USDT', amount: '-5' }] } },
  })
  const strange = { '/api/ua/v1/unified/account/balance': balances(coin('USDT', '50', '5')) }
  t.match(await polled(strange, ['spot']), refused('equity'))
})

t.test('a trade whose fill is not told yet: the hour waits', async (t) => {
  const exchange = await serve(t, {
    '/api/ua/v1/account/ledger': once([
      line('SPOT_EXCHANGE', '0.001', 'BTC', nowMs - minuteMs),
      line('SPOT_EXCHANGE', '-90', 'USDT', nowMs - minuteMs),
    ]),
  })
  t.match(await exchange.poll(), { observation: { complete: false, fills: [] } })
})
