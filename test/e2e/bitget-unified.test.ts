import { minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** One wallet behind spot and contracts, some of it borrowed, and the wallet beside it that money comes through. */
function scenario(at: At): Scenario {
  const purse = 'funding'
  const events: readonly PlannedEvent[] = [
    { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000', purse },
    { kind: 'transfer', atMs: at(1, 5, 31, 2), asset: 'USDT', amount: '6000' },
    { kind: 'convert', atMs: at(1, 8, 22, 48), from: 'USDT', to: 'BNB', amount: '400', purse },
    { kind: 'contract-fill', atMs: at(1, 9, 2, 3), symbol: 'XRP/USDT:USDT', side: 'sell', quantity: '900' },
    { kind: 'transfer', atMs: at(1, 12, 7, 33), asset: 'USDT', amount: '-750' },
    { kind: 'deleveraging', atMs: at(1, 14, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
    {
      kind: 'transfer',
      atMs: at(1, 16, 0, 0),
      asset: 'USDT',
      amount: '-1000',
      purse,
      other: 'elsewhere',
      info: 'Earn',
    },
    { kind: 'liquidation', atMs: at(1, 19, 2, 3), symbol: 'XRP/USDT:USDT' },
    { kind: 'reward', atMs: at(1, 21, 9, 4), asset: 'XRP', amount: '120', purse, info: 'Airdrop' },
    { kind: 'bnb-fees', atMs: at(1, 23), on: false },
    { kind: 'convert', atMs: at(2, 1, 22, 48), from: 'USDT', to: 'ETH', amount: '300' },
    { kind: 'borrow', atMs: at(2, 4, 3, 9), asset: 'USDT', amount: '4000', purse: 'spot' },
    { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'USDT', amount: '500', fee: '4', purse },
    { kind: 'borrow', atMs: at(2, 11, 8, 9), asset: 'USDT', amount: '-1500', purse: 'spot' },
    { kind: 'unexplained', atMs: at(2, 13, 12, 40), asset: 'USDT', amount: '75.5', purse },
    { kind: 'reward', atMs: at(2, 16, 0, 1), asset: 'USDT', amount: '25', info: 'Bonus' },
    { kind: 'unexplained', atMs: at(2, 18, 52, 31), asset: 'BTC', amount: '-0.0031' },
    {
      kind: 'contract-fill',
      atMs: at(3, 2, 33, 20),
      symbol: 'ETH/USDT:USDT',
      side: 'buy',
      quantity: '0.7',
      visibleAfterMs: 360_000,
    },
    { kind: 'deposit', atMs: at(3, 6, 2, 3), asset: 'USDT', amount: '250' },
    { kind: 'withdrawal', atMs: at(3, 9, 2, 3), asset: 'USDT', amount: '120', fee: '1' },
    {
      kind: 'withdrawal',
      atMs: at(3, 10, 5, 55),
      asset: 'USDT',
      amount: '300',
      fee: '4',
      purse,
      outcome: 'refused',
      settleMs: 47 * minuteMs,
    },
    // deposited, passed on and traded away within the hours that an outage hides
    { kind: 'deposit', atMs: at(3, 18, 30, 1), asset: 'BTC', amount: '0.05', purse },
    { kind: 'transfer', atMs: at(3, 18, 50, 3), asset: 'BTC', amount: '0.05' },
  ]
  return {
    accounts: [
      {
        opening: { USDT: '24000', BTC: '0.3', ETH: '2', BNB: '0.4' },
        unified: true,
        purses: { funding: { USDT: '3000', ETH: '1.5' } },
        trader: { ordersPerDay: 16, symbols: 'BTC/USDT ETH/USDT SOL/USDT BNB/USDT'.split(' ') },
        contractTrader: {
          ordersPerDay: 24,
          symbols: 'BTC/USDT:USDT ETH/USDT:USDT SOL/USDT:USDT'.split(' '),
        },
        events,
      },
    ],
  }
}

t.test('days of a unified account and the wallet beside it, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'bitget',
    accountType: 'futures',
    joining: 'funding',
    seed: 20260312,
    ledgerPath: '/api/v3/account/financial-records',
    wallets: ['spot', 'funding'],
    scenario,
    days: 3,
    tradesMin: 120,
  }),
)

t.test('positions of both sides in one wallet, the wallet beside it not watched', (t) =>
  ledgerDays(t, {
    exchange: 'bitget',
    accountType: 'futures',
    seed: 20260313,
    ledgerPath: '/api/v3/trade/fills',
    wallets: ['spot'],
    scenario: (at) => {
      const { accounts } = scenario(at)
      return { accounts: accounts.map((each) => ({ ...each, hedges: true })) }
    },
    days: 2,
    tradesMin: 80,
  }),
)

t.test('the wallet beside a classic account, joined to spot: what goes between them is no flow', (t) =>
  ledgerDays(t, {
    exchange: 'bitget',
    joining: 'funding',
    seed: 20260314,
    ledgerPath: '/api/v2/spot/account/transferRecords',
    wallets: ['spot', 'funding'],
    scenario: (at) => ({
      accounts: [
        {
          opening: { USDT: '18000', BTC: '0.1', ETH: '2' },
          purses: { funding: { USDT: '3000', ETH: '1.5' }, linear: { USDT: '2000' } },
          trader: { ordersPerDay: 24, symbols: 'BTC/USDT ETH/USDT SOL/USDT BNB/USDT'.split(' ') },
          events: [
            { kind: 'transfer', atMs: at(1, 5, 31, 2), asset: 'USDT', amount: '1200' },
            { kind: 'transfer', atMs: at(1, 9, 12, 7), asset: 'ETH', amount: '-0.5' },
            {
              kind: 'transfer',
              atMs: at(1, 12, 7, 33),
              asset: 'USDT',
              amount: '-750',
              purse: 'funding',
              other: 'linear',
            },
            { kind: 'transfer', atMs: at(1, 15, 3, 1), asset: 'USDT', amount: '-400', other: 'linear' },
            // no list says so there
            {
              kind: 'unexplained',
              atMs: at(1, 17, 12, 40),
              asset: 'USDT',
              amount: '75.5',
              purse: 'funding',
            },
            { kind: 'deposit', atMs: at(1, 20, 17, 23), asset: 'USDT', amount: '5000' },
            {
              kind: 'transfer',
              atMs: at(2, 4, 7, 33),
              asset: 'USDT',
              amount: '640',
              purse: 'funding',
              other: 'linear',
            },
            { kind: 'transfer', atMs: at(2, 6, 1, 0), asset: 'BTC', amount: '-0.02' },
          ],
        },
      ],
    }),
    days: 2,
    tradesMin: 60,
  }),
)
