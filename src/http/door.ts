import { isIP } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PerfAggError } from '@perf-agg/sdk'
import type { HttpLimits } from '../limits.ts'
import { clientAddress, isLoopback, rateKey, type TrustedProxies } from './address.ts'
import type { AddressRates } from './rate.ts'
import { checkForm } from './request-form.ts'

export interface DoorOptions {
  /** Where the listener is bound. On loopback only known names are answered (DNS rebinding). */
  readonly host: string
  readonly allowedHosts: readonly string[]
  /** Browsers of these origins may read answers; of no other. */
  readonly allowedOrigins: readonly string[]
  readonly tls: boolean
  readonly proxies: TrustedProxies
  readonly rates: AddressRates
  readonly limits: HttpLimits
  /** Monotonic. */
  readonly uptimeMs: () => number
}

/** Every request of every listener passes here before anything else looks at it. */
export interface Door {
  /** Headers that every answer carries. */
  headers(request: IncomingMessage): Record<string, string>
  /** @throws PerfAggError why the request goes no further */
  admit(request: IncomingMessage): void
  /** Also for a WebSocket, where a browser's origin must be allowed whatever the method. */
  admitOrigin(request: IncomingMessage): void
  /** Answers a browser's question whether it may ask; false where it was none. */
  preflight(request: IncomingMessage, response: ServerResponse): boolean
  /** Counts a guess at a secret more dearly than a request. */
  charge(request: IncomingMessage, cost: number): void
  /** From now on nothing is admitted. */
  shut(): void
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export function newDoor(options: DoorOptions): Door {
  const { limits, rates, proxies, uptimeMs } = options
  const namesOnly = isLoopback(options.host)
  const hosts = new Set(['localhost', ...options.allowedHosts.map((host) => host.toLowerCase())])
  const origins = new Set(options.allowedOrigins)
  const hostOf = new WeakMap<IncomingMessage, string>()
  let shut = false

  function addressOf(request: IncomingMessage): string {
    const { remoteAddress } = request.socket
    const forwarded = request.headers['x-forwarded-for']
    const hops = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    return rateKey(clientAddress(remoteAddress, hops, proxies))
  }

  function originAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers
    return origin !== undefined && origins.has(origin)
  }

  const standing = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    ...(options.tls ? { 'strict-transport-security': 'max-age=31536000' } : {}),
    ...(origins.size > 0 ? { vary: 'origin' } : {}),
  }
  /** Of nearly all requests: made once. */
  const plain = { ...standing, 'cross-origin-resource-policy': 'same-origin' }

  return {
    headers(request) {
      if (!originAllowed(request)) return plain
      return {
        ...standing,
        'cross-origin-resource-policy': 'cross-origin',
        'access-control-allow-origin': request.headers.origin ?? '',
        'access-control-expose-headers': 'retry-after',
      }
    },

    admit(request) {
      if (shut) throw new PerfAggError('STOPPING', 'the enclave is stopping', { action: 'retry' })
      rates.take(addressOf(request), uptimeMs())
      const { hostname, host } = checkForm(request, limits)
      hostOf.set(request, host)
      // an address can't be rebound, a name can
      const bare = hostname.replace(/^\[|\]$/g, '')
      if (namesOnly && isIP(bare) === 0 && !hosts.has(hostname.replace(/\.$/, ''))) {
        throw new PerfAggError('HOST_REFUSED', 'this enclave does not answer to that name', {
          hint: 'the operator lists the names it is reached by as allowed_hosts',
        })
      }
      if (!safeMethods.has(request.method ?? '')) this.admitOrigin(request)
    },

    admitOrigin(request) {
      const { origin } = request.headers
      if (origin === undefined || originAllowed(request)) return
      const scheme = options.tls ? 'https' : 'http'
      if (origin.toLowerCase() === `${scheme}://${hostOf.get(request) ?? ''}`) return
      throw new PerfAggError('ORIGIN_REFUSED', 'pages of that origin may not ask here', {
        hint: 'the operator lets origins in with --allowed-origin',
      })
    },

    preflight(request, response) {
      if (request.method !== 'OPTIONS' || !originAllowed(request)) return false
      if (request.headers['access-control-request-method'] === undefined) return false
      response.writeHead(204, {
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '600',
      })
      response.end()
      return true
    },

    charge(request, cost) {
      rates.charge(addressOf(request), uptimeMs(), cost)
    },

    shut() {
      shut = true
    },
  }
}
