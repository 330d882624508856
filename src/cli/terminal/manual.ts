import { columnsOf, paint } from './terminal.ts'

/** Pages of the manual as text for a terminal: the little Markdown they are written in, wrapped to its width. */
export function renderPage(markdown: string, widthMax: number): string {
  const width = Math.min(Math.max(widthMax, 40), 100)
  const out: string[] = []
  let paragraph: string[] = []
  let indent = ''
  let hang = ''
  let inCode = false
  let columns: readonly string[] | null = null
  const flush = () => {
    if (paragraph.length > 0) out.push(...wrap(inline(paragraph.join(' ')), width, indent, hang))
    paragraph = []
  }
  for (const line of markdown.split('\n')) {
    const heading = /^(#{1,3}) (.*)$/.exec(line)
    const item = /^(\s*)([-*]|\d+\.) (.*)$/.exec(line)
    const cells = inCode ? null : cellsOf(line)
    if (cells === null) columns = null
    if (line.startsWith('```')) {
      flush()
      inCode = !inCode
    } else if (inCode) {
      out.push(`    ${paint('cyan', line)}`.trimEnd())
    } else if (cells !== null) {
      flush()
      // a terminal has no room for columns of sentences: each row is an item, its cells by their columns' names
      if (columns === null) columns = cells
      else if (cells.some((cell) => /[^-: ]/.test(cell))) {
        out.push(...wrap(inline(rowText(columns, cells)), width, '  - ', '    '))
      }
    } else if (heading !== null) {
      flush()
      if (out.length > 0 && out.at(-1) !== '') out.push('')
      out.push(paint('bold', inline(heading[2]!)))
      indent = hang = '  '
    } else if (line.trim() === '') {
      flush()
      if (out.at(-1) !== '') out.push('')
      indent = hang = '  '
    } else if (item !== null && (paragraph.length === 0 || indent !== hang)) {
      flush()
      indent = `  ${item[1]!}${item[2] === '*' ? '-' : item[2]!} `
      hang = ' '.repeat(indent.length)
      paragraph.push(item[3]!)
    } else if (line.startsWith('    ') && paragraph.length === 0) {
      out.push(paint('cyan', line))
    } else {
      paragraph.push(line.trim())
    }
  }
  flush()
  return out.join('\n').trimEnd()
}

/** Null for a line that is no row of a table. */
function cellsOf(line: string): readonly string[] | null {
  if (!/^\|.*\|$/.test(line)) return null
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
}

function rowText(columns: readonly string[], [first = '', ...rest]: readonly string[]): string {
  const told = rest.flatMap((cell, index) => (cell === '' ? [] : [`${columns[index + 1] ?? ''}: ${cell}`]))
  return [`**${first}**`, told.join('; ')].filter((part) => part !== '').join(' - ')
}

function inline(text: string): string {
  return text
    .replaceAll(/`([^`]+)`/g, (_, code: string) => paint('cyan', code))
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, strong: string) => paint('bold', strong))
    .replaceAll(/(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])/g, (_, word: string) => word)
    .replaceAll(/<(https?:[^>]+)>/g, '$1')
    .replaceAll(/\\([\\*_<>])/g, '$1')
}

function wrap(text: string, width: number, first: string, rest: string): string[] {
  const lines: string[] = []
  let line = first
  let used = columnsOf(first)
  let empty = true
  for (const word of text.split(/\s+/)) {
    const columns = columnsOf(word)
    if (!empty && used + 1 + columns > width) {
      lines.push(line)
      line = rest
      used = columnsOf(rest)
      empty = true
    }
    line += empty ? word : ` ${word}`
    used += columns + (empty ? 0 : 1)
    empty = false
  }
  return [...lines, line]
}
