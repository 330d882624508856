import type { SteppedClock } from './clock.ts'
import type { Daemon } from './daemon.ts'

/**
 * Moves a daemon on a stepped clock from one due instant to the next, up to `untilMs`. `move` is told each instant
 * first, so that the world outside (a simulated exchange) is there already when the daemon looks.
 */
export async function stepUntil(
  daemon: Daemon,
  clock: SteppedClock,
  untilMs: number,
  move: (atMs: number) => void | Promise<void>,
): Promise<void> {
  for (;;) {
    const nextMs = Math.max(await daemon.nextMs(), clock.nowMs() + 1)
    const atMs = Math.min(nextMs, untilMs)
    await move(atMs)
    clock.moveTo(atMs)
    await daemon.runDue()
    if (atMs >= untilMs) return
  }
}
