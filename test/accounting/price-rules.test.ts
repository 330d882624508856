import t from 'tap'
import { toText } from '@perf-agg/sdk'
import { Reader, Writer } from '../../src/accounting/codec.ts'
import { CandleStore } from '../../src/accounting/pricing/candle-store.ts'
import { lastPrice, recentPrice } from '../../src/accounting/pricing/market-price.ts'
import type { OwnVolumes } from '../../src/accounting/pricing/market-price.ts'
import { joinWants } from '../../src/accounting/pricing/price-wants.ts'
import { MarketList, findRoute } from '../../src/accounting/pricing/route.ts'
import { defaultRules } from '../../src/accounting/rules.ts'
import { d, hour, minute, start } from './desk.ts'

const symbol = 'BTC/USDT'

/** Candles by minute before the full hour: [close, base volume, quote volume]. */
function candles(minutes: Record<number, readonly [string, string, string | null, string?]>): CandleStore {
  const store = new CandleStore()
  const list = Object.entries(minutes).map(([before, [close, baseVolume, quoteVolume, average]]) => ({
    minuteMs: start + hour - Number(before) * minute,
    open: close,
    close,
    baseVolume,
    quoteVolume,
    ...(average !== undefined && { average }),
  }))
  store.take({ symbol, fromMs: start, toMs: start + hour }, list)
  return store
}
function written(store: CandleStore): Uint8Array {
  const writer = new Writer()
  store.write(writer)
  return writer.finish()
}

const own = (minutes: Record<number, readonly [string, string]> = {}): OwnVolumes => ({
  ownVolume: (_symbol, fromMs, toMs) => {
    const inside = Object.entries(minutes).filter(([before]) => {
      const at = start + hour - Number(before) * minute
      return at >= fromMs && at < toMs
    })
    return {
      base: d(String(inside.reduce((sum, [, [base]]) => sum + Number(base), 0))),
      quote: d(String(inside.reduce((sum, [, [, quote]]) => sum + Number(quote), 0))),
    }
  },
})
const price = (store: CandleStore, mine = own()): unknown => {
  const found = recentPrice(symbol, start + hour, store, mine)
  return found && [found.source, toText(found.price), (start + hour - found.atMs) / minute]
}
const eight = Object.fromEntries([2, 3, 4, 5, 6, 7, 8, 9].map((at) => [at, ['100', '10', '1000'] as const]))

t.test('the last close where most of the last 15 minutes traded', (t) => {
  t.same(price(candles(eight)), ['close', '100', 1])
  t.same(price(candles({ ...eight, 2: ['101', '10', '1010'] })), ['close', '101', 1])
  const seven = { ...eight, 9: ['100', '0', '0'] } as const
  t.same(price(candles(seven)), ['vwap', '100', 0], 'seven of fifteen are not most')
  t.end()
})

t.test('own fills from 10 % of the volume on take the close away', (t) => {
  t.same(price(candles(eight), own({ 3: ['7.9', '790'] })), ['close', '100', 1])
  t.same(price(candles(eight), own({ 3: ['8', '880'] })), ['vwap', '98.888888888888888889', 0])
  t.end()
})

t.test('the very last print may be our own: from 10 % of its minute on it does not count', (t) => {
  // Liquid by the quarter of an hour, but the last minute is a print of 1 at double the price.
  const pumped = candles({ ...eight, 1: ['200', '1', '200'] })
  t.same(price(pumped, own({ 1: ['0.09', '18'] })), ['close', '200', 0])
  t.same(price(pumped, own({ 1: ['0.1', '20'] })), ['vwap', '101.112484548825710754', 0])
  t.same(price(pumped, own({ 1: ['1', '200'] })), ['vwap', '100', 0])
  // A minute without trade in between does not hide it.
  t.same(price(candles({ ...eight, 2: ['200', '1', '200'] }), own({ 2: ['1', '200'] })), ['vwap', '100', 0])
  t.end()
})

t.test('the average of the last hour leaves own fills out, rounded half to even at 18 places', (t) => {
  const store = candles({ 40: ['1', '3', '1'], 20: ['9', '1', '9'] })
  t.same(price(store), ['vwap', '2.5', 0])
  t.same(price(store, own({ 20: ['1', '9'] })), ['vwap', '0.333333333333333333', 0])
  t.same(price(store, own({ 20: ['1', '9'], 40: ['3', '1'] })), null, 'nobody else traded')
  t.end()
})

t.test('a turnover that is not told: what others traded counts at the close of its minute', (t) => {
  const untold = { 40: ['1', '3', null], 20: ['9', '1', null] } as const
  t.same(price(candles(untold)), ['vwap', '3', 0])
  t.same(price(candles(untold), own({ 40: ['0.2', '0.4'] })), ['vwap', '9', 0], 'a close that may be ours')
  t.same(price(candles({ ...untold, 30: ['8', '1', null, '5'] })), ['vwap', '3.4', 0], 'an average is told')
  const bothOurs = own({ 40: ['2', '4'], 20: ['0.5', '4.5'] })
  t.same(price(candles(untold), bothOurs), ['vwap', '3.666666666666666667', 0], 'there are no others')
  t.same(price(candles(untold), own({ 40: ['3', '3'], 20: ['1', '9'] })), null, 'nobody else traded')
  const back = (store: CandleStore) => price(CandleStore.read(new Reader(written(store))))
  t.same(back(candles(untold)), ['vwap', '3', 0], 'a snapshot knows that it was not told')
  t.same(back(candles({ 40: ['1', '3', null, '2'] })), ['vwap', '2', 0])
  t.same(back(candles({ 40: ['1', '3', '2'] })), ['vwap', '0.666666666666666667', 0])
  t.end()
})

t.test('the last price is the close of the last minute in which others traded', (t) => {
  const store = candles({ 50: ['7', '2', '14'], 30: ['8', '2', '16'], 10: ['99', '1', '99'] })
  const found = lastPrice(symbol, start, start + hour, store, own({ 10: ['1', '99'] }))
  t.equal(toText(found!.price), '8')
  t.equal(found!.atMs, start + 31 * minute)
  t.end()
})

t.test('hostile candles are minutes without trade', (t) => {
  const store = new CandleStore()
  const candle = { minuteMs: start, open: '1', close: '1', baseVolume: '1', quoteVolume: '1' }
  const refused = store.take({ symbol, fromMs: start, toMs: start + hour }, [
    { ...candle, close: 'NaN' },
    { ...candle, baseVolume: '-1' },
    { ...candle, minuteMs: start + 1 },
    { ...candle, minuteMs: start + hour },
    { ...candle, open: '0' },
  ])
  t.same(refused, [
    'amount-not-a-number',
    'amount-negative',
    'candle-not-a-minute',
    'candle-not-asked-for',
    'amount-not-positive',
  ])
  t.equal(store.at(symbol, start), null)
  t.equal(store.missing(symbol, start, start + hour), null, 'asked and answered')
  t.same(store.missing(symbol, start, start + 2 * hour), { fromMs: start + hour, toMs: start + 2 * hour })
  t.end()
})

const market = (name: string, active = true) => {
  const [base = '', quote = ''] = name.split('/')
  return { symbol: name, base, quote, type: 'spot' as const, active }
}

t.test('the way to dollars: one order, markets that trade first, no circles', (t) => {
  const list = new MarketList([
    market('X/BTC'),
    market('X/USDC'),
    market('X/USDT', false),
    market('Y/USDT', false),
    market('ETH/BTC'),
    market('USDT/TRY'),
    { ...market('Z/USDT'), type: 'linear' },
  ])
  const way = (asset: string) => findRoute(asset, list, defaultRules)
  t.same(way('X'), { symbol: 'X/USDC', bridge: 'USDC', inverse: false })
  t.same(way('Y'), { symbol: 'Y/USDT', bridge: 'USDT', inverse: false }, 'no other: the one that ended')
  t.same(way('ETH'), { symbol: 'ETH/BTC', bridge: 'BTC', inverse: false })
  t.equal(way('BTC'), null, 'not over ETH, which leads over BTC')
  t.same(way('TRY'), { symbol: 'USDT/TRY', bridge: 'USDT', inverse: true })
  t.equal(way('Z'), null, 'a contract is no market of the coin')
  t.end()
})

const want = (from: number, to: number, name = symbol) => ({
  symbol: name,
  fromMs: from * minute,
  toMs: to * minute,
})

t.test('wants are joined where it saves a call and cut where one answer would not hold them', (t) => {
  t.same(joinWants([want(70, 80), want(0, 60), want(0, 10, 'A/B')]), [want(0, 10, 'A/B'), want(0, 80)])
  t.same(joinWants([want(0, 60), want(120, 180)]), [want(0, 60), want(120, 180)])
  t.same(joinWants([want(0, 1500)]), [want(0, 1000), want(1000, 1500)])
  t.end()
})
