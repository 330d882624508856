import { PerfAggError } from '@perf-agg/sdk'
import type { Log } from './log.ts'
import type { Registry } from './metrics.ts'

export type ListenerName = 'enclave' | 'operations' | 'ws'

/** What the listeners count and log of their traffic: routes, statuses and codes; never a path, an id or an address. */
export interface Traffic {
  answered(listener: ListenerName, method: string, route: string, status: number, elapsedMs: number): void
  /** Counted by its code, or by `INTERNAL` where it is no error of ours. */
  refused(listener: ListenerName, error: unknown): void
  /** A message of a WebSocket was handled. */
  message(type: 'trade' | 'malformed' | 'refused'): void
  closed(reason: string): void
}

const secondsBounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 30]

export function newTraffic(registry: Registry, log: Log): Traffic {
  const requests = registry.counter('perf_agg_http_requests_total', 'Requests answered, by route and status')
  const seconds = registry.histogram('perf_agg_http_request_seconds', 'Time to answer', secondsBounds)
  const refusals = registry.counter('perf_agg_http_refusals_total', 'Requests refused, by code')
  const messages = registry.counter('perf_agg_ws_messages_total', 'WebSocket messages taken, by kind')
  const closes = registry.counter('perf_agg_ws_closed_total', 'WebSockets closed by the enclave, by reason')
  return {
    answered(listener, method, route, status, elapsedMs) {
      requests.add({ listener, method, route, status: String(status) })
      seconds.observe(elapsedMs / 1_000, { listener, route })
      log.debug('request', { listener, method, route, status, ms: Math.round(elapsedMs) })
    },
    refused(listener, error) {
      const code = error instanceof PerfAggError ? error.code : typeof error === 'string' ? error : 'INTERNAL'
      refusals.add({ listener, code })
      log.debug('refused', { listener, code })
    },
    message(type) {
      messages.add({ type })
    },
    closed(reason) {
      closes.add({ reason })
    },
  }
}
