/** Markets that an account trades on, each with fills and prices of its own. */
export const marketTypes = ['spot', 'margin', 'linear', 'inverse'] as const
export type MarketType = (typeof marketTypes)[number]

/**
 * Wallets that can be watched. Through a funding wallet deposits and withdrawals pass on their way to a market, and
 * nothing trades in it: it has no fills and no prices. New ones go to the end: snapshots know them by their place.
 */
export const wallets = [...marketTypes, 'funding'] as const
export type Wallet = (typeof wallets)[number]
