/** ccxt's own classes, unmodified; bundled from its release at build, one file an exchange. */
declare module 'ccxt:binance' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:bybit' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:coinbase' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:hyperliquid' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:gate' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:kraken' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:poloniex' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:woo' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:krakenfutures' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:kucoin' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:bitget' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:okx' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}

/** Those for streams. */
declare module 'ccxt:pro/binance' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:pro/bybit' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:pro/okx' {
  const exchange: import('./adapter.ts').CcxtClass
  export default exchange
}
declare module 'ccxt:client' {
  /** ccxt's connection of a stream, as much of it as is touched. */
  export default class Client {
    readonly url: string
    connected: Promise<unknown>
    connection: unknown
    constructor(
      url: string,
      onMessage: (client: unknown, message: unknown) => void,
      onError: (client: unknown, error: unknown) => void,
      onClose: (client: unknown, error: unknown) => void,
      onConnected: (client: unknown, message?: unknown) => void,
      settings: Readonly<Record<string, unknown>>,
    )
    connect(backoffMs?: number): Promise<unknown>
    isOpen(): boolean
    ping?: (client: unknown) => unknown
    send(message: unknown): Promise<unknown>
    onPingInterval(): void
    onOpen(): void
    onPong(): void
    onMessage(event: { readonly data: string }): void
    reset(error: Error): void
    clearPingInterval(): void
    close(): unknown
  }
}

/** The release that was bundled: `4.5.84`. */
declare const ccxtRelease: string
