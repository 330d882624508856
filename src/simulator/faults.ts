/**
 * What goes wrong, on order: spans of simulated time in which the exchange misbehaves in one way. They concern the
 * wire only; the market and the accounts live on.
 */

interface Span {
  /** Half-open span of simulated time. */
  readonly fromMs: number
  readonly toMs: number
  /** Only requests whose path starts so (`/api/v3/myTrades`); absent: all. */
  readonly path?: string
  /** At most so many requests suffer; absent: all in the span. */
  readonly count?: number
}

export type Fault =
  /** The connection is broken off before an answer. */
  | (Span & { readonly kind: 'refuse' })
  /** 502 with an HTML page of a proxy. */
  | (Span & { readonly kind: 'bad-gateway' })
  /** No answer until the client gives up, or `holdMs` of real time have passed. */
  | (Span & { readonly kind: 'hang'; readonly holdMs?: number })
  /** 200 with HTML where JSON belongs. */
  | (Span & { readonly kind: 'html' })
  /** 200 with the first half of the JSON. */
  | (Span & { readonly kind: 'truncate' })
  /** 429 with `Retry-After`. */
  | (Span & { readonly kind: 'rate-limit'; readonly retryAfterS?: number })
  /** 418: the address is banned until the span's end. */
  | (Span & { readonly kind: 'ban' })
  /** 503 with the exchange's own "unknown error". */
  | (Span & { readonly kind: 'unavailable' })
  /** The exchange's clock is `skewMs` ahead (behind where negative). */
  | (Span & { readonly kind: 'clock-skew'; readonly skewMs: number })

  /** Connections of streams end when something is to be told on them, and none is opened. */
  | (Span & { readonly kind: 'stream-cut' })
  /** What is to be told on streams is not. */
  | (Span & { readonly kind: 'stream-lose' })
  /** It is told so much later. */
  | (Span & { readonly kind: 'stream-delay'; readonly delayMs: number })
  /** It is told twice. */
  | (Span & { readonly kind: 'stream-twice' })
  /** Something else is told, and much of it. */
  | (Span & { readonly kind: 'stream-lie' })

export type Faults = readonly Fault[]

export type StreamFault = Extract<Fault, { kind: `stream-${string}` }>

export type WireFault = Exclude<Fault, { kind: 'clock-skew' | StreamFault['kind'] }>

/** Those that an exchange tells in words of its own; of the others it knows nothing. */
export type SpokenFault = Extract<WireFault, { kind: 'ban' | 'rate-limit' | 'unavailable' }>

/** The faults of one exchange, in force by time. */
export class FaultPlan {
  readonly #faults: { readonly fault: Fault; left: number }[] = []

  constructor(faults: Faults = []) {
    for (const fault of faults) this.schedule(fault)
  }

  schedule(fault: Fault): void {
    this.#faults.push({ fault, left: fault.count ?? Number.POSITIVE_INFINITY })
  }

  /** The fault that this request meets, and counts it; the first one scheduled wins. */
  meet(path: string, nowMs: number): WireFault | null {
    for (const entry of this.#faults) {
      const { fault } = entry
      if (fault.kind === 'clock-skew' || isOfStreams(fault) || !isInForce(entry, path, nowMs)) continue
      entry.left -= 1
      return fault
    }
    return null
  }

  /** The same for what is to be told on a stream. */
  meetStream(path: string, nowMs: number): StreamFault | null {
    for (const entry of this.#faults) {
      const { fault } = entry
      if (!isOfStreams(fault) || !isInForce(entry, path, nowMs)) continue
      entry.left -= 1
      return fault
    }
    return null
  }

  skewMs(nowMs: number): number {
    let skewMs = 0
    for (const { fault } of this.#faults) {
      if (fault.kind === 'clock-skew' && nowMs >= fault.fromMs && nowMs < fault.toMs) skewMs += fault.skewMs
    }
    return skewMs
  }
}

export function isSpoken(fault: WireFault): fault is SpokenFault {
  return fault.kind === 'ban' || fault.kind === 'rate-limit' || fault.kind === 'unavailable'
}

function isOfStreams(fault: Fault): fault is StreamFault {
  return fault.kind.startsWith('stream-')
}

function isInForce(
  { fault, left }: { readonly fault: Fault; readonly left: number },
  path: string,
  nowMs: number,
): boolean {
  return (
    left > 0 &&
    nowMs >= fault.fromMs &&
    nowMs < fault.toMs &&
    (fault.path === undefined || path.startsWith(fault.path))
  )
}
