import { compare, minuteMs, parseDecimal, signOf } from '@perf-agg/sdk'
import type {
  Amount,
  CashFlow,
  Conversion,
  FlowKind,
  Income,
  Position,
  Wallet,
} from '../../accounting/observation.ts'
import { entryOfContract } from '../explain.ts'
import { refuseAccount } from '../failure.ts'
import { entryOfLine, flowOfLine, isMovedBy } from '../ledger-line.ts'
import { eachOnce, type ReadPages } from '../span.ts'
import { type Asked, type Book, contractBy, type Desk, pages, type Telling } from './book.ts'
import { endpoints } from './endpoint.ts'
import { type Movement, namedBy, readAll, unifiedMovements } from './movement.ts'
import type { Product } from './product.ts'
import type { Bill } from './row.ts'
import { conversionsOf } from './spot.ts'
import {
  categories,
  type Convert,
  convertsOf,
  netOf,
  type OpenPosition,
  traded,
  type UnifiedFill,
  unifiedAssetsOf,
  unifiedFillsOf,
  unifiedLinesOf,
  unifiedPositionsOf,
} from './unified-row.ts'

interface Part {
  readonly lines: readonly Bill[]
  readonly fills: readonly UnifiedFill[]
  /** These where a line does not say what it is of. */
  readonly converts: readonly Convert[]
  readonly movements: readonly Movement[]
}

const products: readonly Product[] = ['USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES']

/**
 * The unified account: one wallet behind spot, margin and contracts, whose records say of every category what moved it.
 * Who watches spot alone may have no contracts and owe nothing.
 */
export class UnifiedBook implements Book<Part> {
  readonly #desk: Desk
  readonly #wallets: readonly Wallet[]
  #positions: readonly OpenPosition[] = []

  constructor(desk: Desk, wallets: readonly Wallet[]) {
    this.#desk = desk
    this.#wallets = wallets
  }

  async balances(): Promise<readonly Amount[]> {
    const { caller } = this.#desk
    const assets = unifiedAssetsOf((await caller.call(endpoints.unifiedAssets)).value)
    const positions: OpenPosition[] = []
    for (const category of products) {
      const { value } = await caller.call(endpoints.unifiedPositions, { category })
      positions.push(...unifiedPositionsOf(value, category, contractBy(this.#desk)))
    }
    this.#positions = positions
    const hasContracts = this.#wallets.includes('linear')
    if (positions.length > 0 && !hasContracts) throw refuseAccount('positions')
    const mayBorrow = hasContracts || this.#wallets.includes('margin')
    if (!mayBorrow && assets.some(({ debt }) => signOf(debt) !== 0)) throw refuseAccount('borrowed')
    return netOf(assets, positions)
  }

  /** Of the same reading as the balances. */
  positions(): Promise<readonly Position[]> {
    return Promise.resolve(this.#positions.map(({ position }) => position))
  }

  async span(span: Asked, thorough: boolean, readPages: ReadPages): Promise<Part | null> {
    const asked = { ...span, limit: 100 }
    const lines: Bill[] = []
    const fills: UnifiedFill[] = []
    for (const category of categories) {
      const own = await readPages(
        pages(this.#desk, endpoints.unifiedRecords, { ...asked, category }, unifiedLinesOf, 'cursor'),
      )
      if (own === null) return null
      lines.push(...own)
    }
    for (const category of traded) {
      const isTold = lines.some(
        (line) => isTrade(line) && line.group === category.toLowerCase().replace('-', ''),
      )
      if (!thorough && !isTold) continue
      const own = await readPages(
        pages(
          this.#desk,
          endpoints.unifiedFills,
          { ...asked, category },
          (value, exchangeNowMs) =>
            unifiedFillsOf(value, category, (name) => this.#desk.listings.byName(name), exchangeNowMs),
          'cursor',
        ),
      )
      if (own === null) return null
      fills.push(...own)
    }
    const unnamed = lines.filter(isUnnamed)
    const converts = await this.#converts(asked, unnamed, readPages)
    const movements = unnamed.length === 0 ? [] : await unifiedMovements(this.#desk, span, readPages)
    return converts === null || movements === null ? null : { lines, fills, converts, movements }
  }

  /** Listed by what was given, and what for. */
  #converts(
    asked: Asked,
    unnamed: readonly Bill[],
    readPages: ReadPages,
  ): Promise<readonly Convert[] | null> {
    const [given, received] = [true, false].map((isGiven) => {
      const own = unnamed.filter(({ change }) => change.startsWith('-') === isGiven)
      return [...new Set(own.map(({ asset }) => asset))]
    })
    const pairs = (given ?? []).flatMap((fromCoin) =>
      (received ?? []).filter((toCoin) => toCoin !== fromCoin).map((toCoin) => ({ fromCoin, toCoin })),
    )
    const lists = pairs.map((pair) =>
      pages(this.#desk, endpoints.unifiedConverts, { ...asked, ...pair }, convertsOf, 'cursor'),
    )
    return readAll(lists, readPages)
  }

  tell(parts: readonly Part[]): Telling {
    const lines = eachOnce(parts.flatMap((part) => part.lines)).filter(
      ({ change }) => signOf(parseDecimal(change)) !== 0,
    )
    const fills = eachOnce(parts.flatMap((part) => part.fills)).map(({ fill }) => fill)
    const bought = fills.filter(({ terms }) => terms === undefined)
    if (bought.length < fills.length && !this.#wallets.includes('linear')) throw refuseAccount('positions')
    const converts = eachOnce(parts.flatMap((part) => part.converts))
    const unnamed = lines.filter(isUnnamed)
    const named = namedBy(unnamed, eachOnce(parts.flatMap((part) => part.movements)))
    return {
      fills,
      flows: [...lines.flatMap(flowOf), ...named.map((flow) => ({ ...flow, id: `unified.${flow.id}` }))],
      incomes: lines.flatMap(incomeOf),
      conversions: [...conversionsOf(lines.filter(isExchanged)), ...convertedBy(unnamed, converts)],
      transfers: lines.filter(isTransfer).map((line) => ({ ...line, account: 'unified' })),
      entries: [
        ...fills.filter(({ terms }) => terms !== undefined).map(entryOfContract),
        ...lines.map(entryOfLine),
      ],
      // a line does not say of which trade it is: together they must move the same
      pending: !isMovedBy(bought, lines.filter(isDealt)),
    }
  }
}

/** Coins for coins; of contracts the wallet says what was realised. */
function isDealt({ kind }: Bill): boolean {
  return kind.startsWith('orderdealt') || kind === 'orderplffeeout'
}

function isOfContract({ kind }: Bill): boolean {
  return /^(fixed|adl|force|burst|offsetreduce|delivery)?(open|close|buy|sell|reduce|back|increase|lever|offset|order)/.test(
    kind,
  )
}

function isTrade(line: Bill): boolean {
  return isDealt(line) || isOfContract(line)
}

const transferKinds =
  /^(transfer|systemtransfer|reservetransfer|liqtransfer|insloantransfer|tracetransfer|mt5transfer|borrow$|repayment$|liqrepayment|liqfund|insloan(disburse|repaypool|repayreserve|repayfund))/

/** Between the client's own accounts, and what is lent by contract: owed elsewhere, no gain and no loss. */
function isTransfer({ kind }: Bill): boolean {
  return transferKinds.test(kind)
}

/** One coin out and another in, without an order: to pay what is owed, small amounts, a coin that leaves the list. */
function isExchanged({ kind }: Bill): boolean {
  return /^(exchange|repay)(source|target)|^smallasset|^risk(source|target)|^delist|^liqconvert|^insloanexchange/.test(
    kind,
  )
}

const flowKinds: readonly (readonly [RegExp, FlowKind])[] = [
  [/^deposit/, 'deposit'],
  [/^withdraw/, 'withdrawal'],
  [/bonus|airdrop|reward|coupon|cashgift|paptrading/, 'reward'],
]

function flowKindOf({ kind }: Bill): FlowKind | null {
  return flowKinds.find(([pattern]) => pattern.test(kind))?.[1] ?? null
}

function flowOf(line: Bill): CashFlow[] {
  const flow = isTransfer(line) ? null : flowKindOf(line)
  return flow === null ? [] : [flowOfLine({ ...line, id: `unified.${line.id}` }, flow)]
}

function incomeKindOf({ kind }: Bill): Income['income'] | null {
  if (/settlefeeuser(in|out)$/.test(kind)) return 'funding'
  if (/^interest|repayinterest/.test(kind)) return 'interest'
  return /risk(liq|capt)|^liqfee|repayfee/.test(kind) ? 'liquidation-fee' : null
}

function incomeOf(line: Bill): Income[] {
  const income = incomeKindOf(line)
  const { id, asset, change, atMs } = line
  return income === null ? [] : [{ id: `unified.${id}`, income, asset, amount: change, atMs }]
}

function isUnnamed(line: Bill): boolean {
  return (
    !isTrade(line) &&
    !isTransfer(line) &&
    !isExchanged(line) &&
    flowKindOf(line) === null &&
    incomeKindOf(line) === null
  )
}

/** Both sides of a convert come within this of when it was made. */
const nearMs = minuteMs

/** Lines without a name of their own that a convert moved, both of them. */
function convertedBy(lines: readonly Bill[], converts: readonly Convert[]): Conversion[] {
  const left = new Set(lines)
  return converts.flatMap(({ changes, atMs }): Conversion[] => {
    const own = changes.map(({ asset, amount }) =>
      [...left].find(
        (line) =>
          line.asset === asset &&
          Math.abs(line.atMs - atMs) <= nearMs &&
          compare(parseDecimal(line.change), parseDecimal(amount)) === 0,
      ),
    )
    const [given, received] = own
    if (given === undefined || received === undefined) return []
    for (const line of [given, received]) left.delete(line)
    return conversionsOf([
      { ...given, id: `unified.${given.id}` },
      { ...received, atMs: given.atMs },
    ])
  })
}
