import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What comes back instead of the exchange's answer. */
export type Meddling =
  | {
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string | Buffer
    }
  /** No answer, ever. */
  | 'hang'
  /** The connection breaks. */
  | 'break'

export type Rule = (path: string, sound: string) => Meddling | null | Promise<Meddling | null>

/** Stands between the daemon and an exchange, and changes what a test wants changed. */
export class Meddler {
  readonly url: string
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  readonly #rules: { rule: Rule }

  private constructor(url: string, asked: string[], rules: { rule: Rule }) {
    this.url = url
    this.asked = asked
    this.#rules = rules
  }

  static async before(t: Test, target: string): Promise<Meddler> {
    const rules: { rule: Rule } = { rule: () => null }
    const asked: string[] = []
    const server = createServer((incoming, outgoing) => {
      const path = (incoming.url ?? '').split('?')[0] ?? ''
      asked.push(path)
      const { host: _, connection: __, ...headers } = incoming.headers
      const forward = request(target + incoming.url, { method: incoming.method, headers }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => void tell(Buffer.concat(parts)))
        const tell = async (sound: Buffer): Promise<void> => {
          const meddling = await rules.rule(path, sound.toString())
          if (meddling === 'hang') return
          if (meddling === 'break') return void outgoing.destroy()
          if (meddling === null)
            return void outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(sound)
          const json = { 'content-type': 'application/json', ...meddling.headers }
          outgoing.writeHead(meddling.status ?? 200, json).end(meddling.body)
        }
      })
      forward.on('error', () => outgoing.destroy())
      incoming.pipe(forward)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return new Meddler(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, rules)
  }

  set rule(rule: Rule) {
    this.#rules.rule = rule
  }

  soundly(): void {
    this.#rules.rule = () => null
  }
}
