import { createHmac } from 'node:crypto'
import { dayMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** bitget's protocol as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const simulator = await startSimulator({
  exchange: 'bitget',
  seed: 6,
  startMs,
  scenario: {
    accounts: [
      { opening: { USDT: '20000', BTC: '0.1' }, trader: { ordersPerDay: 90, symbols: ['BTC/USDT'] } },
      { opening: { USDT: '1' }, trader: null, permissions: ['trade'] },
      {
        opening: { USDT: '500' },
        purses: { linear: { USDT: '20000' } },
        trader: null,
        contractTrader: { ordersPerDay: 80, symbols: ['BTC/USDT:USDT', 'ETH/USDT:USDT'] },
        events: [{ kind: 'transfer', atMs: startMs + dayMs, asset: 'USDT', amount: '-100', other: 'linear' }],
      },
      {
        opening: { USDT: '20000' },
        unified: true,
        purses: { funding: { USDT: '40' } },
        trader: { ordersPerDay: 90, symbols: ['BTC/USDT'] },
        contractTrader: { ordersPerDay: 80, symbols: ['ETH/USDT:USDT'] },
        events: [
          { kind: 'transfer', atMs: startMs + minuteMs, asset: 'USDT', amount: '-100' },
          { kind: 'convert', atMs: startMs + 2 * minuteMs, from: 'USDT', to: 'BTC', amount: '50' },
        ],
      },
    ],
  },
})
t.teardown(() => simulator.close())
type Account = (typeof simulator.accounts)[0]
const [trader, other, holder, united] = simulator.accounts as [Account, Account, Account, Account]

interface Answer {
  readonly status: number
  readonly code: string
  readonly data: unknown
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
  const sent = String(more.atMs ?? simulator.nowMs())
  const whole = `/api/${path.startsWith('v3/') ? '' : 'v2/'}${path}${query === '' ? '' : '?'}${query}`
  const headers = {
    'access-key': account.apiKey,
    'access-passphrase': more.passphrase ?? account.passphrase ?? '',
    'access-timestamp': sent,
    'access-sign': createHmac('sha256', more.secret ?? account.secret)
      .update(sent + method + whole)
      .digest('base64'),
    ...more.headers,
  }
  const answer = await fetch(simulator.url + whole, { headers, method })
  return { status: answer.status, ...((await answer.json()) as Omit<Answer, 'status'>) }
}

type Rows = readonly Readonly<Record<string, string>>[]
const rowsOf = ({ data }: Answer): Rows => data as Rows

t.test('who asks, when, and for what', async (t) => {
  t.match(await ask('spot/account/assets'), {
    status: 200,
    code: '00000',
    data: [{ coin: 'USDT', available: '20000.00000000' }, { coin: 'BTC' }],
  })
  const path = 'spot/account/bills'
  const refused = async (code: string, more: More, query = ''): Promise<void> => {
    simulator.advanceTo(simulator.nowMs() + secondMs)
    t.equal((await ask(path, query, more)).code, code, JSON.stringify({ ...more, query }))
  }
  const nowMs = (): number => simulator.nowMs() + secondMs
  await refused('40009', { secret: 'wrong' })
  await refused('40012', { passphrase: 'wrong' })
  await refused('40011', { passphrase: '' })
  await refused('40037', { account: { ...trader, apiKey: 'x' } })
  await refused('40008', { atMs: nowMs() - 30 * secondMs - 1 })
  await refused('00000', { atMs: nowMs() - 30 * secondMs })
  await refused('40008', { atMs: nowMs() + 30 * secondMs + 1 })
  await refused('40005', { headers: { 'access-timestamp': '2026-01-05' } })
  await refused('40014', { method: 'POST' })
  await refused('40017', {}, 'limit=501')
  await refused('40017', {}, `startTime=${startMs}&endTime=${startMs + 7 * dayMs + 1}`)
  t.equal((await ask('mix/account/bill', 'productType=COINS')).code, '40017')
  t.equal((await ask('spot/wallet/withdrawal')).code, '40404')
  t.match(await ask('spot/account/info'), { data: { userId: trader.uid, authorities: ['readonly'] } })
  t.match(await ask('spot/account/info', '', { account: other }), {
    data: { authorities: ['readonly', 'trade'] },
  })
})

t.test('pages below the last number, bills and fills that say the same', async (t) => {
  simulator.advanceTo(startMs + 0.7 * dayMs)
  const all = rowsOf(await ask('spot/account/bills', 'limit=500'))
  t.ok(all.length > 200 && all.length < 500)
  const below = all[99]!['billId']!
  const second = rowsOf(await ask('spot/account/bills', `limit=100&idLessThan=${below}`))
  t.strictSame(second, all.slice(100, 200))
  const moved = all
    .filter(({ coin }) => coin === 'btc')
    .reduce((sum, { size, fees }) => sum + Number(size) + Number(fees), 0)
  const fills = rowsOf(await ask('spot/trade/fills'))
  t.equal(fills.length, 100, 'a hundred at most')
  t.ok(fills.every(({ tradeId }) => all.some(({ billId }) => billId === tradeId)))
  const [held] = rowsOf(await ask('spot/account/assets')).filter(({ coin }) => coin === 'BTC')
  t.ok(Math.abs(Number(held!['available']) - 0.1 - moved) < 1e-7, 'bills lead to the balance')
})

t.test('contracts: the wallet behind its newest line, and what is open above it', async (t) => {
  simulator.advanceTo(startMs + 3 * dayMs)
  const more = { account: holder }
  const product = 'productType=USDT-FUTURES'
  const [account] = rowsOf(await ask('mix/account/accounts', product, more))
  const bills = (await ask('mix/account/bill', product, more)).data as { bills: Rows; endId: string }
  t.equal(bills.bills.length, 20, 'so many where no number is asked for')
  t.equal(bills.endId, bills.bills.at(-1)!['billId'])
  const wallet = Number(account!['accountEquity']) - Number(account!['unrealizedPL'])
  t.ok(Math.abs(wallet - Number(bills.bills[0]!['balance'])) < 1e-6)
  const positions = rowsOf(await ask('mix/position/all-position', product, more))
  t.ok(positions.every(({ posMode }) => posMode === 'one_way_mode'))
  const { fillList } = (await ask('mix/order/fills', product, more)).data as { fillList: Rows }
  t.ok(fillList.every(({ tradeSide, side }) => tradeSide === `${side}_single`))
  for (const empty of ['USDC-FUTURES', 'COIN-FUTURES']) {
    t.match(await ask('mix/order/fills', `productType=${empty}`, more), { data: { fillList: null } })
  }
  const transferred = rowsOf(await ask('spot/account/bills', '', more))
  t.match(transferred, [{ groupType: 'transfer', businessType: 'transfer_out', size: '-100.00000000' }])
})

t.test('minutes, and too many calls of one second', async (t) => {
  const minutes = (await ask('spot/market/candles', 'symbol=ETHBTC&granularity=1min&limit=3')).data
  t.equal((minutes as unknown[]).length, 3)
  const [first, second] = minutes as [string[], string[]]
  t.equal(Number(second[0]) - Number(first[0]), minuteMs, 'the oldest first')
  t.ok(Number(second[6]) > 1_000 * Number(second[7]), 'dollars, then the quote coin')
  t.equal((await ask('spot/market/candles', 'symbol=NOSUCH&granularity=1min')).code, '40034')
  const marks = `symbol=BTCUSDT&productType=USDT-FUTURES&granularity=1m`
  t.equal((await ask('mix/market/candles', marks)).code, '40017')
  t.equal((await ask('mix/market/candles', `${marks}&kLineType=MARK`)).code, '00000')
  simulator.advanceTo(simulator.nowMs() + secondMs)
  const codes: string[] = []
  for (let call = 0; call < 6; call += 1) {
    codes.push((await ask('mix/position/all-position', 'productType=USDT-FUTURES')).code)
  }
  t.strictSame(codes, ['00000', '00000', '00000', '00000', '00000', '429'])
  simulator.advanceTo(simulator.nowMs() + secondMs)
  t.equal((await ask('mix/position/all-position', 'productType=USDT-FUTURES')).code, '00000')
})

t.test('a unified account and a classic one, each by its own calls', async (t) => {
  const account = united
  for (const path of ['spot/account/info', 'spot/account/assets', 'account/funding-assets']) {
    t.match(await ask(path, '', { account }), { status: 400, code: '40085' }, path)
  }
  t.match(await ask('v3/account/info'), { status: 400, code: '40084' })
  t.match(await ask('v3/account/info', '', { account }), {
    code: '00000',
    data: { userId: account.uid, permType: 'read-only' },
  })
  t.match(await ask('v3/account/funding-assets', '', { account }), {
    data: [{ coin: 'USDT', available: '140.00000000' }],
  })
  t.match(await ask('v3/account/financial-records', '', { account }), { code: '40017' }, 'a category')

  const list = async (path: string, query: string) => {
    const { data } = await ask(path, query, { account })
    return data as { list: Rows | null; cursor: string }
  }
  t.match(await list('v3/account/financial-records', 'category=OTHER'), {
    list: [
      { type: 'FLASH_EXCHANGE', coin: 'BTC' },
      { type: 'FLASH_EXCHANGE', coin: 'USDT', amount: '-50.00000000' },
      { type: 'TRANSFER_OUT', coin: 'USDT', amount: '100.00000000' },
    ],
  })
  t.match(await list('v3/account/convert-records', 'fromCoin=USDT&toCoin=BTC'), {
    list: [{ fromCoinSize: '50.00000000', toCoin: 'BTC' }],
  })
  for (const category of ['SPOT', 'USDT-FUTURES']) {
    const seen: string[] = []
    for (let cursor = '', rows = 100; rows === 100;) {
      const page = await list('v3/trade/fills', `category=${category}${cursor && `&cursor=${cursor}`}`)
      rows = page.list?.length ?? 0
      seen.push(...(page.list ?? []).map(({ execId = '' }) => execId))
      cursor = page.cursor
      simulator.advanceTo(simulator.nowMs() + secondMs)
    }
    t.ok(seen.length > 100)
    t.equal(new Set(seen).size, seen.length, 'page by page, each once')
  }
  t.same((await list('v3/trade/fills', 'category=MARGIN')).list, null)
})
