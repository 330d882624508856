import type { ExportFormat } from '../listing.ts'
import { binance } from './binance.ts'
import { bybit } from './bybit.ts'
import { coinbase } from './coinbase.ts'
import { kraken } from './kraken.ts'
import { okx } from './okx.ts'

/** Files that exchanges let their users download, recognised by the names of their columns. */

export const exportFormats: readonly ExportFormat[] = [...binance, ...bybit, ...okx, ...kraken, ...coinbase]

/** The format of a line of columns, in lower case; null where it is none. */
export function recognise(columns: readonly string[]): ExportFormat | null {
  const isThere = (names: string): boolean => names.split('|').some((name) => columns.includes(name))
  // The most particular first: kraken's trades have binance's columns as well.
  const found = exportFormats.filter((format) => format.columns.every(isThere))
  return found.toSorted((a, b) => b.columns.length - a.columns.length)[0] ?? null
}
