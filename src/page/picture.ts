import { Canvas, type Colour } from './canvas.ts'
import { dayText, percentText, ratioText, shortName } from './figure-text.ts'
import { widthOf, write } from './lettering.ts'
import { pngOf } from './png.ts'
import { caveatOf, type PublicSummary } from './summary.ts'

const [width, height] = [1200, 630]
const margin = 72
const ground: Colour = [15, 19, 24]
const ink: Colour = [232, 235, 240]
const soft: Colour = [150, 160, 174]
const rule: Colour = [43, 50, 60]
const line: Colour = [122, 167, 255]
const warning: Colour = [255, 207, 112]

/** The picture of a link's preview: the curve, three figures, and what must be said beside them. Percentages only. */
export function pictureOf(summary: PublicSummary): Uint8Array {
  const canvas = new Canvas(width, height, ground)
  write(canvas, 'perf-agg', margin, 92, { size: 26, thickness: 3.4, colour: soft })
  const name = `Account ${shortName(summary.account)}`
  write(canvas, name, width - margin - widthOf(name, 20), 92, { size: 20, thickness: 2.4, colour: soft })
  const { withdrawnAtMs, fromMs, untilMs, stale } = summary
  const caveat = caveatOf(summary)
  if (withdrawnAtMs !== null || fromMs === null || untilMs === null) {
    const headline = withdrawnAtMs === null ? 'No hour is stated yet' : 'Withdrawn by its owner'
    write(canvas, headline, margin, 330, { size: 54, thickness: 6, colour: ink })
    if (withdrawnAtMs !== null) {
      write(canvas, dayText(withdrawnAtMs), margin, 410, { size: 30, thickness: 3.6, colour: soft })
    }
  } else {
    curve(canvas, summary.growth)
    write(canvas, percentText(summary.returnPct, true), margin, 218, { size: 78, thickness: 9, colour: ink })
    const figures = [
      `Sharpe ${ratioText(summary.sharpe)}`,
      `drawdown ${percentText(summary.maxDrawdownPct)}`,
      `coverage ${percentText(summary.coveragePct)}`,
    ].join('  ·  ')
    write(canvas, figures, margin, 278, { size: 24, thickness: 3, colour: soft })
    const span = `${dayText(fromMs)} to ${dayText(untilMs)}${stale ? ', stale since' : ''}`
    write(canvas, span, margin, height - 54, { size: 20, thickness: 2.4, colour: stale ? warning : soft })
  }
  if (caveat !== null) {
    const wide = widthOf(caveat, 24)
    canvas.box(width - margin - wide - 40, 118, width - margin, 172, warning)
    write(canvas, caveat, width - margin - wide - 20, 157, { size: 24, thickness: 3.6, colour: ground })
  }
  const word = 'a page that verifies itself'
  write(canvas, word, width - margin - widthOf(word, 20), height - 54, {
    size: 20,
    thickness: 2.4,
    colour: soft,
  })
  return pngOf(width, height, canvas.rgb)
}

function curve(canvas: Canvas, growth: readonly number[]): void {
  const [top, bottom] = [320, height - 100]
  const low = Math.min(...growth)
  const high = Math.max(...growth)
  const span = high - low || 1
  const x = (index: number): number =>
    margin + (index / Math.max(1, growth.length - 1)) * (width - 2 * margin)
  const y = (value: number): number => bottom - ((value - low) / span) * (bottom - top)
  // where it began
  canvas.box(margin, y(100) - 1, width - margin, y(100) + 1, rule)
  canvas.path(
    growth.map((value, index) => [x(index), y(value)] as const),
    4,
    line,
  )
}
