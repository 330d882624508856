import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { FrameReader, writeFrame } from '../../src/frame.ts'

async function bytesOf(...frames: readonly (readonly [object, Uint8Array])[]): Promise<Buffer> {
  const pipe = new PassThrough()
  const pieces: Buffer[] = []
  pipe.on('data', (piece: Buffer) => pieces.push(Buffer.from(piece)))
  for (const [head, body] of frames) await writeFrame(pipe, head, body)
  return Buffer.concat(pieces)
}

t.test('frames come out as they went in, however the pipe cuts them', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.record({ text: fc.string() }), fc.uint8Array({ maxLength: 300 })), {
        maxLength: 5,
      }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (frames, cuts) => {
        const bytes = await bytesOf(
          ...frames.map(([head, body]) => [{ ...head, text: head.text.toWellFormed() }, body] as const),
        )
        const reader = new FrameReader()
        const read = []
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const length = cuts[cut % cuts.length] ?? 1
          read.push(...reader.push(bytes.subarray(at, at + length)))
          at += length
        }
        t.strictSame(
          read.map(({ head, body }) => [{ ...(head as object) }, [...body]]),
          frames.map(([head, body]) => [{ text: head.text.toWellFormed() }, [...body]]),
        )
      },
    ),
    { numRuns: 50 },
  )
})

t.test('refuses a frame that is too long before it is there', async (t) => {
  const reader = new FrameReader({ headBytesMax: 100, bodyBytesMax: 100 })
  const prefix = Buffer.alloc(8)
  prefix.writeUInt32BE(101, 0)
  t.throws(() => reader.push(prefix), { code: 'FRAME_TOO_LARGE' })
  const other = new FrameReader({ headBytesMax: 100, bodyBytesMax: 100 })
  const long = Buffer.alloc(8)
  long.writeUInt32BE(2, 0)
  long.writeUInt32BE(4_000_000_000, 4)
  t.throws(() => other.push(long), { code: 'FRAME_TOO_LARGE' })
})

t.test('refuses a head that is no JSON, or has a key twice', async (t) => {
  for (const [text, code] of [
    ['{]', 'JSON_INVALID'],
    ['{"id":1,"id":2}', 'JSON_DUPLICATE_KEY'],
  ] as const) {
    const bytes = Buffer.alloc(8 + text.length)
    bytes.writeUInt32BE(text.length, 0)
    bytes.write(text, 8)
    t.throws(() => new FrameReader().push(bytes), { code })
  }
})

t.test('wipes the pieces where it is told to', async (t) => {
  const bytes = await bytesOf([{ id: 1 }, Buffer.from('secret')])
  const [frame] = new FrameReader(undefined, { wipe: true }).push(bytes)
  t.equal(Buffer.from(frame?.body ?? []).toString(), 'secret')
  t.ok(bytes.every((byte) => byte === 0))
})

t.test('a closed pipe rejects', async (t) => {
  const pipe = new PassThrough()
  pipe.destroy()
  await t.rejects(writeFrame(pipe, { id: 1 }))
})
