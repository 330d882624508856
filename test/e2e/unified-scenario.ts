import type { PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import type { At } from './ledger-days.ts'

const usual = 'BTC/USDT:USDT ETH/USDT:USDT SOL/USDT:USDT DOGE/USDT:USDT BTC/USD:BTC ETH/USD:ETH'.split(' ')

/** Five days in which spot and contracts of both kinds are traded out of one wallet, and everything happens to them. */
export function unifiedScenario(
  at: At,
  {
    hedges = false,
    contracts = usual,
    more = [],
  }: {
    readonly hedges?: boolean
    readonly contracts?: readonly string[]
    readonly more?: readonly PlannedEvent[]
  } = {},
): Scenario {
  const deliveryMs = Date.UTC(2026, 2, 5, 8)
  const dated = 'BTC/USDT:USDT-260305'
  return {
    deliveries: [{ symbol: 'BTC/USDT:USDT', atMs: deliveryMs }],
    accounts: [
      {
        opening: { USDT: '24000', BTC: '0.6', ETH: '5', BNB: '0.4' },
        unified: true,
        hedges,
        trader: { ordersPerDay: 12, symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'BNB/USDT'] },
        contractTrader: {
          ordersPerDay: 30,
          symbols: [...contracts, dated],
        },
        events: [
          { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000' },
          { kind: 'transfer', atMs: at(1, 12, 7, 33), asset: 'USDT', amount: '-750' },
          {
            kind: 'contract-fill',
            atMs: at(1, 9, 2, 3),
            symbol: 'XRP/USDT:USDT',
            side: 'sell',
            quantity: '900',
          },
          { kind: 'convert', atMs: at(2, 6, 22, 48), from: 'USDT', to: 'BNB', amount: '600' },
          { kind: 'deleveraging', atMs: at(2, 9, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
          { kind: 'liquidation', atMs: at(2, 14, 2, 3), symbol: 'XRP/USDT:USDT' },
          { kind: 'withdrawal', atMs: at(3, 1, 41, 7), asset: 'USDT', amount: '1200', fee: '4' },
          { kind: 'borrow', atMs: at(2, 20, 3, 9), asset: 'USDT', amount: '4000', purse: 'spot' },
          { kind: 'borrow', atMs: at(4, 6, 8, 9), asset: 'USDT', amount: '-1500', purse: 'spot' },
          { kind: 'bnb-fees', atMs: at(3, 0), on: false },
          { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5' },
          { kind: 'contract-fill', atMs: deliveryMs - 20_000, symbol: dated, side: 'buy', quantity: '0.012' },
          { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'BNB', amount: '-0.21' },
          {
            kind: 'contract-fill',
            atMs: at(4, 17, 33, 20),
            symbol: 'ETH/USDT:USDT',
            side: 'buy',
            quantity: '0.7',
            visibleAfterMs: 360_000,
          },
          { kind: 'transfer', atMs: at(5, 2, 7, 33), asset: 'ETH', amount: '-0.5' },
          ...more,
        ],
      },
    ],
  }
}
