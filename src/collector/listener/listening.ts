import { limits } from '../../limits.ts'
import { binanceStreams } from '../binance/streams.ts'
import { bybitStreams } from '../bybit/streams.ts'
import type { Credentials } from '../credentials.ts'
import { okxStreams } from '../okx/streams.ts'
import type { Wire } from '../wire.ts'
import { downOf } from './down.ts'
import { Ear } from './ear.ts'
import type { Lines } from './lines.ts'
import type { Order, Word } from './message.ts'
import type { StreamSource } from './source.ts'

const sources: Readonly<Record<string, StreamSource>> = {
  binance: binanceStreams,
  bybit: bybitStreams,
  okx: okxStreams,
}

/** The accounts that are listened to, each by an ear of its own. */
export class Listening {
  readonly #ways: { readonly wire: Wire; readonly lines: Lines }
  readonly #tell: (word: Word) => void
  readonly #ears = new Map<number, Ear>()

  constructor(ways: { readonly wire: Wire; readonly lines: Lines }, tell: (word: Word) => void) {
    this.#ways = ways
    this.#tell = tell
  }

  follow(order: Order, credentials: Credentials | null): void {
    const { id } = order
    if (order.kind === 'leave') {
      this.#ears.get(id)?.close()
      this.#ears.delete(id)
      return
    }
    if (this.#ears.has(id)) throw new RangeError('that account is listened to')
    const source = Object.hasOwn(sources, order.exchange) ? sources[order.exchange] : undefined
    if (source === undefined || credentials === null || this.#ears.size >= limits.listener.accountsMax) {
      return this.#tell({ kind: 'down', id, ...downOf('STREAM_NOT_SUPPORTED') })
    }
    const ear = new Ear(source, {
      up: (whole) => this.#tell({ kind: 'up', id, whole }),
      hint: (hints) => this.#tell({ kind: 'hint', id, hints }),
      down: (down) => {
        this.#ears.delete(id)
        this.#tell({ kind: 'down', id, ...down })
      },
    })
    this.#ears.set(id, ear)
    void ear.open(source, order, credentials, this.#ways)
  }
}
