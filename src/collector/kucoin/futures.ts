import { hourOf } from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { invalidAnswer } from '../failure.ts'
import type { MarketList } from '../market-list.ts'
import type { ReadPages } from '../span.ts'
import type { Contract } from './contract.ts'
import {
  type ContractFill,
  contractFillsOf,
  type ContractLine,
  contractLinesOf,
  type Funding,
  fundingsOf,
  positionsOf,
  walletOf,
} from './contract-row.ts'
import { endpoints } from './endpoint.ts'
import { type Pages, readMarket } from './page.ts'

interface Span {
  readonly startAt: number
  readonly endAt: number
}

export interface FuturesPart {
  readonly lines: readonly ContractLine[]
  readonly fills: readonly ContractFill[]
  readonly fundings: readonly Funding[]
}

export const noFutures: FuturesPart = { lines: [], fills: [], fundings: [] }

/** The futures wallets of one client, one for each coin that contracts pay in. */
export class FuturesWallets {
  readonly #caller: Calls
  readonly #pages: Pages
  readonly #contracts: MarketList<Contract>
  #positions: readonly Position[] = []

  constructor(caller: Calls, pages: Pages, contracts: MarketList<Contract>) {
    this.#caller = caller
    this.#pages = pages
    this.#contracts = contracts
  }

  readonly contractBy = (id: string): Contract | undefined => this.#contracts.byName(id)

  /** It tells one wallet at a time. */
  async balances(): Promise<readonly Amount[]> {
    const settles = [...new Set(this.#contracts.all.map(({ terms }) => terms.settle))]
    const parts: Amount[] = []
    for (const settle of settles) {
      const asked = { currency: settle === 'BTC' ? 'XBT' : settle }
      const wallet = walletOf((await this.#caller.call(endpoints.contractWallet, asked)).value)
      // of a coin that it has no wallet for it tells of another
      if (wallet.asset === settle) parts.push(wallet)
    }
    if (parts.length === 0 && settles.length > 0) throw invalidAnswer('overview.currency')
    const held = positionsOf((await this.#caller.call(endpoints.positions)).value, this.contractBy)
    this.#positions = held.map(({ position }) => position)
    // what an average leaves out of a cost stands in the wallet: together they are right to the last unit
    return [...parts, ...held.map(({ beside }) => beside)]
  }

  /** Those that came with the balances. */
  get positions(): readonly Position[] {
    return this.#positions
  }

  async read(span: Span, readPages: ReadPages): Promise<FuturesPart | null> {
    const lines = await readPages(
      this.#pages.from(endpoints.contractLines, { ...span, maxCount: 50 }, contractLinesOf),
    )
    if (lines === null) return null
    const fills = await readPages(
      this.#pages.numbered(endpoints.contractFills, { ...span, pageSize: 500 }, (value, exchangeNowMs) =>
        contractFillsOf(value, this.contractBy, exchangeNowMs),
      ),
    )
    if (fills === null) return null
    const fundings = await this.#fundings(span, lines, fills)
    return fundings === null ? null : { lines, fills, fundings }
  }

  /** Told by contract: of those that are held, were traded, or had something realised. */
  async #fundings(
    span: Span,
    lines: readonly ContractLine[],
    fills: readonly ContractFill[],
  ): Promise<readonly Funding[] | null> {
    // it is paid at full hours
    if (hourOf(span.endAt) < span.startAt) return []
    const realised = lines.filter(({ kind }) => kind === 'realisedpnl').map(({ remark }) => remark)
    const held = this.#positions.map(({ symbol }) => this.#contracts.byName(symbol)?.id ?? '')
    const fundings: Funding[] = []
    for (const symbol of new Set([...held, ...fills.map(({ contractId }) => contractId), ...realised])) {
      if (symbol === '') continue
      const asked = { ...span, symbol, maxCount: 100 }
      const own = await readMarket(this.#pages.from(endpoints.fundings, asked, fundingsOf))
      if (own === null) return null
      fundings.push(...own)
    }
    return fundings
  }
}
