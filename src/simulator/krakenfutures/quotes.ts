import { minuteMs } from '@perf-agg/sdk'
import type { Exchange } from '../exchange.ts'
import { priceText } from '../market.ts'
import { coinName, contractName } from './name.ts'

/** What anybody may read at krakenfutures: its contracts, and minutes of their marks and of the indexes they follow. */

const rowsMax = 2_000

export function instruments({ contracts }: Exchange, nowMs: number): object[] {
  return contracts.contracts.map((contract) => ({
    symbol: contractName(contract),
    type: contract.kind === 'linear' ? 'flexible_futures' : 'futures_inverse',
    base: coinName(contract.base).toUpperCase(),
    quote: contract.quote,
    contractSize: contract.size,
    tickSize: 10 ** -contract.tickDecimals,
    tradeable: contracts.marks.isTrading(contract, nowMs),
  }))
}

/** Null: there is no such contract, or no such series. */
export function candles(
  exchange: Exchange,
  series: string,
  name: string,
  query: URLSearchParams,
  nowMs: number,
): { readonly candles: object[]; readonly more_candles: boolean } | null {
  const contract = exchange.contracts.contracts.find((each) => contractName(each) === name)
  if (contract === undefined || (series !== 'mark' && series !== 'spot')) return null
  const [from, to] = ['from', 'to'].map((key) => Number(query.get(key)) * 1_000) as [number, number]
  const rows: object[] = []
  const firstMs = Math.ceil(from / minuteMs) * minuteMs
  for (let time = firstMs; time <= Math.min(to, nowMs) && rows.length < rowsMax; time += minuteMs) {
    const row =
      series === 'mark' ? markOf(exchange, contract, time) : indexOf(exchange, contract, time, nowMs)
    if (row !== null) rows.push({ time, ...row, volume: 0 })
  }
  return { candles: rows, more_candles: rows.length === rowsMax }
}

type Contract = Exchange['contracts']['contracts'][number]
interface Bar {
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
}

function markOf({ truth }: Exchange, { symbol }: Contract, startMs: number): Bar | null {
  const mark = truth.mark(symbol, startMs)
  if (mark === null) return null
  truth.marked(symbol, startMs)
  const { open, high, low, close } = mark
  return { open, high, low, close }
}

function indexOf(
  { market, truth }: Exchange,
  { spot }: Contract,
  startMs: number,
  nowMs: number,
): Bar | null {
  const minute = market.partialMinute(spot, startMs, nowMs)
  if (minute === null) return null
  if (startMs + minuteMs <= nowMs) truth.used(spot.symbol, startMs)
  const [open, high, low, close] = [minute.open, minute.high, minute.low, minute.close].map(priceText)
  return { open: open!, high: high!, low: low!, close: close! }
}
