import { multiply, toText } from '@perf-agg/sdk'
import t from 'tap'
import { Account } from '../../src/accounting/account.ts'
import type { Hour, PriceWant } from '../../src/accounting/hour/hour.ts'
import type { Candle, Fill, Observation, Position } from '../../src/accounting/observation.ts'
import { defaultRules } from '../../src/accounting/rules.ts'
import { d, hour, minute, start } from './desk.ts'

/** Rights that are paid for in full: contracts whose cost has left the wallet, so that all of them is worth their mark. */

const terms = { size: '0.01', settle: 'BTC' }
const right = {
  market: 'linear',
  symbol: 'BTC/USD:BTC-260105-92000-C',
  base: 'BTC-USD-260105-92000-C',
  quote: 'BTC',
  terms,
} as const

function openAccount(): Account {
  const account = Account.open({
    openedAtMs: start,
    firstRegisteredAtMs: start,
    settlingMs: 30_000,
    rules: defaultRules,
  })
  account.setMarkets([{ symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true }])
  return account
}

const bought: Fill = {
  ...right,
  id: '1',
  side: 'buy',
  price: '0.05',
  quantity: '20',
  quoteQuantity: '1',
  fees: [{ asset: 'BTC', amount: '0.0001' }],
  atMs: start + 10 * minute,
  execution: 'trade',
}
const ended: Fill = {
  ...right,
  id: 'bill-2',
  side: 'sell',
  price: '0',
  quantity: '20',
  quoteQuantity: '0',
  fees: [],
  atMs: start + 170 * minute,
  execution: 'settlement',
}

function seen(atMs: number): Observation {
  const fills = [bought, ended].filter((fill) => fill.atMs <= atMs)
  const position: Position = { ...right, quantity: '20', entry: `0.${'0'.repeat(18)}` }
  return {
    begunAtMs: atMs,
    complete: true,
    fills,
    flows: [],
    conversions: [],
    incomes: [],
    // 20 × 0.01 × 0.05 and the fee were paid
    anchor: {
      atMs,
      balances: [{ asset: 'BTC', amount: fills.length === 0 ? '1' : '0.9899' }],
      positions: fills.length === 1 ? [position] : [],
    },
    unavailable: [],
    lost: null,
  }
}

function markAt(atMs: number): string {
  return atMs < start + 90 * minute ? '0.05' : atMs < start + 150 * minute ? '0.08' : '0'
}

function candlesOf({ fromMs, toMs, kind }: PriceWant): Candle[] {
  const candles: Candle[] = []
  for (let atMs = fromMs; atMs < toMs; atMs += minute) {
    const price = kind === 'mark' ? markAt(atMs) : '50000'
    const [baseVolume, quoteVolume] = kind === 'mark' ? ['0', '0'] : ['100', '5000000']
    candles.push({ minuteMs: atMs, open: price, close: price, baseVolume, quoteVolume })
  }
  return candles
}

t.test('a right costs its premium, is worth its mark, and may end worth nothing', async (t) => {
  const account = openAccount()
  const hours: Hour[] = []
  for (let atMs = start + 10_000; atMs <= start + 3 * hour + 20 * minute; atMs += 10 * minute) {
    t.same(account.take(seen(atMs)), [])
    for (let round = 0; round < 10; round += 1) {
      for (const want of account.priceWants(atMs)) account.takeCandles(want, candlesOf(want))
    }
    hours.push(...account.close(atMs).hours)
  }
  t.same(
    hours.map(({ equityUsd, trades, volumeBase, volumeQuoteUsd, feesUsd, marks }) => ({
      equity: toText(equityUsd!),
      trades,
      base: toText(volumeBase),
      quote: toText(volumeQuoteUsd),
      fees: toText(feesUsd),
      marks,
    })),
    [
      // 0.9899 and 0.2 × 0.05
      { equity: '49995', trades: 1, base: '0.2', quote: '500', fees: '5', marks: {} },
      { equity: '50295', trades: 0, base: '0', quote: '0', fees: '0', marks: {} },
      // an end is no trade
      { equity: '49495', trades: 0, base: '0', quote: '0', fees: '0', marks: {} },
    ],
  )
  const { symbols } = account.view(0)
  const own = symbols.find(({ symbol }) => symbol === right.symbol)
  t.equal(toText(own!.realizedPnlUsd), toText(multiply(d('-0.01'), d('50000'))))
  const bytes = account.snapshot()
  t.same(Account.restore(bytes).snapshot(), bytes)
})

t.test('what may be nothing is said, and nothing else', async (t) => {
  const account = openAccount()
  const inverse = {
    market: 'inverse',
    symbol: 'BTC/USD:BTC',
    base: 'BTC',
    quote: 'USD',
    terms: { size: '100', settle: 'BTC' },
  } as const
  const observation = seen(start + 3 * hour - minute)
  const refused = account.take({
    ...observation,
    fills: [
      { ...ended, id: 'a', execution: 'trade' },
      { ...ended, id: 'b', execution: 'liquidation' },
      { ...ended, ...inverse, id: 'c' },
      { ...ended, id: 'd', price: '-1' },
      ended,
    ],
  })
  t.same(
    refused.map(({ id, reason }) => [id, reason]),
    [
      ['a', 'amount-not-positive'],
      ['b', 'amount-not-positive'],
      ['c', 'amount-not-positive'],
      ['d', 'amount-negative'],
    ],
  )
  const position: Position = { ...inverse, quantity: '1', entry: '0' }
  const anchor = { ...observation.anchor!, positions: [position] }
  t.match(account.take({ ...observation, anchor }), [{ kind: 'anchor', reason: 'amount-not-positive' }])
  const want = { symbol: 'BTC/USDT', fromMs: start, toMs: start + minute }
  const nothing = { minuteMs: start, open: '0', close: '0', baseVolume: '0', quoteVolume: '0' }
  t.match(account.takeCandles(want, [nothing]), [{ reason: 'amount-not-positive' }])
  t.same(account.takeCandles({ ...want, kind: 'mark' }, [nothing]), [])
})
