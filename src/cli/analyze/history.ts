import { type Decimal, InputError, decimalFromInteger, parseDecimal, signOf } from '@perf-agg/sdk'
import {
  type AnalyzedFill,
  type AnalyzedInstrument,
  feeInPnlCurrency,
} from '../../accounting/analysis/fill-analysis.ts'
import { UsageError } from '../failure.ts'
import type { Listed } from './listing.ts'
import type { Row } from './row.ts'
import type { Pair } from './symbol.ts'

/** Makes one instrument's history of the lines of a file, and refuses what is none. */

export interface FillsFile {
  readonly instrument: AnalyzedInstrument
  readonly fills: readonly AnalyzedFill[]
  readonly funding: readonly { readonly amount: Decimal; readonly atMs: number }[]
  readonly mark: Decimal | null
  readonly symbol: string
  /** What it was taken for, for the person. */
  readonly taken: string
}

/** What a file can't say, and what overrules what it says. */
export interface InstrumentFlags {
  symbol?: string
  kind?: 'spot' | 'linear' | 'inverse'
  base?: string
  pnlCurrency?: string
  contractSize?: string
  mark?: string
}

/** What a file says of its instrument. */
export interface Described {
  readonly kind?: AnalyzedInstrument['kind'] | undefined
  readonly base?: string | undefined
  readonly pnlCurrency?: string | undefined
  readonly contractSize?: Decimal | undefined
}

export interface Context {
  readonly name: string
  readonly flags: InstrumentFlags
  readonly described: Described
  readonly taken: string
  readonly isExport: boolean
  readonly mark: Decimal | null
}

/** @throws {InputError} naming the file, the line and the field */
export function assemble(all: readonly Listed[], context: Context): FillsFile {
  const { flags, described } = context
  const { symbol, listed } = oneSymbol(all, context)
  const fills = listed.filter(({ fill }) => fill !== null)
  const first = listed[0]
  const kind = flags.kind ?? described.kind ?? first?.kind ?? 'spot'
  const pair: Pair | null = context.isExport ? (first?.pair ?? null) : null
  const base = flags.base ?? described.base ?? pair?.base ?? ''
  const ofPair = kind === 'inverse' ? pair?.base : pair?.quote
  const instrument: AnalyzedInstrument = {
    kind,
    base,
    pnlCurrency: flags.pnlCurrency ?? described.pnlCurrency ?? ofPair ?? '',
    contractSize: contractSizeOf(fills, context),
  }
  const { inOrder, isTurned } = ordered(fills, context.isExport)
  const seen = new Set<string>()
  for (const [index, { row, fill }] of inOrder.entries()) {
    unique(row, seen)
    if (fill !== null) rated(row, fill, instrument, index)
  }
  return {
    instrument,
    fills: inOrder.flatMap(({ fill }) => (fill === null ? [] : [fill])),
    funding: listed.flatMap((one) => (one.funding === null ? [] : [fundingOf(one, instrument)])),
    mark: flags.mark === undefined ? context.mark : flagAmount('--mark', flags.mark),
    symbol,
    taken: isTurned ? `${context.taken}, newest first` : context.taken,
  }
}

/** Figures are of one instrument; a file of several needs to be told which. */
function oneSymbol(
  all: readonly Listed[],
  { name, flags }: Context,
): { readonly symbol: string; readonly listed: readonly Listed[] } {
  const symbols = [...new Set(all.map(({ symbol }) => symbol))].filter((symbol) => symbol !== '')
  const wanted = flags.symbol
  if (wanted !== undefined) {
    const found = symbols.find((symbol) => symbol.toUpperCase() === wanted.toUpperCase())
    const hint = `there ${symbols.length === 1 ? 'is' : 'are'} ${symbols.slice(0, 8).map(printableSymbol).join(', ')}`
    if (found === undefined)
      throw new InputError('SYMBOL_UNKNOWN', `${name} has no fill of ${wanted}`, { hint })
    return { symbol: found, listed: all.filter(({ symbol }) => symbol === found) }
  }
  const second = all.find(({ symbol }) => symbol !== '' && symbol !== symbols[0])
  if (second === undefined) return { symbol: symbols[0] ?? '', listed: all }
  const field = second.row.field('symbol', 'pair', 'market', 'contract', 'spot pairs', 'product', 'asset')
  throw second.row.refuse(
    field,
    `is another instrument than above (${symbols.length} in all)`,
    `choose one: --symbol ${symbols.slice(0, 8).map(printableSymbol).join(', ')}`,
  )
}

export function printableSymbol(symbol: string): string {
  return symbol.slice(0, 40)
}

function contractSizeOf(fills: readonly Listed[], { flags, described, name }: Context): Decimal {
  if (flags.contractSize !== undefined) return flagAmount('--contract-size', flags.contractSize)
  if (described.contractSize !== undefined) return described.contractSize
  if (fills.some(({ countsContracts }) => countsContracts)) {
    throw new InputError('CONTRACT_SIZE_MISSING', `${name} counts contracts and doesn't say their size`, {
      hint: 'give it by --contract-size, as the exchange lists it',
    })
  }
  return decimalFromInteger(1)
}

/** In the order of execution. Exchanges often write the newest first; our own form must not. */
function ordered(
  fills: readonly Listed[],
  mayTurn: boolean,
): { readonly inOrder: readonly Listed[]; readonly isTurned: boolean } {
  const times = fills.map(({ fill }) => fill?.atMs ?? null)
  const firstMs = times[0] ?? null
  const lastMs = times.at(-1) ?? null
  const isTurned = mayTurn && firstMs !== null && lastMs !== null && firstMs > lastMs
  const inOrder = isTurned ? fills.toReversed() : fills
  let before: number | null = null
  for (const { row, fill } of inOrder) {
    const atMs = fill?.atMs ?? null
    const field = row.field('timestamp', 'time', 'date(utc)', 'time(utc)', 'created at', 'timestamp (utc)')
    if (atMs !== null && before !== null && atMs < before) {
      throw row.refuse(field, 'is out of order', 'fills stand in the order of execution')
    }
    before = atMs ?? before
  }
  return { inOrder, isTurned }
}

function unique(row: Row, seen: Set<string>): void {
  const field = row.field('id', 'trade id', 'transaction id', 'tradeid', 'txid')
  if (!row.has(field)) return
  const id = row.label(field)
  if (seen.has(id)) throw row.refuse(field, 'is that of a fill above', 'each fill once')
  seen.add(id)
}

function rated(row: Row, fill: AnalyzedFill, instrument: AnalyzedInstrument, index: number): void {
  try {
    feeInPnlCurrency(instrument, fill, index)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const what = fill.feeCurrency === '' ? 'an asset without a name' : fill.feeCurrency
    throw row.refuse('fee_rate', `is missing for a fee in ${what}`, error.hint, 'FEE_RATE_MISSING')
  }
}

function fundingOf(
  { row, funding }: Listed,
  instrument: AnalyzedInstrument,
): { amount: Decimal; atMs: number } {
  const { amount, currency } = funding!
  if (currency !== '' && instrument.pnlCurrency !== '' && currency !== instrument.pnlCurrency) {
    throw row.refuse('currency', `must be that of the P&L, ${instrument.pnlCurrency}`)
  }
  return { amount, atMs: row.instant(row.field('timestamp', 'time', 'time(utc)', 'tradedtime')) }
}

function flagAmount(flag: string, text: string): Decimal {
  try {
    const amount = parseDecimal(text)
    if (signOf(amount) > 0) return amount
  } catch {
    // Told below.
  }
  throw new UsageError('NUMBER_INVALID', `${flag} must be a decimal greater than 0`)
}
