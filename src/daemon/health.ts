/** What is wrong with an account's collecting right now; nothing here outlives a restart, the next poll tells anew. */
export class Health {
  readonly #troubles = new Map<string, { readonly code: string; readonly sinceMs: number }>()

  good(account: string): void {
    this.#troubles.delete(account)
  }

  bad(account: string, code: string, nowMs: number): void {
    const known = this.#troubles.get(account)
    this.#troubles.set(account, { code, sinceMs: known?.sinceMs ?? nowMs })
  }

  codeOf(account: string): string | null {
    return this.#troubles.get(account)?.code ?? null
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
