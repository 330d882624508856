/**
 * The schema as kysely sees it; the migrations make it. Instants are milliseconds since 1970, flags are 0 or 1,
 * digests and keys are text or bytes as their names say. `sealed` columns are ciphertext of the vault.
 */
export interface Tables {
  meta: { name: string; value: string }
  sessions: {
    id_hash: string
    view_id_hash: string
    account: string | null
    client_id: string
    label: string
    exchange: string
    environment: string
    status: string
    permissions: string
    ownership: string
    registration: string
    box_digest: string
    reply_key: Uint8Array | null
    client_key: Uint8Array | null
    settings: string
    created_at_ms: number
    expires_at_ms: number
    ended_at_ms: number | null
    end_reason: string | null
    credentials_sealed: Uint8Array | null
  }
  accounts: {
    pseudonym: string
    exchange: string
    environment: string
    client_key: Uint8Array | null
    first_registered_at_ms: number
    first_observed_at_ms: number | null
    scope: string
    published: number
    head_sequence: number
    head_digest: string | null
  }
  /** Apart from `accounts`: it is rewritten at every poll, and large. */
  progress: { account: string; state_sealed: Uint8Array | null; cursor_sealed: Uint8Array | null }
  journal: { account: string; entry: number; entry_sealed: Uint8Array }
  statements: {
    account: string
    sequence: number
    digest: string
    type: string
    period_start_ms: number
    period_end_ms: number
    issued_at_ms: number
    body: Uint8Array
  }
  /** The statement that spoke last about an hour. */
  hours: { account: string; start_ms: number; sequence: number }
  outbox: {
    account: string
    sequence: number
    state: string
    attempts: number
    queued_at_ms: number
    first_attempt_at_ms: number | null
    next_attempt_at_ms: number
    delivered_at_ms: number | null
    last_code: string | null
  }
  nonces: { nonce: string; until_ms: number }
  statement_keys: { key_id: string; jwk: string; from_ms: number; until_ms: number | null }
  configs: { digest: string; config: string; first_seen_ms: number }
}
