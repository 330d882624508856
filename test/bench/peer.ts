import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Programs that do the same work, as far as the machine has what they need. */

export interface Answer {
  readonly seconds: number
  readonly [name: string]: unknown
}

let built: string | null | undefined

/** The C program, built once; null without a compiler. */
function program(): string | null {
  if (built !== undefined) return built
  const path = join(mkdtempSync(join(tmpdir(), 'perf-agg-bench-')), 'peer')
  const source = join(import.meta.dirname, 'peer.c')
  const { status } = spawnSync('gcc', ['-O3', '-march=native', '-o', path, source, '-lm'], {
    stdio: 'ignore',
  })
  built = status === 0 ? path : null
  return built
}

/** Of several runs the quickest: what else the machine did is no part of it. */
export function askC(work: string, count: number, runs: number): Answer | null {
  const path = program()
  if (path === null) return null
  return quickest(runs, () => JSON.parse(execFileSync(path, [work, String(count)], { encoding: 'utf8' })))
}

/** Debian's numpy; null where it is not installed. */
export function askNumpy(count: number, runs: number): Answer | null {
  const script = join(import.meta.dirname, 'peer.py')
  const python = process.env['PYTHON'] ?? '/usr/bin/python3'
  if (spawnSync(python, ['-c', 'import numpy'], { stdio: 'ignore' }).status !== 0) return null
  return quickest(runs, () => JSON.parse(execFileSync(python, [script, String(count)], { encoding: 'utf8' })))
}

export function quickest<Result extends { readonly seconds: number }>(
  runs: number,
  run: () => Result,
): Result {
  let best = run()
  for (let again = 1; again < runs; again += 1) {
    const next = run()
    if (next.seconds < best.seconds) best = next
  }
  return best
}

/**
 * Seconds that a piece of work took of this thread, whatever else the machine did, and what it made. What is too short
 * for the processor's own accounts is taken by the clock.
 */
export function timed<Made>(work: () => Made): { readonly seconds: number; readonly made: Made } {
  const began = process.threadCpuUsage()
  const { seconds, made } = clocked(work)
  const { user, system } = process.threadCpuUsage(began)
  const spent = (user + system) / 1e6
  return { seconds: spent > 0 ? spent : seconds, made }
}

/** By the clock: for what takes less than the processor's own accounts can tell. */
export function clocked<Made>(work: () => Made): { readonly seconds: number; readonly made: Made } {
  const began = process.hrtime.bigint()
  const made = work()
  return { seconds: Number(process.hrtime.bigint() - began) / 1e9, made }
}
