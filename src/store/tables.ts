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
    /** 0: to nobody; 1: in percentages; 2: with amounts. */
    published: number
    withdrawn_at_ms: number | null
    withdrawn_sequence: number | null
    head_sequence: number
    head_digest: string | null
  }
  /** Which client key has bound which account, for ever: another that takes one over does not undo it. */
  bindings: { client_key: Uint8Array; account: string }
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
    /** Where its leaf stands in the log, and the salt of it; null of one that was stated before there was a log. */
    leaf: number | null
    salt: Uint8Array | null
    /** Of the statement's public edition; null of one that was stated before there were editions. */
    edition_signature: Uint8Array | null
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
  log_leaves: { position: number; entry: Uint8Array }
  /** Roots of full tiles. */
  log_nodes: { level: number; position: number; hash: Uint8Array }
  /** One row: the tree's head as of the last transaction. */
  log_head: { name: string; size: number; root: Uint8Array }
  log_checkpoints: { size: number; note: string; witnessed: number }
  /** Quotes by their digest: where their leaf stands, and the checkpoint whose digest is their nonce. */
  log_evidence: { digest: string; position: number; nonce_note: string; quote: Uint8Array }
  configs: { digest: string; config: string; first_seen_ms: number }
}
