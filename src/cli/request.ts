import { parseJson, PerfAggError, UnreachableError } from '@perf-agg/sdk'

/** Plain GETs of the commands that look at a server of one's own; what a client must judge goes through the SDK. */

const timeoutMs = 5_000
const bodyBytesMax = 1_048_576

export interface Answer {
  readonly status: number
  /** Strictly parsed; null when the body is no JSON. */
  readonly body: unknown
  /** The server's clock, where it tells. */
  readonly atMs: number | null
}

/** @throws {UnreachableError} when nobody answers in time */
export async function getJson(url: string): Promise<Answer> {
  const { request } = url.startsWith('https:') ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const call = request(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    })
    call.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.name === 'AbortError' || error.code === 'ABORT_ERR'
          ? `no answer within ${timeoutMs / 1000} s`
          : error.code
      reject(
        new UnreachableError('UNREACHABLE', `${new URL(url).origin} does not answer (${why ?? 'unknown'})`, {
          hint: 'is perf-agg serve running there? --service-url says where to look',
        }),
      )
    })
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > bodyBytesMax) {
          call.destroy()
          reject(
            new PerfAggError(
              'ANSWER_TOO_LARGE',
              `${new URL(url).origin} answers with more than ${bodyBytesMax} bytes`,
            ),
          )
        } else {
          chunks.push(chunk)
        }
      })
      response.once('end', () => {
        let body: unknown = null
        try {
          body = parseJson(Buffer.concat(chunks))
        } catch {
          // A proxy's error page, say; the status tells enough.
        }
        const atMs = Date.parse(response.headers.date ?? '')
        resolve({ status: response.statusCode ?? 0, body, atMs: Number.isNaN(atMs) ? null : atMs })
      })
    })
    call.end()
  })
}
