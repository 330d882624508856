import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import type { Faults } from './faults.ts'
import { listingOf } from './listing.ts'
import type { AccountPlan, PlannedEvent, Scenario } from './scenario.ts'

/** The lists of the story forget after two days. */
export const storyHistoryMs = 2 * dayMs

/**
 * A month in the life of an account in which everything happens that a track record must survive. Shorter spans take
 * what falls into them.
 */
export function usualStory(startMs: number, days: number): Scenario {
  const at = (day: number, hour: number, minute = 0, second = 0): number =>
    startMs + (day - 1) * dayMs + hour * hourMs + minute * minuteMs + second * secondMs
  const events: PlannedEvent[] = [
    { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000' },
    { kind: 'reward', atMs: at(1, 14, 3, 11), asset: 'USDT', amount: '500', info: 'Bonus' },
    { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'USDT', amount: '1200', fee: '4' },
    { kind: 'convert', atMs: at(2, 16, 22, 48), from: 'USDT', to: 'BNB', amount: '600' },
    { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5' },
    {
      kind: 'fill',
      atMs: at(3, 10, 33, 20),
      symbol: 'SOL/USDT',
      side: 'buy',
      quantity: '3.5',
      visibleAfterMs: 12 * minuteMs,
    },
    { kind: 'dust', atMs: at(4, 8, 0, 5) },
    { kind: 'unexplained', atMs: at(5, 11, 52, 31), asset: 'BTC', amount: '-0.0031' },
    {
      kind: 'fill',
      atMs: at(6, 13, 21, 9),
      symbol: 'LINK/USDT',
      side: 'buy',
      quantity: '40',
      visibleAfterMs: 3 * hourMs,
    },
    {
      kind: 'withdrawal',
      atMs: at(7, 19, 5, 55),
      asset: 'USDT',
      amount: '900',
      fee: '4',
      outcome: 'refused',
      settleMs: 47 * minuteMs,
    },
    { kind: 'deposit', atMs: at(8, 2, 58, 41), asset: 'BTC', amount: '0.05', pendingMs: 35 * minuteMs },
    { kind: 'reward', atMs: at(9, 0, 30, 1), asset: 'BNB', amount: '0.0412', info: 'Referral Commission' },
    { kind: 'transfer', atMs: at(10, 12, 7, 33), asset: 'USDT', amount: '-750' },
    { kind: 'fill', atMs: at(11, 6, 44, 51), symbol: 'PROM/USDT', side: 'buy', quantity: '60' },
    { kind: 'transfer', atMs: at(12, 12, 19, 2), asset: 'USDT', amount: '750' },
    { kind: 'convert', atMs: at(12, 17, 40, 40), from: 'BNB', to: 'USDT', amount: 'all' },
    {
      kind: 'fill',
      atMs: at(13, 22, 58, 44),
      symbol: 'ETH/BTC',
      side: 'buy',
      quantity: '0.25',
      visibleAfterMs: 25 * hourMs,
    },
    { kind: 'bnb-fees', atMs: at(13, 0), on: false },
    { kind: 'bnb-fees', atMs: at(17, 0), on: true },
    { kind: 'dust', atMs: at(15, 9, 15, 30), assets: ['ACA', 'QKC'] },
    { kind: 'deposit', atMs: at(16, 15, 0, 0), asset: 'ETH', amount: '1.25' },
    { kind: 'withdrawal', atMs: at(17, 3, 30, 30), asset: 'ETH', amount: '0.5', fee: '0.0012' },
    { kind: 'fill', atMs: at(18, 18, 18, 18), symbol: 'WAVES/USDT', side: 'buy', quantity: '400' },
    { kind: 'unexplained', atMs: at(19, 20, 59, 40), asset: 'ETH', amount: '0.02' },
    { kind: 'convert', atMs: at(20, 10, 11, 12), from: 'USDT', to: 'FDUSD', amount: '1500' },
    { kind: 'reward', atMs: at(22, 8, 8, 8), asset: 'QKC', amount: '12000', info: 'Airdrop' },
    { kind: 'withdrawal', atMs: at(24, 14, 45, 59), asset: 'WAVES', amount: '100', fee: '1' },
    { kind: 'reward', atMs: at(25, 0, 30, 1), asset: 'BNB', amount: '0.0377', info: 'Referral Commission' },
    { kind: 'fill', atMs: at(25, 12, 40, 19), symbol: 'LTC/USDT', side: 'buy', quantity: '2.5' },
    { kind: 'dust', atMs: at(28, 9, 15, 30) },
    { kind: 'deposit', atMs: at(28, 23, 59, 30), asset: 'USDT', amount: '2500' },
  ]
  const endMs = startMs + days * dayMs
  return {
    accounts: [
      {
        opening: { USDT: '20000', BTC: '0.12', ETH: '2', BNB: '0.02', USDC: '3.21' },
        trader: { ordersPerDay: 24 },
        events: events.filter(({ atMs }) => atMs < endMs),
      },
    ],
    historyMs: storyHistoryMs,
    delistings: [{ symbol: 'WAVES/USDT', atMs: at(21, 3) }],
  }
}

/** A life with contracts alone, for an exchange that has nothing else. */
export function contractStory(): Scenario {
  const symbols = 'BTC/USDT:USDT ETH/USDT:USDT SOL/USDT:USDT BTC/USD:BTC'.split(' ')
  return {
    accounts: [
      {
        opening: { USDT: '2500' },
        purses: { linear: { USDT: '20000' }, inverse: { BTC: '0.25' } },
        trader: null,
        contractTrader: { ordersPerDay: 24, symbols },
      },
    ],
  }
}

/** The wire's troubles of the same month: all but one are over before the lists have forgotten what they hid. */
export function usualFaults(startMs: number): Faults {
  const at = (day: number, hour: number, minute = 0): number =>
    startMs + (day - 1) * dayMs + hour * hourMs + minute * minuteMs
  return [
    { kind: 'bad-gateway', fromMs: at(2, 3, 10), toMs: at(2, 3, 40) },
    { kind: 'refuse', fromMs: at(4, 17, 50), toMs: at(4, 21, 20) },
    { kind: 'html', fromMs: at(6, 8, 0), toMs: at(6, 8, 20) },
    { kind: 'rate-limit', fromMs: at(8, 12, 0), toMs: at(8, 12, 10), retryAfterS: 60 },
    { kind: 'clock-skew', fromMs: at(9, 5, 0), toMs: at(9, 9, 0), skewMs: -1_500 },
    { kind: 'truncate', fromMs: at(10, 10, 0), toMs: at(10, 10, 15), path: '/api/v3/myTrades' },
    { kind: 'ban', fromMs: at(14, 1, 0), toMs: at(14, 1, 30) },
    { kind: 'unavailable', fromMs: at(16, 22, 30), toMs: at(17, 2, 10) },
    // two hours longer than the history reaches: what happened in the first two is lost
    { kind: 'refuse', fromMs: at(25, 12, 5), toMs: at(27, 14, 10) },
  ]
}

/**
 * The same where everything is bought with one kind of dollars: what is too little becomes them, nothing else is
 * converted, and fees are of what is received.
 */
export function plainStory(startMs: number, days: number): Scenario {
  const story = usualStory(startMs, days)
  const hasMarket = (asset: string): boolean => asset === 'USDT' || listingOf(`${asset}/USDT`) !== null
  const accounts = story.accounts.map((account): AccountPlan => {
    const kept = (account.events ?? []).flatMap((event): PlannedEvent[] => {
      if (event.kind === 'dust') return [{ ...event, into: 'USDT' }]
      if (event.kind === 'convert' || event.kind === 'bnb-fees') return []
      if (event.kind === 'fill') return event.symbol.endsWith('/USDT') ? [event] : []
      return 'asset' in event && !hasMarket(event.asset) ? [] : [event]
    })
    const { USDC: _, ...opening } = account.opening
    return {
      ...account,
      opening,
      purses: { linear: { USDT: '10000' } },
      contractTrader: { ordersPerDay: 24 },
      trader: { ordersPerDay: 24, symbols: 'BTC/USDT ETH/USDT BNB/USDT SOL/USDT XRP/USDT'.split(' ') },
      events: [{ kind: 'bnb-fees', atMs: startMs, on: false }, ...kept],
    }
  })
  return { ...story, accounts }
}
