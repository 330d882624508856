import { parseDecimal, signOf, sum, toText } from '@perf-agg/sdk'
import type { Amount, CashFlow, FlowKind, Income } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { amountOrZero, assetOf, decimalOf, idOf, millisOf, rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'
import { entryOfLine, flowOfLine } from '../ledger-line.ts'
import { eachOnce, type ReadPages } from '../span.ts'
import { type Asked, type Book, type Desk, pages, type Telling } from './book.ts'
import { endpoints } from './endpoint.ts'
import { type Movement, ownTransfersOf, readAll } from './movement.ts'
import { type Bill, plain, type SentPage } from './row.ts'
import { conversionsOf } from './spot.ts'
import { cursorIn } from './unified-row.ts'

/** The wallet for paying, and for trading with other people: what it holds. */
function fundingAssetsOf(value: unknown): Amount[] {
  return sumOf(
    rowsOf(value, 'fundingAssets', limits.collector.assetsMax).map((each): Amount => {
      const row = rowOf(each, 'fundingAssets')
      const parts = ['available', 'frozen'].map((name) =>
        parseDecimal(amountOrZero(row[name], `fundingAsset.${name}`)),
      )
      return { asset: assetOf(row['coin'], 'fundingAsset.coin'), amount: toText(sum(parts)) }
    }),
  )
}

/** What the exchange calls it where money is moved. */
const name = /^(p2p|funding|otc)$/

/**
 * Beside a classic account. No list says what happens in it but that of transfers between the client's own accounts, coin
 * by coin: the rest is unexplained.
 */
export class FundingBook implements Book<readonly Movement[]> {
  readonly #desk: Desk
  readonly #coins = new Set<string>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async balances(): Promise<readonly Amount[]> {
    const held = fundingAssetsOf((await this.#desk.caller.call(endpoints.fundingAssets)).value)
    for (const { asset } of held) this.#coins.add(asset)
    return held
  }

  span(span: Asked, _thorough: boolean, readPages: ReadPages): Promise<readonly Movement[] | null> {
    // what left it whole is mostly dollars
    const lists = [...new Set([...this.#coins, 'USDT'])].map((coin) =>
      pages(this.#desk, endpoints.transfers, { ...span, coin, limit: 500 }, (value, exchangeNowMs) =>
        ownTransfersOf(value, name, exchangeNowMs),
      ),
    )
    return readAll(lists, readPages)
  }

  tell(parts: readonly (readonly Movement[])[]): Telling {
    const lines = eachOnce(parts.flat()).flatMap(({ id, asset, changes: [change], atMs }) =>
      change === undefined ? [] : [{ id, account: 'funding', asset, change, atMs }],
    )
    return { ...nothing, transfers: lines, entries: lines.map(entryOfLine) }
  }
}

const nothing = { fills: [], flows: [], incomes: [], conversions: [], pending: false } as const

function fundingLinesOf(value: unknown, exchangeNowMs: number): SentPage<Bill> {
  const all = rowsOf(rowOf(value, 'fundingRecords')['list'] ?? [], 'fundingRecords', 100)
  const rows = all.map((each): Bill => {
    const row = rowOf(each, 'fundingRecords')
    return {
      id: idOf(row['id'], 'record.id'),
      group: plain(row['groupType'], 'record.groupType'),
      kind: plain(row['type'], 'record.type'),
      asset: assetOf(row['coin'], 'record.coin'),
      change: decimalOf(row['amount'], 'record.amount', 'any'),
      atMs: millisOf(row['ts'], 'record.ts', exchangeNowMs),
    }
  })
  return { rows, next: cursorIn(value), sent: all.length }
}

/** Beside a unified account: deposits and withdrawals pass it, and a list says what moved it. */
export class UnifiedFundingBook implements Book<readonly Bill[]> {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async balances(): Promise<readonly Amount[]> {
    return fundingAssetsOf((await this.#desk.caller.call(endpoints.unifiedFundingAssets)).value)
  }

  span(span: Asked, _thorough: boolean, readPages: ReadPages): Promise<readonly Bill[] | null> {
    const asked = { ...span, limit: 100 }
    return readPages(pages(this.#desk, endpoints.unifiedFundingRecords, asked, fundingLinesOf, 'cursor'))
  }

  tell(parts: readonly (readonly Bill[])[]): Telling {
    const lines = eachOnce(parts.flat()).filter(({ change }) => signOf(parseDecimal(change)) !== 0)
    return {
      ...nothing,
      flows: lines.flatMap(flowOf),
      incomes: lines.flatMap(incomeOf),
      conversions: conversionsOf(
        lines
          .filter(({ group }) => group === 'convert')
          .map((line) => ({ ...line, id: `funding.${line.id}` })),
      ),
      transfers: lines.filter(isTransfer).map((line) => ({ ...line, account: 'funding' })),
      entries: lines.map(entryOfLine),
    }
  }
}

function isTransfer({ group, kind }: Bill): boolean {
  return group === 'transfer' || kind.startsWith('transfer') || (group === 'financial' && !isEarned(kind))
}

function isEarned(kind: string): boolean {
  return /interest|dividend|profit|earning/.test(kind)
}

function flowKindOf(line: Bill): FlowKind | null {
  const { group, kind, change } = line
  if (isTransfer(line) || group === 'convert') return null
  if (group === 'deposit' || kind.startsWith('deposit')) return 'deposit'
  if (group === 'withdraw' || kind.startsWith('withdraw')) return 'withdrawal'
  if (/reward|airdrop|bonus/.test(kind)) return 'reward'
  // bought from and sold to other people, for money that is not in it
  if (/^(c2c|p2p|fait|fiat)/.test(group)) return signOf(parseDecimal(change)) > 0 ? 'deposit' : 'withdrawal'
  return null
}

function flowOf(line: Bill): CashFlow[] {
  const flow = flowKindOf(line)
  return flow === null ? [] : [flowOfLine({ ...line, id: `funding.${line.id}` }, flow)]
}

function incomeOf({ id, kind, asset, change, atMs }: Bill): Income[] {
  return isEarned(kind) ? [{ id: `funding.${id}`, income: 'earn', asset, amount: change, atMs }] : []
}
