import { limits } from '../limits.ts'
import type { Rule } from './hosts.ts'
import type { WireRequest } from './message.ts'
import { EgressRefusal, type Fetched, type Handshake, Origin, type OriginOptions } from './request.ts'

/** Lets through what a rule allows and nothing else. */
export class Egress {
  readonly #origins: ReadonlyMap<string, readonly Origin[]>
  #running = 0

  constructor(rules: readonly Rule[], options: OriginOptions = {}) {
    const origins = rules.map((rule) => new Origin(rule, options))
    this.#origins = Map.groupBy(origins, ({ rule }) => rule.origin)
  }

  /** @throws {EgressRefusal} */
  async fetch(request: WireRequest, body: Uint8Array): Promise<Fetched> {
    const url = URL.canParse(request.url) ? new URL(request.url) : null
    const origins = (url === null ? undefined : this.#origins.get(url.origin)) ?? []
    const origin = origins.find(
      ({ rule }) => url !== null && bears(request, rule, origins) && allows(rule, request, url, body),
    )
    if (url === null || origin === undefined) {
      throw new EgressRefusal('HOST_REFUSED', origins.length === 0 || url === null ? null : url.host)
    }
    if (this.#running >= limits.egress.requestsMax) throw new EgressRefusal('BUSY', url.host)
    this.#running += 1
    try {
      return await origin.fetch(request, url, body)
    } finally {
      this.#running -= 1
    }
  }

  /** Opens a connection of a stream, and tells by which rule. @throws {EgressRefusal} */
  async open(address: string): Promise<Handshake & { readonly rule: Rule; readonly host: string }> {
    const url = URL.canParse(address) ? new URL(address) : null
    const origins = (url === null ? undefined : this.#origins.get(url.origin)) ?? []
    const origin = url === null ? undefined : origins.find(({ rule }) => allowsStream(rule, url))
    if (url === null || origin === undefined) {
      throw new EgressRefusal('HOST_REFUSED', origins.length === 0 || url === null ? null : url.host)
    }
    return { rule: origin.rule, host: url.host, ...(await origin.open(url)) }
  }

  close(): void {
    for (const origins of this.#origins.values()) for (const origin of origins) origin.close()
  }
}

/** A request is of the rule whose mark it bears, or of the one without a mark where it bears none. */
function bears({ headers }: WireRequest, rule: Rule, origins: readonly Origin[]): boolean {
  const given = (header: string): readonly string[] =>
    headers.flatMap(([name, value]) => (name === header ? [value] : []))
  if (rule.mark !== undefined) {
    const { header, value } = rule.mark
    return given(header).length === 1 && given(header)[0] === value
  }
  return !origins.some(({ rule: other }) => other.mark !== undefined && given(other.mark.header).length > 0)
}

function allowsStream(rule: Rule, url: URL): boolean {
  return (
    rule.operations !== undefined &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    rule.paths.some((path) => url.pathname.startsWith(path))
  )
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
