import { limits } from '../limits.ts'
import type { Rule } from './hosts.ts'
import type { WireRequest } from './message.ts'
import { EgressRefusal, type Fetched, Origin, type OriginOptions } from './request.ts'

/** Lets through what a rule allows and nothing else. */
export class Egress {
  readonly #origins: ReadonlyMap<string, Origin>
  #running = 0

  constructor(rules: readonly Rule[], options: OriginOptions = {}) {
    this.#origins = new Map(rules.map((rule) => [rule.origin, new Origin(rule, options)]))
  }

  /** @throws {EgressRefusal} */
  async fetch(request: WireRequest, body: Uint8Array): Promise<Fetched> {
    const url = URL.canParse(request.url) ? new URL(request.url) : null
    const origin = url === null ? undefined : this.#origins.get(url.origin)
    if (url === null || origin === undefined || !allows(origin.rule, request, url, body)) {
      throw new EgressRefusal('HOST_REFUSED', origin === undefined || url === null ? null : url.host)
    }
    if (this.#running >= limits.egress.requestsMax) throw new EgressRefusal('BUSY', url.host)
    this.#running += 1
    try {
      return await origin.fetch(request, url, body)
    } finally {
      this.#running -= 1
    }
  }

  close(): void {
    for (const origin of this.#origins.values()) origin.close()
  }
}

/** `url` is parsed: dot segments are resolved, so a prefix means what it says. */
function allows(rule: Rule, request: WireRequest, url: URL, body: Uint8Array): boolean {
  return (
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    rule.methods.includes(request.method) &&
    rule.paths.some((path) => url.pathname.startsWith(path)) &&
    body.length <= (request.method === 'GET' ? 0 : limits.egress.requestBodyBytesMax)
  )
}
