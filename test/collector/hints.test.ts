import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { Listings } from '../../src/collector/binance/listings.ts'
import { Poll } from '../../src/collector/binance/poll.ts'
import { CollectorFailure, failureOf } from '../../src/collector/failure.ts'
import type { Hint } from '../../src/collector/hint.ts'
import { FakeBinance } from './fake-binance.ts'

const startMs = Date.UTC(2026, 0, 5, 12)

/** A spot account of twenty markets, polled again and again. */
class Watch {
  readonly exchange = new FakeBinance(startMs).list(
    ...Array.from({ length: 20 }, (_, index) => `C${index}/USDT`),
    'C1/BTC',
    'C2/BTC',
  )
  readonly #listings = new Listings()
  #cursor: string | null = null

  async poll(markets: readonly string[] = []) {
    this.exchange.asked.length = 0
    const polled = await Poll.run({
      caller: this.exchange,
      sync: this.exchange.sync,
      listings: this.#listings,
      sinceMs: startMs,
      cursor: this.#cursor,
      previousAnchor: null,
      wallets: ['spot'] as const,
      sweep: false,
      hints: markets.map((market): Hint => ({ wallet: 'spot', market })),
    })
    this.#cursor = polled.cursor
    return polled.observation
  }

  get symbols(): readonly string[] {
    return (JSON.parse(this.#cursor ?? '{}') as { symbols: { id: string }[] }).symbols.map(({ id }) => id)
  }

  /** Markets that were asked for their fills in the last poll, in order. */
  get read(): unknown[] {
    return this.exchange.asked
      .filter(({ name }) => name === 'privateGetMyTrades')
      .map(({ parameters }) => parameters['symbol'])
  }

  roundTrip(symbol: string, atMs: number): void {
    this.exchange.nowMs = atMs
    this.exchange.trade(symbol, { id: atMs - startMs, atMs, side: 'buy', price: '10', quantity: '2' })
    this.exchange.trade(symbol, { id: atMs - startMs + 1, atMs, side: 'sell', price: '11', quantity: '2' })
  }
}

async function watching(): Promise<Watch> {
  const watch = new Watch()
  watch.exchange.give('USDT', '1000')
  await watch.poll()
  watch.exchange.nowMs += minuteMs
  await watch.poll()
  return watch
}

t.test('a market that a stream named is read first, and no other where it explains all', async (t) => {
  const watch = await watching()
  watch.roundTrip('C17/USDT', startMs + 2 * minuteMs)
  const observation = await watch.poll(['C17USDT'])
  t.equal(observation.complete, true)
  t.equal(observation.fills.length, 2)
  t.same(watch.read, ['C17USDT'])
  t.same(watch.symbols, ['C17USDT'], 'it had fills: it is known from now on')
})

t.test('the same without a word of it takes a search, and comes to the same', async (t) => {
  const [told, untold] = await Promise.all([watching(), watching()])
  for (const watch of [told, untold]) watch.roundTrip('C17/USDT', startMs + 2 * minuteMs)
  const [one, other] = [await told.poll(['C17USDT']), await untold.poll()]
  t.same(one, other)
  t.ok(untold.read.length >= 10 * told.read.length, `${untold.read.length} calls instead of 1`)
})

t.test('a lie costs some reads and changes nothing', async (t) => {
  const [lied, untold] = await Promise.all([watching(), watching()])
  for (const watch of [lied, untold]) watch.roundTrip('C17/USDT', startMs + 2 * minuteMs)
  const lies = ['C1BTC', 'NOSUCH', ...Array.from({ length: 16 }, (_, index) => `C${index}USDT`)]
  t.same(await lied.poll(lies), await untold.poll())
  t.same(lied.symbols, untold.symbols, 'what had no fills is not known for it')
  t.ok(lied.read.length <= untold.read.length + 12, 'so many at the most')
  lied.exchange.nowMs += minuteMs
  t.equal((await lied.poll(lies)).complete, true)
  t.same(lied.read, [], 'where nothing moved nothing is read')
})

t.test('a hint is of use in the hour’s thorough poll too', async (t) => {
  const watch = await watching()
  watch.roundTrip('C17/USDT', startMs + hourMs + minuteMs)
  const observation = await watch.poll(['C17USDT', 'C17USDT'])
  t.equal(observation.fills.length, 2)
  t.equal(watch.read[0], 'C17USDT')
  t.equal(watch.read.length, 1)
})

t.test('where the minute’s weight is spent, what is left is for what balances point to', async (t) => {
  const watch = await watching()
  watch.roundTrip('C17/USDT', startMs + 2 * minuteMs)
  watch.exchange.failing.set(
    'privateGetMyTrades',
    new CollectorFailure(failureOf('EXCHANGE_RATE_LIMITED', 'exchange', { retryAfterMs: 1_000 })),
  )
  const observation = await watch.poll(['C17USDT'])
  t.equal(observation.complete, false)
  watch.exchange.failing.clear()
  t.equal((await watch.poll(['C17USDT'])).fills.length, 2)
})
