import { PerfAggError, VerificationError } from '../errors.ts'
import { affirm, contraindicate, warn, type Step } from '../step.ts'

/** What every hardware verifier hands back, whatever it was given: a refusal is a step, never an exception. */
export interface Verified {
  readonly steps: readonly Step[]
  /**
   * Reference values by the names that policies use (`measurement`, `mr_td`, `pcr0` …), lower-case hex. Of evidence
   * that was not affirmed they are mere claims.
   */
  readonly measurements: Readonly<Record<string, string>>
  /** What the workload put into the evidence: 64 bytes, or empty where none could be read. */
  readonly reportData: Uint8Array
}

/** A check that fails throws this, so that checks read as plain code; {@link StepList} makes a step of it. */
export function refuse(code: string, message: string): VerificationError {
  return new VerificationError(code, message)
}

/** The steps of one verification, in the order they were made. */
export class StepList {
  readonly steps: Step[] = []

  affirm(name: string, detail: string): void {
    this.steps.push(affirm(name, detail))
  }

  warn(name: string, code: string, detail: string): void {
    this.steps.push(warn(name, code, detail))
  }

  refuse(name: string, code: string, detail: string): void {
    this.steps.push(contraindicate(name, code, detail))
  }

  /**
   * Runs one check and records what came of it. Whatever it throws is a refusal: hostile input that trips something
   * nobody thought of must not look like anything else.
   * @returns the check's value, or undefined where it was refused
   */
  async check<Value>(
    name: string,
    detail: string | ((value: Value) => string),
    check: () => Promise<Value> | Value,
  ): Promise<Value | undefined> {
    try {
      const value = await check()
      this.affirm(name, typeof detail === 'string' ? detail : detail(value))
      return value
    } catch (error) {
      if (error instanceof PerfAggError) this.refuse(name, error.code, error.message)
      else this.refuse(name, 'EVIDENCE_INVALID', 'this part of the evidence could not be read')
      return undefined
    }
  }
}
