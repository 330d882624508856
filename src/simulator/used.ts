/** What is used up of a limit: most exchanges count calls or weight in spans of time that begin anew, for each caller. */
export class Used {
  readonly #spanMs: number
  readonly #by = new Map<string, { span: number; amount: number }>()

  constructor(spanMs: number) {
    this.#spanMs = spanMs
  }

  /** All that was used in this span, this too. */
  add(who: string, amount: number, nowMs: number): number {
    const span = Math.floor(nowMs / this.#spanMs)
    const before = this.#by.get(who)
    const used = (before?.span === span ? before.amount : 0) + amount
    this.#by.set(who, { span, amount: used })
    return used
  }
}
