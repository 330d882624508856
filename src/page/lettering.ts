import type { Canvas, Colour } from './canvas.ts'

/**
 * Letters as strokes of a pen. Each is a list of lines of points, two hexadecimal digits a point: across from 0, and
 * down from 0, where capitals begin, to 9, the base line, and c below it. A line that begins with ~ is bent.
 */
const strokes: Readonly<Record<string, string>> = {
  0: '~30 52 57 39 17 12 30',
  1: '12 30 39',
  2: '~02 10 30 52 53 09|09 59',
  3: '~01 20 40 52 44 24|~24 45 57 39 19 08',
  4: '49 40 06 56',
  5: '50 10 04|~04 23 44 56 48 29 08',
  6: '~40 21 04 07 29 39 57 55 34 14 06',
  7: '00 50 29',
  8: '~24 12 20 30 52 34 06 07 19 39 57 56 24 11 20',
  9: '~19 38 55 52 30 20 02 03 15 35 53',
  A: '09 30 69|16 56',
  B: '00 09|00 30|~30 51 52 34|04 34|~34 55 57 39|09 39',
  C: '~61 40 20 02 07 29 49 68',
  D: '00 09|00 20|~20 52 57 29|09 29',
  E: '50 00 09 59|04 44',
  F: '50 00 09|04 44',
  G: '~61 40 20 02 07 29 49 67|67 65 35',
  H: '00 09|60 69|04 64',
  I: '10 19',
  J: '50 56|~56 48 39 19 07',
  K: '00 09|60 05|24 69',
  L: '00 09 59',
  M: '09 00 36 60 69',
  N: '09 00 69 60',
  O: '~30 51 62 67 58 39 18 07 02 11 30',
  P: '00 09|00 30|~30 51 53 35|05 35',
  Q: '~30 51 62 67 58 39 18 07 02 11 30|46 69',
  R: '00 09|00 30|~30 51 53 35|05 35|25 59',
  S: '~51 40 20 01 12 34 45 57 48 29 19 08',
  T: '00 60|30 39',
  U: '00 06|~06 18 39 58 66|66 60',
  V: '00 39 60',
  W: '00 29 42 69 80',
  X: '00 69|60 09',
  Y: '00 34 60|34 39',
  Z: '00 60 09 69',
  a: '~44 33 13 05 07 19 39 48|43 49',
  b: '00 09|~04 13 33 45 47 39 19 08',
  c: '~44 33 13 05 07 19 39 48',
  d: '40 49|~44 33 13 05 07 19 39 48',
  e: '06 46|~46 44 33 13 05 07 19 39 48',
  f: '~30 20 12 13|13 19|03 33',
  g: '~44 33 13 05 07 19 39 48|43 4a|~4a 3c 1c 0b',
  h: '00 09|~05 13 33 45|45 49',
  i: '03 09|00 01',
  j: '13 1a|~1a 1c 0c|10 11',
  k: '00 09|43 06|15 49',
  l: '00 09',
  m: '03 09|~05 13 23 35|35 39|~35 43 53 65|65 69',
  n: '03 09|~05 13 33 45|45 49',
  o: '~23 33 45 47 39 19 07 05 13 23',
  p: '03 0c|~04 13 33 45 47 39 19 08',
  q: '43 4c|~44 33 13 05 07 19 39 48',
  r: '03 09|~05 13 23 33',
  s: '~44 33 13 04 15 36 48 39 19 08',
  t: '10 17|~17 19 29 39|03 33',
  u: '03 07|~07 19 29 47|43 49',
  v: '03 29 43',
  w: '03 19 34 59 63',
  x: '03 49|43 09',
  y: '03 29|43 1c 0c',
  z: '03 43 09 49',
  '.': '09 09',
  ',': '09 0b',
  ':': '04 04|09 09',
  '·': '15 15',
  '-': '05 35',
  '−': '05 45',
  '–': '05 45',
  '+': '05 45|23 27',
  '%': '60 09|~10 21 12 01 10|~57 68 59 48 57',
  '/': '40 09',
  '(': '~20 02 07 29',
  ')': '~00 22 27 09',
  '…': '09 09|29 29|49 49',
  _: '09 49',
}

const gap = 2.2
const spaceWidth = 3

/** Height of capitals in pixels. */
export interface Hand {
  readonly size: number
  readonly thickness: number
  readonly colour: Colour
}

/** From (x, base line y); what is not in the alphabet is left out. @returns where it ends */
export function write(canvas: Canvas, text: string, x: number, y: number, hand: Hand): number {
  const unit = hand.size / 9
  let at = x
  for (const letter of text) {
    const lines = linesOf(letter)
    for (const line of lines) {
      canvas.path(
        line.map(([px, py]) => [at + px * unit, y + (py - 9) * unit] as const),
        hand.thickness,
        hand.colour,
      )
    }
    at += advanceOf(letter, lines) * unit
  }
  return at
}

export function widthOf(text: string, size: number): number {
  const letters = [...text]
  const units = letters.reduce((sum, letter) => sum + advanceOf(letter, linesOf(letter)), 0)
  return Math.max(0, ((units - gap) * size) / 9)
}

type Point = readonly [x: number, y: number]

function advanceOf(letter: string, lines: readonly (readonly Point[])[]): number {
  if (letter === ' ') return spaceWidth
  return lines.length === 0 ? 0 : Math.max(...lines.flat().map(([x]) => x)) + gap
}

function linesOf(letter: string): readonly (readonly Point[])[] {
  const drawn = strokes[letter]
  if (drawn === undefined) return []
  return drawn.split('|').map((line) => {
    const points = line
      .replace('~', '')
      .split(' ')
      .map((pair) => [Number.parseInt(pair[0]!, 16), Number.parseInt(pair[1]!, 16)] as const)
    return line.startsWith('~') ? bent(points) : points
  })
}

const stepsOfBend = 6

/** Through the same points without corners (Catmull and Rom 1974). */
function bent(points: readonly Point[]): readonly Point[] {
  const closed = points[0]!.join() === points.at(-1)!.join()
  const at = (index: number): Point => {
    const last = points.length - 1
    if (closed) return points[(index + last) % last]!
    return points[Math.min(last, Math.max(0, index))]!
  }
  const line: Point[] = [points[0]!]
  for (let index = 0; index < points.length - 1; index += 1) {
    const [a, b, c, d] = [at(index - 1), at(index), at(index + 1), at(index + 2)]
    for (let step = 1; step <= stepsOfBend; step += 1) {
      const t = step / stepsOfBend
      const of = (axis: 0 | 1): number =>
        0.5 *
        (2 * b[axis] +
          (c[axis] - a[axis]) * t +
          (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t * t +
          (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t ** 3)
      line.push([of(0), of(1)])
    }
  }
  return line
}
