import fc from 'fast-check'
import t, { type Test } from 'tap'
import { add, compare, subtract, toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Hour } from '../../src/accounting/hour/hour.ts'
import { AveragePosition, FifoPosition } from '../../src/accounting/position/position.ts'
import { d, start } from './desk.ts'
import { FuturesDesk, btcInverse, btcLinear } from './futures-desk.ts'
import type { Terms } from './futures-desk.ts'
import { Watch } from './watch.ts'

/** To the last decimal, for histories that nobody would think of. */

interface Step {
  readonly terms: Terms
  readonly side: 'buy' | 'sell'
  readonly contracts: string
  readonly price: string
  readonly fee: string
  /** Ten-minute places, so that many fall on one instant. */
  readonly place: number
  readonly funding: string | null
}

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }).map(String),
  fc.constantFrom(
    '0.000000000000000001',
    '0.000000000000000003',
    '1000000000000',
    '999999999999.999999999999999999',
    '1',
  ),
)
const steps = fc.array(
  fc.record<Step>({
    terms: fc.constantFrom(btcLinear, btcInverse),
    side: fc.constantFrom('buy', 'sell'),
    contracts: sizes,
    price: fc.constantFrom('50000', '0.000000000001', '49999.999999999999', '123456789.5'),
    fee: fc.constantFrom('0', '0.000000000000000001', '-0.5', '3'),
    place: fc.integer({ min: 1, max: 17 }),
    funding: fc.constantFrom(null, null, '-0.000000000000000001', '2.5'),
  }),
  { maxLength: 40 },
)

interface Made {
  readonly fifo: FifoPosition
  readonly average: AveragePosition
}

const mark = '50000'

/** The same fills told to an account, and to a position by each method. */
function play(made: readonly Step[]): { hours: Hour[]; watch: Watch; bySymbol: Map<string, Made> } {
  const watch = new Watch(
    new FuturesDesk({ USDT: '1', BTC: '1' }, 18),
    () => mark,
    () => mark,
  )
  const bySymbol = new Map<string, Made>()
  const wallet = watch.desk
  for (const { terms, side, contracts, price, fee, place, funding } of made.toSorted(
    (a, b) => a.place - b.place,
  )) {
    const atMs = start + place * 600_000
    watch.fill(atMs, terms, side, contracts, price, { fee })
    if (funding !== null) watch.at(atMs, () => wallet.income(atMs, 'funding', terms.settle, funding))
  }
  const hours = watch.run(3)
  const instrument = ({ market, size }: Terms) => ({ kind: market, contractSize: d(size) })
  // In the ledger's own order: equal times by key.
  for (const terms of [btcLinear, btcInverse]) {
    bySymbol.set(terms.symbol, {
      fifo: new FifoPosition(instrument(terms)),
      average: new AveragePosition(instrument(terms)),
    })
  }
  const keyOf = (fill: { market: string; symbol: string; id: string }): string =>
    JSON.stringify(['fill', fill.market, fill.symbol, fill.id])
  const ordered = watch.desk.fills.toSorted((a, b) => a.atMs - b.atMs || (keyOf(a) < keyOf(b) ? -1 : 1))
  for (const { symbol, side, quantity, price } of ordered) {
    for (const position of Object.values(bySymbol.get(symbol)!) as FifoPosition[]) {
      position.apply({ side, quantity: d(quantity), price: d(price) })
    }
  }
  return { hours, watch, bySymbol }
}

const total = ({ fifo, average }: Made, method: 'fifo' | 'average'): Decimal => {
  const position = method === 'fifo' ? fifo : average
  return add(position.realized, position.unrealized(d(mark)))
}

function sums(t: Test, { hours, watch, bySymbol }: ReturnType<typeof play>): void {
  const { totals, symbols, trading } = watch.account.view(0)
  t.equal(hours.length, 3)
  for (const name of ['volumeBase', 'volumeQuoteUsd', 'feesUsd'] as const) {
    const sum = (parts: readonly { readonly [Name in typeof name]: Decimal }[]): string =>
      toText(parts.reduce((whole, part) => add(whole, part[name]), zero))
    t.equal(sum(hours), toText(totals[name]), name)
    t.equal(sum(symbols), toText(totals[name]), `${name} by symbol`)
  }
  t.equal(
    hours.reduce((count, { trades }) => count + trades, 0),
    totals.trades,
  )
  t.equal(trading.values['fills'], watch.desk.fills.length)
  for (const [symbol, positions] of bySymbol) {
    const [fifo, average] = [total(positions, 'fifo'), total(positions, 'average')]
    t.equal(compare(fifo, average), 0, `${symbol}: ${toText(fifo)} is ${toText(average)}`)
    const one = symbols.find((each) => each.symbol === symbol)
    if (one === undefined || symbol !== btcLinear.symbol) continue
    const shown = add(one.realizedPnlUsd, one.unrealizedPnlUsd)
    t.equal(toText(subtract(shown, fifo)), '0', 'what is shown is that, in dollars')
  }
}
t.test('Σ hours = totals = Σ symbols, and first-in first-out = average cost, whatever the history', (t) => {
  fc.assert(
    fc.property(steps, (made) => sums(t, play(made))),
    { numRuns: 60 },
  )
  t.end()
})

t.test('thousands of flips, many at one instant, with funding in between', (t) => {
  const made = Array.from({ length: 3_000 }, (_, index): Step => {
    const terms = index % 2 === 0 ? btcLinear : btcInverse
    return {
      terms,
      side: Math.floor(index / 2) % 2 === 0 ? 'buy' : 'sell',
      contracts: `${(index % 97) + 1}.${String((index * 7919) % 1_000_003).padStart(18, '0')}`,
      price: `${50_000 + ((index * 31) % 1_000)}.${(index * 13) % 10}`,
      fee: index % 5 === 0 ? '-0.000000000000000001' : '0.000000001',
      place: 1 + (index % 17),
      funding: index % 11 === 0 ? '-0.000000000000000007' : null,
    }
  })
  sums(t, play(made))
  t.end()
})
