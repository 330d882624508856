import { Account } from '../accounting/account.ts'
import type { Market, Wallet } from '../accounting/observation.ts'
import { defaultRules } from '../accounting/rules.ts'
import type { AccountView } from '../accounting/view.ts'
import type { AccountRow, Store } from '../store/store.ts'

/** An account of an exchange as it stands in memory: its ledger, and how far its polls have come. */
export interface Watched {
  readonly account: Account
  cursor: string | null
  /** When ledger and cursor were stored last. */
  savedAtMs: number
}

interface BookOptions {
  readonly settlingMs: number
  readonly countMax: number
}

/**
 * The ledgers in memory: a bounded number, since each can be read back from the store. Whoever changes one does so in
 * the account's lane and forgets it when what changed could not be stored.
 */
export class Book {
  readonly #store: Store
  readonly #settlingMs: number
  readonly #countMax: number
  readonly #watched = new Map<string, Watched>()

  constructor(store: Store, options: BookOptions) {
    this.#store = store
    this.#settlingMs = options.settlingMs
    this.#countMax = options.countMax
  }

  async load(row: AccountRow): Promise<Watched> {
    const known = this.#watched.get(row.pseudonym)
    if (known !== undefined) {
      // the most recently used last: the first is the one to let go
      this.#watched.delete(row.pseudonym)
      this.#watched.set(row.pseudonym, known)
      return known
    }
    const watched = await this.stored(row)
    this.#watched.set(row.pseudonym, watched)
    for (const oldest of this.#watched.keys()) {
      if (this.#watched.size <= this.#countMax) break
      this.#watched.delete(oldest)
    }
    return watched
  }

  /** The figures of an account of which nothing is known yet. */
  blank(nowMs: number): AccountView {
    const options = { openedAtMs: nowMs, firstRegisteredAtMs: nowMs, settlingMs: this.#settlingMs }
    return Account.open({ ...options, rules: defaultRules }).view(nowMs)
  }

  /** A copy as the disk has it, for looking at: nobody has to wait for who works on the one in memory. */
  async stored(row: AccountRow): Promise<Watched> {
    const { state, cursor } = await this.#store.progress(row.pseudonym)
    const account =
      state === null
        ? Account.open({
            openedAtMs: row.firstRegisteredAtMs,
            firstRegisteredAtMs: row.firstRegisteredAtMs,
            settlingMs: this.#settlingMs,
            rules: defaultRules,
          })
        : Account.restore(state)
    return { account, cursor: cursor === null ? null : new TextDecoder().decode(cursor), savedAtMs: 0 }
  }

  forget(pseudonym: string): void {
    this.#watched.delete(pseudonym)
  }
}

/** The markets of each source, asked for once a day and shared by every account there. */
export class MarketLists {
  readonly #lists = new Map<string, { markets: readonly Market[]; atMs: number }>()
  readonly #ageMsMax: number

  constructor(ageMsMax: number) {
    this.#ageMsMax = ageMsMax
  }

  async of(
    source: { exchange: string; sandbox: boolean; marketTypes: readonly Wallet[] },
    nowMs: number,
    fetch: () => Promise<readonly Market[]>,
  ): Promise<readonly Market[]> {
    const key = `${source.exchange} ${source.sandbox} ${source.marketTypes.join()}`
    const known = this.#lists.get(key)
    if (known !== undefined && nowMs - known.atMs < this.#ageMsMax) return known.markets
    try {
      const markets = await fetch()
      this.#lists.set(key, { markets, atMs: nowMs })
      return markets
    } catch (error) {
      // yesterday's list prices today's hours; without any there is nothing to price with
      if (known === undefined) throw error
      return known.markets
    }
  }
}
