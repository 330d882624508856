import { canonicalBytes } from './canonical.ts'
import { digestOf, fromBase64 } from './bytes.ts'
import { verifyCheckpoint, type CheckpointVerification } from './checkpoint.ts'
import { PerfAggError } from './errors.ts'
import { judgeEvidence } from './record-evidence.ts'
import { leafBytes, type Leaf } from './leaf.ts'
import { leafHash, verifyConsistency } from './merkle.ts'
import { parseVkey, type NoteKey } from './note.ts'
import type { Roots } from './evidence/roots.ts'
import type { Policy } from './policy.ts'
import { claimsBytesOf, parseClaims } from './quote.ts'
import { judgeChain, type RecordFigures } from './record-chain.ts'
import { ProvenTree } from './proven-tree.ts'
import { judgeRecordByPolicy } from './record-policy.ts'
import { linksOf, metadataOf, type RecordLink } from './record-link.ts'
import type { Logged, RecordEntry, RecordEvidence, TrackRecord } from './record.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate, verdictOf, warn, type Verdict } from './step.ts'
import { judgeLists } from './verification.ts'

export interface RecordOptions {
  readonly policy: Policy | null
  readonly nowMs: number
  readonly insecureSimulated?: boolean
  /** Other roots than those of the makers of the hardware: for tests of platforms that are faked, never from outside. */
  readonly roots?: Roots
}

export interface RecordVerification {
  readonly verdict: Verdict
  readonly steps: readonly Step[]
  /** What the statements come to; null where they are no chain. */
  readonly figures: RecordFigures | null
  /** The time that witnesses give the record's checkpoint, seconds since 1970; null: none that is trusted. */
  readonly witnessedAtS: number | null
}

/**
 * Looks at a whole track record, offline: the log's checkpoints and who signed them, each statement's place in it, the
 * evidence for every key, the chain from its first statement on, and what the policy asks. Never throws for anything
 * in the record.
 */
export async function verifyRecord(
  record: TrackRecord<RecordEntry>,
  options: RecordOptions,
): Promise<RecordVerification> {
  const { policy } = options
  const witnessKeys = await keysOf(policy?.witnesses.keys ?? [])
  const logKeys = await logKeysOf(record.evidence)
  const head = await checkpointOf(record.checkpoint, logKeys, witnessKeys)
  if (head === null) {
    const steps = [
      logKeys.length === 0
        ? contraindicate('checkpoint', 'EVIDENCE_MISSING', 'no evidence in it names the key of its log')
        : contraindicate('checkpoint', 'CHECKPOINT_INVALID', 'the checkpoint is not signed by its log'),
    ]
    return { verdict: verdictOf(steps), steps, figures: null, witnessedAtS: null }
  }
  const { size, root } = head.checkpoint
  const earlier: CheckpointVerification[] = []
  const consistency: Step[] = []
  let unwitnessed = 0
  for (const { note, consistency: proof } of record.checkpoints) {
    const verified = await checkpointOf(note, logKeys, witnessKeys)
    const holds =
      verified !== null &&
      (await verifyConsistency({
        oldSize: verified.checkpoint.size,
        oldRoot: verified.checkpoint.root,
        newSize: size,
        newRoot: root,
        proof: proof.map((hash) => fromBase64(hash)),
      }))
    if (verified !== null && holds) {
      earlier.push(verified)
      if (witnessKeys.length > 0 && verified.witnesses.length === 0) unwitnessed += 1
    } else {
      const what = verified === null ? 'is not signed by its log' : 'is of another log'
      consistency.push(
        contraindicate(
          'consistency',
          verified === null ? 'CHECKPOINT_INVALID' : 'LOG_FORKED',
          `an earlier checkpoint ${what}`,
        ),
      )
    }
  }
  if (unwitnessed > 0) {
    // whoever trusts none is told so by the record's own checkpoint
    const detail = `${unwitnessed} earlier checkpoints are signed by no witness that is trusted: what they cover is judged by later ones`
    consistency.push(warn('consistency', 'CHECKPOINT_UNWITNESSED', detail))
  }
  const times = [...earlier, head]
  const evidence = await judgeEvidence(record.evidence, { ...options, times, logKeys, witnessKeys })
  const links = await linksOf(record)
  const chain = await judgeChain(record.account, links, evidence.byDigest, witnessedAt(head) !== null)
  const steps = [
    affirm('checkpoint', `the log ${head.checkpoint.origin} signed for ${size} leaves`),
    judgeWitnesses(head, policy),
    ...(consistency.length > 0
      ? consistency
      : [affirm('consistency', `${earlier.length} earlier checkpoints are the beginning of this one`)]),
    await judgeInclusion(record, links, size, root),
    ...evidence.steps,
    ...chain.steps,
    ...judgeLists(record.statements.map((entry) => metadataOf(entry).source)),
    ...(policy === null
      ? []
      : judgeRecordByPolicy(record, chain.figures, evidence.byDigest, policy, options.nowMs)),
    ...completeness(chain.figures),
  ]
  return { verdict: verdictOf(steps), steps, figures: chain.figures, witnessedAtS: witnessedAt(head) }
}

/** The earliest time that a trusted witness states: from then on it was there. */
function witnessedAt({ witnesses }: CheckpointVerification): number | null {
  const times = witnesses.flatMap(({ timestampS }) => (timestampS === null ? [] : [timestampS]))
  return times.length === 0 ? null : Math.min(...times)
}

/** The keys that quotes in the record name for its log. What they are worth is their evidence's to say. */
async function logKeysOf(evidence: readonly RecordEvidence[]): Promise<readonly NoteKey[]> {
  const vkeys = evidence.flatMap(({ quote }) => {
    try {
      return parseClaims(claimsBytesOf(quote)).log?.vkey ?? []
    } catch {
      // a quote that can't be read is said so where it is judged
      return []
    }
  })
  return keysOf(vkeys)
}

async function keysOf(vkeys: readonly string[]): Promise<readonly NoteKey[]> {
  const keys = new Map<string, NoteKey>()
  for (const vkey of vkeys) {
    try {
      const key = await parseVkey(vkey)
      keys.set(`${key.name}+${key.id}`, key)
    } catch (error) {
      if (!(error instanceof PerfAggError)) throw error
    }
  }
  return [...keys.values()]
}

/** Null where none of the log's keys signed it, or a known signature does not hold. */
async function checkpointOf(
  note: string,
  logKeys: readonly NoteKey[],
  witnessKeys: readonly NoteKey[],
): Promise<CheckpointVerification | null> {
  for (const key of logKeys) {
    try {
      return await verifyCheckpoint(note, key, witnessKeys)
    } catch (error) {
      if (!(error instanceof PerfAggError)) throw error
    }
  }
  return null
}

function judgeWitnesses(head: CheckpointVerification, policy: Policy | null): Step {
  const names = head.witnesses.map(({ key }) => key.name)
  const wanted = policy?.witnesses.min ?? 1
  if (names.length >= Math.max(wanted, 1)) return affirm('witnesses', `seen by ${names.join(', ')}`)
  if (wanted === 0) return affirm('witnesses', 'no witness signed, and the policy asks for none')
  return names.length > 0
    ? warn(
        'witnesses',
        'WITNESSES_TOO_FEW',
        `seen by ${names.length} witnesses, the policy asks for ${wanted}`,
      )
    : warn(
        'witnesses',
        'NO_WITNESS',
        'no witness that is trusted signed: its operator could show others another log',
      )
}

async function judgeInclusion(
  record: TrackRecord<RecordEntry>,
  links: readonly RecordLink[],
  size: number,
  root: Uint8Array,
): Promise<Step> {
  const tree = new ProvenTree(size, root)
  const holds = async (leaf: Leaf, { leaf: index, inclusion }: Logged): Promise<boolean> =>
    tree.holds(await leafHash(leafBytes(leaf)), index, inclusion)
  let before = -1
  for (const [index, each] of record.statements.entries()) {
    const { leaf, metadata } = links[index]!
    const { sequence } = metadata
    if (!(await holds(leaf, each))) {
      return contraindicate(
        'inclusion',
        'INCLUSION_INVALID',
        `statement ${sequence} is not what the log holds`,
      )
    }
    if (each.leaf <= before) {
      return contraindicate(
        'inclusion',
        'LOG_ORDER',
        `statement ${sequence} was logged before its predecessor`,
      )
    }
    before = each.leaf
  }
  for (const [index, each] of record.evidence.entries()) {
    const digest = await digestOf(canonicalBytes(each.quote))
    if (!(await holds({ leaf: 'evidence', digest }, each))) {
      return contraindicate(
        'inclusion',
        'INCLUSION_INVALID',
        `evidence ${index + 1} is not what the log holds`,
      )
    }
  }
  return affirm(
    'inclusion',
    `${record.statements.length} statements and ${record.evidence.length} pieces of evidence stand in the log`,
  )
}

function completeness(figures: RecordFigures | null): readonly Step[] {
  return figures === null ? [] : [affirm('complete', `complete up to ${figures.until}, nothing known after`)]
}
