import { createHmac } from 'node:crypto'
import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** okx's protocol as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const pair = 'isolated ETH-USDT'
const right = 'BTC/USD:BTC-260107-1000-C'
const simulator = await startSimulator({
  exchange: 'okx',
  seed: 5,
  startMs,
  scenario: {
    options: [
      { base: 'BTC', strike: 1_000, type: 'C', atMs: startMs + 2 * dayMs },
      { base: 'BTC', strike: 900_000, type: 'C', atMs: startMs + 40 * dayMs },
    ],
    accounts: [
      { opening: { USDT: '20000', BTC: '0.1' }, trader: { ordersPerDay: 90, symbols: ['BTC/USDT'] } },
      { opening: { USDT: '1' }, trader: null, permissions: ['trade'] },
      {
        opening: { USDT: '20000', BTC: '0.5' },
        unified: true,
        trader: null,
        contractTrader: { ordersPerDay: 80, symbols: ['BTC/USDT:USDT', 'BTC/USD:BTC'] },
        events: [{ kind: 'borrow', atMs: startMs + dayMs, asset: 'USDT', amount: '900', purse: 'spot' }],
      },
      {
        opening: { USDT: '5000', BTC: '0.5' },
        purses: { funding: { USDT: '100' } },
        unified: true,
        trader: null,
        events: [
          { kind: 'transfer', atMs: startMs + hourMs, asset: 'USDT', amount: '-1000', other: pair },
          { kind: 'borrow', atMs: startMs + hourMs, asset: 'USDT', amount: '2000', purse: pair },
          {
            kind: 'fill',
            atMs: startMs + hourMs,
            symbol: 'ETH/USDT',
            side: 'buy',
            quantity: '0.5',
            purse: pair,
          },
          { kind: 'transfer', atMs: startMs + 2 * hourMs, asset: 'USDT', amount: '-200' },
          { kind: 'deposit', atMs: startMs + 3 * hourMs, asset: 'BTC', amount: '0.25', purse: 'funding' },
          {
            kind: 'transfer',
            atMs: startMs + 4 * hourMs,
            asset: 'USDT',
            amount: '-50',
            purse: 'funding',
            other: 'elsewhere',
          },
          { kind: 'contract-fill', atMs: startMs + 5 * hourMs, symbol: right, side: 'buy', quantity: '0.1' },
        ],
      },
    ],
  },
})
t.teardown(() => simulator.close())
type Account = (typeof simulator.accounts)[0]
const [trader, other, holder, owner] = simulator.accounts as [Account, Account, Account, Account]

interface Answer {
  readonly status: number
  readonly code: string
  readonly data: readonly Readonly<Record<string, string>>[]
}

interface More {
  readonly account?: typeof trader
  readonly atMs?: number
  readonly secret?: string
  readonly passphrase?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(path: string, query = '', more: More = {}): Promise<Answer> {
  const { account = trader, method = 'GET' } = more
  const sent = new Date(more.atMs ?? simulator.nowMs()).toISOString()
  const whole = `/api/v5/${path}${query === '' ? '' : '?'}${query}`
  const headers = {
    'ok-access-key': account.apiKey,
    'ok-access-passphrase': more.passphrase ?? account.passphrase ?? '',
    'ok-access-timestamp': sent,
    'ok-access-sign': createHmac('sha256', more.secret ?? account.secret)
      .update(sent + method + whole)
      .digest('base64'),
    ...more.headers,
  }
  const answer = await fetch(simulator.url + whole, { headers, method })
  return { status: answer.status, ...((await answer.json()) as Omit<Answer, 'status'>) }
}

t.test('who asks, when, and for what', async (t) => {
  t.match(await ask('account/balance'), {
    status: 200,
    code: '0',
    data: [{ details: [{ ccy: 'USDT', cashBal: '20000.00000000' }, { ccy: 'BTC' }] }],
  })
  const refused = async (code: string, more: More, path = 'trade/fills', query = ''): Promise<void> => {
    t.equal((await ask(path, query, more)).code, code, JSON.stringify({ ...more, path, query }))
  }
  await refused('50113', { secret: 'wrong' })
  await refused('50105', { passphrase: 'wrong' })
  await refused('50104', { passphrase: '' })
  await refused('50111', { account: { ...trader, apiKey: 'x' } })
  await refused('50102', { atMs: startMs - 30 * secondMs - 1 })
  await refused('0', { atMs: startMs - 30 * secondMs })
  await refused('50102', { atMs: startMs + 30 * secondMs + 1 })
  await refused('50112', { headers: { 'ok-access-timestamp': String(startMs) } })
  await refused('50101', { headers: { 'x-simulated-trading': '1' } })
  await refused('50120', { method: 'POST' }, 'trade/order')
  await refused('51000', {}, 'account/bills', 'limit=101')
  await refused('51000', {}, 'account/bills', 'after=elsewhere')
  await refused('51000', {}, 'trade/fills-history')
  t.match((await ask('account/config')).data, [{ perm: 'read_only', acctLv: '1', uid: trader.uid }])
  t.match((await ask('account/config', '', { account: other })).data, [{ perm: 'read_only,trade' }])
})

t.test('a hundred rows a page, newest first, and the bills give the balance', async (t) => {
  simulator.advanceTo(startMs + 3 * dayMs)
  const endMs = simulator.nowMs()
  const rows: Readonly<Record<string, string>>[] = []
  for (let after = ''; ;) {
    simulator.advanceTo(simulator.nowMs() + 2 * secondMs)
    const { data } = await ask('account/bills', `end=${endMs}${after === '' ? '' : `&after=${after}`}`)
    t.ok(data.length <= 100)
    rows.push(...data)
    after = data.at(-1)?.['billId'] ?? ''
    if (data.length < 100) break
  }
  t.ok(rows.length > 200)
  t.equal(new Set(rows.map(({ billId }) => billId)).size, rows.length)
  const times = rows.map(({ ts }) => Number(ts))
  t.strictSame(
    times,
    times.toSorted((a, b) => b - a),
  )
  for (const [asset, opening] of Object.entries({ USDT: 20_000, BTC: 0.1 })) {
    const own = rows.filter(({ ccy }) => ccy === asset)
    const moved = own.reduce((sum, { balChg }) => sum + Number(balChg), opening)
    t.ok(Math.abs(moved - Number(own[0]?.['bal'])) < 1e-6, asset)
  }
  const { data } = await ask('trade/fills', `begin=${startMs}`)
  const newest = data[0]?.['billId'] ?? ''
  t.strictSame((await ask('trade/fills', `begin=${startMs}&before=${newest}`)).data, [])
})

t.test('lists forget, and have a pace', async (t) => {
  simulator.advanceTo(startMs + 8 * dayMs)
  const quick = (await ask('account/bills', `end=${startMs + dayMs - 1}`)).data
  t.strictSame(quick, [], 'seven days')
  t.ok((await ask('account/bills-archive', `end=${startMs + dayMs - 1}`)).data.length > 0)
  const fills = (await ask('trade/fills')).data.map(({ fillTime }) => Number(fillTime))
  t.ok(fills.length > 0 && fills.every((atMs) => atMs >= startMs + 5 * dayMs - secondMs), 'three days')
  simulator.advanceTo(simulator.nowMs() + 2 * secondMs)
  const codes: string[] = []
  for (let call = 0; call < 6; call += 1) codes.push((await ask('account/bills-archive')).code)
  t.strictSame(codes, ['0', '0', '0', '0', '0', '50011'])
  t.equal((await ask('account/bills-archive', '', { account: other })).code, '0', 'the other one may')
})

t.test('public calls', async (t) => {
  const { data } = await ask('public/instruments', 'instType=SPOT')
  t.match(
    data.find(({ instId }) => instId === 'BTC-USDT'),
    { baseCcy: 'BTC', quoteCcy: 'USDT', state: 'live' },
  )
  t.equal((await ask('market/candles', 'instId=NOT-HERE&bar=1m')).code, '51001')
  const nowMs = simulator.nowMs()
  const span = `instId=BTC-USDT&bar=1m&before=${nowMs - 5 * minuteMs}&limit=3`
  const rows = (await ask('market/candles', span)).data as unknown as string[][]
  t.equal(rows.length, 3)
  const times = rows.map(([atMs]) => Number(atMs))
  t.strictSame(
    times,
    times.toSorted((a, b) => b - a),
  )
  t.ok(times.every((atMs) => atMs > nowMs - 5 * minuteMs))
  const old = (await ask('market/candles', `instId=BTC-USDT&bar=1m&after=${nowMs - 2 * dayMs}`)).data
  t.strictSame(old, [], 'a day of minutes')
  t.equal(
    (await ask('market/history-candles', `instId=BTC-USDT&bar=1m&after=${nowMs - 2 * dayMs}`)).data.length,
    100,
  )
})

t.test('contracts in the one account: what the bills moved is what it holds', async (t) => {
  const account = holder
  const rows: Readonly<Record<string, string>>[] = []
  for (let after = ''; ;) {
    simulator.advanceTo(simulator.nowMs() + 2 * secondMs)
    const { data } = await ask('account/bills-archive', after, { account })
    rows.push(...data)
    if (data.length < 100) break
    after = `after=${data.at(-1)?.['billId']}`
  }
  t.ok(
    rows.some(({ type, instId }) => type === '8' && instId === 'BTC-USD-SWAP'),
    'funding',
  )
  t.ok(
    rows.some(({ type }) => type === '16') && rows.some(({ type }) => type === '7'),
    'a loan and its interest',
  )
  const fills = rows.filter(({ type }) => type === '2')
  t.ok(fills.length > 0)
  t.ok(
    fills.every(
      ({ balChg, pnl, fee, ccy }) =>
        ccy === 'BNB' || Math.abs(Number(balChg) - Number(pnl) - Number(fee)) < 1e-9,
    ),
  )
  const moved = rows
    .filter(({ ccy }) => ccy === 'USDT')
    .reduce((sum, { balChg }) => sum + Number(balChg), 20_000)
  const { data } = await ask('account/balance', '', { account })
  const details = data[0]?.['details'] as unknown as Readonly<Record<string, string>>[]
  const dollars = details.find(({ ccy }) => ccy === 'USDT')
  t.ok(Math.abs(moved - Number(dollars?.['cashBal'])) < 1e-6)
  t.equal(dollars?.['liab'], '900.00000000')
  const swaps = (await ask('public/instruments', 'instType=SWAP')).data
  t.match(
    swaps.find(({ instId }) => instId === 'BTC-USDT-SWAP'),
    { ctType: 'linear', ctVal: '0.01', ctValCcy: 'BTC', settleCcy: 'USDT' },
  )
  t.equal((await ask('market/mark-price-candles', 'instId=BTC-USDT&bar=1m')).code, '51001')
  t.equal((await ask('market/mark-price-candles', 'instId=BTC-USDT-SWAP&bar=1m&limit=3')).data.length, 3)
})

t.test('a pair, the funding account and a right of one account, each by its own rules', async (t) => {
  const account = owner
  simulator.advanceTo(simulator.nowMs() + 2 * secondMs)
  const until = async (end: number) => (await ask('account/bills-archive', `end=${end}`, { account })).data
  const archive = [...(await until(startMs + 6 * hourMs)), ...(await until(startMs + 2 * dayMs))]
  const bill = (type: string, ccy: string) =>
    archive.find((row) => row['type'] === type && row['ccy'] === ccy)
  t.match(bill('6', 'USDT'), { balChg: '-1000.00000000', posBalChg: '1000.00000000', subType: '160' })
  t.match(bill('2', 'ETH'), { balChg: '0', instType: 'MARGIN', instId: 'ETH-USDT', mgnMode: 'isolated' })
  t.match(bill('7', 'USDT'), { balChg: '0', mgnMode: '', instType: 'MARGIN' })
  const used = bill('3', 'BTC')
  t.match(used, { subType: '170', instType: 'OPTION', tradeId: '', sz: '10.00000000' })
  const [position] = (await ask('account/positions', '', { account })).data
  t.match(position, { instType: 'MARGIN', posCcy: 'ETH', liabCcy: 'USDT', ccy: 'USDT', mgnMode: 'isolated' })
  t.ok(Number(position?.['liab']) < -2_000, 'with its interest')
  const worth = Number(position?.['pos']) * Number(position?.['markPx']) + Number(position?.['liab'])
  t.ok(Math.abs(worth - Number(position?.['upl'])) < 1e-6, 'the margin stands beside')
  t.equal(
    (await ask('public/instruments', 'instType=OPTION')).code,
    '51000',
    'families are asked for one by one',
  )
  t.match((await ask('public/instruments', 'instType=OPTION&instFamily=BTC-USD')).data, [
    { instId: 'BTC-USD-260214-900000-C', ctVal: '1', ctMult: '0.01', settleCcy: 'BTC' },
  ])
  t.match((await ask('asset/balances', '', { account })).data, [
    { ccy: 'USDT', bal: '250.00000000' },
    { ccy: 'BTC', bal: '0.25000000' },
  ])
  const bills = (await ask('asset/bills', '', { account })).data
  t.strictSame(
    bills.map(({ type, ccy, balChg }) => `${type} ${balChg} ${ccy}`),
    ['75 -50.00000000 USDT', '1 0.25000000 BTC', '130 200.00000000 USDT'],
  )
  const [, second, third] = bills
  const older = await ask('asset/bills', `pagingType=2&after=${second?.['billId']}`, { account })
  t.strictSame(older.data, [third])
  t.strictSame((await ask('asset/bills', `after=${second?.['ts']}`, { account })).data, [third])
  simulator.advanceTo(startMs + 31 * dayMs)
  t.strictSame((await ask('asset/bills', '', { account })).data, [], 'a month')
  t.equal((await ask('asset/bills-history', '', { account })).data.length, 3)
})
