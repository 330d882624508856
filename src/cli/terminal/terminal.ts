import { styleText } from 'node:util'
import { printable } from '../failure.ts'

/** What the terminal is and can do. Results go to stdout, everything else to stderr. */

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'

/** Colour only where a person looks: a terminal, and no NO_COLOR. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream })
}

export function widthOf(stream: NodeJS.WriteStream = process.stdout): number {
  return stream.isTTY && stream.columns > 0 ? stream.columns : 100
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** A remark for the person beside the result. */
export function remark(text: string): void {
  process.stderr.write(`${printable(text)}\n`)
}

/** Columns a text takes on a terminal, without what only colours it. */
export function columnsOf(text: string): number {
  // oxlint-disable-next-line no-control-regex
  const plain = text.replaceAll(/\x1b\[[\d;]*m/g, '')
  return [...plain].length
}
