import { InputError } from './errors.ts'
import type { Environment, Ownership } from './source.ts'
import { environments, ownershipLevels, readText } from './source.ts'
import type { Claims } from './quote.ts'
import {
  memberPath,
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readNumber,
  readObject,
  readRecord,
  readString,
} from './shape.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate } from './step.ts'

/**
 * What a verifier trusts, as a file. Unknown members are refused, so that a misspelt condition can't be a condition
 * that is never checked; a list of accepted measurements that is missing refuses.
 */
export interface Policy {
  readonly version: 1
  readonly accept: readonly Acceptance[]
  /** Of a live quote, seconds. */
  readonly max_age_s: number
  readonly clock_skew_s: number
  /**
   * Refuse SEV-SNP evidence that comes without AMD's revocation list; of a live quote true unless said, of loose
   * evidence false. Intel's lists are always asked for, and a list that is there must hold.
   */
  readonly require_crl?: boolean
  readonly config: ConfigPolicy
  readonly witnesses: { readonly keys: readonly string[]; readonly min: number }
  readonly record: RecordPolicy
}

export type Acceptance = SevSnpAcceptance | TdxAcceptance | DstackAcceptance | NitroAcceptance

export interface SevSnpAcceptance {
  readonly tee: 'sev-snp'
  readonly measurement: readonly string[]
  readonly products?: readonly string[]
  readonly min_tcb?: Readonly<Record<string, number>>
  readonly vmpl?: number
  readonly signing_key?: readonly ('VCEK' | 'VLEK')[]
  readonly host_data?: readonly string[]
}

export interface TdxAcceptance {
  readonly tee: 'tdx'
  readonly mr_td: readonly string[]
  readonly rtmr0?: readonly string[]
  readonly rtmr1?: readonly string[]
  readonly rtmr2?: readonly string[]
  readonly rtmr3?: readonly string[]
  readonly tcb_status?: readonly string[]
  readonly allowed_advisories?: readonly string[]
  readonly min_tcb_evaluation?: number
}

export interface DstackAcceptance {
  readonly tee: 'dstack-tdx'
  readonly compose_hash: readonly string[]
  readonly os_image_hash?: readonly string[]
  readonly app_id?: readonly string[]
  readonly key_provider?: readonly string[]
}

export interface NitroAcceptance {
  readonly tee: 'nitro'
  /** By number of the register; 0, 1 and 2 at least. */
  readonly pcrs: Readonly<Record<string, readonly string[]>>
}

/** Conditions on members of the enclave's configuration, not on its digest alone. */
export interface ConfigPolicy {
  readonly permission_policy?: 'read-only' | 'trade'
  /**
   * Of the accounts. Every statement says its own; an enclave is refused that takes none of these, or whose
   * configuration sends an exchange to a simulation while `simulated` is not among them.
   */
  readonly environments?: readonly Environment[]
  /** Digests of whole configurations. */
  readonly digest?: readonly string[]
}

export interface RecordPolicy {
  readonly min_coverage_pct?: number
  readonly max_gap_h?: number
  readonly max_evidence_gap_h?: number
  readonly max_age_h?: number
  readonly ownership?: readonly Ownership[]
}

export const policyMaxAgeDefaultS = 300
export const policySkewDefaultS = 60

/** @throws {InputError} `POLICY_INVALID`; the message names the member */
export function parsePolicy(value: unknown): Policy {
  try {
    return readPolicy(value)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError('POLICY_INVALID', `not a policy: ${error.message}`)
  }
}

function readPolicy(value: unknown): Policy {
  const policy = readObject(value, '', {
    required: ['version', 'accept'],
    optional: ['max_age_s', 'clock_skew_s', 'require_crl', 'config', 'witnesses', 'record'],
  })
  const accept = readArray(policy.accept, 'accept', 64, readAcceptance)
  if (accept.length === 0) throw new InputError('POLICY_INVALID', 'accept must not be empty')
  return {
    version: readEnum(policy.version, 'version', [1]),
    accept,
    max_age_s: readInteger(or(policy.max_age_s, policyMaxAgeDefaultS), 'max_age_s', { min: 1, max: 86_400 }),
    clock_skew_s: readInteger(or(policy.clock_skew_s, policySkewDefaultS), 'clock_skew_s', {
      min: 0,
      max: 3_600,
    }),
    ...(policy.require_crl === undefined
      ? {}
      : { require_crl: readBoolean(policy.require_crl, 'require_crl') }),
    config: readConfigPolicy(or(policy.config, {}), 'config'),
    witnesses: readWitnesses(or(policy.witnesses, { keys: [], min: 0 }), 'witnesses'),
    record: readRecordPolicy(or(policy.record, {}), 'record'),
  }
}

/** `null` is no way of leaving something out. */
function or(value: unknown, otherwise: unknown): unknown {
  return value === undefined ? otherwise : value
}

const acceptedTees = ['sev-snp', 'tdx', 'dstack-tdx', 'nitro'] as const

function readAcceptance(value: unknown, path: string): Acceptance {
  const tee = readEnum(readRecord(value, path).tee, memberPath(path, 'tee'), acceptedTees)
  switch (tee) {
    case 'sev-snp':
      return readSevSnp(value, path)
    case 'tdx':
      return readTdx(value, path)
    case 'dstack-tdx':
      return readDstack(value, path)
    case 'nitro':
      return readNitro(value, path)
  }
}

function readSevSnp(value: unknown, path: string): SevSnpAcceptance {
  const accepted = readObject(value, path, {
    required: ['tee', 'measurement'],
    optional: ['products', 'min_tcb', 'vmpl', 'signing_key', 'host_data'],
  })
  const { products, min_tcb, vmpl, signing_key, host_data } = accepted
  return {
    tee: 'sev-snp',
    measurement: readHashes(accepted.measurement, memberPath(path, 'measurement')),
    ...(products === undefined ? {} : { products: readTexts(products, memberPath(path, 'products')) }),
    ...(min_tcb === undefined ? {} : { min_tcb: readTcb(min_tcb, memberPath(path, 'min_tcb')) }),
    ...(vmpl === undefined ? {} : { vmpl: readInteger(vmpl, memberPath(path, 'vmpl'), { min: 0, max: 3 }) }),
    ...(signing_key === undefined
      ? {}
      : {
          signing_key: readArray(signing_key, memberPath(path, 'signing_key'), 2, (each, eachPath) =>
            readEnum(each, eachPath, ['VCEK', 'VLEK']),
          ),
        }),
    ...(host_data === undefined ? {} : { host_data: readHashes(host_data, memberPath(path, 'host_data')) }),
  }
}

function readTcb(value: unknown, path: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(readRecord(value, path)).map(([name, level]) => [
      readEnum(name, path, ['bootloader', 'tee', 'snp', 'microcode', 'fmc']),
      readInteger(level, memberPath(path, name), { min: 0, max: 255 }),
    ]),
  )
}

function readTdx(value: unknown, path: string): TdxAcceptance {
  const accepted = readObject(value, path, {
    required: ['tee', 'mr_td'],
    optional: ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3', 'tcb_status', 'allowed_advisories', 'min_tcb_evaluation'],
  })
  const { rtmr0, rtmr1, rtmr2, rtmr3, tcb_status, allowed_advisories, min_tcb_evaluation } = accepted
  const hashes = (each: unknown, name: string): readonly string[] => readHashes(each, memberPath(path, name))
  const texts = (each: unknown, name: string): readonly string[] => readTexts(each, memberPath(path, name))
  return {
    tee: 'tdx',
    mr_td: hashes(accepted.mr_td, 'mr_td'),
    ...(rtmr0 === undefined ? {} : { rtmr0: hashes(rtmr0, 'rtmr0') }),
    ...(rtmr1 === undefined ? {} : { rtmr1: hashes(rtmr1, 'rtmr1') }),
    ...(rtmr2 === undefined ? {} : { rtmr2: hashes(rtmr2, 'rtmr2') }),
    ...(rtmr3 === undefined ? {} : { rtmr3: hashes(rtmr3, 'rtmr3') }),
    ...(tcb_status === undefined ? {} : { tcb_status: texts(tcb_status, 'tcb_status') }),
    ...(allowed_advisories === undefined
      ? {}
      : { allowed_advisories: texts(allowed_advisories, 'allowed_advisories') }),
    ...(min_tcb_evaluation === undefined
      ? {}
      : {
          min_tcb_evaluation: readInteger(min_tcb_evaluation, memberPath(path, 'min_tcb_evaluation'), {
            min: 0,
          }),
        }),
  }
}

function readDstack(value: unknown, path: string): DstackAcceptance {
  const accepted = readObject(value, path, {
    required: ['tee', 'compose_hash'],
    optional: ['os_image_hash', 'app_id', 'key_provider'],
  })
  const { os_image_hash, app_id, key_provider } = accepted
  return {
    tee: 'dstack-tdx',
    compose_hash: readHashes(accepted.compose_hash, memberPath(path, 'compose_hash')),
    ...(os_image_hash === undefined
      ? {}
      : { os_image_hash: readHashes(os_image_hash, memberPath(path, 'os_image_hash')) }),
    ...(app_id === undefined ? {} : { app_id: readHashes(app_id, memberPath(path, 'app_id')) }),
    ...(key_provider === undefined
      ? {}
      : { key_provider: readTexts(key_provider, memberPath(path, 'key_provider')) }),
  }
}

function readNitro(value: unknown, path: string): NitroAcceptance {
  const accepted = readObject(value, path, { required: ['tee', 'pcrs'] })
  const pcrsPath = memberPath(path, 'pcrs')
  const pcrs = Object.fromEntries(
    Object.entries(readRecord(accepted.pcrs, pcrsPath)).map(([number, hashes]) => [
      readString(number, pcrsPath, { pattern: /^(?:\d|[12]\d|3[01])$/, form: 'by register number' }),
      readHashes(hashes, memberPath(pcrsPath, number)),
    ]),
  )
  for (const number of ['0', '1', '2']) {
    if (pcrs[number] === undefined) throw new InputError('INPUT_INVALID', `${pcrsPath}.${number} is missing`)
  }
  return { tee: 'nitro', pcrs }
}

/** Not empty: an empty list would read as "anything" to some and as "nothing" to others. */
function readHashes(value: unknown, path: string): readonly string[] {
  const hashes = readArray(value, path, 256, (each, eachPath) =>
    readString(each, eachPath, {
      min: 2,
      max: 128,
      pattern: /^(?:[0-9a-f]{2})+$/,
      form: 'lower-case hexadecimal',
    }),
  )
  if (hashes.length === 0) throw new InputError('INPUT_INVALID', `${path} must not be empty`)
  return hashes
}

function readTexts(value: unknown, path: string): readonly string[] {
  return readArray(value, path, 256, readText)
}

function readConfigPolicy(value: unknown, path: string): ConfigPolicy {
  const config = readObject(value, path, { optional: ['permission_policy', 'environments', 'digest'] })
  return {
    ...(config.permission_policy === undefined
      ? {}
      : {
          permission_policy: readEnum(config.permission_policy, memberPath(path, 'permission_policy'), [
            'read-only',
            'trade',
          ]),
        }),
    ...(config.environments === undefined
      ? {}
      : {
          environments: readArray(
            config.environments,
            memberPath(path, 'environments'),
            4,
            (each, eachPath) => readEnum(each, eachPath, environments),
          ),
        }),
    ...(config.digest === undefined
      ? {}
      : {
          digest: readArray(config.digest, memberPath(path, 'digest'), 256, (each, eachPath) =>
            readString(each, eachPath, { pattern: /^sha256:[0-9a-f]{64}$/, form: 'a digest like sha256:…' }),
          ),
        }),
  }
}

function readWitnesses(value: unknown, path: string): Policy['witnesses'] {
  const witnesses = readObject(value, path, { required: ['keys', 'min'] })
  const keys = readTexts(witnesses.keys, memberPath(path, 'keys'))
  return {
    keys,
    min: readInteger(witnesses.min, memberPath(path, 'min'), { min: 0, max: keys.length }),
  }
}

function readRecordPolicy(value: unknown, path: string): RecordPolicy {
  const record = readObject(value, path, {
    optional: ['min_coverage_pct', 'max_gap_h', 'max_evidence_gap_h', 'max_age_h', 'ownership'],
  })
  const number = (each: unknown, name: string, max: number): number =>
    readNumber(each, memberPath(path, name), { min: 0, max })
  const { min_coverage_pct, max_gap_h, max_evidence_gap_h, max_age_h, ownership } = record
  return {
    ...(min_coverage_pct === undefined
      ? {}
      : { min_coverage_pct: number(min_coverage_pct, 'min_coverage_pct', 100) }),
    ...(max_gap_h === undefined ? {} : { max_gap_h: number(max_gap_h, 'max_gap_h', 1e6) }),
    ...(max_evidence_gap_h === undefined
      ? {}
      : { max_evidence_gap_h: number(max_evidence_gap_h, 'max_evidence_gap_h', 1e6) }),
    ...(max_age_h === undefined ? {} : { max_age_h: number(max_age_h, 'max_age_h', 1e6) }),
    ...(ownership === undefined
      ? {}
      : {
          ownership: readArray(ownership, memberPath(path, 'ownership'), 3, (each, eachPath) =>
            readEnum(each, eachPath, ownershipLevels),
          ),
        }),
  }
}

/** The conditions on the configuration, each a step. A member that isn't there meets no condition. */
export function judgeConfig(policy: ConfigPolicy, claims: Claims): readonly Step[] {
  const steps: Step[] = []
  const refuse = (code: string, detail: string): void => {
    steps.push(contraindicate('config-policy', code, detail))
  }
  if (policy.permission_policy !== undefined) {
    const actual = claims.config['permission_policy']
    if (actual !== policy.permission_policy) {
      refuse(
        'CONFIG_NOT_ACCEPTED',
        `the enclave does not run under the permission policy ${policy.permission_policy}`,
      )
    }
  }
  if (policy.environments !== undefined) {
    const accepted: readonly string[] = policy.environments
    const offered = environmentsOf(claims.config)
    if (offered === null) {
      refuse('CONFIG_UNKNOWN', 'the configuration does not say which environments the enclave takes')
    } else if (offered.includes('simulated') && !accepted.includes('simulated')) {
      refuse('CONFIG_NOT_ACCEPTED', 'the enclave was pointed at a simulated exchange')
    } else if (!offered.some((each) => accepted.includes(each))) {
      refuse('CONFIG_NOT_ACCEPTED', `the enclave takes no account of ${accepted.join(' or ')}`)
    }
  }
  if (policy.digest !== undefined && !policy.digest.includes(claims.config_digest)) {
    refuse('CONFIG_NOT_ACCEPTED', 'this configuration is not among the accepted ones')
  }
  if (steps.length === 0 && Object.keys(policy).length > 0) {
    steps.push(affirm('config-policy', 'the configuration meets every condition of the policy'))
  }
  return steps
}

/** Every environment named by any exchange of the configuration; null where it does not say. */
function environmentsOf(config: Readonly<Record<string, unknown>>): readonly string[] | null {
  try {
    const exchanges = Object.values(readRecord(config['exchanges'], 'exchanges'))
    return exchanges.flatMap((exchange) =>
      readArray(readRecord(exchange, 'exchange')['environments'], 'environments', 16, readText),
    )
  } catch {
    return null
  }
}
