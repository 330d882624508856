import t from 'tap'
import { daysOfAddress, hyperliquid } from './hyperliquid-days.ts'
import { ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

t.test('days of its spot wallet alone', (t) =>
  ledgerDays(t, { ...hyperliquid, seed: 20260308, scenario: (at) => daysOfAddress(at), days: 3 }),
)

t.test('days of its perpetuals alone', (t) =>
  ledgerDays(t, {
    ...hyperliquid,
    seed: 20260309,
    scenario: (at) => daysOfAddress(at),
    accountType: 'futures',
    wallets: ['linear'],
    days: 3,
  }),
)
