import { utf8 } from '@perf-agg/sdk'
import type { Listen, Word } from '../../src/collector/listener/message.ts'
import { Listener } from '../../src/daemon/collecting/listener.ts'
import { streamRulesOf } from '../../src/egress/stream-hosts.ts'

export type Told = Exclude<Word, { readonly kind: 'ready' }>

/** A real listener with an egress of its own, and what it told. */
export interface Ears {
  readonly listener: Listener
  readonly words: Told[]
  readonly refused: { readonly code: string; readonly host: string | null }[]
  readonly died: { readonly role: string; readonly code: number | null; readonly meaning: string }[]
  listen(
    key: { readonly apiKey: string; readonly secret: string; readonly passphrase?: string },
    order?: Partial<Listen>,
  ): Promise<number>
  /** The next word that passes, of those not awaited yet. */
  next(wanted?: (word: Told) => boolean): Promise<Told>
}

export async function startEars(options: {
  readonly exchange: string
  readonly url: string
  readonly nowMs: () => number
}): Promise<Ears> {
  const words: Told[] = []
  const refused: { code: string; host: string | null }[] = []
  const died: { role: string; code: number | null; meaning: string }[] = []
  let heard = 0
  let wake = (): void => {}
  const { exchange, url } = options
  const listener = await Listener.start(
    streamRulesOf(exchange, url),
    {
      word: (word) => {
        words.push(word)
        wake()
      },
      refused: (message) => refused.push(message),
      died: (fields) => {
        died.push(fields)
        wake()
      },
    },
    { user: null, address: null },
  )
  let lastId = 0
  return {
    listener,
    words,
    refused,
    died,
    async listen({ apiKey, secret, passphrase }, order = {}) {
      const id = (lastId += 1)
      const credentials = utf8(
        JSON.stringify({ api_key: apiKey, secret, ...(passphrase === undefined ? {} : { passphrase }) }),
      )
      await listener.listen(
        {
          kind: 'listen',
          id,
          nowMs: options.nowMs(),
          frozen: true,
          skewMs: 0,
          exchange,
          sandbox: false,
          baseUrl: url,
          wallets: ['spot'],
          ...order,
        },
        credentials,
      )
      return id
    },
    async next(wanted = () => true) {
      for (;;) {
        for (; heard < words.length; heard += 1) {
          const word = words[heard]
          if (word !== undefined && wanted(word)) {
            heard += 1
            return word
          }
        }
        if (died.length > 0) throw new Error(`a child died: ${JSON.stringify(died)}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
