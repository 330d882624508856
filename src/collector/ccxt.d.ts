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

/** The release that was bundled: `4.5.84`. */
declare const ccxtRelease: string
