import { PolicyError, VerificationError } from './errors.ts'

/** One thing that was looked at: what came out, and one sentence that a person understands. */
export interface Step {
  readonly name: string
  readonly status: StepStatus
  /** Stable, for programs; `OK` where it holds. */
  readonly code: string
  readonly detail: string
}

/** The words of RATS (RFC 9334, AR4SI). */
export type StepStatus = 'affirming' | 'warning' | 'contraindicated'

/** What a list of steps comes to: holds (exit code 0), broken (1), sound but not to be trusted (3). */
export type Verdict = 'holds' | 'broken' | 'untrusted'

/**
 * Codes of steps that found a sound proof of something that is not enough. Every other code of a contraindicated
 * step says that a proof is broken.
 */
const untrustedCodes: ReadonlySet<string> = new Set([
  'ADVISORY_NOT_ALLOWED',
  'COLLATERAL_MISSING',
  'CONFIG_NOT_ACCEPTED',
  'CONFIG_UNKNOWN',
  'CRL_MISSING',
  'DEBUG_ENABLED',
  'EVIDENCE_MISSING',
  'KEY_UNKNOWN',
  'MEASUREMENT_NOT_ACCEPTED',
  'MIGRATION_ENABLED',
  'NITROTPM_NOT_ENCLAVE',
  'NONCE_MISSING',
  'NOT_A_STATEMENT',
  'NO_POLICY',
  'OPERATOR_COULD_FORGE',
  'POLICY_TEE_NOT_ACCEPTED',
  'PRODUCT_NOT_ACCEPTED',
  'QUOTE_STALE',
  'SEPT_VE_ENABLED',
  'SERVICE_TD_BOUND',
  'SIGNING_KEY_NOT_ACCEPTED',
  'TCB_LEVEL_UNKNOWN',
  'TCB_STATUS_NOT_ACCEPTED',
  'TCB_TOO_OLD',
  'TD_ATTRIBUTES_RESERVED',
  'TEE_SIMULATED',
  'VMPL_NOT_ACCEPTED',
  'WORKLOAD_UNBOUND',
])

export function affirm(name: string, detail: string): Step {
  return { name, status: 'affirming', code: 'OK', detail }
}

export function warn(name: string, code: string, detail: string): Step {
  return { name, status: 'warning', code, detail }
}

export function contraindicate(name: string, code: string, detail: string): Step {
  return { name, status: 'contraindicated', code, detail }
}

/** The worst of them; no step at all affirms nothing. */
export function statusOfSteps(steps: readonly Step[]): StepStatus {
  if (steps.length === 0 || steps.some((step) => step.status === 'contraindicated')) return 'contraindicated'
  return steps.some((step) => step.status === 'warning') ? 'warning' : 'affirming'
}

export function verdictOf(steps: readonly Step[]): Verdict {
  if (steps.some(isBroken)) return 'broken'
  return statusOfSteps(steps) === 'affirming' ? 'holds' : 'untrusted'
}

function isBroken(step: Step): boolean {
  return step.status === 'contraindicated' && !untrustedCodes.has(step.code)
}

/**
 * @throws {VerificationError} with the code of the first step that is broken
 * @throws {PolicyError} with that of the first that is sound but not affirming
 */
export function requireAffirming(steps: readonly Step[]): void {
  const broken = steps.find(isBroken)
  if (broken !== undefined) throw new VerificationError(broken.code, broken.detail)
  const untrusted =
    steps.find((step) => step.status === 'contraindicated') ?? steps.find((step) => step.status === 'warning')
  if (untrusted !== undefined) throw new PolicyError(untrusted.code, untrusted.detail)
  if (steps.length === 0) throw new VerificationError('NOTHING_CHECKED', 'nothing was checked')
}
