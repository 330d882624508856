import { columnsOf, paint, widthOf } from './terminal.ts'

/** Tables for people: figures right-aligned, words left, never wider than the terminal. */

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Left out first where the terminal is narrow; absent columns always stay. */
  readonly optional?: true
}

export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widthMax = widthOf(),
): string {
  let shown = columns.map((_, index) => index)
  while (totalWidth(shown) > widthMax) {
    const last = shown.findLast((index) => columns[index]!.optional === true)
    if (last === undefined) break
    shown = shown.filter((index) => index !== last)
  }
  const line = (cells: readonly string[]) =>
    shown
      .map((index, place) => {
        const cell = cells[index] ?? ''
        const space = ' '.repeat(Math.max(0, widthOfColumn(index) - columnsOf(cell)))
        if (columns[index]!.align === 'right') return space + cell
        return place === shown.length - 1 ? cell : cell + space
      })
      .join('  ')
      .trimEnd()
  const head = paint('dim', line(columns.map(({ title }) => title)))
  return [head, ...rows.map(line)].join('\n')

  function widthOfColumn(index: number): number {
    return Math.max(columnsOf(columns[index]!.title), ...rows.map((cells) => columnsOf(cells[index] ?? '')))
  }
  function totalWidth(indices: readonly number[]): number {
    return indices.reduce((sum, index) => sum + widthOfColumn(index) + 2, -2)
  }
}

/** Name and value, one a line. */
export function formatPairs(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => columnsOf(name)))
  return pairs.map(([name, value]) => `${paint('dim', name.padEnd(width))}  ${value}`).join('\n')
}

const minus = '-'

/** Figures with their unit: digits that matter, thousands apart. */
export function figure(value: number | null, unit: 'pct' | 'usd' | 'plain' | 'count'): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const text = Math.abs(value).toLocaleString('en-US', digitsOf(value, unit))
  const sign = value < 0 && /[1-9]/.test(text) ? minus : ''
  return `${sign}${text}${unit === 'pct' ? ' %' : unit === 'usd' ? ' USD' : ''}`
}

function digitsOf(
  value: number,
  unit: string,
): { minimumFractionDigits: number; maximumFractionDigits: number } {
  if (unit === 'count') return { minimumFractionDigits: 0, maximumFractionDigits: 0 }
  if (unit === 'plain' && Math.abs(value) < 1) return { minimumFractionDigits: 2, maximumFractionDigits: 6 }
  const digits = Math.abs(value) < 0.1 && value !== 0 && unit === 'pct' ? 4 : 2
  return { minimumFractionDigits: digits, maximumFractionDigits: digits }
}
