import { limits } from '../../limits.ts'
import { type Given, type Reader, refuse } from './setting.ts'
import { choiceReader, integerReader, readHttpUrl, readSwitch } from './setting-reader.ts'
import type { ExchangeConfiguration, IngestProfile, RateLimits } from './config.ts'

/** The members of the config file that are objects themselves. */

/** What sessions may name here. Self-reported ones have no exchange behind them and no address to move. */
export const exchangeIds = [
  'binance',
  'bitget',
  'bybit',
  'coinbase',
  'gate',
  'hyperliquid',
  'kraken',
  'krakenfutures',
  'kucoin',
  'okx',
  'poloniex',
  'woo',
  'mock',
  'push',
] as const
export const selfReportedIds: readonly string[] = ['mock', 'push']
/** Where the exchange has nothing to practise on. */
export const withoutSandboxIds: readonly string[] = [
  'bitget',
  'coinbase',
  'gate',
  'kraken',
  'kucoin',
  'poloniex',
  'woo',
  'mock',
  'push',
]

function readMembers(given: Given, names: readonly string[]): Map<string, Given> {
  const { value, where } = given
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('CONFIG_INVALID', given, 'must be an object')
  }
  const members = new Map<string, Given>()
  for (const [name, member] of Object.entries(value)) {
    if (!names.includes(name)) {
      throw refuse(
        'CONFIG_KEY_UNKNOWN',
        { ...given, where: `${name} of ${where}` },
        'is not known',
        `known are ${names.join(', ')}`,
      )
    }
    members.set(name, { ...given, value: member, where: `${name} of ${where}` })
  }
  return members
}

function read<T>(members: Map<string, Given>, name: string, reader: Reader<T>, fallback: T): T {
  const given = members.get(name)
  return given === undefined ? fallback : reader(given)
}

export const allExchanges: Readonly<Record<string, ExchangeConfiguration>> = Object.fromEntries(
  exchangeIds.map((id) => [id, { baseUrl: null }]),
)

export const readExchanges: Reader<Readonly<Record<string, ExchangeConfiguration>>> = (given) => {
  const enabled: Record<string, ExchangeConfiguration> = { ...allExchanges }
  for (const [id, exchange] of readMembers(given, exchangeIds)) {
    const selfReported = selfReportedIds.includes(id)
    const members = readMembers(exchange, selfReported ? ['enabled'] : ['enabled', 'base_url'])
    if (read(members, 'enabled', readSwitch, true)) {
      enabled[id] = { baseUrl: read(members, 'base_url', readHttpUrl, null) }
    } else {
      delete enabled[id]
    }
  }
  return enabled
}

export const defaultSession = { ttlDefaultS: 86_400, ttlMaxS: 2_592_000 }

export const readSession: Reader<{ readonly ttlDefaultS: number; readonly ttlMaxS: number }> = (given) => {
  const members = readMembers(given, ['ttl_default_s', 'ttl_max_s'])
  const ttlMaxS = read(members, 'ttl_max_s', integerReader(60, 31_536_000), defaultSession.ttlMaxS)
  const ttlDefaultS = read(
    members,
    'ttl_default_s',
    integerReader(60, 31_536_000),
    Math.min(defaultSession.ttlDefaultS, ttlMaxS),
  )
  if (ttlDefaultS > ttlMaxS) {
    throw refuse('SESSION_TTL_INVALID', given, 'has a ttl_default_s beyond its ttl_max_s')
  }
  return { ttlDefaultS, ttlMaxS }
}

export const readIngest: Reader<{ readonly profile: IngestProfile }> = (given) => ({
  profile: read(readMembers(given, ['profile']), 'profile', choiceReader(['full', 'minimal']), 'full'),
})

export const defaultLimits: RateLimits = {
  connectionsMax: limits.http.connectionsMax,
  requestsPerAddressPerMinute: limits.http.requestsPerAddressPerMinute,
  boxesPerSecond: limits.http.boxesPerSecond,
  quotesPerSecond: limits.http.quotesPerSecond,
}

export const readLimits: Reader<RateLimits> = (given) => {
  const names = [
    'connections_max',
    'requests_per_address_per_minute',
    'boxes_per_second',
    'quotes_per_second',
  ]
  const members = readMembers(given, names)
  const bound = integerReader(1, 1_000_000)
  return {
    connectionsMax: read(members, 'connections_max', bound, defaultLimits.connectionsMax),
    requestsPerAddressPerMinute: read(
      members,
      'requests_per_address_per_minute',
      bound,
      defaultLimits.requestsPerAddressPerMinute,
    ),
    boxesPerSecond: read(members, 'boxes_per_second', bound, defaultLimits.boxesPerSecond),
    quotesPerSecond: read(members, 'quotes_per_second', bound, defaultLimits.quotesPerSecond),
  }
}
