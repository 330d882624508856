/** What an exchange's symbol trades: `BTCUSDT`, `BTC-USDT-SWAP`, `ETH/EUR`, `XXBTZUSD`, `BTCUSD_PERP`. */

export interface Pair {
  readonly base: string
  readonly quote: string
}

/** Currencies that prices are told in, as symbols without a separator end in them; longer ones first. */
const quotes = (
  'FDUSD USDT USDC BUSD TUSD USDP USDE USD1 PYUSD RLUSD DAI EUR GBP TRY BRL JPY AUD CAD CHF ARS PLN MXN ZAR UAH USD ' +
  'BTC XBT ETH BNB SOL TRX XRP DOGE'
)
  .split(' ')
  .toSorted((a, b) => b.length - a.length)

/** Null where it can't be told. */
export function pairOf(symbol: string): Pair | null {
  const text = symbol.toUpperCase()
  const [base, quote] = text.split(/[-/:]|_(?!PERP|\d)/)
  if (base !== undefined && base !== '' && quote !== undefined && quote !== '') {
    return { base: assetOf(base), quote: assetOf(quote) }
  }
  const kraken = /^([XZ][A-Z]{3})([XZ][A-Z]{3})$/.exec(text)
  if (kraken !== null) return { base: assetOf(kraken[1]!), quote: assetOf(kraken[2]!) }
  const plain = text.replace(/_(PERP|\d+)$/, '')
  const ending = quotes.find((one) => plain.endsWith(one) && plain.length > one.length)
  return ending === undefined
    ? null
    : { base: assetOf(plain.slice(0, -ending.length)), quote: assetOf(ending) }
}

/** Kraken writes XXBT, XBT and ZUSD, and marks what is staked (`ETH2.S`). */
export function assetOf(code: string): string {
  const plain = code.toUpperCase().replace(/\.[A-Z]$/, '')
  const short = /^[XZ][A-Z]{3}$/.test(plain) && legacy.has(plain) ? plain.slice(1) : plain
  return short === 'XBT' ? 'BTC' : short === 'XDG' ? 'DOGE' : short
}

const legacy = new Set(
  'XXBT XETH XLTC XXRP XXLM XXMR XZEC XETC XREP XMLN XXDG ZUSD ZEUR ZGBP ZCAD ZJPY ZAUD ZCHF'.split(' '),
)
