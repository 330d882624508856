import { PerfAggError } from '@perf-agg/sdk'
import { defaultRules } from '../accounting/rules.ts'
import type { AccountView } from '../accounting/view.ts'
import type { ChannelEvent, PushedTrade, TradeAck } from '../http/service.ts'
import type { AccountRow, Store } from '../store/store.ts'
import { type Chain, contentsOf, type LiveSession } from './chain/chain.ts'
import type { Log } from '../http/log.ts'
import { Feed } from './feed.ts'
import type { Lanes } from './lane.ts'
import { bucketOf } from './view.ts'

/** What could not be stated (a full disk, a clock that was set back) is tried again so much later. */
const retryPauseMs = 5_000

/** What a listener of an account hears; of `figures` only the newest matters. */
export type FeedEvent = Exclude<ChannelEvent, { type: 'metrics' }> | { readonly type: 'figures' }

interface Parts {
  readonly store: Store
  readonly lanes: Lanes
  readonly chain: Chain
  readonly graceMs: number
  readonly log: Log
}

/** All self-reported accounts: their trades in, their hours out. */
export class Feeds {
  readonly #parts: Parts
  /** The one feed of each account; `feed` is there once it has opened. */
  readonly #feeds = new Map<string, { readonly opening: Promise<Feed>; feed: Feed | null }>()
  readonly #sessions = new Map<string, LiveSession>()
  /** When what could not be stated is tried again. */
  readonly #retriesAtMs = new Map<string, number>()
  readonly #listeners = new Map<string, Set<(event: FeedEvent) => void>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** From now on the account's hours are stated in this session's name. */
  watch(account: string, session: LiveSession): void {
    this.#sessions.set(account, session)
  }

  unwatch(account: string): void {
    this.#sessions.delete(account)
    this.#retriesAtMs.delete(account)
    this.#tell(account, { type: 'closed', code: 'SESSION_ENDED', message: 'the session is over' })
  }

  get size(): number {
    return this.#sessions.size
  }

  subscribe(account: string, listener: (event: FeedEvent) => void): () => void {
    const listeners = this.#listeners.get(account) ?? new Set()
    this.#listeners.set(account, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(account) === listeners) this.#listeners.delete(account)
    }
  }

  async take(account: string, session: LiveSession, trade: PushedTrade, nowMs: number): Promise<TradeAck> {
    // it may have ended since the trade was on its way
    if (this.#sessions.get(account)?.idHash !== session.idHash) {
      throw new PerfAggError('SESSION_UNKNOWN', 'no such session')
    }
    const feed = await this.#feed(account)
    const ack = await feed.take(trade, nowMs).catch((error: unknown) => {
      if (feed.broken) this.#reopen(account, feed)
      throw error
    })
    if (!ack.duplicate) this.#tell(account, { type: 'figures' })
    return ack
  }

  async view(row: AccountRow, nowMs: number): Promise<AccountView> {
    return (await this.#feed(row.pseudonym)).reported.view(nowMs)
  }

  /** When the next hour of any account is ready. */
  async nextMs(): Promise<number> {
    let nextMs = Number.POSITIVE_INFINITY
    for (const account of this.#sessions.keys()) {
      const dueMs = (await this.#feed(account)).reported.nextDueMs()
      nextMs = Math.min(nextMs, Math.max(dueMs, this.#retriesAtMs.get(account) ?? 0))
    }
    return nextMs
  }

  /** States every hour that is ready. An account that fails is tried again later and does not hold up the others. */
  async closeDue(nowMs: number): Promise<void> {
    for (const [account, session] of this.#sessions) {
      const waitMs = (this.#retriesAtMs.get(account) ?? 0) - nowMs
      // a longer wait is a clock that was set back
      if (waitMs > 0 && waitMs <= retryPauseMs) continue
      this.#retriesAtMs.delete(account)
      try {
        const feed = await this.#feed(account)
        if (feed.reported.nextDueMs() <= nowMs) await this.#close(account, session, nowMs)
      } catch (error) {
        this.#retriesAtMs.set(account, nowMs + retryPauseMs)
        const code = error instanceof PerfAggError ? error.code : 'INTERNAL'
        this.#parts.log.error('hours-not-stated', { code })
      }
    }
  }

  /** States every hour that is over, whatever is left of its grace: the session is about to end. */
  async settle(account: string, nowMs: number): Promise<void> {
    const session = this.#sessions.get(account)
    if (session !== undefined) await this.#close(account, session, nowMs, true)
  }

  async #close(account: string, session: LiveSession, nowMs: number, all = false): Promise<void> {
    const feed = await this.#feed(account)
    await this.#parts.lanes.run(account, async () => {
      // nothing is stated of one that has ended while this waited
      if (this.#sessions.get(account) !== session) return
      const row = await this.#row(account)
      const { closed, state, through } = feed.close(nowMs, all)
      const contents = contentsOf(closed)
      if (contents.length === 0) return
      try {
        const journalThrough = await through
        await this.#parts.chain.write(row, session, 'capital-in-use', contents, (tx) => {
          tx.saveProgress(account, { state, journalThrough })
          const first = closed.hours[0]
          if (row.firstObservedAtMs === null && first !== undefined) {
            tx.updateAccount(account, { firstObservedAtMs: first.startMs })
          }
        })
      } catch (error) {
        // the ledger in memory has stated what the disk does not know: read it back
        this.#reopen(account, feed)
        throw error
      }
      for (const hour of [...closed.corrections.flatMap(({ hours }) => hours), ...closed.hours]) {
        this.#tell(account, { type: 'bucket', data: bucketOf(hour) })
      }
      this.#tell(account, { type: 'figures' })
    })
  }

  async #row(account: string): Promise<AccountRow> {
    const row = await this.#parts.store.account(account)
    if (row === null) throw new PerfAggError('SESSION_UNKNOWN', 'no such session')
    return row
  }

  #feed(account: string): Promise<Feed> {
    return this.#feeds.get(account)?.opening ?? this.#open(account, Promise.resolve())
  }

  /** The ledger in memory is ahead of the disk: once nothing of it is on its way there any more, it is read anew. */
  #reopen(account: string, feed: Feed): void {
    feed.retire()
    if (this.#feeds.get(account)?.feed === feed) {
      void this.#open(account, feed.settled()).catch(() => undefined)
    }
  }

  #open(account: string, ready: Promise<void>): Promise<Feed> {
    const { store, graceMs } = this.#parts
    const opening = ready.then(async () =>
      Feed.open(store, await this.#row(account), {
        graceMs,
        correctionWindowMs: defaultRules.correctionWindowMs,
      }),
    )
    const slot: { readonly opening: Promise<Feed>; feed: Feed | null } = { opening, feed: null }
    this.#feeds.set(account, slot)
    opening.then(
      (feed) => {
        slot.feed = feed
      },
      () => {
        if (this.#feeds.get(account) === slot) this.#feeds.delete(account)
      },
    )
    return opening
  }

  #tell(account: string, event: FeedEvent): void {
    for (const listener of this.#listeners.get(account) ?? []) listener(event)
  }
}
