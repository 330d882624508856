import type { Command } from 'commander'
import { examples, integerFlag, jsonFlag } from '../command.ts'
import { findRegistration, openRegistrations } from '../input/registrations.ts'
import { print, printJson } from '../terminal/terminal.ts'
import { readView } from '../input/view-access.ts'
import { formatView } from '../terminal/view-page.ts'

/** Everything about an account, for its owner. */

interface MetricsFlags {
  hours: number
  benchmark?: string
  json?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg metrics',
    'perf-agg metrics main --hours 72',
    'perf-agg metrics --json | jq .portfolio.twr_pct',
  )
    .argument('[label]', 'as registered here, or the session id')
    .option('--benchmark <symbol>', 'hold it against an index: BTC/USDT')
    .option('--hours <n>', 'show the last n hours', integerFlag('--hours', 0, 87_600), 12)
    .addOption(jsonFlag())
    .action(async (wanted: string | undefined, { hours, json, benchmark }: MetricsFlags) => {
      const registrations = await openRegistrations()
      const { label, kept } = findRegistration(registrations, wanted)
      const view = await readView(registrations, label, kept, (client, access) =>
        client.metrics(access, benchmark === undefined ? {} : { benchmark }),
      )
      if (json) return printJson(view)
      print(formatView(view, label, hours))
    })
}
