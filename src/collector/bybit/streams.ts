import type { MarketType } from '../../accounting/observation.ts'
import { type Hint, isMarketName } from '../hint.ts'
import { downOf } from '../listener/down.ts'
import { isAmount, memberOf, objectOf, rowsOf, Told } from '../listener/event.ts'
import type { StreamEvent, StreamReader, StreamSource } from '../listener/source.ts'

/** bybit's private stream of the unified account: one connection for all its markets, executions and the wallet. */
export const bybitStreams: StreamSource = {
  load: () => import('ccxt:pro/bybit'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
    // no other account is watched here: ccxt need not ask
    exchange.options['enableUnifiedMargin'] = false
    exchange.options['enableUnifiedAccount'] = true
  },
  hasSandbox: true,
  wallets: ['spot', 'margin', 'linear', 'inverse'],
  start(exchange) {
    exchange.watchMyTrades().catch(() => {})
    exchange.watchBalance().catch(() => {})
    return Promise.resolve(2)
  },
  newReader,
}

function newReader(): StreamReader {
  const told = new Told()
  return (given) => {
    const message = objectOf(given)
    if (message === null) return { kind: 'down', ...downOf('STREAM_INVALID') }
    const topic = memberOf(message, 'topic')
    if (typeof topic === 'string') return readEvent(topic, rowsOf(memberOf(message, 'data')), told)
    if (memberOf(message, 'success') === false) return { kind: 'down', ...downOf('STREAM_REFUSED') }
    const isTaken = memberOf(message, 'op') === 'subscribe' && memberOf(message, 'success') === true
    return isTaken ? { kind: 'acknowledged' } : null
  }
}

function readEvent(topic: string, rows: readonly object[], told: Told): StreamEvent {
  if (topic === 'execution' || topic === 'execution.fast') {
    const executed = rows.filter((row) => isAmount(memberOf(row, 'execQty')))
    return executed.length === 0 ? { kind: 'nothing' } : { kind: 'hint', hints: executed.flatMap(hintOf) }
  }
  if (topic === 'wallet') {
    // it is told when an order locks something too: only what is held counts
    const coins = rows.flatMap((row) => rowsOf(memberOf(row, 'coin')))
    const held = coins.map((coin) => [memberOf(coin, 'coin'), memberOf(coin, 'walletBalance')] as const)
    return told.moved(held) ? { kind: 'hint', hints: [] } : { kind: 'nothing' }
  }
  return { kind: 'nothing' }
}

const walletOf: Readonly<Record<string, MarketType>> = { spot: 'spot', linear: 'linear', inverse: 'inverse' }

function hintOf(row: object): readonly Hint[] {
  const category = memberOf(row, 'category')
  const market = memberOf(row, 'symbol')
  const wallet =
    typeof category === 'string' && Object.hasOwn(walletOf, category) ? walletOf[category] : undefined
  return wallet !== undefined && isMarketName(market) ? [{ wallet, market }] : []
}
