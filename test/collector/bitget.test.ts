import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { judgePermissions } from '../../src/collector/permissions.ts'
import { bill, good, info, nowMs, serve } from './bitget-served.ts'
import { documentedBody, type Served } from './served.ts'

/** The spot account of bitget through the real processes. */

t.test('the documented fill', async (t) => {
  const fills = documentedBody('bitget/Spot/Trading/GetUserTrades.txt')
  if (fills === null) return t.comment('no reference folder here')
  const atMs = 1_695_865_232_579
  const cTime = String(atMs)
  const lines = [
    bill('transaction', 'buy', '-9.1', 'USDT', { cTime }),
    bill('transaction', 'buy', '0.0007', 'BTC', { cTime, fees: '-0.0000007' }),
  ]
  const exchange = await serve(
    t,
    { '/api/v2/spot/trade/fills': fills, '/api/v2/spot/account/bills': good(lines) },
    atMs - hourMs,
    atMs + hourMs,
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.fills, [
    {
      id: '12345678910',
      market: 'spot',
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      side: 'buy',
      price: '13000',
      quantity: '0.0007',
      quoteQuantity: '9.1',
      fees: [{ asset: 'BTC', amount: '0.0000007' }],
      atMs,
      execution: 'trade',
    },
  ])
  t.equal(answer.observation.complete, true)
  exchange.answers.set('/api/v2/spot/account/bills', good(lines.slice(0, 1)))
  t.match(await exchange.poll(), { observation: { complete: false } }, 'a side of it is not there yet')
})

t.test('from poll to poll, to the last unit', async (t) => {
  const asset = (coin: string, available: string, frozen = '', locked = '0') => ({
    coin,
    available,
    frozen,
    locked,
  })
  const exchange = await serve(t, {
    '/api/v2/spot/account/assets': good([asset('usdt', '900', '60', '40'), asset('BGB', '1')]),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [
    { asset: 'BGB', amount: '1' },
    { asset: 'USDT', amount: '1000' },
  ])
  const atMs = nowMs + minuteMs
  const laterMs = nowMs + 2 * minuteMs
  const at = { cTime: String(atMs) }
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v2/public/time', good({ serverTime: String(laterMs) }))
  exchange.answers.set(
    '/api/v2/spot/account/bills',
    good([
      bill('transaction', 'buy', '-500', 'USDT', at),
      bill('transaction', 'buy', '0.01', 'BTC', at),
      bill('transaction', 'deduction of handling fee', '-0.25', 'BGB', at),
      bill('deposit', 'deposit', '20', 'USDT', at),
      bill('withdraw', 'withdraw', '-10', 'USDT', { ...at, fees: '-1' }),
      bill('transfer', 'transfer-out', '-7', 'USDT', at),
      bill('convert', 'convert', '-30', 'USDT', at),
      bill('convert', 'convert', '0.01', 'ETH', at),
      bill('financial', 'interest', '0.5', 'USDT', at),
      bill('financial', 'subscribe', '-5', 'USDT', at),
      bill('other', 'airdrop rewards', '3', 'XYZ', at),
      bill('other', 'something new', '-1', 'USDT', at),
    ]),
  )
  exchange.answers.set(
    '/api/v2/spot/trade/fills',
    good([
      {
        symbol: 'btcusdt',
        tradeId: '77',
        side: 'buy',
        priceAvg: '50000',
        size: '0.01',
        amount: '500',
        feeDetail: {
          deduction: 'yes',
          feeCoin: 'BGB',
          totalDeductionFee: '-0.25',
          totalFee: '-0.25',
        },
        cTime: String(atMs),
      },
    ]),
  )
  exchange.answers.set(
    '/api/v2/spot/account/assets',
    good([
      // 1000 − 500 + 20 − 11 − 7 − 30 + 0.5 − 5 − 1
      asset('USDT', '466.5'),
      asset('BTC', '0.01'),
      asset('BGB', '0.75'),
      asset('ETH', '0.01'),
      asset('XYZ', '3'),
    ]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.match(observation, {
    complete: true,
    anchor: { atMs: laterMs },
    fills: [{ id: '77', fees: [{ asset: 'BGB', amount: '0.25' }] }],
    incomes: [{ income: 'earn', asset: 'USDT', amount: '0.5' }],
    conversions: [
      {
        conversion: 'convert',
        changes: [
          { asset: 'ETH', amount: '0.01' },
          { asset: 'USDT', amount: '-30' },
        ],
      },
    ],
  })
  t.strictSame(
    observation.flows.map((each) => `${each.flow} ${each.amount} ${each.asset}`),
    ['deposit 20 USDT', 'withdrawal -11 USDT', 'reward 3 XYZ', 'transfer -7 USDT', 'transfer -5 USDT'],
  )
})

t.test('the documented deposit, withdrawal and transfer name what the bills do not', async (t) => {
  const [deposits, withdrawals] = ['GetDepositHistory', 'GetWithdrawalHistory'].map((each) =>
    documentedBody(`bitget/Spot/Account/${each}.txt`),
  )
  const own = documentedBody('bitget/Spot/Account/GetTransferRecords.txt')
  if (deposits == null || withdrawals == null || own === null) return t.comment('no reference folder here')
  const named = async (atMs: number, lines: readonly object[], answers: Readonly<Record<string, Served>>) => {
    const cTime = String(atMs)
    const bills = good(lines.map((line) => ({ ...line, cTime })))
    const exchange = await serve(
      t,
      { '/api/v2/spot/account/bills': bills, ...answers },
      atMs - hourMs,
      atMs + hourMs,
    )
    const answer = await exchange.poll()
    if (answer.kind === 'failed') throw new Error(answer.code)
    return answer.observation.flows.map((each) => `${each.flow} ${each.amount} ${each.asset}`)
  }
  const lists = {
    '/api/v2/spot/wallet/deposit-records': deposits,
    '/api/v2/spot/wallet/withdrawal-records': withdrawals,
  }
  const atMs = 1_653_290_769_222
  t.strictSame(
    await named(
      atMs + 60_000,
      [
        bill('other', 'something new', '10', 'USDT'),
        bill('other', 'something new', '10', 'USDT'),
        bill('other', 'something new', '-10', 'USDT', { fees: '-1' }),
        bill('other', 'something new', '-3', 'USDT'),
      ],
      lists,
    ),
    ['deposit 10 USDT', 'withdrawal -11 USDT'],
    'each names one line',
  )
  t.strictSame(await named(atMs + 2 * hourMs, [bill('other', 'something new', '10', 'USDT')], lists), [])
  t.strictSame(
    await named(1_631_070_374_488, [bill('other', 'something new', '-1000', 'BTC')], {
      '/api/v2/spot/account/transferRecords': own,
    }),
    ['transfer -1000 BTC'],
  )
})

t.test('pages below the last id, and a span that holds too much', async (t) => {
  const rows = Array.from({ length: 500 }, (_, index) =>
    bill('deposit', 'deposit', '1', 'USDT', {
      billId: String(10_000 - index),
      cTime: String(nowMs - 1_000 - index),
    }),
  )
  const exchange = await serve(t, {
    '/api/v2/spot/account/bills': (url: URL) => {
      const below = Number(url.searchParams.get('idLessThan') ?? '10001')
      if (below < 9_502) return good([bill('deposit', 'deposit', '2', 'USDT', { billId: '4' })])
      return good(rows.filter(({ billId }) => Number(billId) < below))
    },
  })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.equal(answer.observation.flows.length, 501)

  let endless = 0
  const flood = await serve(t, {
    '/api/v2/spot/account/bills': (url: URL) => {
      const end = Number(url.searchParams.get('endTime'))
      return good(
        Array.from({ length: 500 }, () => {
          endless += 1
          return bill('deposit', 'deposit', '1', 'USDT', {
            billId: String(endless),
            cTime: String(Math.min(end, nowMs) - (endless % 500)),
          })
        }),
      )
    },
  })
  t.match(await flood.poll(), { observation: { complete: false, anchor: null, flows: [] } })
  t.ok(flood.asked.length < 100, 'endless pages have an end')
})

t.test('only a key that reads', async (t) => {
  const exchange = await serve(t, {})
  const checked = (authorities: unknown) => {
    exchange.answers.set('/api/v2/spot/account/info', good({ ...info, authorities }))
    return exchange.check()
  }
  t.match(await checked(['readonly']), { permissions: 'read-only', accountId: '7264631751' })
  t.match(await checked(['stor', 'wtor', 'taxr']), { permissions: 'read-only' })
  t.match(await checked(['readonly', 'stow']), { permissions: 'trade', excess: ['stow'] })
  for (const strange of [['readonly', 'wwow'], ['readonly', 'new'], [], undefined, 'readonly', [7]]) {
    t.match(await checked(strange), { permissions: 'withdraw' }, JSON.stringify(strange))
  }
  const documented = documentedBody('bitget/Spot/Account/GetAccountInfo.txt')
  if (documented === null) return t.comment('no reference folder here')
  t.strictSame(judgePermissions('bitget', Buffer.from(documented)), {
    permissions: 'trade',
    excess: ['trade'],
  })
})

t.test('errors become codes', async (t) => {
  const exchange = await serve(t, {})
  for (const [code, expected, scope] of [
    ['40006', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['40014', 'EXCHANGE_KEY_REFUSED', 'session'],
    ['40008', 'EXCHANGE_REQUEST_REFUSED', 'session'],
    ['40084', 'EXCHANGE_ACCOUNT_REFUSED', 'session'],
    ['40999', 'EXCHANGE_REQUEST_REFUSED', 'session'],
    ['40725', 'EXCHANGE_UNREACHABLE', 'exchange'],
    ['30007', 'EXCHANGE_RATE_LIMITED', 'session'],
  ] as const) {
    exchange.answers.set('/api/v2/spot/account/assets', { code, msg: 'words' })
    t.match(await exchange.poll(), { kind: 'failed', code: expected, scope, exchangeCode: code }, code)
    exchange.clock.atMs += minuteMs
  }
  for (const strange of ['<html>', '{"code":"00000"', good({}), good([{ coin: 'A B', available: '1' }])]) {
    exchange.answers.set('/api/v2/spot/account/assets', strange)
    t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' })
  }
})

t.test('markets and minutes', async (t) => {
  const symbols = documentedBody('bitget/Spot/ExchangeData/GetSymbols.txt')
  const atMs = nowMs - 10 * minuteMs
  const row = (index: number) => [
    String(atMs + index * minuteMs),
    '2',
    '4',
    '1',
    `3.${index}`,
    '10',
    '25',
    '25',
  ]
  const exchange = await serve(t, {
    ...(symbols === null ? {} : { '/api/v2/spot/public/symbols': symbols }),
    '/api/v2/spot/market/candles': (url: URL) =>
      url.searchParams.get('symbol') === 'BTCUSDT'
        ? good([row(0), row(1)])
        : { code: '40034', msg: 'Parameter does not exist' },
  })
  const source = { exchange: 'bitget', sandbox: false, marketTypes: ['spot'] as const }
  const both = { ...source, marketTypes: ['spot', 'linear'] as const }
  exchange.answers.set('/api/v2/mix/market/candles', (url: URL) =>
    good(url.searchParams.get('kLineType') === 'MARK' ? [row(0)] : [row(1)]),
  )
  t.strictSame(
    (await exchange.collectors.markets({ source: both })).map(({ symbol, active }) => [symbol, active]),
    [
      ['BTC/USDT', true],
      ['BTC/USDT:USDT', true],
      ['ETH/USDT:USDT', false],
      ['BTC/USDC:USDC', true],
    ],
  )
  const contract = { symbol: 'BTC/USDT:USDT', fromMs: atMs, toMs: atMs + 2 * minuteMs }
  const marked = await exchange.collectors.candles({
    source: both,
    wants: [contract, { ...contract, kind: 'mark' }, { ...contract, symbol: 'NO/SUCH:SUCH' }],
  })
  t.match(marked, [[{ close: '3.1' }], [{ close: '3.0' }], null])
  t.strictSame(await exchange.collectors.markets({ source }), [
    { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true },
  ])
  const wants = ['BTC/USDT', 'NO/SUCH'].map((symbol) => ({
    symbol,
    fromMs: atMs,
    toMs: atMs + 2 * minuteMs,
  }))
  t.strictSame(await exchange.collectors.candles({ source, wants }), [
    [0, 1].map((index) => ({
      minuteMs: atMs + index * minuteMs,
      open: '2',
      close: `3.${index}`,
      baseVolume: '10',
      quoteVolume: '25',
    })),
    null,
  ])
})
