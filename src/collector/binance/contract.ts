import { hourMs } from '@perf-agg/sdk'
import type { ContractTerms } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls } from '../call.ts'
import { assetOf, decimalOf, instantOf, rowOf, rowsOf } from '../field.ts'
import { invalidAnswer } from '../failure.ts'
import type { FuturesWallet, Venue } from './venue.ts'

/** A contract of one of the two futures exchanges. */
export interface ContractListing {
  /** `BTCUSDT`, `BTCUSD_PERP`, `BTCUSDT_260327` */
  readonly id: string
  /** `BTC/USDT:USDT`, `BTC/USD:BTC`, `BTC/USDT:USDT-260327` */
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly terms: ContractTerms
  /** When it is, or would be, delivered; far away for a perpetual that nobody means to end. */
  readonly deliveryMs: number
  readonly active: boolean
}

export function contractsOf(value: unknown, wallet: FuturesWallet): ContractListing[] {
  const rows = rowsOf(
    rowOf(value, 'exchangeInfo')['symbols'],
    'exchangeInfo.symbols',
    limits.collector.symbolsMax,
  )
  return rows.map((each) => {
    const row = rowOf(each, 'exchangeInfo.symbols')
    const id = assetOf(row['symbol'], 'contract.symbol')
    const base = assetOf(row['baseAsset'], 'contract.baseAsset')
    const quote = assetOf(row['quoteAsset'], 'contract.quoteAsset')
    const settle = assetOf(row['marginAsset'] ?? (wallet === 'linear' ? quote : base), 'contract.marginAsset')
    const deliveryMs = deliveryOf(row['deliveryDate'])
    const dated = /_(\d{6})$/.exec(id)?.[1]
    return {
      id,
      symbol: `${base}/${quote}:${settle}${dated === undefined ? '' : `-${dated}`}`,
      base,
      quote,
      terms: {
        size: wallet === 'linear' ? '1' : decimalOf(row['contractSize'], 'contract.contractSize', 'positive'),
        settle,
      },
      deliveryMs,
      active: (row['contractStatus'] ?? row['status']) === 'TRADING',
    }
  })
}

function deliveryOf(value: unknown): number {
  if (value === undefined || value === null || value === 0) return Number.MAX_SAFE_INTEGER
  return instantOf(value, 'contract.deliveryDate', Number.MAX_SAFE_INTEGER / 2)
}

/** All contracts of one futures exchange, loaded once and shared by all accounts. */
export class Contracts {
  readonly #venue: Venue
  #byId: ReadonlyMap<string, ContractListing> = new Map()
  #bySymbol: ReadonlyMap<string, ContractListing> = new Map()
  #loadedAtMs = Number.NEGATIVE_INFINITY

  constructor(venue: Venue) {
    this.#venue = venue
  }

  get all(): readonly ContractListing[] {
    return [...this.#byId.values()]
  }

  find(id: string): ContractListing | undefined {
    return this.#byId.get(id)
  }

  bySymbol(symbol: string): ContractListing | undefined {
    return this.#bySymbol.get(symbol)
  }

  /** Delivered ones leave the list; whoever was loaded before keeps them. */
  async load(caller: Calls, exchangeNowMs: number, ageMsMax = 6 * hourMs): Promise<void> {
    if (exchangeNowMs - this.#loadedAtMs < ageMsMax && exchangeNowMs >= this.#loadedAtMs) return
    const { value } = await caller.call(this.#venue.exchangeInfo)
    const listed = contractsOf(value, this.#venue.wallet)
    const gone = this.all.filter(({ id }) => !listed.some((each) => each.id === id))
    const all = [...gone.map((each) => ({ ...each, active: false })), ...listed]
    this.#byId = new Map(all.map((listing) => [listing.id, listing]))
    this.#bySymbol = new Map(all.map((listing) => [listing.symbol, listing]))
    this.#loadedAtMs = exchangeNowMs
  }

  /** One that the list does not have any more, by its name alone. */
  read(id: string): ContractListing {
    const listed = this.find(id)
    if (listed !== undefined) return listed
    return this.#venue.wallet === 'linear' ? goneLinear(id) : goneInverse(id)
  }
}

const linearPattern = /^(.+?)(USDT|USDC|BUSD|FDUSD|BTC|ETH)(?:_(\d{6}))?$/
const inversePattern = /^(.+?)USD_(PERP|\d{6})$/

function goneLinear(id: string): ContractListing {
  const [, base, quote, dated] = linearPattern.exec(id) ?? []
  if (base === undefined || quote === undefined) throw invalidAnswer('trade.symbol')
  return gone(id, base, quote, quote, '1', dated)
}

/** A contract of bitcoin is 100 dollars there, any other 10. */
function goneInverse(id: string): ContractListing {
  const [, base, dated] = inversePattern.exec(id) ?? []
  if (base === undefined) throw invalidAnswer('trade.symbol')
  return gone(id, base, 'USD', base, base === 'BTC' ? '100' : '10', dated === 'PERP' ? undefined : dated)
}

function gone(
  id: string,
  base: string,
  quote: string,
  settle: string,
  size: string,
  dated: string | undefined,
): ContractListing {
  const suffix = dated === undefined ? '' : `-${dated}`
  // delivered at eight in the morning of its date
  const deliveryMs =
    dated === undefined
      ? Number.MAX_SAFE_INTEGER
      : Date.UTC(2_000 + Number(dated.slice(0, 2)), Number(dated.slice(2, 4)) - 1, Number(dated.slice(4)), 8)
  const symbol = `${base}/${quote}:${settle}${suffix}`
  return { id, symbol, base, quote, terms: { size, settle }, deliveryMs, active: false }
}
