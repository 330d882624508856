import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import {
  acceptanceOf,
  type Appraisal,
  type HardwareVerified,
  judgeUnpinnedWorkload,
  PerfAggClient,
  PolicyError,
  type Quote,
  requireAffirming,
  type Step,
  verdictOf,
  VerificationError,
} from '@perf-agg/sdk'
import { examples, jsonFlag, serviceUrlFlag } from '../command.ts'
import { readServiceUrl, serviceUrlDefault } from '../input/service-url.ts'
import { printable, UsageError } from '../failure.ts'
import { systemCode } from '../input/key-file.ts'
import { withSpinner } from '../terminal/spinner.ts'
import { exitCodeOfVerdict, formatSteps, printVerdict } from '../terminal/step-list.ts'
import { formatPairs } from '../terminal/table.ts'
import { print, printJson, remark } from '../terminal/terminal.ts'
import { insecureFlag, policyFlag, type TrustFlags, trustOf } from '../input/trust.ts'

/** An enclave's evidence, asked for with a fresh nonce and looked at step by step. */

interface QuoteFlags extends TrustFlags {
  serviceUrl: string
  savePolicy?: string
  json?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg quote --service-url https://enclave.example --policy policy.json',
    'perf-agg quote --service-url https://enclave.example --save-policy policy.json',
    'perf-agg quote --json > quote.json',
  )
    .addOption(serviceUrlFlag().default(serviceUrlDefault))
    .addOption(policyFlag())
    .addOption(insecureFlag())
    .option('--save-policy <file>', 'write a policy that trusts what is seen now: trust on first use')
    .addOption(jsonFlag())
    .action(showQuote)
}

async function showQuote(flags: QuoteFlags): Promise<void> {
  const trust = trustOf(flags)
  const client = new PerfAggClient({ serviceUrl: readServiceUrl(flags.serviceUrl) })
  const { quote, nonce, appraisal } = await withSpinner('asking the enclave for its evidence', () =>
    client.appraise(trust),
  )
  const verdict = verdictOf(appraisal.steps)
  process.exitCode = exitCodeOfVerdict(verdict)
  if (flags.savePolicy !== undefined) savePolicy(flags.savePolicy, quote, appraisal)
  // The form that `verify --quote` reads.
  if (flags.json)
    return printJson({
      nonce,
      quote,
      status: appraisal.status,
      steps: appraisal.steps,
      claims: appraisal.claims,
      measurements: appraisal.verified?.measurements ?? null,
    })
  print(formatSteps(appraisal.steps))
  print(`\n${formatPairs(pairsOf(quote, appraisal))}`)
  printVerdict(verdict, {
    holds: 'the evidence holds and is trusted',
    broken: 'the evidence does not hold',
    untrusted: 'sound as far as it goes, but not trusted',
  })
}

function pairsOf(quote: Quote, { claims, verified }: Appraisal): (readonly [string, string])[] {
  const shown = Object.entries(verified?.measurements ?? {}).map(
    ([name, value]) => [name, printable(value)] as const,
  )
  if (claims === null) return [['tee', quote.tee], ...shown]
  return [
    ['tee', quote.tee],
    ...shown,
    ['software', printable(`${claims.software.name} ${claims.software.version}`)],
    ['statement key', claims.sig_key.x],
    [
      'wire key',
      claims.mounted_key === null ? "the enclave's own" : `the operator's: ${claims.mounted_key.x}`,
    ],
    ['configuration', claims.config_digest],
    ['made at', new Date(claims.iat * 1_000).toISOString()],
  ]
}

/** @throws {PolicyError | VerificationError} where nothing is there that a policy could name */
function savePolicy(path: string, quote: Quote, { steps, verified }: Appraisal): void {
  if (quote.tee === 'simulated') {
    throw new PolicyError('TEE_SIMULATED', 'a simulated enclave shows nothing that a policy could trust', {
      hint: 'policies name measurements of hardware; use --insecure-simulated for trying things out',
    })
  }
  const policy = policyOf(verified, steps)
  try {
    writeFileSync(path, `${JSON.stringify(policy, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    throw new UsageError('FILE_UNWRITABLE', `can't write ${path} (${systemCode(error)})`, {
      hint: 'a policy is never overwritten: name a new file',
    })
  }
  remark(
    `${path} now trusts what answered just now, whoever that was: compare its measurements with the ones its maker publishes`,
  )
}

/**
 * What was seen, as a policy: only of evidence that holds in everything but that no policy trusts it yet, and only
 * where it is the program that was measured.
 */
export function policyOf(verified: HardwareVerified | null, steps: readonly Step[]): object {
  // That no policy trusts it yet is why one is saved.
  requireAffirming(steps.filter(({ code }) => !awaited.has(code)))
  if (verified === null) throw new VerificationError('EVIDENCE_INVALID', 'the evidence can’t be read')
  const workload = judgeUnpinnedWorkload(verified)
  const acceptance = acceptanceOf(verified)
  if (acceptance === null) {
    throw new PolicyError(workload.code, workload.detail, {
      hint: 'nothing was saved: any program could show the same. Compute the measurement from the image, see perf-agg help attestation',
    })
  }
  return { version: 1, accept: [acceptance] }
}

const awaited: ReadonlySet<string> = new Set([
  'NO_POLICY',
  'POLICY_TEE_NOT_ACCEPTED',
  'MEASUREMENT_NOT_ACCEPTED',
  'WORKLOAD_UNBOUND',
])
