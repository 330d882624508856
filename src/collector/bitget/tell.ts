import { parseDecimal, signOf, toText } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, FlowKind, Income } from '../../accounting/observation.ts'
import { type Entry, entryOfContract, entryOfFill, sameBalances } from '../explain.ts'
import { invalidAnswer } from '../failure.ts'
import { sumOf } from '../holding.ts'
import type { Reading } from '../ledger-poll.ts'
import type { Listed } from '../market-list.ts'
import { outerTransfers, type Span } from '../transfer.ts'
import type { ContractFill } from './contract.ts'
import type { Bill, Trade } from './row.ts'

/** What is told of the wallets that are watched; a wallet that is not has no rows. */
export interface Told {
  readonly bills: readonly Bill[]
  readonly trades: readonly Trade[]
  readonly contractBills: readonly Bill[]
  readonly contractFills: readonly ContractFill[]
}

/** Spot and contracts together: what goes from one to the other, where both are watched, stays inside. */
export function tellAll(
  { bills, trades, contractBills, contractFills }: Told,
  listingOf: (id: string) => Listed | undefined,
  /** Null where only one of the two is watched. */
  span: Span | null,
): Omit<Reading, 'cutAtMs'> {
  const spot = tell(bills, trades, listingOf)
  const between = [
    ...bills.filter((bill) => flowKindOf(bill) === 'transfer').map((bill) => ({ ...bill, account: 'spot' })),
    ...contractBills.filter(isContractTransfer).map((bill) => ({ ...bill, account: 'contract' })),
  ].filter(({ change }) => signOf(parseDecimal(change)) !== 0)
  const outer = span === null ? { lines: between, pending: false } : outerTransfers(between, span)
  const transfers = outer.lines.map(({ id, account, asset, change, atMs }): CashFlow => ({
    // each list counts for itself
    id: account === 'spot' ? id : `contract.${id}`,
    flow: 'transfer',
    asset,
    amount: change,
    atMs,
    atEstimated: false,
  }))
  const contracts = contractBills.flatMap(contractIncomeOf)
  return {
    ...spot,
    fills: [...spot.fills, ...contractFills.map(({ fill }) => fill)],
    flows: [
      ...spot.flows.filter(({ flow }) => flow !== 'transfer'),
      ...transfers,
      ...contractBills.flatMap(contractRewardOf),
    ],
    incomes: [...spot.incomes, ...contracts],
    conversions: [...spot.conversions, ...contractFills.flatMap(({ paid }) => (paid === null ? [] : [paid]))],
    entries: [
      ...spot.entries,
      ...contractFills.map(({ fill }) => entryOfContract(fill)),
      ...contractBills.map(({ asset, change, atMs }): Entry => ({
        atMs,
        changes: [[asset, parseDecimal(change)]],
      })),
    ],
    pending: spot.pending || outer.pending,
  }
}

function isContractTransfer({ kind }: Bill): boolean {
  return kind.startsWith('trans')
}

function contractIncomeOf({ id, kind, asset, change, atMs }: Bill): Income[] {
  if (signOf(parseDecimal(change)) === 0) return []
  if (kind === 'contractsettlefee') {
    return [{ id: `contract.${id}`, income: 'funding', asset, amount: change, atMs }]
  }
  // what the insurance took, or gave back
  if (kind === 'riskcaptitalusertransfer' || kind === 'riskcapitalusertransfer') {
    return [{ id: `contract.${id}`, income: 'liquidation-fee', asset, amount: change, atMs }]
  }
  return []
}

const rewardKinds = /^(cashgift|bonus)/

function contractRewardOf({ id, kind, asset, change, atMs }: Bill): CashFlow[] {
  if (!rewardKinds.test(kind) || signOf(parseDecimal(change)) === 0) return []
  return [{ id: `contract.${id}`, flow: 'reward', asset, amount: change, atMs, atEstimated: false }]
}

/**
 * What bitget's bills and fills of a spot account mean. A line that nobody can name stays a line: it moved a balance,
 * and the account's books will show it as unexplained.
 */
function tell(
  bills: readonly Bill[],
  trades: readonly Trade[],
  listingOf: (id: string) => Listed | undefined,
): Omit<Reading, 'cutAtMs'> {
  const fills = trades.map((trade) => fillOf(trade, listingOf))
  const flows: CashFlow[] = []
  const incomes: Income[] = []
  for (const bill of bills) {
    const { id, asset, change, atMs } = bill
    if (signOf(parseDecimal(change)) === 0) continue
    const flow = flowKindOf(bill)
    if (flow !== null) flows.push({ id, flow, asset, amount: change, atMs, atEstimated: false })
    else if (isEarned(bill)) incomes.push({ id, income: 'earn', asset, amount: change, atMs })
  }
  return {
    fills,
    flows,
    incomes,
    conversions: conversionsOf(bills),
    entries: bills.map(({ asset, change, atMs }) => ({ atMs, changes: [[asset, parseDecimal(change)]] })),
    // a bill does not say of which trade it is: together they must move the same
    pending: !sameBalances(movedBy(bills.filter(isTrade)), movedByFills(fills)),
  }
}

function movedBy(bills: readonly Bill[]): ReturnType<typeof sumOf> {
  return sumOf(bills.map(({ asset, change }) => ({ asset, amount: change })))
}

function movedByFills(fills: readonly Fill[]): ReturnType<typeof sumOf> {
  return sumOf(
    fills.flatMap((fill) =>
      entryOfFill(fill).changes.map(([asset, amount]) => ({ asset, amount: toText(amount) })),
    ),
  )
}

const tradeKinds = new Set(['buy', 'sell', 'deductionofhandlingfee', 'deductionhandlingfee'])

function isTrade({ group, kind }: Bill): boolean {
  return group === 'transaction' || tradeKinds.has(kind)
}

function fillOf(trade: Trade, listingOf: (id: string) => Listed | undefined): Fill {
  const { id, symbol, side, price, size, amount, fees, atMs } = trade
  const listing = listingOf(symbol) ?? delisted(symbol)
  return {
    id,
    market: 'spot',
    symbol: listing.symbol,
    base: listing.base,
    quote: listing.quote,
    side,
    price,
    quantity: size,
    quoteQuantity: amount,
    fees,
    atMs,
    execution: 'trade',
  }
}

/** A market that has left the list ends in one of the coins that everything is quoted in. */
function delisted(symbol: string): Pick<Listed, 'symbol' | 'base' | 'quote'> {
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

function isEarned({ group, kind }: Bill): boolean {
  return group === 'financial' && /interest|profit|earning|reward/.test(kind)
}

/** Both lines of one conversion come at one instant. */
function conversionsOf(bills: readonly Bill[]): Conversion[] {
  const converted = bills.filter(({ group, kind }) => group === 'convert' || kind.startsWith('convert'))
  return [...Map.groupBy(converted, ({ atMs }) => atMs)].flatMap(([atMs, own]): Conversion[] => {
    const changes = movedBy(own)
    const id = own.map((bill) => bill.id).toSorted()[0]
    // one side alone is not one yet
    if (id === undefined || changes.length < 2) return []
    const isDust = own.some(({ kind }) => /small|dust|bgb/.test(kind))
    return [{ id, conversion: isDust ? 'dust' : 'convert', changes, atMs }]
  })
}
