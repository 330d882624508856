import type { Command } from 'commander'
import { PerfAggClient } from '@perf-agg/sdk'
import { examples, jsonFlag } from '../command.ts'
import { findRegistration, openRegistrations } from '../input/registrations.ts'
import { withSpinner } from '../terminal/spinner.ts'
import { print, printJson } from '../terminal/terminal.ts'

/** Takes the consent back for what is to come: the page stays as it was, marked as withdrawn. */

export function define(command: Command): void {
  examples(command, 'perf-agg unpublish main')
    .argument('[label]', 'as registered here')
    .addOption(jsonFlag())
    .action(unpublish)
}

async function unpublish(wanted: string | undefined, { json }: { json?: true }): Promise<void> {
  const registrations = await openRegistrations()
  const { label, kept } = findRegistration(registrations, wanted)
  const client = new PerfAggClient({ serviceUrl: kept.serviceUrl })
  const clientKey = await registrations.clientKey(kept.clientId)
  const left = await withSpinner('asking the enclave', () =>
    client.unpublish(kept.access.sessionId, clientKey),
  )
  if (json) return printJson({ label, ...left })
  print(`${label} is withdrawn since ${left.withdrawn_at ?? 'now'}`)
  print('its page stays as it was until then and says so; the record itself goes on')
}
