import { parseDecimal, signOf } from '@perf-agg/sdk'
import type { Amount, CashFlow, Conversion, Fill, FlowKind, Income } from '../../accounting/observation.ts'
import { invalidAnswer } from '../failure.ts'
import { conversionOfLines, entryOfLine, flowOfLine, isMovedBy } from '../ledger-line.ts'
import type { Listed } from '../market-list.ts'
import { eachOnce, type ReadPages } from '../span.ts'
import { type Asked, type Book, type Desk, pages, type Telling } from './book.ts'
import { endpoints } from './endpoint.ts'
import { type Movement, movementsOf, namedBy, ownTransfersOf, readAll } from './movement.ts'
import { balancesOf, type Bill, billsOf, type Trade, tradesOf } from './row.ts'

interface Part {
  readonly bills: readonly Bill[]
  readonly trades: readonly Trade[]
  /** Where a bill does not say what it is of. */
  readonly movements: readonly Movement[]
}

/** The spot account: its bills, and the fills of all markets at once. */
export class SpotBook implements Book<Part> {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async balances(): Promise<readonly Amount[]> {
    const { value } = await this.#desk.caller.call(endpoints.assets, { assetType: 'hold_only' })
    return balancesOf(value)
  }

  async span(span: Asked, thorough: boolean, readPages: ReadPages): Promise<Part | null> {
    const bills = await readPages(pages(this.#desk, endpoints.bills, { ...span, limit: 500 }, billsOf))
    const movements = bills === null ? null : await this.#movements(span, bills.filter(isUnnamed), readPages)
    if (bills === null || movements === null) return null
    if (!thorough && !bills.some(isTrade)) return { bills, trades: [], movements }
    const trades = await readPages(pages(this.#desk, endpoints.fills, { ...span, limit: 100 }, tradesOf))
    return trades === null ? null : { bills, trades, movements }
  }

  #movements(
    span: Asked,
    unnamed: readonly Bill[],
    readPages: ReadPages,
  ): Promise<readonly Movement[] | null> {
    if (unnamed.length === 0) return Promise.resolve([])
    const asked = { ...span, limit: 100 }
    const lists = [
      pages(this.#desk, endpoints.deposits, asked, (value, atMs) => movementsOf(value, 'deposit', atMs)),
      pages(this.#desk, endpoints.withdrawals, asked, (value, atMs) =>
        movementsOf(value, 'withdrawal', atMs),
      ),
      ...[...new Set(unnamed.map(({ asset }) => asset))].map((coin) =>
        pages(this.#desk, endpoints.transfers, { ...asked, coin }, (value, atMs) =>
          ownTransfersOf(value, /^spot$/, atMs),
        ),
      ),
    ]
    return readAll(lists, readPages)
  }

  tell(parts: readonly Part[]): Telling {
    const bills = eachOnce(parts.flatMap((part) => part.bills))
    const trades = eachOnce(parts.flatMap((part) => part.trades))
    const told = tell(bills, trades, (id) => this.#desk.listings.byName(id))
    const named = namedBy(bills.filter(isUnnamed), eachOnce(parts.flatMap((part) => part.movements)))
    const transfers = named.filter(({ flow }) => flow === 'transfer')
    return {
      ...told,
      flows: [...told.flows, ...named.filter(({ flow }) => flow !== 'transfer')],
      transfers: [
        ...told.transfers,
        ...transfers.map(({ amount, ...line }) => ({ ...line, change: amount, account: 'spot' })),
      ],
    }
  }
}

/**
 * What bitget's bills and fills of a spot account mean. A line that nobody can name stays a line: it moved a balance,
 * and the account's books will show it as unexplained.
 */
function tell(
  bills: readonly Bill[],
  trades: readonly Trade[],
  listingOf: (id: string) => Listed | undefined,
): Telling {
  const fills = trades.map((trade) => fillOf(trade, listingOf))
  const flows: CashFlow[] = []
  const incomes: Income[] = []
  for (const bill of bills) {
    const { id, asset, change, atMs } = bill
    if (signOf(parseDecimal(change)) === 0) continue
    const flow = flowKindOf(bill)
    if (flow === 'transfer') continue
    if (flow !== null) flows.push(flowOfLine(bill, flow))
    else if (isEarned(bill)) incomes.push({ id, income: 'earn', asset, amount: change, atMs })
  }
  return {
    fills,
    flows,
    incomes,
    transfers: bills
      .filter((bill) => flowKindOf(bill) === 'transfer')
      .map((bill) => ({ ...bill, account: 'spot' }))
      .filter(({ change }) => signOf(parseDecimal(change)) !== 0),
    conversions: conversionsOf(bills.filter(isConverted)),
    entries: bills.map(entryOfLine),
    // a bill does not say of which trade it is: together they must move the same
    pending: !isMovedBy(fills, bills.filter(isTrade)),
  }
}

const tradeKinds = new Set(['buy', 'sell', 'deductionofhandlingfee', 'deductionhandlingfee'])

function isTrade({ group, kind }: Bill): boolean {
  return group === 'transaction' || tradeKinds.has(kind)
}

export function fillOf(
  trade: Trade,
  listingOf: (id: string) => Listed | undefined,
  market: 'spot' | 'margin' = 'spot',
): Fill {
  const { id, symbol, side, price, size, amount, fees, atMs, isForced } = trade
  const listing = listingOf(symbol) ?? delisted(symbol)
  return {
    id,
    market,
    symbol: listing.symbol,
    base: listing.base,
    quote: listing.quote,
    side,
    price,
    quantity: size,
    quoteQuantity: amount,
    fees,
    atMs,
    execution: isForced ? 'liquidation' : 'trade',
  }
}

/** A market that has left the list ends in one of the coins that everything is quoted in. */
export function delisted(symbol: string): Pick<Listed, 'symbol' | 'base' | 'quote'> {
  const [, base, quote] = /^([A-Z0-9]+?)(USDT|USDC|EUR|BTC|ETH|BRL|BGB)$/.exec(symbol) ?? []
  if (base === undefined || quote === undefined) throw invalidAnswer('fill.symbol')
  return { symbol, base, quote }
}

const flowKinds: Readonly<Record<string, FlowKind>> = {
  deposit: 'deposit',
  withdraw: 'withdrawal',
  withdrawal: 'withdrawal',
  // with the client's other accounts, which are not watched
  transfer: 'transfer',
  transferin: 'transfer',
  transferout: 'transfer',
  strategy: 'transfer',
  airdroprewards: 'reward',
  rebaterewards: 'reward',
  usdtcontractrewards: 'reward',
  mixcontractrewards: 'reward',
}

/** Bought from and sold to other people, or for money that is not in the account. */
const paid = new Set(['c2c', 'prec2c', 'fait', 'fiat', 'onchain'])

function flowKindOf(bill: Bill): FlowKind | null {
  const { group, kind, change } = bill
  if (isTrade(bill) || isEarned(bill)) return null
  for (const name of [kind, group]) {
    if (Object.hasOwn(flowKinds, name)) return flowKinds[name] ?? null
    // what is lent out or earns elsewhere is the client's own, and not watched
    if (name === 'financial') return 'transfer'
    if (paid.has(name)) return signOf(parseDecimal(change)) > 0 ? 'deposit' : 'withdrawal'
  }
  return null
}

function isUnnamed(bill: Bill): boolean {
  if (isTrade(bill) || isEarned(bill) || isConverted(bill)) return false
  return flowKindOf(bill) === null && signOf(parseDecimal(bill.change)) !== 0
}

function isEarned({ group, kind }: Bill): boolean {
  return group === 'financial' && /interest|profit|earning|reward/.test(kind)
}

function isConverted({ group, kind }: Bill): boolean {
  return group === 'convert' || kind.startsWith('convert')
}

/** Both lines of one conversion come at one instant. */
export function conversionsOf(converted: readonly Bill[]): Conversion[] {
  return [...Map.groupBy(converted, ({ atMs }) => atMs).values()].flatMap((own) => {
    const [id = ''] = own.map((bill) => bill.id).toSorted()
    const isDust = own.some(({ kind }) => /small|dust|bgb/.test(kind))
    return conversionOfLines(id, own, isDust ? 'dust' : 'convert')
  })
}
