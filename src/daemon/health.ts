interface Trouble {
  /** The latest. */
  readonly code: string
  readonly sinceMs: number
  readonly times: Map<string, number>
}

/** What a record says of it; anything else is an exchange that could not be reached. */
const gapReasons: Readonly<Record<string, string>> = {
  EXCHANGE_ANSWER_INVALID: 'exchange-answer-invalid',
  COLLECTOR_ANSWER_INVALID: 'exchange-answer-invalid',
  EXCHANGE_KEY_REFUSED: 'key-refused',
  EXCHANGE_ACCOUNT_REFUSED: 'key-refused',
  POLL_INCOMPLETE: 'history-incomplete',
  CLOCK_SKEW: 'clock-skew',
}

/** What is wrong with an account's collecting right now; nothing here outlives a restart, the next poll tells anew. */
export class Health {
  readonly #troubles = new Map<string, Trouble>()

  good(account: string): void {
    this.#troubles.delete(account)
  }

  bad(account: string, code: string, nowMs: number): void {
    const known = this.#troubles.get(account)
    const times = known?.times ?? new Map<string, number>()
    times.set(code, (times.get(code) ?? 0) + 1)
    this.#troubles.set(account, { code, sinceMs: known?.sinceMs ?? nowMs, times })
  }

  codeOf(account: string): string | null {
    return this.#troubles.get(account)?.code ?? null
  }

  /** Why hours that nobody saw are a gap: by what it suffered from most often since the trouble began. */
  gapReasonOf(account: string): string {
    const times = [...(this.#troubles.get(account)?.times ?? [])]
    const [code] = times.toSorted(([, a], [, b]) => b - a)[0] ?? ['']
    return gapReasons[code] ?? 'exchange-unreachable'
  }

  /** For how long it has been in trouble, of whatever kind, in this start's time; 0 where all is well. */
  lastingMs(account: string, nowMs: number): number {
    const trouble = this.#troubles.get(account)
    return trouble === undefined ? 0 : nowMs - trouble.sinceMs
  }

  /** How many accounts suffer from what. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { code } of this.#troubles.values()) counts[code] = (counts[code] ?? 0) + 1
    return counts
  }
}
