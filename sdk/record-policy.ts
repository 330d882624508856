import type { Policy } from './policy.ts'
import { missingHours, type RecordFigures } from './record-chain.ts'
import type { JudgedEvidence } from './record-evidence.ts'
import { metadataOf } from './record-link.ts'
import type { RecordEntry, TrackRecord } from './record.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate, warn } from './step.ts'
import { hourMs, parseInstant } from './time.ts'

/** What a policy asks of the record itself, beside the evidence: sound, and still perhaps not enough. */
export function judgeRecordByPolicy(
  record: TrackRecord<RecordEntry>,
  figures: RecordFigures | null,
  evidence: ReadonlyMap<string, JudgedEvidence>,
  policy: Policy,
  nowMs: number,
): readonly Step[] {
  const { min_coverage_pct, max_gap_h, max_evidence_gap_h, max_age_h, ownership } = policy.record
  const steps: Step[] = []
  const links = record.statements.map(metadataOf)
  const sources = links.map(({ source }) => source)
  const environments = [...new Set(sources.map(({ environment }) => environment))]
  const accepted = policy.config.environments ?? ['live']
  const foreign = environments.filter((each) => !accepted.includes(each))
  steps.push(
    foreign.length === 0
      ? affirm('environment', environments.join(', '))
      : contraindicate('environment', 'CONFIG_NOT_ACCEPTED', `the environment is ${foreign.join(', ')}`),
  )
  if (ownership !== undefined) {
    const owned = sources.find((source) => !ownership.includes(source.ownership))
    if (owned !== undefined) {
      steps.push(contraindicate('ownership', 'CONFIG_NOT_ACCEPTED', `ownership is ${owned.ownership}`))
    }
  }
  if (figures === null) return steps
  const { count, longest } = missingHours(figures)
  const coveragePct = figures.hours === 0 ? 0 : (figures.hours / (figures.hours + count)) * 100
  if (min_coverage_pct !== undefined && coveragePct < min_coverage_pct) {
    steps.push(
      warn('record-coverage', 'COVERAGE_LOW', `${coveragePct.toFixed(1)} % of its hours are covered`),
    )
  }
  if (max_gap_h !== undefined && longest > max_gap_h) {
    steps.push(warn('record-coverage', 'GAP_TOO_LONG', `${longest} hours in a row are missing`))
  }
  if (max_age_h !== undefined && nowMs - parseInstant(figures.until) > max_age_h * hourMs) {
    steps.push(warn('age', 'RECORD_STALE', `it ends at ${figures.until}: what came after may be left out`))
  }
  const old = links.find(({ evidence_digest, issued_at }) => {
    const claims = evidence.get(evidence_digest ?? '')?.claims
    if (claims === undefined || max_evidence_gap_h === undefined) return false
    return parseInstant(issued_at) - claims.iat * 1_000 > max_evidence_gap_h * hourMs
  })
  if (old !== undefined) {
    steps.push(
      warn('evidence-age', 'EVIDENCE_OLD', `statement ${old.sequence} was made long after its evidence`),
    )
  }
  return steps
}
