/** A line drawn with Braille characters: two columns and four rows of dots to a cell. */

/** Of each cell the bit of its dot, by column and row. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const
const empty = 0x2800

/** Rows of `width` cells, the top one first; null leaves a hole in the line. */
export function drawCurve(
  values: readonly (number | null)[],
  width: number,
  height: number,
): { readonly rows: readonly string[]; readonly low: number; readonly high: number } {
  const known = values.filter((value) => value !== null)
  const low = Math.min(...known)
  const high = Math.max(...known)
  if (known.length === 0)
    return { rows: Array.from({ length: height }, () => ' '.repeat(width)), low: 0, high: 0 }
  const cells = Array.from({ length: height }, () => new Uint8Array(width))
  const [columns, rows] = [width * 2, height * 4]
  const rowOf = (value: number): number =>
    high === low ? Math.floor(rows / 2) : Math.round(((high - value) / (high - low)) * (rows - 1))
  let before: number | null = null
  for (let column = 0; column < columns; column += 1) {
    const value = values[Math.round((column / Math.max(1, columns - 1)) * (values.length - 1))] ?? null
    if (value === null) {
      before = null
      continue
    }
    const row = rowOf(value)
    // steps are joined, so that a jump is a line and not two dots
    const from = before ?? row
    for (let at = Math.min(from, row); at <= Math.max(from, row); at += 1) {
      const line = cells[Math.floor(at / 4)]!
      const cell = Math.floor(column / 2)
      line[cell] = line[cell]! | dots[column % 2 === 0 ? 0 : 1][at % 4]!
    }
    before = row
  }
  return {
    rows: cells.map((line) =>
      [...line].map((bits) => (bits === 0 ? ' ' : String.fromCharCode(empty + bits))).join(''),
    ),
    low,
    high,
  }
}
