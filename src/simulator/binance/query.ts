import { refusals } from './refusal.ts'

/**
 * The parameters of one request, read as strictly as the original does: no duplicates, nothing empty, nothing
 * malformed, and, on the trading API, nothing that nobody reads.
 */
export class Query {
  readonly #values = new Map<string, string>()
  readonly #read = new Set<string>()

  /** @param raw without the leading `?`; still percent-encoded */
  constructor(raw: string) {
    for (const part of raw === '' ? [] : raw.split('&')) {
      const equals = part.indexOf('=')
      const name = decoded(equals < 0 ? part : part.slice(0, equals))
      if (this.#values.has(name)) throw refusals.duplicate()
      this.#values.set(name, decoded(equals < 0 ? '' : part.slice(equals + 1)))
    }
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  optionalText(name: string, pattern: RegExp = /^[\w-]{1,64}$/): string | null {
    this.#read.add(name)
    const value = this.#values.get(name)
    if (value === undefined) return null
    if (value === '') throw refusals.empty(name)
    if (!pattern.test(value)) throw refusals.illegal(name, pattern.source)
    return value
  }

  text(name: string, pattern?: RegExp): string {
    if ((this.#values.get(name) ?? '') === '') {
      this.#read.add(name)
      throw refusals.missing(name)
    }
    return this.optionalText(name, pattern) ?? ''
  }

  optionalInteger(name: string): number | null {
    const text = this.optionalText(name, /^[0-9]{1,20}$/)
    if (text === null) return null
    const value = Number(text)
    if (!Number.isSafeInteger(value)) throw refusals.invalid(name)
    return value
  }

  integer(name: string): number {
    if ((this.#values.get(name) ?? '') === '') throw refusals.missing(name)
    return this.optionalInteger(name) ?? 0
  }

  /** 1 to `most`. */
  limit(name: string, usual: number, most: number): number {
    const value = this.optionalInteger(name) ?? usual
    if (value < 1 || value > most) throw refusals.invalid(name)
    return value
  }

  /** Call after everything was read. */
  refuseUnread(): void {
    if (
      this.#values.size > this.#read.size ||
      [...this.#values.keys()].some((name) => !this.#read.has(name))
    ) {
      const read = [...this.#values.keys()].filter((name) => this.#read.has(name)).length
      throw refusals.unread(read, this.#values.size)
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw refusals.invalid(text.slice(0, 20))
  }
}

/** `[from, to]` of optional startTime and endTime, both inclusive; a span over `mostMs` is refused. */
export function spanOf(
  query: Query,
  options: { nowMs: number; usualMs: number; mostMs: number; mostText: string },
): readonly [fromMs: number, toMs: number] {
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const toMs = endTime ?? options.nowMs
  const fromMs = startTime ?? toMs - options.usualMs
  if (startTime !== null && endTime !== null && startTime > endTime) throw refusals.invalid('startTime')
  if (startTime !== null && endTime !== null && toMs - fromMs > options.mostMs)
    throw refusals.tooLong(options.mostText)
  // a start alone takes what fits behind it
  return [fromMs, endTime === null ? Math.max(fromMs, Math.min(toMs, fromMs + options.mostMs)) : toMs]
}
