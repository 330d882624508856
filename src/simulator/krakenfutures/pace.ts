/** Tokens of one account: 500 in ten seconds for what is now, 100 in ten minutes for what was. */
const windows = { now: { most: 500, ms: 10_000 }, history: { most: 100, ms: 600_000 } } as const

export type PaceOf = keyof typeof windows

export class Pace {
  readonly #used = new Map<string, { value: number; atMs: number }>()

  /** False where the tokens are spent. */
  count(account: string, of: PaceOf, cost: number, nowMs: number): boolean {
    const { most, ms } = windows[of]
    const key = `${account} ${of}`
    const before = this.#used.get(key) ?? { value: 0, atMs: nowMs }
    const value = Math.max(0, before.value - ((nowMs - before.atMs) / ms) * most) + cost
    const isWithin = value <= most
    this.#used.set(key, { value: isWithin ? value : value - cost, atMs: nowMs })
    return isWithin
  }
}
