/**
 * kraken's names of coins. The oldest carry an X or Z in front, some are called otherwise by everybody else, and what
 * is staked or earns stands in the same account under the coin's name with an ending.
 */
const names: Readonly<Record<string, string>> = {
  XXBT: 'BTC',
  XBT: 'BTC',
  XXDG: 'DOGE',
  XDG: 'DOGE',
  XETC: 'ETC',
  XETH: 'ETH',
  XLTC: 'LTC',
  XMLN: 'MLN',
  XREP: 'REPV1',
  REP: 'REPV1',
  REPV2: 'REP',
  XXLM: 'XLM',
  XXMR: 'XMR',
  XXRP: 'XRP',
  XZEC: 'ZEC',
  ZAUD: 'AUD',
  ZCAD: 'CAD',
  ZEUR: 'EUR',
  ZGBP: 'GBP',
  ZJPY: 'JPY',
  ZUSD: 'USD',
  // renamed by their makers, not here
  LUNA: 'LUNC',
  LUNA2: 'LUNA',
  UST: 'USTC',
}

/**
 * `.S` staked, two digits before it the days of notice; `.M` and `.F` rewarded and free at any time; `.B` bonded; `.P`
 * and `.T` parachain and tokenized; `.HOLD` paid in and not yet to be withdrawn. One for one each, and valued as the coin.
 */
const ending = /^(.+?)(?:\d{2}\.S|\.[SMFBPT]|\.HOLD)$/

/** Raw upper-case name to the usual one. */
export function coinOf(raw: string): string {
  const plain = ending.exec(raw)?.[1] ?? raw
  return Object.hasOwn(names, plain) ? (names[plain] ?? plain) : plain
}
