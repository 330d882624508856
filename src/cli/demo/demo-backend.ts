import { createServer, type IncomingMessage, type Server } from 'node:http'
import { parseJson, parseStatement, type Statement } from '@perf-agg/sdk'

/** What a backend is to the enclave: an address that takes statements. This one keeps them in memory, as posted. */
export interface DemoBackend {
  readonly url: string
  readonly received: readonly { readonly bytes: Uint8Array; readonly statement: Statement }[]
  close(): Promise<void>
}

const bodyBytesMax = 1_048_576

export async function startDemoBackend(): Promise<DemoBackend> {
  const received: { bytes: Uint8Array; statement: Statement }[] = []
  const server = createServer((request, response) => {
    void take(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(400).end(),
    )
  })

  async function take(request: IncomingMessage): Promise<number> {
    if (request.method !== 'POST' || request.url !== '/api/ingest') return 404
    const bytes = await readBody(request)
    received.push({ bytes, statement: parseStatement(parseJson(bytes)) })
    return 200
  }

  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > bodyBytesMax) throw new RangeError('too large')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
