import { createPrivateKey, sign } from 'node:crypto'
import { dayMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** coinbase's protocol as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const simulator = await startSimulator({
  exchange: 'coinbase',
  seed: 5,
  startMs,
  scenario: {
    accounts: [
      { opening: { USDT: '20000', BTC: '0.1' }, trader: { ordersPerDay: 80, symbols: ['BTC/USDT'] } },
      { opening: { USDT: '1' }, trader: null, permissions: ['can_trade'] },
    ],
  },
})
t.teardown(() => simulator.close())
const [trader, other] = simulator.accounts as [(typeof simulator.accounts)[0], (typeof simulator.accounts)[0]]

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function ask(
  path: string,
  more: { account?: typeof trader; secret?: string; claims?: object; query?: string } = {},
): Promise<Answer> {
  const { account = trader, query = '' } = more
  const nowS = Math.floor(simulator.nowMs() / 1_000)
  const uri = `GET ${simulator.url.replace('http://', '')}${path}`
  const claims = { sub: account.apiKey, uri, nbf: nowS, exp: nowS + 120, ...more.claims }
  const [head, body] = [{ alg: 'ES256', kid: account.apiKey }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const key = createPrivateKey(more.secret ?? account.secret)
  const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' })
  const headers = { authorization: `Bearer ${head}.${body}.${signature.toString('base64url')}` }
  const response = await fetch(`${simulator.url}${path}${query}`, { headers })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const accounts = '/api/v3/brokerage/accounts'

t.test('who asks, what for, and when', async (t) => {
  t.match(await ask(accounts), {
    status: 200,
    body: {
      accounts: [{ currency: 'USD', available_balance: { value: '20000.00000000' } }, { currency: 'BTC' }],
    },
  })
  const nowS = Math.floor(startMs / 1_000)
  for (const [what, more] of [
    ['another’s key', { secret: other.secret }],
    ['another path', { claims: { uri: `GET ${simulator.url.replace('http://', '')}/api/v3/brokerage/x` } }],
    ['not yet', { claims: { nbf: nowS + 2, exp: nowS + 100 } }],
    ['too late', { claims: { nbf: nowS - 130, exp: nowS - 10 } }],
    ['for too long', { claims: { nbf: nowS, exp: nowS + 1_000 } }],
    ['nobody', { account: { ...trader, apiKey: 'x' } }],
  ] as const) {
    t.match(await ask(accounts, more), { status: 401 }, what)
  }
  t.match(await ask('/api/v3/brokerage/key_permissions', { account: other }), { body: { can_trade: true } })
  t.match(await ask('/v2/accounts/nobody/transactions'), {
    status: 404,
    body: { errors: [{ id: 'not_found' }] },
  })
})

t.test('fills by a cursor, and thirty calls a second', async (t) => {
  simulator.advanceTo(startMs + 3 * dayMs)
  const path = '/api/v3/brokerage/orders/historical/fills'
  const seen = new Set<unknown>()
  let cursor = ''
  let pages = 0
  do {
    const query: string = cursor === '' ? '' : `?cursor=${cursor}`
    const { body } = await ask(path, { query })
    const fills = body['fills'] as readonly { readonly entry_id: string }[]
    for (const { entry_id: id } of fills) seen.add(id)
    t.ok(fills.length <= 100)
    cursor = String(body['cursor'])
    pages += 1
  } while (cursor !== '')
  const truth = simulator.truth.changes.filter(
    ({ account, fill }) => account === trader.uid && fill !== undefined,
  )
  t.equal(seen.size, truth.length)
  t.ok(pages > 1)
  simulator.advanceTo(simulator.nowMs() + 1_000)
  const calls = await Promise.all(Array.from({ length: 31 }, () => ask(accounts)))
  t.strictSame(
    calls.map(({ status }) => status).filter((status) => status !== 200),
    [429],
  )
})
