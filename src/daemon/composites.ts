import { PerfAggError } from '@perf-agg/sdk'
import type { Account } from '../accounting/account.ts'
import { Composite } from '../accounting/composite/composite.ts'
import type { PriceWant } from '../accounting/hour/hour.ts'
import { defaultRules } from '../accounting/rules.ts'
import type { AccountView } from '../accounting/view.ts'
import type { Source } from '../collector/answer.ts'
import type { Log } from '../http/log.ts'
import { limits } from '../limits.ts'
import { pricingTypes } from '../session/exchange.ts'
import type { AccountRow, Store } from '../store/store.ts'
import type { Book, MarketLists } from './book.ts'
import type { Clock } from './clock.ts'
import type { Collectors } from './collecting/collectors.ts'
import type { Lanes } from './lane.ts'
import { methodOf } from './registration.ts'
import { walletsOf } from './chain/scope.ts'
import { addressFor } from './schedule/egress-address.ts'

interface Parts {
  readonly clock: Clock
  readonly store: Store
  readonly book: Book
  readonly markets: MarketLists
  readonly collectors: Pick<Collectors, 'candles' | 'markets'>
  /** Ours, that exchanges are asked from. */
  readonly addresses: readonly string[]
  readonly lanes: Lanes
  readonly log: Log
}

/** A client's accounts as one, and each by itself. */
export interface CompositeFigures {
  readonly whole: AccountView
  readonly members: readonly {
    readonly row: AccountRow
    readonly fromMs: number
    readonly weightPct: number | null
    readonly figures: AccountView
  }[]
}

/** What a poll stated of an account. */
export interface Stated {
  readonly nextHourMs: number
  readonly corrected: boolean
}

const priceRoundsMax = 6
/** As many as are looked at within an hour; others are made again from the store, for each holds every hour. */
const shownMax = 32

/**
 * The composites of clients that have several accounts of one environment under one client key. They are made from
 * what is on disk of the accounts, after each poll that stated something; no poll waits for them, and they for none.
 */
export class Composites {
  readonly #parts: Parts
  /** How far accounts are stated, as far as this start has seen. */
  readonly #stated = new Map<string, Stated>()
  readonly #shown = new Map<string, CompositeFigures>()
  /** How far composites are. */
  readonly #nextHourMs = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** An account stated something: its client's composite may go on. */
  async note(pseudonym: string, stated: Stated): Promise<void> {
    const row = await this.#parts.store.account(pseudonym)
    if (row === null || row.clientKey === null) return
    this.#stated.set(pseudonym, stated)
    const rows = await this.#accountsBeside(row)
    const key = keyOf(row)
    const seen = rows.map((one) => this.#stated.get(one.pseudonym))
    const madeToMs = this.#nextHourMs.get(key) ?? 0
    // one that says nothing for a day is a gap of all
    const isOverdue = this.#parts.clock.nowMs() - madeToMs > defaultRules.gapAfterMs
    const waits = !isOverdue && seen.some((one) => one !== undefined && one.nextHourMs <= madeToMs)
    if (rows.length < 2 || (waits && !stated.corrected)) return
    await this.#parts.lanes.run(key, () => this.#update(key, rows))
  }

  /** Null: there is but one account. */
  async figures(row: AccountRow): Promise<CompositeFigures | null> {
    if (row.clientKey === null || methodOf(row.exchange) !== 'twr') return null
    const rows = await this.#accountsBeside(row)
    if (rows.length < 2) return null
    const known = this.#shown.get(keyOf(row))
    const bound = new Set(rows.map(({ pseudonym }) => pseudonym))
    if (known?.members.every((member) => bound.has(member.row.pseudonym))) return known
    const opened = await this.#open(keyOf(row), rows)
    return opened === null ? null : this.#show(keyOf(row), opened)
  }

  /** Of the same client and environment, with balances, this one included. */
  async #accountsBeside({ clientKey, environment }: AccountRow): Promise<AccountRow[]> {
    const rows = clientKey === null ? [] : await this.#parts.store.accountsOf(clientKey)
    return rows.filter((row) => row.environment === environment && methodOf(row.exchange) === 'twr')
  }

  /** As it is on disk, with copies of its accounts; null where one of them is another client's now. */
  async #open(key: string, rows: readonly AccountRow[]): Promise<Opened | null> {
    const { store, book } = this.#parts
    const members = new Map<string, { row: AccountRow; account: Account }>()
    for (const row of rows) {
      members.set(row.pseudonym, { row, account: (await book.stored(row)).account })
    }
    const { state } = await store.progress(key)
    const accounts = new Map([...members].map(([id, { account }]) => [id, account]))
    const { environment } = rows[0]!
    const composite = state === null ? Composite.open(environment, defaultRules) : restored(state, accounts)
    if (composite === null) return null
    for (const [id, account] of accounts) composite.join(id, account, environment)
    return { composite, members }
  }

  async #update(key: string, rows: readonly AccountRow[]): Promise<void> {
    const { clock, store, log } = this.#parts
    const opened = await this.#open(key, rows)
    if (opened === null) return log.warn('composite-stands', { reason: 'an account is bound to another key' })
    const { composite } = opened
    await this.#price(opened)
    composite.close(clock.nowMs())
    await store.commit((tx) => tx.saveProgress(key, { state: composite.snapshot() }))
    this.#nextHourMs.set(key, composite.nextHourMs)
    // whoever asks next sees what is on disk now
    this.#shown.delete(key)
  }

  #show(key: string, { composite, members }: Opened): CompositeFigures {
    const nowMs = this.#parts.clock.nowMs()
    const weights = composite.weights()
    const figures: CompositeFigures = {
      whole: composite.view(),
      members: composite.members.map(({ id, fromMs }) => ({
        row: members.get(id)!.row,
        fromMs,
        weightPct: weights.get(id) ?? null,
        figures: members.get(id)!.account.view(nowMs),
      })),
    }
    this.#shown.delete(key)
    this.#shown.set(key, figures)
    for (const oldest of this.#shown.keys()) {
      if (this.#shown.size <= shownMax) break
      this.#shown.delete(oldest)
    }
    return figures
  }

  /** What members are worth at the flows of others; an hour whose prices are not to be had waits. */
  async #price({ composite, members }: Opened): Promise<void> {
    const { clock, collectors, markets, addresses, log } = this.#parts
    try {
      for (let round = 0; round < priceRoundsMax; round += 1) {
        const byMember = Map.groupBy(composite.priceWants(), ({ id }) => id)
        if (byMember.size === 0) return
        for (const [id, wanted] of byMember) {
          const { row, account } = members.get(id)!
          // from where the account itself is asked for: each address bears what its own accounts need
          const source = { ...sourceOf(row), address: addressFor(row.pseudonym, addresses) }
          account.setMarkets(await markets.of(source, clock.nowMs(), () => collectors.markets({ source })))
          const wants: readonly PriceWant[] = wanted
            .map(({ want }) => want)
            .slice(0, limits.collector.wantsMax)
          const answers = await collectors.candles({ source, wants })
          for (const [index, candles] of answers.entries()) account.takeCandles(wants[index]!, candles)
          if (answers.length < wants.length) return
        }
      }
    } catch (error) {
      log.warn('prices-missing', { code: error instanceof PerfAggError ? error.code : 'INTERNAL' })
    }
  }
}

interface Opened {
  readonly composite: Composite
  readonly members: ReadonlyMap<string, { readonly row: AccountRow; readonly account: Account }>
}

/** Null: an account that is in it is not among these any more. What it was stays on disk. */
function restored(state: Uint8Array, accounts: ReadonlyMap<string, Account>): Composite | null {
  try {
    return Composite.restore(state, accounts)
  } catch (error) {
    if (error instanceof PerfAggError && error.code === 'SNAPSHOT_INVALID') return null
    throw error
  }
}

/** No pseudonym looks like it. */
function keyOf({ clientKey, environment }: AccountRow): string {
  return `composite/${environment}/${Buffer.from(clientKey!).toString('base64url')}`
}

function sourceOf({ exchange, environment, scope }: AccountRow): Source {
  const marketTypes = pricingTypes(exchange, walletsOf(scope))
  return { exchange, sandbox: environment === 'sandbox', marketTypes }
}
