import t from 'tap'
import { ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

t.test('days at kucoin spot, in all three of its accounts, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'kucoin',
    seed: 20260307,
    ledgerPath: '/api/v1/hf/accounts/ledgers',
    days: 4,
    daysBefore: 1,
  }),
)
