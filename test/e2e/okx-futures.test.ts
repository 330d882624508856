import t from 'tap'
import { ledgerDays } from './ledger-days.ts'
import { unifiedScenario } from './unified-scenario.ts'

// a hundred polls through real processes
t.setTimeout(900_000)

/** Few enough that their marks of an outage's hours come in one breath: twenty calls in two seconds. */
const contracts = ['BTC/USDT:USDT', 'ETH/USDT:USDT', 'BTC/USD:BTC']

t.test('days of everything in okx, both sides of contracts held, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'okx',
    accountType: 'futures',
    seed: 20260306,
    ledgerPath: '/api/v5/account/bills',
    scenario: (at) => unifiedScenario(at, { hedges: true, contracts }),
    tradesMin: 250,
  }),
)
