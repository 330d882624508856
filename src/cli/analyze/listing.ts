import { type Decimal, signOf, zero } from '@perf-agg/sdk'
import type { AnalyzedFill, AnalyzedInstrument } from '../../accounting/analysis/fill-analysis.ts'
import type { Row } from './row.ts'
import { type Pair, assetOf, pairOf } from './symbol.ts'

/** Lines of fills as files have them, and what the files that exchanges write have in common. */

/** A line of a file: a fill, or funding of a position. */
export interface Listed {
  readonly row: Row
  readonly symbol: string
  readonly pair: Pair | null
  readonly kind: AnalyzedInstrument['kind'] | null
  readonly fill: AnalyzedFill | null
  /** > 0 received, and its currency. */
  readonly funding: { readonly amount: Decimal; readonly currency: string } | null
  /** Where the exchange counts contracts of a size that the file doesn't say. */
  readonly countsContracts: boolean
}

/** A file that an exchange lets its users download, known by the names of its columns. */
export interface ExportFormat {
  readonly name: string
  /** In lower case; `a|b` is either. */
  readonly columns: readonly string[]
  readonly read: (rows: readonly Row[]) => readonly Listed[]
}

export function sideOf(row: Row, field: string): 'buy' | 'sell' {
  const text = row.text(field).toLowerCase()
  if (/^(buy|b|bid|open long|close short)$/.test(text)) return 'buy'
  if (/^(sell|s|ask|close long|open short)$/.test(text)) return 'sell'
  throw row.refuse(field, 'must be buy or sell')
}

export function listed(row: Row, symbol: string, parts: Partial<Listed>): Listed {
  const pair = parts.pair ?? pairOf(symbol)
  return { row, symbol, kind: null, fill: null, funding: null, countsContracts: false, ...parts, pair }
}

/** A fee with its currency beside it, in a column of its own, or as the exchange is known to charge it. */
export function feeOf(
  row: Row,
  field: string,
  pair: Pair | null,
  usual: string,
): Pick<AnalyzedFill, 'fee' | 'feeCurrency'> {
  const coin = row.field('fee coin', 'fee asset', 'fee unit', 'feecoin', 'fee currency')
  if (!row.has(field)) return { fee: zero, feeCurrency: '' }
  const { amount, asset } = row.money(field, [pair?.quote ?? '', pair?.base ?? ''])
  return { fee: amount, feeCurrency: row.has(coin) ? assetOf(row.text(coin)) : asset === '' ? usual : asset }
}

export function positive(row: Row, field: string, amount: Decimal): Decimal {
  if (signOf(amount) > 0) return amount
  throw row.refuse(field, 'must be greater than 0')
}

/** A format of which every line is a fill. */
export const each = (read: (row: Row) => Listed) => (rows: readonly Row[]) => rows.map(read)
