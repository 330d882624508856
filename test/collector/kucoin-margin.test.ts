import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import type { MarketType } from '../../src/accounting/observation.ts'
import { type Served, serveExchange } from './served.ts'

/** Margin accounts of kucoin, cross and isolated, through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const credentials = { api_key: 'key', secret: 'secret', passphrase: 'words' }

function good(data: unknown): object {
  return { code: '200000', data }
}

function page(items: readonly object[]): object {
  return good({ currentPage: 1, pageSize: 500, totalNum: items.length, totalPage: 1, items })
}

function coin(currency: string, total: string, liability = '0'): object {
  return { currency, total, available: total, hold: '0', liability, maxBorrowSize: '0', borrowEnabled: true }
}

function cross(...accounts: readonly object[]): object {
  return good({ totalLiabilityOfQuoteCurrency: '0', debtRatio: '0', status: 'EFFECTIVE', accounts })
}

function isolated(...assets: readonly object[]): object {
  return good({ totalAssetOfQuoteCurrency: '0', timestamp: nowMs, assets })
}

function pair(symbol: string, baseAsset: object, quoteAsset: object): object {
  return { symbol, status: 'EFFECTIVE', debtRatio: '0', baseAsset, quoteAsset }
}

let lines = 0
function line(accountType: string, bizType: string, change: string, currency: string, more: object = {}) {
  lines += 1
  return {
    id: `${lines}`,
    currency,
    amount: change.replace('-', ''),
    fee: '0',
    tax: '0',
    balance: '0',
    accountType,
    bizType,
    direction: change.startsWith('-') ? 'out' : 'in',
    createdAt: nowMs + minuteMs,
    context: '',
    ...more,
  }
}

function of(symbol: string, tradeId: string): object {
  return { context: `{'symbol':'${symbol}','orderId':'o${tradeId}','tradeId':'${tradeId}'}` }
}

function fill(symbol: string, tradeId: string, tradeType: string, more: object = {}): object {
  return {
    symbol,
    tradeId,
    orderId: `o${tradeId}`,
    side: 'buy',
    price: '50000',
    size: '0.01',
    funds: '500',
    fee: '0.5',
    feeCurrency: 'USDT',
    tradeType,
    createdAt: nowMs + minuteMs,
    ...more,
  }
}

/** All of a list on its first page, behind an id nothing. */
function once(rows: readonly object[]): Served {
  return (url: URL) => good(url.searchParams.has('lastId') ? [] : rows)
}

const usual: Readonly<Record<string, Served>> = {
  '/api/v2/symbols': good([
    { symbol: 'BTC-USDT', baseCurrency: 'BTC', quoteCurrency: 'USDT', enableTrading: true },
  ]),
  '/api/ua/v1/account/mode': good({ selfAccountMode: 'CLASSIC' }),
  '/api/v3/margin/accounts': cross(),
  '/api/v3/isolated/accounts': isolated(),
  '/api/v1/accounts/ledgers': page([]),
  '/api/v3/hf/margin/account/ledgers': once([]),
  '/api/v1/fills': page([]),
  '/api/v3/margin/interest': page([]),
}

function serve(
  t: Test,
  answers: Readonly<Record<string, Served>>,
  { sinceMs = nowMs - hourMs, marketTypes = ['margin'] as readonly MarketType[] } = {},
) {
  const all = { ...usual, '/api/v1/timestamp': good(nowMs), ...answers }
  return serveExchange(t, 'kucoin', { nowMs, sinceMs, answers: all, credentials, marketTypes })
}

t.test('balances less what is owed, of all four kinds of accounts', async (t) => {
  const exchange = await serve(t, {
    '/api/v3/margin/accounts': cross(
      coin('USDT', '1000', '600.25'),
      coin('BTC', '0', '0.1'),
      coin('KCS', '0'),
    ),
    '/api/v3/isolated/accounts': isolated(
      pair('BTC-USDT', coin('BTC', '0.3'), coin('USDT', '5', '5')),
      pair('ETH-USDT', coin('ETH', '0'), coin('USDT', '0')),
    ),
  })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.anchor?.balances, [
    { asset: 'BTC', amount: '0.2' },
    { asset: 'USDT', amount: '399.75' },
  ])
  t.ok(exchange.asked.includes('/api/v3/margin/accounts quoteCurrency=USDT&queryType=ALL'))
  t.ok(exchange.asked.includes('/api/v3/isolated/accounts quoteCurrency=USDT&queryType=ALL'))
  // of pairs in which something is, and of those alone
  t.strictSame(
    [...new Set(exchange.asked.filter((each) => each.startsWith('/api/v3/margin/interest')))].map((each) =>
      new URLSearchParams(each.split(' ')[1]).get('symbol'),
    ),
    [null, 'BTC-USDT'],
  )
})

t.test('answers as they were documented before', async (t) => {
  const older = (currency: string, totalAsset: string, borrowed: string) => ({
    currency,
    totalAsset,
    borrowed,
    available: '0',
  })
  const exchange = await serve(t, {
    '/api/v3/margin/accounts': {
      success: true,
      code: '200',
      data: { items: [{ debtRatio: '0.976', assets: [older('BTC', '1.00', '0.976')] }] },
    },
    '/api/v3/isolated/accounts': good([
      {
        assets: [
          {
            symbol: 'MANA-USDT',
            baseAsset: older('MANA', '7', '0'),
            quoteAsset: { ...older('USDT', '3', '1'), interest: '0.5' },
          },
        ],
      },
    ]),
  })
  t.match(await exchange.poll(), {
    observation: {
      anchor: {
        balances: [
          { asset: 'BTC', amount: '0.024' },
          { asset: 'MANA', amount: '7' },
          { asset: 'USDT', amount: '1.5' },
        ],
      },
    },
  })
})

t.test('from poll to poll, to the last unit', async (t) => {
  const exchange = await serve(
    t,
    {
      '/api/v3/margin/accounts': cross(coin('USDT', '1000', '600')),
      '/api/v3/isolated/accounts': isolated(pair('ETH-USDT', coin('ETH', '2'), coin('USDT', '0'))),
    },
    { sinceMs: nowMs - 2 * dayMs },
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  const laterMs = nowMs + 5 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v1/timestamp', good(laterMs))
  exchange.answers.set(
    '/api/v1/accounts/ledgers',
    page([
      // the older cross account; the main one is not watched here
      line('MARGIN', 'Margin_Exchange', '0.01', 'BTC', of('BTC-USDT', 'm1')),
      line('MARGIN', 'Margin_Exchange', '-500.5', 'USDT', of('BTC-USDT', 'm1')),
      line('MARGIN', 'Borrowings', '100', 'USDT'),
      line('MARGIN', 'Debt Repayment', '-300', 'USDT'),
      line('MARGIN', 'Liquidation Fees', '-1', 'USDT'),
      line('MAIN', 'Transfer', '-40', 'USDT'),
    ]),
  )
  exchange.answers.set(
    '/api/v3/hf/margin/account/ledgers',
    once([
      line('MARGIN_V2', 'TRANSFER', '40', 'USDT'),
      line('MARGIN_V2', 'TRANSFER', '-7', 'USDT'),
      line('ISOLATED_V2', 'TRANSFER', '7', 'USDT'),
      line('MARGIN_V2', 'MARGIN_EXCHANGE', '0.02', 'BTC', of('BTC-USDT', '11')),
      line('MARGIN_V2', 'MARGIN_EXCHANGE', '-1000.5', 'USDT', of('BTC-USDT', '11')),
      line('ISOLATED_V2', 'ISOLATED_EXCHANGE', '-1', 'ETH', of('ETH-USDT', '12')),
      line('ISOLATED_V2', 'ISOLATED_EXCHANGE', '2999', 'USDT', of('ETH-USDT', '12')),
      // with itself
      ...['buy', 'sell'].flatMap(() => [
        line('MARGIN_V2', 'MARGIN_EXCHANGE', '0', 'BTC', of('BTC-USDT', '13')),
      ]),
      line('MARGIN_V2', 'RETURNED_FEES', '0.25', 'USDT'),
    ]),
  )
  exchange.answers.set('/api/v1/fills', (url: URL) =>
    url.searchParams.get('tradeType') === 'MARGIN_TRADE'
      ? page([fill('BTC-USDT', 'm1', 'MARGIN_TRADE'), fill('BTC-USDT', 's1', 'TRADE')])
      : page([]),
  )
  exchange.answers.set('/api/v3/hf/margin/fills', (url: URL) => {
    const symbol = url.searchParams.get('symbol')
    const tradeType = url.searchParams.get('tradeType')
    const items =
      symbol === 'BTC-USDT' && tradeType === 'MARGIN_TRADE'
        ? [
            fill('BTC-USDT', '11', tradeType, { size: '0.02', funds: '1000' }),
            fill('BTC-USDT', '13', tradeType, { fee: '0', size: '1', funds: '50000' }),
            fill('BTC-USDT', '13', tradeType, { fee: '0', size: '1', funds: '50000', side: 'sell' }),
          ]
        : symbol === 'ETH-USDT' && tradeType === 'MARGIN_ISOLATED_TRADE'
          ? [
              fill('ETH-USDT', '12', tradeType, {
                side: 'sell',
                price: '3000',
                size: '1',
                funds: '3000',
                fee: '1',
              }),
            ]
          : []
    return good({ items: url.searchParams.has('lastId') ? [] : items, lastId: 99 })
  })
  exchange.answers.set('/api/v3/margin/interest', (url: URL) => {
    const charged = (currency: string, interestAmount: string) => ({
      currency,
      interestAmount,
      dayRatio: '0.001',
      createdAt: nowMs + minuteMs,
    })
    return url.searchParams.get('symbol') === 'ETH-USDT'
      ? page([charged('ETH', '0.001')])
      : page([charged('USDT', '0.125'), charged('USDT', '0.125'), charged('BTC', '0')])
  })
  exchange.answers.set(
    '/api/v3/margin/accounts',
    // 1000 − 500.5 + 100 − 300 − 1 + 40 − 7 − 1000.5 + 0.25; 600 + 100 − 300 + 0.25
    cross(coin('USDT', '-668.75', '400.25'), coin('BTC', '0.03')),
  )
  exchange.answers.set(
    '/api/v3/isolated/accounts',
    isolated(pair('ETH-USDT', coin('ETH', '1', '0.001'), coin('USDT', '3006'))),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.equal(observation.complete, true)
  t.strictSame(
    observation.fills.map(
      ({ id, market, symbol, side, quantity, quoteQuantity }) =>
        `${id} ${market} ${symbol} ${side} ${quantity} ${quoteQuantity}`,
    ),
    [
      'm1 margin BTC/USDT buy 0.01 500',
      '11 margin BTC/USDT buy 0.02 1000',
      '13 margin BTC/USDT buy 1 50000',
      '13.sell margin BTC/USDT sell 1 50000',
      '12 margin ETH/USDT sell 1 3000',
    ],
  )
  t.strictSame(
    observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    // what went from cross to isolated stays inside
    ['transfer 40 USDT'],
  )
  t.strictSame(
    observation.incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`).toSorted(),
    [
      'interest -0.001 ETH',
      'interest -0.125 USDT',
      'interest -0.125 USDT',
      'liquidation-fee -1 USDT',
      'rebate 0.25 USDT',
    ],
  )
  t.equal(new Set(observation.incomes.map(({ id }) => id)).size, 5)
  t.strictSame(observation.unavailable, [])
})

t.test('a key that may not read what is charged: it is missing, and named', async (t) => {
  const exchange = await serve(t, {
    '/api/v3/margin/accounts': cross(coin('USDT', '1000', '600')),
    '/api/v3/margin/interest': { httpStatus: 403, code: '400007', msg: 'words' },
  })
  t.match(await exchange.poll(), { observation: { unavailable: ['margin-interest'] } })
})

t.test('spot and margin together: what goes between them stays inside', async (t) => {
  const atMs = nowMs - 5 * minuteMs
  const exchange = await serve(
    t,
    {
      '/api/v1/accounts': good([]),
      '/api/v1/hf/accounts/ledgers': once([]),
      '/api/v1/accounts/ledgers': page([
        line('MAIN', 'Transfer', '-40', 'USDT', { createdAt: atMs }),
        line('MAIN', 'Transfer', '-9', 'USDT', { createdAt: atMs }),
      ]),
      '/api/v3/hf/margin/account/ledgers': once([
        line('MARGIN_V2', 'TRANSFER', '40', 'USDT', { createdAt: atMs }),
      ]),
    },
    { marketTypes: ['spot', 'margin'] },
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(
    answer.observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    ['transfer -9 USDT'],
  )
})
