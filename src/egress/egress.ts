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
    const { origin, url } = this.#find(
      request.url,
      (rule, origins) => bears(request, rule, origins) && allows(rule, request, body),
    )
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
    const { origin, url } = this.#find(address, ({ operations }) => operations !== undefined)
    return { rule: origin.rule, host: url.host, ...(await origin.open(url)) }
  }

  /** @throws {EgressRefusal} which names a host only where a rule is for it */
  #find(
    address: string,
    accepts: (rule: Rule, origins: readonly Origin[]) => boolean,
  ): { readonly origin: Origin; readonly url: URL } {
    const url = URL.parse(address)
    const origins = url === null ? undefined : this.#origins.get(url.origin)
    if (url === null || origins === undefined) throw new EgressRefusal('HOST_REFUSED', null)
    const origin = origins.find(({ rule }) => reaches(rule, url) && accepts(rule, origins))
    if (origin === undefined) throw new EgressRefusal('HOST_REFUSED', url.host)
    return { origin, url }
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

/** `url` is parsed: dot segments are resolved, so a prefix means what it says. */
function reaches({ paths }: Rule, { username, password, hash, pathname }: URL): boolean {
  return username === '' && password === '' && hash === '' && paths.some((path) => pathname.startsWith(path))
}

function allows({ methods }: Rule, { method }: WireRequest, body: Uint8Array): boolean {
  return methods.includes(method) && body.length <= (method === 'GET' ? 0 : limits.egress.requestBodyBytesMax)
}
