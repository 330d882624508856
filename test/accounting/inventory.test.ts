import fc from 'fast-check'
import t from 'tap'
import { add, compare, subtract, toText, zero } from '@perf-agg/sdk'
import { Desk, d, hour, minute, start } from './desk.ts'

const prices = (symbol: string, at: number): string =>
  ({ 'BTC/USDT': 100, 'ETH/USDT': 10 }[symbol] ?? 1) * 1000 + ((at / minute) % 97) + ''

t.test('what symbols made is what the account made, to the last decimal', (t) => {
  const trade = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    symbol: fc.constantFrom('BTC/USDT', 'ETH/USDT'),
    at: fc.integer({ min: 1, max: 350 }),
    // a fee in the coin itself is always less than a hundredth of what was bought
    size: fc.integer({ min: 1_000, max: 99_999 }).map((n) => `0.${String(n).padStart(7, '0')}`),
    feeIn: fc.constantFrom('base', 'quote', 'none'),
  })
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 40 }), (trades) => {
      const desk = new Desk({ opening: { USDT: '100000' }, prices })
      const bought = new Map<string, number>()
      for (const { side, symbol, at, size, feeIn } of trades.toSorted((a, b) => a.at - b.at)) {
        const had = bought.get(symbol) ?? 0
        // No shorts on spot: what is sold was bought, fees and all.
        const kept = side === 'buy' ? Number(size) * 0.99 : -Number(size)
        if (had + kept < 0) continue
        bought.set(symbol, had + kept)
        const base = symbol.split('/')[0]!
        const fee =
          feeIn === 'none'
            ? []
            : ([[feeIn === 'base' && side === 'buy' ? base : 'USDT', '0.000001']] as const)
        desk.fill(start + at * minute + 500, side, symbol, size, prices(symbol, start + at * minute), {
          fees: fee,
        })
      }
      desk.run(start + 10_000, start + 6 * hour + 10 * minute + 10_000, 10 * minute)
      const { symbols, equityUsd, totals, hours } = desk.account.view(0)
      t.equal(hours.length, 6)
      const pnl = symbols.reduce((sum, one) => add(sum, add(one.realizedPnlUsd, one.unrealizedPnlUsd)), zero)
      t.equal(compare(subtract(pnl, totals.feesUsd), subtract(equityUsd!, d('100000'))), 0)
    }),
    { numRuns: 30 },
  )
  t.end()
})

const flat = (symbol: string): string =>
  ({ 'BTC/USDT': '100', 'BNB/USDT': '300', 'ETH/USDT': '10' })[symbol] ?? '1'
const views = (desk: Desk) => {
  desk.run(start + 10_000, start + hour + 2 * minute, minute)
  return desk.account
    .view(0)
    .symbols.map(({ symbol, realizedPnlUsd, unrealizedPnlUsd, feesUsd }) => [
      symbol,
      toText(realizedPnlUsd),
      toText(unrealizedPnlUsd),
      toText(feesUsd),
    ])
}

t.test('first in, first out, with deposits at market value and withdrawals without P&L', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.fill(start + 5 * minute, 'buy', 'BTC/USDT', '1', '90')
  desk.flow(start + 10 * minute, 'deposit', 'BTC', '1')
  desk.flow(start + 15 * minute, 'withdrawal', 'BTC', '-0.5')
  // Half of the lot at 90 is left, then the deposit at 100.
  desk.fill(start + 20 * minute, 'sell', 'BTC/USDT', '1', '110')
  t.same(views(desk), [['BTC/USDT', '15', '0', '0']])
  t.end()
})

t.test('a fee in a third coin takes lots of that coin', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.fill(start + 5 * minute, 'buy', 'BNB/USDT', '1', '290')
  desk.fill(start + 10 * minute, 'buy', 'BTC/USDT', '1', '100', { fees: [['BNB', '0.1']] })
  t.same(views(desk), [
    ['BNB/USDT', '1', '9', '0'],
    ['BTC/USDT', '0', '0', '30'],
  ])
  t.end()
})

t.test('a coin paid with is a coin sold', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000' },
    prices: (symbol) => (symbol === 'ETH/BTC' ? '0.1' : flat(symbol)),
  })
  desk.fill(start + 5 * minute, 'buy', 'BTC/USDT', '1', '80')
  desk.fill(start + 10 * minute, 'buy', 'ETH/BTC', '5', '0.1')
  t.same(views(desk), [
    ['BTC/USDT', '10', '10', '0'],
    ['ETH/BTC', '0', '0', '0'],
  ])
  t.end()
})
