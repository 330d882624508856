import {
  absolute,
  compare,
  type Decimal,
  minimum,
  negate,
  parseDecimal,
  signOf,
  subtract,
  sum,
  toText,
  zero,
} from '@perf-agg/sdk'
import { worthOf } from '../../accounting/ledger/contract.ts'
import type { Conversion } from '../../accounting/observation.ts'
import { sumOf } from '../holding.ts'
import { type Instrument, mustBe } from './instrument.ts'
import type { InstrumentOf, Line } from './row.ts'

/**
 * Who chose another coin to be paid in: what a closed part of a position gained in the contract's own coin was turned
 * into that one at once. The position's line says how much it was, the wallet's what became of it.
 */
export function paidElsewhere(
  executed: ReadonlyMap<string, readonly Line[]>,
  instrumentOf: InstrumentOf,
): Conversion[] {
  return [...executed].flatMap(([id, lines]): Conversion[] => {
    const position = lines.find(({ asset }) => asset.includes('_'))
    const wallet = lines.filter(({ asset }) => !asset.includes('_'))
    const first = wallet[0]
    if (position === undefined || first === undefined) return []
    const instrument = mustBe(instrumentOf(position.contract), 'log.contract')
    const settle = mustBe(instrument.terms, 'log.contract').settle
    const paid = wallet.filter(({ asset }) => asset !== settle)
    const gain = gainOf(position, instrument)
    if (paid.length === 0 || signOf(gain) === 0) return []
    const changes = sumOf([
      ...paid.map((line) => ({ asset: line.asset, amount: toText(realizedBy(line)) })),
      { asset: settle, amount: toText(negate(gain)) },
    ])
    if (changes.length < 2) return []
    return [{ id: `paid.${id}`, conversion: 'convert', changes, atMs: first.atMs }]
  })
}

/** What came into the wallet, fees and funding apart. */
function realizedBy({ change, fee, liquidationFee, funding }: Line): Decimal {
  const taken = sum([change, fee, liquidationFee].map((text) => parseDecimal(text)))
  return subtract(taken, parseDecimal(funding))
}

/** What the part that was closed was worth above its average entry, in the contract's own coin. */
function gainOf(line: Line, instrument: Instrument): Decimal {
  const { before, change, price, entryBefore } = line
  const [held, moved] = [parseDecimal(before), parseDecimal(change)]
  const [exit, entry] = [parseDecimal(price), parseDecimal(entryBefore)]
  if (signOf(held) === 0 || signOf(held) === signOf(moved)) return zero
  const { symbol, base, quote, type, terms } = instrument
  const { settle, size } = mustBe(terms, 'log.contract')
  const kind = type === 'inverse' ? 'inverse' : 'linear'
  const contract = { kind, symbol, base, quote, settle, size: parseDecimal(size) } as const
  const closed = minimum(absolute(held), absolute(moved))
  const signed = signOf(held) > 0 ? closed : negate(closed)
  if (compare(entry, zero) <= 0) return zero
  return subtract(worthOf(contract, signed, exit), worthOf(contract, signed, entry))
}
