import { hourMs, hourOf, minuteMs } from '@perf-agg/sdk'
import { Account } from '../../../src/accounting/account.ts'
import type { Candle, Fill } from '../../../src/accounting/observation.ts'
import { defaultRules } from '../../../src/accounting/rules.ts'

/** An exchange account after days of polls, its last one at `endMs`: one that trades each hour, or one that holds. */
export function monthOf(options: {
  readonly days: number
  readonly endMs: number
  readonly trades: boolean
}): Account {
  const { days, endMs, trades } = options
  const openedAtMs = hourOf(endMs) - days * 24 * hourMs
  const made = Account.open({
    openedAtMs,
    firstRegisteredAtMs: openedAtMs,
    settlingMs: 5_000,
    rules: defaultRules,
  })
  made.setMarkets([{ symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true }])
  const fills: Fill[] = []
  for (let index = 0; index <= days * 24; index += 1) {
    const atMs = Math.min(openedAtMs + index * hourMs + 10_000, endMs)
    // bought and sold in turn at one price: what is held after two is what was held before
    if (trades && index > 0) fills.push(fillOf(index, atMs - minuteMs))
    const isHeld = trades && index % 2 === 1
    made.take({
      begunAtMs: atMs,
      complete: true,
      // as an exchange tells them: a little of what was told before comes again
      fills: fills.slice(-3),
      flows: [],
      conversions: [],
      incomes: [],
      anchor: {
        atMs,
        balances: isHeld
          ? [
              { asset: 'BTC', amount: '0.01' },
              { asset: 'USDT', amount: '500' },
            ]
          : [{ asset: 'USDT', amount: '1000' }],
      },
      unavailable: [],
      lost: null,
    })
    for (let round = 0; round < 6; round += 1) {
      const wants = made.priceWants(atMs)
      if (wants.length === 0) break
      for (const { symbol, fromMs, toMs, ...want } of wants) {
        made.takeCandles({ symbol, fromMs, toMs, ...want }, minutesOf(fromMs, toMs))
      }
    }
    made.close(atMs)
  }
  return made
}

function fillOf(index: number, atMs: number): Fill {
  return {
    id: String(index),
    market: 'spot',
    symbol: 'BTC/USDT',
    base: 'BTC',
    quote: 'USDT',
    side: index % 2 === 1 ? 'buy' : 'sell',
    price: '50000',
    quantity: '0.01',
    quoteQuantity: '500',
    fees: [],
    atMs,
    execution: 'trade',
  }
}

function minutesOf(fromMs: number, toMs: number): Candle[] {
  const candles: Candle[] = []
  for (let minuteAt = fromMs; minuteAt < toMs; minuteAt += minuteMs) {
    const price = '50000'
    candles.push({ minuteMs: minuteAt, open: price, close: price, baseVolume: '1', quoteVolume: price })
  }
  return candles
}
