import type { Fill } from '../../accounting/observation.ts'
import { entryOfContract } from '../explain.ts'
import { entryOfLine, isMovedBy } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import type { Listed } from '../market-list.ts'
import type { Line, Trade } from './row.ts'
import { conversionsOf, fillOf, flowAs, flowOf, incomeOf, named } from './tell.ts'
import type { UnifiedFill } from './unified-row.ts'

/** What the lists of kucoin's unified account mean. Its lines say what they did to the one wallet, not of which trade. */

export interface UnifiedTold {
  readonly lines: readonly Line[]
  readonly trades: readonly Trade[]
  readonly contractFills: readonly UnifiedFill[]
}

const spotKinds = new Set(['tradeexchange', 'spotexchange', 'marginexchange'])

export function isSpotTrade({ kind }: Pick<Line, 'kind'>): boolean {
  return spotKinds.has(kind)
}

export function tellUnified(
  { lines, trades, contractFills }: UnifiedTold,
  listingOf: (id: string) => Listed | undefined,
): Omit<Reading, 'cutAtMs'> {
  const spot = named(trades).map((trade) => fillOf(trade, listingOf))
  const contracts = contractFills.flatMap(({ fill }) => fill ?? [])
  return {
    fills: [...spot, ...ownApart(contracts)],
    // what lies elsewhere is not watched: deposits and withdrawals pass the funding account
    flows: lines.flatMap((line) => (line.kind === 'transfer' ? [flowAs(line, 'transfer')] : flowOf(line))),
    incomes: lines.flatMap(incomeOf),
    conversions: conversionsOf(lines),
    entries: [...lines.map(entryOfLine), ...contracts.map(entryOfContract)],
    // together they must move the same
    pending: !isMovedBy(spot, lines.filter(isSpotTrade)),
  }
}

/** Who trades with oneself has one number on both sides: the selling one is told apart. */
function ownApart(fills: readonly Fill[]): Fill[] {
  const numbers = Map.groupBy(fills, ({ symbol, id }) => `${symbol} ${id}`)
  return fills.map((fill) => {
    const isOwn = (numbers.get(`${fill.symbol} ${fill.id}`)?.length ?? 0) > 1
    return isOwn && fill.side === 'sell' ? { ...fill, id: `${fill.id}.sell` } : fill
  })
}
