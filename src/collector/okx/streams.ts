import { type Hint, isMarketName } from '../hint.ts'
import { downOf } from '../listener/down.ts'
import { isAmount, memberOf, objectOf, rowsOf, Told } from '../listener/event.ts'
import type { StreamEvent, StreamReader, StreamSource } from '../listener/source.ts'

/** okx's private stream of the trading account: its orders of every kind, which say what was filled, and its balances. */
export const okxStreams: StreamSource = {
  load: () => import('ccxt:pro/okx'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
  },
  hasSandbox: true,
  wallets: ['spot', 'margin', 'linear', 'inverse'],
  start(exchange) {
    exchange.watchMyTrades().catch(() => {})
    // when something happens, and not every five seconds
    exchange.watchBalance({ extraParams: '{"updateInterval":"0"}' }).catch(() => {})
    return Promise.resolve(2)
  },
  newReader,
}

function newReader(): StreamReader {
  const told = new Told()
  let isFirst = true
  return (given) => {
    const message = objectOf(given)
    if (message === null) return { kind: 'down', ...downOf('STREAM_INVALID') }
    const channel = memberOf(objectOf(memberOf(message, 'arg')) ?? {}, 'channel')
    const event = memberOf(message, 'event')
    if (event === 'subscribe') return { kind: 'acknowledged' }
    // it says so before it closes, for maintenance
    if (event === 'notice') return { kind: 'down', ...downOf('STREAM_CLOSED') }
    if (event === 'error' || event === 'channel-conn-count-error') {
      const code = memberOf(message, 'code')
      const text = typeof code === 'string' && /^\d{1,9}$/.test(code) ? code : null
      return { kind: 'down', ...downOf('STREAM_REFUSED', text) }
    }
    if (event !== undefined || typeof channel !== 'string') return null
    const rows = rowsOf(memberOf(message, 'data'))
    if (channel === 'orders') return filled(rows)
    if (channel !== 'account') return { kind: 'nothing' }
    const coins = rows.flatMap((row) => rowsOf(memberOf(row, 'details')))
    const moved = told.moved(coins.map((coin) => [memberOf(coin, 'ccy'), memberOf(coin, 'cashBal')]))
    // what is there at the beginning
    const isNews = moved && !isFirst
    isFirst = false
    return isNews ? { kind: 'hint', hints: [] } : { kind: 'nothing' }
  }
}

function filled(rows: readonly object[]): StreamEvent {
  const hits = rows.filter((row) => isAmount(memberOf(row, 'fillSz')))
  return hits.length === 0 ? { kind: 'nothing' } : { kind: 'hint', hints: hits.flatMap(hintOf) }
}

function hintOf(row: object): readonly Hint[] {
  const type = memberOf(row, 'instType')
  const market = memberOf(row, 'instId')
  if (!isMarketName(market)) return []
  if (type === 'SPOT') return [{ wallet: 'spot', market }]
  if (type === 'MARGIN') return [{ wallet: 'margin', market }]
  if (type !== 'SWAP' && type !== 'FUTURES') return []
  return [{ wallet: /-USD(?:-|$)/.test(market) ? 'inverse' : 'linear', market }]
}
