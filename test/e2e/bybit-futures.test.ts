import t from 'tap'
import { ledgerDays } from './ledger-days.ts'
import { unifiedScenario } from './unified-scenario.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

t.test('days of everything in a unified account at bybit, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'bybit',
    accountType: 'futures',
    seed: 20260305,
    ledgerPath: '/v5/account/transaction-log',
    scenario: (at) => unifiedScenario(at),
    tradesMin: 250,
  }),
)
