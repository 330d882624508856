import type { ContractTerms } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { assetOf, decimalOf, idOf, rowOf, rowsOf, wordOf } from '../field.ts'
import { coinOf } from '../kraken/coin.ts'
import type { Listed } from '../market-list.ts'

/** A contract; or, of type `spot`, the index that it follows, which prices the coins of an account. */
export interface Instrument extends Listed {
  readonly terms: ContractTerms | null
  /** What the exchange calls the series of its prices. */
  readonly series: 'trade' | 'spot'
}

const idPattern = /^(PI|FI|PF|FF|PV|FV)_([A-Z0-9.]{2,24}?)(USDT|USDC|USD|EUR|GBP|XBT)(?:_(\d{6}))?$/
const inverseKinds = new Set(['PI', 'FI'])

/** From its name alone: those that have left the list are still in an account's past. */
export function instrumentOf(
  id: string,
  size = '1',
  coins?: readonly [string, string],
): Instrument | undefined {
  const [, kind, rawBase, rawQuote, date] = idPattern.exec(id) ?? []
  if (kind === undefined || rawBase === undefined || rawQuote === undefined) return undefined
  const [base, quote] = coins ?? [coinOf(rawBase), coinOf(rawQuote)]
  const isInverse = inverseKinds.has(kind)
  const settle = isInverse ? base : quote
  return {
    id,
    symbol: `${base}/${quote}:${settle}${date === undefined ? '' : `-${date}`}`,
    base,
    quote,
    type: isInverse ? 'inverse' : 'linear',
    active: false,
    terms: { size, settle },
    series: 'trade',
  }
}

/** Options and what else there may be are no contracts of ours. */
const kinds = new Set(['futures_inverse', 'futures_vanilla', 'flexible_futures'])

export function instrumentsOf(value: unknown): Instrument[] {
  const rows = rowsOf(rowOf(value, 'instruments')['instruments'], 'instruments', limits.collector.symbolsMax)
  const contracts = rows.flatMap((each): Instrument[] => {
    const row = rowOf(each, 'instruments')
    if (!kinds.has(wordOf(row['type'], 'instrument.type'))) return []
    const id = idOf(row['symbol'], 'instrument.symbol').toUpperCase()
    const size = decimalOf(row['contractSize'] ?? '1', 'instrument.contractSize', 'positive')
    const { base, quote } = row
    const coins =
      base === undefined || base === null || quote === undefined || quote === null
        ? undefined
        : ([coinOf(assetOf(base, 'instrument.base')), coinOf(assetOf(quote, 'instrument.quote'))] as const)
    const instrument = instrumentOf(id, size, coins)
    return instrument === undefined ? [] : [{ ...instrument, active: row['tradeable'] === true }]
  })
  return [...contracts, ...indexesOf(contracts)]
}

/** One index for each pair, by the first contract that follows it. */
function indexesOf(contracts: readonly Instrument[]): Instrument[] {
  const pairs = new Map<string, Instrument>()
  for (const { id, base, quote, active } of contracts) {
    const symbol = `${base}/${quote}`
    const known = pairs.get(symbol)
    if (known?.active === true || base === quote) continue
    const spot = { id: `${id}.index`, symbol, base, quote, type: 'spot', active } as const
    pairs.set(symbol, { ...spot, terms: null, series: 'spot' })
  }
  return [...pairs.values()]
}

/** What the charts know it by. */
export function chartIdOf({ id }: Instrument): string {
  return id.replace(/\.index$/, '')
}

export function mustBe<Value>(value: Value | undefined | null, place: string): Value {
  if (value === undefined || value === null) throw invalidAnswer(place)
  return value
}
