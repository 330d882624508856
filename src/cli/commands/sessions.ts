import type { Command } from 'commander'
import { examples, jsonFlag } from '../command.ts'
import { openRegistrations } from '../input/registrations.ts'
import { formatTable } from '../terminal/table.ts'
import { paint, print, printJson, remark } from '../terminal/terminal.ts'

/** What is registered from here. Session ids and keys stay in their file. */

export function define(command: Command): void {
  examples(command, 'perf-agg sessions', 'perf-agg sessions --json')
    .addOption(jsonFlag())
    .action(async ({ json }: { json?: true }) => {
      const registrations = await openRegistrations()
      const rows = registrations.list().map(({ label, kept }) => ({
        label,
        client_id: kept.clientId,
        exchange: kept.exchange,
        sandbox: kept.sandbox,
        account: kept.account,
        service_url: kept.serviceUrl,
        registered_at: kept.registeredAt,
        expires_at: kept.expiresAt,
        expired: Date.parse(kept.expiresAt) <= Date.now(),
        view_id: kept.access.viewId,
      }))
      if (json) return printJson(rows)
      if (rows.length === 0) return remark('nothing is registered from here; perf-agg register --help')
      print(
        formatTable(
          [
            { title: 'label', align: 'left' },
            { title: 'client', align: 'left' },
            { title: 'exchange', align: 'left' },
            { title: 'until', align: 'left' },
            { title: 'enclave', align: 'left', optional: true },
            { title: 'view id', align: 'left', optional: true },
          ],
          rows.map((row) => [
            row.label,
            row.client_id,
            `${row.exchange}${row.sandbox ? ' sandbox' : ''}`,
            row.expired ? paint('yellow', 'expired') : row.expires_at.slice(0, 16).replace('T', ' '),
            row.service_url,
            row.view_id,
          ]),
        ),
      )
    })
}
