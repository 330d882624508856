import {
  InputError,
  add,
  decimalFromInteger,
  multiply,
  negate,
  signOf,
  subtract,
  toText,
  zero,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { AveragePosition, FifoPosition } from '../position/position.ts'
import type { Execution, Instrument, Position } from '../position/position.ts'

/** An instrument whose fills are analysed. */
export interface AnalyzedInstrument extends Instrument {
  readonly base: string
  /** The currency in which P&L is counted: the quote, or the base coin of inverse contracts. */
  readonly pnlCurrency: string
}

/** A fill in the order of execution. */
export interface AnalyzedFill {
  readonly side: 'buy' | 'sell'
  readonly price: Decimal
  /** > 0: base units, or contracts. */
  readonly size: Decimal
  /** > 0 paid, < 0 rebate. */
  readonly fee: Decimal
  readonly feeCurrency: string
  /** Worth of one unit of the fee's currency in the P&L currency; null where it follows from the fill itself. */
  readonly feeRate: Decimal | null
  /** For figures of time only. */
  readonly atMs?: number | null
}

/** Money as exact decimal strings. */
export interface MethodAnalysis {
  readonly gross_realized_pnl: string
  readonly fees_in_pnl_currency: string
  readonly net_realized_pnl: string
  readonly position: string
  /** Null without a mark. */
  readonly unrealized_pnl_at_mark: string | null
  readonly total_pnl: string | null
}

export interface FillAnalysis {
  readonly fifo: MethodAnalysis
  readonly average: MethodAnalysis
  readonly fees_by_currency: Readonly<Record<string, string>>
}

/**
 * P&L of one instrument's fills by both cost methods. Fees are expensed, not put into cost; a spot fee in the base
 * asset changes the quantity and is valued as a fee as well. gross − fees = net, and net + unrealized is the same
 * by both methods.
 * @throws {InputError} `FEE_RATE_MISSING`
 */
export function analyzeFills(
  instrument: AnalyzedInstrument,
  fills: readonly AnalyzedFill[],
  mark: Decimal | null,
): FillAnalysis {
  const fifo = new FifoPosition(instrument)
  const average = new AveragePosition(instrument)
  const feesByCurrency = new Map<string, Decimal>()
  let fees = zero
  for (const [index, fill] of fills.entries()) {
    const execution = executionOf(instrument, fill)
    if (execution !== null) {
      fifo.apply(execution)
      average.apply(execution)
    }
    if (signOf(fill.fee) === 0 && fill.feeCurrency === '') continue
    feesByCurrency.set(fill.feeCurrency, add(feesByCurrency.get(fill.feeCurrency) ?? zero, fill.fee))
    fees = add(fees, feeInPnlCurrency(instrument, fill, index))
  }
  return {
    fifo: methodOf(fifo, fees, mark),
    average: methodOf(average, fees, mark),
    fees_by_currency: Object.fromEntries(
      [...feesByCurrency].map(([currency, fee]) => [currency, toText(fee)]),
    ),
  }
}

/** A spot fee in the base asset makes a buy smaller and a sale larger; null where nothing is left of it. */
export function executionOf(instrument: AnalyzedInstrument, fill: AnalyzedFill): Execution | null {
  const inBase = instrument.kind === 'spot' && fill.feeCurrency === instrument.base
  const change = inBase ? fill.fee : zero
  const quantity = fill.side === 'buy' ? subtract(fill.size, change) : add(fill.size, change)
  // A fee larger than the buy itself leaves less than before.
  if (signOf(quantity) < 0) {
    return { side: fill.side === 'buy' ? 'sell' : 'buy', quantity: negate(quantity), price: fill.price }
  }
  return signOf(quantity) === 0 ? null : { side: fill.side, quantity, price: fill.price }
}

/** @throws {InputError} `FEE_RATE_MISSING` */
export function feeInPnlCurrency(instrument: AnalyzedInstrument, fill: AnalyzedFill, index: number): Decimal {
  return multiply(fill.fee, feeRateOf(instrument, fill, index))
}

function feeRateOf(instrument: AnalyzedInstrument, fill: AnalyzedFill, index: number): Decimal {
  if (fill.feeCurrency === instrument.pnlCurrency || signOf(fill.fee) === 0) return decimalFromInteger(1)
  if (fill.feeRate !== null) return fill.feeRate
  if (fill.feeCurrency === instrument.base && instrument.kind !== 'inverse') return fill.price
  throw new InputError(
    'FEE_RATE_MISSING',
    `fill ${index + 1}: fee_rate is missing for a fee in ${fill.feeCurrency}`,
    {
      hint: `give the worth of one ${fill.feeCurrency} in ${instrument.pnlCurrency} at that fill as fee_rate`,
    },
  )
}

function methodOf(position: Position, fees: Decimal, mark: Decimal | null): MethodAnalysis {
  const net = subtract(position.realized, fees)
  const unrealized = mark === null ? null : position.unrealized(mark)
  return {
    gross_realized_pnl: toText(position.realized),
    fees_in_pnl_currency: toText(fees),
    net_realized_pnl: toText(net),
    position: toText(position.quantity),
    unrealized_pnl_at_mark: unrealized === null ? null : toText(unrealized),
    total_pnl: unrealized === null ? null : toText(add(net, unrealized)),
  }
}
