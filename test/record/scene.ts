import {
  canonicalBytes,
  consistencyProof,
  dayMs,
  digestOf,
  formatVkey,
  fromUtf8,
  handoverBytes,
  leafBytes,
  noteKey,
  parsePolicy,
  parseQuote,
  parseStatement,
  type Policy,
  type RecordCheckpoint,
  type RecordEvidence,
  type RecordStatement,
  recordSchema,
  sha256,
  type Statement,
  statementDigest,
  statementLeaf,
  toBase64,
  toBase64url,
  type TrackRecord,
  utf8,
  verifyRecord,
} from '@perf-agg/sdk'
import type { Attester } from '../../src/enclave/attester.ts'
import { type Enclave, openEnclave } from '../../src/enclave/enclave.ts'
import { newSigner, type OwnedSigner } from '../../src/enclave/signer.ts'
import type { Claim, Head, Subject } from '../../src/statement/claim.ts'
import { Issuer } from '../../src/statement/issuer.ts'
import { account, madeStartMs, MadeLog, origin, witnessKey } from '../page/made-record.ts'
import { subject as usual } from '../statement/fixture.ts'
import { type FakeSnpChip, makeFakeSnpChip } from '../vectors/attestation/fake-snp.ts'

/**
 * A record as a dishonest enclave would write it: sound hardware, keys and log, and statements that say whatever the
 * test wants, each signed, logged and witnessed. What is left to a verifier is to see that they can't be true.
 */

/** One start: its keys, and the evidence for them. */
interface Start {
  readonly enclave: Enclave
  readonly issuer: Issuer
}

interface Said {
  readonly statement: Statement
  readonly digest: string
  readonly salt: string
  readonly leaf: number
}

export interface SceneOptions {
  /** An operator's key makes the wire signature. */
  readonly mounted?: boolean
  /** No witness is asked. */
  readonly unwitnessed?: boolean
  /** What every statement says of the account. */
  readonly subject?: Partial<Subject>
}

export class Scene {
  readonly mounted: OwnedSigner | null
  readonly entries: Uint8Array[] = []
  said: Said[] = []
  atMs = madeStartMs
  subject: Subject
  readonly #chip: FakeSnpChip
  readonly #witnessed: boolean
  readonly #checkpoints: { readonly note: string; readonly size: number }[] = []
  readonly #evidence: {
    readonly quote: RecordEvidence['quote']
    readonly nonce_note: string
    readonly leaf: number
  }[] = []
  #log: MadeLog | null = null
  #start: Start | null = null

  private constructor(chip: FakeSnpChip, options: SceneOptions) {
    this.#chip = chip
    this.#witnessed = options.unwitnessed !== true
    this.mounted = options.mounted === true ? newSigner() : null
    this.subject = { ...usual, account, firstObservedAtMs: null, ...options.subject }
  }

  /** With a first start. */
  static async open(options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(
      await makeFakeSnpChip({ crl: { nextUpdateMs: madeStartMs + 90 * dayMs } }),
      options,
    )
    await scene.start()
    return scene
  }

  get enclave(): Enclave {
    return this.#start!.enclave
  }

  get log(): MadeLog {
    return this.#log!
  }

  get head(): Head {
    const last = this.said.at(-1)?.statement.metadata
    return last === undefined
      ? { sequence: 0, digest: null }
      : { sequence: last.sequence, digest: this.said.at(-1)!.digest }
  }

  /** A new start of the enclave: new keys, and evidence for them. */
  async start(config: object = { permission_policy: 'read-only' }): Promise<void> {
    const enclave = await openEnclave({
      attester: this.#attester(),
      mountedSigner: this.mounted,
      config,
      software: { name: 'perf-agg', version: '0.2.0' },
      logOrigin: origin,
      pseudonymEpoch: 'epoch',
      nowMs: this.atMs,
    })
    const key = await noteKey(origin, 'ed25519', enclave.logSigner.publicKey)
    if (this.#log === null) this.#log = new MadeLog(enclave.logSigner, key)
    else this.#log.sign(enclave.logSigner, key)
    await this.#logged({ leaf: 'key_start', key_id: enclave.signer.keyId, vkey: enclave.logVerifierKey })
    await this.#logged({ leaf: 'config', digest: enclave.configDigest })
    const nonceNote = await this.log.checkpoint(this.atMs, this.#witnessed)
    this.atMs += 60_000
    const nonce = toBase64url(await sha256(utf8(nonceNote)))
    const quote = parseQuote(JSON.parse(fromUtf8(canonicalBytes(await enclave.quote(nonce, this.atMs)))))
    const evidenceDigest = await digestOf(canonicalBytes(quote))
    const leaf = await this.#logged({ leaf: 'evidence', digest: evidenceDigest })
    this.#evidence.push({ quote, nonce_note: nonceNote, leaf })
    this.atMs += 60_000
    this.#checkpoints.push({
      note: await this.log.checkpoint(this.atMs, this.#witnessed),
      size: this.log.size,
    })
    const issuer = new Issuer({
      version: '0.2.0',
      configDigest: enclave.configDigest,
      evidenceDigest,
      log: { origin },
      signer: enclave.signer,
      mountedSigner: this.mounted,
      lastSignedMs: 0,
    })
    this.#start = { enclave, issuer }
  }

  /** Signed and logged, true or not. */
  async say(
    claim: Claim,
    change: (statement: Statement) => Promise<Statement> | Statement = (it) => it,
  ): Promise<Said> {
    this.atMs += 3_600_000
    const issued = await this.#start!.issuer.issue(this.subject, this.head, claim, this.atMs)
    const statement = await change(parseStatement(JSON.parse(fromUtf8(issued.body))))
    const { sequence } = statement.metadata
    const digest = await statementDigest(statement)
    const salt = await sha256(utf8(`salt ${this.entries.length}`))
    const leaf = await this.#logged(await statementLeaf(statement.metadata.account, sequence, salt, digest))
    const said = { statement, digest, salt: toBase64url(salt), leaf }
    this.said.push(said)
    return said
  }

  /** What the key of this start signs for the next one's; to be called before that one starts. */
  async handover(keyId: string, logSize = this.log.size): Promise<string> {
    const { signer } = this.enclave
    return toBase64(await signer.sign(handoverBytes({ origin, replaces: signer.keyId, keyId, logSize })))
  }

  async record(): Promise<TrackRecord> {
    const { log } = this
    const checkpoint = await log.checkpoint(this.atMs + 5_000, this.#witnessed)
    const checkpoints: RecordCheckpoint[] = []
    for (const { note, size } of this.#checkpoints) {
      if (!this.#witnessed || size === log.size) continue
      checkpoints.push({
        note,
        consistency: (await consistencyProof(size, log.size, log.read)).map(toBase64),
      })
    }
    const statements: RecordStatement[] = []
    for (const { statement, salt, leaf } of this.said) {
      statements.push({ statement, salt, ...(await log.logged(leaf)) })
    }
    const evidence: RecordEvidence[] = []
    for (const { leaf, ...each } of this.#evidence) evidence.push({ ...each, ...(await log.logged(leaf)) })
    return {
      schema: recordSchema,
      account: this.subject.account,
      checkpoint,
      checkpoints,
      evidence,
      statements,
    }
  }

  async policy(change: object = {}): Promise<Policy> {
    return parsePolicy({
      version: 1,
      accept: [{ tee: 'sev-snp', measurement: ['ab'.repeat(48)] }],
      witnesses: { keys: [formatVkey(await witnessKey)], min: 1 },
      record: {},
      ...change,
    })
  }

  /** Verdict and the codes of what does not hold. */
  async judge(record?: TrackRecord, policy?: Policy): Promise<{ verdict: string; wrong: string[] }> {
    const { verdict, steps } = await verifyRecord(record ?? (await this.record()), {
      policy: policy ?? (await this.policy()),
      nowMs: this.atMs + 60_000,
      roots: this.#chip.roots,
    })
    const wrong = steps.filter(({ status }) => status !== 'affirming').map(({ code }) => code)
    return { verdict, wrong: [...new Set(wrong)] }
  }

  async #logged(leaf: Parameters<typeof leafBytes>[0]): Promise<number> {
    this.entries.push(leafBytes(leaf))
    return this.log.append(leaf)
  }

  #attester(): Attester {
    const { endorsements, report } = this.#chip
    return {
      tee: 'sev-snp',
      keys: null,
      async attest(reportData) {
        const value = toBase64url(await report({ reportData }))
        return {
          evidence: { type: 'application/vnd.perf-agg.sev-snp-report', value },
          endorsements: {
            leaf: toBase64url(endorsements.leaf),
            chain: (endorsements.chain ?? []).map(toBase64url),
            ...(endorsements.crl === undefined ? {} : { crl: toBase64url(endorsements.crl) }),
          },
        }
      },
    }
  }
}

/** A new start, to which the old key hands over in all honesty. */
export async function handOver(scene: Scene): Promise<void> {
  const { signer: old } = scene.enclave
  const { size } = scene.log
  await scene.start()
  const { jwk, keyId } = scene.enclave.signer
  const signed = await old.sign(handoverBytes({ origin, replaces: old.keyId, keyId, logSize: size }))
  await scene.say({
    type: 'key_start',
    atMs: scene.atMs,
    keyStart: {
      key: jwk,
      replaces: old.keyId,
      handover: toBase64(signed),
      log_size: size,
      continuity: 'handover',
    },
  })
}
