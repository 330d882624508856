import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'

/** hyperliquid's reading side as the simulator speaks it: as strict as the original where an adapter could be careless. */

const startMs = Date.UTC(2026, 0, 5)
const own = `0x${'0c'.repeat(20)}`
const simulator = await startSimulator({
  exchange: 'hyperliquid',
  seed: 5,
  startMs,
  scenario: {
    accounts: [
      {
        apiKey: own,
        opening: { USDT: '20000', BTC: '0.1' },
        purses: { linear: { USDT: '50000' } },
        trader: { ordersPerDay: 60, symbols: ['BTC/USDT'] },
        contractTrader: { ordersPerDay: 5_000, symbols: ['BTC/USDT:USDT', 'XRP/USDT:USDT'] },
        events: [
          { kind: 'bnb-fees', atMs: startMs, on: false },
          { kind: 'deposit', atMs: startMs + hourMs, asset: 'USDT', amount: '100', purse: 'linear' },
          {
            kind: 'transfer',
            atMs: startMs + 2 * hourMs,
            asset: 'USDT',
            amount: '-250',
            purse: 'linear',
            other: 'spot',
          },
        ],
      },
      { opening: { USDT: '7' }, unified: true, trader: null },
    ],
  },
})
t.teardown(() => simulator.close())

async function ask(body: object | string): Promise<{ readonly status: number; readonly value: unknown }> {
  const answer = await fetch(`${simulator.url}/info`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, value: text.startsWith('Failed') ? text : (JSON.parse(text) as unknown) }
}

/** Later by a minute: what was used of the last one is forgotten. */
function nextMinute(): void {
  simulator.advanceTo(simulator.nowMs() + minuteMs)
}

const of = (type: string, more: object = {}) => ({ type, user: own, ...more })

t.test('who asks is an address; what it does not know is 422, and nothing is said of it', async (t) => {
  t.equal(simulator.accounts[0]?.walletAddress, own)
  t.match(simulator.accounts[1]?.walletAddress, /^0x[0-9a-f]{40}$/)
  const mixed = own.toUpperCase().replace('X', 'x')
  t.match(await ask(of('spotClearinghouseState', { user: mixed })), {
    status: 200,
    value: { balances: [{ coin: 'USDC', total: '20000.00000000' }, { coin: 'BTC' }] },
  })
  const nobody = { user: `0x${'11'.repeat(20)}` }
  t.match(await ask(of('spotClearinghouseState', nobody)), { status: 200, value: { balances: [] } })
  t.match(await ask(of('clearinghouseState', nobody)), { value: { assetPositions: [] } })
  t.match(await ask(of('userFillsByTime', { ...nobody, startTime: 0 })), { status: 200, value: [] })
  for (const strange of [
    'half of {',
    '[]',
    of('order'),
    of('clearinghouseState', { user: '0x12' }),
    of('clearinghouseState', { dex: 'nobody' }),
    of('userFillsByTime'),
    of('userFunding', { startTime: '0' }),
    { type: 'candleSnapshot', req: { coin: 'NONE', interval: '1m', startTime: 0, endTime: 1 } },
    { type: 'candleSnapshot', req: { coin: 'BTC', interval: '1h', startTime: 0, endTime: 1 } },
  ]) {
    t.match(await ask(strange), { status: 422 }, JSON.stringify(strange))
  }
  t.equal((await fetch(`${simulator.url}/exchange`, { method: 'POST', body: '{}' })).status, 404)
  t.equal((await fetch(`${simulator.url}/info`)).status, 404, 'reading is a POST')
})

t.test('one wallet that backs everything says so', async (t) => {
  nextMinute()
  const user = simulator.accounts[1]?.walletAddress ?? ''
  t.match(await ask({ type: 'userAbstraction', user }), { value: 'unifiedAccount' })
  t.match(await ask(of('userAbstraction')), { value: 'disabled' })
  t.match(await ask({ type: 'spotClearinghouseState', user }), {
    value: { tokenToAvailableAfterMaintenance: Array },
  })
})

t.test('weight is of an address and a minute, and what is told weighs too', async (t) => {
  simulator.advanceTo(startMs + 2 * dayMs)
  const fills = of('userFillsByTime', { startTime: startMs })
  // 20, and 100 for 2,000 rows
  for (let call = 0; call < 10; call += 1) t.equal((await ask(fills)).status, 200)
  t.match(await ask(of('clearinghouseState')), { status: 429, value: null })
  nextMinute()
  t.match(await ask(of('clearinghouseState')), { status: 200 })
})

t.test(
  '2,000 fills at once from the oldest on, the newest 10,000, 500 rows of the other lists',
  async (t) => {
    type Fill = { readonly time: number; readonly tid: number; readonly coin: string; readonly dir: string }
    simulator.advanceTo(startMs + 5 * dayMs)
    const all = new Map<number, Fill>()
    for (let startTime = startMs; ;) {
      nextMinute()
      const { value } = await ask(of('userFillsByTime', { startTime, endTime: startMs + 5 * dayMs }))
      const page = value as Fill[]
      t.ok(page.length <= 2_000)
      t.strictSame(
        page.map(({ time }) => time),
        page.map(({ time }) => time).toSorted((a, b) => a - b),
      )
      for (const fill of page) all.set(fill.tid, fill)
      if (page.length < 2_000) break
      startTime = page.at(-1)?.time ?? 0
    }
    const happened = simulator.truth.changes.filter(
      ({ fill, atMs }) => fill !== undefined && atMs <= startMs + 5 * dayMs,
    )
    t.ok(happened.length > 10_000, `${happened.length}`)
    // a few came while the pages were read
    t.ok(all.size <= 10_000 && all.size > 9_700, `${all.size} of ${happened.length}`)
    t.strictSame([...new Set([...all.values()].map(({ coin }) => coin))].toSorted(), [
      '@100',
      'BTC',
      'xyz:XRP',
    ])
    t.ok([...all.values()].some(({ dir }) => dir === 'Long > Short'))
    const { value: funding } = await ask(of('userFunding', { startTime: startMs }))
    t.match(funding, [{ hash: /^0x0{64}$/, delta: { type: 'funding', coin: String, usdc: String } }])
    t.match(await ask(of('userNonFundingLedgerUpdates', { startTime: startMs })), {
      value: [
        { delta: { type: 'deposit', usdc: '100.00000000' } },
        { delta: { type: 'accountClassTransfer', usdc: '250.00000000', toPerp: false } },
      ],
    })
  },
)

t.test('the cash of each exchange within it, and all of them together, are what there is', async (t) => {
  nextMinute()
  type State = {
    readonly marginSummary: { readonly totalRawUsd: string; readonly accountValue: string }
    readonly assetPositions: readonly {
      readonly position: {
        readonly positionValue: string
        readonly szi: string
        readonly unrealizedPnl: string
      }
    }[]
  }
  let wallet = 0
  for (const dex of ['', 'xyz']) {
    const { value } = await ask(of('clearinghouseState', { dex }))
    const { marginSummary, assetPositions } = value as State
    let worth = 0
    for (const { position } of assetPositions) {
      const signed = Number(position.positionValue) * Math.sign(Number(position.szi))
      worth += signed
      wallet += signed - Number(position.unrealizedPnl)
    }
    wallet += Number(marginSummary.totalRawUsd)
    t.ok(Math.abs(Number(marginSummary.totalRawUsd) + worth - Number(marginSummary.accountValue)) < 1e-6)
  }
  const moved = simulator.truth.changes
    .flatMap(({ moves }) => moves)
    .filter(({ purse, asset }) => purse === 'linear' && asset === 'USDT')
    .reduce((sum, { amount }) => sum + Number(amount), 0)
  t.ok(Math.abs(wallet - moved) < 1e-5, `${wallet} ${moved}`)
  const metas = (await ask({ type: 'allPerpMetas' })).value as { readonly universe: readonly object[] }[]
  t.strictSame(
    metas.map(({ universe }) => universe.length),
    [5, 0, 1],
  )
})

t.test('the month that it has where none is asked for holds nothing that it does not tell', async (t) => {
  const month = await startSimulator({ exchange: 'hyperliquid', seed: 1, startMs })
  t.teardown(() => month.close())
  month.advanceTo(startMs + 12 * dayMs)
  const user = month.accounts[0]?.walletAddress
  const read = async (type: string) => {
    const answer = await fetch(`${month.url}/info`, {
      method: 'POST',
      body: JSON.stringify({ type, user, startTime: 0 }),
    })
    return (await answer.json()) as Readonly<Record<string, unknown>>[]
  }
  const told =
    (await read('userFillsByTime')).length +
    (await read('userFunding')).length +
    (await read('userNonFundingLedgerUpdates')).length
  const shown = month.truth.changes.filter(
    ({ cause, visibleAtMs }) => !['opening', 'liquidation-fee'].includes(cause) && visibleAtMs !== null,
  )
  // what was swept is told coin by coin
  const swept = shown.filter(({ cause }) => cause === 'dust').map(({ moves }) => moves.length / 2 - 1)
  t.ok(told > 500, `${told}`)
  t.equal(
    told,
    swept.reduce((sum, more) => sum + more, shown.length),
  )
  const { balances } = (await read('spotClearinghouseState')) as unknown as { balances: { coin: string }[] }
  t.equal(new Set(balances.map(({ coin }) => coin)).size, balances.length, 'each coin once')
})
