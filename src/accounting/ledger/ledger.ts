import { absolute, add, compare, hourMs, hourOf, negate, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { addTo, applyTo, sameBalances } from './balances.ts'
import type { Balances } from './balances.ts'
import { Contracts } from './contracts.ts'
import { contractKey, isContractKey } from './contract.ts'
import type { HeldPosition } from './contract.ts'
import type { Entry } from '../entry/entry.ts'
import { EntryList } from '../entry/entry-list.ts'
import { joinedFlow } from '../entry/joined.ts'
import type { Join } from '../entry/joined.ts'
import type { Residual } from './residual.ts'
import type { Reader, Writer } from '../codec.ts'

/** A balance read that counts. Entries stamped up to `cutMs` are in it, later ones are not. */
export interface LedgerAnchor {
  readonly atMs: number
  cutMs: number
  /** Cash by coin, contracts by key. */
  readonly balances: Balances
  /** As they were read: what cash was made from. */
  readonly positions: readonly HeldPosition[]
}

/** History that is proved to be gone; half-open. */
export interface LostSpan {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Stamps and balances come from different clocks of the exchange, and some are cut to whole seconds: an entry this
 * close to an anchor belongs to the side on which the books balance.
 */
const fenceMs = 2_000

/** However much is unexplained, an hour keeps so many anchors. */
const anchorsPerHourMax = 24

/** What became of an entry that was offered. */
export type Taken = 'new' | 'changed' | 'known' | 'folded'

/**
 * Every explained change and every balance read of one account: `balance(t1) − balance(t0) = Σ explained + residual`,
 * per asset, exactly. Balances at an instant are rolled back from the first anchor after it, so they do not depend
 * on when a poll happened. What is older than `foldedMs` is gone: nothing before it can change any more.
 */
export class Ledger {
  #foldedMs: number
  readonly #balanceScale: number
  #entries = new EntryList()
  #anchors: LedgerAnchor[] = []
  #lost: LostSpan[] = []
  contracts = new Contracts()

  constructor(foldedMs: number, balanceScale: number) {
    this.#foldedMs = foldedMs
    this.#balanceScale = balanceScale
  }

  get foldedMs(): number {
    return this.#foldedMs
  }

  get anchors(): readonly LedgerAnchor[] {
    return this.#anchors
  }

  get lost(): readonly LostSpan[] {
    return this.#lost
  }

  /** Idempotent by key; an entry that came with other content replaces the former one. */
  take(entry: Entry): Taken {
    if (entry.atMs < this.#foldedMs) return 'folded'
    const known = this.#entries.find(entry.key)
    const taken = this.#entries.put(entry)
    if (entry.kind === 'fill' && entry.contract !== null) this.contracts.learn(entry.contract)
    if (taken !== 'known') this.#settle(Math.min(entry.atMs, known?.atMs ?? entry.atMs))
    return taken
  }

  find(key: string): Entry | null {
    return this.#entries.find(key)
  }

  /**
   * Anchors come in the order of time; one older than the last is an old story. False where it can't be used.
   * `join`: the first that includes more wallets; what it holds beyond what is explained came in with them.
   */
  takeAnchor(
    atMs: number,
    balances: Balances,
    positions: readonly HeldPosition[] = [],
    join: Join | null = null,
  ): boolean {
    const last = this.#anchors.at(-1)
    if (last !== undefined && atMs <= last.atMs)
      return join === null && atMs === last.atMs && sameBalances(balances, last.balances)
    for (const { contract, entryScale } of positions) this.contracts.learn(contract, entryScale)
    this.#anchors.push({ atMs, cutMs: atMs, balances, positions })
    if (join !== null && last !== undefined) {
      const brought = this.#residual(this.#anchors.length - 1)
      const changes = [...brought].map(([asset, amount]) => ({ asset, amount }))
      if (changes.length > 0) this.#entries.put(joinedFlow(join, changes))
    }
    this.#settle(atMs)
    this.#thin()
    return true
  }

  /**
   * Of an hour only the first anchor (boundaries roll back from it), the last (it checks) and those around what is
   * unexplained tell anything: anchors between two on which the books balance go.
   */
  #thin(): void {
    const last = this.#anchors.length - 1
    const hour = hourOf(this.#anchors[last]!.atMs)
    const first = this.#anchors.findIndex((anchor) => hourOf(anchor.atMs) === hour)
    for (let from = first; from < last - 1; from += 1) {
      if (this.#residualBetween(from, last).size > 0) continue
      this.#anchors.splice(from + 1, last - from - 1)
      return
    }
    if (last - first > anchorsPerHourMax) this.#anchors.splice(last - 1, 1)
  }

  takeLost(span: LostSpan): void {
    const toMs = span.toMs
    const fromMs = Math.max(span.fromMs, this.#foldedMs)
    if (fromMs >= toMs || this.#lost.some((known) => known.fromMs <= fromMs && known.toMs >= toMs)) return
    const apart = this.#lost.filter((known) => known.toMs < fromMs || known.fromMs > toMs)
    const joined = this.#lost.filter((known) => known.toMs >= fromMs && known.fromMs <= toMs)
    const whole = {
      fromMs: Math.min(fromMs, ...joined.map((known) => known.fromMs)),
      toMs: Math.max(toMs, ...joined.map((known) => known.toMs)),
    }
    this.#lost = [...apart, whole].toSorted((a, b) => a.fromMs - b.fromMs)
  }

  /** Entries stamped in `[fromMs, toMs)`, in order. */
  entries(fromMs: number, toMs: number): readonly Entry[] {
    return this.#entries.between(fromMs, toMs)
  }

  /** When the newest so many entries begin; null where there are no more than that. */
  newest(count: number): number | null {
    return this.#entries.newest(count)
  }

  /** Balances just before `atMs`: everything stamped earlier is in, nothing else. Null before any anchor is known. */
  balancesBefore(atMs: number): Balances | null {
    const next = this.#anchors.findIndex((anchor) => anchor.atMs >= atMs)
    const anchor = this.#anchorFor(next, atMs)
    if (anchor === undefined) return null
    const balances: Balances = new Map(anchor.balances)
    if (anchor.cutMs >= atMs) {
      for (const entry of this.entries(atMs, anchor.cutMs + 1)) applyTo(balances, entry.changes, -1)
    } else {
      for (const entry of this.entries(anchor.cutMs + 1, atMs)) applyTo(balances, entry.changes, 1)
    }
    return balances
  }

  /** The first anchor after, unless what lies between is lost; then the last one before. */
  #anchorFor(next: number, atMs: number): LedgerAnchor | undefined {
    if (next < 0) return this.#anchors.at(-1)
    if (next === 0) return this.#anchors[0]
    return atMs <= this.#jumpMs(next) ? this.#anchors[next - 1] : this.#anchors[next]
  }

  /** When a residual of the interval that ends with anchor `index` is taken to have happened. */
  #jumpMs(index: number): number {
    const from = this.#anchors[index - 1]!.atMs
    const to = this.#anchors[index]!.atMs
    const lost = this.#lost.find((span) => span.fromMs < to && span.toMs > from)
    return lost === undefined ? from : Math.max(from, lost.fromMs)
  }

  /** Unexplained changes taken to have happened in `[fromMs, toMs)`, between anchors up to `trustedMs`. */
  residuals(fromMs: number, toMs: number, trustedMs: number): readonly Residual[] {
    const found: Residual[] = []
    for (let index = 1; index < this.#anchors.length; index += 1) {
      const jumpMs = this.#jumpMs(index)
      if (jumpMs >= toMs || this.#anchors[index]!.atMs > trustedMs) break
      if (jumpMs < fromMs) continue
      for (const [asset, amount] of this.#residual(index)) {
        found.push({
          asset,
          amount,
          jumpMs,
          fromMs: this.#anchors[index - 1]!.atMs,
          toMs: this.#anchors[index]!.atMs,
        })
      }
    }
    return found
  }

  #residual(index: number, cutMs?: number): Balances {
    return this.#residualBetween(index - 1, index, cutMs)
  }

  /** balance(t1) − balance(t0) − Σ explained, without what rounding explains. */
  #residualBetween(fromIndex: number, index: number, cutMs = this.#anchors[index]!.cutMs): Balances {
    const from = this.#anchors[fromIndex]!
    const rest: Balances = new Map(this.#anchors[index]!.balances)
    for (const [asset, amount] of from.balances) addTo(rest, asset, negate(amount))
    const count = new Map<string, number>()
    const between = this.entries(from.cutMs + 1, cutMs + 1)
    for (const entry of between) {
      applyTo(rest, entry.changes, -1)
      for (const { asset } of entry.changes) count.set(asset, (count.get(asset) ?? 0) + 1)
    }
    if (rest.size === 0) return rest
    const rounding = this.contracts.rounding(from.positions, this.#anchors[index]!.positions, between)
    for (const [asset, amount] of rest) {
      const units: Decimal = { digits: BigInt(count.get(asset) ?? 0), scale: this.#balanceScale }
      const tolerance = isContractKey(asset) ? zero : add(units, rounding.get(asset) ?? zero)
      if (compare(absolute(amount), tolerance) <= 0) rest.delete(asset)
    }
    return rest
  }

  /** Puts the entries near each anchor that `atMs` may concern on the side where the books balance. */
  #settle(atMs: number): void {
    const first = this.#anchors.findIndex((anchor) => anchor.atMs >= atMs - fenceMs)
    if (first < 0) return
    for (let index = Math.max(1, first); index < this.#anchors.length; index += 1) {
      const anchor = this.#anchors[index]!
      const before = anchor.cutMs
      anchor.cutMs = anchor.atMs
      if (this.#residual(index).size > 0) anchor.cutMs = this.#betterCut(index) ?? anchor.atMs
      if (anchor.atMs > atMs + fenceMs && anchor.cutMs === before) return
    }
  }

  #betterCut(index: number): number | null {
    const { atMs } = this.#anchors[index]!
    const near = this.entries(atMs - fenceMs, atMs + fenceMs + 1)
    const cuts = new Set(near.flatMap((entry) => [entry.atMs, entry.atMs - 1]))
    const sorted = [...cuts].toSorted((a, b) => Math.abs(a - atMs) - Math.abs(b - atMs) || a - b)
    return (
      sorted.find(
        (cutMs) => cutMs >= this.#anchors[index - 1]!.cutMs && this.#residual(index, cutMs).size === 0,
      ) ?? null
    )
  }

  /** Own fills' base and quote in a market in `[fromMs, toMs)`: what must not make the price of what they trade. */
  ownVolume(symbol: string, fromMs: number, toMs: number): { base: Decimal; quote: Decimal } {
    return this.#entries.ownVolume(symbol, fromMs, toMs)
  }

  /** The stated hours that an entry at `atMs` may move: those of the anchors around it and what lies between. */
  reach(atMs: number): { fromMs: number; toMs: number } {
    const next = this.#anchors.findIndex((anchor) => anchor.atMs >= atMs)
    const before = next < 0 ? this.#anchors.at(-1) : this.#anchors[next - 1]
    const after = next < 0 ? undefined : this.#anchors[next]
    return {
      fromMs: hourOf(Math.min(atMs, before?.atMs ?? atMs) - fenceMs),
      toMs: hourOf(Math.max(atMs, after?.atMs ?? atMs) + fenceMs) + hourMs,
    }
  }

  /** Forgets what is older: it cannot change any more. */
  fold(beforeMs: number): void {
    if (beforeMs <= this.#foldedMs) return
    this.#foldedMs = beforeMs
    this.#entries.dropBefore(beforeMs)
    const last = this.#anchors.at(-1)
    this.#anchors = this.#anchors.filter((anchor) => anchor === last || anchor.atMs >= beforeMs)
    this.#lost = this.#lost.filter((span) => span.toMs > beforeMs)
  }

  write(writer: Writer): void {
    writer.instant(this.#foldedMs)
    this.contracts.write(writer)
    this.#entries.write(writer)
    writer.count(this.#anchors.length)
    for (const [index, anchor] of this.#anchors.entries()) this.#writeAnchor(writer, anchor, index)
    writer.list(this.#lost, (span) => {
      writer.instant(span.fromMs)
      writer.instant(span.toMs)
    })
  }

  /** Balances that the entries explain follow from those before. */
  #explained(index: number, cutMs: number): Balances | null {
    const before = this.#anchors[index - 1]
    if (before === undefined || before.cutMs > cutMs) return null
    const balances: Balances = new Map(before.balances)
    for (const entry of this.entries(before.cutMs + 1, cutMs + 1)) applyTo(balances, entry.changes, 1)
    return balances
  }

  #writeAnchor(writer: Writer, anchor: LedgerAnchor, index: number): void {
    writer.instant(anchor.atMs)
    writer.instant(anchor.cutMs)
    const explained = this.#explained(index, anchor.cutMs)
    const isExplained = explained !== null && sameBalances(explained, anchor.balances)
    writer.optional(isExplained ? null : anchor.balances, (balances) =>
      writer.map(
        balances,
        (asset) => writer.name(asset),
        (amount) => writer.decimal(amount),
      ),
    )
    writer.list(anchor.positions, ({ contract, quantity, entry, entryScale }) => {
      writer.name(contractKey(contract.kind, contract.symbol))
      writer.decimal(quantity)
      writer.decimal(entry)
      writer.count(entryScale)
    })
  }

  #readAnchor(reader: Reader, index: number): LedgerAnchor {
    const atMs = reader.instant()
    const cutMs = reader.instant()
    const explained = this.#explained(index, cutMs)
    const told = reader.optional(() =>
      reader.map(
        () => reader.name(),
        () => reader.decimal(),
      ),
    )
    if (told !== null && explained !== null && sameBalances(explained, told)) reader.refuse()
    const balances = told ?? explained ?? reader.refuse()
    const positions = reader.list(() => ({
      contract: this.contracts.find(reader.name()) ?? reader.refuse(),
      quantity: reader.decimal(),
      entry: reader.decimal(),
      entryScale: reader.count(),
    }))
    return { atMs, cutMs, balances, positions }
  }

  static read(reader: Reader, balanceScale: number): Ledger {
    const ledger = new Ledger(reader.instant(), balanceScale)
    ledger.contracts = Contracts.read(reader)
    ledger.#entries = EntryList.read(reader)
    const count = reader.count()
    for (let index = 0; index < count; index += 1) ledger.#anchors.push(ledger.#readAnchor(reader, index))
    ledger.#lost = reader.list(() => ({ fromMs: reader.instant(), toMs: reader.instant() }))
    return ledger
  }
}
