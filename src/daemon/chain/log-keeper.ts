import { createHash } from 'node:crypto'
import { canonicalBytes } from '@perf-agg/sdk'
import type { Enclave } from '../../enclave/enclave.ts'
import type { Log } from '../../http/log.ts'
import { limits } from '../../limits.ts'
import { entryOf, leafOfStatement } from '../../log/leaf.ts'
import { Publisher } from '../../log/publisher.ts'
import { readWitnessEntry, Witness } from '../../log/witness.ts'
import type { Store } from '../../store/store.ts'

interface Parts {
  readonly store: Store
  readonly enclave: Enclave
  readonly origin: string
  /** As configured. */
  readonly witnesses: readonly string[]
  readonly log: Log
}

/** Leaves that one transaction gives to statements of before there was a log. */
const unloggedRows = 500
const lastConfig = 'log_config'

/**
 * Keeps the log beside the chains: what a start adds to it, evidence once a day, and its publication. Opening it asks
 * the witnesses whether our log is the one they know.
 */
export class LogKeeper {
  readonly publisher: Publisher
  readonly #parts: Parts
  #evidenceDigest = ''
  #evidenceAtMs = 0
  #onEvidence: (digest: string) => void = () => {}

  private constructor(parts: Parts, publisher: Publisher) {
    this.#parts = parts
    this.publisher = publisher
  }

  /** @throws {LogConflict} LOG_ROLLED_BACK, LOG_FORKED: a witness has seen more of this log, or another one */
  static async open(parts: Parts, nowMs: number): Promise<LogKeeper> {
    const { store, enclave, origin, log } = parts
    const witnesses: Witness[] = []
    for (const entry of parts.witnesses.map(readWitnessEntry)) {
      const witness = await Witness.open(entry, store)
      if (witness !== null) witnesses.push(witness)
    }
    const publisher = new Publisher({
      origin,
      signer: enclave.logSigner,
      source: store,
      keep: (checkpoint) => store.commit((tx) => tx.putCheckpoint(checkpoint)),
      witnesses,
      onTrouble: (event, code) => log.warn(event, { code }),
    })
    const keeper = new LogKeeper(parts, publisher)
    // first of all: what a witness saw before decides whether anything may be signed at all
    await publisher.publish()
    await keeper.#logEarlier()
    await keeper.#logStart(nowMs)
    await publisher.publish()
    return keeper
  }

  /** What statements name. */
  get evidenceDigest(): string {
    return this.#evidenceDigest
  }

  onEvidence(listener: (digest: string) => void): void {
    this.#onEvidence = listener
  }

  /** To be called every minute or so. */
  async tick(nowMs: number): Promise<void> {
    if (nowMs - this.#evidenceAtMs >= limits.log.evidencePauseMs) {
      await this.#logEvidence(nowMs, [])
      this.#onEvidence(this.#evidenceDigest)
    }
    // also asks witnesses again that did not answer
    await this.publisher.publish()
  }

  async #logEarlier(): Promise<void> {
    const { store } = this.#parts
    for (;;) {
      const statements = await store.unlogged(unloggedRows)
      if (statements.length === 0) return
      await store.commit((tx) => {
        for (const statement of statements) {
          tx.giveLeaf(statement.account, statement.sequence, leafOfStatement(statement))
        }
      })
    }
  }

  async #logStart(nowMs: number): Promise<void> {
    const { store, enclave } = this.#parts
    const entries = [
      entryOf({ leaf: 'key_start', key_id: enclave.signer.keyId, vkey: enclave.logVerifierKey }),
    ]
    const changed = (await store.meta(lastConfig)) !== enclave.configDigest
    if (changed) entries.push(entryOf({ leaf: 'config', digest: enclave.configDigest }))
    await this.#logEvidence(nowMs, entries)
  }

  /**
   * Evidence whose nonce is the digest of the latest checkpoint, a witnessed one where there is one: it was made after
   * that was signed, and before the next one that a witness signs.
   */
  async #logEvidence(nowMs: number, before: readonly Uint8Array[]): Promise<void> {
    const { store, enclave } = this.#parts
    const nonceNote = ((await store.lastWitnessed()) ?? this.publisher.latest)?.note ?? ''
    const nonce = nonceNote === '' ? null : createHash('sha256').update(nonceNote).digest('base64url')
    const quote = canonicalBytes(await enclave.quote(nonce, nowMs))
    const digest = `sha256:${createHash('sha256').update(quote).digest('hex')}`
    await store.commit((tx) => {
      for (const entry of before) tx.appendLeaf(entry)
      const position = tx.appendLeaf(entryOf({ leaf: 'evidence', digest }))
      tx.addEvidence({ digest, position, nonceNote, quote })
      tx.setMeta(lastConfig, enclave.configDigest)
    })
    this.#evidenceDigest = digest
    this.#evidenceAtMs = nowMs
  }
}
