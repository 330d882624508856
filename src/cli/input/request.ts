import { connect, type Socket } from 'node:net'
import { PerfAggError, UnreachableError } from '@perf-agg/sdk/errors'
import { parseJson } from '@perf-agg/sdk/json'

/**
 * Plain GETs of the commands that look at a server of one's own. What a client must judge goes through the SDK.
 * Over a bare socket: the platform's HTTP client takes longer to load than a whole status to answer.
 */

const timeoutMs = 5_000
const bytesMax = 1_048_576

export interface Answer {
  readonly status: number
  /** Strictly parsed; null when the body is no JSON. */
  readonly body: unknown
  /** The server's clock, where it tells. */
  readonly atMs: number | null
}

/** @throws {UnreachableError} when nobody answers in time */
export async function getJson(url: string): Promise<Answer> {
  const target = new URL(url)
  const bytes = await exchange(target)
  const end = bytes.indexOf('\r\n\r\n')
  const head = end < 0 ? '' : bytes.toString('latin1', 0, end)
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0)
  if (status === 0) {
    throw new PerfAggError('ANSWER_INVALID', `${target.origin} does not speak HTTP`, {
      hint: 'check the address and the port',
    })
  }
  const atMs = Date.parse(/^date:\s*(.*)$/im.exec(head)?.[1] ?? '')
  const body = bytes.subarray(end + 4)
  return {
    status,
    body: parsed(/^transfer-encoding:\s*chunked/im.test(head) ? unchunked(body) : body),
    atMs: Number.isNaN(atMs) ? null : atMs,
  }
}

async function exchange(target: URL): Promise<Buffer> {
  const { origin, hostname, port, protocol, pathname } = target
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  let socket: Socket
  if (protocol === 'https:') {
    const tls = await import('node:tls')
    socket = tls.connect({ host, port: Number(port || 443), servername: host })
  } else {
    socket = connect({ host, port: Number(port || 80) })
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const fail = (why: string) => {
      socket.destroy()
      reject(
        new UnreachableError('UNREACHABLE', `${origin} does not answer (${why})`, {
          hint: 'is perf-agg serve running there? --service-url says where to look',
        }),
      )
    }
    socket.setTimeout(timeoutMs, () => fail(`silent for ${timeoutMs / 1_000} s`))
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'unknown'))
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > bytesMax) return fail(`more than ${bytesMax} bytes`)
      chunks.push(chunk)
    })
    socket.once('end', () => {
      socket.end()
      resolve(Buffer.concat(chunks))
    })
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${target.host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n`,
    )
  })
}

function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = lineEnd < 0 ? 0 : Number.parseInt(body.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}

function parsed(body: Buffer): unknown {
  try {
    return parseJson(body)
  } catch {
    // A proxy's error page, say; the status tells enough.
    return null
  }
}
