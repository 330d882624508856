/** How often returns of which size came: bins of one width, 0 being an edge. */
export interface Distribution {
  readonly widthPct: number
  readonly bins: readonly { readonly fromPct: number; readonly count: number }[]
  readonly count: number
  readonly positive: number
  readonly negative: number
}

const widths = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100]
const binsAimedAt = 24
const binsMax = 400

export function distributionOf(returnsPct: readonly number[]): Distribution | null {
  if (returnsPct.length === 0) return null
  const low = Math.min(...returnsPct, 0)
  const high = Math.max(...returnsPct, 0)
  const widthPct =
    widths.find((width) => (high - low) / width <= binsAimedAt) ?? Math.max(100, (high - low) / binsMax)
  const first = Math.floor(low / widthPct)
  const last = Math.max(Math.floor(high / widthPct), first)
  const counts = Array.from({ length: last - first + 1 }, () => 0)
  for (const pct of returnsPct) {
    const at = Math.floor(pct / widthPct) - first
    counts[at] = (counts[at] ?? 0) + 1
  }
  return {
    widthPct,
    bins: counts.map((count, index) => ({ fromPct: (first + index) * widthPct, count })),
    count: returnsPct.length,
    positive: returnsPct.filter((pct) => pct > 0).length,
    negative: returnsPct.filter((pct) => pct < 0).length,
  }
}
