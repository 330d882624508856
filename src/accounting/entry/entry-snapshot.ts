import { compare, multiply } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import { notionalOf } from '../ledger/contract.ts'
import type { Contract } from '../ledger/contract.ts'
import { flowKey } from './cash-flow.ts'
import { incomeKinds } from './income.ts'
import { fillChanges } from './entry.ts'
import type { Change, Entry, FillEntry } from './entry.ts'
import { marketTypes } from '../wallet.ts'

/** The bytes of an entry in a snapshot. */

const kinds = ['fill', 'flow', 'conversion', 'income'] as const
const sides = ['buy', 'sell'] as const
const executions = ['trade', 'liquidation', 'adl', 'settlement'] as const
const flows = ['deposit', 'withdrawal', 'transfer', 'reward', 'joined'] as const
const conversions = ['dust', 'convert'] as const

export function writeEntry(writer: Writer, entry: Entry): void {
  writer.count(kinds.indexOf(entry.kind))
  writer.id(entry.id)
  writer.instant(entry.atMs)
  switch (entry.kind) {
    case 'fill':
      writer.count(headOf(entry))
      writer.name(entry.symbol)
      writer.name(entry.base)
      writer.name(entry.quote)
      writer.decimal(entry.price)
      writer.decimal(entry.quantity)
      if (entry.contract === null) {
        // Most exchanges count price times quantity.
        const product = multiply(entry.price, entry.quantity)
        const isProduct = compare(product, entry.quoteQuantity) === 0
        writer.optional(isProduct ? null : entry.quoteQuantity, (value) => writer.decimal(value))
      } else {
        writer.name(entry.contract.settle)
        writer.decimal(entry.contract.size)
      }
      writeChanges(writer, entry.fees)
      return
    case 'flow':
      writer.count(flows.indexOf(entry.flow))
      writer.flag(entry.atEstimated)
      break
    case 'conversion':
      writer.count(conversions.indexOf(entry.conversion))
      break
    case 'income':
      writer.count(incomeKinds.indexOf(entry.income))
      break
  }
  writeChanges(writer, entry.changes)
}

export function readEntry(reader: Reader): Entry {
  const kind = reader.oneOf(kinds)
  const id = reader.id()
  const atMs = reader.instant()
  switch (kind) {
    case 'fill': {
      const { market, side, execution } = readHead(reader)
      const symbol = reader.name()
      const base = reader.name()
      const quote = reader.name()
      const price = reader.decimal()
      const quantity = reader.decimal()
      const contract: Contract | null =
        market === 'linear' || market === 'inverse'
          ? { kind: market, symbol, base, quote, settle: reader.name(), size: reader.decimal() }
          : null
      const quoteQuantity =
        contract === null
          ? readQuoteQuantity(reader, multiply(price, quantity))
          : notionalOf(contract, quantity, price)
      const fees = readChanges(reader)
      const key = JSON.stringify(['fill', market, symbol, id])
      const terms = { base, quote, side, price, quantity, quoteQuantity, fees, contract }
      return { kind, id, atMs, key, market, symbol, ...terms, execution, changes: fillChanges(terms) }
    }
    case 'flow': {
      const flow = reader.oneOf(flows)
      const atEstimated = reader.flag()
      return { kind, id, atMs, flow, atEstimated, key: flowKey(flow, id), changes: readChanges(reader) }
    }
    case 'conversion': {
      const conversion = reader.oneOf(conversions)
      const key = JSON.stringify(['conversion', conversion, id])
      return { kind, id, atMs, conversion, key, changes: readChanges(reader) }
    }
    case 'income': {
      const income = reader.oneOf(incomeKinds)
      return {
        kind,
        id,
        atMs,
        income,
        key: JSON.stringify(['income', income, id]),
        changes: readChanges(reader),
      }
    }
  }
}

/** Market, side and execution in one. */
function headOf({ market, side, execution }: FillEntry): number {
  const place = marketTypes.indexOf(market) * executions.length + executions.indexOf(execution)
  return place * sides.length + sides.indexOf(side)
}

function readHead(reader: Reader): Pick<FillEntry, 'market' | 'side' | 'execution'> {
  const head = reader.count()
  const place = Math.floor(head / sides.length)
  const market = marketTypes[Math.floor(place / executions.length)] ?? reader.refuse()
  const execution = executions[place % executions.length] ?? reader.refuse()
  return { market, execution, side: sides[head % sides.length] ?? reader.refuse() }
}

function readQuoteQuantity(reader: Reader, product: Decimal): Decimal {
  const other = reader.optional(() => reader.decimal())
  if (other !== null && compare(other, product) === 0) reader.refuse()
  return other ?? product
}

function writeChanges(writer: Writer, changes: readonly Change[]): void {
  writer.list(changes, ({ asset, amount }) => {
    writer.name(asset)
    writer.decimal(amount)
  })
}

function readChanges(reader: Reader): Change[] {
  return reader.list(() => ({ asset: reader.name(), amount: reader.decimal() }))
}
