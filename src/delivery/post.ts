import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { limits } from '../limits.ts'
import type { Answer } from './verdict.ts'

export interface PostRequest {
  readonly url: URL
  readonly body: Uint8Array
  readonly headers: { readonly [header: string]: string }
  readonly signal: AbortSignal
}

/** Sends one request and says what came back; whatever goes wrong on the way is an answer too. */
export type Post = (request: PostRequest) => Promise<Answer>

/** Tells the backend of our log, and us what it remembers of it. */
export const logHeader = 'perf-agg-log'

/** Over got: no redirect followed, nothing tried again, no proxy of the environment, at most 64 KiB read. */
export function gotPost(
  bounds: { readonly connectTimeoutMs: number; readonly postTimeoutMs: number } = limits.delivery,
): Post {
  // agents of our own: the global ones may go through a proxy that the environment names
  const settings = { keepAlive: true, maxSockets: limits.delivery.postsMax, maxFreeSockets: 4 }
  const agent = { http: new HttpAgent(settings), https: new HttpsAgent(settings) }
  return async ({ url, body, headers, signal }) => {
    // loaded at the first post: an enclave without a backend never needs it
    const { default: got } = await import('got')
    const stream = got.stream.post(url, {
      body,
      headers: { ...headers },
      agent,
      signal,
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      retry: { limit: 0 },
      timeout: { connect: bounds.connectTimeoutMs, request: bounds.postTimeoutMs },
    })
    return read(stream)
  }
}

type Stream = AsyncIterable<Uint8Array> & {
  readonly response?:
    | {
        readonly statusCode: number
        readonly headers: {
          readonly 'retry-after'?: string | undefined
          readonly [name: string]: string | readonly string[] | undefined
        }
      }
    | undefined
  destroy(): void
}

/** The status decides: a body that is cut short, too long or too slow takes nothing of it back. */
async function read(stream: Stream): Promise<Answer> {
  const chunks: Uint8Array[] = []
  let length = 0
  let code = 'UNREACHABLE'
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length > limits.delivery.answerBytesMax) break
    }
  } catch (error) {
    code = codeOf(error)
  } finally {
    stream.destroy()
  }
  const { response } = stream
  if (response === undefined) return { status: null, code }
  const text = Buffer.concat(chunks).subarray(0, limits.delivery.answerBytesMax).toString('latin1')
  const { [logHeader]: log, 'retry-after': retryAfter } = response.headers
  return {
    status: response.statusCode,
    retryAfter: retryAfter ?? null,
    ...(typeof log === 'string' ? { log } : {}),
    text,
  }
}

/** The system's word for it (`ECONNREFUSED`), never its message, which may quote what was sent. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'UNREACHABLE'
}
