import type { Gap } from './hour.ts'

/** Takes a gap behind those before it: one with the last where that ends as it begins, for the same reason. */
export function joinGap(gaps: Gap[], gap: Gap): void {
  const last = gaps.at(-1)
  if (last !== undefined && last.toMs === gap.fromMs && last.reason === gap.reason) {
    gaps[gaps.length - 1] = { ...last, toMs: gap.toMs }
  } else {
    gaps.push(gap)
  }
}
