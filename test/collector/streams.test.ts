import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { minuteMs, secondMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { binanceStreams } from '../../src/collector/binance/streams.ts'
import type { Hint } from '../../src/collector/hint.ts'
import { readOrder, readWord } from '../../src/collector/listener/message.ts'
import type { AccountPlan } from '../../src/simulator/scenario.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { type Ears, startEars, type Told } from './listener.ts'
import { documentedBody } from './served.ts'

const startMs = Date.UTC(2025, 0, 6)

async function before(
  t: Test,
  account: Partial<AccountPlan>,
): Promise<{ readonly simulator: Simulator; readonly ears: Ears }> {
  const simulator = await startSimulator({
    exchange: 'binance',
    seed: 1,
    startMs,
    scenario: { accounts: [{ opening: { USDT: '10000' }, trader: null, ...account }] },
  })
  const ears = await startEars({ exchange: 'binance', url: simulator.url, nowMs: () => simulator.nowMs() })
  t.teardown(async () => {
    await ears.listener.close()
    await simulator.close()
  })
  return { simulator, ears }
}

const spotHint = (...markets: string[]): Hint[] => markets.map((market) => ({ wallet: 'spot', market }))

/** Balances follow in messages of their own, which may be hints of their own. */
const isOfMarket = (word: Told): boolean => word.kind === 'hint' && word.hints.length > 0

t.test('an account’s events are hints: where, never how much', async (t) => {
  const rounds = [3, 4, 5, 6, 7, 8]
  const { simulator, ears } = await before(t, {
    events: [
      { kind: 'fill', atMs: startMs + minuteMs, symbol: 'ETH/USDT', side: 'buy', quantity: '0.5' },
      { kind: 'deposit', atMs: startMs + 2 * minuteMs, asset: 'USDT', amount: '5' },
      ...rounds.flatMap((minute) =>
        ['SOL/USDT', 'ETH/USDT'].map((symbol, index) => {
          const atMs = startMs + minute * minuteMs + index
          return { kind: 'fill', atMs, symbol, side: 'buy', quantity: '0.1' } as const
        }),
      ),
    ],
  })
  // on a clock that runs what comes together is one hint
  const id = await ears.listen(simulator.accounts[0]!, { frozen: false })
  t.same(await ears.next(), { kind: 'up', id, whole: true })
  simulator.advanceTo(startMs + minuteMs)
  t.same(await ears.next(isOfMarket), { kind: 'hint', id, hints: spotHint('ETHUSDT') })
  simulator.advanceTo(startMs + 2 * minuteMs)
  t.same(await ears.next(), { kind: 'hint', id, hints: [] }, 'a deposit has no market')
  let isGathered = false
  for (const minute of rounds) {
    // a machine may be so slow that what comes together does not
    if (isGathered) break
    simulator.advanceTo(startMs + (minute + 0.5) * minuteMs)
    const word = await ears.next(isOfMarket)
    isGathered = isDeepStrictEqual(word, { kind: 'hint', id, hints: spotHint('SOLUSDT', 'ETHUSDT') })
    if (!isGathered) await ears.next(isOfMarket)
  }
  t.ok(isGathered, 'gathered')
  ears.listener.leave(id)
  while (simulator.streams.open > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.same(ears.refused, [])
})

t.test('each wallet tells on a connection of its own', async (t) => {
  const { simulator, ears } = await before(t, {
    opening: { USDT: '100' },
    purses: { linear: { USDT: '5000' }, inverse: { BTC: '1' } },
    events: [
      {
        kind: 'contract-fill',
        atMs: startMs + 1_000,
        symbol: 'BTC/USDT:USDT',
        side: 'buy',
        quantity: '0.01',
      },
      { kind: 'contract-fill', atMs: startMs + 2_000, symbol: 'BTC/USD:BTC', side: 'buy', quantity: '2' },
      { kind: 'liquidation', atMs: startMs + 3_000, symbol: 'BTC/USDT:USDT' },
    ],
  })
  const id = await ears.listen(simulator.accounts[0]!, { wallets: ['spot', 'margin', 'linear', 'inverse'] })
  t.same(await ears.next(), { kind: 'up', id, whole: false }, 'margin has none here')
  t.equal(simulator.streams.open, 3)
  // what is told twice of one trade may come together with the next
  const marketsOf = async (of: number, wallet: string): Promise<string[]> => {
    const marketsIn = (word: Told): string[] =>
      word.kind === 'hint' && word.id === of
        ? word.hints.filter((hint) => hint.wallet === wallet).map(({ market }) => market)
        : []
    return marketsIn(await ears.next((word) => marketsIn(word).length > 0))
  }
  simulator.advanceTo(startMs + 1_000)
  t.same(await marketsOf(id, 'linear'), ['BTCUSDT'])
  simulator.advanceTo(startMs + 2_000)
  t.same(await marketsOf(id, 'inverse'), ['BTCUSD_PERP'])
  // nothing that is still told of the trades counts as what comes next
  ears.listener.leave(id)
  const again = await ears.listen(simulator.accounts[0]!, { wallets: ['linear'] })
  await ears.next((word) => word.kind === 'up' && word.id === again)
  simulator.advanceTo(startMs + 3_000)
  t.same(await marketsOf(again, 'linear'), ['BTCUSDT'], 'a liquidation is told as trades are')
})

t.test('what the exchange refuses is said by its code', async (t) => {
  const { simulator, ears } = await before(t, {})
  const [account] = simulator.accounts
  const down = { kind: 'down', code: 'STREAM_REFUSED' }
  await ears.listen({ ...account!, secret: 'a'.repeat(64) })
  t.match(await ears.next(), { ...down, exchangeCode: '-1022' }, 'another secret')
  await ears.listen({ ...account!, apiKey: 'a'.repeat(64) })
  t.match(await ears.next(), { ...down, exchangeCode: '-2015' }, 'an unknown key')
  await ears.listen({ ...account!, apiKey: 'a'.repeat(64) }, { wallets: ['linear'] })
  t.match(await ears.next(), { ...down, exchangeCode: '-2015' }, 'for a listen key')
  await ears.listen(account!, { nowMs: startMs - minuteMs })
  t.match(await ears.next(), { ...down, exchangeCode: '-1021' }, 'a clock that is late')
  const id = await ears.listen(account!, { nowMs: startMs - minuteMs, skewMs: -minuteMs })
  t.same(await ears.next(), { kind: 'up', id, whole: true }, 'and that is known to be late')
  await ears.listen(account!, { exchange: 'coinbase' })
  t.match(await ears.next(), { kind: 'down', code: 'STREAM_NOT_SUPPORTED' })
  simulator.schedule({ kind: 'ban', fromMs: startMs, toMs: startMs + 90 * secondMs, path: '/ws-api/v3' })
  await ears.listen(account!)
  t.match(await ears.next(), { code: 'STREAM_RATE_LIMITED', exchangeCode: '418', retryAfterMs: 90_000 })
  simulator.schedule({ kind: 'refuse', fromMs: startMs, toMs: startMs + 1, count: 1, path: '/fapi' })
  await ears.listen(account!, { wallets: ['linear'] })
  t.match(await ears.next(), { kind: 'down', code: 'STREAM_REFUSED' }, 'no listen key')
})

t.test('a stream that was cut is over until the daemon says otherwise', async (t) => {
  const fillAt = (atMs: number) =>
    ({ kind: 'fill', atMs, symbol: 'ETH/USDT', side: 'buy', quantity: '0.1' }) as const
  const { simulator, ears } = await before(t, {
    events: [fillAt(startMs + minuteMs), fillAt(startMs + 2 * minuteMs), fillAt(startMs + 5 * minuteMs)],
  })
  simulator.schedule({ kind: 'stream-cut', fromMs: startMs + minuteMs, toMs: startMs + 3 * minuteMs })
  const [account] = simulator.accounts
  await ears.listen(account!)
  await ears.next(({ kind }) => kind === 'up')
  simulator.advanceTo(startMs + minuteMs)
  t.match(await ears.next(), { kind: 'down', id: 1, code: 'STREAM_CLOSED' })
  await ears.listen(account!)
  t.match(await ears.next(), { kind: 'down', id: 2, code: 'STREAM_UNREACHABLE' })
  simulator.advanceTo(startMs + 4 * minuteMs)
  await ears.listen(account!)
  t.same(await ears.next(), { kind: 'up', id: 3, whole: true })
  simulator.advanceTo(startMs + 5 * minuteMs)
  t.same(await ears.next(isOfMarket), { kind: 'hint', id: 3, hints: spotHint('ETHUSDT') })
})

/** An exchange that takes every subscription, and tells what a test wants. */
async function serveEvents(
  t: Test,
): Promise<{ readonly ears: Ears; readonly clients: () => readonly WebSocket[]; readonly said: string[] }> {
  const said: string[] = []
  const clients: WebSocket[] = []
  const server = createServer((request, response) => {
    said.push(`${request.method} ${request.url}`)
    response.end(JSON.stringify({ listenKey: 'k'.repeat(64) }))
  })
  const streams = new WebSocketServer({ server })
  streams.on('connection', (client, request) => {
    clients.push(client)
    said.push(request.url ?? '')
    client.on('message', (data: Buffer) => {
      const { id } = JSON.parse(data.toString()) as { id: string }
      client.send(JSON.stringify({ id, status: 200, result: { subscriptionId: 0 } }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ears = await startEars({ exchange: 'binance', url, nowMs: () => startMs })
  t.teardown(async () => {
    await ears.listener.close()
    for (const client of clients) client.terminate()
    streams.close()
    server.close()
  })
  return { ears, clients: () => clients, said }
}

/** What each documented event says of where to look; null: it moves nothing. */
const documentedEvents: Readonly<Record<string, readonly string[] | null>> = {
  'spot/user_data_json/account_position.json': [],
  'spot/user_data_json/account_position_wrapped.json': [],
  'spot/user_data_json/balance_update.json': [],
  'spot/user_data_json/balance_update_wrapped.json': [],
  'spot/user_data_json/execution_report_canceled.json': null,
  'spot/user_data_json/execution_report_expired.json': null,
  'spot/user_data_json/execution_report_new.json': null,
  'spot/user_data_json/execution_report_stop_loss.json': null,
  'spot/user_data_json/execution_report_trade.json': ['ETHUSDT'],
  'spot/user_data_json/execution_report_wrapped.json': null,
  'spot/user_data_json/list_status_wrapped.json': null,
  'futures/user_data_json/account_update.json': ['BTCUSDT'],
  'futures/user_data_json/account_update_bnfcr.json': [],
  'futures/user_data_json/algo_update_canceled.json': null,
  'futures/user_data_json/algo_update_new.json': null,
  'futures/user_data_json/order_update_adl.json': ['BTCUSDT'],
  'futures/user_data_json/order_update_calculated.json': ['BTCUSDT'],
  'futures/user_data_json/order_update_calculated_pending.json': null,
  'futures/user_data_json/order_update_delivery.json': ['BTCUSD_240329'],
  'futures/user_data_json/order_update_insurance.json': ['BTCUSDT'],
  'futures/user_data_json/order_update_new.json': null,
  'futures/user_data_json/order_update_settlement.json': ['BTCUSDT'],
  'futures/user_data_json/order_update_trade.json': ['BTCUSDT'],
  'futures/user_data_json/order_update_trade_partial.json': ['BTCUSDT'],
  'futures/user_data_json/trade_lite.json': ['BTCUSDT'],
}

t.test('documented events give the hints that they are', async (t) => {
  if (documentedBody('nautilus/binance/spot/user_data_json/balance_update.json') === null) {
    return t.comment('the reference folder is absent')
  }
  const { ears, clients, said } = await serveEvents(t)
  const key = { apiKey: 'a'.repeat(64), secret: 'b'.repeat(64) }
  const id = await ears.listen(key, { wallets: ['spot', 'linear', 'inverse'] })
  t.same(await ears.next(), { kind: 'up', id, whole: true })
  t.same(said, [
    '/ws-api/v3',
    'POST /fapi/v1/listenKey',
    `/private/ws?listenKey=${'k'.repeat(64)}`,
    'POST /dapi/v1/listenKey',
    `/ws/${'k'.repeat(64)}`,
  ])
  const [spot, linear, inverse] = clients()
  for (const [file, markets] of Object.entries(documentedEvents)) {
    const body = documentedBody(`nautilus/binance/${file}`)
    if (body === null) continue
    const wallet = file.startsWith('spot') ? 'spot' : file.includes('delivery') ? 'inverse' : 'linear'
    const client = { spot, linear, inverse }[wallet]!
    client.send(body)
    if (markets === null) {
      const read = binanceStreams.newReader()(JSON.parse(body), wallet === 'spot' ? spotUrl : linearUrl)
      t.same(read, { kind: 'nothing' }, `${file} says that nothing moved`)
      continue
    }
    const hints = markets.map((market) => ({ wallet, market }))
    t.same(await ears.next(), { kind: 'hint', id, hints }, file)
  }
  t.equal(ears.words.length, 1 + Object.values(documentedEvents).filter((each) => each !== null).length)
})

const spotUrl = 'wss://ws-api.binance.com/ws-api/v3'
const linearUrl = 'wss://fstream.binance.com/private/ws?listenKey=a'

t.test('what an order locks moves nothing', async (t) => {
  const read = binanceStreams.newReader()
  const wrapped = (event: object) => read({ subscriptionId: 0, event }, spotUrl)
  const report = { e: 'executionReport', s: 'ETHBTC', x: 'NEW', l: '0.00000000', T: 5 }
  t.same(wrapped(report), { kind: 'nothing' })
  t.same(wrapped({ e: 'outboundAccountPosition', u: 5, B: [] }), { kind: 'nothing' })
  t.same(wrapped({ e: 'outboundAccountPosition', u: 6, B: [] }), { kind: 'hint', hints: [] })
  t.same(wrapped({ ...report, l: '0.00000001', T: 7 }), { kind: 'hint', hints: spotHint('ETHBTC') })
  t.same(wrapped({ e: 'eventStreamTerminated', E: 1 }), {
    kind: 'down',
    code: 'STREAM_CLOSED',
    exchangeCode: null,
    retryAfterMs: null,
  })
})

t.test('a lying stream is bounded: names, floods and garbage', async (t) => {
  const { ears, clients } = await serveEvents(t)
  const key = { apiKey: 'a'.repeat(64), secret: 'b'.repeat(64) }
  const traded = (market: unknown) =>
    JSON.stringify({ event: { e: 'executionReport', x: 'TRADE', s: market, l: '1', T: 1 } })
  let id = await ears.listen(key)
  await ears.next(({ kind }) => kind === 'up')
  for (const market of ['币安人生USDT', '__proto__', '../../etc', 'A'.repeat(41), '', 7, null, {}]) {
    clients().at(-1)!.send(traded(market))
  }
  t.same(await ears.next(), { kind: 'hint', id, hints: spotHint('币安人生USDT') })
  for (let index = 0; index < 1_000; index += 1)
    clients()
      .at(-1)!
      .send(traded(`COIN${index}USDT`))
  // on a slow machine what has no name is heard of once more, as a hint that names nothing
  const flood = await ears.next((said) => said.kind !== 'hint' || said.hints.length > 0)
  t.ok(flood.kind === 'hint' && flood.hints.length > 0 && flood.hints.length <= 64)
  clients().at(-1)!.terminate()
  await ears.next(({ kind }) => kind === 'down')
  const garbage: readonly (string | Buffer)[] = [
    '{"e":"executionReport"',
    '{"a":1,"a":2}',
    `${'['.repeat(100)}${']'.repeat(100)}`,
    `{"e":"${'x'.repeat(300_000)}"}`,
    Buffer.from([0x80, 0xff, 0xfe]),
    '[1e999]',
  ]
  for (const bytes of garbage) {
    id = await ears.listen(key)
    t.same(await ears.next(({ kind }) => kind !== 'hint'), { kind: 'up', id, whole: true })
    clients().at(-1)!.send(bytes)
    t.match(await ears.next(), { kind: 'down', id, code: 'STREAM_INVALID' }, String(bytes).slice(0, 20))
  }
  id = await ears.listen(key)
  t.same(await ears.next(), { kind: 'up', id, whole: true })
  for (const odd of [
    'pong',
    '{}',
    '{"e":7}',
    '{"id":"99","result":null}',
    '{"e":"__proto__"}',
    '{"event":[]}',
    'null',
  ]) {
    clients().at(-1)!.send(odd)
  }
  clients().at(-1)!.send(traded('ETHUSDT'))
  t.same(await ears.next(), { kind: 'hint', id, hints: spotHint('ETHUSDT') }, 'what is odd is passed over')
  t.same(ears.died, [])
})

t.test('orders and words are read strictly', async (t) => {
  const listen = {
    kind: 'listen',
    id: 1,
    nowMs: 1,
    frozen: false,
    skewMs: -5,
    exchange: 'binance',
    sandbox: false,
    baseUrl: null,
    wallets: ['spot'],
  }
  t.same(readOrder(listen), listen)
  t.same(readOrder({ kind: 'leave', id: 3 }), { kind: 'leave', id: 3 })
  for (const wrong of [
    {},
    { ...listen, id: 0 },
    { ...listen, more: 1 },
    { ...listen, wallets: ['x'] },
    { kind: 'leave' },
  ]) {
    t.throws(() => readOrder(wrong))
  }
  const down = { kind: 'down', id: 1, code: 'STREAM_CLOSED', exchangeCode: '-2015', retryAfterMs: 5 }
  t.same(readWord(down), down)
  for (const wrong of [
    { ...down, code: 'X' },
    { ...down, exchangeCode: 'secret=abc' },
    { kind: 'up', id: '1', whole: true },
    { kind: 'up', id: 1 },
    { kind: 'hint', id: 1, hints: [{ wallet: 'spot', market: 'a b' }] },
    { kind: 'hint', id: 1, hints: Array.from({ length: 65 }, () => ({ wallet: 'spot', market: 'A' })) },
    { kind: 'fills', id: 1 },
  ]) {
    t.throws(() => readWord(wrong))
  }
})
