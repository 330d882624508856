import type { Reader, Writer } from '../codec.ts'
import { flowKey } from './cash-flow.ts'
import type { Entry, FlowEntry } from './entry.ts'
import { type Wallet, wallets as known } from '../wallet.ts'

/** Wallets that came under watch later than the account did. */
export interface Join {
  readonly wallets: readonly Wallet[]
  /** The balance read that was the first to include them. */
  readonly atMs: number
}

/**
 * What became of wallets that joined: nothing that happened in them before is this account's, though the exchange
 * tells of it. A fill says its wallet; of anything else, what the first read of the wider scope brought is remembered.
 */
export class Joins {
  #joins: Join[] = []
  /** Entries of before a join, by key, with their times: passed over whenever they are told again. */
  readonly #passed = new Map<string, number>()

  get all(): readonly Join[] {
    return this.#joins
  }

  add(join: Join): void {
    this.#joins.push(join)
  }

  pass(entry: Entry): void {
    this.#passed.set(entry.key, entry.atMs)
  }

  /** Whether an entry is of a wallet's time before it joined. */
  isBefore(entry: Entry): boolean {
    if (this.#passed.has(entry.key)) return true
    if (entry.kind !== 'fill') return false
    return this.#joins.some(({ wallets, atMs }) => entry.atMs <= atMs && wallets.includes(entry.market))
  }

  /** Forgets entries that are too old to be taken anyway. */
  fold(beforeMs: number): void {
    for (const [key, atMs] of this.#passed) if (atMs < beforeMs) this.#passed.delete(key)
  }

  write(writer: Writer): void {
    writer.list(this.#joins, ({ wallets, atMs }) => {
      writer.list(wallets, (wallet) => writer.count(known.indexOf(wallet)))
      writer.instant(atMs)
    })
    writer.map(
      this.#passed,
      (key) => writer.text(key),
      (atMs) => writer.instant(atMs),
    )
  }

  static read(reader: Reader): Joins {
    const joins = new Joins()
    joins.#joins = reader.list(() => ({
      wallets: reader.list(() => reader.oneOf(known)),
      atMs: reader.instant(),
    }))
    const passed = reader.map(
      () => reader.text(),
      () => reader.instant(),
    )
    for (const [key, atMs] of passed) joins.#passed.set(key, atMs)
    return joins
  }
}

/** The flow by which wallets join: what they hold comes in, and no more can be said of where it was before. */
export function joinedFlow({ wallets, atMs }: Join, changes: FlowEntry['changes']): FlowEntry {
  const id = wallets.join('+')
  return { kind: 'flow', flow: 'joined', key: flowKey('joined', id), id, atMs, atEstimated: false, changes }
}
