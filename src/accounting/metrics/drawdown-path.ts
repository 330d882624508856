/** One fall of wealth below its running peak and the way back. Indexes count periods; wealth starts at index 0. */
export interface Episode {
  readonly peakIndex: number
  troughIndex: number
  /** Depth, a negative fraction. */
  depth: number
  /** First index back at or above the peak; null while open. */
  recoveryIndex: number | null
}

export interface DrawdownPath {
  readonly episodes: readonly Episode[]
  readonly last: number
  readonly sumSquares: number
  readonly sumAbsolute: number
}

/** Walks wealth, which is 1 before the first return, so that a loss in the first period counts. */
export function drawdownPath(returns: Float64Array): DrawdownPath {
  const episodes: Episode[] = []
  let open: Episode | null = null
  // Wealth relative to its peak: at a new peak it starts again at 1, so that long histories don't overflow.
  let relative = 1
  let sumSquares = 0
  let sumAbsolute = 0
  for (let index = 0; index < returns.length; index += 1) {
    relative *= 1 + returns[index]!
    if (relative >= 1) {
      relative = 1
      if (open !== null) open.recoveryIndex = index + 1
      open = null
      continue
    }
    const depth = relative - 1
    sumSquares += depth * depth
    sumAbsolute -= depth
    if (open === null) {
      open = { peakIndex: index, troughIndex: index + 1, depth, recoveryIndex: null }
      episodes.push(open)
    } else if (depth < open.depth) {
      open.depth = depth
      open.troughIndex = index + 1
    }
  }
  return { episodes, last: relative - 1, sumSquares, sumAbsolute }
}
