import t from 'tap'
import { ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(900_000)

const paths = {
  binance: '/api/v3/myTrades',
  bybit: '/v5/account/transaction-log',
  kraken: '/0/private/Ledgers',
  okx: '/api/v5/account/bills',
} as const

/** kraken tells a minute's average, not its turnover: markets in which every minute trades need none. */
const symbols = 'BTC/USDT ETH/USDT SOL/USDT XRP/USDT DOGE/USDT ADA/USDT BNB/USDT ETH/BTC'.split(' ')

for (const exchange of ['binance', 'bybit', 'kraken', 'okx'] as const) {
  t.test(`days of before the registration at ${exchange}, every bucket against the truth`, (t) =>
    ledgerDays(t, { exchange, seed: 20260305, ledgerPath: paths[exchange], days: 4, daysBefore: 2, symbols }),
  )
}
