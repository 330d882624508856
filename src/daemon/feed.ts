import { randomBytes } from 'node:crypto'
import {
  PerfAggError,
  fromUtf8,
  hourOf,
  parseJson,
  readInteger,
  readNullable,
  readObject,
  readString,
  toInstant,
  toText,
  utf8,
} from '@perf-agg/sdk'
import type { Closed } from '../accounting/hour/hour.ts'
import { type ReportedTrade, SelfReported } from '../accounting/self-reported/self-reported.ts'
import type { PushedTrade, TradeAck } from '../http/service.ts'
import type { AccountRow, Store } from '../store/store.ts'

/**
 * One self-reported account in memory. A trade is taken in two steps: into the ledger, and into the store's journal;
 * it is acknowledged after the second. What the journal holds and the stored ledger does not is taken again at start.
 */
export class Feed {
  readonly #store: Store
  readonly #account: string
  readonly reported: SelfReported
  /** The journal entry of the last trade handed to the store; rejects where it could not be stored. */
  #lastEntry: Promise<number>
  #broken = false

  private constructor(store: Store, account: string, reported: SelfReported, lastEntry: number) {
    this.#store = store
    this.#account = account
    this.reported = reported
    this.#lastEntry = Promise.resolve(lastEntry)
  }

  static async open(
    store: Store,
    row: AccountRow,
    options: { readonly graceMs: number; readonly correctionWindowMs: number },
  ): Promise<Feed> {
    const { state, journal } = await store.progress(row.pseudonym)
    const reported =
      state === null
        ? SelfReported.open({ openedAtMs: row.firstRegisteredAtMs, ...options })
        : SelfReported.restore(state)
    for (const { bytes } of journal) {
      const { trade, receivedAtMs } = readEntry(bytes)
      reported.takeTrade(trade, receivedAtMs)
    }
    return new Feed(store, row.pseudonym, reported, journal.at(-1)?.entry ?? 0)
  }

  /** True once a trade could not be stored: the ledger in memory is ahead of the disk and must be read anew. */
  get broken(): boolean {
    return this.#broken
  }

  /** Takes no more trades: its successor will have read what the disk holds by then. */
  retire(): void {
    this.#broken = true
  }

  /** Resolves when nothing of it is on its way to the disk any more. */
  async settled(): Promise<void> {
    await this.#lastEntry.catch(() => undefined)
  }

  /** Resolves once the trade is durable. */
  async take(pushed: PushedTrade, nowMs: number): Promise<TradeAck> {
    if (this.#broken) {
      throw new PerfAggError('STATE_IO', 'trades can not be stored right now', { action: 'retry' })
    }
    const trade: ReportedTrade = {
      symbol: pushed.symbol,
      side: pushed.side,
      price: toText(pushed.price),
      size: toText(pushed.size),
      fee: toText(pushed.fee),
      atMs: pushed.atMs,
      id: pushed.id,
    }
    const ack = {
      id: pushed.id ?? randomBytes(12).toString('base64url'),
      hour: toInstant(hourOf(pushed.atMs)),
    }
    if (!this.reported.takeTrade(trade, nowMs)) {
      // the first of the two may still be on its way to the disk
      await this.#lastEntry
      return { ...ack, duplicate: true }
    }
    const entry = this.#store.commit((tx) =>
      tx.appendJournal(this.#account, utf8(JSON.stringify({ trade, received_at_ms: nowMs }))),
    )
    this.#lastEntry = entry
    try {
      await entry
    } catch (error) {
      this.#broken = true
      throw error
    }
    return { ...ack, duplicate: false }
  }

  /**
   * Closes what is ready, or `all` that is over. Everything that depends on the ledger's state is made here in one go;
   * `through` resolves when the trades in it are durable.
   */
  close(nowMs: number, all: boolean): { closed: Closed; state: Uint8Array; through: Promise<number> } {
    const closed = all ? this.reported.settle(nowMs) : this.reported.close(nowMs)
    return { closed, state: this.reported.snapshot(), through: this.#lastEntry }
  }
}

function readEntry(bytes: Uint8Array): { trade: ReportedTrade; receivedAtMs: number } {
  const entry = readObject(parseJson(fromUtf8(bytes)), 'entry', { required: ['trade', 'received_at_ms'] })
  const trade = readObject(entry.trade, 'entry.trade', {
    required: ['symbol', 'side', 'price', 'size', 'fee', 'atMs', 'id'],
  })
  return {
    trade: {
      symbol: readString(trade.symbol, 'symbol'),
      side: readString(trade.side, 'side') === 'buy' ? 'buy' : 'sell',
      price: readString(trade.price, 'price'),
      size: readString(trade.size, 'size'),
      fee: readString(trade.fee, 'fee'),
      atMs: readInteger(trade.atMs, 'atMs'),
      id: readNullable(trade.id, 'id', readString),
    },
    receivedAtMs: readInteger(entry.received_at_ms, 'received_at_ms'),
  }
}
