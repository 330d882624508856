import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Wallet } from '../../src/accounting/observation.ts'
import { judgePermissions } from '../../src/collector/permissions.ts'
import { good, nowMs, serve, unified } from './bitget-served.ts'
import { documentedBody, type Served } from './served.ts'

/** bitget's unified account, whose one wallet stands behind everything, through the real processes. */

const everything = ['spot', 'margin', 'linear', 'inverse'] as const

function serveUnified(
  t: Parameters<typeof serve>[0],
  answers: Readonly<Record<string, Served>>,
  wallets: readonly Wallet[] = everything,
  atMs = nowMs,
) {
  return serve(t, { ...unified, ...answers }, atMs - hourMs, atMs, wallets)
}

const asset = (coin: string, balance: string, debt = '0', equity = balance) => ({
  coin,
  equity,
  balance,
  available: balance,
  debt,
  locked: '0',
})

let records = 0
const record = (category: string, type: string, coin: string, amount: string, fee = '0', atMs = nowMs) => {
  records += 1
  return { category, id: String(records), type, coin, amount, fee, balance: '1', ts: String(atMs) }
}

/** Of each category its own. */
const recordsOf =
  (all: readonly ReturnType<typeof record>[]): Served =>
  (url: URL) => {
    const category = url.searchParams.get('category')
    return good({ list: all.filter((each) => each.category === category), cursor: '' })
  }

const position = (category: string, more: object = {}) => ({
  category,
  symbol: 'ETHUSDT',
  marginCoin: 'USDT',
  marginMode: 'crossed',
  posSide: 'long',
  total: '0.5',
  avgPrice: '3000',
  unrealisedPnl: '50',
  ...more,
})

const positionsOf =
  (...all: readonly ReturnType<typeof position>[]): Served =>
  (url: URL) =>
    good({ list: all.filter(({ category }) => category === url.searchParams.get('category')) })

t.test('the documented account, its wallet and the one beside it', async (t) => {
  const info = documentedBody('bitget/Unified/Account/GetAccountInfo.txt')
  const assets = documentedBody('bitget/Unified/Account/GetBalances.txt')
  const funding = documentedBody('bitget/Unified/Account/GetFundingBalances.txt')
  if (info === null || assets === null || funding === null) return t.comment('no reference folder here')
  const exchange = await serveUnified(
    t,
    {
      '/api/v3/account/info': info,
      '/api/v3/account/assets': assets,
      '/api/v3/account/funding-assets': funding,
    },
    ['spot', 'funding'],
  )
  t.match(await exchange.check(), {
    permissions: 'withdraw',
    accountId: '123456789',
    excess: ['uta_mgt', 'withdraw', 'uta_trade', 'copy_futures_position', 'copy_futures_order'],
  })
  const answer = await exchange.poll()
  t.match(answer, { kind: 'observed', observation: { complete: true, flows: [] } })
  if (answer.kind === 'failed') return
  t.strictSame(answer.observation.anchor?.balances, [
    { asset: 'BGB', amount: '1.16582129' },
    { asset: 'USDT', amount: '6.23300826' },
  ])
})

t.test('only a key that reads', (t) => {
  const judged = (data: object) => judgePermissions('bitget', Buffer.from(JSON.stringify(good(data))))
  t.strictSame(judged({ permType: 'read-only', permissions: ['uta_trade', 'withdraw'] }), {
    permissions: 'read-only',
    excess: [],
  })
  t.strictSame(judged({ permType: 'read-and-write', permissions: ['uta_trade', 'copy_futures_order'] }), {
    permissions: 'trade',
    excess: ['uta_trade', 'copy_futures_order'],
  })
  for (const strange of [
    { permType: 'read-and-write', permissions: ['uta_trade', 'uta_mgt'] },
    { permType: 'read-and-write', permissions: [] },
    { permType: 'read-and-write' },
    { permType: 'anything', permissions: ['uta_trade'] },
    { permType: 'read-and-write', permissions: [7] },
    { permType: null },
    {},
  ]) {
    t.match(judged(strange), { permissions: 'withdraw' }, JSON.stringify(strange))
  }
  t.end()
})

t.test('from poll to poll, spot and contracts of one wallet, to the last unit', async (t) => {
  const exchange = await serveUnified(t, {
    '/api/v3/account/assets': good({ assets: [asset('USDT', '1000')] }),
    '/api/v2/mix/market/contracts': (url: URL) =>
      good(
        url.searchParams.get('productType') === 'USDT-FUTURES'
          ? [{ symbol: 'ETHUSDT', baseCoin: 'ETH', quoteCoin: 'USDT', symbolStatus: 'normal' }]
          : [],
      ),
  })
  t.match(await exchange.check(), { permissions: 'read-only', accountId: '7264631752' })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'USDT', amount: '1000' }])

  const atMs = nowMs + minuteMs
  const laterMs = nowMs + 2 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v2/public/time', good({ serverTime: String(laterMs) }))
  const at = (category: string, type: string, coin: string, amount: string, fee = '0') =>
    record(category, type, coin, amount, fee, atMs)
  exchange.answers.set(
    '/api/v3/account/financial-records',
    recordsOf([
      at('OTHER', 'TRANSFER_IN', 'USDT', '100'),
      at('OTHER', 'AIRDROP_REWARD', 'XYZ', '3'),
      at('SPOT', 'ORDER_DEALT_OUT', 'USDT', '500'),
      at('SPOT', 'ORDER_DEALT_IN', 'BTC', '0.01', '-0.00001'),
      at('USDT-FUTURES', 'OPEN_LONG', 'USDT', '0', '-1.8'),
      at('USDT-FUTURES', 'CLOSE_LONG', 'USDT', '50', '-0.93'),
      at('USDT-FUTURES', 'CONTRACT_MAIN_SETTLE_FEE_USER_OUT', 'USDT', '0.4'),
      at('MARGIN', 'INTEREST_SETTLEMENT_OUT', 'USDT', '0.02'),
      // what they are of says another list
      at('OTHER', 'SOMETHING_NEW', 'USDT', '-30'),
      at('OTHER', 'SOMETHING_NEW', 'ETH', '0.01'),
      at('OTHER', 'SOMETHING_NEW', 'USDT', '20'),
      at('OTHER', 'SOMETHING_ELSE', 'USDT', '-1'),
    ]),
  )
  exchange.answers.set('/api/v3/account/convert-records', (url: URL) => {
    const [fromCoin, toCoin] = [url.searchParams.get('fromCoin'), url.searchParams.get('toCoin')]
    const isIt = fromCoin === 'USDT' && toCoin === 'ETH'
    const row = { fromCoin, fromCoinSize: '30', toCoin, toCoinSize: '0.01', ts: String(atMs - 1_000) }
    return good({ list: isIt ? [row] : [], cursor: '7' })
  })
  exchange.answers.set(
    '/api/v3/account/deposit-records',
    good([{ orderId: '1', coin: 'usdt', size: '20', status: 'success', createdTime: String(atMs - 1_000) }]),
  )
  const fill = (category: string, execId: string, more: object) => ({
    category,
    execId,
    orderType: 'market',
    createdTime: String(atMs),
    ...more,
  })
  const fills = [
    fill('SPOT', '71', {
      symbol: 'BTCUSDT',
      side: 'buy',
      execPrice: '50000',
      execQty: '0.01',
      execValue: '500',
      feeDetail: [{ feeCoin: 'BTC', fee: '0.00001' }],
    }),
    fill('USDT-FUTURES', '72', {
      symbol: 'ETHUSDT',
      side: 'buy',
      tradeSide: 'open',
      execPrice: '3000',
      execQty: '1',
      execValue: '3000',
      feeDetail: [{ feeCoin: 'USDT', fee: '1.8' }],
    }),
    fill('USDT-FUTURES', '73', {
      symbol: 'ETHUSDT',
      side: 'sell',
      tradeSide: 'close',
      execPrice: '3100',
      execQty: '0.5',
      execValue: '1550',
      feeDetail: [{ feeCoin: 'USDT', fee: '0.93' }],
    }),
  ]
  exchange.answers.set('/api/v3/trade/fills', (url: URL) => {
    const own = fills.filter(({ category }) => category === url.searchParams.get('category'))
    // two pages of what there is
    const cursor = url.searchParams.get('cursor')
    return good({ list: cursor === null ? own : [], cursor: own[0]?.execId })
  })
  exchange.answers.set('/api/v3/position/current-position', positionsOf(position('USDT-FUTURES')))
  exchange.answers.set(
    '/api/v3/account/assets',
    good({
      assets: [
        // 1000 + 100 − 500 − 1.8 + 50 − 0.93 − 0.4 − 0.02 − 30 + 20 − 1
        asset('USDT', '635.85', '0', '685.85'),
        asset('BTC', '0.00999'),
        asset('ETH', '0.01'),
        asset('XYZ', '3'),
      ],
    }),
  )
  exchange.asked.splice(0)
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.strictSame(
    exchange.asked.filter((each) => /^\/api\/v2\/(spot|margin|mix)\/(account|order|trade)/.test(each)),
    [],
    'its kind is known',
  )
  t.equal(observation.complete, true)
  t.strictSame(
    observation.fills.map((each) => `${each.market} ${each.symbol} ${each.side} ${each.quantity}`),
    ['spot BTC/USDT buy 0.01', 'linear ETH/USDT:USDT buy 1', 'linear ETH/USDT:USDT sell 0.5'],
  )
  t.strictSame(observation.fills[0]?.fees, [{ asset: 'BTC', amount: '0.00001' }])
  t.strictSame(observation.flows.map((each) => `${each.flow} ${each.amount} ${each.asset}`).toSorted(), [
    'deposit 20 USDT',
    'reward 3 XYZ',
    'transfer 100 USDT',
  ])
  t.strictSame(observation.incomes.map((each) => `${each.income} ${each.amount} ${each.asset}`).toSorted(), [
    'funding -0.4 USDT',
    'interest -0.02 USDT',
  ])
  t.match(observation.conversions, [
    {
      changes: [
        { asset: 'ETH', amount: '0.01' },
        { asset: 'USDT', amount: '-30' },
      ],
    },
  ])
  t.strictSame(observation.anchor?.balances, [
    { asset: 'BTC', amount: '0.00999' },
    { asset: 'ETH', amount: '0.01' },
    { asset: 'USDT', amount: '635.85' },
    { asset: 'XYZ', amount: '3' },
  ])
  t.match(observation.anchor?.positions, [
    { symbol: 'ETH/USDT:USDT', quantity: '0.5', entry: '3000', terms: { size: '1', settle: 'USDT' } },
  ])

  exchange.answers.set('/api/v3/trade/fills', good({ list: [], cursor: '' }))
  t.match(
    await exchange.poll({ cursor: first.cursor }),
    { observation: { complete: false } },
    'what was dealt is told, but not yet by what',
  )
})

t.test('the documented converts, deposit and withdrawal name what the records do not', async (t) => {
  const converts = documentedBody('bitget/Unified/Account/GetConvertRecords.txt')
  const deposits = documentedBody('bitget/Unified/Account/GetDepositRecords.txt')
  const withdrawals = documentedBody('bitget/Unified/Account/GetWithdrawalRecords.txt')
  if (converts === null || deposits === null || withdrawals === null)
    return t.comment('no reference folder here')
  const polled = async (atMs: number, answers: Readonly<Record<string, Served>>) => {
    const exchange = await serveUnified(t, answers, everything, atMs + minuteMs)
    const answer = await exchange.poll()
    if (answer.kind === 'failed') throw new Error(answer.code)
    return answer.observation
  }
  const atMs = 1_730_359_119_358
  const converted = await polled(atMs, {
    '/api/v3/account/financial-records': recordsOf([
      record('OTHER', 'NEW_OUT', 'USDT', '281.72276656', '0', atMs + 900),
      record('OTHER', 'NEW_IN', 'ETH', '0.0986029682', '0', atMs + 901),
      record('OTHER', 'NEW_IN', 'BTC', '0.0986029682', '0', atMs + 901),
    ]),
    '/api/v3/account/convert-records': (url: URL) =>
      url.searchParams.get('toCoin') === 'ETH' && url.searchParams.get('cursor') === null
        ? converts
        : good({ list: [], cursor: '' }),
  })
  t.match(converted.conversions, [
    {
      conversion: 'convert',
      atMs: atMs + 900,
      changes: [
        { asset: 'ETH', amount: '0.0986029682' },
        { asset: 'USDT', amount: '-281.72276656' },
      ],
    },
  ])
  t.equal(converted.conversions.length, 1)

  const movedMs = 1_740_451_703_778
  const moved = await polled(movedMs, {
    '/api/v3/account/financial-records': recordsOf([
      record('OTHER', 'NEW', 'USDT', '1', '0', movedMs),
      record('OTHER', 'NEW', 'USDT', '-100', '-10', movedMs),
      record('OTHER', 'NEW', 'USDT', '-1', '0', movedMs),
    ]),
    '/api/v3/account/deposit-records': deposits,
    '/api/v3/account/withdrawal-records': withdrawals,
  })
  t.strictSame(
    moved.flows.map((each) => `${each.flow} ${each.amount} ${each.asset}`),
    ['deposit 1 USDT', 'withdrawal -110 USDT'],
  )
})

t.test('what is owed counts against what is held, and what cannot be told is refused', async (t) => {
  const exchange = await serveUnified(t, {})
  const held = async (assets: readonly object[], ...positions: readonly ReturnType<typeof position>[]) => {
    exchange.answers.set('/api/v3/account/assets', good({ assets }))
    exchange.answers.set('/api/v3/position/current-position', positionsOf(...positions))
    const answer = await exchange.poll()
    exchange.clock.atMs += minuteMs
    if (answer.kind === 'failed') return `${answer.code} ${answer.exchangeCode}`
    return answer.observation.anchor?.balances.map(({ asset: coin, amount }) => `${amount} ${coin}`).join()
  }
  t.equal(await held([asset('BTC', '0.1', '0.04', '0.06')]), '0.06 BTC', 'beside the balance')
  t.equal(await held([asset('BTC', '-0.04', '0.04')]), '-0.04 BTC', 'in the balance')
  t.equal(
    await held([asset('USDT', '100', '30', '120')], position('USDT-FUTURES')),
    '70 USDT',
    'what is open is in the equity',
  )
  t.equal(await held([asset('BTC', '0.1', '0.04', '0.03')]), 'EXCHANGE_ACCOUNT_REFUSED debt')
  t.equal(
    await held([asset('BTC', '0.1')], position('COIN-FUTURES', { symbol: 'BTCUSD', marginCoin: 'BTC' })),
    'EXCHANGE_ACCOUNT_REFUSED COIN-FUTURES',
  )
  t.equal(
    await held([asset('USDT', '1')], position('USDT-FUTURES', { marginMode: 'isolated' })),
    'EXCHANGE_ACCOUNT_REFUSED isolated',
  )
  t.equal(
    await held([asset('USDT', '1')], position('USDT-FUTURES', { posSide: 'net' })),
    'EXCHANGE_ANSWER_INVALID position.posSide',
  )

  const spot = await serveUnified(t, {}, ['spot'])
  spot.answers.set('/api/v3/account/assets', good({ assets: [asset('USDT', '10', '4', '6')] }))
  t.match(await spot.poll(), { code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: 'borrowed' })
  spot.clock.atMs += minuteMs
  spot.answers.set('/api/v3/account/assets', good({ assets: [asset('USDT', '10')] }))
  spot.answers.set('/api/v3/position/current-position', positionsOf(position('USDT-FUTURES')))
  t.match(await spot.poll(), { code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: 'positions' })
})
