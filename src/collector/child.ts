import { Socket } from 'node:net'
import { utf8 } from '@perf-agg/sdk'
import { type Frame, FrameReader, writeFrame } from '../frame.ts'
import { limits } from '../limits.ts'
import { confine } from './confine.ts'
import { readCredentials } from './credentials.ts'
import { CollectorFailure, failureOf } from './failure.ts'
import { readJob } from './job.ts'
import { Jobs } from './jobs.ts'
import { Wire } from './wire.ts'

/**
 * The child that runs ccxt. File descriptor 3 is egress, its only way to an exchange; 4 is the daemon, which gives
 * one job at a time and the credentials with it. It ends when either of them is gone.
 */

confine()

const link = new Socket({ fd: 3, readable: true, writable: true })
const control = new Socket({ fd: 4, readable: true, writable: true })
const wire = new Wire(link, () => process.exit(0))
const jobs = new Jobs(wire)

async function serve(frame: Frame): Promise<void> {
  const job = readJob(frame.head)
  const credentials = readCredentials(frame.body)
  try {
    const { head, body } = await jobs.run(job, credentials)
    await writeFrame(control, { id: job.id, kind: 'done', ...head }, body)
  } catch (error) {
    // Anything else than a failure of ours is a bug, and its message may hold anything.
    const failure =
      error instanceof CollectorFailure
        ? error.failure
        : failureOf('COLLECTOR_ANSWER_INVALID', 'collector', { exchangeCode: placeOf(error) })
    await writeFrame(control, { id: job.id, kind: 'failed', failure }, utf8(''))
  }
}

/** File and line of our own bundle where it happened: enough to find a bug, nothing of what was processed. */
function placeOf(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return /([\w-]+\.js:\d+:\d+)/.exec(stack)?.[1] ?? null
}

const reader = new FrameReader(
  { headBytesMax: limits.frame.headBytesMax, bodyBytesMax: limits.collector.credentialBytesMax },
  { wipe: true },
)
control.on('data', (piece: Buffer) => {
  try {
    for (const frame of reader.push(piece)) serve(frame).catch(() => process.exit(3))
  } catch {
    process.exit(3)
  }
})
control.on('end', () => process.exit(0))
control.on('error', () => process.exit(0))
process.on('uncaughtException', () => process.exit(4))
process.on('unhandledRejection', () => process.exit(4))
writeFrame(control, { kind: 'ready' }).catch(() => process.exit(0))
