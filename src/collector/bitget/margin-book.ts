import { secondMs } from '@perf-agg/sdk'
import type { Amount, Fill, Income } from '../../accounting/observation.ts'
import { entryOfFill } from '../explain.ts'
import { sumOf } from '../holding.ts'
import { entryOfLine } from '../ledger-line.ts'
import { eachOnce, type ReadPages } from '../span.ts'
import { type Asked, type Book, type Desk, pages, type Telling } from './book.ts'
import { endpoints } from './endpoint.ts'
import {
  interestOf,
  type Liquidation,
  liquidationsOf,
  marginHoldingOf,
  marginTradesOf,
  recordsOf,
} from './margin-row.ts'
import type { Bill, Trade } from './row.ts'
import { conversionsOf, fillOf } from './spot.ts'

/** What is said of one account of margin: the cross one, or a pair's. */
interface AccountPart {
  readonly account: string
  readonly records: readonly Bill[]
  readonly interest: readonly Bill[]
  readonly trades: readonly Trade[]
  readonly liquidations: readonly Liquidation[]
}

const lists = {
  crossed: {
    records: endpoints.crossedRecords,
    interest: endpoints.crossedInterest,
    fills: endpoints.crossedFills,
    liquidations: endpoints.crossedLiquidations,
  },
  isolated: {
    records: endpoints.isolatedRecords,
    interest: endpoints.isolatedInterest,
    fills: endpoints.isolatedFills,
    liquidations: endpoints.isolatedLiquidations,
  },
} as const

/**
 * The margin accounts, cross and of each pair. To borrow or to pay back moves nothing: what is owed is taken off the
 * balances, and what it costs is owed too. The records of the cross account do not say which market was traded: those
 * between coins that were traded are asked for.
 */
export class MarginBook implements Book<readonly AccountPart[]> {
  readonly #desk: Desk
  #pairs: readonly string[] = []
  #held: readonly Amount[] = []

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async balances(): Promise<readonly Amount[]> {
    const { caller } = this.#desk
    const crossed = marginHoldingOf((await caller.call(endpoints.crossedAssets)).value)
    const isolated = marginHoldingOf((await caller.call(endpoints.isolatedAssets)).value)
    this.#pairs = isolated.pairs
    this.#held = crossed.balances
    return sumOf([...crossed.balances, ...isolated.balances])
  }

  async span(span: Asked, thorough: boolean, readPages: ReadPages): Promise<AccountPart[] | null> {
    const parts: AccountPart[] = []
    for (const pair of [null, ...this.#pairs]) {
      const part = await this.#account(pair, span, thorough, readPages)
      if (part === null) return null
      parts.push(part)
    }
    return parts
  }

  async #account(
    pair: string | null,
    span: Asked,
    thorough: boolean,
    readPages: ReadPages,
  ): Promise<AccountPart | null> {
    const of = lists[pair === null ? 'crossed' : 'isolated']
    const asked = { ...span, limit: 500, ...(pair === null ? {} : { symbol: pair }) }
    const records = await readPages(pages(this.#desk, of.records, asked, recordsOf))
    if (records === null) return null
    const interest = await readPages(pages(this.#desk, of.interest, asked, interestOf))
    if (interest === null) return null
    const deals = records.filter(isDeal)
    const trades: Trade[] = []
    const symbols = pair === null ? this.#symbolsOf(deals) : [pair]
    for (const symbol of deals.length > 0 || thorough ? symbols : []) {
      const own = await readPages(
        pages(this.#desk, of.fills, { ...asked, symbol }, (value, exchangeNowMs) =>
          marginTradesOf(value, exchangeNowMs, symbol),
        ),
      )
      if (own === null) return null
      trades.push(...own)
    }
    // a trade of a liquidation mostly says so itself
    const isClosed = records.some(({ kind }) =>
      /^(liquidation|compensate|confiscated|sysexchange)/.test(kind),
    )
    const liquidations =
      isClosed || (thorough && trades.length > 0)
        ? await readPages(pages(this.#desk, of.liquidations, asked, liquidationsOf))
        : []
    if (liquidations === null) return null
    return {
      account: pair === null ? 'crossed' : `isolated ${pair}`,
      records,
      interest,
      trades,
      liquidations,
    }
  }

  /** Markets between coins that were dealt at one time; where nothing was, those of what is held are looked at. */
  #symbolsOf(deals: readonly Bill[]): readonly string[] {
    const dealt = Map.groupBy(deals, ({ asset }) => asset)
    const held = new Set(deals.length === 0 ? this.#held.map(({ asset }) => asset) : [])
    const isDealt = (base: string, quote: string): boolean =>
      dealt.get(base)?.some((a) => dealt.get(quote)?.some((b) => isNear(a.atMs, b.atMs))) === true
    return this.#desk.listings.all
      .filter(({ type }) => type === 'spot')
      .filter(({ base, quote }) => isDealt(base, quote) || (held.has(base) && quote === 'USDT'))
      .map(({ id }) => id)
  }

  tell(parts: readonly (readonly AccountPart[])[]): Telling {
    const told = [...Map.groupBy(parts.flat(), ({ account }) => account).values()].map((own) =>
      this.#tell(own),
    )
    return {
      fills: told.flatMap(({ fills }) => fills),
      flows: [],
      incomes: told.flatMap(({ incomes }) => incomes),
      conversions: told.flatMap(({ conversions }) => conversions),
      transfers: told.flatMap(({ transfers }) => transfers),
      entries: told.flatMap(({ entries }) => entries),
      pending: told.some(({ pending }) => pending),
    }
  }

  #tell(parts: readonly AccountPart[]): Telling {
    const account = parts[0]?.account ?? ''
    // each account's lists count for themselves
    const named = (line: Bill): Bill => ({ ...line, id: `${account.replaceAll(/\W/g, '-')}.${line.id}` })
    const records = eachOnce(parts.flatMap((part) => part.records))
    const interest = eachOnce(parts.flatMap((part) => part.interest))
    const liquidations = parts.flatMap((part) => part.liquidations)
    const fills = eachOnce(parts.flatMap((part) => part.trades)).map((trade): Fill => {
      const fill = fillOf(trade, (id) => this.#desk.listings.byName(id), 'margin')
      const isForced = liquidations.some(({ fromMs, toMs }) => trade.atMs >= fromMs && trade.atMs <= toMs)
      return isForced ? { ...fill, execution: 'liquidation' } : fill
    })
    // what was dealt the fills say, and a debt that comes or goes with its coins is nothing
    const moving = records.filter((line) => !isDeal(line) && !/^(borrow|repay)/.test(line.kind))
    return {
      fills,
      flows: [],
      incomes: [...interest, ...moving].map(named).flatMap(incomeOf),
      conversions: conversionsOf(moving.filter(({ kind }) => kind.includes('exchange')).map(named)),
      transfers: moving
        .filter(({ kind }) => kind.startsWith('transfer'))
        .map((line) => ({ ...line, account })),
      entries: [...fills.map(entryOfFill), ...[...moving, ...interest].map(entryOfLine)],
      pending: records.some((line) => isDeal(line) && !fills.some(({ atMs }) => isNear(atMs, line.atMs))),
    }
  }
}

function isDeal({ kind }: Bill): boolean {
  return kind.startsWith('deal')
}

/** Both lists tell of one trade within this. */
const nearMs = 10 * secondMs

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= nearMs
}

/** What the exchange's fund takes and gives where a debt is not covered is part of what a liquidation costs. */
function incomeOf({ id, kind, asset, change, atMs }: Bill): Income[] {
  const income =
    kind === 'interest'
      ? 'interest'
      : /^(liquidationfee|compensate|confiscated)/.test(kind)
        ? 'liquidation-fee'
        : null
  if (income === null || !/[1-9]/.test(change)) return []
  return [{ id, income, asset, amount: change, atMs }]
}
