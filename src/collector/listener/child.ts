import { Socket } from 'node:net'
import { FrameReader, writeFrame } from '../../frame.ts'
import { limits } from '../../limits.ts'
import { confine } from '../confine.ts'
import { readCredentials } from '../credentials.ts'
import { Wire } from '../wire.ts'
import { Lines } from './lines.ts'
import { Listening } from './listening.ts'
import { readOrder, type Word } from './message.ts'

/**
 * The child that listens to accounts' streams, by ccxt's own classes. File descriptor 3 is an egress of its own, which
 * reaches nothing but streams; 4 is the daemon, which gives the credentials of whom to listen to. It ends when either of
 * them is gone.
 */
confine()

const link = new Socket({ fd: 3, readable: true, writable: true })
const control = new Socket({ fd: 4, readable: true, writable: true })
const tell = (word: Word): void => {
  writeFrame(control, word).catch(() => process.exit(0))
}
const lines = new Lines(link)
const wire = new Wire(
  link,
  () => process.exit(0),
  (frame) => lines.take(frame),
)
const listening = new Listening({ wire, lines }, tell)

const reader = new FrameReader(
  { headBytesMax: 65_536, bodyBytesMax: limits.collector.credentialBytesMax },
  { wipe: true },
)
control.on('data', (piece: Buffer) => {
  try {
    for (const { head, body } of reader.push(piece)) listening.follow(readOrder(head), readCredentials(body))
  } catch {
    process.exit(3)
  }
})
control.on('end', () => process.exit(0))
control.on('error', () => process.exit(0))
process.on('uncaughtException', () => process.exit(4))
// ccxt rejects what nobody waits for whenever a connection ends
process.on('unhandledRejection', () => {})
tell({ kind: 'ready' })
