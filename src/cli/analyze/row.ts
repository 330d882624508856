import { type Decimal, InputError, instantMaxMs, parseDecimal, signOf } from '@perf-agg/sdk'

/** Codes of what is wrong with a file, by what it was to hold. */
export type FileCode = 'FILLS_INVALID' | 'RETURNS_INVALID' | 'FLOWS_INVALID'

/** One record of a file, whatever it was written in: reads its fields, and says where a wrong one stands. */
export class Row {
  readonly #cells: Readonly<Record<string, unknown>>
  readonly #code: FileCode
  readonly #place: (field: string) => string
  /** In a file with `;` between cells a comma is the decimal point; elsewhere it parts thousands. */
  readonly #commaIsPoint: boolean
  /** Of a zone that the file names. */
  readonly offsetMs: number

  constructor(
    cells: Readonly<Record<string, unknown>>,
    code: FileCode,
    place: (field: string) => string,
    options: { readonly commaIsPoint?: boolean; readonly offsetMs?: number } = {},
  ) {
    this.#cells = cells
    this.#code = code
    this.#place = place
    this.#commaIsPoint = options.commaIsPoint ?? false
    this.offsetMs = options.offsetMs ?? 0
  }

  /** Empty cells, `--` and null are not there. */
  has(field: string): boolean {
    const value = this.#cells[field]
    return value !== undefined && value !== null && value !== '' && value !== '--'
  }

  /** The first of several names that is there; the first of them where none is. */
  field(...names: readonly string[]): string {
    return names.find((name) => this.has(name)) ?? names[0]!
  }

  value(field: string): unknown {
    return this.#cells[field]
  }

  text(field: string): string {
    const value = this.#cells[field]
    if (typeof value === 'string' && value !== '') return value
    throw this.refuse(field, this.has(field) ? 'must be text' : 'is missing')
  }

  /** Text or number, as an identity. */
  label(field: string): string {
    return String(this.#cells[field] ?? '')
  }

  decimal(field: string): Decimal {
    if (!this.has(field)) throw this.refuse(field, 'is missing')
    const value = this.#cells[field]
    try {
      if (typeof value === 'number') return parseDecimal(String(value))
      if (typeof value === 'string') return parseDecimal(this.#plain(value))
    } catch {
      // Told below, with its place.
    }
    throw this.refuse(field, 'must be a decimal', 'like "0.00012", best as a string')
  }

  /** `0.5BTC` or `0.27 USDT`: the amount, and its asset where one is said; `assets` may begin with digits. */
  money(field: string, assets: readonly string[]): { readonly amount: Decimal; readonly asset: string } {
    const text = String(this.#cells[field] ?? '')
    const known = assets.find((asset) => asset !== '' && text.endsWith(asset))
    const asset = known ?? /[A-Za-z][A-Za-z0-9]*$/.exec(text)?.[0] ?? ''
    const cells = { [field]: text.slice(0, text.length - asset.length).trim() }
    const options = { commaIsPoint: this.#commaIsPoint }
    return { amount: new Row(cells, this.#code, this.#place, options).decimal(field), asset }
  }

  positive(field: string): Decimal {
    const amount = this.decimal(field)
    if (signOf(amount) > 0) return amount
    throw this.refuse(field, 'must be greater than 0')
  }

  /** `12.3 %` is 0.123. */
  number(field: string): number {
    const value = this.#cells[field]
    const percent = typeof value === 'string' ? /^(.*?)\s*%$/.exec(value) : null
    const text = percent?.[1] ?? value
    const isNumeric = typeof text === 'string' && numeric.test(this.#plain(text))
    const number = typeof text === 'number' ? text : isNumeric ? Number(this.#plain(text)) : Number.NaN
    if (Number.isFinite(number)) return percent === null ? number : number / 100
    throw this.refuse(field, this.has(field) ? 'must be a finite number' : 'is missing')
  }

  /** Milliseconds since 1970; without a zone UTC, or the zone that the file names. */
  instant(field: string): number {
    const value = this.#cells[field]
    const atMs =
      typeof value === 'number' || typeof value === 'string'
        ? readInstant(String(value), this.offsetMs)
        : null
    if (atMs !== null && atMs >= instantMinMs && atMs < instantMaxMs) return atMs
    throw this.refuse(
      field,
      this.has(field) ? 'must be an instant' : 'is missing',
      'like 2026-11-23T01:20:00Z or 2026-11-23',
    )
  }

  refuse(field: string, must: string, hint?: string, code: string = this.#code): InputError {
    return new InputError(code, `${this.#place(field)} ${must}`, hint === undefined ? {} : { hint })
  }

  #plain(text: string): string {
    if (this.#commaIsPoint) return text.replace(/^([+-]?\d*),(\d+)$/, '$1.$2')
    return thousands.test(text) ? text.replaceAll(',', '') : text
  }
}

/** Published series of cash flows and returns are older than exchanges. */
const instantMinMs = Date.UTC(1900, 0, 1)

const thousands = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/
const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/** ISO 8601, `2026-11-23 01:20:00`, `26-11-23 01:20:00`, `01:20 2026-11-23`, seconds or milliseconds since 1970. */
function readInstant(text: string, offsetMs: number): number | null {
  if (/^\d{10}(\.\d+)?$/.test(text)) return Math.trunc(Number(text) * 1000)
  if (/^\d{13}$/.test(text)) return Number(text)
  const turned = /^(\d{2}:\d{2}(?::\d{2})?) (\d{4}-\d{2}-\d{2})$/.exec(text)
  const match = wall.exec(turned === null ? text : `${turned[2]} ${turned[1]}`)
  if (match === null) return null
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = '', zone] =
    match
  const fields = [
    Number(year.length === 2 ? `20${year}` : year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  ] as const
  const at = new Date(Date.UTC(...fields, Number(fraction.padEnd(3, '0').slice(0, 3))))
  const seen = [
    at.getUTCFullYear(),
    at.getUTCMonth(),
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
  ]
  // 30 February is no day.
  if (seen.some((value, index) => value !== fields[index])) return null
  return at.getTime() - (zone === undefined || zone === '' ? offsetMs : zoneOffsetMs(zone))
}

const wall =
  /^(\d{4}|\d{2})[-/](\d{2})[-/](\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/

function zoneOffsetMs(zone: string): number {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (match === null) return 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return (match[1] === '-' ? -minutes : minutes) * 60_000
}
