import { zero } from '@perf-agg/sdk'
import type { AnalyzedInstrument } from '../../accounting/analysis/fill-analysis.ts'
import { recognise } from './exports/recognise.ts'
import { type CsvFile, type JsonFile, readAnalyzedFile } from './file.ts'
import { type Described, type FillsFile, type InstrumentFlags, assemble, printableSymbol } from './history.ts'
import type { Listed } from './listing.ts'
import type { Row } from './row.ts'
import { pairOf } from './symbol.ts'

/** A file of fills in the order of execution: our own JSON or CSV, or an exchange's export. */

/** @throws {InputError} naming the file, the line and the field */
export function readFillsFile(path: string, flags: InstrumentFlags): FillsFile {
  const file = readAnalyzedFile(path, 'FILLS_INVALID')
  return file.kind === 'json' ? readJson(file, flags) : readCsv(file, flags)
}

function readJson(file: JsonFile, flags: InstrumentFlags): FillsFile {
  const whole = Array.isArray(file.value) ? { fills: file.value } : recordOf(file.value)
  // A reference file stands as it is: what is expected of it is not our input.
  const isNested = 'input' in whole
  const input = isNested ? recordOf(whole['input']) : whole
  const at = (name: string): string =>
    isNested ? `input.${name}` : Array.isArray(file.value) ? name.replace('fills', '') : name
  const list = file.list(input['fills'], at('fills'))
  const rows = list.map((value, index) => file.row(value, `${at('fills')}[${index}]`))
  const described: Described = {}
  const given = input['instrument'] === undefined ? null : file.row(input['instrument'], at('instrument'))
  const symbol = given?.has('symbol') === true ? given.text('symbol') : null
  if (given !== null) {
    Object.assign(described, {
      kind: given.has('kind') ? kindOf(given) : undefined,
      base: given.has('base') ? given.text('base') : undefined,
      pnlCurrency: ['pnl_currency', 'quote']
        .filter((name) => given.has(name))
        .map((name) => given.text(name))[0],
      contractSize: given.has('contract_size') ? given.positive('contract_size') : undefined,
    } satisfies Described)
  }
  const funding = input['funding'] === undefined ? [] : file.list(input['funding'], at('funding'))
  const mark = input['mark_price']
  return assemble(
    [
      ...rows.map((row) => ownFill(row, symbol)),
      ...funding.map((value, index) => ownFunding(file.row(value, `${at('funding')}[${index}]`), symbol)),
    ],
    {
      name: file.name,
      flags,
      described,
      taken: 'fills as JSON',
      isExport: false,
      mark:
        mark === undefined || mark === null
          ? null
          : file.row(input, at('').slice(0, -1)).positive('mark_price'),
    },
  )
}

const ownColumns = {
  timestamp: ['timestamp', 'time', 'date', 'datetime'],
  side: ['side'],
  price: ['price'],
  size: ['size', 'quantity', 'qty'],
  fee: ['fee'],
  fee_currency: ['fee_currency', 'fee currency', 'fee coin', 'fee asset'],
  fee_rate: ['fee_rate', 'fee rate'],
  symbol: ['symbol', 'instrument'],
  id: ['id', 'trade id', 'trade_id'],
} as const

function readCsv(file: CsvFile, flags: InstrumentFlags): FillsFile {
  for (let line = 0; line < 4; line += 1) {
    const columns = file.columns(line)
    const format = recognise(columns)
    if (format === null) continue
    const listed = format.read(file.rows(columns, line, zoneOf(file.preamble(line))))
    return assemble(listed, {
      name: file.name,
      flags,
      described: {},
      taken: format.name,
      isExport: true,
      mark: null,
    })
  }
  const columns = file.columns().map((name) => ownNameOf(name) ?? name)
  const missing = ['side', 'price', 'size'].filter((name) => !columns.includes(name))
  if (missing.length > 0) {
    throw file.refuse(
      0,
      `the first line must name the columns; ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      'timestamp,side,price,size,fee,fee_currency,fee_rate, or an export of binance, bybit, okx, kraken or coinbase',
    )
  }
  const rows = file.rows(columns, 0).map((row) => ownFill(row, null))
  return assemble(rows, {
    name: file.name,
    flags,
    described: {},
    taken: 'fills as CSV',
    isExport: false,
    mark: null,
  })
}

function ownNameOf(column: string): string | undefined {
  return Object.entries(ownColumns).find(([, names]) => names.some((name) => name === column))?.[0]
}

/** `Time Zone:UTC+8` above the columns of an export. */
function zoneOf(preamble: string): number {
  const zone = /UTC([+-]\d{1,2})(?::?(\d{2}))?/.exec(preamble)
  if (zone === null) return 0
  const hours = Number(zone[1])
  return (hours * 60 + Math.sign(hours) * Number(zone[2] ?? 0)) * 60_000
}

function kindOf(row: Row): AnalyzedInstrument['kind'] {
  const kind = row.text('kind')
  if (kind === 'spot' || kind === 'linear' || kind === 'inverse') return kind
  throw row.refuse('kind', 'must be one of spot, linear, inverse')
}

function ownFill(row: Row, symbol: string | null): Listed {
  const side = row.text('side').toLowerCase()
  if (side !== 'buy' && side !== 'sell') throw row.refuse('side', 'must be one of buy, sell')
  const time = row.field('timestamp', 'time')
  const own = row.has('symbol') ? row.text('symbol') : (symbol ?? '')
  if (symbol !== null && own !== symbol) {
    throw row.refuse('symbol', `must be that of the instrument, ${printableSymbol(symbol)}`)
  }
  return {
    row,
    symbol: own,
    pair: pairOf(own),
    kind: null,
    funding: null,
    countsContracts: false,
    fill: {
      side,
      price: row.positive('price'),
      size: row.positive('size'),
      fee: row.has('fee') ? row.decimal('fee') : zero,
      feeCurrency: row.has('fee_currency') ? row.text('fee_currency') : '',
      feeRate: row.has('fee_rate') ? row.positive('fee_rate') : null,
      atMs: row.has(time) ? row.instant(time) : null,
    },
  }
}

function ownFunding(row: Row, symbol: string | null): Listed {
  const currency = row.has('currency') ? row.text('currency') : ''
  const funding = { amount: row.decimal('amount'), currency }
  return {
    row,
    symbol: symbol ?? '',
    pair: null,
    kind: null,
    fill: null,
    funding,
    countsContracts: false,
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
