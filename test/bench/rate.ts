import { setImmediate as turn } from 'node:timers/promises'

/**
 * How often each of several works is done in a second of this thread's own time. Their rounds take turns, so that they
 * share the weather; of each the best round counts.
 */
export async function ratesBeside(
  works: readonly (() => unknown)[],
  count: number,
  rounds: number,
): Promise<number[]> {
  const best = works.map(() => 0)
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, work] of works.entries()) {
      await turn()
      const began = process.threadCpuUsage()
      for (let at = 0; at < count; at += 1) await work()
      const { user, system } = process.threadCpuUsage(began)
      best[index] = Math.max(best[index]!, (count * 1e6) / Math.max(1, user + system))
    }
  }
  return best
}

/** The same by the clock, so many at once: what the whole machine does, not one thread. */
export async function ratesAtOnce(
  works: readonly (() => unknown)[],
  count: number,
  rounds: number,
  atOnce: number,
): Promise<number[]> {
  const best = works.map(() => 0)
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, work] of works.entries()) {
      await turn()
      const began = process.hrtime.bigint()
      for (let at = 0; at < count; at += atOnce) await Promise.all(Array.from({ length: atOnce }, work))
      const seconds = Number(process.hrtime.bigint() - began) / 1e9
      best[index] = Math.max(best[index]!, (Math.ceil(count / atOnce) * atOnce) / seconds)
    }
  }
  return best
}
