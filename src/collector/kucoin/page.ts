import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import type { Page } from '../span.ts'

export type Parameters = Readonly<Record<string, string | number>>
export type ReadPage<Each> = (value: unknown, exchangeNowMs: number) => Page<Each>
export type AskPage<Each> = (next: string | null) => Promise<Page<Each>>

/** The three ways in which kucoin's lists go on. */
export class Pages {
  readonly #caller: Calls
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>

  constructor(caller: Calls, clock: Pick<JobClock, 'exchangeNowMs'>) {
    this.#caller = caller
    this.#clock = clock
  }

  /** By the number of the page. */
  numbered<Each>(endpoint: Endpoint, asked: Parameters, readPage: ReadPage<Each>): AskPage<Each> {
    return this.#going(endpoint, readPage, (next) => ({ ...asked, currentPage: Number(next ?? 1) }))
  }

  /** Behind the last id of the page before. */
  after<Each>(endpoint: Endpoint, asked: Parameters, readPage: ReadPage<Each>): AskPage<Each> {
    return this.#going(endpoint, readPage, (next) => (next === null ? asked : { ...asked, lastId: next }))
  }

  /** The same, by the name that the futures host has for it. */
  from<Each>(endpoint: Endpoint, asked: Parameters, readPage: ReadPage<Each>): AskPage<Each> {
    return this.#going(endpoint, readPage, (next) => (next === null ? asked : { ...asked, offset: next }))
  }

  #going<Each>(
    endpoint: Endpoint,
    readPage: ReadPage<Each>,
    parametersOf: (next: string | null) => Parameters,
  ): AskPage<Each> {
    return async (next) => {
      const { value } = await this.#caller.call(endpoint, parametersOf(next))
      return readPage(value, this.#clock.exchangeNowMs())
    }
  }
}

const pagesOfMarketMax = 40

/**
 * A list of one market. There are as many as were traded, which must not use up what a poll may read: no more is in them
 * than the ledger told that named them. Null where there is more than that.
 */
export async function readMarket<Each extends { readonly id: string }>(
  ask: AskPage<Each>,
): Promise<Each[] | null> {
  const rows = new Map<string, Each>()
  let next: string | null = null
  for (let page = 0; page < pagesOfMarketMax; page += 1) {
    const answer: Page<Each> = await ask(next)
    const known = rows.size
    for (const row of answer.rows) rows.set(row.id, row)
    // the same again is the end as well
    const isAgain = rows.size === known && answer.rows.length > 0
    if (answer.next === null || answer.next === next || isAgain) return [...rows.values()]
    next = answer.next
  }
  return null
}
