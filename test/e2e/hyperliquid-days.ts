import type { PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import type { At, LedgerDays } from './ledger-days.ts'

/** Days of an address at hyperliquid: what happens in each of its wallets, and between them. */

export const hyperliquid = {
  exchange: 'hyperliquid',
  ledgerPath: '/info/userNonFundingLedgerUpdates',
  // it pays in one coin and the simulation in another
  coins: { USDT: 'USDC' },
} as const satisfies Partial<LedgerDays>

/** One of them trades seldom: a minute's turnover is not told there. */
const symbols = 'BTC/USDT ETH/USDT SOL/USDT XRP/USDT BNB/USDT PROM/USDT'.split(' ')
const perpetuals = 'BTC/USDT:USDT ETH/USDT:USDT SOL/USDT:USDT XRP/USDT:USDT'.split(' ')

export function daysOfAddress(at: At, { unified = false } = {}): Scenario {
  const deliveryMs = Date.UTC(2026, 2, 3, 8)
  const dated = 'BTC/USDT:USDT-260303'
  const perp = { asset: 'USDT', purse: 'linear' } as const
  const events: PlannedEvent[] = [
    // fees are of what is received there
    { kind: 'bnb-fees', atMs: at(1, 0), on: false },
    { kind: 'deposit', ...perp, atMs: at(1, 5, 17, 23), amount: '5000' },
    { kind: 'deposit', atMs: at(1, 8, 58, 41), asset: 'BTC', amount: '0.05' },
    { kind: 'contract-fill', atMs: at(1, 9, 2, 3), symbol: 'XRP/USDT:USDT', side: 'sell', quantity: '900' },
    { kind: 'transfer', ...perp, atMs: at(1, 12, 7, 33), amount: '-750' },
    { kind: 'transfer', ...perp, atMs: at(1, 13, 11, 2), amount: '1200', other: 'spot' },
    { kind: 'reward', atMs: at(1, 14, 3, 11), asset: 'BNB', amount: '0.5', info: 'Airdrop' },
    { kind: 'transfer', atMs: at(1, 18, 21, 48), asset: 'USDT', amount: '-300' },
    { kind: 'deleveraging', atMs: at(2, 6, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
    { kind: 'transfer', ...perp, atMs: at(2, 7, 31, 9), amount: '-400', other: 'spot' },
    { kind: 'withdrawal', ...perp, atMs: at(2, 9, 41, 7), amount: '1200', fee: '1' },
    { kind: 'liquidation', atMs: at(2, 14, 2, 3), symbol: 'XRP/USDT:USDT' },
    { kind: 'withdrawal', atMs: at(2, 15, 5, 55), asset: 'ETH', amount: '0.3', fee: '0.001' },
    { kind: 'transfer', atMs: at(2, 16, 12, 1), asset: 'BNB', amount: '-0.4' },
    { kind: 'transfer', ...perp, atMs: at(2, 17, 44, 31), amount: '250' },
    {
      kind: 'fill',
      atMs: at(2, 19, 33, 20),
      symbol: 'SOL/USDT',
      side: 'buy',
      quantity: '3.5',
      visibleAfterMs: 360_000,
    },
    { kind: 'contract-fill', atMs: deliveryMs - 20_000, symbol: dated, side: 'buy', quantity: '0.012' },
    { kind: 'unexplained', ...perp, atMs: at(3, 4, 12, 40), amount: '75.5' },
    { kind: 'reward', ...perp, atMs: at(3, 6, 3, 11), amount: '42.5', info: 'Referral' },
    { kind: 'unexplained', atMs: at(3, 8, 52, 31), asset: 'BTC', amount: '-0.0031' },
    {
      kind: 'contract-fill',
      atMs: at(3, 9, 33, 20),
      symbol: 'ETH/USDT:USDT',
      side: 'buy',
      quantity: '0.7',
      visibleAfterMs: 360_000,
    },
    { kind: 'dust', atMs: at(3, 12, 0, 5), assets: ['BNB', 'XRP'], into: 'USDT' },
    { kind: 'transfer', ...perp, atMs: at(4, 2, 7, 33), amount: '-500', other: 'spot' },
    { kind: 'transfer', ...perp, atMs: at(4, 12, 19, 2), amount: '-321.25' },
    { kind: 'transfer', atMs: at(4, 13, 19, 2), asset: 'SOL', amount: '-0.25' },
  ]
  return {
    deliveries: [{ symbol: 'BTC/USDT:USDT', atMs: deliveryMs }],
    accounts: [
      {
        unified,
        opening: { USDT: '20000', BTC: '0.12', ETH: '2', SOL: '4', BNB: '2' },
        purses: { linear: { USDT: '18000' } },
        trader: { ordersPerDay: 24, symbols },
        contractTrader: { ordersPerDay: 40, symbols: [...perpetuals, dated] },
        events,
      },
    ],
  }
}
