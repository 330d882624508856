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
