import uPlot from 'uplot'
import { monthNames } from '../calendar.ts'
import type { Missing } from '../coverage.ts'
import { element } from './element.ts'
import { colour, isPrinting, onTheme } from './theme.ts'

/** A line over time, read with the eye, the pointer or the arrow keys. */
export interface TimeChart {
  /** What the readout and the chart itself are called: `Growth of 100`. */
  readonly label: string
  readonly atMs: readonly number[]
  readonly values: readonly (number | null)[]
  readonly colour: 'gain' | 'loss' | 'muted' | 'accent'
  /** The area between line and this level is filled; null: no area. */
  readonly base: number | null
  readonly format: (value: number) => string
  readonly formatTime: (atMs: number) => string
  /** Drawn as hatched bands: nothing was observed there. */
  readonly missing: readonly Missing[]
  /** Points of one step of PageUp and PageDown. */
  readonly pagePoints: number
  readonly logarithmic?: boolean
}

const heightPx = 260
/** What fits a page of A4 between its margins. */
const printWidthPx = 680

export function timeChart(chart: TimeChart): HTMLElement {
  const readout = element('p', { class: 'readout', 'aria-hidden': 'true' }, '\u00a0')
  const plot = element('div', {
    class: 'plot',
    tabindex: 0,
    role: 'slider',
    'aria-label': `${chart.label}: arrow keys read point by point`,
    'aria-orientation': 'horizontal',
    'aria-valuemin': 0,
    'aria-valuemax': chart.atMs.length - 1,
    'aria-valuenow': chart.atMs.length - 1,
    'aria-valuetext': textOf(chart, chart.atMs.length - 1),
  })
  const box = element('div', { class: 'chart' }, readout, plot)
  let drawn: uPlot | null = null

  const widthPx = (): number => (isPrinting() ? printWidthPx : Math.max(240, plot.clientWidth))
  const draw = (): void => {
    drawn?.destroy()
    drawn = new uPlot(optionsOf(chart, widthPx(), show), dataOf(chart), plot)
  }
  const show = (index: number | null | undefined): void => {
    const at = index ?? chart.atMs.length - 1
    const text = textOf(chart, at)
    readout.textContent = text
    plot.setAttribute('aria-valuenow', String(at))
    plot.setAttribute('aria-valuetext', text)
  }
  plot.addEventListener('keydown', (event) => {
    const current = Number(plot.getAttribute('aria-valuenow'))
    const next = stepOf(event.key, current, chart)
    if (next === null || drawn === null) return
    event.preventDefault()
    const value = chart.values[next] ?? null
    drawn.setCursor({
      left: drawn.valToPos(chart.atMs[next]! / 1_000, 'x'),
      top: value === null ? 0 : drawn.valToPos(value, 'y'),
    })
    show(next)
  })
  // drawn once it has its place on the page, and anew where that changes
  new ResizeObserver(() => {
    const width = widthPx()
    if (drawn === null) draw()
    else if (drawn.width !== width) drawn.setSize({ width, height: heightPx })
  }).observe(plot)
  onTheme(draw)
  show(null)
  return box
}

function stepOf(key: string, current: number, { atMs, pagePoints }: TimeChart): number | null {
  const last = atMs.length - 1
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: current - 1,
    ArrowDown: current - 1,
    ArrowRight: current + 1,
    ArrowUp: current + 1,
    PageDown: current - pagePoints,
    PageUp: current + pagePoints,
    Home: 0,
    End: last,
  }
  const next = steps[key]
  return next === undefined ? null : Math.min(last, Math.max(0, next))
}

function textOf({ atMs, values, format, formatTime }: TimeChart, index: number): string {
  const at = atMs[index]
  const value = values[index]
  if (at === undefined) return 'nothing'
  return `${formatTime(at)}: ${value === null || value === undefined ? 'not observed' : format(value)}`
}

function dataOf({ atMs, values }: TimeChart): uPlot.AlignedData {
  return [atMs.map((at) => at / 1_000), [...values]]
}

function optionsOf(
  chart: TimeChart,
  width: number,
  show: (index: number | null | undefined) => void,
): uPlot.Options {
  const ink = colour('ink-soft')
  const line = colour(chart.colour)
  const axis: uPlot.Axis = {
    stroke: ink,
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { stroke: colour('grid'), width: 1, size: 4 },
  }
  return {
    width,
    height: heightPx,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false } },
    scales: {
      x: { time: true },
      y: chart.logarithmic === true ? { distr: 3 } : {},
    },
    axes: [
      { ...axis, values: (_, splits, __, ___, stepS) => splits.map((at) => dateText(at, stepS)) },
      { ...axis, size: 70, values: (_, splits) => splits.map((value) => chart.format(value)) },
    ],
    series: [
      {},
      {
        label: chart.label,
        stroke: line,
        width: 1.5,
        spanGaps: false,
        points: { show: false },
        ...(chart.base === null
          ? {}
          : { fill: `${line}26`, fillTo: (_: uPlot, __: number, min: number) => chart.base ?? min }),
      },
    ],
    hooks: {
      drawClear: [(drawn) => drawMissing(drawn, chart.missing)],
      setCursor: [
        (drawn) => {
          if (drawn.cursor.idx !== undefined) show(drawn.cursor.idx)
        },
      ],
    },
  }
}

/** What a step of the axis needs: `Jun 2026`, `Jun 11`, `Jun 11 14:00`. */
function dateText(atS: number, stepS: number): string {
  const text = new Date(atS * 1_000).toISOString()
  const month = monthNames[Number(text.slice(5, 7)) - 1]!
  if (stepS >= 28 * 86_400) return `${month} ${text.slice(0, 4)}`
  return `${month} ${Number(text.slice(8, 10))}${stepS < 86_400 ? ` ${text.slice(11, 16)}` : ''}`
}

/** Hatched, with an edge: told by its form, not by its colour. */
function drawMissing(drawn: uPlot, missing: readonly Missing[]): void {
  const { ctx, bbox } = drawn
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.strokeStyle = colour('hatch')
  ctx.fillStyle = colour('hatch-ground')
  ctx.lineWidth = devicePixelRatio
  const step = 7 * devicePixelRatio
  for (const { fromMs, toMs } of missing) {
    const left = drawn.valToPos(fromMs / 1_000, 'x', true)
    const width = Math.max(2 * devicePixelRatio, drawn.valToPos(toMs / 1_000, 'x', true) - left)
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, bbox.top, width, bbox.height)
    ctx.fill()
    ctx.clip()
    ctx.beginPath()
    for (let at = left - bbox.height; at < left + width; at += step) {
      ctx.moveTo(at, bbox.top + bbox.height)
      ctx.lineTo(at + bbox.height, bbox.top)
    }
    ctx.stroke()
    ctx.restore()
  }
  ctx.restore()
}
