import type { Failure, FailureCode, Source } from '../../collector/answer.ts'
import { failureOf } from '../../collector/failure.ts'

/** What shares budgets and bans: an exchange's host set, as one address of ours sees it. */
export function placeOf({ exchange, sandbox, address = 0 }: Omit<Source, 'marketTypes'>): string {
  return `${exchange}${sandbox ? ' sandbox' : ''}${address === 0 ? '' : ` @${address}`}`
}

/** Whether our address may call at one exchange at all. */
export interface PlaceStats {
  /** Until when nobody calls: it has sent us away. */
  readonly closedUntilMs: number | null
}

interface Place {
  closedUntilMs: number | null
  closedFor: FailureCode
}

const closing: ReadonlySet<FailureCode> = new Set(['EXCHANGE_RATE_LIMITED', 'EXCHANGE_BANNED'])

/**
 * The host sets of all exchanges. A 429 or 418 concerns the address, so it closes that exchange for every account:
 * who goes on calling turns minutes into days.
 */
export class Places {
  readonly #clock: { nowMs(): number }
  readonly #places = new Map<string, Place>()

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock
  }

  of(source: Source): Place {
    const name = placeOf(source)
    let place = this.#places.get(name)
    if (place === undefined) {
      place = {
        closedUntilMs: null,
        closedFor: 'EXCHANGE_RATE_LIMITED',
      }
      this.#places.set(name, place)
    }
    return place
  }

  /** What everybody is answered while it is closed, with the time that is left; null when it is open. */
  closed(source: Source): Failure | null {
    const place = this.of(source)
    const leftMs = (place.closedUntilMs ?? 0) - this.#clock.nowMs()
    if (leftMs > 0) return failureOf(place.closedFor, 'exchange', { retryAfterMs: leftMs })
    place.closedUntilMs = null
    return null
  }

  /** Closes where the exchange itself asked for it, not where our own budget is spent. True where it closed. */
  note(source: Source, { code, scope, exchangeCode, retryAfterMs }: Failure): boolean {
    if (scope !== 'exchange' || exchangeCode === null || retryAfterMs === null || !closing.has(code))
      return false
    const place = this.of(source)
    place.closedUntilMs = this.#clock.nowMs() + retryAfterMs
    place.closedFor = code
    return true
  }

  stats(): Record<string, PlaceStats> {
    return Object.fromEntries([...this.#places].map(([name, { closedUntilMs }]) => [name, { closedUntilMs }]))
  }
}
