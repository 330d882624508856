import { createHash, createHmac } from 'node:crypto'
import { dayMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** krakenfutures' protocol as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const simulator = await startSimulator({
  exchange: 'krakenfutures',
  seed: 5,
  startMs,
  scenario: {
    accounts: [
      {
        opening: { USDT: '500' },
        purses: { linear: { USDT: '20000' }, inverse: { BTC: '0.5' } },
        trader: null,
        contractTrader: { ordersPerDay: 120, symbols: ['BTC/USDT:USDT', 'BTC/USD:BTC'] },
        events: [{ kind: 'bnb-fees', atMs: startMs, on: false }],
      },
    ],
  },
})
t.teardown(() => simulator.close())
const account = simulator.accounts[0]!

type Body = Readonly<Record<string, unknown>>

async function ask(path: string, query = '', more: { secret?: string; apiKey?: string } = {}): Promise<Body> {
  const hash = createHash('sha256')
    .update(query + path.replace('/derivatives', ''))
    .digest()
  const key = Buffer.from(more.secret ?? account.secret, 'base64')
  const headers = {
    apikey: more.apiKey ?? account.apiKey,
    authent: createHmac('sha512', key).update(hash).digest('base64'),
  }
  const url = `${simulator.url}${path}${query === '' ? '' : `?${query}`}`
  return (await (await fetch(url, { headers })).json()) as Body
}

const place = '/derivatives/api/v3'
const log = '/api/history/v3/account-log'

t.test('who asks', async (t) => {
  t.match(await ask(`${place}/accounts`), {
    result: 'success',
    accounts: {
      cash: { balances: { usdt: 500 } },
      flex: { currencies: { USDT: { quantity: 20_000 } } },
      fi_xbtusd: { balances: { xbt: 0.5 } },
    },
  })
  for (const more of [{ secret: 'd3Jvbmc=' }, { apiKey: 'x' }]) {
    t.match(await ask(`${place}/accounts`, '', more), { error: 'authenticationError' })
    t.match(await ask(log, '', more), { error: 'authenticationError' })
  }
  t.match(await ask(`${place}/sendorder`), { error: 'insufficientPermission' })
})

t.test('the log, each line leading on from the one before, in pages by number', async (t) => {
  simulator.advanceTo(startMs + 3 * dayMs)
  interface Line {
    readonly id: number
    readonly asset: string
    readonly margin_account: string
    readonly old_balance: number
    readonly new_balance: number
  }
  const lines: Line[] = []
  for (;;) {
    const from = lines.length === 0 ? '' : `&from=${lines.at(-1)!.id + 1}`
    const page = (await ask(log, `sort=asc&count=100${from}`))['logs'] as readonly Line[]
    lines.push(...page)
    if (page.length < 100) break
  }
  const held = new Map<string, number>([
    ['flex usdt', 20_000],
    ['fi_xbtusd xbt', 0.5],
  ])
  for (const { asset, margin_account: name, old_balance: before, new_balance: after } of lines) {
    const key = asset.includes('_') ? asset : `${name} ${asset}`
    if ((held.get(key) ?? 0) !== before) t.fail(`${key} ${held.get(key)} ${before}`)
    held.set(key, after)
  }
  t.ok(lines.length > 200)
  const { openPositions } = (await ask(`${place}/openpositions`)) as {
    openPositions: readonly { symbol: string; side: string; size: number }[]
  }
  for (const { symbol, side, size } of openPositions)
    t.equal(held.get(symbol.toLowerCase()), side === 'long' ? size : -size, symbol)
  const { fills } = (await ask(`${place}/fills`)) as { fills: readonly { fillTime: string }[] }
  t.equal(fills.length, 100)
  const older = (await ask(`${place}/fills`, `lastFillTime=${fills.at(-1)!.fillTime}`))['fills']
  t.ok((older as readonly { fillTime: string }[]).every(({ fillTime }) => fillTime < fills.at(-1)!.fillTime))
})

t.test('so many tokens in ten minutes of history', async (t) => {
  simulator.advanceTo(simulator.nowMs() + 20 * minuteMs)
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(log, 'count=500')))
  t.equal(answers.filter(({ error }) => error === 'apiLimitExceeded').length, 7)
})
