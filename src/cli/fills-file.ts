import {
  type Decimal,
  InputError,
  parseDecimal,
  parseJson,
  readArray,
  readEnum,
  readRecord,
} from '@perf-agg/sdk'
import type { AnalyzedFill, AnalyzedInstrument } from '../accounting/fill-analysis.ts'
import { readBounded } from './file.ts'

/** A file of fills in the order of execution, as JSON or CSV. */
export interface FillsFile {
  readonly instrument: AnalyzedInstrument
  readonly fills: readonly AnalyzedFill[]
  readonly mark: Decimal | null
}

/** What a CSV can't say, and what overrules a JSON. */
export interface InstrumentFlags {
  kind?: 'spot' | 'linear' | 'inverse'
  base?: string
  pnlCurrency?: string
  contractSize?: string
  mark?: string
}

const fileBytesMax = 268_435_456
const fillsMax = 5_000_000

/** @throws {InputError} naming the fill and the member */
export function readFillsFile(path: string, flags: InstrumentFlags): FillsFile {
  const bytes = readBounded(path, fileBytesMax)
  const first = bytes.find((byte) => byte > 32)
  return first === 0x7b || first === 0x5b ? readJson(bytes, flags) : readCsv(bytes, flags)
}

function readJson(bytes: Uint8Array, flags: InstrumentFlags): FillsFile {
  const value = parseJson(bytes, { bytesMax: fileBytesMax })
  // A reference file stands as it is: what is expected of it is not our input.
  const whole = Array.isArray(value) ? { fills: value } : readRecord(value, '')
  const input = 'input' in whole ? readRecord(whole['input'], 'input') : whole
  const given = input['instrument'] === undefined ? {} : readRecord(input['instrument'], 'instrument')
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : undefined)
  const mark = flags.mark ?? input['mark_price']
  return {
    instrument: instrumentOf({
      kind:
        flags.kind ??
        (given['kind'] === undefined ? 'spot' : readEnum(given['kind'], 'instrument.kind', kinds)),
      base: flags.base ?? text('base') ?? '',
      pnlCurrency: flags.pnlCurrency ?? text('pnl_currency') ?? text('quote') ?? '',
      contractSize: flags.contractSize ?? given['contract_size'] ?? '1',
    }),
    fills: readArray(input['fills'], 'fills', fillsMax, readFill),
    mark: mark === undefined || mark === null ? null : amount(mark, 'mark_price'),
  }
}

const kinds = ['spot', 'linear', 'inverse'] as const
const columns = ['side', 'price', 'size', 'fee', 'fee_currency', 'fee_rate'] as const

function readCsv(bytes: Uint8Array, flags: InstrumentFlags): FillsFile {
  const lines = new TextDecoder('utf-8', { fatal: false }).decode(bytes).split(/\r?\n/)
  const header = cellsOf(lines[0] ?? '').map((name) => name.trim().toLowerCase())
  const missing = columns.slice(0, 3).filter((name) => !header.includes(name))
  if (missing.length > 0) {
    throw new InputError(
      'FILLS_INVALID',
      `the first line must name the columns; ${missing.join(', ')} is missing`,
      {
        hint: columns.join(','),
      },
    )
  }
  const fills: AnalyzedFill[] = []
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue
    const cells = cellsOf(line)
    const row = Object.fromEntries(header.map((name, column) => [name, cells[column]?.trim() || undefined]))
    fills.push(readFill(row, `line ${index + 1}`))
  }
  return {
    instrument: instrumentOf({
      kind: flags.kind ?? 'spot',
      base: flags.base ?? '',
      pnlCurrency: flags.pnlCurrency ?? '',
      contractSize: flags.contractSize ?? '1',
    }),
    fills,
    mark: flags.mark === undefined ? null : amount(flags.mark, '--mark'),
  }
}

/** RFC 4180, one line a record. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

function instrumentOf(given: {
  kind: (typeof kinds)[number]
  base: string
  pnlCurrency: string
  contractSize: unknown
}): AnalyzedInstrument {
  const { kind, base, pnlCurrency } = given
  return { kind, base, pnlCurrency, contractSize: positive(given.contractSize, 'contract_size') }
}

function readFill(value: unknown, path: string): AnalyzedFill {
  const fill = readRecord(value, path)
  const { fee, fee_currency: feeCurrency, fee_rate: feeRate } = fill
  return {
    side: readEnum(fill['side'], `${path}.side`, ['buy', 'sell']),
    price: positive(fill['price'], `${path}.price`),
    size: positive(fill['size'], `${path}.size`),
    fee: fee === undefined || fee === null ? amount('0', path) : amount(fee, `${path}.fee`),
    feeCurrency: typeof feeCurrency === 'string' ? feeCurrency : '',
    feeRate: feeRate === undefined || feeRate === null ? null : amount(feeRate, `${path}.fee_rate`),
  }
}

function positive(value: unknown, path: string): Decimal {
  const read = amount(value, path)
  if (read.digits > 0n) return read
  throw new InputError('FILLS_INVALID', `${path} must be greater than 0`)
}

function amount(value: unknown, path: string): Decimal {
  try {
    if (typeof value === 'string' || typeof value === 'number') return parseDecimal(String(value))
  } catch {
    // Told below, with its place.
  }
  throw new InputError('FILLS_INVALID', `${path} must be a decimal`, {
    hint: 'like "0.00012", best as a string',
  })
}
