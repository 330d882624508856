import {
  decimalFromNumber,
  InputError,
  parseDecimal,
  parseJson,
  readEnum,
  readInteger,
  readObject,
  readString,
  signOf,
  zero,
  instantMaxMs,
  instantMinMs,
  type Decimal,
} from '@perf-agg/sdk'
import type { WsLimits } from '../limits.ts'
import type { ChannelAuth, PushedTrade } from './service.ts'
import { checkedId } from './session-id.ts'

export type ClientMessage =
  | { readonly type: 'auth'; readonly auth: ChannelAuth }
  | { readonly type: 'trade'; readonly trade: PushedTrade }

/**
 * One message of a WebSocket.
 * @throws PerfAggError JSON_*, INPUT_INVALID, SESSION_UNKNOWN
 */
export function parseMessage(bytes: Uint8Array, limits: WsLimits): ClientMessage {
  const value = parseJson(bytes, { bytesMax: limits.messageBytesMax, depthMax: limits.jsonDepthMax })
  const type = readEnum(
    typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined,
    'type',
    ['auth', 'trade'],
  )
  return type === 'auth' ? { type, auth: parseAuth(value) } : { type, trade: parseTrade(value, limits) }
}

function parseAuth(value: unknown): ChannelAuth {
  const message = readObject(value, '', {
    required: ['type', 'session_id'],
    optional: ['challenge', 'client_signature'],
  })
  const session_id = checkedId(readString(message.session_id, 'session_id', { max: 128 }))
  if (message.challenge === undefined && message.client_signature === undefined) return { session_id }
  return {
    session_id,
    challenge: readString(message.challenge, 'challenge', { max: 128 }),
    client_signature: readString(message.client_signature, 'client_signature', { max: 128 }),
  }
}

function parseTrade(value: unknown, limits: WsLimits): PushedTrade {
  const { data } = readObject(value, '', { required: ['type', 'data'] })
  const trade = readObject(data, 'data', {
    required: ['symbol', 'price', 'size', 'side', 'timestamp'],
    optional: ['fee', 'id'],
  })
  return {
    id:
      trade.id === undefined
        ? null
        : readString(trade.id, 'data.id', {
            min: 1,
            max: limits.tradeIdLengthMax,
            pattern: /^[\x21-\x7e]+$/,
            form: 'printable ASCII without spaces',
          }),
    symbol: readString(trade.symbol, 'data.symbol', {
      min: 1,
      max: limits.symbolLengthMax,
      pattern: /^[A-Za-z0-9][A-Za-z0-9/:._-]*$/,
      form: 'a symbol like BTCUSDT or BTC/USDT',
    }),
    price: positive(trade.price, 'data.price'),
    size: positive(trade.size, 'data.size'),
    side: readEnum(trade.side, 'data.side', ['buy', 'sell']),
    atMs: readInteger(trade.timestamp, 'data.timestamp', { min: instantMinMs, max: instantMaxMs }),
    fee: trade.fee === undefined ? zero : decimal(trade.fee, 'data.fee'),
  }
}

/** A number of JSON, or a decimal string, which may be longer than a double is exact. */
function decimal(value: unknown, path: string): Decimal {
  try {
    if (typeof value === 'number') return decimalFromNumber(value)
    if (typeof value === 'string') return parseDecimal(value)
  } catch {
    // its message does not know the place
  }
  throw new InputError('INPUT_INVALID', `${path} must be a number or a decimal string`)
}

function positive(value: unknown, path: string): Decimal {
  const amount = decimal(value, path)
  if (signOf(amount) <= 0) throw new InputError('INPUT_INVALID', `${path} must be more than 0`)
  return amount
}
