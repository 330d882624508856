import { createHash, createHmac } from 'node:crypto'
import { dayMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** kraken's protocol as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const simulator = await startSimulator({
  exchange: 'kraken',
  seed: 5,
  startMs,
  scenario: {
    accounts: [
      { opening: { USDT: '20000', BTC: '0.1' }, trader: { ordersPerDay: 60, symbols: ['BTC/USDT'] } },
      { opening: { USDT: '1' }, trader: null, permissions: ['withdraw-funds'] },
    ],
  },
})
t.teardown(() => simulator.close())
const [trader, other] = simulator.accounts as [(typeof simulator.accounts)[0], (typeof simulator.accounts)[0]]

interface Answer {
  readonly error: readonly string[]
  readonly result: Readonly<Record<string, unknown>>
}

let nonce = 0

async function ask(
  name: string,
  more: { account?: typeof trader; nonce?: number; parameters?: object; secret?: string } = {},
): Promise<Answer> {
  const { account = trader } = more
  nonce += 1
  const number = String(more.nonce ?? nonce)
  const path = `/0/private/${name}`
  const body = new URLSearchParams({ nonce: number, ...more.parameters }).toString()
  const inner = createHash('sha256')
    .update(number + body)
    .digest()
  const key = Buffer.from(more.secret ?? account.secret, 'base64')
  const signature = createHmac('sha512', key).update(path).update(inner).digest('base64')
  const headers = { 'api-key': account.apiKey, 'api-sign': signature }
  return (await (await fetch(simulator.url + path, { method: 'POST', headers, body })).json()) as Answer
}

t.test('who asks, and in what order', async (t) => {
  t.strictSame((await ask('Balance')).result, { USDT: '20000.00000000', XXBT: '0.10000000' })
  t.strictSame((await ask('Balance', { secret: 'd3Jvbmc=' })).error, ['EAPI:Invalid signature'])
  t.strictSame((await ask('Balance', { nonce: 1 })).error, ['EAPI:Invalid nonce'])
  t.strictSame((await ask('Balance', { account: { ...trader, apiKey: 'x' } })).error, ['EAPI:Invalid key'])
  t.strictSame((await ask('AddOrder')).error, ['EGeneral:Permission denied'])
  t.match((await ask('GetApiKeyInfo', { account: other })).result, {
    iban: `SIM ${other.uid}`,
    permissions: /withdraw-funds/,
  })
})

t.test('the counter of an account, not of all', async (t) => {
  simulator.advanceTo(startMs + 60 * secondMs)
  for (let call = 0; call < 7; call += 1) t.strictSame((await ask('Ledgers')).error, [])
  t.strictSame((await ask('Ledgers')).error, ['EAPI:Rate limit exceeded'])
  t.strictSame((await ask('Balance', { account: other })).error, [])
  simulator.advanceTo(startMs + 120 * secondMs)
  t.strictSame((await ask('Ledgers')).error, [], 'time lowers it')
})

t.test('50 rows a page, newest first, and the ledger gives the balance', async (t) => {
  simulator.advanceTo(startMs + 3 * dayMs)
  const lines: { time: number; asset: string; amount: string; fee: string }[] = []
  let count = 0
  for (let ofs = 0; ofs === 0 || ofs < count; ofs += 50) {
    simulator.advanceTo(simulator.nowMs() + 10 * secondMs)
    const parameters = { ofs: String(ofs), end: String((startMs + 3 * dayMs) / 1_000) }
    const { result } = await ask('Ledgers', { parameters })
    const page = Object.values(result['ledger'] as Record<string, (typeof lines)[0]>)
    t.ok(page.length <= 50)
    lines.push(...page)
    count = result['count'] as number
  }
  t.ok(count > 100)
  t.equal(lines.length, count)
  t.strictSame(
    lines.map(({ time }) => time),
    lines.map(({ time }) => time).toSorted((a, b) => b - a),
  )
  const moved = new Map<string, number>([
    ['USDT', 20_000],
    ['XXBT', 0.1],
  ])
  for (const { asset, amount, fee } of lines)
    moved.set(asset, (moved.get(asset) ?? 0) + Number(amount) - Number(fee))
  const after = simulator.truth.changes.filter(
    ({ atMs, account }) => account === trader.uid && atMs > startMs + 3 * dayMs,
  )
  if (after.length > 0) return t.comment('it went on trading')
  for (const [asset, amount] of Object.entries((await ask('Balance')).result)) {
    t.ok(Math.abs((moved.get(asset) ?? 0) - Number(amount)) < 1e-6, asset)
  }
})

t.test('public calls', async (t) => {
  const get = async (path: string): Promise<Answer> =>
    (await (await fetch(`${simulator.url}/0/public/${path}`)).json()) as Answer
  t.equal((await get('Time')).result['unixtime'], Math.floor(simulator.nowMs() / 1_000))
  t.match((await get('AssetPairs')).result, { XBTUSDT: { base: 'XXBT', quote: 'USDT', status: 'online' } })
  t.strictSame((await get('OHLC?pair=NOTHERE&interval=1')).error, ['EQuery:Unknown asset pair'])
  const rows = (await get('OHLC?pair=XBTUSDT&interval=1')).result['XBTUSDT'] as unknown[][]
  t.equal(rows.length, 720)
})
