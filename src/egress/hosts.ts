/**
 * The hosts of the exchanges, inside the program that is measured: nobody's settings add to them. The one way to
 * send an exchange elsewhere is its `base_url` in the operator's configuration, which makes every account of it
 * `simulated`.
 */

export type Environment = 'live' | 'sandbox' | 'simulated'

/** One origin that may be called, and how. */
export interface Rule {
  /** `https://api.binance.com` */
  readonly origin: string
  readonly environment: Environment
  readonly methods: readonly string[]
  /** Prefixes of the path. */
  readonly paths: readonly string[]
  /** Headers that are handed on; all others are dropped. Lower case. */
  readonly headers: readonly string[]
  /** True only for what a configuration names itself: it may stand on this machine or in its network. */
  readonly privateAllowed: boolean
  /**
   * Where one origin is two environments: the header that makes a request one of this. Without that header, or with
   * another value, it is none of it; and with it, it is none of the origin's other rules.
   */
  readonly mark?: Mark
  /** Of a `wss:` origin: what may be said on its connections. No request is let through there. */
  readonly operations?: Operations
}

/** Messages that may be sent on a stream: all that is read there is events. */
export interface Operations {
  /** The member of a message that says what it asks for. */
  readonly member: string
  readonly names: readonly string[]
  /** Messages that are no JSON, as they stand. */
  readonly texts: readonly string[]
}

export interface Mark {
  /** Lower case. */
  readonly header: string
  readonly value: string
}

interface ExchangeHosts {
  readonly live: readonly string[]
  readonly sandbox: readonly string[]
  readonly methods: readonly string[]
  readonly paths: readonly string[]
  readonly headers: readonly string[]
  /** Where its sandbox is its live host and a header. */
  readonly sandboxMark?: Mark
}

const exchangeHosts: Readonly<Record<string, ExchangeHosts>> = {
  binance: {
    // spot and the wallet API, futures in dollars, futures in coin; the sandbox has spot alone
    live: ['https://api.binance.com', 'https://fapi.binance.com', 'https://dapi.binance.com'],
    sandbox: ['https://testnet.binance.vision'],
    // Everything that is read there is a GET: a request that moves something can't be one of ours.
    methods: ['GET'],
    paths: [
      '/api/v3/',
      '/sapi/v1/',
      '/sapi/v2/localentity/',
      '/fapi/v1/',
      '/fapi/v2/',
      '/fapi/v3/',
      '/dapi/v1/',
    ],
    headers: ['x-mbx-apikey'],
  },
  bitget: {
    live: ['https://api.bitget.com'],
    sandbox: [],
    methods: ['GET'],
    paths: ['/api/v2/', '/api/v3/'],
    headers: ['access-key', 'access-sign', 'access-timestamp', 'access-passphrase'],
  },
  bybit: {
    live: ['https://api.bybit.com'],
    sandbox: ['https://api-testnet.bybit.com'],
    methods: ['GET'],
    paths: ['/v5/'],
    headers: ['x-bapi-api-key', 'x-bapi-timestamp', 'x-bapi-recv-window', 'x-bapi-sign'],
  },
  coinbase: {
    live: ['https://api.coinbase.com'],
    sandbox: [],
    methods: ['GET'],
    paths: ['/api/v3/brokerage/', '/v2/accounts/'],
    headers: ['authorization', 'cb-access-key', 'cb-access-sign', 'cb-access-timestamp', 'cb-version'],
  },
  gate: {
    live: ['https://api.gateio.ws'],
    sandbox: [],
    methods: ['GET'],
    paths: ['/api/v4/spot/', '/api/v4/wallet/', '/api/v4/margin/currency_pairs', '/api/v4/account/detail'],
    headers: ['key', 'timestamp', 'sign', 'content-type'],
  },
  hyperliquid: {
    live: ['https://api.hyperliquid.xyz'],
    sandbox: ['https://api.hyperliquid-testnet.xyz'],
    // Reading is a POST to one path there; what moves something goes to another.
    methods: ['POST'],
    paths: ['/info'],
    headers: ['content-type'],
  },
  kraken: {
    live: ['https://api.kraken.com'],
    sandbox: [],
    methods: ['GET', 'POST'],
    // Reading is a POST there, as ordering is: the calls that read are named one by one.
    paths: [
      '/0/public/',
      '/0/private/Balance',
      '/0/private/GetApiKeyInfo',
      '/0/private/Ledgers',
      '/0/private/OpenPositions',
      '/0/private/TradesHistory',
    ],
    headers: ['api-key', 'api-sign', 'content-type'],
  },
  krakenfutures: {
    live: ['https://futures.kraken.com'],
    sandbox: ['https://demo-futures.kraken.com'],
    methods: ['GET'],
    paths: [
      '/derivatives/api/v3/',
      '/api/history/v3/account-log',
      '/api/charts/v1/',
      '/api/auth/v1/api-keys/v3/check',
    ],
    headers: ['apikey', 'authent', 'content-type'],
  },
  kucoin: {
    // spot, margin and the account as such; futures
    live: ['https://api.kucoin.com', 'https://api-futures.kucoin.com'],
    sandbox: [],
    methods: ['GET'],
    paths: ['/api/v1/', '/api/v2/', '/api/v3/', '/api/ua/v1/'],
    headers: ['kc-api-key', 'kc-api-key-version', 'kc-api-passphrase', 'kc-api-sign', 'kc-api-timestamp'],
  },
  okx: {
    live: ['https://www.okx.com'],
    sandbox: ['https://www.okx.com'],
    sandboxMark: { header: 'x-simulated-trading', value: '1' },
    methods: ['GET'],
    paths: ['/api/v5/'],
    headers: ['ok-access-key', 'ok-access-passphrase', 'ok-access-timestamp', 'ok-access-sign'],
  },
  poloniex: {
    live: ['https://api.poloniex.com'],
    sandbox: [],
    methods: ['GET'],
    paths: [
      '/timestamp',
      '/markets',
      '/v3/market/allInstruments',
      '/accounts/balances',
      '/trades',
      '/wallets/activity',
    ],
    headers: ['key', 'signature', 'signtimestamp', 'content-type'],
  },
  woo: {
    live: ['https://api.woox.io'],
    sandbox: [],
    methods: ['GET'],
    paths: ['/v3/public/', '/v3/asset/', '/v3/trade/transactionHistory', '/v3/account/info'],
    headers: ['x-api-key', 'x-api-signature', 'x-api-timestamp', 'content-type'],
  },
}

/** Where makers of hardware publish what evidence needs beside it; `serviceUrl` is one of the operator's in their place. */
export function makerRules(serviceUrl: string | null): readonly Rule[] {
  const common = { environment: 'live', methods: ['GET'], headers: ['accept'] } as const
  if (serviceUrl !== null) {
    const { origin, pathname } = new URL(serviceUrl)
    return [{ ...common, origin, paths: [pathname], privateAllowed: true }]
  }
  return [
    {
      ...common,
      origin: 'https://api.trustedservices.intel.com',
      paths: ['/tdx/certification/v4/', '/sgx/certification/v4/'],
      privateAllowed: false,
    },
    {
      ...common,
      origin: 'https://certificates.trustedservices.intel.com',
      paths: ['/IntelSGXRootCA.der'],
      privateAllowed: false,
    },
    {
      ...common,
      origin: 'https://kdsintf.amd.com',
      paths: ['/vcek/v1/', '/vlek/v1/'],
      privateAllowed: false,
    },
  ]
}

export const exchangesWithHosts: readonly string[] = Object.keys(exchangeHosts)

/** The rules of one exchange; with `baseUrl` that origin alone, whatever the path in it. */
export function rulesOf(exchange: string, baseUrl: string | null): readonly Rule[] {
  const hosts = Object.hasOwn(exchangeHosts, exchange) ? exchangeHosts[exchange] : undefined
  if (hosts === undefined) return []
  const { methods, paths, headers, sandboxMark: mark } = hosts
  if (baseUrl !== null) {
    const origin = new URL(baseUrl).origin
    return [{ origin, environment: 'simulated', methods, paths, headers, privateAllowed: true }]
  }
  const rules = (environment: Environment, origins: readonly string[]): Rule[] =>
    origins.map((origin) => ({ origin, environment, methods, paths, headers, privateAllowed: false }))
  const sandbox = rules('sandbox', hosts.sandbox)
  if (mark === undefined) return [...rules('live', hosts.live), ...sandbox]
  const marked = sandbox.map((rule) => ({ ...rule, headers: [...headers, mark.header], mark }))
  return [...rules('live', hosts.live), ...marked]
}
