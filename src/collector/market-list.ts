import { hourMs } from '@perf-agg/sdk'
import type { Market } from '../accounting/observation.ts'
import type { UnifiedCalls } from './call.ts'

/** A market with the name the exchange has for it. */
export interface Listed extends Market {
  readonly id: string
}

/** All markets of one host set, loaded once and shared by all its accounts. */
export class MarketList<Each extends Listed> {
  readonly #readAll: (caller: UnifiedCalls) => Promise<readonly Each[]>
  #all: readonly Each[] = []
  #byName: ReadonlyMap<string, Each> = new Map()
  #loadedAtMs = Number.NEGATIVE_INFINITY

  constructor(readAll: (caller: UnifiedCalls) => Promise<readonly Each[]>) {
    this.#readAll = readAll
  }

  get all(): readonly Each[] {
    return this.#all
  }

  get markets(): readonly Market[] {
    return this.#all.map(({ symbol, base, quote, type, active }) => ({ symbol, base, quote, type, active }))
  }

  /** By the exchange's id or the unified symbol. */
  byName(name: string): Each | undefined {
    return this.#byName.get(name)
  }

  async load(caller: UnifiedCalls, exchangeNowMs: number, ageMsMax = 6 * hourMs): Promise<void> {
    if (exchangeNowMs - this.#loadedAtMs < ageMsMax && exchangeNowMs >= this.#loadedAtMs) return
    this.#all = await this.#readAll(caller)
    this.#byName = new Map([
      ...this.#all.map((each) => [each.symbol, each] as const),
      ...this.#all.map((each) => [each.id, each] as const),
    ])
    this.#loadedAtMs = exchangeNowMs
  }
}
