import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { minuteMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { bybitStreams } from '../../src/collector/bybit/streams.ts'
import type { Hint } from '../../src/collector/hint.ts'
import type { StreamSource } from '../../src/collector/listener/source.ts'
import { okxStreams } from '../../src/collector/okx/streams.ts'
import type { AccountPlan } from '../../src/simulator/scenario.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { startEars } from './listener.ts'
import { documentedBody } from './served.ts'

/** Streams that tell of a whole account on one connection: bybit's and okx's. */

const startMs = Date.UTC(2025, 0, 6)

const exchanges = {
  bybit: {
    fills: ['ETHUSDT', 'BTCUSDT'],
    refusedKey: { code: 'STREAM_REFUSED', exchangeCode: null },
    refusedSecret: { code: 'STREAM_REFUSED', exchangeCode: null },
    late: { code: 'STREAM_REFUSED' },
  },
  okx: {
    fills: ['ETH-USDT', 'BTC-USDT-SWAP'],
    refusedKey: { code: 'STREAM_REFUSED', exchangeCode: '60005' },
    refusedSecret: { code: 'STREAM_REFUSED', exchangeCode: '60007' },
    late: { code: 'STREAM_REFUSED', exchangeCode: '60006' },
  },
} as const

async function before(t: Test, exchange: 'bybit' | 'okx', account: Partial<AccountPlan>) {
  const simulator = await startSimulator({
    exchange,
    seed: 1,
    startMs,
    scenario: { accounts: [{ opening: { USDT: '10000' }, unified: true, trader: null, ...account }] },
  })
  const ears = await startEars({ exchange, url: simulator.url, nowMs: () => simulator.nowMs() })
  t.teardown(async () => {
    await ears.listener.close()
    await simulator.close()
  })
  return { simulator, ears }
}

for (const [exchange, wanted] of Object.entries(exchanges) as [
  'bybit' | 'okx',
  (typeof exchanges)['bybit' | 'okx'],
][]) {
  t.test(`${exchange}: fills, contracts and coins that come are told on one connection`, async (t) => {
    const at = (minute: number) => startMs + minute * minuteMs
    const { simulator, ears } = await before(t, exchange, {
      events: [
        { kind: 'fill', atMs: at(1), symbol: 'ETH/USDT', side: 'buy', quantity: '0.5' },
        { kind: 'contract-fill', atMs: at(2), symbol: 'BTC/USDT:USDT', side: 'buy', quantity: '0.01' },
        { kind: 'transfer', atMs: at(3), asset: 'USDT', amount: '50' },
      ],
    })
    const id = await ears.listen(simulator.accounts[0]!, { wallets: ['spot', 'linear', 'inverse'] })
    t.same(await ears.next(), { kind: 'up', id, whole: true })
    t.equal(simulator.streams.open, 1)
    const [spot, linear] = wanted.fills
    // balances follow in messages of their own, which may be hints of their own
    const heard = async (of: number, minute: number, isMarket = true): Promise<readonly Hint[]> => {
      simulator.advanceTo(at(minute))
      const word = await ears.next(
        (each) => each.kind === 'hint' && each.id === of && each.hints.length > 0 === isMarket,
      )
      return word.kind === 'hint' ? word.hints : []
    }
    t.same(await heard(id, 1), [{ wallet: 'spot', market: spot }])
    ears.listener.leave(id)
    const again = await ears.listen(simulator.accounts[0]!, { wallets: ['spot', 'funding'] })
    t.same(
      await ears.next(({ kind }) => kind === 'up'),
      { kind: 'up', id: again, whole: false },
      'not of the funding wallet',
    )
    t.same(await heard(again, 2), [{ wallet: 'linear', market: linear }])
    t.same(await heard(again, 3, false), [], 'coins that came have no market')
    t.same(ears.refused, [])
  })

  t.test(`${exchange}: what is refused is said by its code`, async (t) => {
    const { simulator, ears } = await before(t, exchange, {})
    const account = simulator.accounts[0]!
    await ears.listen({ ...account, apiKey: 'unknown' })
    t.match(await ears.next(), { kind: 'down', ...wanted.refusedKey })
    await ears.listen({ ...account, secret: 'another' })
    t.match(await ears.next(), { kind: 'down', ...wanted.refusedSecret })
    await ears.listen(account, { nowMs: startMs - 5 * minuteMs })
    t.match(await ears.next(), { kind: 'down', ...wanted.late }, 'a clock that is late')
    const id = await ears.listen(account, { nowMs: startMs - 5 * minuteMs, skewMs: -5 * minuteMs })
    t.same(await ears.next(), { kind: 'up', id, whole: true }, 'and that is known to be late')
  })
}

/** What each documented event says of where to look; null: it moves nothing. */
const documented: Readonly<Record<string, readonly Hint[] | null>> = {
  'bybit/ws_account_execution.json': [{ wallet: 'linear', market: 'BTCUSDT' }],
  'bybit/ws_account_execution_adl.json': [{ wallet: 'linear', market: 'BTCUSDT' }],
  'bybit/ws_account_execution_fast.json': [{ wallet: 'linear', market: 'ICPUSDT' }],
  'bybit/ws_account_execution_fast_envelope_id.json': null,
  'bybit/ws_account_wallet.json': [],
  'bybit/ws_account_wallet_small_order.json': [],
  'bybit/ws_account_wallet_locked_exceeds_total.json': [],
  'bybit/ws_account_position.json': null,
  'bybit/ws_account_position_short.json': null,
  'bybit/ws_account_order.json': null,
  'bybit/ws_account_order_filled.json': null,
  'okx/ws_account.json': null,
  'okx/ws_account_empty.json': null,
}

t.test('documented events give the hints that they are', async (t) => {
  if (documentedBody('nautilus/bybit/ws_account_execution.json') === null) {
    return t.comment('the reference folder is absent')
  }
  for (const exchange of ['bybit', 'okx'] as const) {
    const clients: WebSocket[] = []
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (client) => {
      clients.push(client)
      client.on('message', (data: Buffer) => {
        const { op, args } = JSON.parse(data.toString()) as { op: string; args: { channel?: string }[] }
        if (op === 'login') return client.send('{"event":"login","code":"0","msg":""}')
        if (exchange === 'okx') return client.send(JSON.stringify({ event: 'subscribe', arg: args[0] }))
        client.send(JSON.stringify({ success: true, ret_msg: '', op }))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const ears = await startEars({ exchange, url, nowMs: () => startMs })
    t.teardown(async () => {
      await ears.listener.close()
      for (const client of clients) client.terminate()
      sockets.close()
      server.close()
    })
    const source: StreamSource = exchange === 'okx' ? okxStreams : bybitStreams
    const id = await ears.listen({ apiKey: 'a', secret: 'b', passphrase: 'c' })
    t.same(await ears.next(), { kind: 'up', id, whole: true })
    for (const [file, hints] of Object.entries(documented)) {
      const body = file.startsWith(exchange) ? documentedBody(`nautilus/${file}`) : null
      if (body === null) continue
      clients[0]!.send(body)
      if (hints === null) t.same(source.newReader()(JSON.parse(body), url), { kind: 'nothing' }, file)
      else t.same(await ears.next(), { kind: 'hint', id, hints }, file)
    }
    t.same(ears.died, [])
  }
})

t.test('bybit: a wallet that an order only locks has moved nothing', async (t) => {
  const read = bybitStreams.newReader()
  const wallet = (coins: Readonly<Record<string, string>>) =>
    read(
      {
        topic: 'wallet',
        data: [{ coin: Object.entries(coins).map(([coin, walletBalance]) => ({ coin, walletBalance })) }],
      },
      'wss://stream.bybit.com/v5/private',
    )
  t.same(wallet({ USDT: '10', BTC: '1' }), { kind: 'hint', hints: [] }, 'told for the first time')
  t.same(wallet({ USDT: '10' }), { kind: 'nothing' })
  t.same(wallet({ USDT: '11' }), { kind: 'hint', hints: [] })
  t.same(read({ op: 'subscribe', success: true }, ''), { kind: 'acknowledged' })
  t.equal(read({ op: 'pong', args: ['1'] }, ''), null, 'ccxt’s')
})

t.test(
  'okx: what is there at the beginning is no news, what is told every now and then neither',
  async (t) => {
    const read = okxStreams.newReader()
    const account = (cashBal: string) =>
      read({ arg: { channel: 'account' }, data: [{ details: [{ ccy: 'USDT', cashBal }] }] }, '')
    t.same(account('10'), { kind: 'nothing' })
    t.same(account('10'), { kind: 'nothing' })
    t.same(account('11'), { kind: 'hint', hints: [] })
    const order = (row: object) => read({ arg: { channel: 'orders' }, data: [row] }, '')
    t.same(order({ instType: 'SPOT', instId: 'BTC-USDT', fillSz: '0' }), { kind: 'nothing' })
    t.same(order({ instType: 'FUTURES', instId: 'BTC-USD-250328', fillSz: '1' }), {
      kind: 'hint',
      hints: [{ wallet: 'inverse', market: 'BTC-USD-250328' }],
    })
    t.match(read({ event: 'notice', code: '64008', msg: 'soon' }, ''), {
      kind: 'down',
      code: 'STREAM_CLOSED',
    })
    t.match(read({ event: 'error', code: '60012', msg: 'no' }, ''), {
      code: 'STREAM_REFUSED',
      exchangeCode: '60012',
    })
  },
)
