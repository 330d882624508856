import { absolute, compare, divide, multiply, parseDecimal, subtract, toText } from '@perf-agg/sdk'
import type { ContractTerms } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { assetOf, decimalOf, idOf, millisOf, rowOf, rowsOf, wordOf } from '../field.ts'
import type { Listed } from '../market-list.ts'

/** Contracts at kucoin: linear ones of base units, paid in a dollar coin; inverse ones of dollars, paid in the coin. */

export interface Contract extends Listed {
  readonly type: 'linear' | 'inverse'
  readonly terms: ContractTerms
  /** What its mark follows; empty where that is not told. */
  readonly index: string
}

/** Its contracts have another name for one coin than its spot markets. */
export function coinOf(value: unknown, place: string): string {
  const coin = assetOf(value, place)
  return coin === 'XBT' ? 'BTC' : coin
}

export function contractsOf(value: unknown): Contract[] {
  return rowsOf(value, 'contracts', limits.collector.symbolsMax).flatMap((each): Contract[] => {
    const row = rowOf(each, 'contracts')
    const base = coinOf(row['baseCurrency'], 'contract.baseCurrency')
    const quote = coinOf(row['quoteCurrency'], 'contract.quoteCurrency')
    const settle = coinOf(row['settleCurrency'], 'contract.settleCurrency')
    const isInverse = row['isInverse'] === true
    // one that pays in a third coin is none of these
    if (settle !== (isInverse ? base : quote)) return []
    const size = decimalOf(row['multiplier'], 'contract.multiplier', 'any').replace('-', '')
    if (!/[1-9]/.test(size)) throw invalidAnswer('contract.multiplier')
    const isDated = row['expireDate'] !== undefined && row['expireDate'] !== null
    const endMs = isDated
      ? millisOf(row['expireDate'], 'contract.expireDate', Number.MAX_SAFE_INTEGER / 2)
      : null
    const day = endMs === null ? '' : `-${new Date(endMs).toISOString().slice(2, 10).replaceAll('-', '')}`
    return [
      {
        id: idOf(row['symbol'], 'contract.symbol'),
        symbol: `${base}/${quote}:${settle}${day}`,
        base,
        quote,
        type: isInverse ? 'inverse' : 'linear',
        active: row['status'] === undefined || row['status'] === 'Open',
        terms: { size, settle },
        index: wordOf(row['indexSymbol'], 'contract.indexSymbol'),
      },
    ]
  })
}

/** What is told of a contract beside its name: a fill, or a position, where it was entered. */
export interface Dealt {
  readonly quantity: string
  readonly price: string
  /** In the coin that it pays; empty where it is not told. */
  readonly value: string
  readonly settle: string
}

const dollars = new Set(['USDT', 'USDC', 'USD'])

/**
 * One that has left the list, by its name and by what was paid for it; null where that leaves its terms open. A dated one
 * keeps the exchange's name.
 */
export function contractOf(id: string, { quantity, price, value, settle }: Dealt): Contract | null {
  const [, rawBase = '', quote = 'USD', dated] =
    /^([A-Z0-9]{1,24}?)(USDT|USDC|USD)M$/.exec(id) ??
    /^([A-Z0-9]{1,24}?)()(M[FGHJKMNQUVXZ]\d{2})$/.exec(id) ??
    []
  if (rawBase === '') return null
  const base = coinOf(rawBase, 'contract.symbol')
  const isInverse = !dollars.has(settle)
  if (isInverse && settle !== base) return null
  const size = isInverse ? '1' : sizeOf(quantity, price, value)
  if (size === null) return null
  const quoted = quote === '' ? (isInverse ? 'USD' : settle) : quote
  const symbol = dated === undefined ? `${base}/${quoted}:${settle}` : id
  const type = isInverse ? 'inverse' : 'linear'
  return { id, symbol, base, quote: quoted, type, active: false, terms: { size, settle }, index: '' }
}

/** So many base units that the value comes out to the last digit. */
function sizeOf(quantity: string, price: string, value: string): string | null {
  if (!/[1-9]/.test(value)) return null
  const [worth, one] = [parseDecimal(value), multiply(parseDecimal(quantity), parseDecimal(price))]
  // sizes are powers of ten: more digits than that would be a rounded value's
  const size = divide(worth, one, 9)
  const off = absolute(subtract(multiply(size, one), worth))
  return size.digits > 0n && compare(off, parseDecimal('0.0000000001')) <= 0 ? toText(size) : null
}
