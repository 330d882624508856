import type { TrackCoverage } from '../coverage.ts'
import { dayText } from '../figure-text.ts'
import { hatching, svg } from './element.ts'

const [width, height] = [720, 84]
const [left, top, bottom] = [64, 6, 22]

/** What was seen of each day: observed from below, recovered dotted above it, and hatched what nobody saw. */
export function coverageStrip({ columns, columnDays }: TrackCoverage, label: string): SVGElement {
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, class: 'picture', role: 'img', 'aria-label': label },
    hatching('hatch-coverage'),
    svg(
      'defs',
      {},
      svg(
        'pattern',
        { id: 'dots', width: 4, height: 4, patternUnits: 'userSpaceOnUse' },
        svg('rect', { width: 4, height: 4, class: 'dots-ground' }),
        svg('circle', { cx: 2, cy: 2, r: 1, class: 'dots-dot' }),
      ),
    ),
    svg(
      'text',
      { x: left - 8, y: top + 10, class: 'axis', 'text-anchor': 'end' },
      columnDays === 1 ? '24 h' : '100 %',
    ),
    svg('text', { x: left - 8, y: height - bottom, class: 'axis', 'text-anchor': 'end' }, '0'),
  )
  const full = height - top - bottom
  const slot = (width - left - 8) / Math.max(1, columns.length)
  for (const [index, column] of columns.entries()) {
    const x = left + index * slot
    const unit = full / (columnDays * 24)
    let y = height - bottom
    const piece = (hours: number, fill: string | null, kind: string): void => {
      if (hours <= 0) return
      y -= hours * unit
      picture.append(
        svg('rect', {
          x,
          y,
          width: Math.max(0.5, slot - (slot > 4 ? 0.8 : 0)),
          height: hours * unit,
          class: kind,
          ...(fill === null ? {} : { fill }),
        }),
      )
    }
    const told = `${dayText(column.fromMs)}: ${column.observed} observed, ${column.recovered} recovered, ${column.missing} missing`
    piece(column.observed, null, 'bar accent')
    piece(column.recovered, 'url(#dots)', 'recovered')
    piece(column.missing, 'url(#hatch-coverage)', 'missing')
    picture.append(
      svg('rect', { x, y: top, width: slot, height: full, class: 'touch' }, svg('title', {}, told)),
    )
  }
  const ends = [columns[0], columns.at(-1)]
  for (const [index, column] of ends.entries()) {
    if (column === undefined || (index === 1 && columns.length === 1)) continue
    const x = index === 0 ? left : width - 8
    const anchor = index === 0 ? 'start' : 'end'
    picture.append(
      svg('text', { x, y: height - 6, class: 'axis', 'text-anchor': anchor }, dayText(column.fromMs)),
    )
  }
  return picture
}
