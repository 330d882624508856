import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import type { Wallet } from '../accounting/observation.ts'

/**
 * How far back each exchange tells, list by list, as far as is relied on: a day less than it says where it counts in
 * months. The one table that adapters ask by, that says what is lost after a standstill, that the schedule polls
 * before, and that the page of limits shows.
 */
export interface Reach {
  /** Empty: everything. */
  readonly list: string
  /** Null is for ever. */
  readonly keptMs: number | null
  /** Only the newest rows are told, however long that is: hours for who trades all the time. */
  readonly rowsMax?: number
}

/** The lists behind some of an exchange's wallets. */
export interface Reaches {
  readonly wallets: readonly Wallet[]
  readonly lists: readonly Reach[]
}

const all: readonly Wallet[] = ['spot', 'margin', 'linear', 'inverse', 'funding']
const markets: readonly Wallet[] = ['spot', 'margin', 'linear', 'inverse']
const contracts: readonly Wallet[] = ['linear', 'inverse']
const everything = (keptMs: number | null): readonly Reaches[] => [
  { wallets: all, lists: [{ list: '', keptMs }] },
]
/** Not known of each: nothing is held to be lost, but it is asked for within what any of them tells. */
const generic = everything(7 * dayMs)

export const reaches: Readonly<Record<string, readonly Reaches[]>> = {
  binance: [
    {
      wallets: ['spot'],
      lists: [
        { list: 'fills', keptMs: null },
        { list: 'transfers', keptMs: 179 * dayMs },
        { list: 'dust', keptMs: 29 * dayMs },
      ],
    },
    {
      wallets: contracts,
      lists: [
        { list: 'incomes', keptMs: 88 * dayMs },
        { list: 'trades', keptMs: 179 * dayMs },
      ],
    },
    { wallets: ['margin'], lists: [{ list: '', keptMs: 88 * dayMs }] },
  ],
  bitget: everything(90 * dayMs),
  bybit: everything(730 * dayMs),
  coinbase: everything(null),
  gate: generic,
  hyperliquid: [
    {
      wallets: all,
      lists: [
        { list: 'fills', keptMs: null, rowsMax: 10_000 },
        { list: 'prices', keptMs: 5_000 * minuteMs },
      ],
    },
  ],
  // prices older than its minutes are made of the list of trades
  kraken: everything(null),
  krakenfutures: everything(null),
  kucoin: [
    { wallets: ['spot', 'linear', 'inverse', 'funding'], lists: [{ list: '', keptMs: 365 * dayMs }] },
    // half a year of interest
    { wallets: ['margin'], lists: [{ list: '', keptMs: 179 * dayMs }] },
  ],
  // of deposits and withdrawals a slower list has everything
  okx: [
    { wallets: markets, lists: [{ list: 'bills', keptMs: 89 * dayMs }] },
    { wallets: ['funding'], lists: [{ list: 'bills', keptMs: null }] },
  ],
  poloniex: generic,
  woo: generic,
}

function listsOf(exchange: string, wallets: readonly Wallet[]): readonly Reach[] {
  const own = Object.hasOwn(reaches, exchange) ? (reaches[exchange] ?? []) : []
  return own.flatMap((each) => (each.wallets.some((wallet) => wallets.includes(wallet)) ? each.lists : []))
}

function shortest(lists: readonly Reach[]): number | null {
  return lists.reduce<number | null>(
    (least, { keptMs }) => (keptMs === null ? least : Math.min(least ?? keptMs, keptMs)),
    null,
  )
}

/** What is older is not asked for, and lost where it was not read. Prices are no part of what happened. */
export function historyMsOf(exchange: string, wallets: readonly Wallet[]): number | null {
  return shortest(listsOf(exchange, wallets).filter(({ list }) => list !== 'prices'))
}

/** Of one list. */
export function keptMsOf(exchange: string, wallet: Wallet, list: string): number {
  const found = listsOf(exchange, [wallet]).find((each) => each.list === list)
  return found?.keptMs ?? Number.POSITIVE_INFINITY
}

/** An exchange that keeps everything is looked at within this time all the same. */
const outageMsMost = 730 * dayMs

/** So long a standstill loses nothing, whatever the account does. */
export function outageMsMaxOf(exchange: string, wallets: readonly Wallet[]): number {
  return shortest(listsOf(exchange, wallets)) ?? outageMsMost
}

/** Of the newest fills so many are told; Infinity where time alone forgets. */
export function rowsMaxOf(exchange: string, wallets: readonly Wallet[]): number {
  return Math.min(...listsOf(exchange, wallets).map(({ rowsMax }) => rowsMax ?? Number.POSITIVE_INFINITY))
}

/** As the page of limits says it. */
export function spanText(keptMs: number): string {
  if (keptMs % dayMs === 0) return `${keptMs / dayMs} days`
  if (keptMs % hourMs === 0) return `${keptMs / hourMs} hours`
  return `${(keptMs / minuteMs).toLocaleString('en-US')} minutes`
}
