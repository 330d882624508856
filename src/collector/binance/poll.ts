import { dayMs, hourOf, minuteMs } from '@perf-agg/sdk'
import { hourAfter } from '../../accounting/ledger/beginning.ts'
import type { Anchor, MarketType, Observation } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { limits } from '../../limits.ts'
import { type Base, type Explanation, type Residual, residualText, sameBalances } from '../explain.ts'
import { type Cursor, firstCursor, parseCursor, type Search, writeCursor } from './cursor.ts'
import { endpoints } from './endpoint.ts'
import { Ledger } from './ledger.ts'
import type { Polled } from '../adapter.ts'
import type { Hint } from '../hint.ts'
import type { Listings } from './listings.ts'
import { type Account, accountOf, type Listing } from './row.ts'
import { search } from './search.ts'
import { isSwept, sweepOn } from './sweep.ts'
import { historyMsOf } from '../reach.ts'

export interface PollOptions {
  readonly caller: Calls
  /** The exchange's time, and our clock set by it. */
  readonly sync: () => Promise<number>
  readonly listings: Listings
  readonly sinceMs: number
  readonly cursor: string | null
  readonly previousAnchor: Anchor | null
  readonly sweep: boolean
  readonly hints?: readonly Hint[]
  readonly wallets: readonly MarketType[]
}

/** A residual is looked for that long; late lists have come by then. */
const residualMsMax = dayMs
/** Lists come in late by minutes: what is unexplained for less than that is not given up. */
const graceMs = 10 * minuteMs
/** Reads of the balances that may disagree before a poll goes without an anchor. */
const roundsMax = 3

/**
 * One poll of a spot account, cheap where nothing happened and thorough once an hour.
 *
 * An anchor is a balance read that the ledger can be held against. Reading the ledger twice around it would cost
 * every symbol's price twice and prove no more than arithmetic does: where the last anchor and the entries since
 * give the balances *to the last unit*, the ledger was complete at that instant. Only where something stays
 * unexplained are the balances read again, and two reads that agree around the ledger make the anchor.
 */
export class Poll {
  readonly #options: PollOptions
  readonly #cursor: Cursor
  readonly #begunAtMs: number
  readonly #ledger: Ledger
  #search: Search | null = null

  static async run(options: PollOptions): Promise<Polled> {
    const cursor = options.cursor === null ? firstCursor(options.sinceMs) : parseCursor(options.cursor)
    const begunAtMs = await options.sync()
    await options.listings.load(options.caller, begunAtMs)
    const account = await readAccount(options)
    const floorMs = Math.min(cursor.floorMs, options.sinceMs)
    const sweep = options.sweep ? cursor.sweep : null
    // nothing was held against a balance yet: fills of hours that are over have to be looked for everywhere
    const isLate = options.cursor === null && begunAtMs > hourAfter(floorMs)
    const history = isLate ? { startedAtMs: begunAtMs, tried: [], done: false } : cursor.history
    return new Poll(options, { ...cursor, floorMs, sweep, history }, begunAtMs, account).#run()
  }

  private constructor(options: PollOptions, cursor: Cursor, begunAtMs: number, account: Account) {
    this.#options = options
    this.#cursor = cursor
    this.#begunAtMs = begunAtMs
    const first = options.cursor === null
    const base = first ? options.previousAnchor : cursor.base
    const balances = { account, askedAtMs: begunAtMs }
    const { caller, wallets } = options
    const others = wallets.filter((wallet) => wallet !== 'spot')
    const catchingUp = !first && base === null
    this.#ledger = new Ledger({ caller, cursor, base, catchingUp, balances, others })
  }

  async #run(): Promise<Polled> {
    const thorough = this.#cursor.thoroughHourMs !== hourOf(this.#begunAtMs)
    if (!thorough && this.#isQuiet()) return this.#quiet()

    const ledger = this.#ledger
    await ledger.readHinted(this.#hinted(), thorough)
    await (thorough ? ledger.readThoroughly() : ledger.readMoved())
    const transfers = await ledger.readTransfers()
    const known = ledger.explain()
    if (known?.kind === 'open' && this.#isNew(known.residual, thorough)) {
      await ledger.seldom.read(ledger.fromMs, known.residual)
    }
    const left = ledger.explain()
    if (left?.kind === 'open') await this.#look(left)
    const sweep = this.#options.sweep ? await this.#sweepOn() : null
    const history = await this.#historyOn()
    const explanation = ledger.explain()
    const anchor =
      explanation?.kind === 'exact' ? this.#provedAnchor(explanation.atMs) : await this.#agreedAnchor()
    return this.#result(anchor, { thorough, transfers, sweep, history })
  }

  /** What a stream told of, as far as there are such markets. */
  #hinted(): readonly Listing[] {
    const { hints = [], listings } = this.#options
    return hints.flatMap(({ wallet, market }) => (wallet === 'spot' ? (listings.byId(market) ?? []) : []))
  }

  /** Not looked for by the poll before, or not within the hour. */
  #isNew(residual: Residual, thorough: boolean): boolean {
    return thorough || this.#cursor.search?.residual !== residualText(residual)
  }

  /** Nothing moved since the last anchor, and nothing is looked for: there is nothing to read. */
  #isQuiet(): boolean {
    const { base, seen, search: open, updatedAtMs } = this.#cursor
    const balances = seen ?? base?.balances
    return (
      balances !== undefined &&
      this.#cursor.history === null &&
      (open === null || (this.#isGivenUp(open) && this.#forgotten(base, open) === null)) &&
      (!this.#options.sweep || isSwept(this.#cursor.sweep, this.#begunAtMs)) &&
      updatedAtMs === this.#ledger.balances.account.updatedAtMs &&
      sameBalances(balances, this.#ledger.balances.account.balances)
    )
  }

  #quiet(): Polled {
    const anchor = { atMs: this.#begunAtMs, balances: this.#ledger.balances.account.balances }
    const base = this.#cursor.search === null ? anchor : this.#cursor.base
    return {
      observation: this.#observation(anchor, true, null),
      cursor: writeCursor({ ...this.#cursor, base }),
    }
  }

  /** All was tried, and late lists had their time. */
  #isGivenUp(open: Search): boolean {
    return open.exhausted && this.#begunAtMs - open.sinceMs >= graceMs
  }

  /** Goes through the symbols that the residual points to; what is not reached is left to the next poll. */
  async #look(start: Explanation & { kind: 'open' }): Promise<void> {
    const { caller, listings } = this.#options
    const before = this.#cursor.search
    const thoroughAlready = this.#cursor.thoroughHourMs === hourOf(this.#begunAtMs)
    // All of it was tried within the hour; each hour it is tried again, for lists come in late.
    if (before?.exhausted === true && thoroughAlready && before.residual === residualText(start.residual)) {
      this.#search = before
      return
    }
    const { fills, fromMs } = this.#ledger
    this.#search = await search(
      {
        listings: listings.all,
        ranks: await listings.ranks(caller, this.#begunAtMs),
        isKnown: (id) => fills.isKnown(id),
        wasRead: (id) => fills.wasRead(id),
        tryListing: async (listing) => {
          if (fills.isKnown(listing.id)) await fills.readKnown(listing.id, 'near', fromMs)
          else await fills.readUnknown(listing, fromMs, 'searching')
          return this.#ledger.explain() ?? start
        },
        before,
        nowMs: this.#begunAtMs,
      },
      start.residual,
    )
  }

  async #sweepOn(): Promise<Cursor['sweep']> {
    const { caller, listings } = this.#options
    if (isSwept(this.#cursor.sweep, this.#begunAtMs)) return this.#cursor.sweep
    return sweepOn(this.#cursor.sweep, {
      listings: listings.all,
      ranks: await listings.ranks(caller, this.#begunAtMs),
      fills: this.#ledger.fills,
      fromMs: this.#cursor.floorMs,
      nowMs: this.#begunAtMs,
      symbolsMax: limits.collector.searchSymbolsMax,
    })
  }

  /** Null when it is through. */
  async #historyOn(): Promise<Cursor['history']> {
    const { history, floorMs } = this.#cursor
    if (history === null) return null
    const { caller, listings } = this.#options
    const next = await sweepOn(history, {
      listings: listings.all,
      ranks: await listings.ranks(caller, this.#begunAtMs),
      fills: this.#ledger.fills,
      fromMs: floorMs,
      nowMs: this.#begunAtMs,
      symbolsMax: limits.collector.historySymbolsMax,
    })
    return next.done ? null : next
  }

  /**
   * The balances were read after they were asked for, and every entry until `exactAtMs` is in them: the later of the two
   * is an instant at which they held, short of the entry that came next.
   */
  #provedAnchor(exactAtMs: number): Anchor {
    this.#search = null
    let nextMs = Number.POSITIVE_INFINITY
    for (const { atMs } of this.#ledger.entries()) if (atMs > exactAtMs) nextMs = Math.min(nextMs, atMs)
    const atMs = Math.max(exactAtMs, Math.min(this.#ledger.balances.askedAtMs, nextMs - 1))
    return { atMs, balances: this.#ledger.balances.account.balances }
  }

  /** Two equal reads of the balances around a read of the ledger: nothing happened between them. */
  async #agreedAnchor(): Promise<Anchor | null> {
    for (let round = 0; round < roundsMax; round += 1) {
      const betweenMs = await this.#options.sync()
      const again = await readAccount(this.#options)
      const agreed =
        again.updatedAtMs === this.#ledger.balances.account.updatedAtMs &&
        sameBalances(again.balances, this.#ledger.balances.account.balances)
      this.#ledger.balances = { account: again, askedAtMs: betweenMs }
      if (agreed) return { atMs: betweenMs, balances: again.balances }
      await this.#ledger.readAgain()
      const explanation = this.#ledger.explain()
      if (explanation?.kind === 'exact') return this.#provedAnchor(explanation.atMs)
    }
    return null
  }

  #result(
    anchor: Anchor | null,
    did: Pick<Cursor, 'sweep' | 'history'> & { readonly thorough: boolean; readonly transfers: boolean },
  ): Polled {
    const { fills, flows, flowsRead, balances } = this.#ledger
    const lost = this.#search === null ? null : this.#lost()
    const searching = this.#search !== null && !this.#isGivenUp(this.#search) && lost === null
    const listed = !fills.cut && flows.failed.size === 0
    const complete = listed && !searching && anchor !== null && did.history === null
    const base = this.#nextBase(anchor, lost !== null)
    const flowed = flowsRead && flows.failed.size === 0
    const cursor: Cursor = {
      floorMs: this.#cursor.floorMs,
      thoroughHourMs: did.thorough && listed ? hourOf(this.#begunAtMs) : this.#cursor.thoroughHourMs,
      flowsMs: flowed ? this.#begunAtMs : this.#cursor.flowsMs,
      transfersMs: did.transfers && flowed ? this.#begunAtMs : this.#cursor.transfersMs,
      updatedAtMs: balances.account.updatedAtMs,
      base,
      symbols: fills.known,
      estimates: flowsRead ? flows.estimates : this.#cursor.estimates,
      seen: anchor === null || base === anchor ? null : anchor.balances,
      search: base === anchor ? null : this.#search,
      sweep: did.sweep,
      history: did.history,
    }
    return { observation: this.#observation(anchor, complete, lost), cursor: writeCursor(cursor) }
  }

  /** While something is unexplained the next poll starts from the same place, so that it can still come out. */
  #nextBase(anchor: Anchor | null, lost: boolean): Base | null {
    const { base, fills } = this.#ledger
    // More fills than one poll takes: the next goes on behind them, and nothing is explained until it arrives.
    if (fills.cut) return null
    if (anchor === null || base === null) return anchor ?? base
    if (this.#search === null || lost) return anchor
    // after a standstill as well it is looked for to the end
    const isOld = this.#begunAtMs - base.atMs >= residualMsMax
    return isOld && this.#isGivenUp(this.#search) ? anchor : base
  }

  /**
   * Fills that were seen before are gone, and balances moved without explanation: what lies between the last anchor
   * and the oldest entry that any list still shows is lost. Lists forget by age: one that shows an older entry proves
   * that nothing younger is forgotten.
   */
  #lost(): Observation['lost'] {
    const { base, fills } = this.#ledger
    if (base === null) return null
    if (fills.truncated.length === 0) return this.#forgotten(base, this.#search)
    let toMs = Math.min(...fills.truncated.map(({ reachesToMs }) => reachesToMs))
    for (const { atMs } of this.#ledger.entries()) toMs = Math.min(toMs, atMs)
    return toMs > base.atMs ? { fromMs: base.atMs, toMs } : null
  }

  /** All was looked at, and something of before the shortest list's beginning is missing: that list told it. */
  #forgotten(base: Base | null, open: Search | null): Observation['lost'] {
    const toMs = this.#begunAtMs - (historyMsOf('binance', ['spot']) ?? Number.POSITIVE_INFINITY)
    if (base === null || open === null || !this.#isGivenUp(open) || toMs <= base.atMs) return null
    return { fromMs: base.atMs, toMs }
  }

  #observation(anchor: Anchor | null, complete: boolean, lost: Observation['lost']): Observation {
    const { fills, flows, seldom } = this.#ledger
    const since = <Each extends { readonly atMs: number }>(rows: readonly Each[]): Each[] =>
      rows.filter(({ atMs }) => atMs >= this.#cursor.floorMs).toSorted((a, b) => a.atMs - b.atMs)
    return {
      begunAtMs: this.#begunAtMs,
      complete,
      fills: fills.all().filter(({ atMs }) => atMs >= this.#cursor.floorMs),
      flows: since(this.#ledger.told()),
      conversions: since([...flows.conversions, ...seldom.conversions]),
      incomes: since(seldom.incomes),
      anchor,
      unavailable: [...flows.unavailable].toSorted(),
      lost,
    }
  }
}

async function readAccount({ caller, listings }: PollOptions): Promise<Account> {
  const { value } = await caller.call(endpoints.account)
  return accountOf(value, listings.assets)
}
