import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { canonicalize, InputError, PerfAggClient } from '@perf-agg/sdk'
import { examples, jsonFlag } from '../command.ts'
import { systemCode } from '../input/key-file.ts'
import { findRegistration, openRegistrations } from '../input/registrations.ts'
import { withSpinner } from '../terminal/spinner.ts'
import { print, printJson } from '../terminal/terminal.ts'

/** The whole track record of an account as one file, for whoever is to check it. */

interface ExportFlags {
  output: string
  json?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg export main -o record.json',
    'perf-agg export main -o - | perf-agg verify - --policy policy.json',
  )
    .argument('[label]', 'as registered here, or the session id')
    .requiredOption('-o, --output <file>', 'where the record goes; - is stdout')
    .addOption(jsonFlag())
    .action(exportRecord)
}

async function exportRecord(wanted: string | undefined, { output, json }: ExportFlags): Promise<void> {
  if (output === '-' && json) {
    throw new InputError('OUTPUT_TWICE', 'the record and its summary can not both go to stdout', {
      hint: 'leave out --json, or name a file with -o',
    })
  }
  const { label, kept } = findRegistration(await openRegistrations(), wanted, 'ended too')
  const client = new PerfAggClient({ serviceUrl: kept.serviceUrl })
  const record = await withSpinner('asking the enclave', () => client.record(kept.access))
  const text = `${canonicalize(record)}\n`
  if (output === '-') {
    process.stdout.write(text)
    return
  }
  try {
    writeFileSync(output, text)
  } catch (error) {
    throw new InputError('FILE_UNWRITABLE', `can't write ${output} (${systemCode(error)})`)
  }
  const count = record.statements.length
  const until = record.statements.at(-1)?.statement.period_end ?? null
  if (json) return printJson({ label, account: record.account, statements: count, until, file: output })
  print(`${output} holds ${count} statements of ${label}, up to ${until ?? 'nothing yet'}`)
  print(`it shows client id and hours to whoever gets it; check it with perf-agg verify ${output}`)
}
