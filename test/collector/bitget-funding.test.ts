import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { bill, good, nowMs, serve, unified } from './bitget-served.ts'
import { documentedBody } from './served.ts'

/** bitget's wallet for paying and for trading with other people, beside each kind of account, through the real processes. */

const asset = (coin: string, available: string, frozen = '') => ({ coin, available, frozen })

t.test('the documented wallet and transfer', async (t) => {
  const assets = documentedBody('bitget/Spot/Account/GetFundingBalances.txt')
  const transfers = documentedBody('bitget/Spot/Account/GetTransferRecords.txt')
  if (assets === null || transfers === null) return t.comment('no reference folder here')
  const atMs = 1_631_070_374_488
  const exchange = await serve(
    t,
    {
      '/api/v2/account/funding-assets': assets,
      '/api/v2/spot/account/transferRecords': (url: URL) =>
        url.searchParams.get('coin') === 'BTC' ? transfers : good([]),
    },
    atMs - hourMs,
    atMs + hourMs,
    ['funding'],
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.anchor?.balances, [{ asset: 'USDT', amount: '326' }])
  t.strictSame(answer.observation.flows, [], 'between two other wallets')
  // the same one from here to spot, where there are such coins here
  exchange.answers.set('/api/v2/account/funding-assets', good([asset('BTC', '1')]))
  exchange.answers.set('/api/v2/spot/account/transferRecords', (url: URL) =>
    url.searchParams.get('coin') === 'BTC'
      ? transfers.replace('"fromType": "spot"', '"fromType": "funding"')
      : good([]),
  )
  t.match(await exchange.poll(), {
    observation: {
      flows: [{ id: 'funding.1', flow: 'transfer', asset: 'BTC', amount: '-1000', atMs }],
    },
  })
})

t.test('beside spot what goes between the two is no flow', async (t) => {
  const exchange = await serve(
    t,
    {
      '/api/v2/account/funding-assets': good([asset('USDT', '300', '50')]),
      '/api/v2/spot/account/assets': good([{ coin: 'USDT', available: '10', frozen: '0', locked: '0' }]),
    },
    undefined,
    undefined,
    ['spot', 'funding'],
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'USDT', amount: '360' }])
  const ts = String(nowMs + minuteMs)
  const laterMs = nowMs + 2 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v2/public/time', good({ serverTime: String(laterMs) }))
  const transfer = (
    transferId: string,
    fromType: string,
    toType: string,
    size: string,
    more: object = {},
  ) => ({
    transferId,
    coin: 'USDT',
    fromType,
    toType,
    size,
    status: 'Successful',
    ts,
    ...more,
  })
  exchange.answers.set('/api/v2/spot/account/transferRecords', (url: URL) =>
    good(
      url.searchParams.get('coin') === 'USDT'
        ? [
            transfer('4', 'p2p', 'spot', '100'),
            transfer('3', 'usdt_futures', 'funding', '7'),
            transfer('2', 'spot', 'funding', '5', { status: 'Failed' }),
            transfer('1', 'spot', 'usdt_futures', '9'),
          ]
        : [],
    ),
  )
  exchange.answers.set(
    '/api/v2/spot/account/bills',
    good([
      bill('transfer', 'transfer-in', '100', 'USDT', { cTime: ts }),
      bill('transfer', 'transfer-out', '-9', 'USDT', { cTime: ts }),
    ]),
  )
  exchange.answers.set('/api/v2/account/funding-assets', good([asset('USDT', '257')]))
  exchange.answers.set(
    '/api/v2/spot/account/assets',
    good([{ coin: 'USDT', available: '101', frozen: '0', locked: '0' }]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  t.equal(second.observation.complete, true)
  t.strictSame(
    second.observation.flows.map((each) => `${each.flow} ${each.amount} ${each.asset}`).toSorted(),
    ['transfer -9 USDT', 'transfer 7 USDT'],
  )
})

t.test('beside a unified account, from poll to poll, to the last unit', async (t) => {
  const exchange = await serve(
    t,
    { ...unified, '/api/v3/account/funding-assets': good([asset('USDT', '1000')]) },
    undefined,
    undefined,
    ['funding'],
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  const ts = String(nowMs + minuteMs)
  const laterMs = nowMs + 2 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v2/public/time', good({ serverTime: String(laterMs) }))
  let id = 100
  // newest first
  const line = (groupType: string, type: string, coin: string, amount: string, balance: string) => {
    id -= 1
    return { id: String(id), groupType, type, coin, amount, balance, ts }
  }
  const lines = [
    line('other', 'something', 'USDT', '-1', '1217.5'),
    line('convert', 'convert', 'BTC', '0.001', '0.001'),
    line('convert', 'convert', 'USDT', '-50', '1218.5'),
    line('financial', 'interest', 'USDT', '0.5', '1268.5'),
    line('transfer', 'transfer_out', 'USDT', '-32', '1268'),
    line('deposit', 'deposit', 'USDT', '300', '1300'),
  ]
  exchange.answers.set('/api/v3/account/funding-financial-records', (url: URL) => {
    const cursor = url.searchParams.get('cursor')
    return good({ list: cursor === null ? lines : [], cursor: '94' })
  })
  exchange.answers.set(
    '/api/v3/account/funding-assets',
    good([asset('USDT', '1217', '0.5'), asset('BTC', '0.001')]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.equal(observation.complete, true)
  t.strictSame(observation.flows.map((each) => `${each.flow} ${each.amount} ${each.asset}`).toSorted(), [
    'deposit 300 USDT',
    'transfer -32 USDT',
  ])
  t.match(observation.incomes, [{ income: 'earn', asset: 'USDT', amount: '0.5' }])
  t.match(observation.conversions, [
    {
      changes: [
        { asset: 'BTC', amount: '0.001' },
        { asset: 'USDT', amount: '-50' },
      ],
    },
  ])
  t.strictSame(observation.anchor?.balances, [
    { asset: 'BTC', amount: '0.001' },
    { asset: 'USDT', amount: '1217.5' },
  ])
})
