import t from 'tap'
import { ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

t.test('days at bitget spot, every bucket against the truth', (t) =>
  ledgerDays(t, { exchange: 'bitget', seed: 20260307, ledgerPath: '/api/v2/spot/account/bills' }),
)
