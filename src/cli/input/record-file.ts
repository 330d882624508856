import {
  InputError,
  parseEitherRecord,
  type PublicRecord,
  type TrackRecord,
  VerificationError,
} from '@perf-agg/sdk'

/** The record in a file. @throws {VerificationError} RECORD_INVALID: what can't be read does not hold */
export function readRecord(value: unknown): TrackRecord | PublicRecord {
  try {
    return parseEitherRecord(value)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new VerificationError('RECORD_INVALID', `it has not the form of a record: ${error.message}`)
  }
}
