import { hourMs, minuteMs } from '@perf-agg/sdk'
import type { Test } from 'tap'
import type { Wallet } from '../../src/accounting/observation.ts'
import { type Served, serveExchange } from './served.ts'

/** A bitget that answers what a test wants, before the real processes. */

export const nowMs = Date.UTC(2026, 0, 5, 12)
const credentials = { api_key: 'key', secret: 'secret', passphrase: 'words' }

export function good(data: unknown): object {
  return { code: '00000', msg: 'success', requestTime: nowMs, data }
}

export const info = { userId: '7264631751', authorities: ['readonly'], parentId: 1 }

const usual: Readonly<Record<string, Served>> = {
  '/api/v2/spot/public/symbols': good([
    { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', status: 'online' },
  ]),
  '/api/v2/spot/account/info': good(info),
  '/api/v2/spot/account/assets': good([]),
  '/api/v2/spot/account/bills': good([]),
  '/api/v2/spot/trade/fills': good([]),
  '/api/v2/spot/wallet/deposit-records': good([]),
  '/api/v2/spot/wallet/withdrawal-records': good([]),
  '/api/v2/spot/account/transferRecords': good([]),
  '/api/v2/account/funding-assets': good([]),
  '/api/v2/mix/market/contracts': (url: URL) =>
    good(
      url.searchParams.get('productType') === 'USDT-FUTURES'
        ? [
            { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', symbolStatus: 'normal' },
            { symbol: 'ETHUSDT', baseCoin: 'ETH', quoteCoin: 'USDT', symbolStatus: 'off' },
          ]
        : [{ symbol: 'BTCPERP', baseCoin: 'BTC', quoteCoin: 'USDC', symbolStatus: 'normal' }],
    ),
  '/api/v2/mix/account/accounts': good([]),
  '/api/v2/mix/account/bill': good({ bills: [], endId: null }),
  '/api/v2/mix/order/fills': good({ fillList: null, endId: null }),
  '/api/v2/mix/position/all-position': good([]),
  ...Object.fromEntries(
    ['crossed', 'isolated'].flatMap((account): [string, Served][] => [
      [`/api/v2/margin/${account}/account/assets`, good([])],
      [`/api/v2/margin/${account}/financial-records`, good({ resultList: [], minId: null, maxId: null })],
      [`/api/v2/margin/${account}/interest-history`, good({ resultList: [], minId: null, maxId: null })],
      [`/api/v2/margin/${account}/liquidation-history`, good({ resultList: null })],
      [`/api/v2/margin/${account}/fills`, good({ fills: [], minId: null, maxId: null })],
    ]),
  ),
}

const refused = { code: '40085', msg: 'The unified account mode', httpStatus: 400 }

/** An account whose wallets are one: the calls for the others are refused. */
export const unified: Readonly<Record<string, Served>> = {
  '/api/v2/spot/account/info': refused,
  '/api/v2/spot/account/assets': refused,
  '/api/v2/margin/crossed/account/assets': refused,
  '/api/v2/mix/account/accounts': refused,
  '/api/v2/account/funding-assets': refused,
  '/api/v3/account/info': good({ userId: '7264631752', permType: 'read-only', permissions: ['uta_trade'] }),
  '/api/v3/account/assets': good({ assets: [] }),
  '/api/v3/position/current-position': good({ list: null }),
  '/api/v3/account/financial-records': good({ list: [], cursor: '' }),
  '/api/v3/trade/fills': good({ list: [], cursor: '' }),
  '/api/v3/account/convert-records': good({ list: [], cursor: '' }),
  '/api/v3/account/deposit-records': good([]),
  '/api/v3/account/withdrawal-records': good([]),
  '/api/v3/account/funding-assets': good([]),
  '/api/v3/account/funding-financial-records': good({ list: [], cursor: '' }),
}

/** What is asked of one of the products only. */
export function usdt(answer: unknown, otherwise: unknown): Served {
  return (url: URL) => (url.searchParams.get('productType') === 'USDT-FUTURES' ? answer : otherwise)
}

export function serve(
  t: Test,
  answers: Readonly<Record<string, Served>>,
  sinceMs = nowMs - hourMs,
  atMs = nowMs,
  marketTypes: readonly Wallet[] = ['spot'],
) {
  const time = good({ serverTime: String(atMs) })
  const all = { ...usual, '/api/v2/public/time': time, ...answers }
  return serveExchange(t, 'bitget', { nowMs: atMs, sinceMs, answers: all, credentials, marketTypes })
}

let bills = 0
export function bill(groupType: string, businessType: string, size: string, coin: string, more: object = {}) {
  bills += 1
  return {
    billId: String(bills),
    coin,
    groupType,
    businessType,
    size,
    fees: '0',
    balance: '1',
    cTime: String(nowMs - minuteMs),
    ...more,
  }
}
