import type { Reader, Writer } from './codec.ts'
import { notionalOf } from './contract.ts'
import type { Contract } from './contract.ts'
import { incomeKinds } from './income.ts'
import { fillChanges } from './entry.ts'
import type { Change, Entry } from './entry.ts'

/** The bytes of an entry in a snapshot. */

const kinds = ['fill', 'flow', 'conversion', 'income'] as const
const markets = ['spot', 'margin', 'linear', 'inverse'] as const
const sides = ['buy', 'sell'] as const
const executions = ['trade', 'liquidation', 'adl', 'settlement'] as const
const flows = ['deposit', 'withdrawal', 'transfer', 'reward'] as const
const conversions = ['dust', 'convert'] as const

export function writeEntry(writer: Writer, entry: Entry): void {
  writer.count(kinds.indexOf(entry.kind))
  writer.text(entry.id)
  writer.count(entry.atMs)
  switch (entry.kind) {
    case 'fill':
      writer.count(markets.indexOf(entry.market))
      writer.text(entry.symbol)
      writer.text(entry.base)
      writer.text(entry.quote)
      writer.count(sides.indexOf(entry.side))
      writer.decimal(entry.price)
      writer.decimal(entry.quantity)
      if (entry.contract === null) {
        writer.decimal(entry.quoteQuantity)
      } else {
        writer.text(entry.contract.settle)
        writer.decimal(entry.contract.size)
      }
      writeChanges(writer, entry.fees)
      writer.count(executions.indexOf(entry.execution))
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
  const id = reader.text()
  const atMs = reader.count()
  switch (kind) {
    case 'fill': {
      const market = reader.oneOf(markets)
      const symbol = reader.text()
      const base = reader.text()
      const quote = reader.text()
      const side = reader.oneOf(sides)
      const price = reader.decimal()
      const quantity = reader.decimal()
      const contract: Contract | null =
        market === 'linear' || market === 'inverse'
          ? { kind: market, symbol, base, quote, settle: reader.text(), size: reader.decimal() }
          : null
      const quoteQuantity = contract === null ? reader.decimal() : notionalOf(contract, quantity, price)
      const fees = readChanges(reader)
      const execution = reader.oneOf(executions)
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

const flowKey = (flow: string, id: string): string => JSON.stringify(['flow', flow, id])

function writeChanges(writer: Writer, changes: readonly Change[]): void {
  writer.list(changes, ({ asset, amount }) => {
    writer.text(asset)
    writer.decimal(amount)
  })
}

function readChanges(reader: Reader): Change[] {
  return reader.list(() => ({ asset: reader.text(), amount: reader.decimal() }))
}
