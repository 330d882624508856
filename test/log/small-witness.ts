import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import {
  formatNote,
  formatVkey,
  fromBase64,
  noteKey,
  type NoteKey,
  noteSignature,
  noteSignedBytes,
  parseCheckpoint,
  parseNote,
  verifyCheckpoint,
  verifyConsistency,
} from '@perf-agg/sdk'
import type { LogSource } from '../../src/log/source.ts'
import { Witness } from '../../src/log/witness.ts'
import { testSigner } from '../statement/fixture.ts'

export type KeyOf = (origin: string) => readonly NoteKey[]

/**
 * A witness as C2SP tlog-witness describes one: it remembers the last head it signed of each log, and signs a later
 * one only where that is proven to be its beginning.
 */
export class SmallWitness {
  readonly key: NoteKey
  readonly seen = new Map<string, { size: number; root: Uint8Array }>()
  readonly answers: number[] = []
  readonly bodies: string[] = []
  /** Takes a log's word for its key: for tests of logs whose key is made when they start. */
  trusting = false
  /** Answers with this instead. */
  broken: { status: number; body: string } | null = null
  nowS = 1_790_000_000
  /** Signs with the system's time instead. */
  live = false
  /** Of its last signature. */
  lastS = 0
  url = ''
  readonly #signer = testSigner(21)
  readonly #keysOf: KeyOf

  private constructor(key: NoteKey, keysOf: KeyOf) {
    this.key = key
    this.#keysOf = keysOf
  }

  static async start(t: Test, keysOf: KeyOf): Promise<SmallWitness> {
    const key = await noteKey('witness.test/w1', 'cosignature/v1', testSigner(21).publicKey)
    const witness = new SmallWitness(key, keysOf)
    const server = createServer((request, response) => {
      void text(request).then(async (body) => {
        witness.bodies.push(body)
        const answer =
          request.method !== 'POST' || request.url !== '/w/add-checkpoint'
            ? { status: 404, body: '' }
            : (witness.broken ?? (await witness.add(body)))
        witness.answers.push(answer.status)
        const type = answer.status === 409 ? 'text/x.tlog.size' : 'text/plain'
        response.writeHead(answer.status, { 'content-type': type }).end(answer.body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    witness.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/w/`
    return witness
  }

  get vkey(): string {
    return formatVkey(this.key)
  }

  /** As a log asks it. */
  client(source: LogSource): Promise<Witness | null> {
    return Witness.open({ vkey: this.vkey, url: this.url }, source)
  }

  /** As the configuration names it. */
  get entry(): string {
    return `${this.vkey} ${this.url}`
  }

  async add(body: string): Promise<{ status: number; body: string }> {
    const end = body.indexOf('\n\n')
    const [first = '', ...lines] = body.slice(0, end).split('\n')
    const old = /^old (0|[1-9]\d*)$/.exec(first)?.[1]
    if (old === undefined || lines.length > 63) return { status: 400, body: '' }
    const note = body.slice(end + 2)
    const origin = note.split('\n')[0]!
    const keys = this.#keysOf(origin)
    if (keys.length === 0 && !this.trusting) return { status: 404, body: '' }
    const checkpoint = this.trusting ? parseCheckpoint(parseNote(note).text) : await signedByOneOf(note, keys)
    if (checkpoint === null) return { status: 403, body: '' }
    const { size, root } = checkpoint
    const oldSize = Number(old)
    if (oldSize > size) return { status: 400, body: '' }
    const known = this.seen.get(origin) ?? { size: 0, root: new Uint8Array() }
    if (known.size !== oldSize) return { status: 409, body: `${known.size}\n` }
    const proof = lines.map((line) => fromBase64(line))
    if (oldSize === size && size > 0) {
      if (!Buffer.from(root).equals(known.root)) return { status: 409, body: `${known.size}\n` }
    } else if (oldSize === 0) {
      if (proof.length > 0) return { status: 422, body: '' }
    } else if (
      !(await verifyConsistency({ oldSize, oldRoot: known.root, newSize: size, newRoot: root, proof }))
    ) {
      return { status: 422, body: '' }
    }
    this.seen.set(origin, { size, root })
    const { text: signedText } = parseNote(note)
    const nowS = this.live ? Math.floor(Date.now() / 1_000) : this.nowS
    this.lastS = nowS
    const signature = this.#signer.sign(noteSignedBytes(signedText, nowS)) as Uint8Array
    const line = formatNote({
      text: signedText,
      signatures: [noteSignature(this.key, signature, nowS)],
    }).slice(signedText.length + 1)
    return { status: 200, body: line }
  }
}

async function signedByOneOf(
  note: string,
  keys: readonly NoteKey[],
): Promise<{ size: number; root: Uint8Array } | null> {
  for (const key of keys) {
    const verified = await verifyCheckpoint(note, key, []).catch(() => null)
    if (verified !== null) return verified.checkpoint
  }
  return null
}
