/**
 * The markets of the simulated exchange. Prices and sizes are made so that price × quantity never needs more than
 * eight places: nothing the exchange shows is rounded.
 */
export interface Listing {
  /** As on the wire: `BTCUSDT`. */
  readonly id: string
  /** Unified: `BTC/USDT`. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
  /** Places of the price; with `stepDecimals` at most eight. */
  readonly tickDecimals: number
  readonly stepDecimals: number
  readonly minNotional: string
  /** Of the first minute, in quote; crosses follow their legs. */
  readonly startPrice: number
  /** Of a day's return. */
  readonly volatility: number
  /** How much of the first coin's move it makes too. */
  readonly beta: number
  /** Mean traded per minute in which it trades, in quote. */
  readonly turnover: number
  /** Share of minutes that have a trade at all. */
  readonly liveliness: number
  readonly path: 'walk' | 'cross' | 'peg'
}

type Row = readonly [
  base: string,
  quote: string,
  tickDecimals: number,
  stepDecimals: number,
  startPrice: number,
  volatility: number,
  beta: number,
  turnover: number,
  liveliness: number,
  path: Listing['path'],
]

const rows: readonly Row[] = [
  ['BTC', 'USDT', 2, 5, 91_250, 0.025, 0, 1_800_000, 1, 'walk'],
  ['ETH', 'USDT', 2, 4, 3_120, 0.02, 1.1, 900_000, 1, 'walk'],
  ['BNB', 'USDT', 2, 3, 874, 0.016, 0.8, 220_000, 1, 'walk'],
  ['SOL', 'USDT', 2, 3, 138, 0.028, 1.2, 400_000, 1, 'walk'],
  ['XRP', 'USDT', 4, 1, 2.21, 0.03, 1, 300_000, 1, 'walk'],
  ['ADA', 'USDT', 4, 1, 0.435, 0.03, 1, 60_000, 1, 'walk'],
  ['DOGE', 'USDT', 5, 0, 0.1511, 0.035, 1.2, 110_000, 1, 'walk'],
  ['LTC', 'USDT', 2, 3, 84.3, 0.022, 0.9, 24_000, 0.99, 'walk'],
  ['LINK', 'USDT', 2, 2, 12.94, 0.028, 1.1, 40_000, 0.99, 'walk'],
  ['AVAX', 'USDT', 2, 2, 13.71, 0.03, 1.2, 26_000, 0.98, 'walk'],
  ['DOT', 'USDT', 3, 2, 2.312, 0.03, 1.1, 14_000, 0.95, 'walk'],
  ['TRX', 'USDT', 4, 1, 0.2788, 0.012, 0.4, 38_000, 0.99, 'walk'],
  // trades in about half of all minutes, so that the price rule meets both sides of "most"
  ['ACA', 'USDT', 5, 1, 0.01962, 0.04, 0.7, 260, 0.52, 'walk'],
  // the thin coin: an order of ours is most of an hour's volume
  ['PROM', 'USDT', 3, 2, 7.841, 0.05, 0.5, 45, 0.09, 'walk'],
  ['WAVES', 'USDT', 4, 2, 0.9815, 0.05, 0.9, 2_400, 0.85, 'walk'],
  // has no market against a dollar: its price goes over a bridge
  ['QKC', 'BTC', 8, 0, 0.000_000_25, 0.0, 0, 0.002, 0.45, 'peg'],
  ['USDC', 'USDT', 4, 0, 0.9998, 0.0001, 0, 90_000, 1, 'peg'],
  ['FDUSD', 'USDT', 4, 0, 0.9985, 0.0002, 0, 45_000, 1, 'peg'],
  ['BTC', 'FDUSD', 2, 5, 0, 0, 0, 600_000, 1, 'cross'],
  ['ETH', 'BTC', 5, 3, 0, 0, 0, 1.6, 0.99, 'cross'],
  ['BNB', 'BTC', 6, 2, 0, 0, 0, 0.4, 0.95, 'cross'],
  ['SOL', 'ETH', 5, 3, 0, 0, 0, 2.1, 0.7, 'cross'],
  ['SOL', 'BNB', 4, 3, 0, 0, 0, 6, 0.6, 'cross'],
]

export const listings: readonly Listing[] = rows.map(
  ([base, quote, tickDecimals, stepDecimals, startPrice, volatility, beta, turnover, liveliness, path]) => ({
    id: `${base}${quote}`,
    symbol: `${base}/${quote}`,
    base,
    quote,
    tickDecimals,
    stepDecimals,
    minNotional: minNotionalOf(quote),
    startPrice,
    volatility,
    beta,
    turnover,
    liveliness,
    path,
  }),
)

function minNotionalOf(quote: string): string {
  if (quote === 'BTC') return '0.00010000'
  if (quote === 'ETH') return '0.00100000'
  return quote === 'BNB' ? '0.01000000' : '5.00000000'
}

const byName = new Map(
  listings.flatMap((listing) => [[listing.id, listing] as const, [listing.symbol, listing] as const]),
)

/** By its wire id or its unified symbol. */
export function listingOf(name: string): Listing | null {
  return byName.get(name) ?? null
}

/** Every asset that has a market. */
export const assets: readonly string[] = [
  ...new Set(listings.flatMap((listing) => [listing.base, listing.quote])),
]
