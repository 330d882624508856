import { type Decimal, subtract, toNumber } from '@perf-agg/sdk'
import type { DatedAmount } from '../../../accounting/metrics/xirr.ts'
import type { Row } from '../row.ts'
import { assetOf } from '../symbol.ts'

/** What kraken's ledgers say of money that came and went. */

const columns = ['txid', 'refid', 'time', 'type', 'asset', 'amount', 'fee', 'balance']

export function isKrakenLedgers(names: readonly string[]): boolean {
  return columns.every((column) => names.includes(column))
}

export interface LedgerFlows {
  /** As its owner sees it: < 0 paid in, > 0 taken out. Oldest first. */
  readonly flows: readonly DatedAmount[]
  readonly currency: string
  /** Instant of the last line, whatever it is. */
  readonly lastMs: number
}

/** Null where nothing came or went. Money of another currency can't be counted without its worth, and is refused. */
export function krakenFlows(rows: readonly Row[]): LedgerFlows | null {
  const found: { readonly row: Row; readonly flow: DatedAmount; readonly currency: string }[] = []
  let lastMs = 0
  for (const row of rows) {
    const atMs = row.instant('time')
    lastMs = Math.max(lastMs, atMs)
    // What has no id is only announced; it stands again once it is done.
    if (!row.has('txid') || !/^(deposit|withdrawal)$/.test(row.text('type'))) continue
    const fee: Decimal = row.has('fee') ? row.decimal('fee') : { digits: 0n, scale: 0 }
    const amount = -toNumber(subtract(row.decimal('amount'), fee))
    found.push({ row, flow: { atMs, amount }, currency: assetOf(row.text('asset')) })
  }
  const [first] = found
  if (first === undefined) return null
  const other = found.find(({ currency }) => currency !== first.currency)
  if (other !== undefined) {
    throw other.row.refuse(
      'asset',
      `is ${other.currency}, while flows before it are in ${first.currency}`,
      'the ledgers say no worth: give the flows as timestamp,amount in one currency',
    )
  }
  const flows = found.map(({ flow }) => flow).toSorted((a, b) => a.atMs - b.atMs)
  return { flows, currency: first.currency, lastMs }
}
