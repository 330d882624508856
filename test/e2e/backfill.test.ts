import t from 'tap'
import type { Faults } from '../../src/simulator/faults.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

const paths = {
  binance: '/api/v3/myTrades',
  bybit: '/v5/account/transaction-log',
  kraken: '/0/private/Ledgers',
  okx: '/api/v5/account/bills',
} as const

/** kraken tells a minute's average, not its turnover: markets in which every minute trades need none. */
const symbols = 'BTC/USDT ETH/USDT SOL/USDT XRP/USDT DOGE/USDT ADA/USDT BNB/USDT ETH/BTC'.split(' ')

/** More than a window, and more than a page, of the lists that tell them. */
const daysBefore = { binance: 9, bybit: 8, kraken: 4, okx: 5 } as const

/** The time before is read from the hour of the registration on, in which each of these begins. */
function faults(path: string, days: number) {
  return (at: At): Faults => [
    { kind: 'bad-gateway', fromMs: at(days + 1, 0, 30), toMs: at(days + 1, 0, 44) },
    { kind: 'truncate', fromMs: at(days + 1, 0, 44), toMs: at(days + 1, 0, 47), path },
    { kind: 'ban', fromMs: at(days + 1, 0, 47), toMs: at(days + 1, 0, 51) },
  ]
}

for (const exchange of ['binance', 'bybit', 'kraken', 'okx'] as const) {
  t.test(`days of before the registration at ${exchange}, every bucket against the truth`, (t) =>
    ledgerDays(t, {
      exchange,
      seed: 20260305,
      ledgerPath: paths[exchange],
      days: daysBefore[exchange] + 1,
      daysBefore: daysBefore[exchange],
      // where time stands still its archive of bills answers no more than five calls
      ...(exchange === 'okx' && { backfillDays: 6 }),
      symbols,
      faults: faults(paths[exchange], daysBefore[exchange]),
    }),
  )
}
