import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import type { Wallet } from '../../src/accounting/observation.ts'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** bybit's funding wallet through the real processes, alone and beside the unified one. */

const nowMs = Date.UTC(2026, 2, 5, 12)

function good(result: unknown): object {
  return { retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: nowMs }
}

function fund(coins: Readonly<Record<string, string>>): object {
  const balance = Object.entries(coins).map(([coin, walletBalance]) => ({
    coin,
    walletBalance,
    transferBalance: walletBalance,
    bonus: '',
  }))
  return good({ accountType: 'FUND', memberId: '1448939', balance })
}

function unified(coins: Readonly<Record<string, string>>): object {
  const coin = Object.entries(coins).map(([name, walletBalance]) => ({ coin: name, walletBalance }))
  return good({ list: [{ accountType: 'UNIFIED', coin }] })
}

const timeAt = (atMs: number): object => good({ timeNano: `${atMs}000000` })

/** `+5 USDT Transfer in: Transfer from Unified Trading Account`, and what is there then. */
function row(text: string, atMs: number, after = '100', more: object = {}): object {
  const [, sign, amount, coin, kind = '', label = ''] =
    /^([+-])(\S+) (\S+) ([^:]*)(?:: (.*))?$/s.exec(text) ?? []
  return {
    memberId: '1448939',
    currency: coin,
    ioDirection: sign === '+' ? 'I' : 'O',
    txnAmt: amount,
    afterAmt: after,
    createTime: String(Math.floor(atMs / 1_000)),
    showBusiType: '',
    showBusiTypeEn: kind,
    description: '',
    descriptionEn: label,
    ...more,
  }
}

const none = good({ nextPageCursor: '', list: [] })
const usual: Readonly<Record<string, Served>> = {
  '/v5/market/time': timeAt(nowMs),
  '/v5/market/instruments-info': good({
    category: 'spot',
    list: [{ symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', status: 'Trading' }],
  }),
  '/v5/account/info': good({ unifiedMarginStatus: 5, marginMode: 'REGULAR_MARGIN' }),
  '/v5/account/wallet-balance': unified({ USDT: '1000' }),
  '/v5/account/transaction-log': none,
  '/v5/execution/list': none,
  '/v5/asset/transfer/query-account-coins-balance': fund({ USDT: '100', BTC: '0' }),
  '/v5/asset/fundinghistory': none,
}

function serve(
  t: Test,
  answers: Readonly<Record<string, Served>>,
  options: { readonly wallets?: readonly Wallet[]; readonly sinceMs?: number; readonly atMs?: number } = {},
) {
  const { wallets: marketTypes = ['funding'], atMs = nowMs, sinceMs = atMs - hourMs } = options
  const time = { '/v5/market/time': timeAt(atMs) }
  return serveExchange(t, 'bybit', {
    nowMs: atMs,
    sinceMs,
    answers: { ...usual, ...time, ...answers },
    marketTypes,
  })
}

async function observe(exchange: Awaited<ReturnType<typeof serve>>, cursor: string | null = null) {
  const polled = await exchange.poll({ cursor })
  if (polled.kind === 'failed') throw new Error(`${polled.code} ${polled.exchangeCode}`)
  const { flows, incomes, conversions, anchor, complete } = polled.observation
  return {
    flows: flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    incomes: incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`),
    conversions: conversions.map(({ conversion, changes }) =>
      [conversion, ...changes.map(({ asset, amount }) => `${amount} ${asset}`)].join(' '),
    ),
    anchor,
    complete,
    cursor: polled.cursor,
  }
}

t.test('alone, a week at a time, with no call of the unified wallet', async (t) => {
  const sinceMs = nowMs - 20 * dayMs
  const exchange = await serve(t, {}, { sinceMs })
  const { complete, anchor } = await observe(exchange)
  t.ok(complete)
  t.strictSame(anchor?.balances, [{ asset: 'USDT', amount: '100' }])
  const paths = new Set(exchange.asked.map((each) => each.split(' ')[0]))
  t.strictSame([...paths].toSorted(), [
    '/v5/asset/fundinghistory',
    '/v5/asset/transfer/query-account-coins-balance',
    '/v5/market/time',
  ])
  const spans = exchange.asked
    .filter((each) => each.startsWith('/v5/asset/fundinghistory'))
    .map((each) => new URLSearchParams(each.split(' ')[1]))
    .map((asked) => [Number(asked.get('createTimeFrom')), Number(asked.get('createTimeTo'))] as const)
  t.equal(spans[0]?.[0], (sinceMs - 5 * minuteMs) / 1_000)
  t.ok(spans.every(([from, to]) => to - from <= (7 * dayMs) / 1_000))
  t.ok(spans.every(([from], index) => index === 0 || from <= spans[index - 1]![1] + 1))
  t.ok(spans.at(-1)![1] >= nowMs / 1_000)
})

t.test('each kind of line', async (t) => {
  const kinds = [
    ['+700 USDT Deposit: Deposit', 'deposit 700 USDT', {}],
    ['+40 USDT Deposit: Deposit (Internal Transfer)', 'deposit 40 USDT', {}],
    ['-300.3 USDT Withdraw: Withdrawal', 'withdrawal -300.3 USDT', {}],
    ['+300.3 USDT Withdraw: Withdrawal failed', 'withdrawal 300.3 USDT', {}],
    ['+5 USDT Transfer in: Transfer from Unified Trading Account', 'transfer 5 USDT', {}],
    ['-6 USDT Transfer out: Main-Subaccount Transfer', 'transfer -6 USDT', {}],
    ['-50 MNT Earn: Launchpool Subscription', 'transfer -50 MNT', {}],
    ['-70 USDT Earn: Easy Earn | Flexible (Auto-Earn)', 'transfer -70 USDT', {}],
    ['+70 USDT Earn: Easy Earn | Flexible Redemption', 'transfer 70 USDT', {}],
    ['+0.1 USDT Earn: Easy Earn | Flexible Interest Distribution', 'reward 0.1 USDT', {}],
    ['+115 OBT Earn: Launchpool Yield', 'reward 115 OBT', {}],
    ['+2 XYZ Airdrop: Airdrop Bonus', 'reward 2 XYZ', {}],
    ['+196 USDT Fiat: P2P Purchase', 'deposit 196 USDT', {}],
    ['-80 USDT Fiat: P2P Sale', 'withdrawal -80 USDT', {}],
    ['+80 USDT Fiat: Canceled P2P Sale', 'withdrawal 80 USDT', {}],
    ['-1000 USDT Fiat: P2P Security Deposit Frozen', 'transfer -1000 USDT', {}],
    ['+1000 USDT Fiat: Unfreeze P2P Assets', 'transfer 1000 USDT', {}],
    ['-8 USDT Bybit Card: Purchase', 'withdrawal -8 USDT', {}],
    ['-200 USDT Crypto Loans: Increase Collateral \n', 'transfer -200 USDT', {}],
    ['-1.5 USDT Crypto Loans: Repay Interest', 'interest -1.5 USDT', {}],
    ['+0.25 USDT : Spot Fee Refund', 'rebate 0.25 USDT', {}],
    ['+9 USDT Something New: Nobody knows', '', {}],
    ['+9 USDT Something New: Deposit', '', {}],
    // by its keys, whatever language the words are in
    [
      '+3 USDT 充值: 充值',
      'deposit 3 USDT',
      { showBusiType: 'fundingAccountRecordTypeDeposit', description: 'fundingAccountRecordTypeDeposit' },
    ],
    [
      '-4 USDT x: y',
      'transfer -4 USDT',
      {
        showBusiType: 'fundingAccountRecordFiat',
        description: 'fundingAccountRecordFiatGAFreeze',
      },
    ],
    [
      '-5 USDT x: y',
      'withdrawal -5 USDT',
      {
        showBusiType: 'fundingAccountRecordBybitpay',
        description: 'fundingAccountRecordBybitpayFiatFreeze',
      },
    ],
  ] as const
  const atMs = nowMs - 30 * minuteMs
  const list = kinds.map(([text, , more], index) => row(text, atMs + index * 10_000, '100', more))
  const exchange = await serve(t, { '/v5/asset/fundinghistory': good({ nextPageCursor: '', list }) })
  const polled = await exchange.poll()
  if (polled.kind === 'failed') return t.fail(polled.code)
  const { flows, incomes, conversions } = polled.observation
  const told = [
    ...flows.map((flow) => ({ ...flow, kind: flow.flow })),
    ...incomes.map((income) => ({ ...income, kind: income.income })),
  ]
  for (const [index, [text, wanted]] of kinds.entries()) {
    const own = told.filter((each) => each.atMs === atMs + index * 10_000)
    t.equal(own.map(({ kind, amount, asset }) => `${kind} ${amount} ${asset}`).join(), wanted, text)
  }
  t.strictSame(conversions, [])
})

t.test('the sides of a conversion are one', async (t) => {
  const atMs = nowMs - 20 * minuteMs
  const list = [
    row('+8.34 USDC Convert: Convert', atMs + 1_000),
    row('-0.0001 BTC Convert: Convert', atMs),
    row('+0.55 MNT Convert: Small Balance Conversion', atMs + 60_000),
    row('-0.004 SOL Convert: Small Balance Conversion', atMs + 60_000),
    row('-0.1 XRP Convert: Small Balance Conversion', atMs + 59_000),
    row('-1 ETH ETH 2.0: Stake', atMs + 120_000),
    row('+0.93 METH ETH 2.0: Mint', atMs + 121_000),
    // its other side is not here
    row('-3 ADA Convert: Convert', atMs + 300_000),
  ]
  const exchange = await serve(t, { '/v5/asset/fundinghistory': good({ nextPageCursor: '', list }) })
  const { conversions, flows } = await observe(exchange)
  t.strictSame(conversions, [
    'convert -0.0001 BTC 8.34 USDC',
    'dust 0.55 MNT -0.004 SOL -0.1 XRP',
    'convert -1 ETH 0.93 METH',
  ])
  t.strictSame(flows, [])
})

const both: readonly Wallet[] = ['spot', 'funding']

function line(type: string, currency: string, change: string, atMs: number): object {
  return { id: `l${atMs}`, type, currency, change, transactionTime: String(atMs), category: '' }
}

t.test('what goes between the two wallets is no flow, and what comes from outside is', async (t) => {
  const atMs = nowMs - 20 * minuteMs
  const log = good({
    nextPageCursor: '',
    list: [
      line('TRANSFER_IN', 'USDT', '700', atMs + 400),
      line('TRANSFER_OUT', 'USDT', '-33', atMs + 60_400),
      // of another account
      line('TRANSFER_IN', 'USDT', '12', atMs + 120_000),
      line('DEPOSIT', 'USDT', '5', atMs + 180_000),
    ],
  })
  const history = good({
    nextPageCursor: '',
    list: [
      row('+700 USDT Deposit: Deposit', atMs - 30_000, '800'),
      row('-700 USDT Transfer out: Transfer to Unified Trading Account', atMs),
      row('+33 USDT Transfer in: Transfer from Unified Trading Account', atMs + 60_000, '133'),
      row('-33 USDT Withdraw: Withdrawal', atMs + 90_000),
      // as much as the other account's, but it says where it comes from
      row('-12 USDT Transfer out: Main-Subaccount Transfer', atMs + 121_000, '88'),
    ],
  })
  const answers = { '/v5/account/transaction-log': log, '/v5/asset/fundinghistory': history }
  const { flows, anchor, complete } = await observe(await serve(t, answers, { wallets: both }))
  t.ok(complete)
  t.strictSame(flows.toSorted(), [
    'deposit 5 USDT',
    'deposit 700 USDT',
    'transfer -12 USDT',
    'transfer 12 USDT',
    'withdrawal -33 USDT',
  ])
  t.strictSame(anchor?.balances, [{ asset: 'USDT', amount: '1100' }])
  const alone = await observe(await serve(t, answers, { wallets: ['spot'] }))
  t.strictSame(alone.flows, ['transfer 700 USDT', 'transfer -33 USDT', 'transfer 12 USDT', 'deposit 5 USDT'])
})

t.test('what comes to the unified wallet without passing the other is a deposit by its list', async (t) => {
  const atMs = nowMs - 20 * minuteMs
  const exchange = await serve(
    t,
    {
      '/v5/account/transaction-log': good({
        list: [
          line('TRANSFER_IN', 'USDT', '250', atMs),
          line('TRANSFER_IN', 'BTC', '0.5', atMs + 1),
          line('TRANSFER_IN', 'USDT', '31', atMs + 2),
          line('TRANSFER_OUT', 'USDT', '-87', atMs + 3),
          line('TRANSFER_OUT', 'USDT', '-5', atMs + 4),
        ],
      }),
      '/v5/asset/deposit/query-record': good({
        nextPageCursor: '',
        rows: [
          { coin: 'USDT', amount: '250', status: 3, successAt: String(atMs - minuteMs), txID: '0xa' },
          { coin: 'BTC', amount: '0.5', status: 10012, successAt: String(atMs), txID: '0xb' },
          // neither credited nor of that time
          { coin: 'USDT', amount: '31', status: 2, successAt: '', txID: '' },
          { coin: 'USDT', amount: '31', status: 3, successAt: String(atMs - hourMs), txID: '0xc' },
        ],
      }),
      '/v5/asset/deposit/query-internal-record': good({
        nextPageCursor: '',
        rows: [{ id: '1', coin: 'USDT', amount: '31', status: 3, createdTime: String(atMs / 1_000) }],
      }),
      '/v5/asset/withdraw/query-record': good({
        nextPageCursor: '',
        rows: [{ withdrawId: '1', coin: 'USDT', amount: '77', withdrawFee: '10', createTime: String(atMs) }],
      }),
    },
    { wallets: both },
  )
  t.strictSame((await observe(exchange)).flows, [
    'deposit 250 USDT',
    'deposit 0.5 BTC',
    'transfer 31 USDT',
    'withdrawal -87 USDT',
    'transfer -5 USDT',
  ])
  const asked = exchange.asked.find((each) => each.startsWith('/v5/asset/withdraw/query-record'))
  t.match(asked, /withdrawType=2/)
  // a key that may not read them still tells what was moved
  for (const path of ['deposit/query-record', 'deposit/query-internal-record', 'withdraw/query-record']) {
    exchange.answers.set(`/v5/asset/${path}`, { retCode: 10005, retMsg: '', result: {} })
  }
  t.strictSame(
    (await observe(exchange)).flows.map((text) => text.split(' ')[0]),
    ['transfer', 'transfer', 'transfer', 'transfer', 'transfer'],
  )
})

t.test('the documented withdrawals', async (t) => {
  const body = documentedBody('bybit/V5Api/Account/GetWithdrawals.txt')
  if (body === null) return t.comment('no reference folder here')
  const none1 = good({ nextPageCursor: '', rows: [] })
  let pages = 0
  for (const [atMs, change] of [
    // 77 and a fee of 10, applied for
    [1_670_922_217_000, '-87'],
    // to another user, without a fee
    [1_698_889_833_000, '-20.1234'],
  ] as const) {
    const exchange = await serve(
      t,
      {
        '/v5/account/transaction-log': good({ list: [line('TRANSFER_OUT', 'USDT', change, atMs + 2_000)] }),
        '/v5/asset/deposit/query-record': none1,
        '/v5/asset/deposit/query-internal-record': none1,
        // its cursor leads on to nothing
        '/v5/asset/withdraw/query-record': () => ((pages += 1) % 2 === 1 ? body : none1),
      },
      {
        wallets: both,
        atMs: 1_698_890_000_000,
        sinceMs: atMs - hourMs,
      },
    )
    t.strictSame((await observe(exchange)).flows, [`withdrawal ${change} USDT`])
  }
})

t.test('a transfer whose other side is not told yet is waited for', async (t) => {
  const exchange = await serve(t, {}, { wallets: both })
  const first = await observe(exchange)
  t.ok(first.complete)
  const atMs = nowMs + 5 * minuteMs
  exchange.clock.atMs = atMs
  exchange.answers.set('/v5/market/time', timeAt(atMs))
  const log = line('TRANSFER_OUT', 'USDT', '-20', atMs - 20 * secondMs)
  exchange.answers.set('/v5/account/transaction-log', good({ nextPageCursor: '', list: [log] }))
  exchange.answers.set('/v5/account/wallet-balance', unified({ USDT: '980' }))
  const second = await observe(exchange, first.cursor)
  t.match(second, { complete: false, flows: [], anchor: null })

  const laterMs = atMs + minuteMs
  exchange.clock.atMs = laterMs
  exchange.answers.set('/v5/market/time', timeAt(laterMs))
  const list = [
    row('+20 USDT Transfer in: Transfer from Unified Trading Account', atMs - 20 * secondMs, '120'),
  ]
  exchange.answers.set('/v5/asset/fundinghistory', good({ nextPageCursor: '', list }))
  exchange.answers.set('/v5/asset/transfer/query-account-coins-balance', fund({ USDT: '120' }))
  const third = await observe(exchange, second.cursor)
  t.match(third, { complete: true, flows: [], anchor: { balances: [{ asset: 'USDT', amount: '1100' }] } })
})

t.test('a conversion of which one side is not told yet is waited for', async (t) => {
  const exchange = await serve(t, {})
  const first = await observe(exchange)
  const atMs = nowMs + 5 * minuteMs
  const at1 = (at: number): void => {
    exchange.clock.atMs = at
    exchange.answers.set('/v5/market/time', timeAt(at))
  }
  at1(atMs)
  const sold = row('-60 USDT Convert: Convert', atMs - 20 * secondMs, '40')
  const bought = row('+0.02 ETH Convert: Convert', atMs - 20 * secondMs, '0.02')
  exchange.answers.set('/v5/asset/fundinghistory', good({ nextPageCursor: '', list: [sold] }))
  exchange.answers.set('/v5/asset/transfer/query-account-coins-balance', fund({ USDT: '40' }))
  const second = await observe(exchange, first.cursor)
  t.match(second, { complete: false, conversions: [], anchor: null })

  at1(atMs + minuteMs)
  exchange.answers.set('/v5/asset/fundinghistory', good({ nextPageCursor: '', list: [bought, sold] }))
  exchange.answers.set('/v5/asset/transfer/query-account-coins-balance', fund({ USDT: '40', ETH: '0.02' }))
  const third = await observe(exchange, second.cursor)
  t.match(third, { complete: true, conversions: ['convert 0.02 ETH -60 USDT'] })
})

t.test('what happens in the second of a balance read, after it, is not in it', async (t) => {
  const exchange = await serve(t, {}, { atMs: nowMs + 300 })
  const first = await observe(exchange)
  t.equal(first.anchor?.atMs, nowMs - 1, 'until the second began')
  // at 600 of that second, told as its beginning
  const list = [row('+25 USDT Deposit: Deposit', nowMs + 600, '125')]
  exchange.answers.set('/v5/asset/fundinghistory', good({ nextPageCursor: '', list }))
  exchange.answers.set('/v5/asset/transfer/query-account-coins-balance', fund({ USDT: '125' }))
  const atMs = nowMs + minuteMs
  exchange.clock.atMs = atMs
  exchange.answers.set('/v5/market/time', timeAt(atMs))
  const second = await observe(exchange, first.cursor)
  t.match(second, { complete: true, flows: ['deposit 25 USDT'], anchor: { atMs: atMs - 1 } })
})

t.test('the documented history', async (t) => {
  const body = documentedBody('bybit/V5Api/Account/GetFundingTransactionHistory.txt')
  if (body === null) return t.comment('no reference folder here')
  const atMs = 1_772_699_449_372
  const exchange = await serve(
    t,
    {
      '/v5/asset/fundinghistory': body,
      '/v5/asset/transfer/query-account-coins-balance': fund({ BTC: '7.5547230662687035' }),
    },
    { atMs, sinceMs: atMs - dayMs },
  )
  const polled = await exchange.poll()
  t.match(polled, {
    kind: 'observed',
    observation: {
      complete: true,
      // interest on what was put into an earn product
      flows: [{ flow: 'reward', asset: 'BTC', amount: '0.00003561', atMs: 1_772_669_763_000 }],
      anchor: { balances: [{ asset: 'BTC', amount: '7.5547230662687035' }] },
    },
  })
})

t.test('a documented convert and redemption, as the history has them', async (t) => {
  const first = (path: string): Record<string, string> | undefined => {
    const body = documentedBody(path)
    if (body === null) return undefined
    return (JSON.parse(body) as { result: { list: Record<string, string>[] } }).result.list[0]
  }
  const convert = first('bybit/V5Api/Account/GetConvertHistory.txt')
  const order = first('bybit/V5Api/Earn/GetOrderHistory.txt')
  if (convert === undefined || order === undefined) return t.comment('no reference folder here')
  const atMs = nowMs - 20 * minuteMs
  const list = [
    row(`+${convert['toAmount']} ${convert['toCoin']} Convert: Convert`, atMs),
    row(`-${convert['fromAmount']} ${convert['fromCoin']} Convert: Convert`, atMs),
    row(`+${order['orderValue']} ${order['coin']} Earn: Easy Earn | Flexible Redemption`, atMs + minuteMs),
  ]
  const exchange = await serve(t, { '/v5/asset/fundinghistory': good({ nextPageCursor: '', list }) })
  const { conversions, flows } = await observe(exchange)
  t.strictSame(conversions, ['convert 0.00534882723991 BTC -0.1 ETH'])
  t.strictSame(flows, ['transfer 0.35 BTC'])
})

t.test('an answer that can not be true is nothing', async (t) => {
  const good1 = row('+1 USDT Deposit: Deposit', nowMs - minuteMs)
  for (const [name, path, answer] of [
    ['another wallet', 'balance', good({ accountType: 'UNIFIED', balance: [] })],
    ['no balance', 'balance', good({ accountType: 'FUND', balance: [{ coin: 'USDT' }] })],
    ['no direction', 'history', good({ list: [{ ...good1, ioDirection: 'X' }] })],
    ['milliseconds', 'history', good({ list: [{ ...good1, createTime: String(nowMs) }] })],
    ['a sign', 'history', good({ list: [{ ...good1, txnAmt: '-1' }] })],
    ['no list', 'history', good({})],
  ] as const) {
    const path1 =
      path === 'balance' ? '/v5/asset/transfer/query-account-coins-balance' : '/v5/asset/fundinghistory'
    const exchange = await serve(t, { [path1]: answer })
    t.match(await exchange.poll(), { kind: 'failed' }, name)
  }
})
