import type { Command } from 'commander'
import { PerfAggClient } from '@perf-agg/sdk'
import { examples, jsonFlag } from '../command.ts'
import { findRegistration, openRegistrations } from '../input/registrations.ts'
import { withSpinner } from '../terminal/spinner.ts'
import { formatPairs } from '../terminal/table.ts'
import { print, printJson, remark } from '../terminal/terminal.ts'

/** The owner's consent: from now on everybody may see the record's page. */

export function define(command: Command): void {
  examples(command, 'perf-agg publish main', 'perf-agg publish main --amounts')
    .argument('[label]', 'as registered here')
    .option('--amounts', 'show volumes, fees and the client id too; without it percentages only')
    .addOption(jsonFlag())
    .action(publish)
}

async function publish(
  wanted: string | undefined,
  { amounts, json }: { amounts?: true; json?: true },
): Promise<void> {
  const registrations = await openRegistrations()
  const { label, kept } = findRegistration(registrations, wanted)
  const client = new PerfAggClient({ serviceUrl: kept.serviceUrl })
  const clientKey = await registrations.clientKey(kept.clientId)
  const shown = await withSpinner('asking the enclave', () =>
    client.publish(kept.access.sessionId, clientKey, amounts === true),
  )
  const page = new URL(shown.path, kept.serviceUrl).href
  if (json) return printJson({ label, ...shown, page })
  print(
    formatPairs([
      ['page', page],
      ['badge', `${page}/badge.svg`],
      ['record', `${page}.json`],
      [
        'shows',
        shown.amounts === true ? 'statements as they are, with volumes and fees' : 'percentages only',
      ],
    ]),
  )
  remark(`\nwhat is shown can not be made unseen; perf-agg unpublish ${label} shows nothing more of it`)
}
