import type { Command } from 'commander'
import {
  affirm,
  appraise,
  type Appraisal,
  contraindicate,
  InputError,
  parseContract,
  parseQuote,
  parseStatement,
  type Policy,
  publicKeyOf,
  signedBytes,
  type Statement,
  statementDigest,
  type StatementKey,
  type Step,
  thumbprint,
  verdictOf,
  VerificationError,
  verifyContract,
  verifyStatement,
  warn,
} from '@perf-agg/sdk'
import { examples, jsonFlag } from '../command.ts'
import { UsageError } from '../failure.ts'
import { parseJsonFile, readBounded, readJsonFile, readPolicyFile } from '../input/file.ts'
import { isPage, readPageFile } from '../terminal/page-file.ts'
import { readPublicKeys } from '../input/public-key.ts'
import { exitCodeOfVerdict, formatSteps, printVerdict } from '../terminal/step-list.ts'
import { paint, print, printJson } from '../terminal/terminal.ts'
import { checkRecord, isRecord, type RecordFlags } from './verify-record.ts'

/** A signed statement, or a whole record, checked offline and step by step. */

/** A record of ten years of hours. */
const fileBytesMax = 536_870_912

interface VerifyFlags extends RecordFlags {
  key?: readonly string[]
  quote?: string
  policy?: string
  printCanonical?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg verify record.json --policy policy.json',
    'perf-agg verify record.html --policy policy.json',
    'perf-agg verify statement.json --key 7gVut20zP2IXzagxXEve9q91Vis+7oCaog9X/0SN6G4=',
    'perf-agg verify statement.json --quote quote.json --policy policy.json',
    'perf-agg verify statement.json --print-canonical | sha256sum',
  )
    .argument('<file>', 'a record, the page of one, or a statement as it was posted; - for stdin')
    .option('--key <key...>', 'a key you trust: base64, or a file with PEM, JWK or JWKS')
    .option('--quote <file>', "the enclave's quote, from perf-agg quote --json: its keys, as far as it holds")
    .option('--policy <file>', 'what you trust; refuses everything else')
    .option('--insecure-simulated', 'look at statements of a simulated enclave, which prove nothing')
    .option('--log <url>', 'of a record: look in its log, as published now, for a fork or a later end')
    .option('--print-canonical', 'print the bytes that were signed, and nothing else')
    .addOption(jsonFlag())
    .action(verify)
}

async function verify(path: string, flags: VerifyFlags): Promise<void> {
  const { value, pageStep } = readSubject(path)
  const policy = flags.policy === undefined ? null : readPolicyFile(flags.policy)
  if (isRecord(value)) {
    if (flags.key !== undefined || flags.quote !== undefined || flags.printCanonical) {
      throw new UsageError('RECORD_FLAGS', '--key, --quote and --print-canonical are for single statements', {
        hint: 'a record carries its evidence; say what you trust with --policy',
      })
    }
    return checkRecord(value, policy, flags, pageStep)
  }
  if (flags.log !== undefined) {
    throw new UsageError('STATEMENT_FLAGS', '--log is for whole records', {
      hint: 'perf-agg export LABEL -o record.json makes one',
    })
  }
  const statement = readStatement(value)
  if (flags.printCanonical) {
    process.stdout.write(signedBytes(statement ?? readContract(value)))
    return
  }
  const attested = flags.quote === undefined ? null : await appraiseQuote(flags.quote, policy, flags)
  const keys = await trustedKeys(flags.key ?? [], attested, statement)
  if (keys.length === 0 && attested === null) {
    throw new UsageError('NO_KEY', 'without a key or a quote there is nothing to check the signature with', {
      hint: '--key KEY, or --quote FILE from perf-agg quote --json',
    })
  }
  const steps = [
    ...(attested?.steps ?? []),
    ...(statement === null
      ? await verifyContract(readContract(value), keys)
      : await verifyStatement(statement, keys)),
    ...(statement === null
      ? []
      : judgeByPolicy(statement, policy, attested !== null, flags.insecureSimulated === true)),
  ]
  const verdict = verdictOf(steps)
  process.exitCode = exitCodeOfVerdict(verdict)
  const digest = statement === null ? null : await statementDigest(statement)
  const environment = statement?.metadata.source.environment ?? null
  if (flags.json) return printJson({ verdict, digest, environment, steps })
  if (statement !== null) print(`${describe(statement)}\n`)
  print(formatSteps(steps))
  printVerdict(verdict, {
    holds: 'it holds',
    broken: 'it does not hold: something in it is broken',
    untrusted: 'sound, but not trusted',
  })
}

/** A statement, a record, or the page that carries one. */
function readSubject(path: string): { readonly value: unknown; readonly pageStep: Step | null } {
  const bytes = readBounded(path, fileBytesMax)
  if (!isPage(bytes)) return { value: parseJsonFile(path, bytes, fileBytesMax), pageStep: null }
  const { record, step } = readPageFile(bytes, fileBytesMax)
  return { value: record, pageStep: step }
}

/** Null for a body of the minimal profile, which is no statement. What is neither is broken, not misused. */
function readStatement(value: unknown): Statement | null {
  try {
    return parseStatement(value)
  } catch (error) {
    if (error instanceof InputError && error.code === 'NOT_A_STATEMENT') return null
    throw broken(error)
  }
}

function readContract(value: unknown) {
  try {
    return parseContract(value)
  } catch (error) {
    throw broken(error)
  }
}

function broken(error: unknown): unknown {
  return error instanceof InputError
    ? new VerificationError('STATEMENT_INVALID', `it has not the form of a statement: ${error.message}`)
    : error
}

async function appraiseQuote(path: string, policy: Policy | null, flags: VerifyFlags): Promise<Appraisal> {
  const saved = readJsonFile(path)
  const inside = typeof saved === 'object' && saved !== null && 'quote' in saved ? saved : { quote: saved }
  const nonce = 'nonce' in inside && typeof inside.nonce === 'string' ? inside.nonce : null
  const appraisal = await appraise(parseQuote(inside.quote), {
    nonce,
    nowMs: Date.now(),
    policy,
    insecureSimulated: flags.insecureSimulated === true,
  })
  // A statement is older than this moment; a quote that is, too, is no fault of its own here.
  const steps = appraisal.steps.map((step) =>
    step.code === 'QUOTE_STALE'
      ? warn(step.name, 'TIME_SELF_ASSERTED', 'no witness says when the quote was made')
      : step,
  )
  return { ...appraisal, steps }
}

/** A key given by hand counts as the enclave's where the statement names it, else as the operator's. */
async function trustedKeys(
  given: readonly string[],
  attested: Appraisal | null,
  statement: Statement | null,
): Promise<readonly StatementKey[]> {
  const keys: StatementKey[] = []
  for (const publicKey of given.flatMap(readPublicKeys)) {
    const named = statement?.metadata.key_id === (await thumbprint(publicKey))
    keys.push({ publicKey, holder: named ? 'enclave' : 'operator' })
  }
  const claims = attested?.claims ?? null
  if (claims !== null) {
    keys.push({ publicKey: publicKeyOf(claims.sig_key), holder: 'enclave' })
    if (claims.mounted_key !== null)
      keys.push({ publicKey: publicKeyOf(claims.mounted_key), holder: 'operator' })
  }
  return keys
}

/** What the policy asks of the statement itself; and what nobody should overlook where there is none. */
function judgeByPolicy(
  statement: Statement,
  policy: Policy | null,
  attested: boolean,
  insecureSimulated: boolean,
): readonly Step[] {
  const { source } = statement.metadata
  const steps: Step[] = []
  if (!attested && policy !== null) {
    steps.push(
      contraindicate('evidence', 'NO_POLICY', 'no quote was given: nothing shows which code held the key'),
    )
  }
  const from = source.host === null ? '' : `, from ${source.host}`
  const accepted = policy?.config.environments
  if (accepted !== undefined && !accepted.includes(source.environment)) {
    steps.push(
      contraindicate('environment', 'CONFIG_NOT_ACCEPTED', `the environment is ${source.environment}`),
    )
  } else if (
    source.environment !== 'live' &&
    policy !== null &&
    accepted === undefined &&
    !insecureSimulated
  ) {
    steps.push(warn('environment', 'ENVIRONMENT_NOT_LIVE', `${source.environment}${from}: no real money`))
  } else {
    // Whoever trusts a key by hand takes what it signed; what that is about must be plain all the same.
    const money = source.environment === 'live' ? '' : ': no real money'
    steps.push(affirm('environment', `${source.environment}${from}${money}`))
  }
  const ownership = policy?.record.ownership
  if (ownership !== undefined && !ownership.includes(source.ownership)) {
    steps.push(contraindicate('ownership', 'CONFIG_NOT_ACCEPTED', `ownership is ${source.ownership}`))
  }
  if (source.permissions === 'trade') {
    steps.push(warn('permissions', 'KEY_CAN_TRADE', "the exchange's key may trade, not only read"))
  }
  return steps
}

function describe({ exchange, period_start, period_end, metadata }: Statement): string {
  const { account, sequence, type } = metadata
  const when = period_start === period_end ? period_start : `${period_start} to ${period_end}`
  return `${paint('bold', `${type} ${sequence}`)} of ${exchange} account ${account}\n${when}`
}
