import { add, type Decimal, multiply, negate, parseDecimal, toText, utf8 } from '@perf-agg/sdk'
import type { Called, Calls, Endpoint } from '../../src/collector/call.ts'
import { CollectorFailure, failureOf } from '../../src/collector/failure.ts'

/** A spot account in memory, as binance answers for it: for what the adapter does, without any process. */
interface Trade {
  readonly id: number
  readonly atMs: number
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly quantity: string
  readonly fee?: readonly [asset: string, amount: string]
  /** From when the list shows it. */
  readonly visibleAtMs?: number
}

export class FakeBinance implements Calls {
  nowMs: number
  updatedAtMs: number
  readonly markets: [id: string, base: string, quote: string][] = []
  readonly asked: { name: string; parameters: Readonly<Record<string, string | number>> }[] = []
  readonly rows: Record<string, unknown[]> = {
    deposits: [],
    withdrawals: [],
    dust: [],
    converts: [],
    dividends: [],
  }
  readonly transfers: Record<string, unknown>[] = []
  readonly failing = new Map<string, CollectorFailure>()
  /** Runs before each answer: something may happen between two calls. */
  between: ((name: string) => void) | null = null
  /** How far back fills are told. */
  historyMs = Number.POSITIVE_INFINITY
  readonly #balances = new Map<string, Decimal>()
  readonly #trades = new Map<string, Trade[]>()

  constructor(nowMs: number) {
    this.nowMs = nowMs
    this.updatedAtMs = nowMs
  }

  list(...symbols: string[]): this {
    for (const symbol of symbols) {
      const [base, quote] = symbol.split('/') as [string, string]
      this.markets.push([base + quote, base, quote])
    }
    return this
  }

  give(asset: string, amount: string): void {
    this.#balances.set(asset, add(this.#balances.get(asset) ?? parseDecimal('0'), parseDecimal(amount)))
    this.updatedAtMs = this.nowMs
  }

  trade(symbol: string, trade: Trade): void {
    const [base, quote] = symbol.split('/') as [string, string]
    const cost = multiply(parseDecimal(trade.quantity), parseDecimal(trade.price))
    const bought = trade.side === 'buy'
    this.give(base, toText(bought ? parseDecimal(trade.quantity) : negate(parseDecimal(trade.quantity))))
    this.give(quote, toText(bought ? negate(cost) : cost))
    if (trade.fee !== undefined) this.give(trade.fee[0], `-${trade.fee[1]}`)
    const trades = this.#trades.get(base + quote) ?? []
    trades.push(trade)
    this.#trades.set(base + quote, trades)
  }

  asks(name: string): number {
    return this.asked.filter((each) => each.name === name).length
  }

  readonly sync = (): Promise<number> => Promise.resolve(this.nowMs)

  call(endpoint: Endpoint, parameters: Readonly<Record<string, string | number>> = {}): Promise<Called> {
    const name = endpoint.method
    this.between?.(name)
    this.asked.push({ name, parameters })
    const failure = this.failing.get(name)
    if (failure !== undefined) return Promise.reject(failure)
    const value = this.#answer(name, parameters)
    if (value === undefined) {
      const code = { exchangeCode: 'HTTP 404' }
      return Promise.reject(new CollectorFailure(failureOf('EXCHANGE_REQUEST_REFUSED', 'session', code)))
    }
    return Promise.resolve({ value, body: utf8(JSON.stringify(value)) })
  }

  #answer(name: string, parameters: Readonly<Record<string, string | number>>): unknown {
    switch (name) {
      case 'publicGetExchangeInfo':
        return {
          symbols: this.markets.map(([symbol, baseAsset, quoteAsset]) => ({
            symbol,
            baseAsset,
            quoteAsset,
            status: 'TRADING',
          })),
        }
      case 'privateGetAccount':
        return {
          uid: 354937868,
          updateTime: this.updatedAtMs,
          balances: [...this.#balances].map(([asset, free]) => ({
            asset,
            free: toText(free),
            locked: '0.00',
          })),
        }
      case 'privateGetMyTrades':
        return this.#myTrades(parameters)
      case 'sapiGetCapitalDepositHisrec':
        return this.rows['deposits']
      case 'sapiGetCapitalWithdrawHistory':
        return this.rows['withdrawals']
      case 'sapiGetAssetDribblet':
        return { total: this.rows['dust']?.length, userAssetDribblets: this.rows['dust'] }
      case 'sapiGetConvertTradeFlow':
        return { list: this.rows['converts'], moreData: false }
      case 'sapiGetAssetAssetDividend':
        return { rows: this.rows['dividends'], total: this.rows['dividends']?.length }
      case 'sapiGetAssetTransfer':
        return { rows: this.transfers.filter(({ type }) => type === parameters['type']), total: 0 }
      default:
        return undefined
    }
  }

  #myTrades(parameters: Readonly<Record<string, string | number>>): unknown {
    const { symbol, fromId, startTime, endTime, limit } = parameters
    const from = fromId === undefined ? 0 : Number(fromId)
    const rows = (this.#trades.get(String(symbol)) ?? [])
      .filter(({ id, atMs, visibleAtMs }) => {
        const shown = (visibleAtMs ?? 0) <= this.nowMs && atMs >= this.nowMs - this.historyMs
        const within = atMs >= Number(startTime ?? 0) && atMs <= Number(endTime ?? Infinity)
        return shown && within && id >= from
      })
      .toSorted((a, b) => a.id - b.id)
    const page =
      fromId === undefined && startTime === undefined
        ? rows.slice(-Number(limit))
        : rows.slice(0, Number(limit))
    return page.map(({ id, atMs, side, price, quantity, fee }) => ({
      symbol,
      id,
      price,
      qty: quantity,
      quoteQty: toText(multiply(parseDecimal(price), parseDecimal(quantity))),
      commission: fee?.[1] ?? '0.00000000',
      commissionAsset: fee?.[0] ?? 'BNB',
      time: atMs,
      isBuyer: side === 'buy',
    }))
  }
}
