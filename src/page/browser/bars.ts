import { svg } from './element.ts'

/** Bars of one row of numbers, up or down from zero. */
export interface Bars {
  /** The whole picture in words. */
  readonly label: string
  readonly values: readonly (number | null)[]
  /** Under the bars; empty ones are left out. */
  readonly names: readonly string[]
  /** Of one bar, when it is pointed at. */
  readonly titles: readonly string[]
  readonly formatAxis: (value: number) => string
  /** Of one kind, or by their sign. */
  readonly tone: 'sign' | 'accent' | readonly ('gain' | 'loss' | 'flat')[]
}

const [width, height] = [720, 220]
const [left, right, top, bottom] = [64, 8, 10, 26]

export function bars({ label, values, names, titles, formatAxis, tone }: Bars): SVGElement {
  const numbers = values.map((value) => value ?? 0)
  const high = Math.max(0, ...numbers)
  const low = Math.min(0, ...numbers)
  const span = high - low || 1
  const y = (value: number): number => top + ((high - value) / span) * (height - top - bottom)
  const slot = (width - left - right) / Math.max(1, values.length)
  const picture = svg('svg', {
    viewBox: `0 0 ${width} ${height}`,
    class: 'picture',
    role: 'img',
    'aria-label': label,
  })
  for (const value of ticksOf(low, high)) {
    picture.append(
      svg('line', {
        x1: left,
        x2: width - right,
        y1: y(value),
        y2: y(value),
        class: value === 0 ? 'zero' : 'grid',
      }),
      svg('text', { x: left - 8, y: y(value) + 4, class: 'axis', 'text-anchor': 'end' }, formatAxis(value)),
    )
  }
  for (const [index, value] of values.entries()) {
    const x = left + index * slot
    const name = names[index] ?? ''
    if (name !== '') {
      const at = { x: x + slot / 2, y: height - 8, class: 'axis', 'text-anchor': 'middle' }
      picture.append(svg('text', at, name))
    }
    if (value === null || value === 0) continue
    const kind =
      typeof tone === 'string' ? (tone === 'accent' ? 'accent' : value > 0 ? 'gain' : 'loss') : tone[index]
    const size = Math.max(1, Math.abs(y(value) - y(0)))
    picture.append(
      svg(
        'rect',
        {
          x: x + slot * 0.12,
          y: value > 0 ? y(0) - size : y(0),
          width: slot * 0.76,
          height: size,
          class: `bar ${kind ?? 'flat'}`,
        },
        svg('title', {}, titles[index] ?? ''),
      ),
    )
  }
  return picture
}

/** Four or so round numbers, 0 among them. */
export function ticksOf(low: number, high: number): readonly number[] {
  const span = high - low
  if (span === 0) return [0]
  const rough = span / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power
  const first = Math.ceil(low / step)
  const last = Math.floor(high / step)
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
}
