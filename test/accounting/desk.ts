import { add, minuteMs, negate, parseDecimal, signOf, subtract, toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { Account } from '../../src/accounting/account.ts'
import type { AccountOptions } from '../../src/accounting/account.ts'
import type { Closed } from '../../src/accounting/hour/hour.ts'
import type {
  Candle,
  CashFlow,
  Conversion,
  Fill,
  Income,
  Market,
  Observation,
} from '../../src/accounting/observation.ts'
import { defaultRules } from '../../src/accounting/rules.ts'

/** 2026-01-05T00:00:00Z, a Monday. */
export const start = Date.UTC(2026, 0, 5)
export const minute = minuteMs
export const hour = 60 * minute
export const d = parseDecimal

interface Event {
  readonly atMs: number
  readonly changes: readonly (readonly [string, string])[]
  readonly put: (observation: {
    fills: Fill[]
    flows: CashFlow[]
    conversions: Conversion[]
    incomes: Income[]
  }) => void
  /** From then on the lists show it; never: nothing explains it. */
  readonly shownFromMs: number
}

const spot = (symbol: string, active = true): Market => {
  const [base = '', quote = ''] = symbol.split('/')
  return { symbol, base, quote, type: 'spot', active }
}

/** Plays an exchange and the poller of one account: what happens is told to an account as polls would. */
export class Desk {
  account: Account
  readonly #events: Event[] = []
  readonly #opening: Record<string, string>
  /** The open of a minute by symbol; its close is the next minute's open unless said. Null: nobody trades. */
  prices: (symbol: string, atMs: number) => string | null
  volume: (symbol: string, atMs: number) => string = () => '100'
  closes: (symbol: string, atMs: number) => string | null = (symbol, atMs) =>
    this.prices(symbol, atMs + minute)
  markets: Market[]
  #id = 0

  constructor(options: {
    opening: Record<string, string>
    prices?: (symbol: string, atMs: number) => string | null
    symbols?: readonly string[]
    account?: Partial<AccountOptions>
  }) {
    this.#opening = options.opening
    this.prices = options.prices ?? (() => '1')
    this.markets = (options.symbols ?? ['BTC/USDT', 'BNB/USDT', 'ETH/USDT', 'ETH/BTC', 'NEW/USDT']).map(
      (symbol) => spot(symbol),
    )
    this.account = Account.open({
      openedAtMs: start,
      firstRegisteredAtMs: start,
      settlingMs: 30_000,
      rules: defaultRules,
      ...options.account,
    })
    this.account.setMarkets(this.markets)
  }

  #event(atMs: number, changes: Event['changes'], put: Event['put'], shownFromMs = atMs): void {
    this.#events.push({ atMs, changes, put, shownFromMs })
  }

  fill(
    atMs: number,
    side: 'buy' | 'sell',
    symbol: string,
    quantity: string,
    price: string,
    options: { fees?: readonly (readonly [string, string])[]; shownFromMs?: number } = {},
  ): string {
    const [base = '', quote = ''] = symbol.split('/')
    const worth = multiplyText(quantity, price)
    const fees = options.fees ?? []
    const sign = side === 'buy' ? '' : '-'
    const id = `f${++this.#id}`
    const fill: Fill = {
      id,
      market: 'spot',
      symbol,
      base,
      quote,
      side,
      price,
      quantity,
      quoteQuantity: worth,
      fees: fees.map(([asset, amount]) => ({ asset, amount })),
      atMs,
      execution: 'trade',
    }
    this.#event(
      atMs,
      [
        [base, `${sign}${quantity}`],
        [quote, sign === '' ? `-${worth}` : worth],
        ...fees.map(([asset, amount]) => [asset, negateText(amount)] as const),
      ],
      ({ fills }) => fills.push(fill),
      options.shownFromMs,
    )
    return id
  }

  flow(atMs: number, flow: CashFlow['flow'], asset: string, amount: string, shownFromMs = atMs): string {
    const id = `w${++this.#id}`
    this.#event(
      atMs,
      [[asset, amount]],
      ({ flows }) => flows.push({ id, flow, asset, amount, atMs, atEstimated: false }),
      shownFromMs,
    )
    return id
  }

  convert(
    atMs: number,
    conversion: Conversion['conversion'],
    changes: readonly (readonly [string, string])[],
  ): void {
    const id = `c${++this.#id}`
    this.#event(atMs, changes, ({ conversions }) =>
      conversions.push({
        id,
        conversion,
        atMs,
        changes: changes.map(([asset, amount]) => ({ asset, amount })),
      }),
    )
  }

  income(atMs: number, income: Income['income'], asset: string, amount: string): void {
    const id = `i${++this.#id}`
    this.#event(atMs, [[asset, amount]], ({ incomes }) => incomes.push({ id, income, asset, amount, atMs }))
  }

  /** Happens, and no list ever shows it. */
  unexplained(atMs: number, asset: string, amount: string, shownFromMs = Number.MAX_SAFE_INTEGER): void {
    const id = `u${++this.#id}`
    const put: Event['put'] = ({ flows }) =>
      flows.push({
        id,
        flow: amount.startsWith('-') ? 'withdrawal' : 'deposit',
        asset,
        amount,
        atMs,
        atEstimated: false,
      })
    this.#event(atMs, [[asset, amount]], put, shownFromMs)
  }

  balances(atMs: number): Map<string, Decimal> {
    const balances = new Map(
      Object.entries(this.#opening).map(([asset, amount]) => [asset, parseDecimal(amount)]),
    )
    for (const event of this.#events) {
      if (event.atMs > atMs) continue
      for (const [asset, amount] of event.changes) {
        balances.set(asset, add(balances.get(asset) ?? zero, parseDecimal(amount)))
      }
    }
    return balances
  }

  observation(atMs: number, over: Partial<Observation> = {}): Observation {
    const lists = { fills: [], flows: [], conversions: [], incomes: [] }
    for (const event of this.#events) if (event.shownFromMs <= atMs && event.atMs <= atMs) event.put(lists)
    const balances = [...this.balances(atMs)].filter(([, amount]) => signOf(amount) !== 0)
    return {
      begunAtMs: atMs,
      complete: true,
      ...lists,
      anchor: { atMs, balances: balances.map(([asset, amount]) => ({ asset, amount: toText(amount) })) },
      unavailable: [],
      lost: null,
      ...over,
    }
  }

  candles(symbol: string, fromMs: number, toMs: number): Candle[] {
    const candles: Candle[] = []
    for (let at = fromMs; at < toMs; at += minute) {
      const open = this.prices(symbol, at)
      if (open === null) continue
      const baseVolume = this.volume(symbol, at)
      const quoteVolume = multiplyText(baseVolume, open)
      candles.push({
        minuteMs: at,
        open,
        close: this.closes(symbol, at) ?? open,
        baseVolume,
        quoteVolume,
      })
    }
    return candles
  }

  poll(atMs: number, over: Partial<Observation> = {}): void {
    this.account.take(this.observation(atMs, over))
  }

  /** Answers every want, then closes. */
  close(nowMs: number): Closed {
    for (let round = 0; round < 10; round += 1) {
      const wants = this.account.priceWants(nowMs)
      if (wants.length === 0) break
      for (const want of wants)
        this.account.takeCandles(want, this.candles(want.symbol, want.fromMs, want.toMs))
    }
    return this.account.close(nowMs)
  }

  /** A poll each `everyMs`, a close after each; everything that was stated. */
  run(fromMs: number, toMs: number, everyMs = 10 * minute): Closed {
    const all = { hours: [], gaps: [], corrections: [] } as { [K in keyof Closed]: Closed[K][number][] }
    for (let at = fromMs; at <= toMs; at += everyMs) {
      this.poll(at)
      const closed = this.close(at)
      all.hours.push(...closed.hours)
      all.gaps.push(...closed.gaps)
      all.corrections.push(...closed.corrections)
    }
    return all
  }
}

export function multiplyText(a: string, b: string): string {
  const x = parseDecimal(a)
  const y = parseDecimal(b)
  return toText({ digits: x.digits * y.digits, scale: x.scale + y.scale })
}

const negateText = (text: string): string => toText(negate(parseDecimal(text)))
export const less = (a: string, b: string): string => toText(subtract(parseDecimal(a), parseDecimal(b)))
