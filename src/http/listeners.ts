import type { RequestListener, Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { PerfAggError } from '@perf-agg/sdk'
import type { HttpLimits, WsLimits } from '../limits.ts'
import { trustedProxies } from './address.ts'
import { newApp } from './app.ts'
import { newDoor, type Door } from './door.ts'
import { enclaveRoutes } from './enclave-routes.ts'
import { logRoutes } from './log-routes.ts'
import { listen, urlOf } from './listen.ts'
import type { Log } from './log.ts'
import { Registry } from './metrics.ts'
import { describeApi } from './openapi.ts'
import { operationsRoutes } from './operations-routes.ts'
import { AddressRates, Rate } from './rate.ts'
import { refuse } from './refusal.ts'
import { newServer } from './server.ts'
import type { EnclaveService } from './service.ts'
import { recordRoutes } from './record-routes.ts'
import { readTls } from './tls.ts'
import { newTraffic, type ListenerName } from './traffic.ts'
import { serveWebSockets } from './ws-server.ts'

/** The part of the configuration that the listeners need; the daemon's whole one has it. */
export interface ListenersConfig {
  readonly enclave: Bind
  readonly operations: Bind
  readonly ws: Bind
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  readonly allowedOrigins: readonly string[]
  /** Names this enclave is reached by when it is bound to loopback, beside localhost and addresses. */
  readonly allowedHosts?: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly allowPlainRegistration: boolean
}

export interface Bind {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

export interface ListenersLimits {
  readonly http: HttpLimits
  readonly ws: WsLimits
}

export interface Listeners {
  readonly enclaveUrl: string
  readonly operationsUrl: string
  readonly wsUrl: string
  /** Nothing new is taken; what has begun may finish until the deadline, then it is cut off. Idempotent. */
  close(deadlineMs: number): Promise<void>
}

/** Rates are counted on a clock that never goes back. */
function uptimeMs(): number {
  return performance.now()
}

/**
 * Opens the enclave API, the operations API and the WebSocket, or none of them.
 * @throws PerfAggError PORT_TAKEN and the like, naming the flag; TLS_*; TRUSTED_PROXY_INVALID
 */
export async function startListeners(
  service: EnclaveService,
  config: ListenersConfig,
  limits: ListenersLimits,
  log: Log,
  about: { readonly version: string } = { version: '0.0.0' },
): Promise<Listeners> {
  const tls = config.tls === null ? null : await readTls(config.tls)
  const proxies = trustedProxies(config.trustedProxies)
  const registry = new Registry(limits.http.seriesMax)
  const traffic = newTraffic(registry, log)
  const rates = new AddressRates(limits.http.requestsPerAddressPerMinute, limits.http.addressesMax)

  function newListener(name: ListenerName, bind: Bind, connectionsMax: number): Opened {
    const door = newDoor({
      host: bind.host,
      allowedHosts: config.allowedHosts ?? [],
      // no page of another origin has business with the operator's API
      allowedOrigins: name === 'operations' ? [] : config.allowedOrigins,
      tls: tls !== null,
      proxies,
      rates,
      limits: limits.http,
      uptimeMs,
    })
    const { connectionsPerAddressMax } = name === 'ws' ? limits.ws : limits.http
    const onRefusal = (code: string): void => traffic.refused(name, code)
    return {
      door,
      serve: (handler) =>
        newServer(handler, {
          tls,
          limits: limits.http,
          connectionsMax,
          connectionsPerAddressMax,
          proxies,
          onRefusal,
        }),
    }
  }

  const enclave = newListener('enclave', config.enclave, limits.http.connectionsMax)
  const enclaveApp = newApp({ name: 'enclave', ...enclave, limits: limits.http, log, traffic })
  await describeApi(enclaveApp, { title: 'perf-agg enclave API', version: about.version })
  await enclaveApp.register(async (scope) =>
    enclaveRoutes(scope, {
      service,
      limits: limits.http,
      boxes: new Rate(limits.http.boxesPerSecond, 1_000),
      quotes: new Rate(limits.http.quotesPerSecond, 1_000),
      uptimeMs,
    }),
  )

  logRoutes(enclaveApp, service)
  await enclaveApp.register(async (scope) =>
    recordRoutes(scope, {
      service,
      records: new Rate(limits.http.recordsPerSecond, 1_000),
      version: about.version,
      tls: tls !== null,
      uptimeMs,
    }),
  )

  const operations = newListener('operations', config.operations, limits.http.operationsConnectionsMax)
  const operationsApp = newApp({ name: 'operations', ...operations, limits: limits.http, log, traffic })
  operationsRoutes(operationsApp, {
    service,
    limits: limits.http,
    registry,
    allowPlainRegistration: config.allowPlainRegistration,
    tls: tls !== null,
  })

  const ws = newListener('ws', config.ws, limits.ws.connectionsMax + 64)
  const wsHttp = ws.serve((request, response) => {
    for (const [name, value] of Object.entries(ws.door.headers(request))) response.setHeader(name, value)
    try {
      ws.door.admit(request)
      throw new PerfAggError('UPGRADE_REQUIRED', 'only WebSockets are spoken here')
    } catch (error) {
      traffic.refused('ws', error)
      refuse(response, error)
    }
  })
  const sockets = serveWebSockets({
    server: wsHttp,
    door: ws.door,
    service,
    limits: limits.ws,
    guessCost: limits.http.unknownSessionCost,
    log,
    traffic,
    uptimeMs,
  })
  registry.gauge('perf_agg_ws_connections', 'WebSockets open', () => sockets.size)

  const apps: readonly FastifyInstance[] = [enclaveApp, operationsApp]
  await Promise.all(apps.map((app) => app.ready()))
  const servers: readonly Server[] = [enclaveApp.server, operationsApp.server, wsHttp]
  let closing: Promise<void> | null = null

  async function close(deadlineMs: number): Promise<void> {
    for (const { door } of [enclave, operations, ws]) door.shut()
    await Promise.all([
      sockets.close(deadlineMs),
      ...servers.map((server) => closeServer(server, deadlineMs)),
    ])
    await Promise.all(apps.map((app) => app.close()))
  }

  try {
    const scheme = tls === null ? 'http' : 'https'
    const wsScheme = tls === null ? 'ws' : 'wss'
    const enclavePort = await listen(enclaveApp.server, config.enclave.host, config.enclave.port, '--port')
    const operationsPort = await listen(
      operationsApp.server,
      config.operations.host,
      config.operations.port,
      '--operations-port',
    )
    const wsPort = await listen(wsHttp, config.ws.host, config.ws.port, '--ws-port')
    return {
      enclaveUrl: urlOf(scheme, config.enclave.host, enclavePort),
      operationsUrl: urlOf(scheme, config.operations.host, operationsPort),
      wsUrl: urlOf(wsScheme, config.ws.host, wsPort),
      async close(deadlineMs) {
        closing ??= close(deadlineMs)
        await closing
      },
    }
  } catch (error) {
    await close(0)
    throw error
  }
}

interface Opened {
  readonly door: Door
  readonly serve: (handler: RequestListener) => Server
}

async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // a connection that is kept alive becomes idle when its answer is out, and would wait for another request
  const idle = setInterval(() => server.closeIdleConnections(), 20)
  const cut = setTimeout(() => server.closeAllConnections(), deadlineMs)
  await closed
  clearInterval(idle)
  clearTimeout(cut)
}
