import type { MarketType } from '../../accounting/observation.ts'
import type { CcxtInstance, Connection } from '../adapter.ts'
import type { Hint } from '../hint.ts'
import type { Down } from './message.ts'

/**
 * What an exchange's folder offers to a listener: ccxt's class for its streams, which opens, signs and subscribes, and
 * our own reading of the events. ccxt never sees those: it would look up markets, keep trades and add up balances, and
 * nothing of that is wanted here.
 */
export interface StreamSource extends Pick<Connection, 'load' | 'prepare' | 'hasSandbox'> {
  /** Whose events are told. An account with other wallets too is polled for those as if nobody listened. */
  readonly wallets: readonly MarketType[]
  /** Opens all connections and subscribes; resolves with how many acknowledgements are still to come. */
  start(exchange: ProInstance, wallets: readonly MarketType[]): Promise<number>
  /** A reader of one account's messages. */
  newReader(): StreamReader
}

/** Null is ccxt's: an answer to what it asked. @param url of the connection that the message came on */
export type StreamReader = (message: unknown, url: string) => StreamEvent | null

export type StreamEvent =
  /** Something happened; where, as far as the event says. */
  | { readonly kind: 'hint'; readonly hints: readonly Hint[] }
  /** A subscription was taken; ccxt hears of it too. */
  | { readonly kind: 'acknowledged' }
  /** An event that moves nothing. */
  | { readonly kind: 'nothing' }
  /** The exchange will tell no more. */
  | ({ readonly kind: 'down' } & Down)

/** As much of an instance of ccxt's for streams as is touched. */
export interface ProInstance extends CcxtInstance {
  markets: unknown
  markets_by_id: unknown
  clients: Record<string, unknown>
  client: (url: string) => unknown
  delay: (timeoutMs: number, method: (...given: unknown[]) => unknown, ...given: unknown[]) => void
  handleMessage: (client: unknown, message: unknown) => void
  onError: (client: unknown, error: unknown) => void
  onClose: (client: unknown, error: unknown) => void
  onConnected: (client: unknown, message?: unknown) => void
  authenticate: (...given: unknown[]) => Promise<unknown>
  watchMyTrades: (...given: unknown[]) => Promise<unknown>
  watchBalance: (...given: unknown[]) => Promise<unknown>
  streaming: Readonly<Record<string, unknown>>
  ping?: ((client: unknown) => unknown) | undefined
}
