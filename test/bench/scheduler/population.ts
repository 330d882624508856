import { dayMs, hourMs } from '@perf-agg/sdk'

/** Ten thousand accounts of mixed activity: when something happens to each, drawn from a seed. */
export interface SimulatedAccount {
  readonly key: string
  /** Ascending. */
  readonly newsMs: readonly number[]
  /** Markets it has traded on: a thorough poll reads each. */
  readonly symbols: number
}

interface Kind {
  readonly name: string
  readonly share: number
  /** Events an hour while it is awake. */
  readonly rate: number
  readonly awakeHours: number
  readonly symbols: number
}

/** Robots that never sleep, people who trade in their waking hours, and the many who hold. */
const kinds: readonly Kind[] = [
  { name: 'robot', share: 0.05, rate: 40, awakeHours: 24, symbols: 4 },
  { name: 'trader', share: 0.25, rate: 5, awakeHours: 9, symbols: 3 },
  { name: 'holder', share: 0.7, rate: 0.08, awakeHours: 16, symbols: 1 },
]

/** A small generator (mulberry32): the same population on every machine. */
export function newRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function population(count: number, fromMs: number, hours: number, seed: number): SimulatedAccount[] {
  const random = newRandom(seed)
  const untilMs = fromMs + hours * hourMs
  return Array.from({ length: count }, (_, index) => {
    let place = (index + 0.5) / count
    const kind = kinds.find(({ share }) => (place -= share) < 0) ?? kinds[kinds.length - 1]!
    const wakesMs = random() * dayMs
    const newsMs: number[] = []
    for (let atMs = fromMs; ;) {
      atMs += (-Math.log(1 - random()) / kind.rate) * hourMs
      if (atMs >= untilMs) break
      const awakeMs = (((atMs - wakesMs) % dayMs) + dayMs) % dayMs
      if (awakeMs < kind.awakeHours * hourMs) newsMs.push(atMs)
    }
    return { key: `${kind.name}-${index}`, newsMs, symbols: kind.symbols }
  })
}
