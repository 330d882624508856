import { generateKeyPairSync } from 'node:crypto'
import { hourMs, minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** coinbase through the real processes: what takes its time, and what lies in other wallets than spot's. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const credentials = {
  api_key: 'organizations/1/apiKeys/2',
  secret: privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
}

const time = (atMs: number) => ({ epochMillis: String(atMs) })
const iso = (minutes: number) => new Date(nowMs + minutes * minuteMs).toISOString()
const list = (...data: readonly object[]) => ({ pagination: { next_starting_after: null }, data })

function wallet(id: string, currency: string, value: string, more: object = {}): object {
  const hold = { value: '0', currency }
  return {
    uuid: id,
    currency,
    available_balance: { value, currency },
    hold,
    type: 'ACCOUNT_TYPE_CRYPTO',
    ...more,
  }
}

function serve(t: Test, answers: Readonly<Record<string, Served>>) {
  return serveExchange(t, 'coinbase', {
    nowMs,
    sinceMs: nowMs - hourMs,
    credentials,
    answers: {
      '/api/v3/brokerage/time': time(nowMs),
      '/api/v3/brokerage/accounts': { accounts: [], has_next: false, cursor: '' },
      '/api/v3/brokerage/orders/historical/fills': { fills: [], cursor: '' },
      ...answers,
    },
  })
}

const moved = (
  id: string,
  type: string,
  status: string,
  amount: string,
  minutes: number,
  more: object = {},
) => ({
  id,
  type,
  status,
  amount: { amount, currency: 'BTC' },
  created_at: iso(minutes),
  resource: 'transaction',
  ...more,
})

t.test('what came after it had begun counts when it was seen', async (t) => {
  const btc = (value: string) => ({ accounts: [wallet('w1', 'BTC', value)] })
  const exchange = await serve(t, {
    '/api/v3/brokerage/accounts': btc('0.9'),
    '/v2/accounts/w1/transactions': list(
      moved('in', 'send', 'pending', '0.5', -5),
      moved('out', 'send', 'pending', '-0.1', -10),
      moved('old', 'send', 'completed', '0.5', -40),
    ),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code)
  t.strictSame(
    first.observation.flows.map(({ id, amount }) => `${id} ${amount}`),
    ['old 0.5', 'out -0.1'],
  )
  const laterMs = nowMs + 20 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v3/brokerage/time', time(laterMs))
  exchange.answers.set('/api/v3/brokerage/accounts', btc('1.5'))
  exchange.answers.set(
    '/v2/accounts/w1/transactions',
    list(
      moved('in', 'send', 'completed', '0.5', -5),
      moved('out', 'send', 'failed', '-0.1', -10),
      moved('old', 'send', 'completed', '0.5', -40),
    ),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code)
  t.equal(second.observation.complete, true)
  t.strictSame(
    second.observation.flows.map(({ id, amount, atMs }) => [id, amount, atMs]),
    [
      ['in', '0.5', laterMs],
      ['out:returned', '0.1', laterMs],
    ],
  )
  // looked at again: what is told already keeps its instant
  exchange.clock.atMs = laterMs + hourMs
  exchange.answers.set('/api/v3/brokerage/time', time(laterMs + hourMs))
  t.match(await exchange.poll({ cursor: second.cursor }), { observation: { complete: true, flows: [] } })
})

t.test('what began and ended since the last look counts when it began', async (t) => {
  const btc = (value: string) => ({ accounts: [wallet('w1', 'BTC', value)] })
  const exchange = await serve(t, {
    '/api/v3/brokerage/accounts': btc('1'),
    '/v2/accounts/w1/transactions': list(),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code)
  exchange.clock.atMs = nowMs + 20 * minuteMs
  exchange.answers.set('/api/v3/brokerage/time', time(nowMs + 20 * minuteMs))
  exchange.answers.set('/api/v3/brokerage/accounts', btc('1.5'))
  exchange.answers.set(
    '/v2/accounts/w1/transactions',
    list(moved('in', 'receive', 'completed', '0.5', 5), moved('out', 'send', 'canceled', '-0.1', 6)),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code)
  t.equal(second.observation.complete, true)
  t.strictSame(
    second.observation.flows.map(({ id, amount, atMs }) => [id, amount, atMs]),
    [
      ['in', '0.5', nowMs + 5 * minuteMs],
      ['out', '-0.1', nowMs + 6 * minuteMs],
      ['out:returned', '0.1', nowMs + 6 * minuteMs],
    ],
  )
})

t.test('bought and sold by a bank: what has no other line came from outside, or went there', async (t) => {
  const btc = (value: string) => ({ accounts: [wallet('w1', 'BTC', value), wallet('w2', 'USD', '100')] })
  const exchange = await serve(t, {
    '/api/v3/brokerage/accounts': btc('1'),
    '/v2/accounts/w1/transactions': list(),
    '/v2/accounts/w2/transactions': list(),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code)
  const at = (minutes: number): void => {
    exchange.clock.atMs = nowMs + minutes * minuteMs
    exchange.answers.set('/api/v3/brokerage/time', time(nowMs + minutes * minuteMs))
  }
  at(20)
  exchange.answers.set('/api/v3/brokerage/accounts', {
    accounts: [wallet('w1', 'BTC', '1.21'), wallet('w2', 'USD', '50')],
  })
  exchange.answers.set(
    '/v2/accounts/w1/transactions',
    list(
      moved('b1', 'buy', 'completed', '0.3', 5, { buy: { id: 'x' } }),
      moved('s1', 'sell', 'completed', '-0.1', 6),
      moved('b2', 'buy', 'completed', '0.001', 7, { buy: { id: 'y' } }),
      moved('b3', 'buy', 'completed', '0.009', 18),
    ),
  )
  const paid = { amount: { amount: '-50', currency: 'USD' }, buy: { id: 'y' } }
  exchange.answers.set('/v2/accounts/w2/transactions', list(moved('p2', 'buy', 'completed', '-50', 7, paid)))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code)
  t.equal(second.observation.complete, false, 'the youngest may still have another line')
  const flows = [
    ['b1', 'deposit', '0.3'],
    ['s1', 'withdrawal', '-0.1'],
  ]
  t.strictSame(
    second.observation.flows.map(({ id, flow, amount }) => [id, flow, amount]),
    flows,
  )
  t.match(second.observation.conversions, [
    {
      id: 'y',
      changes: [
        { asset: 'BTC', amount: '0.001' },
        { asset: 'USD', amount: '-50' },
      ],
    },
  ])
  at(27)
  const third = await exchange.poll({ cursor: second.cursor })
  if (third.kind === 'failed') return t.fail(third.code)
  t.equal(third.observation.complete, true)
  t.strictSame(
    third.observation.flows.map(({ id, flow, amount }) => [id, flow, amount]),
    [...flows, ['b3', 'deposit', '0.009']],
  )
})

t.test('wallets of futures and vaults, and what goes there', async (t) => {
  const own = { platform: 'ACCOUNT_PLATFORM_CONSUMER' }
  const exchange = await serve(t, {
    '/api/v3/brokerage/accounts': (url: URL) =>
      url.searchParams.get('cursor') === null
        ? {
            accounts: [wallet('f1', 'USD', '800', { platform: 'ACCOUNT_PLATFORM_CFM_CONSUMER' })],
            has_next: true,
            cursor: 'next',
          }
        : {
            accounts: [
              wallet('w1', 'USD', '100', own),
              wallet('w2', 'USDC', '50', own),
              wallet('v1', 'BTC', '3', { ...own, type: 'ACCOUNT_TYPE_VAULT' }),
              wallet('p1', 'USDC', '7', { type: 'ACCOUNT_TYPE_PERP_FUTURES' }),
              wallet('p2', 'USDC', '9', { platform: 'ACCOUNT_PLATFORM_INTX' }),
            ],
          },
    '/v2/accounts/w1/transactions': list(
      moved('t1', 'derivatives_settlement', 'completed', '-25', -5, {
        amount: { amount: '-25', currency: 'USD' },
      }),
      moved('t2', 'fcm_futures_usdc_sell', 'completed', '10', -4, {
        amount: { amount: '10', currency: 'USD' },
      }),
      moved('t4', 'transfer', 'completed', '-2', -3, {
        amount: { amount: '-2', currency: 'USD' },
        to: { id: 'f1', resource: 'account' },
      }),
    ),
    '/v2/accounts/w2/transactions': list(
      moved('t3', 'fcm_futures_usdc_sell', 'completed', '-10', -4, {
        amount: { amount: '-10', currency: 'USDC' },
      }),
    ),
  })
  const answer = await exchange.poll()
  t.match(answer, {
    observation: {
      anchor: {
        balances: [
          { asset: 'USD', amount: '100' },
          { asset: 'USDC', amount: '50' },
        ],
      },
      flows: [
        { id: 't1', flow: 'transfer', amount: '-25' },
        { id: 't4', flow: 'transfer', amount: '-2' },
      ],
      conversions: [
        {
          changes: [
            { asset: 'USD', amount: '10' },
            { asset: 'USDC', amount: '-10' },
          ],
        },
      ],
    },
  })
  t.notOk(exchange.asked.some((each) => /\/(f1|v1|p1|p2)\//.test(each)))
})

t.test('a portfolio of perpetuals is refused', async (t) => {
  const key = { can_view: true, can_trade: false, can_transfer: false, portfolio_uuid: 'b87a2d3f-8a1e' }
  const checked = async (type: unknown) => {
    const answers = { '/api/v3/brokerage/key_permissions': { ...key, portfolio_type: type } }
    return (await serve(t, answers)).check()
  }
  const refused = { kind: 'failed', code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: 'portfolio INTX' }
  t.match(await checked('INTX'), refused)
  for (const type of ['DEFAULT', 'CONSUMER', undefined]) t.match(await checked(type), { kind: 'checked' })
})

t.test('documented lists of contracts are no markets of spot, and no fills of theirs count', async (t) => {
  const products = documentedBody('nautilus/coinbase/http_products_future.json')
  if (products === null) return t.comment('no reference folder here')
  const ids = (JSON.parse(products) as { products: { product_id: string }[] }).products.map(
    (each) => each.product_id,
  )
  t.strictSame(ids, ['BIP-20DEC30-CDE', 'BIT-24APR26-CDE'])
  const fill = (product_id: string, index: number) => ({
    entry_id: `e${index}`,
    trade_id: `t${index}`,
    trade_time: iso(-5),
    trade_type: 'FILL',
    price: '68930',
    size: '2',
    commission: '0.25',
    product_id,
    size_in_quote: false,
    side: 'BUY',
  })
  const exchange = await serve(t, {
    '/api/v3/brokerage/market/products': products,
    '/api/v3/brokerage/orders/historical/fills': { fills: [...ids, 'BTC-PERP-INTX'].map(fill), cursor: '' },
  })
  t.match(await exchange.poll(), { observation: { complete: true, fills: [] } })
})

t.test('documented single transfers, as rows of their lists', async (t) => {
  const [deposit, withdrawal, request] = ['GetDeposit', 'GetWithdrawal', 'Transfer'].map((name) => {
    const text = documentedBody(`coinbase/AdvancedTrade/Account/${name}.txt`)
    return text === null ? null : (JSON.parse(text) as { data: object }).data
  })
  if (deposit == null || withdrawal == null || request == null) return t.comment('no reference folder here')
  const atMs = Date.UTC(2015, 4, 1)
  const exchange = await serveExchange(t, 'coinbase', {
    nowMs: atMs,
    sinceMs: Date.UTC(2015, 0, 1),
    credentials,
    answers: {
      '/api/v3/brokerage/time': time(atMs),
      '/api/v3/brokerage/accounts': { accounts: [wallet('w1', 'USD', '10', { type: 'ACCOUNT_TYPE_FIAT' })] },
      '/api/v3/brokerage/orders/historical/fills': { fills: [], cursor: '' },
      '/v2/accounts/w1/transactions': list(request),
      '/v2/accounts/w1/deposits': list(deposit),
      // the two examples share the id of their transaction
      '/v2/accounts/w1/withdrawals': list({ ...withdrawal, transaction: { id: 'another' } }),
    },
  })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code)
  t.strictSame(
    answer.observation.flows.map(({ flow, asset, amount, atMs: flowMs }) => [
      flow,
      amount,
      asset,
      new Date(flowMs).toISOString(),
    ]),
    // what was asked for and not paid moves nothing; a withdrawal leaves when applied for, a deposit comes when done
    [
      ['withdrawal', '-10', 'USD', '2015-01-31T20:49:02.000Z'],
      ['deposit', '10', 'USD', '2015-02-12T00:54:02.000Z'],
    ],
  )
})
