import type { Amount } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { CollectorFailure } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import { deniedCode } from './judge.ts'
import { crossOf, type Interest, interestsOf, isolatedOf } from './margin-row.ts'
import { type Pages, type Parameters, readMarket } from './page.ts'

/** What margin accounts hold less what they owe, and what is charged for that. */
export class MarginAccounts {
  readonly #caller: Calls
  readonly #pages: Pages
  /** Where interest may be charged: `cross`, and pairs. */
  #places: readonly string[] = []
  #isOwing = false
  /** The key may not read what is charged: it shows as what is missing. */
  isDenied = false

  constructor(caller: Calls, pages: Pages) {
    this.#caller = caller
    this.#pages = pages
  }

  async balances(): Promise<readonly Amount[]> {
    // the older and the newer accounts together
    const asked = { quoteCurrency: 'USDT', queryType: 'ALL' }
    const cross = crossOf((await this.#caller.call(endpoints.crossMargin, asked)).value)
    const isolated = isolatedOf((await this.#caller.call(endpoints.isolatedMargin, asked)).value)
    this.#places = ['cross', ...isolated.pairs]
    this.#isOwing = cross.isOwing || isolated.isOwing
    return [...cross.balances, ...isolated.balances]
  }

  /** `pairs`: of which the ledger tells in this span. */
  async interests(
    { startAt, endAt }: { readonly startAt: number; readonly endAt: number },
    { pairs, thorough }: { readonly pairs: readonly string[]; readonly thorough: boolean },
  ): Promise<readonly Interest[] | null> {
    if (this.isDenied || (!thorough && !this.#isOwing && pairs.length === 0)) return []
    const interests: Interest[] = []
    for (const place of new Set([...this.#places, ...pairs])) {
      const where: Parameters =
        place === 'cross' ? { isIsolated: 'false' } : { isIsolated: 'true', symbol: place }
      const asked = { ...where, startTime: startAt, endTime: endAt, pageSize: 500 }
      try {
        const own = await readMarket(this.#pages.numbered(endpoints.interest, asked, interestsOf(place)))
        if (own === null) return null
        interests.push(...own)
      } catch (error) {
        const code = error instanceof CollectorFailure ? error.failure.exchangeCode : null
        if (code !== deniedCode) throw error
        this.isDenied = true
        return []
      }
    }
    return interests
  }
}
