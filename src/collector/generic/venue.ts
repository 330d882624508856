import type { CcxtInstance, Connection } from '../adapter.ts'
import type { Endpoint } from '../call.ts'
import { invalidAnswer } from '../failure.ts'
import { instantOf, rowOf } from '../field.ts'

/**
 * Exchanges without an adapter of their own, whose private lists ccxt's own methods read whole: by GET, for all markets
 * at once. Each has been looked at for that; no other is taken.
 */
export interface Venue {
  readonly load: Connection['load']
  readonly time: Endpoint
  /** Where the answer tells the time, in milliseconds. */
  readonly timeMember: string
  /** Whose answer says whose account it is. */
  readonly account: Endpoint
  readonly prepare: (exchange: CcxtInstance) => void
}

const budget = 'address'

export const venues: Readonly<Record<string, Venue>> = {
  gate: {
    load: () => import('ccxt:gate'),
    time: { method: 'publicSpotGetTime', budget, weight: 1 },
    timeMember: 'server_time',
    account: { method: 'privateAccountGetDetail', budget, weight: 1 },
    prepare: ({ options }) => {
      options['fetchMarkets'] = { types: ['spot'] }
      // else it asks, with every call, for more than is read
      options['unifiedAccount'] = false
    },
  },
  poloniex: {
    load: () => import('ccxt:poloniex'),
    time: { method: 'publicGetTimestamp', budget, weight: 1 },
    timeMember: 'serverTime',
    account: { method: 'privateGetAccountsBalances', budget, weight: 1 },
    prepare: () => {},
  },
  woo: {
    load: () => import('ccxt:woo'),
    time: { method: 'v3PublicGetSystemInfo', budget, weight: 1 },
    timeMember: 'timestamp',
    account: { method: 'v3PrivateGetAccountInfo', budget, weight: 1 },
    prepare: () => {},
  },
}

export function serverTimeOf({ timeMember }: Venue): (value: unknown) => number {
  return (value) => {
    const told = rowOf(value, 'time')[timeMember]
    const atMs = typeof told === 'string' && /^\d{13}$/.test(told) ? Number(told) : told
    if (typeof atMs !== 'number') throw invalidAnswer('time')
    return instantOf(atMs, 'time', Number.MAX_SAFE_INTEGER / 2)
  }
}

/** ccxt's own methods, the same for all exchanges. */
export const methods = {
  loadMarkets: { method: 'loadMarkets', budget, weight: 4 },
  setMarkets: { method: 'setMarkets', budget, weight: 0 },
  fetchBalance: { method: 'fetchBalance', budget, weight: 1 },
  fetchMyTrades: { method: 'fetchMyTrades', budget, weight: 1 },
  fetchDeposits: { method: 'fetchDeposits', budget, weight: 1 },
  fetchWithdrawals: { method: 'fetchWithdrawals', budget, weight: 1 },
  fetchOHLCV: { method: 'fetchOHLCV', budget, weight: 1 },
} as const satisfies Readonly<Record<string, Endpoint>>
