import { sql, type Kysely } from 'kysely'
import type { Connection } from './connection.ts'
import { query } from './query.ts'
import { bytes, bytesOrNull, integer } from './row.ts'
import type { NewProgress, Progress } from './store.ts'
import type { Tables } from './tables.ts'
import type { Vault } from './vault.ts'

/**
 * How far the accounting of an account has come: a snapshot now and then, and what came since, entry by entry, so that
 * taking one trade writes one small row and not the whole snapshot. All of it sealed.
 */
export class Journal {
  readonly #connection: Connection
  readonly #vault: Vault
  readonly #queries: ReturnType<typeof build>
  #last: number

  constructor(connection: Connection, builder: Kysely<Tables>, vault: Vault) {
    this.#connection = connection
    this.#vault = vault
    this.#queries = build(builder)
    const row = connection.get(this.#queries.last, {})
    this.#last = row === null ? 0 : integer(row, 'last')
  }

  append(account: string, entry: Uint8Array): number {
    const number = this.#last + 1
    const sealed = this.#vault.seal('journal', place('journal/entry', account, number), entry)
    this.#connection.run(this.#queries.append, { account, entry: number, entry_sealed: sealed })
    this.#last = number
    return number
  }

  save(account: string, progress: NewProgress): void {
    const { state, cursor, journalThrough } = progress
    if (state !== undefined) {
      const state_sealed = this.#vault.seal('state', place('progress/state', account), state)
      this.#connection.run(this.#queries.saveState, { account, state_sealed })
    }
    if (cursor !== undefined) {
      const cursor_sealed = this.#vault.seal('cursor', place('progress/cursor', account), cursor)
      this.#connection.run(this.#queries.saveCursor, { account, cursor_sealed })
    }
    if (journalThrough !== undefined)
      this.#connection.run(this.#queries.drop, { account, through: journalThrough })
  }

  read(account: string): Progress {
    const row = this.#connection.get(this.#queries.progress, { account })
    const state = row === null ? null : bytesOrNull(row, 'state_sealed')
    const cursor = row === null ? null : bytesOrNull(row, 'cursor_sealed')
    return {
      state: state === null ? null : this.#vault.open('state', place('progress/state', account), state),
      cursor: cursor === null ? null : this.#vault.open('cursor', place('progress/cursor', account), cursor),
      journal: this.#connection.all(this.#queries.entries, { account }).map((found) => {
        const entry = integer(found, 'entry')
        const sealed = bytes(found, 'entry_sealed')
        return { entry, bytes: this.#vault.open('journal', place('journal/entry', account, entry), sealed) }
      }),
    }
  }
}

function place(column: string, account: string, entry?: number): string {
  return entry === undefined ? `${column}/${account}` : `${column}/${account}/${entry}`
}

function build(builder: Kysely<Tables>) {
  return {
    last: query(() =>
      builder
        .selectFrom('journal')
        .select((last) => last.fn.coalesce(last.fn.max('entry'), sql<number>`0`).as('last')),
    ),
    append: query((slot: Tables['journal']) =>
      builder
        .insertInto('journal')
        .values({ account: slot.account, entry: slot.entry, entry_sealed: slot.entry_sealed }),
    ),
    drop: query((slot: { account: string; through: number }) =>
      builder.deleteFrom('journal').where('account', '=', slot.account).where('entry', '<=', slot.through),
    ),
    entries: query((slot: { account: string }) =>
      builder
        .selectFrom('journal')
        .select(['entry', 'entry_sealed'])
        .where('account', '=', slot.account)
        .orderBy('entry'),
    ),
    saveState: query((slot: { account: string; state_sealed: Uint8Array }) =>
      builder
        .insertInto('progress')
        .values({ account: slot.account, state_sealed: slot.state_sealed, cursor_sealed: null })
        .onConflict((conflict) =>
          conflict
            .column('account')
            .doUpdateSet((held) => ({ state_sealed: held.ref('excluded.state_sealed') })),
        ),
    ),
    saveCursor: query((slot: { account: string; cursor_sealed: Uint8Array }) =>
      builder
        .insertInto('progress')
        .values({ account: slot.account, state_sealed: null, cursor_sealed: slot.cursor_sealed })
        .onConflict((conflict) =>
          conflict
            .column('account')
            .doUpdateSet((held) => ({ cursor_sealed: held.ref('excluded.cursor_sealed') })),
        ),
    ),
    progress: query((slot: { account: string }) =>
      builder
        .selectFrom('progress')
        .select(['state_sealed', 'cursor_sealed'])
        .where('account', '=', slot.account),
    ),
  }
}
