import t from 'tap'
import { Fills } from '../../src/collector/binance/fills.ts'
import { FakeBinance } from './fake-binance.ts'

const startMs = Date.UTC(2026, 0, 5)
const listing = { id: 'BTCUSDT', base: 'BTC', quote: 'USDT' }

function exchangeWith(count: number, atMs: (index: number) => number): FakeBinance {
  const exchange = new FakeBinance(startMs + 86_400_000).list('BTC/USDT')
  for (let index = 0; index < count; index += 1) {
    exchange.trade('BTC/USDT', {
      id: 10 + index * 3,
      atMs: atMs(index),
      side: 'buy',
      price: '1',
      quantity: '1',
    })
  }
  return exchange
}

t.test('pages of more than a thousand fills at one instant come whole', async (t) => {
  for (const count of [999, 1_000, 1_001, 2_000, 2_500]) {
    const exchange = exchangeWith(count, () => startMs)
    const mark = { id: 10, atMs: startMs }
    const known = { id: 'BTCUSDT', base: 'BTC', quote: 'USDT', lastAtMs: startMs, marks: [mark] }
    const fills = new Fills(exchange, [known], exchange.nowMs)
    await fills.readKnown('BTCUSDT', 'far', startMs)
    t.equal(fills.all().length, count)
    t.equal(new Set(fills.all().map(({ id }) => id)).size, count, 'each once')
    t.equal(fills.cut, false)
  }
})

t.test('an unknown market with more than a page since then is read from there on', async (t) => {
  const exchange = exchangeWith(3_210, (index) => startMs + index * 10_000)
  exchange.nowMs = startMs + 3_300 * 10_000
  const fills = new Fills(exchange, [], exchange.nowMs)
  await fills.readUnknown(listing, startMs)
  t.equal(fills.all().length, 3_210)
  t.equal(exchange.asks('privateGetMyTrades') <= 6, true)
  t.equal(fills.known[0]?.marks.length, 9, 'one mark for each hour')
})

t.test('marks let the next poll begin where it must', async (t) => {
  const exchange = exchangeWith(300, (index) => startMs + index * 600_000)
  exchange.nowMs = startMs + 300 * 600_000
  const first = new Fills(exchange, [], exchange.nowMs)
  await first.readUnknown(listing, startMs)
  const next = new Fills(exchange, first.known, exchange.nowMs)
  await next.readKnown('BTCUSDT', 'near', exchange.nowMs)
  t.ok(next.all().length <= 12, `an hour back: ${next.all().length}`)
  const far = new Fills(exchange, first.known, exchange.nowMs)
  await far.readKnown('BTCUSDT', 'far', exchange.nowMs)
  t.ok(far.all().length >= 26 * 6, `a day back: ${far.all().length}`)
  t.strictSame(far.truncated, [])
})

t.test('a known fill that is gone is noticed', async (t) => {
  const exchange = exchangeWith(10, (index) => startMs + index * 3_600_000)
  const first = new Fills(exchange, [], exchange.nowMs)
  await first.readUnknown(listing, startMs)
  exchange.historyMs = exchange.nowMs - (startMs + 5 * 3_600_000)
  const next = new Fills(exchange, first.known, exchange.nowMs)
  await next.readKnown('BTCUSDT', 'far', exchange.nowMs)
  t.strictSame(next.truncated, [
    { symbol: 'BTCUSDT', knownAtMs: startMs, reachesToMs: startMs + 5 * 3_600_000 },
  ])
  const after = new Fills(exchange, next.known, exchange.nowMs)
  await after.readKnown('BTCUSDT', 'far', exchange.nowMs)
  t.strictSame(after.truncated, [], 'once')
})
