import type { Amount, Position } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import type { Reading } from '../ledger-poll.ts'
import type { Listed, MarketList } from '../market-list.ts'
import type { Page, ReadPages } from '../span.ts'
import type { TransferLine } from '../transfer.ts'
import { contractOf, type Product } from './product.ts'
import type { SentPage } from './row.ts'

/** One of the wallets of a client: what is in it, and what its lists say of a span of time. */
export interface Book<Part = unknown> {
  balances(): Promise<readonly Amount[]>
  /** Of the same read as the balances before. */
  positions?(): Promise<readonly Position[]>
  /** `thorough`: every list. Null where there is more in it than is read at once. */
  span(span: Asked, thorough: boolean, readPages: ReadPages): Promise<Part | null>
  tell(parts: readonly Part[]): Telling | Promise<Telling>
}

/** What its lines mean. Transfers stand apart: between two wallets that are watched they are none. */
export interface Telling extends Omit<Reading, 'cutAtMs'> {
  readonly transfers: readonly TransferLine[]
}

export type Asked = Readonly<Record<string, string | number>>

/** What all books read with. */
export interface Desk {
  readonly caller: Calls
  readonly listings: MarketList<Listed>
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
}

/** As it is listed, or was while it was. */
export function contractBy({ listings }: Desk): (id: string, product: Product) => Listed {
  return (id, product) => listings.byName(`${product} ${id}`) ?? contractOf(id, product)
}

/** Newest first, each page below the last id of the one before; or where a cursor says. */
export function pages<Each>(
  { caller, clock }: Desk,
  endpoint: Endpoint,
  asked: Asked,
  readPage: (value: unknown, exchangeNowMs: number) => SentPage<Each>,
  nextName = 'idLessThan',
): (next: string | null) => Promise<Page<Each>> {
  return async (next) => {
    const { value } = await caller.call(endpoint, next === null ? asked : { ...asked, [nextName]: next })
    const page = readPage(value, clock.exchangeNowMs())
    return page.sent < Number(asked['limit']) ? { ...page, next: null } : page
  }
}
