import { dayMs, hourOf, PerfAggError, toInstant, utf8 } from '@perf-agg/sdk'
import type { Quarantined } from '../accounting/entry/intake.ts'
import type { Observation, Wallet } from '../accounting/observation.ts'
import { defaultRules } from '../accounting/rules.ts'
import type { Failure, PollRequest, PollResult, Source, Weight } from '../collector/answer.ts'
import type { AccountRow, SessionRow, Store } from '../store/store.ts'
import type { Book, MarketLists, Watched } from './book.ts'
import { skewMsMax } from './collecting/clock-watch.ts'
import { type Chain, type Content, contentsOf } from './chain/chain.ts'
import type { Clock } from './clock.ts'
import type { Stated } from './composites.ts'
import { addressFor } from './schedule/egress-address.ts'
import type { Log } from '../http/log.ts'
import type { Collectors } from './collecting/collectors.ts'
import { Cut, PollCut } from './collecting/cut.ts'
import type { Streams } from './collecting/streams.ts'
import type { Expiry } from './expiry.ts'
import type { Health } from './health.ts'
import type { Lanes } from './lane.ts'
import { priceHours } from './price-round.ts'
import { missing, walletsOf } from './chain/scope.ts'
import { readSettings } from './configuration/session-settings.ts'

/** What a poll came to, for the schedule. */
export interface PollOutcome {
  readonly news: boolean
  /** Fills that it told. */
  readonly fills?: number
  /** It left something to be looked for. */
  readonly open?: boolean
  readonly retryAfterMs: number | null
  /** Nobody may ask this exchange from here before then. */
  readonly heldForMs: number | null
  /** What it cost of the exchange's budgets; absent where nothing came back. */
  readonly weight?: Weight
  /** What it stated; absent where nothing was. */
  readonly stated?: Stated
}

/** What is known of accounts beyond one poll, while this start lives. */
interface Memory {
  readonly refusals: Map<string, number>
  readonly checkedAtMs: Map<string, number>
}

const later: PollOutcome = { news: false, retryAfterMs: null, heldForMs: null }

/** A refused key is believed after so many polls in a row: exchanges refuse good keys in bad moments. */
const refusalsMax = 3
/** What is unexplained for longer is not looked for any more on every market there is. */
const sweepMsMax = 3 * dayMs
/** Ledger and cursor are stored at least so often, although nothing happened. */
const savePauseMs = 600_000

interface Parts {
  readonly clock: Clock
  readonly store: Store
  readonly collectors: Pick<Collectors, 'check' | 'poll' | 'candles' | 'markets'>
  /** What was told of the account since its last poll; absent where nobody listens. */
  readonly streams?: Pick<Streams, 'hintsOf' | 'answered' | 'noteSkew'>
  readonly lanes: Lanes
  readonly book: Book
  readonly markets: MarketLists
  readonly chain: Pick<Chain, 'noteOrigin' | 'write'>
  readonly expiry: Expiry
  readonly health: Health
  readonly log: Log
  /** Not null while the enclave's clock is wrong by what exchanges say. */
  readonly clockRefusal: (exchange: string) => PerfAggError | null
  /** A session is over: nothing of it is polled any more. */
  readonly unwatch: (session: SessionRow) => void
  /** Ours, that exchanges are asked from. */
  readonly addresses: readonly string[]
  readonly allowTradingKeys: boolean
}

/**
 * One poll of one account, from the exchange to the disk: observe, take into the ledger, price, close hours, and store
 * ledger, cursor, statements and their deliveries in one transaction. What can't be stored is forgotten and observed
 * again.
 */
export class Poller {
  readonly #parts: Parts
  /** Polls that wait for their exchange. */
  readonly #underWay = new Map<string, Cut>()
  readonly #barred = new Map<string, number>()
  readonly #memory: Memory

  constructor(parts: Parts, memory: Memory = { refusals: new Map(), checkedAtMs: new Map() }) {
    this.#parts = parts
    this.#memory = memory
  }

  /**
   * Work in an account's lane that no poll may hold up: the one under way is given up, with all that it has brought,
   * and none begins before the work is over.
   */
  async ahead<T>(pseudonym: string, work: () => Promise<T>): Promise<T> {
    this.#barred.set(pseudonym, (this.#barred.get(pseudonym) ?? 0) + 1)
    this.#underWay.get(pseudonym)?.now()
    try {
      return await this.#parts.lanes.run(pseudonym, work)
    } finally {
      const left = (this.#barred.get(pseudonym) ?? 1) - 1
      if (left === 0) this.#barred.delete(pseudonym)
      else this.#barred.set(pseudonym, left)
    }
  }

  async poll(pseudonym: string): Promise<PollOutcome> {
    return this.#parts.lanes.run(pseudonym, async () => {
      const { store, expiry } = this.#parts
      if (this.#barred.has(pseudonym)) return later
      const [row, session] = await Promise.all([store.account(pseudonym), this.#sessionOf(pseudonym)])
      if (row === null || session === null) return { news: false, retryAfterMs: dayMs, heldForMs: null }
      const credentials = await store.credentials(session.idHash)
      if (credentials === null || expiry.isOver(session)) {
        return { news: false, retryAfterMs: dayMs, heldForMs: null }
      }
      const cut = new Cut()
      this.#underWay.set(pseudonym, cut)
      try {
        return await this.#until(cut).#pollWith(row, session, credentials)
      } catch (error) {
        if (!(error instanceof PollCut)) throw error
        this.#parts.book.forget(pseudonym)
        return later
      } finally {
        this.#underWay.delete(pseudonym)
        credentials.fill(0)
      }
    })
  }

  /** The same poller for one poll, which asks and writes nothing any more once it is given up. */
  #until(cut: Cut): Poller {
    const { collectors, chain } = this.#parts
    return new Poller(
      {
        ...this.#parts,
        collectors: cut.asking(collectors),
        chain: {
          noteOrigin: (...what) => chain.noteOrigin(...what),
          write: async (...what) => {
            cut.check()
            return chain.write(...what)
          },
        },
      },
      this.#memory,
    )
  }

  async #sessionOf(pseudonym: string): Promise<SessionRow | null> {
    const sessions = await this.#parts.store.sessionsOfAccount(pseudonym)
    return sessions.find((session) => session.endedAtMs === null) ?? null
  }

  async #pollWith(row: AccountRow, session: SessionRow, credentials: Uint8Array): Promise<PollOutcome> {
    const { clock, collectors, streams, book, health } = this.#parts
    const { sandbox, apiIntervalMs, maxRetries } = readSettings(session.settings)
    const marketTypes = walletsOf(row.scope)
    const address = addressFor(row.pseudonym, this.#parts.addresses)
    const source: Source = { exchange: row.exchange, sandbox, marketTypes, address }
    const watched = await book.load(row)
    const refusal = await this.#recheck(row.pseudonym, source, credentials)
    if (refusal !== null) return this.#closed(row, session, watched, refusal)
    const request = { source, credentials, apiIntervalMs, maxRetries }
    const hints = streams?.hintsOf(row.pseudonym) ?? []
    const answer = await collectors.poll({
      ...request,
      hints,
      // own fills of the hour before must not make the prices at which its first one begins
      sinceMs: hourOf(watched.account.openedAtMs),
      cursor: watched.cursor,
      previousAnchor: watched.account.lastAnchor(),
      sweep: watched.account.openResiduals().some(({ toMs }) => clock.nowMs() - toMs < sweepMsMax),
    })
    if (answer.kind === 'failed') return this.#failed(row, session, watched, answer)
    streams?.answered(row.pseudonym, hints)
    streams?.noteSkew(row.pseudonym, answer.origin.serverTimeSkewMs)
    this.#memory.refusals.delete(row.pseudonym)
    this.#parts.chain.noteOrigin(row.pseudonym, answer.origin, answer.observation.unavailable)
    const isOff = Math.abs(answer.origin.serverTimeSkewMs) > skewMsMax && !clock.frozen
    if (isOff || this.#parts.clockRefusal(row.exchange) !== null) {
      health.bad(row.pseudonym, 'CLOCK_SKEW', clock.nowMs())
      return { news: false, retryAfterMs: null, heldForMs: null, weight: answer.weight }
    }
    const { complete, anchor } = answer.observation
    this.#parts.log.debug('polled', { complete, anchor: anchor === null ? null : toInstant(anchor.atMs) })
    if (complete) health.good(row.pseudonym)
    else health.bad(row.pseudonym, 'POLL_INCOMPLETE', clock.nowMs())
    return this.#state(row, session, watched, request, answer)
  }

  /** Takes what was observed and states what can be stated. */
  async #state(
    row: AccountRow,
    session: SessionRow,
    watched: Watched,
    request: Request,
    answer: PollResult,
  ): Promise<PollOutcome> {
    const { clock, book, health } = this.#parts
    const { account } = watched
    const seenMs = account.lastAnchor()?.atMs ?? 0
    const fills = answer.observation.fills.filter(({ atMs }) => atMs > seenMs).length
    try {
      this.#refused(account.take(answer.observation))
      watched.cursor = answer.cursor
      const joined = await this.#join(row, session, watched, request, answer.observation)
      const scope = joined ?? row.scope
      const source = { ...request.source, marketTypes: walletsOf(scope) }
      await priceHours(this.#parts, account, source, { nowMs: clock.nowMs() })
      const nowMs = clock.nowMs()
      const closed = account.close(nowMs, health.gapReasonOf(row.pseudonym))
      const contents: Content[] = contentsOf(closed)
      if (joined !== null) contents.push({ type: 'scope', atMs: nowMs, scope: joined })
      const news = hasNews(answer.observation)
      if (news || contents.length > 0 || nowMs - watched.savedAtMs >= savePauseMs) {
        const progress = { state: account.snapshot(), cursor: utf8(watched.cursor) }
        await this.#parts.chain.write(row, session, 'twr', contents, (tx) => {
          tx.saveProgress(row.pseudonym, progress)
          if (joined !== null) tx.updateAccount(row.pseudonym, { scope: joined })
          const first = closed.hours.find(({ origin }) => origin !== 'backfilled')
          if (row.firstObservedAtMs === null && first !== undefined) {
            tx.updateAccount(row.pseudonym, { firstObservedAtMs: first.startMs })
          }
        })
        watched.savedAtMs = nowMs
      }
      const { nextHourMs } = account
      const stated = { nextHourMs, corrected: closed.corrections.length > 0 }
      return {
        news,
        fills,
        open: !answer.observation.complete,
        retryAfterMs: null,
        heldForMs: null,
        weight: answer.weight,
        ...(contents.length > 0 && { stated }),
      }
    } catch (error) {
      // what is in memory was not stored: read it back before the next poll
      book.forget(row.pseudonym)
      throw error
    }
  }

  /**
   * The client asked for more wallets than are watched: right after a complete read of those that are, all are read.
   * The scope with the wallets that joined; null where none did.
   */
  async #join(
    row: AccountRow,
    session: SessionRow,
    watched: Watched,
    request: Request,
    before: Observation,
  ): Promise<readonly Wallet[] | null> {
    const { clock, collectors, health, log } = this.#parts
    const more = missing(row.scope, readSettings(session.settings).wallets)
    const anchor = watched.account.lastAnchor()
    if (more.length === 0 || !before.complete || anchor === null) return null
    const marketTypes = [...walletsOf(row.scope), ...more]
    const answer = await collectors.poll({
      ...request,
      source: { ...request.source, marketTypes },
      // of wallets that the cursor does not know
      sinceMs: anchor.atMs,
      cursor: watched.cursor,
      previousAnchor: anchor,
      sweep: false,
    })
    const refused = answer.kind === 'failed' ? null : watched.account.join(answer.observation, more)
    if (answer.kind === 'failed' || refused === null) {
      const code = answer.kind === 'failed' ? answer.code : 'POLL_INCOMPLETE'
      log.warn('wallets-not-read', { exchange: row.exchange, code })
      health.bad(row.pseudonym, code, clock.nowMs())
      return null
    }
    this.#refused(refused)
    watched.cursor = answer.cursor
    return marketTypes
  }

  #refused(refused: readonly Quarantined[]): void {
    for (const { kind, reason } of refused) this.#parts.log.warn('entry-refused', { kind, reason })
  }

  /** Once a day the key is looked at again: what it may do can be changed at the exchange. Null: go on. */
  async #recheck(pseudonym: string, source: Source, credentials: Uint8Array): Promise<string | null> {
    const { clock, collectors } = this.#parts
    const nowMs = clock.nowMs()
    const lastMs = this.#memory.checkedAtMs.get(pseudonym)
    if (lastMs !== undefined && nowMs - lastMs < dayMs) return null
    this.#memory.checkedAtMs.set(pseudonym, nowMs)
    if (lastMs === undefined) return null
    const checked = await collectors.check({ source, credentials })
    if (checked.kind === 'failed') return null
    if (checked.permissions === 'withdraw') return 'key-can-withdraw'
    return checked.permissions === 'trade' && !this.#parts.allowTradingKeys ? 'key-can-trade' : null
  }

  async #failed(
    row: AccountRow,
    session: SessionRow,
    watched: Watched,
    failure: Failure,
  ): Promise<PollOutcome> {
    const { clock, health, log } = this.#parts
    log.warn('poll-failed', {
      exchange: row.exchange,
      code: failure.code,
      exchange_code: failure.exchangeCode,
    })
    health.bad(row.pseudonym, failure.code, clock.nowMs())
    const heldForMs = failure.scope === 'exchange' ? failure.retryAfterMs : null
    if (failure.code === 'EXCHANGE_KEY_REFUSED' || failure.code === 'EXCHANGE_ACCOUNT_REFUSED') {
      const count = (this.#memory.refusals.get(row.pseudonym) ?? 0) + 1
      this.#memory.refusals.set(row.pseudonym, count)
      if (count >= refusalsMax) return this.#closed(row, session, watched, 'key-refused')
    }
    await this.#giveUp(row, session, watched)
    return { news: false, retryAfterMs: failure.retryAfterMs, heldForMs }
  }

  /**
   * An outage can outlast what is waited for: then its hours become gaps although nothing was observed. One that this
   * start has seen whole, that is: after a downtime of our own the exchange may still tell everything.
   */
  async #giveUp(row: AccountRow, session: SessionRow, watched: Watched): Promise<void> {
    const { clock, health, book, chain } = this.#parts
    if (health.lastingMs(row.pseudonym, clock.nowMs()) < defaultRules.gapAfterMs) return
    const reason = health.gapReasonOf(row.pseudonym)
    const contents = contentsOf(watched.account.close(clock.nowMs(), reason))
    if (contents.length === 0) return
    const state = watched.account.snapshot()
    try {
      await chain.write(row, session, 'twr', contents, (tx) => tx.saveProgress(row.pseudonym, { state }))
    } catch (error) {
      book.forget(row.pseudonym)
      throw error
    }
  }

  /** The exchange refuses the key, or it can do more than it may: the session ends, the chain says why. */
  async #closed(
    row: AccountRow,
    session: SessionRow,
    watched: Watched,
    reason: string,
  ): Promise<PollOutcome> {
    const { clock, chain, log } = this.#parts
    log.warn('session-closed', { exchange: row.exchange, reason, at: toInstant(clock.nowMs()) })
    const state = watched.account.snapshot()
    await chain.write(
      row,
      session,
      'twr',
      [{ type: 'closed', atMs: clock.nowMs(), reason }],
      (tx) => {
        tx.saveProgress(row.pseudonym, { state })
        tx.endSession(session.idHash, { atMs: clock.nowMs(), reason })
      },
      { urgent: true },
    )
    this.#memory.refusals.delete(row.pseudonym)
    this.#memory.checkedAtMs.delete(row.pseudonym)
    this.#parts.unwatch(session)
    return { news: false, retryAfterMs: dayMs, heldForMs: null }
  }
}

/** What both reads of one poll have in common. */
type Request = Pick<PollRequest, 'source' | 'credentials' | 'apiIntervalMs' | 'maxRetries'>

function hasNews(observation: Observation): boolean {
  const { fills, flows, conversions, incomes } = observation
  return fills.length + flows.length + conversions.length + incomes.length > 0
}
