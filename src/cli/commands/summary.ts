import type { Command } from 'commander'
import { InputError } from '@perf-agg/sdk'
import { examples, integerFlag, jsonFlag, serviceUrlFlag } from '../command.ts'
import { findRegistration, openRegistrations } from '../input/registrations.ts'
import { print, printJson } from '../terminal/terminal.ts'
import { insecureFlag, policyFlag, type TrustFlags } from '../input/trust.ts'
import { readForeignSummary, readView } from '../input/view-access.ts'
import { formatView } from '../terminal/view-page.ts'

/** What of an account may be shown to others: no symbol, no price, no position, no id. */

interface SummaryFlags extends TrustFlags {
  hours: number
  benchmark?: string
  serviceUrl?: string
  json?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg summary',
    'perf-agg summary VIEW_ID --service-url https://enclave.example --policy policy.json',
  )
    .argument('[label]', 'as registered here; or a view id you were given, with --service-url')
    .option('--benchmark <symbol>', 'hold it against an index: BTC/USDT')
    .option('--hours <n>', 'show the last n hours', integerFlag('--hours', 0, 87_600), 12)
    .addOption(serviceUrlFlag())
    .addOption(policyFlag())
    .addOption(insecureFlag())
    .addOption(jsonFlag())
    .action(summary)
}

async function summary(wanted: string | undefined, flags: SummaryFlags): Promise<void> {
  const view = flags.serviceUrl === undefined ? await own(wanted, flags) : await foreign(wanted, flags)
  if (flags.json) return printJson(view)
  print(formatView(view, wanted ?? 'summary', flags.hours))
}

async function own(wanted: string | undefined, { benchmark }: SummaryFlags) {
  const registrations = await openRegistrations()
  const { label, kept } = findRegistration(registrations, wanted)
  return readView(registrations, label, kept, (client, access) =>
    client.summary(access, benchmark === undefined ? {} : { benchmark }),
  )
}

async function foreign(viewId: string | undefined, flags: SummaryFlags) {
  if (viewId === undefined) {
    throw new InputError('VIEW_ID_MISSING', '--service-url needs the view id you were given', {
      hint: 'perf-agg summary VIEW_ID --service-url URL',
    })
  }
  return readForeignSummary(viewId, flags)
}
