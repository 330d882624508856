import { hourMs, PerfAggError } from '@perf-agg/sdk'
import { benchmarkFigures, noBenchmark } from '../accounting/record/benchmark-figures.ts'
import { IndexPrices, indexSearchMs } from '../accounting/pricing/index-prices.ts'
import type { AccountView, Figures } from '../accounting/view.ts'
import type { Log } from '../http/log.ts'
import { indexTypes } from '../session/exchange.ts'
import type { AccountRow, Store } from '../store/store.ts'
import type { Collectors } from './collecting/collectors.ts'
import type { Lanes } from './lane.ts'
import { methodOf } from './registration.ts'
import { addressFor } from './schedule/egress-address.ts'

interface Parts {
  readonly store: Store
  readonly collectors: Pick<Collectors, 'candles'>
  /** Ours, that exchanges are asked from. */
  readonly addresses: readonly string[]
  readonly lanes: Lanes
  readonly log: Log
  /** Symbols that an account may be held against. */
  readonly symbols: readonly string[]
}

/** One index at one exchange, a year at a time. */
interface Series {
  readonly years: Map<number, IndexPrices>
  /** Every turn of an hour up to here was asked for. */
  askedToMs: number
}

/** After an outage prices are asked for so far back; what is older stays without. */
const backMsMax = 72 * hourMs

/**
 * What coins stood at that accounts may be held against, at the turns of hours, from each exchange's own candles. Kept
 * for every exchange that is watched, so that whoever asks later has them from the beginning on.
 */
export class Indices {
  readonly #parts: Parts
  readonly #series = new Map<string, Series>()
  readonly #figures = new WeakMap<
    AccountView,
    Map<string, { readonly toMs: number; readonly figures: Figures }>
  >()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Hours of an account are stated up to `toMs`: the indices of its exchange go on to there. */
  async note(pseudonym: string, toMs: number): Promise<void> {
    const { store, lanes, symbols } = this.#parts
    const row = symbols.length === 0 ? null : await store.account(pseudonym)
    if (row === null) return
    for (const symbol of symbols) {
      const key = keyOf(row, symbol)
      await lanes.run(key, () => this.#fetch(row, symbol, key, toMs))
    }
  }

  async #fetch(row: AccountRow, symbol: string, key: string, toMs: number): Promise<void> {
    const { store, collectors, addresses, log } = this.#parts
    const series = await this.#load(key, row.firstRegisteredAtMs, toMs)
    const sinceMs = Math.floor(row.firstRegisteredAtMs / hourMs) * hourMs
    const turns: number[] = []
    const fromMs = Math.max(series.askedToMs + hourMs, sinceMs, toMs - backMsMax)
    for (let atMs = fromMs; atMs <= toMs; atMs += hourMs) {
      if (!series.years.get(yearOf(atMs))?.has(atMs)) turns.push(atMs)
    }
    if (turns.length === 0) return
    const { exchange, environment } = row
    const source = {
      exchange,
      sandbox: environment === 'sandbox',
      marketTypes: indexTypes(exchange),
      // each index from another one
      address: addressFor(key, addresses),
    }
    try {
      const wants = turns.map((atMs) => ({ symbol, fromMs: atMs - indexSearchMs, toMs: atMs }))
      const answers = await collectors.candles({ source, wants })
      const changed = new Set<number>()
      for (const [index, candles] of answers.entries()) {
        const atMs = turns[index]!
        const year = yearOf(atMs)
        const prices = series.years.get(year) ?? new IndexPrices()
        series.years.set(year, prices)
        if (prices.take(atMs, candles ?? [])) changed.add(year)
      }
      series.askedToMs = Math.max(series.askedToMs, turns[answers.length - 1] ?? 0)
      if (changed.size === 0) return
      await store.commit((tx) => {
        for (const year of changed) {
          tx.saveProgress(`${key}/${year}`, { state: series.years.get(year)!.snapshot() })
        }
      })
    } catch (error) {
      this.#series.delete(key)
      log.warn('index-not-read', { symbol, code: error instanceof PerfAggError ? error.code : 'INTERNAL' })
    }
  }

  async #load(key: string, fromMs: number, toMs: number): Promise<Series> {
    const series = this.#series.get(key) ?? { years: new Map(), askedToMs: 0 }
    this.#series.set(key, series)
    for (let year = yearOf(fromMs); year <= yearOf(toMs); year += 1) {
      if (series.years.has(year)) continue
      const { state } = await this.#parts.store.progress(`${key}/${year}`)
      series.years.set(year, state === null ? new IndexPrices() : IndexPrices.restore(state))
    }
    return series
  }

  /** An account beside an index; every figure null with a reason where there are no prices. */
  async figures(row: AccountRow | null, view: AccountView, symbol: string): Promise<Figures> {
    if (!this.#parts.symbols.includes(symbol)) return noBenchmark('not_collected')
    if (row === null || view.asOfMs === null) return noBenchmark('no_day_yet')
    if (methodOf(row.exchange) !== 'twr') return noBenchmark('no_prices')
    const { years, askedToMs } = await this.#load(keyOf(row, symbol), row.firstRegisteredAtMs, view.asOfMs)
    const known = this.#figures.get(view)?.get(symbol)
    if (known?.toMs === askedToMs) return known.figures
    const priceAt = (atMs: number): number | null => years.get(yearOf(atMs))?.at(atMs) ?? null
    const figures = benchmarkFigures(view.hours, view.coverage.gaps, priceAt)
    const ofView = this.#figures.get(view) ?? new Map<string, { toMs: number; figures: Figures }>()
    this.#figures.set(view, ofView.set(symbol, { toMs: askedToMs, figures }))
    return figures
  }
}

const yearOf = (atMs: number): number => new Date(atMs).getUTCFullYear()

/** No pseudonym looks like it. */
function keyOf({ exchange, environment }: AccountRow, symbol: string): string {
  return `index/${exchange}/${environment}/${symbol}`
}
