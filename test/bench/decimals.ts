import { equal } from 'node:assert/strict'
import { parseDecimal } from '@perf-agg/sdk'
import { askC, quickest, timed } from './peer.ts'
import type { Bench } from './row.ts'
import { decimalTexts } from './workload.ts'

/** Text to an exact number, every character checked. */
export const decimals: Bench = {
  name: 'decimal parsing',
  run: (quick) => {
    const rounds = quick ? 2 : 1_000
    const texts = decimalTexts(4_096)
    const count = rounds * texts.length
    const runs = quick ? 1 : 3
    for (const text of texts) {
      const { digits, scale } = parseDecimal(text)
      equal(Number(digits) / 10 ** scale, Number(text))
    }
    const own = quickest(runs, () =>
      timed(() => {
        let scales = 0
        for (let round = 0; round < rounds; round += 1) {
          for (const text of texts) scales += parseDecimal(text).scale
        }
        return scales
      }),
    )
    const plain = quickest(runs, () =>
      timed(() => {
        let sum = 0
        for (let round = 0; round < rounds; round += 1) for (const text of texts) sum += Number(text)
        return sum
      }),
    )
    const peer = askC('decimals', count, runs)
    const value = count / own.seconds / 1e6
    return [
      {
        name: 'decimals parsed, with full checks',
        value,
        unit: 'M/s',
        limit: peer === null ? null : { name: 'C -O3', value: count / peer.seconds / 1e6 },
        goal: '≥ 15 M/s',
        reached: value >= 15,
      },
      {
        name: 'Number() of the same text, inexact',
        value: count / plain.seconds / 1e6,
        unit: 'M/s',
        limit: null,
        goal: 'to compare with',
        reached: null,
      },
    ]
  },
}
