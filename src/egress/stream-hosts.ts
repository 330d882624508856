import type { Environment, Operations, Rule } from './hosts.ts'

/**
 * Where the exchanges tell of an account's events while they happen. Apart from the hosts that are asked: whoever
 * listens may reach these alone, and may say nothing there but who he is and what he wants to hear. Orders can be sent
 * on some of these connections too, so it is the operation that is let through or not.
 */
interface StreamHost {
  readonly live: string
  /** Null where the sandbox has none. */
  readonly sandbox: string | null
  readonly path: string
  readonly operations: Operations
}

/** A request that opens a stream, or keeps it open. */
interface StreamCall {
  readonly live: string
  readonly path: string
  readonly methods: readonly string[]
  readonly headers: readonly string[]
}

interface ExchangeStreams {
  readonly hosts: readonly StreamHost[]
  readonly calls: readonly StreamCall[]
}

const silent: Operations = { member: 'method', names: [], texts: [] }

const exchangeStreams: Readonly<Record<string, ExchangeStreams>> = {
  binance: {
    hosts: [
      {
        live: 'wss://ws-api.binance.com',
        sandbox: 'wss://ws-api.testnet.binance.vision',
        path: '/ws-api/v3',
        // orders are placed on this very connection, by other methods
        operations: { member: 'method', names: ['userDataStream.subscribe.signature'], texts: [] },
      },
      { live: 'wss://fstream.binance.com', sandbox: null, path: '/private/ws', operations: silent },
      { live: 'wss://dstream.binance.com', sandbox: null, path: '/ws/', operations: silent },
    ],
    calls: [
      {
        live: 'https://fapi.binance.com',
        path: '/fapi/v1/listenKey',
        methods: ['POST', 'PUT'],
        headers: ['x-mbx-apikey'],
      },
      {
        live: 'https://dapi.binance.com',
        path: '/dapi/v1/listenKey',
        methods: ['POST', 'PUT'],
        headers: ['x-mbx-apikey'],
      },
    ],
  },
  bybit: {
    hosts: [
      {
        live: 'wss://stream.bybit.com',
        sandbox: 'wss://stream-testnet.bybit.com',
        path: '/v5/private',
        operations: { member: 'op', names: ['auth', 'subscribe', 'ping'], texts: [] },
      },
    ],
    calls: [],
  },
  okx: {
    hosts: [
      {
        live: 'wss://ws.okx.com:8443',
        sandbox: 'wss://wspap.okx.com:8443',
        path: '/ws/v5/private',
        // orders are placed on this very connection, by other operations
        operations: { member: 'op', names: ['login', 'subscribe'], texts: ['ping'] },
      },
    ],
    calls: [],
  },
}

export const exchangesWithStreams: readonly string[] = Object.keys(exchangeStreams)

/** What a listener may reach of one exchange; with `baseUrl` that origin alone. */
export function streamRulesOf(exchange: string, baseUrl: string | null): readonly Rule[] {
  const streams = Object.hasOwn(exchangeStreams, exchange) ? exchangeStreams[exchange] : undefined
  if (streams === undefined) return []
  const { hosts, calls } = streams
  const socket = (origin: string, environment: Environment, { path, operations }: StreamHost): Rule => ({
    origin,
    environment,
    methods: [],
    paths: [path],
    headers: [],
    privateAllowed: baseUrl !== null,
    operations,
  })
  const call = (origin: string, environment: Environment, { path, methods, headers }: StreamCall): Rule => ({
    origin,
    environment,
    methods,
    paths: [path],
    headers,
    privateAllowed: baseUrl !== null,
  })
  if (baseUrl !== null) {
    const { origin } = new URL(baseUrl)
    return [
      ...hosts.map((host) => socket(origin.replace(/^http/, 'ws'), 'simulated', host)),
      ...calls.map((each) => call(origin, 'simulated', each)),
    ]
  }
  return [
    ...hosts.flatMap((host) => [
      socket(host.live, 'live', host),
      ...(host.sandbox === null ? [] : [socket(host.sandbox, 'sandbox', host)]),
    ]),
    ...calls.map((each) => call(each.live, 'live', each)),
  ]
}
