import {
  instantMaxMs,
  instantMinMs,
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readNullable,
  readObject,
  readString,
} from '@perf-agg/sdk'
import type {
  Amount,
  Anchor,
  Candle,
  CashFlow,
  ContractTerms,
  Conversion,
  Fill,
  Market,
  Observation,
  Position,
} from '../accounting/observation.ts'
import { marketTypes } from '../accounting/wallet.ts'
import { limits } from '../limits.ts'

/**
 * An observation as it comes out of the collector, read anew by the daemon: that process runs a stranger's code
 * over a stranger's answers, and is not believed to keep to a shape.
 */
type Reader<Value> = (value: unknown, path: string) => Value

const amountPattern = /^-?(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?$/
const positivePattern = /^(?=.*[1-9])(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?$/
const notNegativePattern = /^(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?$/
const idPattern = /^[\w.:-]{1,192}$/
const namePattern = /^[\p{L}\p{N}_.-]{1,64}$/u
const symbolPattern = /^[\p{L}\p{N}_.:/-]{1,96}$/u

const text =
  (pattern: RegExp): Reader<string> =>
  (value, path) =>
    readString(value, path, { max: 256, pattern })
const amountOf = text(amountPattern)
const positiveOf = text(positivePattern)
const notNegativeOf = text(notNegativePattern)
const idOf = text(idPattern)
const nameOf = text(namePattern)
const symbolOf = text(symbolPattern)
const instantOf: Reader<number> = (value, path) =>
  readInteger(value, path, { min: instantMinMs, max: instantMaxMs })

const readAmount: Reader<Amount> = (value, path) => {
  const amount = readObject(value, path, { required: ['asset', 'amount'] })
  return { asset: nameOf(amount.asset, `${path}.asset`), amount: amountOf(amount.amount, `${path}.amount`) }
}

const readTerms: Reader<ContractTerms> = (value, path) => {
  const terms = readObject(value, path, { required: ['size', 'settle'] })
  return { size: positiveOf(terms.size, `${path}.size`), settle: nameOf(terms.settle, `${path}.settle`) }
}

const readPosition: Reader<Position> = (value, path) => {
  const position = readObject(value, path, {
    required: ['market', 'symbol', 'base', 'quote', 'terms', 'quantity', 'entry'],
  })
  return {
    market: readEnum(position.market, `${path}.market`, ['linear', 'inverse']),
    symbol: symbolOf(position.symbol, `${path}.symbol`),
    base: nameOf(position.base, `${path}.base`),
    quote: nameOf(position.quote, `${path}.quote`),
    terms: readTerms(position.terms, `${path}.terms`),
    quantity: amountOf(position.quantity, `${path}.quantity`),
    entry: (position.market === 'linear' ? notNegativeOf : positiveOf)(position.entry, `${path}.entry`),
  }
}

export const readAnchor: Reader<Anchor> = (value, path) => {
  const anchor = readObject(value, path, { required: ['atMs', 'balances'], optional: ['positions'] })
  return {
    atMs: instantOf(anchor.atMs, `${path}.atMs`),
    balances: readArray(anchor.balances, `${path}.balances`, limits.collector.assetsMax, readAmount),
    ...(anchor.positions === undefined
      ? {}
      : {
          positions: readArray(
            anchor.positions,
            `${path}.positions`,
            limits.collector.positionsMax,
            readPosition,
          ),
        }),
  }
}

const readFill: Reader<Fill> = (value, path) => {
  const fill = readObject(value, path, {
    required: [
      'id',
      'market',
      'symbol',
      'base',
      'quote',
      'side',
      'price',
      'quantity',
      'quoteQuantity',
      'fees',
      'atMs',
      'execution',
    ],
    optional: ['terms'],
  })
  // what is settled may have come to nothing
  const priceOf = fill.execution === 'settlement' ? notNegativeOf : positiveOf
  return {
    id: idOf(fill.id, `${path}.id`),
    market: readEnum(fill.market, `${path}.market`, marketTypes),
    symbol: symbolOf(fill.symbol, `${path}.symbol`),
    base: nameOf(fill.base, `${path}.base`),
    quote: nameOf(fill.quote, `${path}.quote`),
    side: readEnum(fill.side, `${path}.side`, ['buy', 'sell']),
    price: priceOf(fill.price, `${path}.price`),
    quantity: positiveOf(fill.quantity, `${path}.quantity`),
    quoteQuantity: priceOf(fill.quoteQuantity, `${path}.quoteQuantity`),
    fees: readArray(fill.fees, `${path}.fees`, 8, readAmount),
    atMs: instantOf(fill.atMs, `${path}.atMs`),
    execution: readEnum(fill.execution, `${path}.execution`, ['trade', 'liquidation', 'adl', 'settlement']),
    ...(fill.terms === undefined ? {} : { terms: readTerms(fill.terms, `${path}.terms`) }),
  }
}

const readFlow: Reader<CashFlow> = (value, path) => {
  const flow = readObject(value, path, { required: ['id', 'flow', 'asset', 'amount', 'atMs', 'atEstimated'] })
  return {
    id: idOf(flow.id, `${path}.id`),
    flow: readEnum(flow.flow, `${path}.flow`, ['deposit', 'withdrawal', 'transfer', 'reward']),
    asset: nameOf(flow.asset, `${path}.asset`),
    amount: amountOf(flow.amount, `${path}.amount`),
    atMs: instantOf(flow.atMs, `${path}.atMs`),
    atEstimated: readBoolean(flow.atEstimated, `${path}.atEstimated`),
  }
}

const readConversion: Reader<Conversion> = (value, path) => {
  const conversion = readObject(value, path, { required: ['id', 'conversion', 'changes', 'atMs'] })
  return {
    id: idOf(conversion.id, `${path}.id`),
    conversion: readEnum(conversion.conversion, `${path}.conversion`, ['dust', 'convert']),
    changes: readArray(conversion.changes, `${path}.changes`, 1_024, readAmount),
    atMs: instantOf(conversion.atMs, `${path}.atMs`),
  }
}

export const readObservation: Reader<Observation> = (value, path) => {
  const observation = readObject(value, path, {
    required: [
      'begunAtMs',
      'complete',
      'fills',
      'flows',
      'conversions',
      'incomes',
      'anchor',
      'unavailable',
      'lost',
    ],
  })
  const { fillsMax, flowsMax } = limits.collector
  return {
    begunAtMs: instantOf(observation.begunAtMs, `${path}.begunAtMs`),
    complete: readBoolean(observation.complete, `${path}.complete`),
    // a last page may go beyond what a poll aims at
    fills: readArray(observation.fills, `${path}.fills`, 4 * fillsMax, readFill),
    flows: readArray(observation.flows, `${path}.flows`, flowsMax, readFlow),
    conversions: readArray(observation.conversions, `${path}.conversions`, flowsMax, readConversion),
    incomes: readArray(observation.incomes, `${path}.incomes`, flowsMax, (each, at) => {
      const income = readObject(each, at, { required: ['id', 'income', 'asset', 'amount', 'atMs'] })
      return {
        id: idOf(income.id, `${at}.id`),
        income: readEnum(income.income, `${at}.income`, [
          'funding',
          'interest',
          'earn',
          'rebate',
          'liquidation-fee',
        ]),
        asset: nameOf(income.asset, `${at}.asset`),
        amount: amountOf(income.amount, `${at}.amount`),
        atMs: instantOf(income.atMs, `${at}.atMs`),
      }
    }),
    anchor: readNullable(observation.anchor, `${path}.anchor`, readAnchor),
    unavailable: readArray(observation.unavailable, `${path}.unavailable`, 64, nameOf),
    lost: readNullable(observation.lost, `${path}.lost`, (each, at) => {
      const lost = readObject(each, at, { required: ['fromMs', 'toMs'] })
      return { fromMs: instantOf(lost.fromMs, `${at}.fromMs`), toMs: instantOf(lost.toMs, `${at}.toMs`) }
    }),
  }
}

export const readMarkets: Reader<readonly Market[]> = (value, path) =>
  readArray(value, path, limits.collector.symbolsMax, (each, at) => {
    const market = readObject(each, at, { required: ['symbol', 'base', 'quote', 'type', 'active'] })
    return {
      symbol: symbolOf(market.symbol, `${at}.symbol`),
      base: nameOf(market.base, `${at}.base`),
      quote: nameOf(market.quote, `${at}.quote`),
      type: readEnum(market.type, `${at}.type`, marketTypes),
      active: readBoolean(market.active, `${at}.active`),
    }
  })

/** Rows of `[minuteMs, open, close, baseVolume, quoteVolume or null, average?]`, or null, for each want. */
export const readCandles: Reader<readonly (readonly Candle[] | null)[]> = (value, path) =>
  readArray(value, path, limits.collector.wantsMax, (each, at) =>
    readNullable(each, at, (rows, where) =>
      readArray(rows, where, limits.collector.candlesMax, (row, here) => {
        const [minuteMs, open, close, baseVolume, quoteVolume, average] = readArray(row, here, 6)
        return {
          minuteMs: instantOf(minuteMs, here),
          open: notNegativeOf(open, here),
          close: notNegativeOf(close, here),
          baseVolume: notNegativeOf(baseVolume, here),
          quoteVolume: readNullable(quoteVolume, here, notNegativeOf),
          ...(average === undefined ? {} : { average: notNegativeOf(average, here) }),
        }
      }),
    ),
  )
