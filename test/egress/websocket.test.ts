import t from 'tap'
import { frameOf, type Heard, WebSocketReader } from '../../src/egress/websocket.ts'

/** A frame as a server sends it: nothing is masked. */
function served(first: number, payload: Uint8Array | string, length?: number[]): Buffer {
  const bytes = Buffer.from(payload as string)
  return Buffer.concat([Buffer.from([first, ...(length ?? [bytes.length])]), bytes])
}

const texts = (heard: readonly Heard[]): string[] =>
  heard.map((each) => (each.kind === 'text' ? each.bytes.toString() : each.kind))

t.test('messages come whole out of whatever pieces', async (t) => {
  const bytes = Buffer.concat([
    served(0x81, 'one'),
    served(0x89, 'are you there'),
    served(0x01, 'in '),
    served(0x80 | 9, ''),
    served(0x00, 'three '),
    served(0x80, 'parts'),
    served(0x81, 'x'.repeat(300), [126, 1, 44]),
    served(0x81, 'y'.repeat(70_000), [127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]),
    served(0x8a, ''),
    served(0x88, ''),
  ])
  const wanted = [
    'one',
    'ping',
    'ping',
    'in three parts',
    'x'.repeat(300),
    'y'.repeat(70_000),
    'pong',
    'close',
  ]
  t.same(texts(new WebSocketReader(100_000).push(bytes)), wanted)
  for (const size of [1, 7, 4_096]) {
    const reader = new WebSocketReader(100_000)
    const heard: Heard[] = []
    for (let at = 0; at < bytes.length; at += size) heard.push(...reader.push(bytes.subarray(at, at + size)))
    t.same(texts(heard), wanted, `pieces of ${size}`)
  }
})

t.test('refuses what is not the protocol', async (t) => {
  const refused: [string, string, Buffer][] = [
    ['a masked frame', 'ANSWER_INVALID', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])],
    ['a reserved bit', 'ANSWER_INVALID', served(0xc1, 'a')],
    ['an unknown kind', 'ANSWER_INVALID', served(0x83, 'a')],
    ['binary', 'ANSWER_INVALID', served(0x82, 'a')],
    ['a ping in parts', 'ANSWER_INVALID', served(0x09, 'a')],
    ['a long ping', 'ANSWER_INVALID', served(0x89, 'a'.repeat(126), [126, 0, 126])],
    ['a rest of nothing', 'ANSWER_INVALID', served(0x80, 'a')],
    ['a message within a message', 'ANSWER_INVALID', Buffer.concat([served(0x01, 'a'), served(0x01, 'b')])],
    ['a gigabyte, by its length alone', 'TOO_LARGE', Buffer.from([0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0])],
    ['more than there are numbers', 'TOO_LARGE', Buffer.from([0x81, 127, ...Array<number>(8).fill(255)])],
    [
      'too much in parts',
      'TOO_LARGE',
      Buffer.concat(
        Array(20)
          .fill(served(0x01, ''))
          .map((first: Buffer, index) =>
            index === 0
              ? Buffer.concat([served(0x01, 'a'.repeat(100)), first.subarray(2)])
              : served(0x00, 'a'.repeat(100)),
          ),
      ),
    ],
    [
      'endless empty parts',
      'TOO_LARGE',
      Buffer.concat([served(0x01, ''), ...Array<Buffer>(2_000).fill(served(0x00, ''))]),
    ],
  ]
  for (const [name, code, bytes] of refused) {
    t.throws(() => new WebSocketReader(1_000).push(bytes), { code }, name)
  }
})

t.test('what is said is masked, with another mask each time', async (t) => {
  for (const size of [0, 5, 125, 126, 65_535, 65_536]) {
    const payload = Buffer.alloc(size, 'perf')
    const frame = frameOf('text', payload)
    const prefix = size < 126 ? 2 : size < 65_536 ? 4 : 10
    t.equal(frame[0], 0x81)
    t.equal(frame[1]! & 0x80, 0x80, 'masked')
    t.equal(frame.length, prefix + 4 + size)
    const mask = frame.subarray(prefix, prefix + 4)
    const plain = frame.subarray(prefix + 4).map((byte, index) => byte ^ mask[index & 3]!)
    t.same(Buffer.from(plain), payload, `${size} bytes`)
  }
  t.not(frameOf('ping', Buffer.alloc(0)).toString('hex'), frameOf('ping', Buffer.alloc(0)).toString('hex'))
})
