import { InputError } from '@perf-agg/sdk'
import type { MarketType, Wallet } from '../accounting/observation.ts'

/** What this enclave can watch at an exchange, and how the account's figures come in. */
export interface ExchangeOffer {
  /** Polled with the client's credentials, or told by the client over the WebSocket. */
  readonly source: 'polled' | 'self-reported'
  /** The wallets each account type watches; they become the signed `scope`. */
  readonly accountTypes: Readonly<Record<string, readonly Wallet[]>>
  readonly sandbox: boolean
  /** Account types that its sandbox does not have. */
  readonly liveOnly?: readonly string[]
}

/** Of one wallet for everything: what a session of each type may find in it. */
const unified: ExchangeOffer['accountTypes'] = {
  spot: ['spot'],
  margin: ['spot', 'margin'],
  futures: ['spot', 'margin', 'linear', 'inverse'],
}

const offers: Readonly<Record<string, ExchangeOffer>> = {
  binance: {
    source: 'polled',
    accountTypes: { spot: ['spot'], futures: ['linear', 'inverse'], margin: ['margin'] },
    sandbox: true,
    liveOnly: ['futures', 'margin'],
  },
  bitget: {
    source: 'polled',
    accountTypes: {
      spot: ['spot'],
      futures: ['linear', 'inverse'],
      margin: ['margin'],
      funding: ['funding'],
    },
    sandbox: false,
  },
  bybit: { source: 'polled', accountTypes: { ...unified, funding: ['funding'] }, sandbox: true },
  coinbase: { source: 'polled', accountTypes: { spot: ['spot'] }, sandbox: false },
  // by what ccxt makes of its answers
  gate: { source: 'polled', accountTypes: { spot: ['spot'] }, sandbox: false },
  hyperliquid: {
    source: 'polled',
    // margin is both in one: one wallet may back them
    accountTypes: { spot: ['spot'], futures: ['linear'], margin: ['spot', 'linear'] },
    sandbox: true,
  },
  kraken: {
    source: 'polled',
    accountTypes: { spot: ['spot'], margin: ['spot', 'margin'] },
    sandbox: false,
  },
  // nothing there trades but contracts
  krakenfutures: { source: 'polled', accountTypes: { futures: ['linear', 'inverse'] }, sandbox: true },
  kucoin: {
    source: 'polled',
    accountTypes: {
      spot: ['spot'],
      margin: ['margin'],
      futures: ['linear', 'inverse'],
      unified: ['spot', 'margin', 'linear', 'inverse'],
    },
    sandbox: false,
  },
  okx: {
    source: 'polled',
    accountTypes: { ...unified, funding: ['funding'] },
    sandbox: true,
    // practice money is neither deposited nor withdrawn
    liveOnly: ['funding'],
  },
  poloniex: { source: 'polled', accountTypes: { spot: ['spot'] }, sandbox: false },
  woo: { source: 'polled', accountTypes: { spot: ['spot'] }, sandbox: false },
  mock: { source: 'self-reported', accountTypes: { spot: ['spot'] }, sandbox: false },
  push: { source: 'self-reported', accountTypes: { spot: ['spot'] }, sandbox: false },
}

export const exchangeIds: readonly string[] = Object.keys(offers)

/** The markets that price what these wallets hold: their own, and spot's where the exchange has it. */
export function pricingTypes(exchange: string, wallets: readonly Wallet[]): readonly MarketType[] {
  const offer = Object.hasOwn(offers, exchange) ? offers[exchange] : undefined
  const hasSpot = Object.values(offer?.accountTypes ?? {}).some((types) => types.includes('spot'))
  const own = wallets.filter((wallet) => wallet !== 'funding')
  return hasSpot && !own.includes('spot') ? ['spot', ...own] : own
}

/** The markets that tell what a coin is worth there: spot's, or where there is none those of contracts with their indexes. */
export function indexTypes(exchange: string): readonly MarketType[] {
  const offer = Object.hasOwn(offers, exchange) ? offers[exchange] : undefined
  const types = new Set(Object.values(offer?.accountTypes ?? {}).flat())
  return types.size === 0 || types.has('spot') ? ['spot'] : [...types].filter((type) => type !== 'funding')
}

/**
 * The offer for what a client asks, checked against what is there.
 * @throws {InputError} EXCHANGE_UNKNOWN, ACCOUNT_TYPE_UNSUPPORTED, SANDBOX_UNSUPPORTED
 */
export function offerFor(
  exchange: string,
  accountType: string,
  sandbox: boolean,
): ExchangeOffer & { wallets: readonly Wallet[] } {
  const offer = Object.hasOwn(offers, exchange) ? offers[exchange] : undefined
  if (offer === undefined) {
    throw new InputError('EXCHANGE_UNKNOWN', 'this enclave does not know that exchange', {
      hint: `it knows ${exchangeIds.join(', ')}`,
    })
  }
  const wallets = Object.hasOwn(offer.accountTypes, accountType) ? offer.accountTypes[accountType] : undefined
  if (wallets === undefined) {
    throw new InputError(
      'ACCOUNT_TYPE_UNSUPPORTED',
      `${exchange} is not watched here for that account type`,
      {
        hint: `accountType can be ${Object.keys(offer.accountTypes).join(', ')}`,
      },
    )
  }
  const hasSandbox = offer.sandbox && offer.liveOnly?.includes(accountType) !== true
  if (sandbox && !hasSandbox) {
    const what = offer.sandbox ? ` for ${accountType}` : ''
    throw new InputError('SANDBOX_UNSUPPORTED', `${exchange} has no sandbox${what}`, {
      hint: 'leave sandbox out',
    })
  }
  return { ...offer, sandbox: hasSandbox, wallets }
}
