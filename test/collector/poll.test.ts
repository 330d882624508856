import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Observation } from '../../src/accounting/observation.ts'
import { Listings } from '../../src/collector/binance/listings.ts'
import { Poll } from '../../src/collector/binance/poll.ts'
import { CollectorFailure, failureOf } from '../../src/collector/failure.ts'
import { FakeBinance } from './fake-binance.ts'

const startMs = Date.UTC(2026, 0, 5, 12)

/** Polls one account again and again, keeping the cursor as the daemon does. */
class Watch {
  readonly exchange: FakeBinance
  readonly listings = new Listings()
  cursor: string | null = null
  sweep = false

  constructor(exchange: FakeBinance) {
    this.exchange = exchange
  }

  async poll(): Promise<Observation> {
    const { exchange, listings, cursor, sweep } = this
    exchange.asked.length = 0
    const polled = await Poll.run({
      caller: exchange,
      sync: exchange.sync,
      listings,
      sinceMs: startMs,
      cursor,
      previousAnchor: null,
      wallets: ['spot'] as const,
      sweep,
    })
    this.cursor = polled.cursor
    return polled.observation
  }

  async pollAt(atMs: number): Promise<Observation> {
    this.exchange.nowMs = atMs
    return this.poll()
  }
}

async function watch(...symbols: string[]): Promise<Watch> {
  const exchange = new FakeBinance(startMs).list(...symbols)
  exchange.give('USDT', '1000')
  const watched = new Watch(exchange)
  await watched.poll()
  exchange.nowMs = startMs + minuteMs
  return watched
}

t.test('the first poll makes an anchor of two reads that agree', async (t) => {
  const exchange = new FakeBinance(startMs).list('BTC/USDT')
  exchange.give('USDT', '1000.50')
  const observation = await new Watch(exchange).poll()
  t.equal(observation.complete, true)
  t.strictSame(observation.anchor, { atMs: startMs, balances: [{ asset: 'USDT', amount: '1000.5' }] })
  t.equal(exchange.asks('privateGetAccount'), 2)
})

t.test('a round trip between two polls, which moved only USDT, is found', async (t) => {
  const { exchange, ...rest } = await watch('BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'ETH/BTC')
  const watched = Object.assign(new Watch(exchange), rest)
  exchange.trade('SOL/USDT', { id: 7, atMs: exchange.nowMs, side: 'buy', price: '100', quantity: '2' })
  exchange.nowMs += 10
  exchange.trade('SOL/USDT', { id: 9, atMs: exchange.nowMs, side: 'sell', price: '101', quantity: '2' })
  const observation = await watched.pollAt(exchange.nowMs + minuteMs)
  t.equal(observation.complete, true)
  t.strictSame(
    observation.fills.map(({ symbol, id, side }) => [symbol, id, side]),
    [
      ['SOL/USDT', '7', 'buy'],
      ['SOL/USDT', '9', 'sell'],
    ],
  )
  t.match(observation.anchor, { balances: [{ asset: 'USDT', amount: '1002' }] })
})

t.test('a triangle over three markets is found by what each find moves', async (t) => {
  const watched = await watch('BTC/USDT', 'ETH/USDT', 'ETH/BTC', 'SOL/BTC')
  const { exchange } = watched
  const atMs = exchange.nowMs
  exchange.trade('BTC/USDT', { id: 1, atMs, side: 'buy', price: '50000', quantity: '0.01' })
  exchange.trade('ETH/BTC', { id: 5, atMs: atMs + 1, side: 'buy', price: '0.05', quantity: '0.2' })
  exchange.trade('ETH/USDT', { id: 3, atMs: atMs + 2, side: 'sell', price: '2600', quantity: '0.2' })
  const observation = await watched.pollAt(atMs + minuteMs)
  t.equal(observation.complete, true)
  t.strictSame(
    observation.fills.map(({ symbol }) => symbol),
    ['BTC/USDT', 'ETH/BTC', 'ETH/USDT'],
  )
})

t.test('a fee in BNB does not stand in the way', async (t) => {
  const watched = await watch('BTC/USDT', 'BNB/USDT')
  const { exchange } = watched
  exchange.give('BNB', '1')
  await watched.pollAt(startMs + 20 * minuteMs)
  watched.cursor = null
  await watched.poll()
  exchange.nowMs += minuteMs
  const fee = ['BNB', '0.0001'] as const
  exchange.trade('BTC/USDT', {
    id: 1,
    atMs: exchange.nowMs,
    side: 'buy',
    price: '50000',
    quantity: '0.01',
    fee,
  })
  const observation = await watched.pollAt(exchange.nowMs + minuteMs)
  t.equal(observation.complete, true)
  t.strictSame(observation.fills[0]?.fees, [{ asset: 'BNB', amount: '0.0001' }])
})

t.test('a round trip at one price, which left nothing but its fee, is found', async (t) => {
  const watched = await watch('BTC/USDT', 'BNB/USDT', 'SOL/USDT', 'ETH/BTC')
  const { exchange } = watched
  exchange.give('BNB', '1')
  watched.cursor = null
  await watched.poll()
  exchange.nowMs += minuteMs
  const fee = ['BNB', '0.001'] as const
  exchange.trade('SOL/USDT', { id: 1, atMs: exchange.nowMs, side: 'buy', price: '100', quantity: '2', fee })
  exchange.trade('SOL/USDT', {
    id: 2,
    atMs: exchange.nowMs + 1,
    side: 'sell',
    price: '100',
    quantity: '2',
    fee,
  })
  const observation = await watched.pollAt(exchange.nowMs + minuteMs)
  t.strictSame(
    observation.fills.map(({ id }) => id),
    ['1', '2'],
  )
  t.equal(observation.complete, true)
})

t.test('a quiet account costs one read of its balances', async (t) => {
  const watched = await watch('BTC/USDT')
  const observation = await watched.poll()
  t.equal(observation.complete, true)
  t.strictSame(
    watched.exchange.asked.map(({ name }) => name),
    ['privateGetAccount'],
  )
})

t.test('what nothing explains keeps polls incomplete for ten minutes, then is given up', async (t) => {
  const watched = await watch('BTC/USDT', 'ETH/USDT')
  const { exchange } = watched
  exchange.give('USDT', '-5')
  const first = await watched.poll()
  t.equal(first.complete, false)
  t.match(
    first.anchor,
    { balances: [{ asset: 'USDT', amount: '995' }] },
    'the anchor is told: two reads agreed',
  )
  t.equal((await watched.pollAt(exchange.nowMs + 9 * minuteMs)).complete, false)
  t.equal((await watched.pollAt(exchange.nowMs + 2 * minuteMs)).complete, true)
  const quiet = await watched.pollAt(exchange.nowMs + minuteMs)
  t.equal(quiet.complete, true)
  t.strictSame(
    exchange.asked.map(({ name }) => name),
    ['privateGetAccount'],
    'and costs no more than a quiet one',
  )

  exchange.trade('ETH/USDT', { id: 4, atMs: exchange.nowMs, side: 'buy', price: '2000', quantity: '0.1' })
  const later = await watched.pollAt(exchange.nowMs + minuteMs)
  t.equal(later.fills.length, 1, 'fills beside it are found all the same')
  t.equal(later.complete, true)
})

t.test('a fill that shows up hours late is found in a known market and in an unknown one', async (t) => {
  for (const known of [true, false]) {
    const watched = await watch('BTC/USDT', 'ETH/USDT')
    const { exchange } = watched
    const atMs = exchange.nowMs
    if (known) {
      exchange.trade('ETH/USDT', { id: 1, atMs, side: 'buy', price: '2000', quantity: '0.1' })
      exchange.trade('ETH/USDT', { id: 99, atMs: atMs + 99, side: 'buy', price: '2000', quantity: '0.1' })
      await watched.pollAt(atMs + minuteMs)
    }
    const visibleAtMs = atMs + 5 * hourMs
    exchange.trade('ETH/USDT', {
      id: 50,
      atMs: atMs + 50,
      side: 'buy',
      price: '2000',
      quantity: '0.1',
      visibleAtMs,
    })
    const before = await watched.pollAt(atMs + 2 * minuteMs)
    t.notOk(before.fills.some(({ id }) => id === '50'))
    for (let hour = 1; hour <= 4; hour += 1) await watched.pollAt(atMs + hour * hourMs)
    const observation = await watched.pollAt(visibleAtMs + minuteMs)
    t.ok(
      observation.fills.some(({ id }) => id === '50'),
      known ? 'known market' : 'unknown market',
    )
    t.equal(observation.complete, true)
  }
})

t.test('a late fill below the first one that was seen of its market is found', async (t) => {
  for (const lateMs of [3 * hourMs, 25 * hourMs]) {
    const watched = await watch('BTC/USDT', 'ETH/BTC', 'ETH/USDT')
    watched.exchange.give('BTC', '1')
    watched.cursor = null
    await watched.poll()
    watched.sweep = true
    const { exchange } = watched
    const atMs = exchange.nowMs + 1
    const visibleAtMs = atMs + lateMs
    exchange.trade('ETH/BTC', { id: 50, atMs, side: 'buy', price: '0.03', quantity: '0.25', visibleAtMs })
    await watched.pollAt(atMs + minuteMs)
    let found = false
    for (let hour = 2; hour <= 34; hour += 1) {
      const id = 90 + hour
      exchange.nowMs = atMs + hour * hourMs
      exchange.trade('ETH/BTC', { id, atMs: exchange.nowMs, side: 'buy', price: '0.03', quantity: '0.1' })
      const { fills } = await watched.pollAt(exchange.nowMs)
      found ||= fills.some(({ id }) => id === '50')
      t.equal(found && atMs + hour * hourMs < visibleAtMs, false)
    }
    t.ok(found, `${lateMs / hourMs} hours late`)
  }
})

t.test('a sweep finds a late fill after its change was given up for good', async (t) => {
  const watched = await watch('BTC/USDT', 'ETH/USDT')
  const { exchange } = watched
  const atMs = exchange.nowMs
  const visibleAtMs = atMs + 3 * dayMs
  exchange.trade('ETH/USDT', { id: 50, atMs, side: 'buy', price: '2000', quantity: '0.1', visibleAtMs })
  for (let hour = 1; hour <= 3 * 24; hour += 1) await watched.pollAt(atMs + hour * hourMs)
  t.equal((await watched.pollAt(visibleAtMs + hourMs)).fills.length, 0)
  watched.sweep = true
  t.strictSame(
    (await watched.pollAt(visibleAtMs + hourMs)).fills.map(({ id }) => id),
    ['50'],
  )
})

t.test(
  'of before the first poll every market is read, over some polls, before one is complete',
  async (t) => {
    const symbols = Array.from({ length: 320 }, (_, index) => `C${index}/USDT`)
    const exchange = new FakeBinance(startMs).list(...symbols)
    exchange.give('USDT', '1000')
    for (const [index, id] of [
      [3, 7],
      [170, 8],
      [310, 9],
    ] as const) {
      const atMs = startMs + index * minuteMs
      exchange.trade(symbols[index]!, { id, atMs, side: 'buy', price: '10', quantity: '1' })
      exchange.trade(symbols[index]!, {
        id: id + 10,
        atMs: atMs + 1,
        side: 'sell',
        price: '10',
        quantity: '1',
      })
    }
    exchange.nowMs = startMs + 30 * hourMs
    const watched = new Watch(exchange)
    const found: string[] = []
    const complete: boolean[] = []
    for (let poll = 0; poll < 4; poll += 1) {
      const observation = await watched.pollAt(exchange.nowMs + minuteMs)
      found.push(...observation.fills.map(({ id }) => id))
      complete.push(observation.complete)
    }
    t.strictSame(complete, [false, false, true, true])
    t.strictSame([...new Set(found)].toSorted(), ['17', '18', '19', '7', '8', '9'])
    t.ok(exchange.asks('privateGetMyTrades') < 10, 'and is not read again')
  },
)

t.test('every kind of flow explains its part', async (t) => {
  const watched = await watch('BTC/USDT', 'BNB/USDT', 'ETH/USDT')
  const { exchange } = watched
  const atMs = exchange.nowMs
  const second = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')
  exchange.give('USDT', '500')
  exchange.rows['deposits']?.push(
    {
      id: 'd1',
      coin: 'USDT',
      amount: '500',
      status: 1,
      insertTime: atMs - hourMs,
      completeTime: atMs,
      walletType: 0,
    },
    { id: 'd2', coin: 'USDT', amount: '9', status: 0, insertTime: atMs, walletType: 0 },
    { id: 'd3', coin: 'USDT', amount: '7', status: 1, insertTime: atMs, completeTime: atMs, walletType: 1 },
  )
  exchange.give('USDT', '-101')
  exchange.rows['withdrawals']?.push({
    id: 'w1',
    coin: 'USDT',
    amount: '100',
    transactionFee: '1',
    status: 4,
    applyTime: second,
    walletType: 0,
  })
  exchange.give('ETH', '-0.001')
  exchange.give('BNB', '0.003')
  exchange.rows['dust']?.push({
    transId: 11,
    operateTime: atMs,
    totalTransferedAmount: '0.003',
    userAssetDribbletDetails: [{ fromAsset: 'ETH', amount: '0.001', transferedAmount: '0.003' }],
  })
  exchange.give('ETH', '0.001')
  exchange.give('USDT', '-50')
  exchange.give('BTC', '0.001')
  exchange.rows['converts']?.push({
    orderId: 12,
    orderStatus: 'SUCCESS',
    fromAsset: 'USDT',
    fromAmount: '50',
    toAsset: 'BTC',
    toAmount: '0.001',
    createTime: atMs,
  })
  exchange.give('BNB', '0.5')
  exchange.rows['dividends']?.push({ id: 13, asset: 'BNB', amount: '0.5', divTime: atMs, direction: 1 })
  exchange.give('USDT', '-20')
  exchange.transfers.push({
    type: 'MAIN_FUNDING',
    asset: 'USDT',
    amount: '20',
    status: 'CONFIRMED',
    tranId: 14,
    timestamp: atMs,
  })
  // what ETH paid for dust it had before
  exchange.rows['dividends']?.push({ id: 15, asset: 'ETH', amount: '0.001', divTime: atMs - 1, direction: 1 })
  exchange.give('ETH', '0.000')
  const observation = await watched.pollAt(atMs + minuteMs)
  t.strictSame(observation.flows.map(({ flow, id, amount }) => [flow, id, amount]).toSorted(), [
    ['deposit', 'd1', '500'],
    ['reward', '13', '0.5'],
    ['reward', '15', '0.001'],
    ['transfer', '14', '-20'],
    ['withdrawal', 'w1', '-101'],
  ])
  t.strictSame(observation.conversions.map(({ id }) => id).toSorted(), ['11', '12'])
  t.equal(observation.complete, true)

  exchange.rows['withdrawals']?.splice(0, 1, {
    id: 'w1',
    coin: 'USDT',
    amount: '100',
    transactionFee: '1',
    status: 3,
    applyTime: second,
    walletType: 0,
  })
  exchange.give('USDT', '101')
  const returned = await watched.pollAt(atMs + 30 * minuteMs)
  const flow = returned.flows.find(({ id }) => id === 'w1:returned')
  t.match(flow, { flow: 'withdrawal', amount: '101', atMs: atMs + 30 * minuteMs, atEstimated: true })
  const again = await watched.pollAt(atMs + 2 * hourMs)
  t.strictSame(
    again.flows.find(({ id }) => id === 'w1:returned'),
    flow,
    'an estimate stays what it was',
  )
})

t.test('trading that goes on while the poll runs still gives an anchor', async (t) => {
  const watched = await watch('BTC/USDT')
  const { exchange } = watched
  let id = 0
  const trade = (): void => {
    id += 1
    exchange.nowMs += 1
    exchange.trade('BTC/USDT', { id, atMs: exchange.nowMs, side: 'buy', price: '100', quantity: '0.01' })
  }
  trade()
  await watched.poll()
  exchange.between = (name) => {
    if (name === 'privateGetMyTrades') trade()
  }
  exchange.nowMs += minuteMs
  trade()
  const observation = await watched.poll()
  t.equal(observation.complete, true)
  const included = observation.fills.filter(({ atMs }) => atMs <= (observation.anchor?.atMs ?? 0)).length
  t.match(observation.anchor, { balances: [{ asset: 'BTC', amount: String(included / 100) }, {}] })
})

const refused = (
  code: 'EXCHANGE_REQUEST_REFUSED' | 'EXCHANGE_KEY_REFUSED' | 'EXCHANGE_UNREACHABLE',
  text: string,
) => new CollectorFailure(failureOf(code, 'session', { exchangeCode: text }))

t.test(
  'a list that the exchange does not have is unavailable, one that fails makes the poll incomplete',
  async (t) => {
    const exchange = new FakeBinance(startMs).list('BTC/USDT')
    exchange.give('USDT', '1')
    exchange.failing.set('sapiGetAssetDribblet', refused('EXCHANGE_REQUEST_REFUSED', 'HTTP 404'))
    exchange.failing.set('sapiGetConvertTradeFlow', refused('EXCHANGE_KEY_REFUSED', '-2015'))
    const watched = new Watch(exchange)
    const observation = await watched.poll()
    t.strictSame(observation.unavailable, ['converts', 'dust'])
    t.equal(observation.complete, true)
    exchange.failing.set('sapiGetAssetAssetDividend', refused('EXCHANGE_UNREACHABLE', 'HTTP 502'))
    t.equal((await watched.pollAt(startMs + hourMs)).complete, false)
    exchange.failing.delete('sapiGetAssetAssetDividend')
    t.equal((await watched.poll()).complete, true)
  },
)

t.test('history that no longer reaches back is told as lost, where something is missing', async (t) => {
  const watched = await watch('BTC/USDT', 'ETH/USDT')
  const { exchange } = watched
  exchange.trade('BTC/USDT', { id: 1, atMs: exchange.nowMs, side: 'buy', price: '100', quantity: '1' })
  const before = await watched.poll()
  exchange.historyMs = 2 * dayMs
  exchange.nowMs += dayMs
  exchange.trade('BTC/USDT', { id: 2, atMs: exchange.nowMs, side: 'buy', price: '100', quantity: '1' })
  exchange.nowMs += 4 * dayMs
  exchange.trade('BTC/USDT', { id: 3, atMs: exchange.nowMs, side: 'sell', price: '100', quantity: '1' })
  const thirdMs = exchange.nowMs
  const observation = await watched.pollAt(exchange.nowMs + hourMs)
  t.strictSame(observation.lost, { fromMs: before.anchor?.atMs, toMs: thirdMs })
  t.equal(observation.complete, true)
  const next = await watched.pollAt(exchange.nowMs + hourMs)
  t.equal(next.lost, null, 'once')
})

t.test(
  'after a standstill longer than the shortest list tells, what is missing is lost, and only that',
  async (t) => {
    const traded = await watch('BTC/USDT', 'ETH/USDT')
    await traded.poll()
    traded.exchange.nowMs += 3 * dayMs
    traded.exchange.trade('BTC/USDT', {
      id: 1,
      atMs: traded.exchange.nowMs,
      side: 'buy',
      price: '100',
      quantity: '1',
    })
    const found = await traded.pollAt(traded.exchange.nowMs + 37 * dayMs)
    t.equal(found.fills.length, 1, 'fills are told for ever')
    t.equal(found.lost, null)

    const dusted = await watch('BTC/USDT', 'ETH/USDT')
    const before = await dusted.poll()
    dusted.exchange.nowMs += 3 * dayMs
    // as a conversion of dust does that the list does not show any more
    dusted.exchange.give('USDT', '-3')
    dusted.exchange.give('BNB', '0.01')
    const first = await dusted.pollAt(dusted.exchange.nowMs + 37 * dayMs)
    t.equal(first.complete, false, 'it is looked for')
    t.equal(first.lost, null)
    const second = await dusted.pollAt(dusted.exchange.nowMs + 15 * minuteMs)
    t.equal(second.complete, true)
    t.strictSame(second.lost, {
      fromMs: before.anchor?.atMs,
      toMs: dusted.exchange.nowMs - 29 * dayMs,
    })
    t.equal((await dusted.pollAt(dusted.exchange.nowMs + hourMs)).lost, null, 'once')
  },
)

t.test("coins in Simple Earn are still the account's", async (t) => {
  const watched = await watch('BTC/USDT')
  const { exchange } = watched
  exchange.give('USDT', '-400')
  exchange.give('LDUSDT', '400')
  const observation = await watched.pollAt(exchange.nowMs + minuteMs)
  t.equal(observation.complete, true)
  t.match(observation.anchor, { balances: [{ asset: 'USDT', amount: '1000' }] })
})

t.test('a cursor that is none is refused', async (t) => {
  const watched = await watch('BTC/USDT')
  watched.cursor = '{"version":1}'
  await t.rejects(watched.poll(), { code: 'INPUT_INVALID' })
})
