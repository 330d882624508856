import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Appraisal, PerfAggClient, PolicyError, type Quote, verdictOf } from '@perf-agg/sdk'
import { examples, jsonFlag, serviceUrlFlag } from './command.ts'
import { readServiceUrl, serviceUrlDefault } from './service-url.ts'
import { printable, UsageError } from './failure.ts'
import { systemCode } from './key-file.ts'
import { withSpinner } from './spinner.ts'
import { exitCodeOfVerdict, formatSteps, printVerdict } from './step-list.ts'
import { formatPairs } from './table.ts'
import { print, printJson, remark } from './terminal.ts'
import { insecureFlag, policyFlag, type TrustFlags, trustOf } from './trust.ts'

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
  if (flags.savePolicy !== undefined) savePolicy(flags.savePolicy, quote)
  // The form that `verify --quote` reads.
  if (flags.json)
    return printJson({
      nonce,
      quote,
      status: appraisal.status,
      steps: appraisal.steps,
      claims: appraisal.claims,
    })
  print(formatSteps(appraisal.steps))
  print(`\n${formatPairs(pairsOf(quote, appraisal))}`)
  printVerdict(verdict, {
    holds: 'the evidence holds and is trusted',
    broken: 'the evidence does not hold',
    untrusted: 'sound as far as it goes, but not trusted',
  })
}

function pairsOf(quote: Quote, { claims }: Appraisal): (readonly [string, string])[] {
  if (claims === null) return [['tee', quote.tee]]
  return [
    ['tee', quote.tee],
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

/** @throws {PolicyError} where nothing is there that a policy could name */
function savePolicy(path: string, quote: Quote): void {
  if (quote.tee === 'simulated') {
    throw new PolicyError('TEE_SIMULATED', 'a simulated enclave shows nothing that a policy could trust', {
      hint: 'policies name measurements of hardware; use --insecure-simulated for trying things out',
    })
  }
  const policy = policyOf(quote)
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

function policyOf(quote: Quote): never {
  throw new PolicyError(
    'TEE_NOT_SUPPORTED_YET',
    `this version can not read the measurements of ${quote.tee} yet`,
  )
}
