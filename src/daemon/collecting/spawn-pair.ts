import type { ChildProcess } from 'node:child_process'
import { Duplex } from 'node:stream'
import { spawnChild } from '../child.ts'
import type { ChildUser } from './child-user.ts'

/** The pair ended, would not start or did not answer: whatever it was doing is to be done again. */
export class PairDied extends Error {}

/**
 * A process that runs ccxt, and the egress that is its only way out: they speak to each other over a pipe (3) of which
 * we keep no end, and each to us over one of its own (4).
 */
export function spawnPair(
  role: 'collector' | 'listener',
  user: ChildUser | null,
): { readonly egress: ChildProcess; readonly worker: ChildProcess } {
  const egress = spawnChild('egress', ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], user)
  const link = pipeOf(egress, 3)
  // The child at the other end holds it from here on; our own end must not read a byte of it.
  link.pause()
  try {
    const worker = spawnChild(role, ['ignore', 'ignore', 'pipe', link, 'pipe'], user)
    link.destroy()
    return { egress, worker }
  } catch (error) {
    egress.kill('SIGKILL')
    throw error
  }
}

/** @throws {PairDied} */
export function pipeOf(child: ChildProcess, index: number): Duplex {
  const pipe = child.stdio[index]
  if (!(pipe instanceof Duplex)) throw new PairDied('a pipe is missing')
  return pipe
}

/** Resolves when the process is no more. */
export function gone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve()
    child.once('exit', () => resolve())
  })
}
