import { equalBytes, toBase64url } from './bytes.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { PerfAggError } from './errors.ts'
import { parseLeaf, slotOf, type Leaf } from './leaf.ts'
import { CompactTree, leafHash } from './merkle.ts'
import { parseNote } from './note.ts'
import type { RecordEntry, TrackRecord } from './record.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate } from './step.ts'

/**
 * Holds a record against the entries of its log, fetched now: the record's tree must be their beginning, each slot of
 * its account be taken once, and none after its last statement. What else is logged tells nothing to whoever does not
 * know the account. `entries` are all of the log, from its first on; a part that is held back can only hide a later
 * end, so the size that was looked at is said.
 */
export async function judgeAgainstLog(
  record: TrackRecord<RecordEntry>,
  entries: readonly Uint8Array[],
): Promise<readonly Step[]> {
  const { size, root } = parseCheckpoint(parseNote(record.checkpoint).text)
  const tree = new CompactTree()
  const slots = new Map<string, number>()
  for (const [index, entry] of entries.entries()) {
    if (index === size && !equalBytes(await tree.root(), root)) return [forked()]
    await tree.append(await leafHash(entry))
    const leaf = leafOrNull(entry)
    if (leaf?.leaf === 'statement') slots.set(leaf.slot, (slots.get(leaf.slot) ?? 0) + 1)
  }
  if (entries.length < size) {
    return [
      contraindicate('log', 'LOG_ROLLED_BACK', `the log has ${entries.length} leaves, once it had ${size}`),
    ]
  }
  if (entries.length === size && !equalBytes(await tree.root(), root)) return [forked()]
  const last = record.statements.length
  for (let sequence = 1; sequence <= last + 1; sequence += 1) {
    const count = slots.get(toBase64url(await slotOf(record.account, sequence))) ?? 0
    if (sequence > last && count > 0) {
      return [
        contraindicate(
          'log',
          'RECORD_TRUNCATED',
          `the log holds a statement ${sequence}, the record ends before`,
        ),
      ]
    }
    if (count > 1) {
      return [
        contraindicate(
          'log',
          'RECORD_FORKED',
          `the log holds ${count} statements ${sequence} of the account`,
        ),
      ]
    }
  }
  return [affirm('log', `none of ${entries.length} leaves is a second or a later statement of the account`)]
}

function forked(): Step {
  return contraindicate('log', 'LOG_FORKED', 'the log shown now is not the one that the record is of')
}

function leafOrNull(entry: Uint8Array): Leaf | null {
  try {
    return parseLeaf(entry)
  } catch (error) {
    if (!(error instanceof PerfAggError)) throw error
    return null
  }
}
