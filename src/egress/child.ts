import { Socket } from 'node:net'
import { type Frame, FrameReader, writeFrame } from '../frame.ts'
import { limits } from '../limits.ts'
import { Egress } from './egress.ts'
import { type ControlMessage, readRules, readWireRequest, type WireAnswer } from './message.ts'
import { EgressRefusal } from './request.ts'
import { readStreamOrder, type StreamOrder } from './stream-message.ts'
import { Streams } from './streams.ts'

/**
 * The child that alone reaches the network. File descriptor 3 is the collector, or a listener; 4 the daemon, which sends
 * the rules first. It ends when either of them is gone, and on anything it does not understand: the daemon starts
 * another.
 */
const link = new Socket({ fd: 3, readable: true, writable: true })
const control = new Socket({ fd: 4, readable: true, writable: true })

let egress: Egress | null = null
let streams: Streams | null = null

function end(code: number): never {
  streams?.close()
  egress?.close()
  process.exit(code)
}

function tell(message: ControlMessage): Promise<void> {
  return writeFrame(control, message)
}

async function follow(order: StreamOrder, body: Uint8Array): Promise<void> {
  if (order.kind === 'open') await streams?.open(order.id, order.url)
  else if (order.kind === 'say') await streams?.say(order.id, body)
  else streams?.hangUp(order.id)
  body.fill(0)
}

async function serve(frame: Frame): Promise<void> {
  const order = readStreamOrder(frame.head)
  if (order !== null) return follow(order, frame.body)
  const request = readWireRequest(frame.head)
  let answer: WireAnswer
  let body: Uint8Array | undefined
  try {
    if (egress === null) throw new EgressRefusal('HOST_REFUSED', null)
    const fetched = await egress.fetch(request, frame.body)
    // The daemon hears of it before the collector does: what it is told later can be held against this.
    await tell(fetched.report)
    answer = { kind: 'answer', id: request.id, status: fetched.status, headers: fetched.headers }
    body = fetched.body
  } catch (error) {
    const refusal = error instanceof EgressRefusal ? error : new EgressRefusal('UNREACHABLE', null)
    await tell({ kind: 'refused', code: refusal.code, host: refusal.host })
    answer = { kind: 'refused', id: request.id, code: refusal.code }
  }
  await writeFrame(link, answer, body)
  body?.fill(0)
}

function listen(pipe: Socket, bodyBytesMax: number, take: (frame: Frame) => void): void {
  const reader = new FrameReader({ headBytesMax: 65_536, bodyBytesMax }, { wipe: true })
  pipe.on('data', (piece: Buffer) => {
    try {
      for (const frame of reader.push(piece)) take(frame)
    } catch {
      end(3)
    }
  })
  pipe.on('end', () => end(0))
  pipe.on('error', () => end(0))
}

listen(control, 0, (frame) => {
  if (egress !== null) end(3)
  const { rules, address } = readRules(frame.head)
  egress = new Egress(rules, { address })
  streams = new Streams(egress, {
    word: (word, body) => writeFrame(link, word, body),
    opened: tell,
    refused: (code, host) => tell({ kind: 'refused', code, host }),
  })
  tell({ kind: 'ready' }).catch(() => end(0))
})
listen(link, limits.egress.requestBodyBytesMax, (frame) => {
  serve(frame).catch(() => end(3))
})
