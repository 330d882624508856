import type { ReadPages } from '../span.ts'
import { endpoints } from './endpoint.ts'
import { type Pages, type Parameters, readMarket } from './page.ts'
import {
  type AccountFilter,
  isMarginAccount,
  isSpotAccount,
  type Line,
  linesOf,
  type Trade,
  tradesOf,
  type TradeType,
} from './row.ts'
import { isTrade } from './tell.ts'

/** The ledgers of spot and margin, and the fills behind them: of the older accounts together, of the newer ones apart. */

export interface LedgerPart {
  readonly ledger: readonly Line[]
  readonly trades: readonly Trade[]
}

export interface Watched {
  readonly spot: boolean
  readonly margin: boolean
}

/** A span of the accounts that are watched; null where it is more than one poll takes. */
export async function readLedgers(
  pages: Pages,
  { spot, margin }: Watched,
  {
    span,
    thorough,
    readPages,
  }: {
    readonly span: Parameters
    readonly thorough: boolean
    readonly readPages: ReadPages
  },
): Promise<LedgerPart | null> {
  const ledger: Line[] = []
  const trades: Trade[] = []
  const isOurs: AccountFilter = (account) =>
    (spot && isSpotAccount(account)) || (margin && isMarginAccount(account))
  const read = (value: unknown, exchangeNowMs: number) => linesOf(value, exchangeNowMs, isOurs)

  const older = await readPages(pages.numbered(endpoints.ledgers, { ...span, pageSize: 500 }, read))
  if (older === null) return null
  ledger.push(...older)
  const olderTypes: readonly TradeType[] = [
    ...(spot ? ['TRADE' as const] : []),
    ...(margin ? ['MARGIN_TRADE' as const, 'MARGIN_ISOLATED_TRADE' as const] : []),
  ]
  for (const tradeType of olderTypes) {
    if (!thorough && !older.some((line) => isTrade(line) && tradeTypeOf(line) === tradeType)) continue
    const own = await readPages(
      pages.numbered(endpoints.fills, { ...span, tradeType, pageSize: 500 }, (value, exchangeNowMs) =>
        tradesOf(value, exchangeNowMs, tradeType),
      ),
    )
    if (own === null) return null
    trades.push(...own)
  }
  const newer = [
    ...(spot ? [{ lines: endpoints.hfLedgers, fills: endpoints.hfFills }] : []),
    ...(margin ? [{ lines: endpoints.hfMarginLedgers, fills: endpoints.hfMarginFills }] : []),
  ]
  for (const { lines, fills } of newer) {
    const own = await readPages(pages.after(lines, { ...span, limit: 200 }, read))
    if (own === null) return null
    ledger.push(...own)
    // their fills are had by market: the ledger says which
    const markets = new Map(
      own
        .filter((line) => isTrade(line) && line.symbol !== '')
        .map((line) => [`${tradeTypeOf(line)} ${line.symbol}`, line] as const),
    )
    for (const line of markets.values()) {
      const tradeType = tradeTypeOf(line)
      const asked = {
        ...span,
        symbol: line.symbol,
        limit: 200,
        ...(tradeType === 'TRADE' ? {} : { tradeType }),
      }
      const found = await readMarket(
        pages.after(fills, asked, (value, exchangeNowMs) => tradesOf(value, exchangeNowMs, tradeType)),
      )
      if (found === null) return null
      trades.push(...found)
    }
  }
  return { ledger, trades }
}

function tradeTypeOf({ account, kind }: Line): TradeType {
  if (!isMarginAccount(account)) return 'TRADE'
  return account.startsWith('isolated') || kind === 'isolatedexchange'
    ? 'MARGIN_ISOLATED_TRADE'
    : 'MARGIN_TRADE'
}
