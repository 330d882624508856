import t from 'tap'
import { daysOfAddress, hyperliquid } from './hyperliquid-days.ts'
import { ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

t.test('days of both wallets of an address, joined in one record', (t) =>
  ledgerDays(t, {
    ...hyperliquid,
    seed: 20260307,
    scenario: (at) => daysOfAddress(at),
    joining: 'futures',
    wallets: ['spot', 'linear'],
    tradesMin: 250,
  }),
)

t.test('days of an address where one wallet backs everything', (t) =>
  ledgerDays(t, {
    ...hyperliquid,
    seed: 20260310,
    scenario: (at) => daysOfAddress(at, { unified: true }),
    accountType: 'margin',
    days: 4,
    tradesMin: 150,
  }),
)
