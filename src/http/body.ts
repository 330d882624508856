import { InputError } from '@perf-agg/sdk'

/**
 * A body as one array of bytes, and no other copy of it left that we know of.
 * @throws {InputError} BODY_TOO_LARGE
 */
export async function readBody(payload: AsyncIterable<unknown>, bytesMax: number): Promise<Uint8Array> {
  const whole = new Uint8Array(bytesMax)
  let length = 0
  for await (const chunk of payload) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a body comes as bytes')
    const fits = length + chunk.length <= bytesMax
    if (fits) whole.set(chunk, length)
    length += chunk.length
    chunk.fill(0)
    if (!fits) {
      whole.fill(0)
      throw new InputError('BODY_TOO_LARGE', 'the body is too large')
    }
  }
  return whole.subarray(0, length)
}
