import type { Wallet } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { assetOf, rowOf, rowsOf } from '../field.ts'
import type { Listed } from '../market-list.ts'

/** What bitget calls products: contracts that are paid from and into the same coins. Which wallet holds those: */
const walletOf = {
  'USDT-FUTURES': 'linear',
  'USDC-FUTURES': 'linear',
  'COIN-FUTURES': 'inverse',
} as const
export type Product = keyof typeof walletOf
const products = Object.keys(walletOf) as readonly Product[]

export function productsOf(wallets: readonly Wallet[]): readonly Product[] {
  return products.filter((product) => wallets.includes(walletOf[product]))
}

/** All rows of a list are of the product that was asked for; what says that it is of another is none of it. */
export function isOf(product: Product, id: string): boolean {
  const own = id.endsWith('USDT')
    ? 'USDT-FUTURES'
    : /(USDC|PERP)$/.test(id)
      ? 'USDC-FUTURES'
      : datedOrUsd.test(id)
        ? 'COIN-FUTURES'
        : product
  return own === product
}

const datedOrUsd = /^(.+)USD([HMUZ]\d{2})?$/

/**
 * Paid in coins it is no inverse contract: so much of the base gains and loses dollars, which are paid in the margin's
 * coin at its price when the position is closed. The dollars that are open are kept as such.
 */
export const settleOf = (product: Product): string =>
  ({ 'USDT-FUTURES': 'USDT', 'USDC-FUTURES': 'USDC', 'COIN-FUTURES': 'USD' })[product]

export function contractsOf(value: unknown, product: Product): Listed[] {
  return rowsOf(value, 'contracts', limits.collector.symbolsMax).flatMap((each): Listed[] => {
    const row = rowOf(each, 'contracts')
    const base = assetOf(row['baseCoin'], 'contract.baseCoin')
    const quote = assetOf(row['quoteCoin'], 'contract.quoteCoin')
    const id = assetOf(row['symbol'], 'contract.symbol')
    if (!isOf(product, id)) return []
    const contract = contractOf(id, product, [base, quote])
    const active = row['symbolStatus'] === undefined || row['symbolStatus'] === 'normal'
    return [{ ...contract, active }]
  })
}

/** One that has left the list is named as those that are on it. Spot has the same names: this one says which. */
export function contractOf(id: string, product: Product, coins?: readonly [string, string]): Listed {
  const [, , dated = ''] = product === 'COIN-FUTURES' ? (datedOrUsd.exec(id) ?? []) : []
  const [base, quote] = coins ?? [
    id.slice(0, id.length - dated.length).replace(/(USDT|USDC|USD|PERP)$/, ''),
    settleOf(product),
  ]
  const paidIn = product === 'COIN-FUTURES' ? base : settleOf(product)
  return {
    id: `${product} ${id}`,
    symbol: `${base}/${quote}:${paidIn}${dated === '' ? '' : `-${expiryOf(dated)}`}`,
    base,
    quote,
    type: 'linear',
    active: false,
  }
}

/** `Z26`, the last Friday of December: `261225`. */
function expiryOf(dated: string): string {
  const year = 2000 + Number(dated.slice(1))
  const last = new Date(Date.UTC(year, { H: 3, M: 6, U: 9 }[dated[0] ?? ''] ?? 12, 0))
  last.setUTCDate(last.getUTCDate() - ((last.getUTCDay() + 2) % 7))
  return last.toISOString().slice(2, 10).replaceAll('-', '')
}

export function isPaidIn(product: Product, coin: string): boolean {
  return product === 'COIN-FUTURES' ? coin !== 'USDT' : coin === settleOf(product)
}
