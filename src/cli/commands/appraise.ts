import { type Command, Option } from 'commander'
import {
  contraindicate,
  evidenceTypes,
  type HardwareAppraisal,
  type HardwareEvidence,
  type HardwareTee,
  InputError,
  judgeHardware,
  parseJson,
  readRecord,
  statusOfSteps,
  toBase64url,
  toHex,
  utf8,
  verdictOf,
} from '@perf-agg/sdk'
import { type Collateral, readCollateral } from '../input/collateral-file.ts'
import { examples, jsonFlag } from '../command.ts'
import { readDstackAttestation } from '../input/dstack-attestation.ts'
import {
  base64urlOf,
  plainBytes,
  readCertificateFile,
  readCrlFile,
  readEvidenceFile,
} from '../input/evidence-file.ts'
import { printable, UsageError } from '../failure.ts'
import { readBounded, readPolicyFile } from '../input/file.ts'
import { readInstantFlag } from '../input/instant.ts'
import { exitCodeOfVerdict, formatSteps, printVerdict } from '../terminal/step-list.ts'
import { formatPairs } from '../terminal/table.ts'
import { print, printJson } from '../terminal/terminal.ts'
import { policyFlag } from '../input/trust.ts'

/** Raw evidence of a TEE, from anywhere, judged offline at a point in time. */

interface AppraiseFlags {
  tee: HardwareTee
  evidence: string
  vcek?: string
  chain?: string
  crl?: string
  collateral?: string
  at?: string
  policy?: string
  json?: true
}

const fileBytesMax = 4_194_304

export function define(command: Command): void {
  examples(
    command,
    'perf-agg appraise --tee sev-snp --evidence report.bin --vcek vcek.der --chain cert_chain.pem',
    'perf-agg appraise --tee tdx --evidence quote.bin --collateral collateral.json --at 2026-03-20',
    'perf-agg appraise --tee nitro --evidence document.b64 --at 2026-03-20T12:00:00Z --json',
    'perf-agg appraise --tee dstack-tdx --evidence quote.json --collateral collateral.json --policy policy.json',
  )
    .addOption(
      new Option('--tee <kind>', 'whose evidence it is')
        .choices(['tdx', 'sev-snp', 'nitro', 'dstack-tdx'])
        .makeOptionMandatory(),
    )
    .requiredOption('--evidence <file>', 'binary, hexadecimal or base64; the JSON of GetQuote for dstack-tdx')
    .option('--vcek <file>', 'sev-snp: the certificate of the key that signed the report, VCEK or VLEK')
    .option('--chain <file>', 'sev-snp: ASK (or ASVK) and ARK; those that AMD published where it is left out')
    .option('--crl <file>', "sev-snp: AMD's revocation list")
    .option('--collateral <file>', "tdx, dstack-tdx: Intel's collateral, JSON")
    .option(
      '--at <time>',
      'judge as of this point in time: 2026-03-20T12:00:00Z, or seconds since 1970 (now)',
    )
    .addOption(policyFlag())
    .addOption(jsonFlag())
    .action(appraise)
}

async function appraise(flags: AppraiseFlags): Promise<void> {
  refuseForeignFlags(flags)
  const atMs = flags.at === undefined ? Date.now() : readInstantFlag('--at', flags.at)
  const policy = flags.policy === undefined ? null : readPolicyFile(flags.policy)
  const { steps, verified } = await judge(flags, { atMs, policy })
  const verdict = verdictOf(steps)
  process.exitCode = exitCodeOfVerdict(verdict)
  const measurements = verified?.measurements ?? {}
  const reportData = toHex(verified?.reportData ?? new Uint8Array())
  if (flags.json) {
    return printJson({ status: statusOfSteps(steps), steps, measurements, report_data: reportData })
  }
  print(formatSteps(steps))
  const pairs = [...Object.entries(measurements), ['report_data', reportData] as const]
  print(`\n${formatPairs(pairs.map(([name, value]) => [name, printable(value)]))}`)
  printVerdict(verdict, {
    holds: policy === null ? 'the evidence holds; no policy was asked' : 'the evidence holds and is trusted',
    broken: 'the evidence does not hold',
    untrusted: 'sound, but not to be trusted',
  })
}

async function judge(
  flags: AppraiseFlags,
  options: Parameters<typeof judgeHardware>[2],
): Promise<HardwareAppraisal> {
  let evidence: HardwareEvidence
  try {
    evidence = readEvidence(flags)
  } catch (error) {
    // A file that can't be opened is the caller's mistake; one that holds something else is the evidence's.
    if (!(error instanceof EvidenceProblem)) throw error
    return { steps: [contraindicate('evidence', error.code, error.message)], verified: null }
  }
  return judgeHardware(evidence, null, options)
}

class EvidenceProblem extends InputError {}

function readEvidence(flags: AppraiseFlags): HardwareEvidence {
  const { tee } = flags
  switch (tee) {
    case 'sev-snp':
      return evidenceOf(tee, readEvidenceFile(flags.evidence), {
        ...(flags.vcek === undefined ? {} : { leaf: base64urlOf(readCertificateFile(flags.vcek))[0] ?? '' }),
        ...(flags.chain === undefined ? {} : { chain: base64urlOf(readCertificateFile(flags.chain)) }),
        ...(flags.crl === undefined ? {} : { crl: toBase64url(readCrlFile(flags.crl)) }),
      })
    case 'tdx':
      return evidenceOf(tee, readEvidenceFile(flags.evidence), collateralOf(flags) ?? {})
    case 'nitro':
      return evidenceOf(tee, readEvidenceFile(flags.evidence), {})
    case 'dstack-tdx':
      return dstackEvidence(flags)
  }
}

function evidenceOf(
  tee: HardwareTee,
  bytes: Uint8Array,
  endorsements: HardwareEvidence['endorsements'],
): HardwareEvidence {
  return { tee, evidence: { type: evidenceTypes[tee], value: toBase64url(bytes) }, endorsements }
}

function collateralOf({ collateral }: AppraiseFlags): Collateral | null {
  return collateral === undefined ? null : collateralIn(readBounded(collateral, fileBytesMax))
}

function collateralIn(bytes: Uint8Array): Collateral {
  try {
    return readCollateral(bytes)
  } catch (error) {
    throw problem('COLLATERAL_INVALID', 'the collateral can’t be read', error)
  }
}

/** The guest agent's answer to GetQuote, which may have the collateral in it. */
function dstackEvidence(flags: AppraiseFlags): HardwareEvidence {
  const bytes = readBounded(flags.evidence, fileBytesMax)
  try {
    const answer = readRecord(parseJson(bytes, { bytesMax: fileBytesMax }), 'the evidence')
    const { attestation, quote, event_log: eventLog, vm_config: vmConfig, collateral } = answer
    const inside = collateral === undefined ? null : collateralIn(utf8(JSON.stringify(collateral)))
    if (typeof attestation === 'string') {
      const whole = readDstackAttestation(plainBytes(utf8(attestation)))
      return evidenceOf('dstack-tdx', whole.quote, {
        ...(collateralOf(flags) ?? inside),
        event_log: jsonText(whole.eventLog, '[]'),
        vm_config: jsonText(whole.vmConfig, '{}'),
      })
    }
    if (typeof quote !== 'string') throw new InputError('INPUT_INVALID', 'the evidence must have a quote')
    return evidenceOf('dstack-tdx', plainBytes(utf8(quote)), {
      ...(collateralOf(flags) ?? inside),
      event_log: jsonText(eventLog, '[]'),
      vm_config: jsonText(vmConfig, '{}'),
    })
  } catch (error) {
    throw error instanceof EvidenceProblem
      ? error
      : problem('EVIDENCE_INVALID', 'the evidence can’t be read', error)
  }
}

/** Texts of JSON; some tools write them as JSON. */
function jsonText(value: unknown, empty: string): string {
  if (value === undefined || value === null || value === '') return toBase64url(utf8(empty))
  return toBase64url(utf8(typeof value === 'string' ? value : JSON.stringify(value)))
}

function problem(code: string, what: string, error: unknown): unknown {
  return error instanceof InputError ? new EvidenceProblem(code, `${what}: ${error.message}`) : error
}

/** @throws {UsageError} for a flag of another TEE: what is not looked at should not look as if it were */
function refuseForeignFlags(flags: AppraiseFlags): void {
  const own: Readonly<Record<HardwareTee, readonly string[]>> = {
    'sev-snp': ['vcek', 'chain', 'crl'],
    tdx: ['collateral'],
    'dstack-tdx': ['collateral'],
    nitro: [],
  }
  const foreign = (['vcek', 'chain', 'crl', 'collateral'] as const).find(
    (name) => flags[name] !== undefined && !own[flags.tee].includes(name),
  )
  if (foreign === undefined) return
  throw new UsageError('USAGE', `--${foreign} says nothing about evidence of ${flags.tee}`, {
    hint: 'perf-agg appraise --help',
  })
}
