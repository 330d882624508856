import { createHmac } from 'node:crypto'
import { dayMs, hourMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** bybit's protocol as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const simulator = await startSimulator({
  exchange: 'bybit',
  seed: 5,
  startMs,
  scenario: {
    accounts: [
      { opening: { USDT: '20000', BTC: '0.1' }, trader: { ordersPerDay: 60, symbols: ['BTC/USDT'] } },
      { opening: { USDT: '1' }, trader: null, permissions: ['AccountTransfer'] },
      {
        opening: { USDT: '20000', BTC: '0.5' },
        unified: true,
        trader: null,
        contractTrader: { ordersPerDay: 80, symbols: ['BTC/USDT:USDT', 'BTC/USD:BTC'] },
        events: [{ kind: 'borrow', atMs: startMs + dayMs, asset: 'USDT', amount: '900', purse: 'spot' }],
      },
      {
        opening: { USDT: '100' },
        unified: true,
        purses: { funding: { USDT: '50' } },
        trader: null,
        events: [
          ...Array.from({ length: 12 }, (_, hour) => ({
            kind: 'deposit' as const,
            atMs: startMs + dayMs + hour * hourMs,
            asset: 'USDT',
            amount: '5',
            purse: 'funding' as const,
          })),
          { kind: 'transfer', atMs: startMs + 2 * dayMs + 640, asset: 'USDT', amount: '30' },
          {
            kind: 'withdrawal',
            atMs: startMs + 2 * dayMs + hourMs,
            asset: 'USDT',
            amount: '20',
            fee: '1',
            purse: 'funding',
          },
        ],
      },
    ],
  },
})
t.teardown(() => simulator.close())
type Account = (typeof simulator.accounts)[0]
const [trader, other, holder, saver] = simulator.accounts as [Account, Account, Account, Account]

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly retCode: number
  readonly result: Readonly<Record<string, unknown>> & {
    readonly list: readonly Readonly<Record<string, string>>[]
    readonly rows: readonly Readonly<Record<string, string>>[]
    readonly nextPageCursor: string
  }
}

async function ask(
  path: string,
  query: string,
  more: { account?: typeof trader; atMs?: number; window?: string; secret?: string; method?: string } = {},
): Promise<Answer> {
  const { account = trader, window = '5000' } = more
  const sent = String(more.atMs ?? simulator.nowMs())
  const headers = {
    'x-bapi-api-key': account.apiKey,
    'x-bapi-timestamp': sent,
    'x-bapi-recv-window': window,
    'x-bapi-sign': createHmac('sha256', more.secret ?? account.secret)
      .update(sent + account.apiKey + window + query)
      .digest('hex'),
  }
  const url = `${simulator.url}${path}${query === '' ? '' : '?'}${query}`
  const answer = await fetch(url, { headers, method: more.method ?? 'GET' })
  const body = (await answer.json()) as Omit<Answer, 'status' | 'headers'>
  return { status: answer.status, headers: answer.headers, ...body }
}

const balance = '/v5/account/wallet-balance'
const log = '/v5/account/transaction-log'

t.test('who asks, when, and for what', async (t) => {
  const unified = 'accountType=UNIFIED'
  const good = await ask(balance, unified)
  t.match(good.result, {
    list: [
      { accountType: 'UNIFIED', coin: [{ coin: 'USDT', walletBalance: '20000.00000000' }, { coin: 'BTC' }] },
    ],
  })
  t.equal(good.headers.get('x-bapi-limit'), '50')
  const refused = async (code: number, query: string, more: Parameters<typeof ask>[2] = {}, path = balance) =>
    t.equal((await ask(path, query, more)).retCode, code, JSON.stringify({ ...more, query }))
  await refused(10004, unified, { secret: 'wrong' })
  await refused(10003, unified, { account: { ...trader, apiKey: 'x' } })
  await refused(10002, unified, { atMs: startMs - 5_001 })
  await refused(0, unified, { atMs: startMs - 5_000 })
  await refused(10002, unified, { atMs: startMs + 1_000 })
  await refused(10001, '')
  await refused(10001, 'accountType=SPOT')
  await refused(10005, unified, { method: 'POST' }, '/v5/order/create')
  await refused(10001, `startTime=${startMs - 7 * dayMs - 1}&endTime=${startMs}`, {}, log)
  await refused(10001, 'limit=51', {}, log)
  await refused(10001, 'cursor=elsewhere', {}, log)
  await refused(10001, 'limit=100', {}, '/v5/execution/list')
  t.match((await ask('/v5/user/query-api', '')).result, { readOnly: 1, uta: 1, userID: Number(trader.uid) })
  t.match((await ask('/v5/user/query-api', '', { account: other })).result, { readOnly: 0 })
})

t.test('fifty rows a page, newest first, and the log gives the balance', async (t) => {
  simulator.advanceTo(startMs + 3 * dayMs)
  const endMs = simulator.nowMs()
  const rows: Readonly<Record<string, string>>[] = []
  for (let cursor = ''; ;) {
    simulator.advanceTo(simulator.nowMs() + 1)
    const span = `startTime=${startMs}&endTime=${endMs}&limit=50`
    const { result } = await ask(log, cursor === '' ? span : `${span}&cursor=${cursor}`)
    t.ok(result.list.length <= 50)
    rows.push(...result.list)
    cursor = result.nextPageCursor
    if (cursor === '') break
  }
  t.ok(rows.length > 100)
  t.equal(new Set(rows.map(({ id, currency }) => `${id} ${currency}`)).size, rows.length)
  const times = rows.map(({ transactionTime }) => Number(transactionTime))
  t.strictSame(
    times,
    times.toSorted((a, b) => b - a),
  )
  for (const [asset, opening] of [
    ['USDT', 20_000],
    ['BTC', 0.1],
  ] as const) {
    const own = rows.filter(({ currency }) => currency === asset)
    const moved = own.reduce<number>((sum, { change }) => sum + Number(change), opening)
    t.ok(Math.abs(moved - Number(own[0]?.['cashBalance'])) < 1e-6, asset)
    t.ok(
      own.every(
        ({ cashFlow, fee, change }) => Math.abs(Number(cashFlow) - Number(fee) - Number(change)) < 1e-9,
      ),
    )
  }
})

t.test('the funding wallet, its history by the second, and the lists of what passed it', async (t) => {
  const coins = '/v5/asset/transfer/query-account-coins-balance'
  const history = '/v5/asset/fundinghistory'
  const account = saver
  t.match((await ask(coins, 'accountType=FUND', { account })).result, {
    accountType: 'FUND',
    // 50 + 12 · 5 - 30 - 21
    balance: [{ coin: 'USDT', walletBalance: '59.00000000' }],
  })
  const rows: Readonly<Record<string, string>>[] = []
  const from = Math.floor(startMs / 1_000)
  for (let cursor = ''; ;) {
    simulator.advanceTo(simulator.nowMs() + secondMs)
    const span = `createTimeFrom=${from}&createTimeTo=${from + 7 * 86_400}`
    const { result } = await ask(history, `${span}${cursor === '' ? '' : `&cursor=${cursor}`}`, { account })
    t.ok(result.list.length <= 10, 'ten a page where nothing is said')
    rows.push(...result.list)
    cursor = encodeURIComponent(result.nextPageCursor)
    if (cursor === '') break
  }
  t.equal(rows.length, 14, 'what was there at the start is no line')
  t.match(rows[0], { ioDirection: 'O', txnAmt: '21.00000000', afterAmt: '59.00000000' })
  t.match(rows[1], {
    createTime: String((startMs + 2 * dayMs) / 1_000),
    description: 'fundingAccountRecordTransfer2TradingAccount',
  })
  const moved = rows.reduce(
    (sum, { ioDirection, txnAmt }) => sum + Number(txnAmt) * (ioDirection === 'I' ? 1 : -1),
    50,
  )
  t.equal(moved, Number(rows[0]!['afterAmt']))
  const lines = (await ask(log, `startTime=${startMs}&endTime=${startMs + 6 * dayMs}`, { account })).result
    .list
  t.match(lines, [{ type: 'TRANSFER_IN', change: '30.00000000', cashBalance: '130.00000000' }])

  const at = `startTime=${startMs}&endTime=${startMs + 6 * dayMs}`
  const deposits = (await ask('/v5/asset/deposit/query-record', at, { account })).result.rows
  t.equal(deposits.length, 12)
  t.match(deposits[0], { coin: 'USDT', amount: '5.00000000', status: 3 })
  const withdrawals = (await ask('/v5/asset/withdraw/query-record', at, { account })).result.rows
  t.match(withdrawals, [{ amount: '20', withdrawFee: '1', status: 'success', withdrawType: 0 }])
  const inside = await ask('/v5/asset/withdraw/query-record', `${at}&withdrawType=1`, { account })
  t.strictSame(inside.result.rows, [])

  for (const [path, query] of [
    [coins, 'accountType=UNIFIED'],
    [history, `createTimeFrom=${from}`],
    [history, `createTimeFrom=${from}&createTimeTo=${from + 7 * 86_400 + 1}`],
    [history, 'limit=101'],
    ['/v5/asset/deposit/query-record', 'limit=51'],
    ['/v5/asset/withdraw/query-record', `startTime=${startMs - 31 * dayMs}&endTime=${startMs}`],
  ] as const) {
    simulator.advanceTo(simulator.nowMs() + secondMs)
    t.equal((await ask(path, query, { account })).retCode, 10001, `${path} ${query}`)
  }
})

t.test('the pace of an account, and of an address', async (t) => {
  simulator.advanceTo(simulator.nowMs() + secondMs)
  const many = await Promise.all(Array.from({ length: 11 }, () => ask('/v5/user/query-api', '')))
  t.strictSame(many.map(({ retCode }) => retCode).toSorted(), [...Array.from({ length: 10 }, () => 0), 10006])
  t.equal((await ask('/v5/user/query-api', '', { account: other })).retCode, 0, 'the other one may')
  for (let call = 0; call < 600; call += 1) await fetch(`${simulator.url}/v5/market/time`)
  t.match(await ask('/v5/market/time', ''), { status: 403, retCode: 10018 })
  simulator.advanceTo(simulator.nowMs() + 9 * 60 * secondMs)
  t.equal((await ask('/v5/market/time', '')).status, 403, 'for ten minutes')
  simulator.advanceTo(simulator.nowMs() + 60 * secondMs)
  t.equal((await ask('/v5/market/time', '')).status, 200)
})

t.test('public calls', async (t) => {
  const { result } = await ask('/v5/market/instruments-info', 'category=spot')
  t.match(
    result.list.find(({ symbol }) => symbol === 'BTCUSDT'),
    { baseCoin: 'BTC', quoteCoin: 'USDT', status: 'Trading' },
  )
  t.equal((await ask('/v5/market/kline', 'category=spot&symbol=NOTHERE&interval=1')).retCode, 10001)
  const minutes = await ask('/v5/market/kline', 'category=spot&symbol=BTCUSDT&interval=1&limit=3')
  const times = (minutes.result.list as unknown as string[][]).map(([atMs]) => Number(atMs))
  t.strictSame(
    times,
    times.toSorted((a, b) => b - a),
  )
  t.equal(times.length, 3)
})

t.test('contracts in the one wallet: what the log moved is what it holds', async (t) => {
  const account = holder
  const refused = await ask('/v5/position/list', 'category=linear', { account })
  t.equal(refused.retCode, 10001, 'linear ones are told for a coin or a symbol')
  simulator.advanceTo(simulator.nowMs() + dayMs)
  const endMs = simulator.nowMs()
  const rows: Readonly<Record<string, string>>[] = []
  for (let cursor = ''; ;) {
    simulator.advanceTo(simulator.nowMs() + 1)
    const { result } = await ask(log, `startTime=${startMs}&endTime=${endMs}&limit=50${cursor}`, { account })
    rows.push(...result.list)
    if (result.nextPageCursor === '') break
    cursor = `&cursor=${result.nextPageCursor}`
  }
  t.ok(
    rows.some(({ type, category }) => type === 'SETTLEMENT' && category === 'inverse'),
    'funding',
  )
  t.ok(rows.some(({ type }) => type === 'AUTO_LOANS_BORROW') && rows.some(({ type }) => type === 'INTEREST'))
  const moved = rows
    .filter(({ currency }) => currency === 'USDT')
    .reduce((sum, { change }) => sum + Number(change), 20_000)
  const { result } = await ask(balance, 'accountType=UNIFIED', { account })
  const coins = result.list[0]?.['coin'] as unknown as Readonly<Record<string, string>>[]
  const dollars = coins.find(({ coin }) => coin === 'USDT')
  t.ok(Math.abs(moved - Number(dollars?.['walletBalance'])) < 1e-6)
  t.equal(dollars?.['spotBorrow'], '900.00000000')
  const executions = await ask('/v5/execution/list', `category=inverse&startTime=${endMs - dayMs}`, {
    account,
  })
  t.ok(executions.result.list.length > 0)
  t.ok(
    executions.result.list.every(({ symbol, execQty }) => symbol === 'BTCUSD' && Number(execQty) % 100 === 0),
    'contracts of a dollar',
  )
  const mark = '/v5/market/mark-price-kline'
  t.equal((await ask(mark, 'category=linear&symbol=BTCUSDT&interval=1&limit=2')).result.list.length, 2)
  t.equal((await ask(mark, 'category=spot&symbol=BTCUSDT&interval=1')).retCode, 10001)
})
