import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A backend that fails now and then, keeps all it ever got, and notices when a digest comes with other bytes. */
export class FlakyBackend {
  readonly bodies = new Map<string, Buffer>()
  readonly wrong: string[] = []
  posts = 0
  flaky = true
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      this.#take(String(request.headers['idempotency-key']), Buffer.concat(chunks))
      const luck = this.flaky ? Math.random() : 1
      if (luck < 0.05) response.writeHead(500).end()
      else if (luck < 0.08) response.destroy()
      else if (luck < 0.2) setTimeout(() => response.end(), 200)
      else response.end()
    })
  })

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #take(digest: string, body: Buffer): void {
    this.posts += 1
    const signed = body.toString('latin1').replace(/"signature":"[\w+/=]{88}",/, '')
    const named = `sha256:${createHash('sha256').update(signed, 'latin1').digest('hex')}`
    if (named !== digest) this.wrong.push(`${digest} names other bytes`)
    const known = this.bodies.get(digest)
    if (known !== undefined && !known.equals(body)) this.wrong.push(`${digest} came with different bytes`)
    this.bodies.set(digest, body)
  }
}
