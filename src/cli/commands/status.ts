import { parseArgs } from 'node:util'
import type { Command } from 'commander'
import {
  enclaveUrlDefault,
  operationsUrlDefault,
  showStatus,
  type StatusFlags,
} from '../terminal/status-page.ts'

/** The command that scripts call most: plain calls of it are read without the argument parser's weight. */

export async function define(command: Command): Promise<void> {
  const { examples, jsonFlag, serviceUrlFlag } = await import('../command.ts')
  examples(command, 'perf-agg status', 'perf-agg status --service-url https://enclave.example --json')
    .addOption(serviceUrlFlag().default(enclaveUrlDefault()))
    .option('--operations-url <url>', 'the operations API, for queues and gaps', operationsUrlDefault())
    .addOption(jsonFlag())
    .action((flags: StatusFlags) => showStatus(flags))
}

/** @returns whether the call was one of the plain ones, and is done */
export async function runPlain(argv: readonly string[]): Promise<boolean> {
  let values: { 'service-url'?: string; 'operations-url'?: string; json?: boolean }
  try {
    const text = { type: 'string' } as const
    const options = { 'service-url': text, 'operations-url': text, json: { type: 'boolean' } } as const
    ;({ values } = parseArgs({ args: [...argv], options, strict: true }))
  } catch {
    return false
  }
  await showStatus({
    serviceUrl: values['service-url'] ?? enclaveUrlDefault(),
    operationsUrl: values['operations-url'] ?? operationsUrlDefault(),
    ...(values.json === true ? { json: true } : {}),
  })
  return true
}
