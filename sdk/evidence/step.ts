import { PerfAggError, VerificationError } from '../errors.ts'

export type StepStatus = 'affirming' | 'warning' | 'contraindicated'

/** One thing that was looked at, and what came of it (RATS: a part of the attestation result). */
export interface Step {
  /** What was looked at, e.g. `certificate chain`. */
  readonly name: string
  readonly status: StepStatus
  /** Stable, for programs. `OK` where the step affirms. */
  readonly code: string
  /** One sentence a person understands. */
  readonly detail: string
}

/** What every hardware verifier hands back, whatever it was given: a refusal is a step, never an exception. */
export interface Verified {
  readonly steps: readonly Step[]
  /** Reference values by the names the policy uses (`measurement`, `mr_td`, `pcr0` …), lower-case hex. Of evidence
   * that was not affirmed they are mere claims. */
  readonly measurements: Readonly<Record<string, string>>
  /** 64 bytes the workload put into the evidence, empty where none could be read. */
  readonly reportData: Uint8Array
}

/**
 * Codes of contraindicated steps in which the proof itself is sound: the hardware really says this, and it is not
 * good enough. All other contraindicated codes mean that the proof is broken.
 */
export const trustCodes: ReadonlySet<string> = new Set([
  'ADVISORY_NOT_ALLOWED',
  'DEBUG_ENABLED',
  'MIGRATION_ENABLED',
  'NITROTPM_NOT_ENCLAVE',
  'SEPT_VE_ENABLED',
  'TCB_STATUS_NOT_ACCEPTED',
  'TCB_TOO_OLD',
  'TCB_UNKNOWN',
  'TD_ATTRIBUTES_RESERVED',
  'WORKLOAD_UNBOUND',
])

/** Whether a contraindicated step means a broken proof (`VerificationError`), not an untrusted one (`PolicyError`). */
export function isBroken(step: Step): boolean {
  return step.status === 'contraindicated' && !trustCodes.has(step.code)
}

export function statusOf(steps: readonly Step[]): StepStatus {
  if (steps.length === 0 || steps.some(({ status }) => status === 'contraindicated')) return 'contraindicated'
  return steps.some(({ status }) => status === 'warning') ? 'warning' : 'affirming'
}

/** A check that fails throws this, so that checks read as plain code; {@link StepList} makes a step of it. */
export function refuse(code: string, message: string): VerificationError {
  return new VerificationError(code, message)
}

/** The steps of one verification, in the order they were made. */
export class StepList {
  readonly steps: Step[] = []

  affirm(name: string, detail: string): void {
    this.steps.push({ name, status: 'affirming', code: 'OK', detail })
  }

  warn(name: string, code: string, detail: string): void {
    this.steps.push({ name, status: 'warning', code, detail })
  }

  refuse(name: string, code: string, detail: string): void {
    this.steps.push({ name, status: 'contraindicated', code, detail })
  }

  /**
   * Runs one check and records what came of it. Whatever it throws is a refusal: hostile input that trips something
   * nobody thought of must not look like anything else.
   * @returns the check's value, or undefined where it was refused
   */
  async check<Value>(
    name: string,
    detail: string,
    check: () => Promise<Value> | Value,
  ): Promise<Value | undefined> {
    try {
      const value = await check()
      this.affirm(name, detail)
      return value
    } catch (error) {
      if (error instanceof PerfAggError) this.refuse(name, error.code, error.message)
      else this.refuse(name, 'EVIDENCE_INVALID', 'this part of the evidence could not be read')
      return undefined
    }
  }
}
