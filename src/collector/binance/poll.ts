import { dayMs, hourOf, minuteMs } from '@perf-agg/sdk'
import type { Anchor, Observation } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { allOf } from '../failure.ts'
import { type Base, type Cursor, firstCursor, parseCursor, type Search, writeCursor } from './cursor.ts'
import { endpoints } from './endpoint.ts'
import {
  type Entry,
  entryOfConversion,
  entryOfFill,
  entryOfFlow,
  type Explanation,
  explain,
  residualText,
  sameBalances,
} from './explain.ts'
import { farMs, Fills } from './fills.ts'
import { Flows } from './flows.ts'
import type { Listings } from './listings.ts'
import { type Account, accountOf } from './row.ts'
import { search } from './search.ts'
import { isSwept, sweepOn } from './sweep.ts'

export interface PollOptions {
  readonly caller: Calls
  /** The exchange's time, and our clock set by it. */
  readonly sync: () => Promise<number>
  readonly listings: Listings
  readonly sinceMs: number
  readonly cursor: string | null
  readonly previousAnchor: Anchor | null
  readonly sweep: boolean
}

export interface Polled {
  readonly observation: Observation
  readonly cursor: string
}

/** A residual is looked for that long; late lists have come by then. */
const residualMsMax = dayMs
/** Lists come in late by minutes: what is unexplained for less than that is not given up. */
const graceMs = 10 * minuteMs
/** Reads of the balances that may disagree before a poll goes without an anchor. */
const roundsMax = 3
/** After so many of the latest symbols a deposit is likelier than one more symbol. */
const likelySymbols = 4

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
  readonly #base: Base | null
  /** The poll before met more fills than it could take. */
  readonly #catchingUp: boolean
  readonly #begunAtMs: number
  readonly #fills: Fills
  readonly #flows: Flows
  #account: Account
  /** Exchange time before the balances were last asked for. */
  #accountMs: number
  #search: Search | null = null
  #flowsRead = false

  static async run(options: PollOptions): Promise<Polled> {
    const cursor = options.cursor === null ? firstCursor(options.sinceMs) : parseCursor(options.cursor)
    const begunAtMs = await options.sync()
    await options.listings.load(options.caller, begunAtMs)
    const account = await readAccount(options)
    const floorMs = Math.min(cursor.floorMs, options.sinceMs)
    const sweep = options.sweep ? cursor.sweep : null
    return new Poll(options, { ...cursor, floorMs, sweep }, begunAtMs, account).#run()
  }

  private constructor(options: PollOptions, cursor: Cursor, begunAtMs: number, account: Account) {
    this.#options = options
    this.#begunAtMs = begunAtMs
    this.#account = account
    this.#accountMs = begunAtMs
    this.#cursor = cursor
    this.#base = options.cursor === null ? options.previousAnchor : cursor.base
    this.#catchingUp = options.cursor !== null && cursor.base === null
    this.#fills = new Fills(options.caller, cursor.symbols, begunAtMs)
    this.#flows = new Flows({
      caller: options.caller,
      exchangeNowMs: begunAtMs,
      begunAtMs,
      floorMs: cursor.floorMs,
      estimates: cursor.estimates,
      baseAtMs: this.#base?.atMs ?? null,
    })
  }

  async #run(): Promise<Polled> {
    const thorough = this.#cursor.thoroughHourMs !== hourOf(this.#begunAtMs)
    if (!thorough && this.#isQuiet()) return this.#quiet()

    let explanation = thorough ? await this.#readThoroughly() : await this.#readMoved()
    // Transfers between wallets cost a call for each pair: asked once a day, and when something is missing.
    const transfers = explanation?.kind !== 'exact' || this.#begunAtMs - this.#cursor.transfersMs >= dayMs
    if (transfers) {
      await this.#flows.readTransfers(Math.min(this.#cursor.transfersMs, this.#fromMs))
      explanation = this.#explain()
    }
    if (explanation?.kind === 'open') explanation = await this.#look(explanation)
    const sweep = this.#options.sweep ? await this.#sweepOn() : null
    explanation = this.#explain()
    const anchor =
      explanation?.kind === 'exact' ? this.#provedAnchor(explanation.atMs) : await this.#agreedAnchor()
    return this.#result(anchor, { thorough, transfers, sweep })
  }

  /** From where on entries are looked for. */
  get #fromMs(): number {
    return this.#base?.atMs ?? this.#cursor.floorMs
  }

  /** Nothing moved since the last anchor, and nothing is looked for: there is nothing to read. */
  #isQuiet(): boolean {
    const { base, seen, search: open, updatedAtMs } = this.#cursor
    const balances = seen ?? base?.balances
    return (
      balances !== undefined &&
      (open === null || this.#isGivenUp(open)) &&
      (!this.#options.sweep || isSwept(this.#cursor.sweep, this.#begunAtMs)) &&
      updatedAtMs === this.#account.updatedAtMs &&
      sameBalances(balances, this.#account.balances)
    )
  }

  #quiet(): Polled {
    const anchor = { atMs: this.#begunAtMs, balances: this.#account.balances }
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

  /** Every symbol that was traded lately, a day back: late fills move no balance when they appear. */
  async #readThoroughly(): Promise<Explanation | null> {
    const activeFromMs = Math.min(this.#fromMs, this.#begunAtMs - farMs)
    const active = this.#fills.known.filter(({ lastAtMs }) => lastAtMs >= activeFromMs)
    await allOf(
      active.map(({ id }) => this.#fills.readKnown(id, this.#catchingUp ? 'on' : 'far', this.#fromMs)),
    )
    await this.#readFlows()
    return this.#explain()
  }

  /** Between thorough polls: the likeliest first, and no further than until what moved is explained. */
  async #readMoved(): Promise<Explanation | null> {
    let explanation = this.#explain()
    const recent = this.#fills.known.toSorted((a, b) => b.lastAtMs - a.lastAtMs)
    let count = 0
    for (const symbol of recent) {
      if (explanation?.kind === 'exact') return explanation
      const residual = explanation?.residual
      if (residual !== undefined && !residual.has(symbol.base) && !residual.has(symbol.quote)) continue
      await this.#fills.readKnown(symbol.id, this.#catchingUp ? 'on' : 'near', this.#fromMs)
      count += 1
      if (count === likelySymbols) await this.#readFlows()
      explanation = this.#explain()
    }
    if (explanation?.kind === 'exact') return explanation
    if (!this.#flowsRead) await this.#readFlows()
    return this.#explain()
  }

  async #readFlows(): Promise<void> {
    await this.#flows.read(Math.min(this.#cursor.flowsMs, this.#fromMs))
    this.#flowsRead = true
  }

  /** Goes through the symbols that the residual points to; what is not reached is left to the next poll. */
  async #look(start: Explanation & { kind: 'open' }): Promise<Explanation> {
    const { caller, listings } = this.#options
    const before = this.#cursor.search
    const thoroughAlready = this.#cursor.thoroughHourMs === hourOf(this.#begunAtMs)
    // All of it was tried within the hour; each hour it is tried again, for lists come in late.
    if (before?.exhausted === true && thoroughAlready && before.residual === residualText(start.residual)) {
      this.#search = before
      return start
    }
    let explanation: Explanation = start
    this.#search = await search(
      {
        listings: listings.all,
        ranks: await listings.ranks(caller, this.#begunAtMs),
        isKnown: (id) => this.#fills.isKnown(id),
        wasRead: (id) => this.#fills.wasRead(id),
        tryListing: async (listing) => {
          if (this.#fills.isKnown(listing.id)) await this.#fills.readKnown(listing.id, 'near', this.#fromMs)
          else await this.#fills.readUnknown(listing, this.#fromMs, 'searching')
          explanation = this.#explain() ?? start
          return explanation
        },
        before,
        nowMs: this.#begunAtMs,
      },
      start.residual,
    )
    return explanation
  }

  async #sweepOn(): Promise<Cursor['sweep']> {
    const { caller, listings } = this.#options
    if (isSwept(this.#cursor.sweep, this.#begunAtMs)) return this.#cursor.sweep
    return sweepOn(this.#cursor.sweep, {
      listings: listings.all,
      ranks: await listings.ranks(caller, this.#begunAtMs),
      fills: this.#fills,
      fromMs: this.#cursor.floorMs,
      nowMs: this.#begunAtMs,
    })
  }

  #entries(): Entry[] {
    return [
      ...this.#fills.all().map(entryOfFill),
      ...this.#flows.flows.map(entryOfFlow),
      ...this.#flows.conversions.map(entryOfConversion),
    ]
  }

  /** Null before the first anchor: there is nothing to explain from. */
  #explain(): Explanation | null {
    if (this.#base === null) return null
    return explain(this.#base, this.#account.balances, this.#entries(), this.#accountMs)
  }

  /**
   * The balances were read after `accountMs`, and every entry until `exactAtMs` is in them: the later of the two
   * is an instant at which they held, short of the entry that came next.
   */
  #provedAnchor(exactAtMs: number): Anchor {
    this.#search = null
    let nextMs = Number.POSITIVE_INFINITY
    for (const { atMs } of this.#entries()) if (atMs > exactAtMs) nextMs = Math.min(nextMs, atMs)
    const atMs = Math.max(exactAtMs, Math.min(this.#accountMs, nextMs - 1))
    return { atMs, balances: this.#account.balances }
  }

  /** Two equal reads of the balances around a read of the ledger: nothing happened between them. */
  async #agreedAnchor(): Promise<Anchor | null> {
    for (let round = 0; round < roundsMax; round += 1) {
      const betweenMs = await this.#options.sync()
      const again = await readAccount(this.#options)
      const agreed =
        again.updatedAtMs === this.#account.updatedAtMs &&
        sameBalances(again.balances, this.#account.balances)
      this.#account = again
      this.#accountMs = betweenMs
      if (agreed) return { atMs: betweenMs, balances: again.balances }
      for (const { id } of this.#fills.known) if (this.#fills.wasRead(id)) await this.#fills.readAgain(id)
      const explanation = this.#explain()
      if (explanation?.kind === 'exact') return this.#provedAnchor(explanation.atMs)
    }
    return null
  }

  #result(
    anchor: Anchor | null,
    did: { readonly thorough: boolean; readonly transfers: boolean; readonly sweep: Cursor['sweep'] },
  ): Polled {
    const lost = this.#search === null ? null : this.#lost()
    const searching = this.#search !== null && !this.#isGivenUp(this.#search) && lost === null
    const listed = !this.#fills.cut && this.#flows.failed.size === 0
    const complete = listed && !searching && anchor !== null
    const base = this.#nextBase(anchor, lost !== null)
    const flowed = this.#flowsRead && this.#flows.failed.size === 0
    const cursor: Cursor = {
      floorMs: this.#cursor.floorMs,
      thoroughHourMs: did.thorough && listed ? hourOf(this.#begunAtMs) : this.#cursor.thoroughHourMs,
      flowsMs: flowed ? this.#begunAtMs : this.#cursor.flowsMs,
      transfersMs: did.transfers && flowed ? this.#begunAtMs : this.#cursor.transfersMs,
      updatedAtMs: this.#account.updatedAtMs,
      base,
      symbols: this.#fills.known,
      estimates: this.#flowsRead ? this.#flows.estimates : this.#cursor.estimates,
      seen: anchor === null || base === anchor ? null : anchor.balances,
      search: base === anchor ? null : this.#search,
      sweep: did.sweep,
    }
    return { observation: this.#observation(anchor, complete, lost), cursor: writeCursor(cursor) }
  }

  /** While something is unexplained the next poll starts from the same place, so that it can still come out. */
  #nextBase(anchor: Anchor | null, lost: boolean): Base | null {
    // More fills than one poll takes: the next goes on behind them, and nothing is explained until it arrives.
    if (this.#fills.cut) return null
    if (anchor === null || this.#base === null) return anchor ?? this.#base
    const kept = this.#search !== null && !lost && this.#begunAtMs - this.#base.atMs < residualMsMax
    return kept ? this.#base : anchor
  }

  /** Fills that were seen before are gone, and balances moved without explanation: what lay between is lost. */
  #lost(): Observation['lost'] {
    if (this.#fills.truncated.length === 0 || this.#base === null) return null
    const toMs = Math.min(...this.#fills.truncated.map(({ reachesToMs }) => reachesToMs))
    return toMs > this.#base.atMs ? { fromMs: this.#base.atMs, toMs } : null
  }

  #observation(anchor: Anchor | null, complete: boolean, lost: Observation['lost']): Observation {
    return {
      begunAtMs: this.#begunAtMs,
      complete,
      fills: this.#fills.all().filter(({ atMs }) => atMs >= this.#cursor.floorMs),
      flows: this.#flows.flows,
      conversions: this.#flows.conversions,
      incomes: [],
      anchor,
      unavailable: [...this.#flows.unavailable].toSorted(),
      lost,
    }
  }
}

async function readAccount({ caller, listings }: PollOptions): Promise<Account> {
  const { value } = await caller.call(endpoints.account)
  return accountOf(value, listings.assets)
}
