import type { Command } from 'commander'
import { PerfAggClient, PerfAggError } from '@perf-agg/sdk'
import { examples, jsonFlag } from '../command.ts'
import { findRegistration, openRegistrations } from '../input/registrations.ts'
import { withSpinner } from '../terminal/spinner.ts'
import { print, printJson } from '../terminal/terminal.ts'

/** Ends a session: the enclave wipes the credentials, the record stays and says that it was closed. */

export function define(command: Command): void {
  examples(command, 'perf-agg end main')
    .argument('<label>', 'as registered here')
    .addOption(jsonFlag())
    .action(async (wanted: string, { json }: { json?: true }) => {
      const registrations = await openRegistrations()
      const { label, kept } = findRegistration(registrations, wanted)
      const client = new PerfAggClient({ serviceUrl: kept.serviceUrl })
      const clientKey = await registrations.clientKey(kept.clientId)
      const known = await withSpinner('ending', () =>
        client.end(kept.access.sessionId, clientKey).then(
          () => true,
          (error: unknown) => {
            // Ended or expired already: then there is only our own note of it to change.
            if (error instanceof PerfAggError && error.code === 'SESSION_UNKNOWN') return false
            throw error
          },
        ),
      )
      registrations.end(label)
      if (json) return printJson({ label, ended: known, account: kept.account })
      print(known ? `${label} has ended; the enclave has wiped its credentials` : `${label} was over already`)
      print('delete the API key at the exchange too, if it has no other use')
    })
}
