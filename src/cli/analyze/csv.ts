import { InputError } from '@perf-agg/sdk'

/** A record of a CSV file and the line it began on. */
export interface CsvRecord {
  readonly cells: readonly string[]
  readonly line: number
}

export interface Csv {
  readonly records: readonly CsvRecord[]
  readonly separator: ',' | ';' | '\t'
}

/**
 * RFC 4180 as spreadsheets and exchanges write it: a byte order mark, `;` or tabs for commas, quoted line breaks,
 * empty lines.
 * @throws {InputError} `CSV_INVALID`
 */
export function parseCsv(source: string, name: string): Csv {
  const text = source.replaceAll('\uFEFF', '')
  const separator = separatorOf(text)
  const records: CsvRecord[] = []
  let line = 1
  let at = 0
  while (at < text.length) {
    const began = line
    const cells: string[] = []
    for (;;) {
      const cell = text[at] === '"' ? quoted(text, at) : plain(text, at, separator)
      if (cell === null) {
        throw new InputError('CSV_INVALID', `${name}:${line}: a quoted cell does not end as it must`, {
          hint: 'a quote inside of a quoted cell is written twice',
        })
      }
      cells.push(cell.value.trim())
      line += cell.value.split('\n').length - 1
      at = cell.end
      if (text[at] !== separator) break
      at += 1
    }
    if (text[at] === '\r') at += 1
    if (at < text.length && text[at] !== '\n') {
      throw new InputError('CSV_INVALID', `${name}:${line}: a quoted cell does not end as it must`, {
        hint: 'a quote inside of a quoted cell is written twice',
      })
    }
    at += 1
    line += 1
    if (cells.length > 1 || cells[0] !== '') records.push({ cells, line: began })
  }
  return { records, separator }
}

interface Cell {
  readonly value: string
  readonly end: number
}

function plain(text: string, from: number, separator: string): Cell {
  let end = from
  while (end < text.length && text[end] !== separator && text[end] !== '\n') end += 1
  if (text[end - 1] === '\r' && end > from) end -= 1
  return { value: text.slice(from, end), end }
}

function quoted(text: string, from: number): Cell | null {
  let end = from + 1
  for (;;) {
    end = text.indexOf('"', end)
    if (end < 0) return null
    if (text[end + 1] !== '"') return { value: text.slice(from + 1, end).replaceAll('""', '"'), end: end + 1 }
    end += 2
  }
}

/**
 * What every one of the first lines has as often, but for commas, which may be decimal points there; else what the
 * widest of them has most, for a title may stand above the columns. Quoted cells are not looked into.
 */
function separatorOf(text: string): ',' | ';' | '\t' {
  const lines = text
    .slice(0, 8_192)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 5)
    .map((line) => line.replaceAll(/"[^"]*"/g, ''))
  const countsOf = (separator: string): number[] => lines.map((line) => line.split(separator).length - 1)
  let best: ',' | ';' | '\t' = ','
  let most = 0
  for (const separator of [';', '\t', ','] as const) {
    const counts = countsOf(separator)
    const count = Math.max(...counts)
    if (separator !== ',' && count > 0 && counts.every((one) => one === count)) return separator
    if (count > most) [best, most] = [separator, count]
  }
  return best
}
