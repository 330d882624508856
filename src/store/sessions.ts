import { sql, type Kysely } from 'kysely'
import type { Connection, RawRow } from './connection.ts'
import { query } from './query.ts'
import { bytesOrNull, integer, integerOrNull, oneOf, text, textOrNull } from './row.ts'
import { StoreError } from './store-error.ts'
import type { NewSession, SessionChange, SessionRow, SessionStatus } from './store.ts'
import type { Tables } from './tables.ts'
import type { Vault } from './vault.ts'

const statuses: readonly SessionStatus[] = ['pending', 'active', 'degraded', 'expired', 'ended']
const columns = [
  'id_hash',
  'view_id_hash',
  'account',
  'client_id',
  'label',
  'exchange',
  'environment',
  'status',
  'permissions',
  'ownership',
  'registration',
  'box_digest',
  'reply_key',
  'client_key',
  'settings',
  'created_at_ms',
  'expires_at_ms',
  'ended_at_ms',
  'end_reason',
] as const

/** Sessions and their sealed credentials, which are read by themselves and only for a poll. */
export class Sessions {
  readonly #connection: Connection
  readonly #vault: Vault
  readonly #queries: ReturnType<typeof build>

  constructor(connection: Connection, builder: Kysely<Tables>, vault: Vault) {
    this.#connection = connection
    this.#vault = vault
    this.#queries = build(builder)
  }

  insert(session: NewSession): void {
    this.#connection.run(this.#queries.insert, {
      id_hash: session.idHash,
      view_id_hash: session.viewIdHash,
      account: session.account,
      client_id: session.clientId,
      label: session.label,
      exchange: session.exchange,
      environment: session.environment,
      status: session.status,
      permissions: session.permissions,
      ownership: session.ownership,
      registration: session.registration,
      box_digest: session.boxDigest,
      reply_key: session.replyKey,
      client_key: session.clientKey,
      settings: session.settings,
      created_at_ms: session.createdAtMs,
      expires_at_ms: session.expiresAtMs,
      credentials_sealed: this.#vault.seal('credentials', place(session.idHash), session.credentials),
    })
  }

  update(idHash: string, change: SessionChange): void {
    const sealed =
      change.credentials === undefined
        ? null
        : this.#vault.seal('credentials', place(idHash), change.credentials)
    const changed = this.#connection.run(this.#queries.update, {
      id_hash: idHash,
      account: change.account ?? null,
      status: change.status ?? null,
      permissions: change.permissions ?? null,
      ownership: change.ownership ?? null,
      settings: change.settings ?? null,
      expires_at_ms: change.expiresAtMs ?? null,
      credentials_sealed: sealed,
    })
    if (changed !== 1) throw new StoreError('STATE_CONFLICT', 'the session is not there, or has ended')
  }

  /** @returns whether there was anything to end */
  end(idHash: string, end: { readonly atMs: number; readonly reason: string }): boolean {
    return (
      this.#connection.run(this.#queries.end, { id_hash: idHash, at_ms: end.atMs, reason: end.reason }) > 0
    )
  }

  byId(idHash: string): SessionRow | null {
    return readOrNull(this.#connection.get(this.#queries.byId, { id_hash: idHash }))
  }

  byViewId(viewIdHash: string): SessionRow | null {
    return readOrNull(this.#connection.get(this.#queries.byViewId, { view_id_hash: viewIdHash }))
  }

  live(): SessionRow[] {
    return this.#connection.all(this.#queries.live, {}).map(read)
  }

  ofAccount(account: string): SessionRow[] {
    return this.#connection.all(this.#queries.ofAccount, { account }).map(read)
  }

  credentials(idHash: string): Uint8Array | null {
    const row = this.#connection.get(this.#queries.credentials, { id_hash: idHash })
    const sealed = row === null ? null : bytesOrNull(row, 'credentials_sealed')
    return sealed === null ? null : this.#vault.open('credentials', place(idHash), sealed)
  }
}

function place(idHash: string): string {
  return `sessions/credentials/${idHash}`
}

function readOrNull(row: RawRow | null): SessionRow | null {
  return row === null ? null : read(row)
}

function read(row: RawRow): SessionRow {
  return {
    idHash: text(row, 'id_hash'),
    viewIdHash: text(row, 'view_id_hash'),
    account: textOrNull(row, 'account'),
    clientId: text(row, 'client_id'),
    label: text(row, 'label'),
    exchange: text(row, 'exchange'),
    environment: text(row, 'environment'),
    status: oneOf(row, 'status', statuses),
    permissions: text(row, 'permissions'),
    ownership: text(row, 'ownership'),
    registration: oneOf(row, 'registration', ['sealed', 'plain']),
    boxDigest: text(row, 'box_digest'),
    replyKey: bytesOrNull(row, 'reply_key'),
    clientKey: bytesOrNull(row, 'client_key'),
    settings: text(row, 'settings'),
    createdAtMs: integer(row, 'created_at_ms'),
    expiresAtMs: integer(row, 'expires_at_ms'),
    endedAtMs: integerOrNull(row, 'ended_at_ms'),
    endReason: textOrNull(row, 'end_reason'),
  }
}

type Insert = Omit<Tables['sessions'], 'ended_at_ms' | 'end_reason'>
type Update = { id_hash: string } & {
  [column in 'account' | 'status' | 'permissions' | 'ownership' | 'settings']: string | null
} & { expires_at_ms: number | null; credentials_sealed: Uint8Array | null }

function build(builder: Kysely<Tables>) {
  const select = builder.selectFrom('sessions').select(columns)
  return {
    insert: query((slot: Insert) =>
      builder.insertInto('sessions').values({
        id_hash: slot.id_hash,
        view_id_hash: slot.view_id_hash,
        account: slot.account,
        client_id: slot.client_id,
        label: slot.label,
        exchange: slot.exchange,
        environment: slot.environment,
        status: slot.status,
        permissions: slot.permissions,
        ownership: slot.ownership,
        registration: slot.registration,
        box_digest: slot.box_digest,
        reply_key: slot.reply_key,
        client_key: slot.client_key,
        settings: slot.settings,
        created_at_ms: slot.created_at_ms,
        expires_at_ms: slot.expires_at_ms,
        ended_at_ms: null,
        end_reason: null,
        credentials_sealed: slot.credentials_sealed,
      }),
    ),
    update: query((slot: Update) =>
      builder
        .updateTable('sessions')
        .set({
          account: sql`coalesce(${slot.account}, account)`,
          status: sql`coalesce(${slot.status}, status)`,
          permissions: sql`coalesce(${slot.permissions}, permissions)`,
          ownership: sql`coalesce(${slot.ownership}, ownership)`,
          settings: sql`coalesce(${slot.settings}, settings)`,
          expires_at_ms: sql`coalesce(${slot.expires_at_ms}, expires_at_ms)`,
          credentials_sealed: sql`coalesce(${slot.credentials_sealed}, credentials_sealed)`,
        })
        .where('id_hash', '=', slot.id_hash)
        .where('ended_at_ms', 'is', null),
    ),
    end: query((slot: { id_hash: string; at_ms: number; reason: string }) =>
      builder
        .updateTable('sessions')
        .set({ status: 'ended', ended_at_ms: slot.at_ms, end_reason: slot.reason, credentials_sealed: null })
        .where('id_hash', '=', slot.id_hash)
        .where('ended_at_ms', 'is', null),
    ),
    byId: query((slot: { id_hash: string }) => select.where('id_hash', '=', slot.id_hash)),
    byViewId: query((slot: { view_id_hash: string }) => select.where('view_id_hash', '=', slot.view_id_hash)),
    live: query(() => select.where('ended_at_ms', 'is', null).orderBy('created_at_ms').orderBy('id_hash')),
    ofAccount: query((slot: { account: string }) =>
      select.where('account', '=', slot.account).orderBy('created_at_ms', 'desc').orderBy('id_hash'),
    ),
    credentials: query((slot: { id_hash: string }) =>
      builder.selectFrom('sessions').select('credentials_sealed').where('id_hash', '=', slot.id_hash),
    ),
  }
}
