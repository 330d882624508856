import { equal } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clocked } from './peer.ts'
import type { Bench } from './row.ts'

const root = join(import.meta.dirname, '../..')

/** How long the shortest of commands takes, against a node that does nothing. */
export const start: Bench = {
  name: 'start of the program',
  run: (quick) => {
    const { NODE_OPTIONS: _, ...env } = process.env
    const run = (args: readonly string[]): { readonly seconds: number; readonly made: string } =>
      clocked(() => spawnSync(process.execPath, args, { env, encoding: 'utf8' }).stdout)
    const own: number[] = []
    const bare: number[] = []
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    for (let round = 0; round < (quick ? 1 : 20); round += 1) {
      const { seconds, made } = run([join(root, 'bin/perf-agg.js'), '--version'])
      equal(made, `${version}\n`)
      own.push(seconds * 1e3)
      bare.push(run(['-e', '0']).seconds * 1e3)
    }
    const [value, limit] = [Math.min(...own), Math.min(...bare)]
    return [
      {
        name: 'perf-agg --version',
        value,
        unit: 'ms',
        limit: { name: 'node -e 0', value: limit },
        goal: '≤ 2x of bare node',
        reached: value <= 2 * limit,
      },
    ]
  },
}
