import { dayMs, hourMs, hourOf, minuteMs, parseJson, readArray, readBoolean, readEnum } from '@perf-agg/sdk'
import { readNullable, readObject, readString, secondMs, utf8 } from '@perf-agg/sdk'
import { Account } from '../accounting/account.ts'
import { hourAfter } from '../accounting/ledger/beginning.ts'
import { defaultRules } from '../accounting/rules.ts'
import type { AccountView } from '../accounting/view.ts'
import { type Wallet, wallets } from '../accounting/wallet.ts'
import type { Source } from '../collector/answer.ts'
import { outageMsMaxOf } from '../collector/reach.ts'
import type { Log } from '../http/log.ts'
import { limits } from '../limits.ts'
import type { AccountRow, SessionRow, Store } from '../store/store.ts'
import type { MarketLists } from './book.ts'
import { type Chain, type Content, contentsOf } from './chain/chain.ts'
import { walletsOf } from './chain/scope.ts'
import type { Clock } from './clock.ts'
import type { Collectors } from './collecting/collectors.ts'
import { Cut, PollCut } from './collecting/cut.ts'
import { readSettings } from './configuration/session-settings.ts'
import type { Expiry } from './expiry.ts'
import type { Lanes } from './lane.ts'
import type { PollOutcome } from './poller.ts'
import { priceHours } from './price-round.ts'
import { addressFor } from './schedule/egress-address.ts'
import type { Schedule } from './schedule/schedule.ts'

interface Parts {
  readonly clock: Clock
  readonly store: Store
  readonly collectors: Pick<Collectors, 'check' | 'poll' | 'candles' | 'markets'>
  readonly lanes: Lanes
  readonly markets: MarketLists
  readonly chain: Pick<Chain, 'noteOrigin' | 'write'>
  readonly expiry: Expiry
  readonly log: Log
  readonly addresses: readonly string[]
  readonly settlingMs: number
  /** How far back at most; 0: nothing of before a registration is read. */
  readonly daysMax: number
  /** There is a backend, which takes statements in its own time. */
  readonly delivers: boolean
  readonly schedule: Pick<Schedule, 'addPast' | 'remove' | 'polledAtMs'>
}

/** The time before one account's first registration, as far as it is read and stated. */
interface Past {
  readonly account: Account
  /** Whose wallets: those of the registration, and no others that join later. */
  readonly scope: readonly Wallet[]
  cursor: string | null
  over: boolean
}

/** What is asked of one exchange and stored nowhere, while one step lasts. */
interface Step {
  readonly key: string
  readonly row: AccountRow
  readonly session: SessionRow
  readonly source: Source
  readonly cut: Cut
}

const prefix = 'past/'
/** A list that is late is looked at again after this. */
const pauseMs = minuteMs
/**
 * Where an exchange counts the calls of each account, what was read needs this time to be forgotten: kraken's smallest
 * counter some 40 s for the longest poll.
 */
const quietMs = 45 * secondMs
/** What failed is tried again after this; what goes on failing later and later. */
const failedPauseMs = 5 * minuteMs
const failedPauseMsMax = hourMs
/** Views kept of what was stated of it: two years of hours take their time to read. */
const viewsMax = 8
/** Statements of one account that a backend has not taken yet, before more of its past is stated. */
const waitingMax = 16

/**
 * What was before accounts were registered, from what their exchanges still tell: read and priced beside the live hours,
 * which wait for none of it, by a ledger of its own that lives until the hour of the registration is stated. Each step
 * is small and durable by itself, so that a start goes on where the one before was ended.
 */
export class Pasts {
  readonly #parts: Parts
  /** The one that was worked on last: its ledger may be large. */
  #held: { readonly key: string; readonly past: Past } | null = null
  readonly #underWay = new Map<string, Cut>()
  /** With the bytes that they were read from, those asked for last at the end. */
  readonly #views = new Map<string, { readonly state: Uint8Array; readonly view: AccountView }>()
  /** Failures in a row. */
  readonly #failures = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The key under which it stands in the schedule and in the store; no pseudonym looks like it. */
  static keyOf(pseudonym: string): string {
    return prefix + pseudonym
  }

  watch(pseudonym: string, place: string): void {
    const { schedule, clock, daysMax } = this.#parts
    if (daysMax > 0) schedule.addPast(Pasts.keyOf(pseudonym), place, clock.nowMs())
  }

  unwatch(pseudonym: string): void {
    this.#parts.schedule.remove(Pasts.keyOf(pseudonym))
  }

  has(key: string): boolean {
    return key.startsWith(prefix)
  }

  /** What is under way for an account is given up: nothing of it was stored. */
  cut(pseudonym: string): void {
    this.#underWay.get(Pasts.keyOf(pseudonym))?.now()
  }

  cutAll(): void {
    for (const cut of this.#underWay.values()) cut.now()
  }

  /** What was stated of it so far; null where nothing was. */
  async view({ pseudonym }: AccountRow): Promise<AccountView | null> {
    const { state } = await this.#parts.store.progress(Pasts.keyOf(pseudonym))
    if (state === null) return null
    const known = this.#views.get(pseudonym)
    const isKnown = known !== undefined && Buffer.compare(known.state, state) === 0
    const view = isKnown ? known.view : Account.restore(state).view(0)
    this.#views.delete(pseudonym)
    this.#views.set(pseudonym, { state, view })
    const [oldest] = this.#views.keys()
    if (this.#views.size > viewsMax && oldest !== undefined) this.#views.delete(oldest)
    return view.hours.length === 0 ? null : view
  }

  async step(key: string): Promise<PollOutcome> {
    const { store, expiry, clock, addresses, settlingMs, collectors, schedule } = this.#parts
    const pseudonym = key.slice(prefix.length)
    const [row, session] = await Promise.all([store.account(pseudonym), this.#sessionOf(pseudonym)])
    const credentials = session === null ? null : await store.credentials(session.idHash)
    if (row === null || session === null || credentials === null || expiry.isOver(session)) {
      return this.#end(key)
    }
    const cut = new Cut()
    this.#underWay.set(key, cut)
    try {
      // the hour of the registration belongs to it, and has to be over
      const openMs = liveFromOf(row) + settlingMs
      if (clock.nowMs() < openMs) return rest(openMs - clock.nowMs())
      const past = await this.#load(key, row)
      if (past.over) return this.#end(key)
      const { sandbox } = readSettings(session.settings)
      const address = addressFor(pseudonym, addresses)
      const source: Source = { exchange: row.exchange, sandbox, marketTypes: past.scope, address }
      const step: Step = { key, row, session, source, cut }
      const asking = cut.asking(collectors)
      if (past.account.isPastRead) return await this.#state(step, past, asking)
      const polledAtMs = schedule.polledAtMs(pseudonym) ?? 0
      const quietAtMs = clock.frozen ? 0 : polledAtMs + quietMs
      if (clock.nowMs() < quietAtMs) return rest(quietAtMs - clock.nowMs())
      return await this.#read(step, past, asking, credentials)
    } catch (error) {
      // what is in memory was not stored
      this.#held = null
      if (error instanceof PollCut) return rest(secondMs)
      throw error
    } finally {
      this.#underWay.delete(key)
      credentials.fill(0)
    }
  }

  #end(key: string): PollOutcome {
    this.#held = null
    this.#failures.delete(key)
    this.#parts.schedule.remove(key)
    return rest(0)
  }

  async #sessionOf(pseudonym: string): Promise<SessionRow | null> {
    const sessions = await this.#parts.store.sessionsOfAccount(pseudonym)
    return sessions.find((session) => session.endedAtMs === null) ?? null
  }

  async #load(key: string, row: AccountRow): Promise<Past> {
    const scope = walletsOf(row.scope)
    const held = this.#held?.key === key ? this.#held.past : await this.#stored(key, row)
    // where a wallet has joined, either all of it is of both or there is no more of it
    const isWider = !held.over && scope.length > held.scope.length
    const past = !isWider ? held : isUntold(held.account) ? this.#fresh(row) : { ...held, over: true }
    this.#held = { key, past }
    return past
  }

  async #stored(key: string, row: AccountRow): Promise<Past> {
    const { store } = this.#parts
    const { state, cursor } = await store.progress(key)
    if (cursor !== null) {
      const standing = readStanding(cursor)
      if (standing.over || state === null) return { ...this.#fresh(row), over: true }
      return { account: Account.restore(state), ...standing }
    }
    const fresh = this.#fresh(row)
    const stated = await store.statedHours(row.pseudonym, 0, liveFromOf(row))
    return { ...fresh, over: stated.length > 0 }
  }

  /** From where the exchange tells everything that this account type needs. */
  #fresh(row: AccountRow): Past {
    const { clock, daysMax, settlingMs } = this.#parts
    const scope = walletsOf(row.scope)
    const toldMs = clock.nowMs() - outageMsMaxOf(row.exchange, scope) + hourMs
    const openedAtMs = Math.max(row.firstRegisteredAtMs - daysMax * dayMs, toldMs)
    const { firstRegisteredAtMs } = row
    const account = Account.open({ openedAtMs, firstRegisteredAtMs, settlingMs, rules: defaultRules })
    return { account, scope, cursor: null, over: openedAtMs >= firstRegisteredAtMs }
  }

  /** Reads on, towards now: balances are rolled back from there. */
  async #read(step: Step, past: Past, asking: Asking, credentials: Uint8Array): Promise<PollOutcome> {
    const { chain, log } = this.#parts
    const { account } = past
    const { row, session, source } = step
    const { apiIntervalMs, maxRetries } = readSettings(session.settings)
    const answer = await asking.poll({
      source,
      credentials,
      apiIntervalMs,
      maxRetries,
      sinceMs: hourOf(account.openedAtMs),
      cursor: past.cursor,
      previousAnchor: account.lastAnchor(),
      sweep: false,
      background: true,
    })
    if (answer.kind === 'failed') {
      const { code, exchangeCode, retryAfterMs, scope } = answer
      log.warn('past-not-read', { exchange: row.exchange, code, exchange_code: exchangeCode })
      const heldForMs = scope === 'exchange' ? retryAfterMs : null
      return { ...rest(this.#failedPauseMs(step.key, retryAfterMs)), heldForMs }
    }
    this.#failures.delete(step.key)
    const { observation, cursor, origin, weight } = answer
    chain.noteOrigin(row.pseudonym, origin, observation.unavailable)
    for (const { kind, reason } of account.take(observation)) log.warn('entry-refused', { kind, reason })
    account.beginPast(limits.daemon.pastEntriesMax)
    past.cursor = cursor
    past.over = isThrough(account)
    if (!(await this.#save(step, past, []))) return this.#end(step.key)
    if (account.isPastRead) return { ...rest(0), weight }
    // one that was cut goes on; what is late has to come first
    const isLate = observation.anchor !== null && !observation.complete
    return { ...rest(isLate ? pauseMs : this.#parts.clock.frozen ? 0 : quietMs), weight }
  }

  #failedPauseMs(key: string, retryAfterMs: number | null): number {
    const before = this.#failures.get(key) ?? 0
    this.#failures.set(key, before + 1)
    const leastMs = before === 0 ? 0 : Math.min(minuteMs * 2 ** before, failedPauseMsMax)
    return Math.max(retryAfterMs ?? failedPauseMs, leastMs)
  }

  /** A day of it at most: prices, hours, statement. */
  async #state(step: Step, past: Past, asking: Asking): Promise<PollOutcome> {
    const { clock, markets, log, settlingMs } = this.#parts
    const { account } = past
    const isBehind = await this.#waits(step.row)
    if (isBehind) return rest(pauseMs)
    const beforeMs = account.nextHourMs
    const nowMs = Math.min(account.liveFromMs, beforeMs + dayMs) + settlingMs
    const bounds = { nowMs, listedAtMs: clock.nowMs(), background: true }
    await priceHours({ collectors: asking, markets, log }, account, step.source, bounds)
    const contents = contentsOf(account.close(nowMs))
    past.over = isThrough(account)
    if (!(await this.#save(step, past, contents))) return this.#end(step.key)
    return rest(account.nextHourMs > beforeMs ? 0 : pauseMs)
  }

  /** A backend that takes nothing is not told ever more. */
  async #waits({ pseudonym, head }: AccountRow): Promise<boolean> {
    const { store, delivers } = this.#parts
    const item = !delivers ? null : await store.outboxOf(pseudonym, head.sequence - waitingMax)
    return item !== null && item.state !== 'delivered'
  }

  /** False where the session is over, and nothing more may be stated in its name. */
  async #save(step: Step, past: Past, contents: readonly Content[]): Promise<boolean> {
    const { store, chain, lanes } = this.#parts
    const { key, session, cut } = step
    const progress = { state: past.account.snapshot(), cursor: utf8(writeStanding(past)) }
    return lanes.run(step.row.pseudonym, async () => {
      cut.check()
      const [row, current] = await Promise.all([
        store.account(step.row.pseudonym),
        store.sessionById(session.idHash),
      ])
      if (row === null || current === null || current.endedAtMs !== null) return false
      await chain.write(row, current, 'twr', contents, (tx) => tx.saveProgress(key, progress))
      return true
    })
  }
}

type Asking = ReturnType<Cut['asking']>

const rest = (retryAfterMs: number): PollOutcome => ({ news: false, retryAfterMs, heldForMs: null })

/** The first live hour. */
const liveFromOf = ({ firstRegisteredAtMs }: AccountRow): number => hourAfter(firstRegisteredAtMs)

const isThrough = (account: Account): boolean => account.nextHourMs >= account.liveFromMs

function isUntold(account: Account): boolean {
  const { hours, coverage } = account.view(0)
  return hours.length + coverage.gaps.length === 0
}

function writeStanding({ scope, cursor, over }: Past): string {
  return JSON.stringify({ scope, cursor, over })
}

function readStanding(bytes: Uint8Array): Pick<Past, 'scope' | 'cursor' | 'over'> {
  const bounds = { bytesMax: 2 * limits.collector.cursorBytesMax, depthMax: 4 }
  const { scope, cursor, over } = readObject(parseJson(bytes, bounds), '', {
    required: ['scope', 'cursor', 'over'],
  })
  return {
    scope: readArray(scope, 'scope', wallets.length, (each, path) => readEnum(each, path, wallets)),
    cursor: readNullable(cursor, 'cursor', (text, path) =>
      readString(text, path, { max: limits.collector.cursorBytesMax }),
    ),
    over: readBoolean(over, 'over'),
  }
}
