import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { PerfAggError } from '@perf-agg/sdk'
import type { WsLimits } from '../limits.ts'
import type { Door } from './door.ts'
import { Feed } from './feed.ts'
import type { Log } from './log.ts'
import { refuseRaw } from './refusal.ts'
import type { EnclaveService } from './service.ts'
import type { Traffic } from './traffic.ts'

export interface WsOptions {
  readonly server: Server
  readonly door: Door
  readonly service: EnclaveService
  readonly limits: WsLimits
  /** What a guess at a session id counts as, in requests. */
  readonly guessCost: number
  readonly log: Log
  readonly traffic: Traffic
  readonly uptimeMs: () => number
}

export interface WsServer {
  readonly size: number
  /** Tells all that it is over; those still there after `deadlineMs` are cut off. */
  close(deadlineMs: number): Promise<void>
}

/** WebSockets at `/`: the same door as every request, then one feed each. */
export function serveWebSockets(options: WsOptions): WsServer {
  const { server, door, limits, traffic, log } = options
  const feeds = new Map<Feed, () => void>()
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytesMax,
    // compressed messages are a way to make much out of little
    perMessageDeflate: false,
    skipUTF8Validation: false,
  })

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    try {
      door.admit(request)
      door.admitOrigin(request)
      if (request.url?.split('?')[0] !== '/') throw new PerfAggError('ROUTE_UNKNOWN', 'the WebSocket is at /')
      if (feeds.size >= limits.connectionsMax) {
        throw new PerfAggError('CONNECTIONS_FULL', 'as many WebSockets as may be are open', {
          action: 'retry',
        })
      }
    } catch (error) {
      traffic.refused('ws', error)
      const refusal =
        error instanceof PerfAggError ? error : new PerfAggError('INTERNAL', 'something went wrong inside')
      return refuseRaw(socket, refusal)
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const feed = new Feed({
        socket: webSocket,
        service: options.service,
        limits,
        log,
        traffic,
        uptimeMs: options.uptimeMs,
        onGuess: () => door.charge(request, options.guessCost),
      })
      feeds.set(feed, () => webSocket.terminate())
      webSocket.on('close', () => feeds.delete(feed))
    })
  })

  const pinging = setInterval(() => {
    for (const feed of feeds.keys()) feed.ping()
  }, limits.pingIntervalMs)
  pinging.unref()

  return {
    get size() {
      return feeds.size
    },
    async close(deadlineMs) {
      clearInterval(pinging)
      for (const feed of feeds.keys()) feed.stop()
      const deadline = performance.now() + deadlineMs
      while (feeds.size > 0 && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 10))
      for (const cut of feeds.values()) cut()
    },
  }
}
