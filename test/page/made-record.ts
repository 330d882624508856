import {
  canonicalBytes,
  commitmentOf,
  consistencyProof,
  digestOf,
  editionOf,
  editionSignedBytes,
  formatCheckpoint,
  formatNote,
  formatVkey,
  fromUtf8,
  hourMs,
  inclusionProof,
  leafBytes,
  type Leaf,
  leafHash,
  nodeHash,
  type NodeReader,
  type Note,
  noteKey,
  noteSignature,
  noteSignedBytes,
  parseDecimal,
  parsePolicy,
  parseQuote,
  parseStatement,
  type Policy,
  type RecordStatement,
  recordSchema,
  sha256,
  statementLeaf,
  toBase64,
  toBase64url,
  type TrackRecord,
  treeRoot,
  utf8,
  zero,
} from '@perf-agg/sdk'
import type { Roots } from '../../sdk/evidence/roots.ts'
import type { Gap, Hour, HourMarks } from '../../src/accounting/hour/hour.ts'
import { simulatedAttester } from '../../src/enclave/attesters/simulated.ts'
import { findAttester } from '../../src/enclave/detection.ts'
import { openEnclave } from '../../src/enclave/enclave.ts'
import type { Claim, Head } from '../../src/statement/claim.ts'
import { Issuer } from '../../src/statement/issuer.ts'
import { fakeSnpMachine } from '../enclave/platforms/fake-machine.ts'
import { subject, testSigner } from '../statement/fixture.ts'
import { fakeNowMs } from '../vectors/attestation/pki.ts'

/**
 * Records of any length out of a seed: a whole enclave's keys and evidence, a log and a witness, every statement made
 * by the code that makes real ones. The same seed gives the same hours and figures; only the keys are new.
 */
export interface Wish {
  readonly hours: number
  readonly seed?: number
  /** Hardware under roots of its own, or the simulated kind. */
  readonly tee?: 'sev-snp' | 'simulated'
  /** Of before the registration. */
  readonly backfilled?: number
  /** Hour numbers, half-open, that nobody saw. */
  readonly gaps?: readonly (readonly [from: number, to: number, reason: string])[]
  /** Hour numbers that were had from history. */
  readonly recovered?: readonly (readonly [from: number, to: number])[]
  /** An hour that is stated anew at the end, with one percent less. */
  readonly corrected?: number
}

export interface Made {
  readonly record: TrackRecord
  readonly policy: Policy
  /** The same as JSON. */
  readonly policyText: string
  /** Null for a simulated enclave. */
  readonly roots: Roots | null
}

export const madeStartMs = fakeNowMs
export const origin = 'perf-agg.example/log'
export const account = 'Tq7Jw0cRZkq1m3xgZ5f0r8uYb2nV4hLsE6aPdCiXoKM'

export async function makeRecord(folder: string, wish: Wish): Promise<Made> {
  const machine = wish.tee === 'simulated' ? null : fakeSnpMachine(folder)
  const attester =
    machine === null
      ? simulatedAttester()
      : await findAttester(
          { tee: 'auto', insecureSimulated: false, endorsementFolder: null },
          machine.machine,
        )
  const enclave = await openEnclave({
    attester,
    mountedSigner: null,
    config: { permission_policy: 'read-only' },
    software: { name: 'perf-agg', version: '0.2.0' },
    logOrigin: origin,
    pseudonymEpoch: 'epoch',
    nowMs: fakeNowMs,
  })
  const log = new MadeLog(enclave.logSigner, await noteKey(origin, 'ed25519', enclave.logSigner.publicKey))
  await log.append({ leaf: 'key_start', key_id: enclave.signer.keyId, vkey: enclave.logVerifierKey })
  await log.append({ leaf: 'config', digest: enclave.configDigest })
  const before = await log.checkpoint(madeStartMs - 60_000)
  const nonce = toBase64url(await sha256(utf8(before)))
  const quote = parseQuote(JSON.parse(fromUtf8(canonicalBytes(await enclave.quote(nonce, madeStartMs)))))
  const evidenceDigest = await digestOf(canonicalBytes(quote))
  const evidenceLeaf = await log.append({ leaf: 'evidence', digest: evidenceDigest })
  const covering = await log.checkpoint(madeStartMs + 60_000)
  const coveringSize = log.size

  const issuer = new Issuer({
    version: '0.2.0',
    configDigest: enclave.configDigest,
    evidenceDigest,
    log: { origin },
    signer: enclave.signer,
    mountedSigner: null,
    lastSignedMs: 0,
  })
  const made: { statement: RecordStatement['statement']; salt: string; leaf: number; edition: string }[] = []
  const named = new Map<string, string>()
  let head: Head = { sequence: 0, digest: null }
  let previous: string | null = null
  for (const { claim, atMs } of claimsOf(wish)) {
    const resolved =
      claim.type === 'correction'
        ? { ...claim, corrects: [digestOfHour(made, claim.correction.hours[0]!.startMs, named)] }
        : claim
    const issued = await issuer.issue({ ...subject, account, clientId: 'trader-1' }, head, resolved, atMs)
    const statement = parseStatement(JSON.parse(fromUtf8(issued.body)))
    const salt = await sha256(utf8(`salt ${issued.sequence}`))
    const leaf = await log.append(await statementLeaf(account, issued.sequence, salt, issued.digest))
    const commitment = toBase64url(await commitmentOf(salt, issued.digest))
    const corrects = resolved.type === 'correction' ? resolved.corrects : []
    const edition = editionOf(statement, {
      statement: commitment,
      previous,
      corrects: corrects.map((digest) => named.get(digest)!),
    })
    const signature = await enclave.signer.sign(editionSignedBytes(edition))
    made.push({ statement, salt: toBase64url(salt), leaf, edition: toBase64(signature) })
    named.set(issued.digest, commitment)
    previous = commitment
    head = issued
  }
  const lastMs = Date.parse(made.at(-1)!.statement.metadata.issued_at)
  const checkpoint = await log.checkpoint(lastMs + 5_000)
  const record: TrackRecord = {
    schema: recordSchema,
    account,
    checkpoint,
    checkpoints: [
      {
        note: covering,
        consistency: (await consistencyProof(coveringSize, log.size, log.read)).map(toBase64),
      },
    ],
    evidence: [{ quote, nonce_note: before, ...(await log.logged(evidenceLeaf)) }],
    statements: await Promise.all(
      made.map(async ({ statement, salt, leaf, edition }) => ({
        statement,
        salt,
        edition_signature: edition,
        ...(await log.logged(leaf)),
      })),
    ),
  }
  const roots = machine === null ? null : machine.roots()
  enclave.close()
  const policy = {
    version: 1,
    accept: [{ tee: 'sev-snp', measurement: ['ab'.repeat(48)] }],
    witnesses: { keys: [formatVkey(await witnessKey)], min: 1 },
    record: { min_coverage_pct: 90 },
  }
  return { record, policy: parsePolicy(policy), policyText: JSON.stringify(policy), roots }
}

const witness = testSigner(21)
export const witnessKey = noteKey('witness.example/w1', 'cosignature/v1', witness.publicKey)

/** A log in memory. */
export class MadeLog {
  readonly #levels: Uint8Array[][] = [[]]
  #signer: { sign(message: Uint8Array): Promise<Uint8Array> }
  #key: Awaited<ReturnType<typeof noteKey>>

  constructor(
    signer: { sign(message: Uint8Array): Promise<Uint8Array> },
    key: Awaited<ReturnType<typeof noteKey>>,
  ) {
    this.#signer = signer
    this.#key = key
  }

  /** By another key from here on, as at every start. */
  sign(
    signer: { sign(message: Uint8Array): Promise<Uint8Array> },
    key: Awaited<ReturnType<typeof noteKey>>,
  ): void {
    this.#signer = signer
    this.#key = key
  }

  get size(): number {
    return this.#levels[0]!.length
  }

  readonly read: NodeReader = async (level, index) => this.#levels[level]![index]!

  async append(leaf: Leaf): Promise<number> {
    this.#levels[0]!.push(await leafHash(leafBytes(leaf)))
    for (let level = 0; this.#levels[level]!.length % 2 === 0; level += 1) {
      const row = this.#levels[level]!
      const above = (this.#levels[level + 1] ??= [])
      if (above.length * 2 === row.length) break
      above.push(await nodeHash(row.at(-2)!, row.at(-1)!))
    }
    return this.size - 1
  }

  async logged(leaf: number): Promise<{ leaf: number; inclusion: readonly string[] }> {
    return { leaf, inclusion: (await inclusionProof(leaf, this.size, this.read)).map(toBase64) }
  }

  /** Signed by the log and, unless told otherwise, at that time by the witness. */
  async checkpoint(atMs: number, witnessed = true): Promise<string> {
    const root = await treeRoot(this.size, this.read)
    const text = formatCheckpoint({ origin, size: this.size, root, extensions: [] })
    const atS = Math.floor(atMs / 1_000)
    const own = noteSignature(this.#key, await this.#signer.sign(noteSignedBytes(text, null)))
    const seen = noteSignature(await witnessKey, await witness.sign(noteSignedBytes(text, atS)), atS)
    const note: Note = { text, signatures: witnessed ? [own, seen] : [own] }
    return formatNote(note)
  }
}

function digestOfHour(
  made: readonly { readonly statement: RecordStatement['statement'] }[],
  startMs: number,
  named: ReadonlyMap<string, string>,
): string {
  const at = made.findIndex(({ statement }) =>
    statement.hourly_buckets.some(({ t }) => Date.parse(t) === startMs),
  )
  return [...named.keys()][at]!
}

/** Everything the chain says, with the time at which it says so. */
function* claimsOf(wish: Wish): Generator<{ claim: Claim; atMs: number }> {
  const random = generator(wish.seed ?? 1)
  const back = wish.backfilled ?? 0
  yield { claim: { type: 'registered', atMs: madeStartMs }, atMs: madeStartMs }
  for (let first = -back; first < 0; first += 24) {
    const hours = Array.from({ length: Math.min(24, -first) }, (_, index) =>
      hourOf(first + index, random, 'backfilled'),
    )
    yield { claim: { type: 'period', hours }, atMs: madeStartMs + 90_000 }
  }
  let afterGap = false
  for (let index = 0; index < wish.hours; index += 1) {
    const gap = (wish.gaps ?? []).find(([from]) => from === index)
    if (gap !== undefined) {
      const [from, to, reason] = gap
      const span: Gap = { fromMs: madeStartMs + from * hourMs, toMs: madeStartMs + to * hourMs, reason }
      yield { claim: { type: 'gap', gaps: [span] }, atMs: span.toMs + 90_000 }
      index = to - 1
      afterGap = true
      continue
    }
    const recovered = (wish.recovered ?? []).some(([from, to]) => index >= from && index < to)
    const hour = hourOf(index, random, recovered ? 'recovered' : 'observed')
    const marked = afterGap ? { ...hour, marks: { approximate: true } satisfies HourMarks } : hour
    afterGap = false
    yield { claim: { type: 'period', hours: [marked] }, atMs: hour.startMs + hourMs + 90_000 }
  }
  if (wish.corrected === undefined) return
  const hour = hourOf(wish.corrected, generator(99), 'observed')
  const atMs = madeStartMs + (wish.hours + 1) * hourMs
  const correction = { hours: [{ ...hour, returnPct: -1 }], cause: 'late-fill', records: ['fill-1'] } as const
  yield { claim: { type: 'correction', correction, corrects: [] }, atMs }
}

/** Small gains on average, wilder in the afternoon, with a bad fortnight now and then. */
function hourOf(index: number, random: () => number, origin_: Hour['origin']): Hour {
  const day = Math.floor(index / 24)
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const wild = 0.14 + 0.12 * Math.max(0, Math.sin(((((index % 24) + 24) % 24) - 8) / 4))
  const bad = ((day % 61) + 61) % 61 > 47 ? -0.022 : 0.0085
  const trades = Math.floor(random() * 6)
  const volume = (trades * (400 + random() * 900)).toFixed(2)
  const fees = (Number(volume) * 0.00045).toFixed(4)
  return {
    startMs: madeStartMs + index * hourMs,
    origin: origin_,
    returnPct: Number((normal * wild + bad).toFixed(9)),
    returnReason: null,
    trades,
    volumeBase: parseDecimal((trades * 0.01).toFixed(2)),
    volumeQuoteUsd: parseDecimal(volume),
    feesUsd: parseDecimal(fees),
    equityUsd: parseDecimal('50000'),
    flows: { count: 0, netUsd: zero },
    // funding comes every eight hours
    marks:
      index % 8 === 0 ? { income: [{ kind: 'funding', usd: index % 24 === 0 ? '1.75' : '-2.125' }] } : {},
  }
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
