import { minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { balance, bill, good, nowMs, observed, serve } from './okx.ts'
import { documentedBody } from './served.ts'

/** okx's pairs that are held with a margin of their own. */

const usd = { ccy: 'USDT', cashBal: '1000', eq: '1000' }
const pair = { instType: 'MARGIN', instId: 'BTC-USDT', mgnMode: 'isolated', posSide: 'net', markPx: '50000' }

t.test('what is held, what is owed, and the margin within or beside', async (t) => {
  const exchange = await serve(t)
  for (const [name, row, balances] of [
    [
      // as the exchange writes one: bought with a margin of the coin, which stands in the position
      'margin in the coin that is held',
      {
        ccy: 'BTC',
        liab: '-99.9998177776581948',
        liabCcy: 'USDT',
        interest: '0',
        margin: '0.000317654',
        markPx: '62891.9',
        pos: '0.00190433573',
        posCcy: 'BTC',
        upl: '-0.0000033452492717',
      },
      ['BTC 0.00190433573', 'USDT 900.0001822223418052'],
    ],
    [
      'margin in the coin that is owed',
      { pos: '0.1', posCcy: 'BTC', liab: '-4000', liabCcy: 'USDT', margin: '1100', ccy: 'USDT', upl: '1000' },
      // 1000 - 4000 + 1100
      ['BTC 0.1', 'USDT -1900'],
    ],
    [
      'sold short, with interest that is not charged yet',
      {
        pos: '6000',
        posCcy: 'USDT',
        liab: '-0.1',
        liabCcy: 'BTC',
        interest: '-0.0001',
        margin: '1000',
        ccy: 'USDT',
        upl: '0',
      },
      ['BTC -0.1001', 'USDT 7000'],
    ],
    [
      'sold short, with a margin of the other coin',
      { pos: '5100', posCcy: 'USDT', liab: '-0.1', liabCcy: 'BTC', margin: '0.03', ccy: 'BTC', upl: '0.002' },
      ['BTC -0.07', 'USDT 6100'],
    ],
    [
      'on the margin of all',
      {
        mgnMode: 'cross',
        pos: '0.1',
        posCcy: 'BTC',
        liab: '-4950',
        liabCcy: 'USDT',
        interest: '-0.5',
        ccy: 'USDT',
        upl: '50.1',
      },
      ['BTC 0.1', 'USDT -3950.5'],
    ],
    ['a margin that nothing was bought with', { pos: '0', margin: '30', ccy: 'USDT' }, ['USDT 1030']],
    ['its own balance of both coins', { pos: '0', baseBal: '0.4', quoteBal: '7' }, ['BTC 0.4', 'USDT 1007']],
    ['nothing at all', { pos: '0', margin: '', baseBal: '0' }, ['USDT 1000']],
  ] as const) {
    exchange.answers.set('/api/v5/account/positions', good([{ ...pair, ...row }]))
    const anchor = (await observed(exchange, t))?.anchor
    t.strictSame(
      anchor?.balances.map(({ asset, amount }) => `${asset} ${amount}`),
      balances,
      name,
    )
    t.notOk(anchor?.positions, 'coins, and no contracts')
  }
  const long = { pos: '0.1', posCcy: 'BTC', liab: '-4000', liabCcy: 'USDT', ccy: 'USDT', upl: '1000' }
  for (const [name, exchangeCode, row] of [
    ['a gain that fits neither way', 'isolated margin', { ...long, margin: '1100', upl: '1600' }],
    ['a third coin', 'isolated margin', { ...long, margin: '1100', posCcy: 'ETH' }],
    ['a debt beside a balance', 'quick margin', { pos: '0.4', posCcy: 'BTC', baseBal: '0.4' }],
    ['a debt of its own', 'quick margin', { pos: '0', baseBal: '0.4', quoteBorrowed: '9' }],
    ['on the margin of all, worth more than told', 'MARGIN', { ...long, mgnMode: 'cross', upl: '800' }],
    ['on the margin of all, in a third coin', 'MARGIN', { ...long, mgnMode: 'cross', ccy: 'ETH' }],
  ] as const) {
    exchange.answers.set('/api/v5/account/positions', good([{ ...pair, ...row }]))
    t.match(await exchange.poll(), { code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode }, name)
  }
  const margined = await serve(
    t,
    { '/api/v5/account/positions': good([{ ...pair, ...long, margin: '1100' }]) },
    { wallets: ['spot'] },
  )
  t.match(await margined.poll(), { code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: 'positions' })
})

t.test('debts and interest of pairs stand once, beside the account’s own', async (t) => {
  const exchange = await serve(t, {
    '/api/v5/account/balance': balance([
      // 250 lent to the account, 4000 to the pair; the interest is of both
      {
        ...usd,
        eq: '1850',
        liab: '4250',
        isoLiab: '4000',
        isoEq: '2100',
        isoUpl: '1000',
        upl: '1000',
        interest: '3',
      },
      // 0.5 is the pair's
      { ccy: 'BTC', cashBal: '0.2', eq: '0.2', interest: '0.0005', liab: '0.1', isoLiab: '0.1' },
    ]),
    '/api/v5/account/positions': good([
      {
        ...pair,
        pos: '0.1',
        posCcy: 'BTC',
        liab: '-4000',
        liabCcy: 'USDT',
        margin: '1100',
        ccy: 'USDT',
        upl: '1000',
      },
      {
        ...pair,
        instId: 'BTC-USDC',
        pos: '6000',
        posCcy: 'USDC',
        liab: '-0.1',
        liabCcy: 'BTC',
        interest: '0.0005',
        margin: '1000',
        ccy: 'USDC',
        upl: '0',
      },
    ]),
  })
  t.strictSame((await observed(exchange, t))?.anchor?.balances, [
    // 0.2 + 0.1 - 0.1 - 0.0005
    { asset: 'BTC', amount: '0.1995' },
    { asset: 'USDC', amount: '6000' },
    // 1000 - 250 - 3 - 4000 + 1100
    { asset: 'USDT', amount: '-2153' },
  ])
})

for (const mgnMode of ['isolated', 'cross']) {
  t.test(`bills of a pair lead from one balance to the next: ${mgnMode}`, async (t) => {
    const isShared = mgnMode === 'cross'
    const exchange = await serve(t)
    const first = await exchange.poll()
    if (first.kind !== 'observed') return t.fail(first.code)
    const atMs = nowMs + 10 * minuteMs
    exchange.clock.atMs = atMs
    const at = (minutes: number) => ({ ts: String(nowMs + minutes * minuteMs) })
    const margin = { instType: 'MARGIN', instId: 'BTC-USDT' }
    const traded = { ...margin, mgnMode, tradeId: '501', ordId: '9' }
    const fill = {
      ...margin,
      side: 'buy',
      fillPx: '50000',
      fillSz: '0.1',
      fee: '-0.0001',
      feeCcy: 'BTC',
      ordId: '9',
      fillTime: String(nowMs + 2 * minuteMs),
      ts: String(nowMs + 2 * minuteMs),
    }
    exchange.answers.set('/api/v5/public/time', good([{ ts: String(atMs) }]))
    exchange.answers.set(
      '/api/v5/account/balance',
      balance([isShared ? usd : { ...usd, cashBal: '600', eq: '600' }]),
    )
    exchange.answers.set(
      '/api/v5/account/positions',
      good([
        // 0.1 bought less the fee, 0.04 taken by the exchange
        {
          ...pair,
          mgnMode,
          pos: '0.0599',
          posCcy: 'BTC',
          liab: '-3100.5',
          liabCcy: 'USDT',
          ccy: 'USDT',
          margin: isShared ? '' : '400',
          upl: '-105.5',
        },
      ]),
    )
    exchange.answers.set(
      '/api/v5/trade/fills',
      good([{ ...fill, billId: '21', tradeId: '501', subType: '1' }]),
    )
    exchange.answers.set(
      '/api/v5/account/bills',
      good([
        // the account's level alone is told of it
        ...(isShared ? [] : [{ ...bill('6', '332', 'USDT', '-400'), ...at(1), ...margin }]),
        { ...bill('16', '307', 'USDT', '0'), ...at(2), ...margin, posBalChg: '5000' },
        // the coin's bill is there, the debt's is not
        { ...bill('2', '1', 'BTC', '0'), ...at(2), ...traded, posBalChg: '0.0999', fee: '-0.0001' },
        { ...bill('7', '9', 'USDT', '0'), ...at(5), ...margin, posBalChg: '-0.5' },
        { ...bill('5', '111', 'BTC', '0'), ...at(6), ...margin, posBalChg: '-0.04' },
        { ...bill('5', '110', 'USDT', '0'), ...at(6), ...margin, posBalChg: '1900' },
      ]),
    )
    const second = await exchange.poll({ cursor: first.cursor })
    if (second.kind !== 'observed') return t.fail(second.code)
    const { complete, fills, flows, incomes, anchor } = second.observation
    t.ok(complete, 'to the last unit')
    t.strictSame(flows, [], 'from one pocket to the other')
    t.match(incomes, [{ income: 'interest', asset: 'USDT', amount: '-0.5' }])
    t.match(fills, [
      {
        id: '501',
        market: 'margin',
        symbol: 'BTC/USDT',
        side: 'buy',
        quantity: '0.1',
        quoteQuantity: '5000',
        fees: [{ asset: 'BTC', amount: '0.0001' }],
        execution: 'trade',
      },
      {
        id: /^bill-/,
        market: 'margin',
        side: 'sell',
        quantity: '0.04',
        quoteQuantity: '1900',
        price: '47500',
        execution: 'liquidation',
      },
    ])
    t.strictSame(anchor?.balances, [
      { asset: 'BTC', amount: '0.0599' },
      // 600 - 3100.5 + 400, or 1000 - 3100.5
      { asset: 'USDT', amount: '-2100.5' },
    ])
  })
}

t.test('a documented pair', async (t) => {
  const body = documentedBody('okx/UnifiedApi/Account/GetAccountPositionRisk.txt')
  if (body === null) return t.comment('no reference folder here')
  const { data } = JSON.parse(body) as { data: [{ posData: readonly object[] }] }
  const exchange = await serve(t, { '/api/v5/account/positions': good(data[0].posData) })
  t.strictSame((await observed(exchange, t))?.anchor?.balances, [
    { asset: 'BTC', amount: '0.4' },
    { asset: 'USDT', amount: '1000' },
  ])
})
