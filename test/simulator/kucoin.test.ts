import { createHmac } from 'node:crypto'
import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** kucoin's protocol as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const simulator = await startSimulator({
  exchange: 'kucoin',
  seed: 5,
  startMs,
  scenario: {
    accounts: [
      {
        opening: { USDT: '20000', BTC: '0.1', DOGE: '1000' },
        trader: { ordersPerDay: 500, symbols: ['BTC/USDT', 'DOGE/USDT'] },
        events: [
          { kind: 'deposit', atMs: startMs + hourMs, asset: 'USDT', amount: '100', pendingMs: 0 },
          { kind: 'withdrawal', atMs: startMs + 2 * hourMs, asset: 'USDT', amount: '40', fee: '1' },
        ],
      },
      { opening: { USDT: '1' }, trader: null, permissions: ['Spot'] },
    ],
  },
  faults: [{ kind: 'ban', fromMs: startMs + 3 * dayMs, toMs: startMs + 3 * dayMs + minuteMs }],
})
t.teardown(() => simulator.close())
const [trader, other] = simulator.accounts as [(typeof simulator.accounts)[0], (typeof simulator.accounts)[0]]

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly code: string
  readonly data: unknown
}

interface Row {
  readonly id: string
  readonly currency: string
  readonly amount: string
  readonly bizType: string
  readonly accountType: string
  readonly direction: string
  readonly createdAt: string | number
}

async function ask(
  path: string,
  more: { account?: typeof trader; atMs?: number; secret?: string; version?: string; phrase?: string } = {},
): Promise<Answer> {
  const { account = trader, version = '3' } = more
  const time = String(more.atMs ?? simulator.nowMs())
  const signed = (text: string): string =>
    createHmac('sha256', more.secret ?? account.secret)
      .update(text)
      .digest('base64')
  const headers = {
    'KC-API-KEY': account.apiKey,
    'KC-API-KEY-VERSION': version,
    'KC-API-TIMESTAMP': time,
    'KC-API-PASSPHRASE': more.phrase ?? signed(account.passphrase ?? ''),
    'KC-API-SIGN': signed(`${time}GET${path}`),
  }
  const answer = await fetch(simulator.url + path, { headers })
  const text = await answer.text()
  const { code, data } = (text.startsWith('{') ? JSON.parse(text) : {}) as { code: string; data: unknown }
  return { status: answer.status, headers: answer.headers, code, data }
}

t.test('who asks, when, and with what', async (t) => {
  t.match(await ask('/api/v1/user/api-key'), {
    status: 200,
    data: { permission: 'General', uid: Number(trader.uid), apiVersion: 3 },
  })
  t.match(await ask('/api/v1/user/api-key', { account: other }), { data: { permission: 'General,Spot' } })
  t.match(await ask('/api/v1/accounts', { secret: 'other' }), { code: '400004' })
  t.match(await ask('/api/v1/accounts', { phrase: trader.passphrase ?? '' }), { code: '400004' }, 'in clear')
  t.match(await ask('/api/v1/accounts', { version: '1' }), { code: '400004' })
  t.match(await ask('/api/v1/accounts', { account: { ...trader, apiKey: 'x' } }), { code: '400003' })
  const late = simulator.nowMs() - 5 * secondMs - 1
  t.match(await ask('/api/v1/accounts', { atMs: late }), { status: 400, code: '400002' })
  t.match(await ask('/api/v1/accounts', { atMs: late + 1 }), { status: 200 })
  t.match(await (await fetch(`${simulator.url}/api/v1/accounts`)).json(), { code: '400001' })
  t.match(await (await fetch(`${simulator.url}/api/v1/accounts`, { method: 'POST' })).json(), {
    code: '400007',
  })
  t.match(await ask('/api/v1/withdrawals'), { status: 404 })
})

t.test('money comes to the main account and is swept over', async (t) => {
  simulator.advanceTo(startMs + hourMs + secondMs)
  const accounts = async () =>
    ((await ask('/api/v1/accounts')).data as { type: string; currency: string; balance: string }[])
      .filter(({ currency, type }) => currency === 'USDT' && type === 'main')
      .map(({ balance }) => balance)
  t.strictSame(await accounts(), ['100.00000000'])
  simulator.advanceTo(startMs + 2 * hourMs + minuteMs)
  t.strictSame(await accounts(), [])
  const { data } = await ask('/api/v1/accounts/ledgers?pageSize=500')
  const rows = (data as { items: Row[] }).items.filter(({ accountType }) => accountType === 'MAIN')
  t.strictSame(
    rows.map(({ bizType, direction, amount }) => `${bizType} ${direction} ${amount}`),
    [
      'Withdrawal out 41.00000000',
      'Transfer in 41.00000000',
      'Transfer out 100.00000000',
      'Deposit in 100.00000000',
    ],
  )
})

t.test('a day a call, pages behind the last id, and the lists give the balances', async (t) => {
  simulator.advanceTo(startMs + dayMs)
  const endAt = startMs + dayMs
  t.match(await ask(`/api/v1/accounts/ledgers?startAt=${startMs - 1}&endAt=${endAt}`), { code: '400100' })
  t.match(await ask('/api/v1/accounts/ledgers?pageSize=501'), { code: '400100' })
  t.match(await ask('/api/v1/hf/accounts/ledgers?limit=201'), { code: '400100' })
  t.match(await ask('/api/v1/hf/fills'), { code: '400100' }, 'of one market only')
  const rows: Row[] = []
  for (let lastId = ''; ;) {
    const more = lastId === '' ? '' : `&lastId=${lastId}`
    const { data } = await ask(
      `/api/v1/hf/accounts/ledgers?startAt=${startMs}&endAt=${endAt}&limit=200${more}`,
    )
    const page = data as Row[]
    if (page.length === 0) break
    rows.push(...page)
    lastId = page.at(-1)!.id
  }
  t.ok(rows.length > 400)
  t.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  t.strictSame(
    rows.map(({ createdAt }) => Number(createdAt)),
    rows.map(({ createdAt }) => Number(createdAt)).toSorted((a, b) => b - a),
  )
  for (let currentPage = 1; ; currentPage += 1) {
    const { data } = await ask(
      `/api/v1/accounts/ledgers?startAt=${startMs}&endAt=${endAt}&pageSize=50&currentPage=${currentPage}`,
    )
    const { items, totalPage } = data as { items: Row[]; totalPage: number }
    rows.push(...items)
    if (currentPage >= totalPage) break
  }
  const held = new Map([
    ['USDT', 20_000],
    ['BTC', 0.1],
    ['DOGE', 1_000],
  ])
  for (const { currency, amount, direction } of rows) {
    held.set(currency, (held.get(currency) ?? 0) + (direction === 'in' ? 1 : -1) * Number(amount))
  }
  const told = new Map<string, number>()
  for (const { currency, balance } of (await ask('/api/v1/accounts')).data as {
    currency: string
    balance: string
  }[]) {
    told.set(currency, (told.get(currency) ?? 0) + Number(balance))
  }
  for (const [currency, amount] of held) {
    t.ok(Math.abs(amount - (told.get(currency) ?? 0)) < 1e-6, `${currency} ${amount}`)
  }
  const older = (await ask('/api/v1/fills?tradeType=TRADE&pageSize=500')).data as {
    items: (Row & { tradeId: string })[]
  }
  t.equal(new Set(older.items.map(({ tradeId }) => tradeId)).size, older.items.length, 'one for its account')
  const newer = (await ask('/api/v1/hf/fills?symbol=BTC-USDT')).data as { items: Row[]; lastId: number }
  t.match(older.items[0], { symbol: 'DOGE-USDT' })
  t.match(newer.items[0], { symbol: 'BTC-USDT' })
  t.equal(newer.lastId, Number(newer.items.at(-1)!.id))
})

t.test('pools of half a minute, and a firewall before them', async (t) => {
  simulator.advanceTo(startMs + 2 * dayMs)
  const first = await ask('/api/v1/fills?tradeType=TRADE')
  t.equal(first.headers.get('gw-ratelimit-limit'), '4000')
  t.equal(first.headers.get('gw-ratelimit-remaining'), '3990')
  t.equal(first.headers.get('gw-ratelimit-reset'), '30000')
  for (let call = 0; call < 399; call += 1) await ask('/api/v1/fills?tradeType=TRADE')
  t.match(await ask('/api/v1/fills?tradeType=TRADE'), { status: 429, code: '429000' })
  t.match(await ask('/api/v1/accounts'), { status: 200 }, 'another pool')
  t.match(await ask('/api/v1/fills?tradeType=TRADE', { account: other }), { status: 200 }, 'of an account')
  simulator.advanceTo(startMs + 2 * dayMs + 30 * secondMs)
  t.match(await ask('/api/v1/fills?tradeType=TRADE'), { status: 200 })
  simulator.advanceTo(startMs + 3 * dayMs)
  t.match(await ask('/api/v1/accounts'), { status: 403 })
})

t.test('what anybody may read', async (t) => {
  simulator.advanceTo(startMs + 3 * dayMs + hourMs)
  const get = async (path: string): Promise<{ code: string; data: unknown }> =>
    (await (await fetch(simulator.url + path)).json()) as { code: string; data: unknown }
  t.strictSame(await get('/api/v1/timestamp'), { code: '200000', data: simulator.nowMs() })
  t.match((await get('/api/v2/symbols')).data, [{ symbol: 'BTC-USDT', enableTrading: true }])
  const seconds = simulator.nowMs() / 1_000
  const span = `startAt=${seconds - 600}&endAt=${seconds - 60}`
  const rows = (await get(`/api/v1/market/candles?symbol=BTC-USDT&type=1min&${span}`)).data as string[][]
  t.strictSame(
    rows.map(([at]) => Number(at)),
    Array.from({ length: 10 }, (_, index) => seconds - 60 - index * 60),
  )
  t.match(await get(`/api/v1/market/candles?symbol=NO-SUCH&type=1min&${span}`), { code: '400100' })
})
