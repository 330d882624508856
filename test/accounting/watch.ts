import { multiply, toText } from '@perf-agg/sdk'
import { Account } from '../../src/accounting/account.ts'
import type { Closed, Hour } from '../../src/accounting/hour/hour.ts'
import type { CashFlow, Observation } from '../../src/accounting/observation.ts'
import { defaultRules } from '../../src/accounting/rules.ts'
import { d, hour, minute, start } from './desk.ts'
import type { FuturesDesk, Terms } from './futures-desk.ts'

export type Marks = (symbol: string, atMs: number) => string | null

export const turning =
  (atMinute: number, before: string, after: string | null): Marks =>
  (_symbol, at) =>
    at < start + atMinute * minute ? before : after

/** Polls an exchange's futures wallet; `act` happens on it, in time. */
export class Watch {
  account: Account
  readonly desk: FuturesDesk
  readonly #marks: Marks
  readonly #acts: { atMs: number; act: (desk: FuturesDesk) => void }[] = []
  readonly flows: CashFlow[] = []
  readonly spot: Marks

  constructor(desk: FuturesDesk, marks: Marks, spot: Marks = () => '50000') {
    this.desk = desk
    this.#marks = marks
    this.spot = spot
    this.account = Account.open({
      openedAtMs: start,
      firstRegisteredAtMs: start,
      settlingMs: 30_000,
      rules: defaultRules,
    })
    this.setMarkets()
  }

  setMarkets(): void {
    this.account.setMarkets([
      { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', type: 'spot', active: true },
      { symbol: 'BNB/USDT', base: 'BNB', quote: 'USDT', type: 'spot', active: true },
    ])
  }

  at(atMs: number, act: (desk: FuturesDesk) => void): this {
    this.#acts.push({ atMs, act })
    this.#acts.sort((a, b) => a.atMs - b.atMs)
    return this
  }

  fill(
    atMs: number,
    terms: Terms,
    side: 'buy' | 'sell',
    contracts: string,
    price: string,
    options = {},
  ): this {
    return this.at(atMs, (desk) => desk.fill(atMs, terms, side, contracts, price, options))
  }

  observation(atMs: number): Observation {
    while ((this.#acts[0]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) this.#acts.shift()!.act(this.desk)
    const { fills, incomes, balances, positions } = this.desk
    return {
      begunAtMs: atMs,
      complete: true,
      fills: [...fills],
      flows: this.flows.filter((flow) => flow.atMs <= atMs),
      conversions: [],
      incomes: [...incomes],
      anchor: { atMs, balances, positions },
      unavailable: [],
      lost: null,
    }
  }

  close(nowMs: number): Closed {
    for (let round = 0; round < 10; round += 1) {
      const wants = this.account.priceWants(nowMs)
      if (wants.length === 0) break
      for (const want of wants) {
        const of = want.kind === 'mark' ? this.#marks : this.spot
        const candles = []
        for (let at = want.fromMs; at < want.toMs; at += minute) {
          const open = of(want.symbol, at)
          const volume = want.kind === 'mark' ? '0' : '100'
          if (open === null) continue
          candles.push({
            minuteMs: at,
            open,
            close: of(want.symbol, at + minute) ?? open,
            baseVolume: volume,
            quoteVolume: want.kind === 'mark' ? '0' : toText(multiply(d('100'), d(open))),
          })
        }
        this.account.takeCandles(want, candles)
      }
    }
    return this.account.close(nowMs)
  }

  run(hours: number, everyMs = 10 * minute): Hour[] {
    const all: Hour[] = []
    for (let at = start + 10_000; at <= start + hours * hour + everyMs + 10_000; at += everyMs) {
      this.account.take(this.observation(at))
      all.push(...this.close(at).hours)
    }
    return all
  }
}
