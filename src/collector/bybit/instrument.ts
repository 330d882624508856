import type { ContractTerms, Market, Wallet } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { assetOf, type Row, rowOf, rowsOf } from '../field.ts'

/** bybit's instruments, of one category each: an id stands for one in each (`BTCUSDT` is spot and perpetual). */

export const categories = ['spot', 'linear', 'inverse'] as const
export type Category = (typeof categories)[number]

export interface Listing {
  readonly category: Category
  readonly id: string
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly active: boolean
  /** Of contracts. */
  readonly terms?: ContractTerms
}

/** Where one looks up what an id means. */
export type ListingOf = (category: Category, id: string) => Listing | undefined

export interface ListingPage {
  readonly listings: readonly Listing[]
  readonly cursor: string | null
}

export function listingsOf(value: unknown, category: Category): ListingPage {
  const result = rowOf(value, 'instruments')
  // some leave it out
  const isAsked = result['category'] === undefined || result['category'] === category
  const rows = rowsOf(isAsked ? result['list'] : [], 'instruments.list', limits.collector.symbolsMax)
  const listings = rows.map((each) => {
    const row = rowOf(each, 'instruments.list')
    return category === 'spot' ? spotOf(row) : contractOf(row, category)
  })
  const cursor = result['nextPageCursor']
  return { listings, cursor: typeof cursor === 'string' && cursor !== '' ? cursor : null }
}

function spotOf(row: Row): Listing {
  const base = assetOf(row['baseCoin'], 'instrument.baseCoin')
  const quote = assetOf(row['quoteCoin'], 'instrument.quoteCoin')
  return {
    category: 'spot',
    id: assetOf(row['symbol'], 'instrument.symbol'),
    symbol: `${base}/${quote}`,
    base,
    quote,
    active: row['status'] === 'Trading',
  }
}

function contractOf(row: Row, category: 'linear' | 'inverse'): Listing {
  const id = assetOf(row['symbol'], 'instrument.symbol')
  const base = assetOf(row['baseCoin'], 'instrument.baseCoin')
  const quote = assetOf(row['quoteCoin'], 'instrument.quoteCoin')
  const settle = assetOf(row['settleCoin'] ?? (category === 'linear' ? quote : base), 'instrument.settleCoin')
  const type = row['contractType']
  const expires = typeof type === 'string' ? type.endsWith('Futures') : id.includes('-')
  const suffix = expires ? `-${dayOf(row['deliveryTime'])}` : ''
  return {
    category,
    id,
    symbol: `${base}/${quote}:${settle}${suffix}`,
    base,
    quote,
    active: row['status'] === 'Trading',
    terms: { size: '1', settle },
  }
}

/** `260327`, as the unified symbol of a contract ends that is delivered then. */
function dayOf(value: unknown): string {
  const atMs = typeof value === 'string' && /^\d{13}$/.test(value) ? Number(value) : Number.NaN
  if (Number.isNaN(atMs)) throw invalidAnswer('instrument.deliveryTime')
  return new Date(atMs).toISOString().slice(2, 10).replaceAll('-', '')
}

const months = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const quarters: Readonly<Record<string, number>> = { H: 2, M: 5, U: 8, Z: 11 }

/** `27MAR26`, and `H26` for the last Friday of March; null where it is no date. */
function expiryOf(text: string): string | null {
  const [, day, name, year] = /^(\d{1,2})([A-Z]{3})(\d{2})$/.exec(text) ?? []
  if (day !== undefined && name !== undefined && year !== undefined) {
    const month = months.indexOf(name)
    return month < 0 ? null : `${year}${String(month + 1).padStart(2, '0')}${day.padStart(2, '0')}`
  }
  const [, letter = '', short] = /^([HMUZ])(\d{2})$/.exec(text) ?? []
  const month = quarters[letter]
  if (month === undefined || short === undefined) return null
  const last = new Date(Date.UTC(2000 + Number(short), month + 1, 0))
  const friday = last.getUTCDate() - ((last.getUTCDay() + 2) % 7)
  return `${short}${String(month + 1).padStart(2, '0')}${String(friday).padStart(2, '0')}`
}

const spelled = /^([\p{L}\p{N}]+?)(USDT|USDC|PERP|USD)(?:-?(\d{1,2}[A-Z]{3}\d{2}|[HMUZ]\d{2}))?$/u

/**
 * A contract that has left the list: its id and the coin in which it paid say what it was. Undefined where they do not
 * fit: what it was is then not known.
 */
export function delistedContract(
  category: 'linear' | 'inverse',
  id: string,
  settle: string,
): Listing | undefined {
  // a dated one that pays in USDC does not say so: `BTC-27MAR26`
  const [, coin, day] = /^([\p{L}\p{N}]+)-(\d{1,2}[A-Z]{3}\d{2})$/u.exec(id) ?? []
  const [, base, ending, expiry] = spelled.exec(id) ?? [id, coin, 'PERP', day]
  if (base === undefined || ending === undefined) return undefined
  const quote = category === 'inverse' ? 'USD' : ending === 'PERP' ? 'USDC' : ending
  if (settle !== (category === 'inverse' ? base : quote)) return undefined
  const suffix = expiry === undefined ? '' : `-${expiryOf(expiry) ?? expiry}`
  return {
    category,
    id,
    symbol: `${base}/${quote}:${settle}${suffix}`,
    base,
    quote,
    active: false,
    terms: { size: '1', settle },
  }
}

/** The coin in which a contract of that name pays. */
export function settleOf(category: 'linear' | 'inverse', symbol: string): string {
  if (category === 'inverse') return symbol.replace(/USD.*$/, '')
  return symbol.includes('USDT') ? 'USDT' : 'USDC'
}

/** The ids that an instrument of that symbol can have had while it was listed; none where that can't be told. */
export function idsOfSymbol(symbol: string): readonly string[] {
  const [, base, quote, settle, expiry] =
    /^([\p{L}\p{N}]+)\/([\p{L}\p{N}]+)(?::([\p{L}\p{N}]+)(?:-(\d{6}))?)?$/u.exec(symbol) ?? []
  if (base === undefined || quote === undefined) return []
  if (settle === undefined) return [base + quote]
  const inUsdc = quote === 'USDC'
  if (expiry === undefined) return [base + (inUsdc ? 'PERP' : quote)]
  const [year, month, day] = [expiry.slice(0, 2), Number(expiry.slice(2, 4)) - 1, expiry.slice(4)]
  if (settle === quote) {
    // it has written days with a zero before them, and without
    const days = new Set([day, String(Number(day))])
    return [...days].map((each) => `${base}${inUsdc ? '' : quote}-${each}${months[month] ?? ''}${year}`)
  }
  const letter = Object.entries(quarters).find(([, each]) => each === month)?.[0]
  return letter === undefined ? [] : [`${base}${quote}${letter}${year}`]
}

export function marketOf({ category, symbol, base, quote, active }: Listing): Market {
  return { symbol, base, quote, type: category, active }
}

/** The categories that a watched wallet needs. */
export function categoriesOf(wallets: readonly Wallet[]): readonly Category[] {
  return categories.filter((category) => wallets.includes(category))
}
