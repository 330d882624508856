import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Wallet } from '../../src/accounting/observation.ts'
import { balance, bill, good, nowMs, observed, serve } from './okx.ts'
import { documentedBody } from './served.ts'

/** okx's funding account, alone and beside the one for trading. */

const alone: readonly Wallet[] = ['funding']
const both: readonly Wallet[] = ['spot', 'funding']

let bills = 0
function fundingBill(type: string, ccy: string, balChg: string, atMs = nowMs - 10 * minuteMs): object {
  bills += 1
  return {
    billId: String(12_000_000 + bills),
    ccy,
    clientId: '',
    balChg,
    bal: '',
    type,
    ts: String(atMs),
    notes: '',
  }
}

function flowsOf(seen: Awaited<ReturnType<typeof observed>>): readonly string[] | undefined {
  return seen?.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`)
}

t.test('each kind of bill', async (t) => {
  const exchange = await serve(
    t,
    {
      '/api/v5/asset/bills': good([
        fundingBill('1', 'USDT', '100'),
        fundingBill('2', 'USDT', '-41'),
        fundingBill('13', 'USDT', '41'),
        fundingBill('130', 'BTC', '0.1'),
        fundingBill('131', 'USDT', '-25'),
        fundingBill('20', 'USDT', '-1'),
        fundingBill('75', 'USDT', '-60'),
        fundingBill('83', 'ETH', '0.001'),
        fundingBill('48', 'OKB', '3'),
        fundingBill('346', 'USDT', '-0.5'),
        fundingBill('300', 'USDT', '0.25'),
        fundingBill('272', 'ETH', '1.77'),
        fundingBill('273', 'BTC', '-0.1'),
        // nobody knows what it is
        fundingBill('8888', 'USDT', '9'),
        fundingBill('1', 'USDT', '0'),
      ]),
    },
    { wallets: alone },
  )
  const seen = await observed(exchange, t)
  t.strictSame(flowsOf(seen), [
    'deposit 100 USDT',
    'withdrawal -41 USDT',
    'withdrawal 41 USDT',
    'transfer 0.1 BTC',
    'transfer -25 USDT',
    'transfer -1 USDT',
    'transfer -60 USDT',
    'reward 0.001 ETH',
    'reward 3 OKB',
  ])
  t.strictSame(
    seen?.incomes.map(({ income, asset, amount }) => `${income} ${amount} ${asset}`),
    ['interest -0.5 USDT', 'rebate 0.25 USDT'],
  )
  t.match(seen?.conversions, [
    {
      conversion: 'convert',
      changes: [
        { asset: 'BTC', amount: '-0.1' },
        { asset: 'ETH', amount: '1.77' },
      ],
    },
  ])
  t.notOk(
    exchange.asked.some(
      (each) => each.startsWith('/api/v5/account/') || each.startsWith('/api/v5/trade/fills'),
    ),
    'nothing is asked of the trading account',
  )
})

t.test('what goes between two accounts that are watched is nothing', async (t) => {
  const exchange = await serve(
    t,
    { '/api/v5/asset/balances': good([{ ccy: 'USDT', bal: '50.5', availBal: '0.5', frozenBal: '50' }]) },
    { wallets: both },
  )
  const first = await exchange.poll()
  if (first.kind !== 'observed') return t.fail(first.code)
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'USDT', amount: '1050.5' }])
  const atMs = nowMs + 30 * minuteMs
  exchange.clock.atMs = atMs
  exchange.answers.set('/api/v5/public/time', good([{ ts: String(atMs) }]))
  exchange.answers.set('/api/v5/account/balance', balance([{ ccy: 'USDT', cashBal: '1300', eq: '1300' }]))
  exchange.answers.set('/api/v5/asset/balances', good([{ ccy: 'USDT', bal: '150.5' }]))
  const at = nowMs + 5 * minuteMs
  exchange.answers.set(
    '/api/v5/account/bills',
    good([{ ...bill('1', '11', 'USDT', '300', { from: '6', to: '18' }), ts: String(at + secondMs) }]),
  )
  exchange.answers.set(
    '/api/v5/asset/bills',
    good([fundingBill('131', 'USDT', '-300', at), fundingBill('1', 'USDT', '400', at - minuteMs)]),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind !== 'observed') return t.fail(second.code)
  t.ok(second.observation.complete)
  t.strictSame(flowsOf(second.observation), ['deposit 400 USDT'])
  // its partner may still come
  exchange.answers.set('/api/v5/asset/bills', good([fundingBill('1', 'USDT', '100', at - minuteMs)]))
  exchange.answers.set(
    '/api/v5/account/bills',
    good([{ ...bill('1', '11', 'USDT', '250'), ts: String(atMs - secondMs) }]),
  )
  const early = await exchange.poll({ cursor: first.cursor })
  if (early.kind !== 'observed') return t.fail(early.code)
  t.notOk(early.observation.complete)
  t.strictSame(flowsOf(early.observation), ['deposit 100 USDT'])
})

t.test('other lists name what a bill does not', async (t) => {
  const at = nowMs - 20 * minuteMs
  const exchange = await serve(
    t,
    {
      '/api/v5/asset/bills': good([
        fundingBill('8801', 'USDT', '1', at),
        fundingBill('8802', 'ETH', '-0.036809', at),
        fundingBill('8803', 'SOL', '7', at),
        // sides a while apart
        fundingBill('272', 'BTC', '0.02', at),
        fundingBill('273', 'USDT', '-1200.5', at + minuteMs),
      ]),
      '/api/v5/asset/deposit-history': good([
        { ccy: 'USDT', amt: '1', state: '2', ts: String(at - hourMs), depId: '1', from: '', to: 'T' },
        // not credited yet
        { ccy: 'SOL', amt: '7', state: '0', ts: String(at - hourMs), depId: '2' },
      ]),
      '/api/v5/asset/withdrawal-history': good([
        { ccy: 'ETH', amt: '0.029809', fee: '0.007', state: '2', ts: String(at), wdId: '3' },
      ]),
      '/api/v5/asset/convert/history': good([
        {
          tradeId: 'trader16461885203381437',
          state: 'fullyFilled',
          instId: 'BTC-USDT',
          baseCcy: 'BTC',
          quoteCcy: 'USDT',
          side: 'buy',
          fillPx: '60025',
          fillBaseSz: '0.02',
          fillQuoteSz: '1200.5',
          ts: String(at),
        },
      ]),
    },
    { wallets: alone },
  )
  const seen = await observed(exchange, t)
  t.strictSame(flowsOf(seen), ['deposit 1 USDT', 'withdrawal -0.036809 ETH'])
  t.match(seen?.conversions, [
    {
      conversion: 'convert',
      changes: [
        { asset: 'BTC', amount: '0.02' },
        { asset: 'USDT', amount: '-1200.5' },
      ],
      atMs: at + minuteMs,
    },
  ])
})

t.test('pages by number, for many bills have one instant; older ones of a slower list', async (t) => {
  const all = Array.from({ length: 230 }, () =>
    fundingBill('1', 'USDT', '1', nowMs - 40 * dayMs),
  ).toReversed()
  const page = (url: URL): object => {
    const query = url.searchParams
    const after = query.get('after') ?? ''
    const rows = all.filter((each) => {
      const row = each as { billId: string; ts: string }
      return query.get('pagingType') === '2'
        ? Number(row.billId) < Number(after)
        : Number(row.ts) < Number(after)
    })
    return good(rows.slice(0, 100))
  }
  const exchange = await serve(
    t,
    { '/api/v5/asset/bills-history': page },
    { wallets: alone, sinceMs: nowMs - 60 * dayMs },
  )
  t.equal((await observed(exchange, t))?.flows.length, 230)
  t.strictSame(
    exchange.asked.filter((each) => each.startsWith('/api/v5/asset/bills ')),
    [],
  )
})

t.test('a backlog of weeks comes poll by poll', async (t) => {
  // a hundred in eleven hours, and as many in the other account
  const everyMs = 400_000
  const count = 12_000
  const fromMs = nowMs - count * everyMs
  const rowsIn = (begin: number, end: number, make: (index: number, atMs: number) => object): object[] => {
    const rows: object[] = []
    for (
      let index = Math.min(count - 1, Math.floor((end - fromMs) / everyMs));
      index >= 0 && rows.length < 100;
      index -= 1
    ) {
      const atMs = fromMs + index * everyMs
      if (atMs < begin) break
      rows.push(make(index, atMs))
    }
    return rows
  }
  const trading = (url: URL): object => {
    const query = url.searchParams
    const after = query.get('after')
    const end = Number(query.get('end'))
    const last = after === null ? end : Math.min(end, fromMs + (Number(after) - 1_000_001) * everyMs)
    return good(
      rowsIn(Number(query.get('begin')), last, (index, atMs) => ({
        ...bill('1', '11', 'USDT', '1'),
        billId: String(1_000_000 + index),
        ts: String(atMs),
      })),
    )
  }
  const funding = (url: URL): object => {
    const query = url.searchParams
    const after = Number(query.get('after'))
    const last = query.get('pagingType') === '2' ? fromMs + (after - 2_000_001) * everyMs : after - 1
    return good(
      rowsIn(Number(query.get('before') ?? 0) + 1, last, (index, atMs) => ({
        ...fundingBill('1', 'USDT', '1', atMs),
        billId: String(2_000_000 + index),
      })),
    )
  }
  const exchange = await serve(
    t,
    {
      '/api/v5/account/bills': trading,
      '/api/v5/account/bills-archive': trading,
      '/api/v5/asset/bills': funding,
      '/api/v5/asset/bills-history': funding,
    },
    { wallets: both, sinceMs: fromMs - hourMs },
  )
  let cursor: string | null = null
  const ids = new Set<string>()
  let polls = 0
  for (let isComplete = false; !isComplete && polls < 40; polls += 1) {
    const answer = await exchange.poll({ cursor })
    if (answer.kind !== 'observed') return t.fail(answer.code)
    for (const { id } of answer.observation.flows) ids.add(id)
    isComplete = answer.observation.complete
    cursor = answer.cursor
  }
  t.ok(polls < 40, `${polls} polls`)
  t.equal(ids.size, 2 * count)
})

t.test('documented answers', async (t) => {
  const names = [
    'GetFundingBalance',
    'GetFundingBillDetails',
    'GetFundingBillHistory',
    'GetDepositHistory',
    'GetWithdrawalHistory',
    'GetEasyConvertDustHistory',
  ]
  const [held, month, older, deposits, withdrawals, small] = names.map((name) =>
    documentedBody(`okx/UnifiedApi/Account/${name}.txt`),
  )
  if (held == null) return t.comment('no reference folder here')
  const billedMs = 1_597_026_383_085
  const recent = await serve(
    t,
    { '/api/v5/asset/balances': held, '/api/v5/asset/bills': month! },
    { wallets: alone, atMs: billedMs + hourMs, sinceMs: billedMs - hourMs },
  )
  const seen = await observed(recent, t)
  t.strictSame(seen?.anchor?.balances, [{ asset: 'ETH', amount: '37.11827078' }])
  t.strictSame(flowsOf(seen), ['deposit 2 BTC'])
  t.equal(seen?.flows[0]?.atMs, billedMs)
  const later = await serve(
    t,
    { '/api/v5/asset/bills-history': older! },
    { wallets: alone, atMs: billedMs + 40 * dayMs, sinceMs: billedMs - hourMs },
  )
  t.strictSame(flowsOf(await observed(later, t)), ['deposit 2 BTC'])
  for (const [path, body, ccy, change, atMs, flow] of [
    ['deposit-history', deposits!, 'USDT', '1', 1_674_038_705_000, 'deposit 1 USDT'],
    ['withdrawal-history', withdrawals!, 'ETH', '-0.036809', 1_655_251_200_000, 'withdrawal -0.036809 ETH'],
  ] as const) {
    const exchange = await serve(
      t,
      {
        [`/api/v5/asset/${path}`]: body,
        '/api/v5/asset/bills': good([fundingBill('7777', ccy, change, atMs + 5 * minuteMs)]),
      },
      { wallets: alone, atMs: atMs + hourMs },
    )
    t.strictSame(flowsOf(await observed(exchange, t)), [flow])
  }
  // of the trading account, where the bills do not say which belong together
  const atMs = 1_661_313_307_979
  const at = (more: number) => ({ ts: String(atMs + more) })
  const exchange = await serve(
    t,
    {
      '/api/v5/trade/easy-convert-history': small!,
      '/api/v5/account/bills': good([
        { ...bill('28', '237', 'OKB', '-0.1761712511667539'), ...at(1) },
        { ...bill('28', '236', 'ADA', '6.73422059'), ...at(20) },
        { ...bill('28', '237', 'OKB', '-0.1722106121112177'), ...at(3) },
        { ...bill('28', '236', 'USDC', '2.99710183'), ...at(40) },
      ]),
    },
    { wallets: ['spot'], atMs: atMs + hourMs },
  )
  t.strictSame(
    (await observed(exchange, t))?.conversions.map(({ conversion, changes }) => [
      conversion,
      ...changes.map(({ asset, amount }) => `${amount} ${asset}`),
    ]),
    [
      ['dust', '6.73422059 ADA', '-0.1761712511667539 OKB'],
      ['dust', '-0.1722106121112177 OKB', '2.99710183 USDC'],
    ],
  )
})
