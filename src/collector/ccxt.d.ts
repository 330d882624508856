/** ccxt's own class, unmodified; bundled from its release at build, one file an exchange. */
declare module 'ccxt:binance' {
  import { binance } from 'ccxt'
  export default binance
}

/** The release that was bundled: `4.5.84`. */
declare const ccxtRelease: string
