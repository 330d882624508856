import t from 'tap'
import { ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

t.test('days at okx spot, every bucket against the truth', (t) =>
  ledgerDays(t, { exchange: 'okx', seed: 20260304, ledgerPath: '/api/v5/account/bills' }),
)
