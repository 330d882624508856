/** Reading events whose members are looked up by name, and never believed to be there. */

export function memberOf(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}

export function objectOf(value: unknown): object | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
}

/** The rows of a list that are objects; an event has few. */
export function rowsOf(value: unknown): readonly object[] {
  return Array.isArray(value) ? value.slice(0, 2_048).flatMap((row: unknown) => objectOf(row) ?? []) : []
}

/** A text that stands for more, or less, than nothing. */
export function isAmount(value: unknown): boolean {
  return typeof value === 'string' && /[1-9]/.test(value)
}

/** Amounts as they were told last, to see which of them moved. */
export class Told {
  readonly #amounts = new Map<string, string>()

  /** Whether any is another than before, or is told for the first time. */
  moved(rows: readonly (readonly [name: unknown, amount: unknown])[]): boolean {
    let moved = false
    for (const [name, amount] of rows) {
      if (typeof name !== 'string' || typeof amount !== 'string' || name.length > 64) continue
      if (this.#amounts.get(name) === amount) continue
      moved = true
      if (this.#amounts.size < coinsMax || this.#amounts.has(name)) {
        this.#amounts.set(name, amount.slice(0, 64))
      }
    }
    return moved
  }
}

const coinsMax = 2_048
