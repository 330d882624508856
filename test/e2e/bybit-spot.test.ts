import t from 'tap'
import { ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

t.test('days at bybit spot, every bucket against the truth', (t) =>
  ledgerDays(t, { exchange: 'bybit', seed: 20260303, ledgerPath: '/v5/account/transaction-log' }),
)
