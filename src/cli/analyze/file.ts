import { InputError, parseJson, readRecord } from '@perf-agg/sdk'
import { type Csv, parseCsv } from './csv.ts'
import { lineOfPath, placeOfOffset } from './json-place.ts'
import { type FileCode, Row } from './row.ts'
import { readBounded } from '../input/file.ts'

/** A file that somebody gave for analysis: JSON, or rows of CSV below the line that names them. */
export type AnalyzedFile = JsonFile | CsvFile

/** Half of what fits into memory beside its values. */
const bytesMax = 268_435_456
/** More than an hourly series of a century, or the fills of a busy desk. */
export const recordsMax = 5_000_000

/** @throws {InputError} naming the file */
export function readAnalyzedFile(path: string, code: FileCode): AnalyzedFile {
  const name = path === '-' ? 'stdin' : path
  const bytes = readBounded(path, bytesMax)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new InputError(code, `${name} is not UTF-8 text`, { hint: 'save it as UTF-8' })
  }
  const first = /[^\s\uFEFF]/.exec(text)?.[0]
  if (first === undefined) throw new InputError(code, `${name} is empty`)
  return first === '{' || first === '[' ? new JsonFile(name, text, code) : new CsvFile(name, text, code)
}

export class JsonFile {
  readonly kind = 'json'
  readonly name: string
  readonly value: unknown
  readonly #text: string
  readonly #code: FileCode

  constructor(name: string, text: string, code: FileCode) {
    this.name = name
    this.#text = text
    this.#code = code
    try {
      this.value = parseJson(text, { bytesMax })
    } catch (error) {
      throw error instanceof InputError ? this.#located(error) : error
    }
  }

  /** `not JSON at byte 17` as the line and the member that a person finds it at. */
  #located(error: InputError): InputError {
    const byte = /at byte (\d+)$/.exec(error.message)
    if (byte === null) return new InputError(this.#code, `${this.name}: ${error.message}`)
    const before = new TextDecoder().decode(new TextEncoder().encode(this.#text).subarray(0, Number(byte[1])))
    const { path, line } = placeOfOffset(this.#text, before.length)
    const what = error.message.replace(/,? at byte \d+$/, '')
    const hint = 'NaN and Infinity are no JSON; what is not known is left out'
    return new InputError(
      this.#code,
      `${this.name}:${line}: ${path === '' ? '' : `${path}: `}${what}`,
      /not JSON/.test(what) ? { hint } : {},
    )
  }

  /** An object somewhere in the file. @throws {InputError} where it is none */
  row(value: unknown, path: string): Row {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.refuse(path, 'must be an object')
    }
    return new Row(readRecord(value, path), this.#code, (field) =>
      this.#place(path === '' ? field : `${path}.${field}`),
    )
  }

  /** @throws {InputError} where it is no list, or too long */
  list(value: unknown, path: string): readonly unknown[] {
    if (!Array.isArray(value)) throw this.refuse(path, value === undefined ? 'is missing' : 'must be a list')
    if (value.length > recordsMax) throw this.refuse(path, `must have at most ${recordsMax} elements`)
    return value
  }

  refuse(path: string, must: string): InputError {
    return new InputError(this.#code, `${this.#place(path)} ${must}`)
  }

  #place(path: string): string {
    return `${this.name}:${lineOfPath(this.#text, path)}: ${path}`
  }
}

export class CsvFile {
  readonly kind = 'csv'
  readonly name: string
  readonly #csv: Csv
  readonly #code: FileCode

  constructor(name: string, text: string, code: FileCode) {
    this.name = name
    this.#csv = parseCsv(text, name)
    this.#code = code
    if (this.#csv.records.length > recordsMax)
      throw new InputError(code, `${name} has more than ${recordsMax} lines`)
  }

  /** Whether the first line is data already. */
  get isHeadless(): boolean {
    return this.#csv.records[0]?.cells.every((cell) => /^[+-]?[\d.,eE+-]*\d\s*%?$/.test(cell)) ?? false
  }

  /** Names of columns in lower case, at a line among the first. */
  columns(line = 0): readonly string[] {
    return this.#csv.records[line]?.cells.map((cell) => cell.toLowerCase()) ?? []
  }

  /** What stands above the columns: exchanges put the account and the zone there. */
  preamble(line: number): string {
    return this.#csv.records
      .slice(0, line)
      .map(({ cells }) => cells.join(','))
      .join('\n')
  }

  /** The records below the line of columns, under given names. @throws {InputError} for a record of another width */
  rows(columns: readonly string[], headerLine: number, offsetMs = 0): Row[] {
    const options = { commaIsPoint: this.#csv.separator === ';', offsetMs }
    return this.#csv.records.slice(headerLine + 1).map(({ cells, line }) => {
      const row: Record<string, unknown> = Object.create(null)
      for (const [index, name] of columns.entries()) row[name] ??= cells[index]
      const place = (field: string): string => `${this.name}:${line}: ${field}`
      if (cells.length > columns.length && cells.slice(columns.length).some((cell) => cell !== '')) {
        throw new InputError(
          this.#code,
          `${this.name}:${line}: has ${cells.length} cells for ${columns.length} columns`,
        )
      }
      return new Row(row, this.#code, place, options)
    })
  }

  refuse(line: number, must: string, hint?: string): InputError {
    const at = this.#csv.records[line]?.line ?? 1
    return new InputError(this.#code, `${this.name}:${at}: ${must}`, hint === undefined ? {} : { hint })
  }
}
