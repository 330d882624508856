import { absolute, multiply, negate, parseDecimal, signOf, toText } from '@perf-agg/sdk'
import { contractKey } from '../../accounting/ledger/contract.ts'
import type { Amount, CashFlow, Conversion, Fill, Income } from '../../accounting/observation.ts'
import { invalidAnswer } from '../failure.ts'
import { sumOf } from '../holding.ts'
import { conversionOfLines, movedBy } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import { type Instrument, mustBe } from './instrument.ts'
import { paidElsewhere } from './paid-elsewhere.ts'
import type { InstrumentOf, Line, Trade } from './row.ts'

/**
 * What krakenfutures' account log and fills mean. The log has every execution, and of each what it did to the position
 * and to the wallet; the fills say how it came about. A line that nobody can name stays a line: it moved a balance,
 * and the account's books will show it as unexplained.
 */
export function tell(
  lines: readonly Line[],
  trades: readonly Trade[],
  instrumentOf: InstrumentOf,
): Omit<Reading, 'cutAtMs'> {
  const known = new Map(trades.map((trade) => [trade.id, trade]))
  const executed = Map.groupBy(lines.filter(isExecution), ({ execution }) => execution)
  const fills = trades.map((trade) => fillOf(trade, executed.get(trade.id) ?? [], instrumentOf))
  for (const [id, own] of executed) {
    const fill = known.has(id) ? null : fillOfLog(id, own, instrumentOf)
    if (fill !== null) fills.push(fill)
  }
  return {
    fills,
    flows: flowsOf(lines),
    conversions: [...conversionsOf(lines), ...paidElsewhere(executed, instrumentOf)],
    incomes: lines.flatMap(incomesOf),
    entries: lines.map((line) => ({
      atMs: known.get(line.execution)?.atMs ?? line.atMs,
      changes: [[assetKeyOf(line, instrumentOf), parseDecimal(line.change)]],
    })),
    pending: trades.some(({ id }) => !executed.has(id)),
  }
}

/** Of a line that changes a position, by the name under which balances have it. */
function assetKeyOf({ asset }: Line, instrumentOf: InstrumentOf): string {
  if (!asset.includes('_')) return asset
  const { type, symbol } = mustBe(instrumentOf(asset), 'log.asset')
  return contractKey(type, symbol)
}

const executions = /^(futures |covered |settlement|rfq|position transfer|portfolio auctioning)/

function isExecution({ info, contract, execution }: Line): boolean {
  return executions.test(info) && contract !== '' && execution !== ''
}

export function isPosition({ asset }: Line): boolean {
  return asset.includes('_')
}

/** What the exchange did without an order of the account's; all other kinds are trades. */
function executionOf(words: string): Fill['execution'] {
  if (/unwind/i.test(words)) return 'adl'
  // its position was given to others before it was worth less than nothing
  if (/liquidation|assignor|auctioning/i.test(words)) return 'liquidation'
  return /settlement|position transfer/i.test(words) ? 'settlement' : 'trade'
}

function fillOf(trade: Trade, lines: readonly Line[], instrumentOf: InstrumentOf): Fill {
  const { id, symbol, side, price, size, kind, fee, atMs } = trade
  const instrument = mustBe(instrumentOf(symbol), 'fill.symbol')
  const fees = lines.length > 0 ? feesOf(lines) : fee === null ? [] : sumOf([fee])
  const words = [kind, ...lines.map(({ info }) => info)].find((each) => executionOf(each) !== 'trade') ?? kind
  return newFill(instrument, { id, side, price, quantity: size, fees, atMs, execution: executionOf(words) })
}

/** One that the list of fills does not have: settled, or older than it goes back. */
function fillOfLog(id: string, lines: readonly Line[], instrumentOf: InstrumentOf): Fill | null {
  const line = lines.find(isPosition)
  if (line === undefined || signOf(parseDecimal(line.change)) === 0) return null
  const { contract, change, price, info, atMs } = line
  const instrument = mustBe(instrumentOf(contract), 'log.contract')
  if (signOf(parseDecimal(price)) <= 0) throw invalidAnswer('log.trade_price')
  const quantity = parseDecimal(change)
  return newFill(instrument, {
    id,
    side: signOf(quantity) > 0 ? 'buy' : 'sell',
    price,
    quantity: toText(absolute(quantity)),
    fees: feesOf(lines),
    atMs,
    execution: executionOf(info),
  })
}

function feesOf(lines: readonly Line[]): Amount[] {
  return sumOf(lines.filter((line) => !isPosition(line)).map(({ asset, fee }) => ({ asset, amount: fee })))
}

function newFill(
  { type, symbol, base, quote, terms }: Instrument,
  told: Pick<Fill, 'id' | 'side' | 'price' | 'quantity' | 'fees' | 'atMs' | 'execution'>,
): Fill {
  const own = mustBe(terms, 'fill.symbol')
  const contracts = multiply(parseDecimal(told.quantity), parseDecimal(own.size))
  const worth = type === 'inverse' ? contracts : multiply(contracts, parseDecimal(told.price))
  return { ...told, market: type, symbol, base, quote, quoteQuantity: toText(worth), terms: own }
}

/** Between its own wallets the account's lines cancel; what is left came from outside, kraken's spot wallet among it. */
function flowsOf(lines: readonly Line[]): CashFlow[] {
  const transfers = lines.filter(({ info }) => info.includes('transfer') && !info.includes('position'))
  const groups = Map.groupBy(transfers, ({ atMs, asset }) => `${atMs} ${asset}`)
  return [...groups.values()].flatMap((own): CashFlow[] => {
    const [first] = own
    const [left] = movedBy(own)
    if (first === undefined || left === undefined) return []
    const id = `${first.id}.${first.booking}`
    return [{ id, flow: 'transfer', ...left, atMs: first.atMs, atEstimated: false }]
  })
}

function conversionsOf(lines: readonly Line[]): Conversion[] {
  const converted = lines.filter(({ info }) => info.startsWith('conversion'))
  const groups = Map.groupBy(converted, ({ execution, atMs }) => (execution === '' ? `${atMs}` : execution))
  return [...groups].flatMap(([id, own]) => conversionOfLines(id, own))
}

/** Funding is paid by the hour and whenever a position changes: beside what that line is about. */
function incomesOf(line: Line): Income[] {
  const { id, info, asset, change, atMs, funding, liquidationFee } = line
  if (isPosition(line)) return []
  const incomes: Income[] = []
  const add = (income: Income['income'], amount: string): void => {
    if (signOf(parseDecimal(amount)) !== 0) incomes.push({ id: `${id}`, income, asset, amount, atMs })
  }
  if (info === 'interest payment') add('interest', change)
  else if (info === 'kfee applied' || info.endsWith('tax refund')) add('rebate', change)
  else if (info === 'funding rate change' && signOf(parseDecimal(funding)) === 0) add('funding', change)
  else add('funding', funding)
  add('liquidation-fee', toText(negate(parseDecimal(liquidationFee))))
  return incomes
}
