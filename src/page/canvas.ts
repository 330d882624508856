/** An RGB picture that lines and boxes are drawn on, with soft edges: what a preview needs, and no more. */
export type Colour = readonly [red: number, green: number, blue: number]

export class Canvas {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array

  constructor(width: number, height: number, ground: Colour) {
    this.width = width
    this.height = height
    this.rgb = new Uint8Array(width * height * 3)
    for (let at = 0; at < this.rgb.length; at += 3) this.rgb.set(ground, at)
  }

  /** Pixels from (left, top), right and bottom excluded. */
  box(left: number, top: number, right: number, bottom: number, colour: Colour, share = 1): void {
    for (let y = Math.max(0, Math.round(top)); y < Math.min(this.height, Math.round(bottom)); y += 1) {
      for (let x = Math.max(0, Math.round(left)); x < Math.min(this.width, Math.round(right)); x += 1) {
        this.#mix(x, y, colour, share)
      }
    }
  }

  /** Through all points, with round joints. */
  path(points: readonly (readonly [x: number, y: number])[], thickness: number, colour: Colour): void {
    const [first] = points
    if (first === undefined) return
    // joints must not be mixed twice: the largest share of each pixel counts
    const shares = new Map<number, number>()
    for (const [index, point] of points.entries()) {
      this.#cover(shares, points[index - 1] ?? point, point, thickness / 2)
    }
    for (const [at, share] of shares) this.#mix(at % this.width, Math.floor(at / this.width), colour, share)
  }

  #cover(
    shares: Map<number, number>,
    [x0, y0]: readonly [number, number],
    [x1, y1]: readonly [number, number],
    radius: number,
  ): void {
    const [dx, dy] = [x1 - x0, y1 - y0]
    const length = dx * dx + dy * dy
    const reach = radius + 1
    for (let y = Math.max(0, Math.floor(Math.min(y0, y1) - reach)); y <= Math.max(y0, y1) + reach; y += 1) {
      if (y >= this.height) break
      for (let x = Math.max(0, Math.floor(Math.min(x0, x1) - reach)); x <= Math.max(x0, x1) + reach; x += 1) {
        if (x >= this.width) break
        const [px, py] = [x + 0.5 - x0, y + 0.5 - y0]
        const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length))
        const distance = Math.hypot(px - along * dx, py - along * dy)
        const share = Math.min(1, Math.max(0, radius + 0.5 - distance))
        const at = y * this.width + x
        if (share > (shares.get(at) ?? 0)) shares.set(at, share)
      }
    }
  }

  #mix(x: number, y: number, colour: Colour, share: number): void {
    const at = (y * this.width + x) * 3
    for (const [channel, value] of colour.entries()) {
      const before = this.rgb[at + channel] ?? 0
      this.rgb[at + channel] = Math.round(before + (value - before) * share)
    }
  }
}
