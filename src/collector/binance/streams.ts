import type { Hint } from '../hint.ts'
import { isMarketName } from '../hint.ts'
import { memberOf } from '../listener/event.ts'
import { downOf, refusedBy } from '../listener/down.ts'
import type { ProInstance, StreamEvent, StreamReader, StreamSource } from '../listener/source.ts'

/**
 * binance's user-data streams: spot's by a signed subscription on its WebSocket API, each futures exchange's by a listen
 * key.
 */
export const binanceStreams: StreamSource = {
  load: () => import('ccxt:pro/binance'),
  prepare: (exchange) => {
    exchange.options['fetchCurrencies'] = false
    exchange.options['fetchMargins'] = false
    exchange.options['adjustForTimeDifference'] = false
    // it would ask for them beside
    exchange.options['watchPositions'] = { fetchPositionsSnapshot: false, awaitPositionsSnapshot: false }
  },
  hasSandbox: true,
  wallets: ['spot', 'linear', 'inverse'],
  async start(exchange, wallets) {
    if (wallets.includes('spot')) await exchange.authenticate({ type: 'spot' })
    if (wallets.includes('linear')) await watchContracts(exchange, { type: 'future', subType: 'linear' })
    if (wallets.includes('inverse')) await watchContracts(exchange, { type: 'delivery', subType: 'inverse' })
    // each of these was awaited
    return 0
  },
  newReader,
}

/** Whether the connection opens is awaited by whoever started it; what it tells is never ccxt's. */
async function watchContracts(
  exchange: ProInstance,
  kind: { readonly type: string; readonly subType: string },
): Promise<void> {
  await exchange.authenticate({ ...kind })
  exchange.watchMyTrades(undefined, undefined, undefined, { ...kind }).catch(() => {})
  // it dials after some turns of its own
  await new Promise((resolve) => setImmediate(resolve))
}

function newReader(): StreamReader {
  /** Times of the last reports of orders that filled nothing: what follows them with the same time moved nothing. */
  const idleMs: unknown[] = []
  return (message, url) => {
    if (typeof message !== 'object' || message === null) return { kind: 'down', ...downOf('STREAM_INVALID') }
    const refusal = refusalOf(message)
    if (refusal !== null) return refusal
    const wrapped = memberOf(message, 'event')
    const event = typeof wrapped === 'object' && wrapped !== null ? wrapped : message
    const name = memberOf(event, 'e')
    return typeof name === 'string' ? readEvent(name, event, url, idleMs) : null
  }
}

function readEvent(name: string, event: object, url: string, idleMs: unknown[]): StreamEvent {
  const wallet = new URL(url).pathname.startsWith('/private/') ? 'linear' : 'inverse'
  switch (name) {
    case 'executionReport':
      if (hasFilled(event)) return hintOf([{ wallet: 'spot', market: memberOf(event, 's') }])
      idleMs.push(memberOf(event, 'T'))
      if (idleMs.length > idleMax) idleMs.shift()
      return { kind: 'nothing' }
    // all balances that an event may have changed: an order that is placed locks some, and moves none
    case 'outboundAccountPosition':
      return idleMs.includes(memberOf(event, 'u')) ? { kind: 'nothing' } : hintOf([])
    case 'balanceUpdate':
      return hintOf([])
    case 'TRADE_LITE':
      return hintOf([{ wallet, market: memberOf(event, 's') }])
    case 'ORDER_TRADE_UPDATE': {
      // trades, and what liquidations, deleveraging and deliveries execute
      const order = memberOf(event, 'o')
      if (typeof order !== 'object' || order === null || !hasFilled(order)) return { kind: 'nothing' }
      return hintOf([{ wallet, market: memberOf(order, 's') }])
    }
    case 'ACCOUNT_UPDATE': {
      const update = memberOf(event, 'a')
      const positions = typeof update === 'object' && update !== null ? memberOf(update, 'P') : null
      const rows: readonly unknown[] = Array.isArray(positions) ? positions : []
      return hintOf(
        rows.map((row) => ({
          wallet,
          market: typeof row === 'object' && row !== null ? memberOf(row, 's') : null,
        })),
      )
    }
    case 'listenKeyExpired':
    case 'eventStreamTerminated':
      return { kind: 'down', ...downOf('STREAM_CLOSED') }
    default:
      return { kind: 'nothing' }
  }
}

const idleMax = 16

/** `{"id":…,"status":403,"error":{"code":-2015,…,"data":{"retryAfter":…}}}`; what is good is ccxt's. */
function refusalOf(message: object): StreamEvent | null {
  const status = memberOf(message, 'status')
  const error = memberOf(message, 'error')
  if (typeof status !== 'number' || status === 200) return null
  const code = typeof error === 'object' && error !== null ? memberOf(error, 'code') : null
  const text = typeof code === 'number' && Number.isSafeInteger(code) ? String(code) : null
  const data = typeof error === 'object' && error !== null ? memberOf(error, 'data') : null
  return { kind: 'down', ...refusedBy(status, text, retryAfterOf(data)) }
}

/** Both instants are the exchange's: `{"serverTime":…,"retryAfter":…}`. */
function retryAfterOf(data: unknown): number | null {
  if (typeof data !== 'object' || data === null) return null
  const from = memberOf(data, 'serverTime')
  const to = memberOf(data, 'retryAfter')
  return typeof from === 'number' && typeof to === 'number' && to > from ? Math.ceil(to - from) : null
}

/** Something was executed by this very report: `l` is the last quantity. */
function hasFilled(order: object): boolean {
  const last = memberOf(order, 'l')
  return typeof last === 'string' && /[1-9]/.test(last)
}

function hintOf(
  given: readonly { readonly wallet: Hint['wallet']; readonly market: unknown }[],
): StreamEvent {
  const hints: Hint[] = []
  for (const { wallet, market } of given) if (isMarketName(market)) hints.push({ wallet, market })
  return { kind: 'hint', hints }
}
