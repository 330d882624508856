import { hourMs } from '@perf-agg/sdk'
import type { Calls } from '../call.ts'
import { CollectorFailure, refuseAccount } from '../failure.ts'
import { wordOf } from '../field.ts'
import { endpoints } from './endpoint.ts'
import { tellsOfUnified } from './state.ts'

/** How an address holds what it holds: asked for once an hour, for it is dear and seldom changes. */
export interface Standing {
  /** One wallet backs everything, spot and perpetuals. */
  readonly isUnified: boolean
  /** Others' exchanges within it that it uses; null where all have to be looked at. */
  readonly dexes: ReadonlySet<string> | null
}

const agedMs = hourMs
const addressesMax = 4_096

export class Standings {
  readonly #known = new Map<
    string,
    { readonly isUnified: boolean; dexes: Set<string> | null; atMs: number }
  >()

  /** @throws {CollectorFailure} where it is one that can't be read right */
  async of(caller: Calls, user: string, nowMs: number): Promise<Standing> {
    const known = this.#known.get(user)
    if (known !== undefined && nowMs - known.atMs < agedMs && nowMs >= known.atMs) return known
    const standing = { isUnified: await isUnified(caller, user), dexes: null, atMs: nowMs }
    this.#known.delete(user)
    this.#known.set(user, standing)
    const [oldest] = this.#known.keys()
    if (this.#known.size > addressesMax && oldest !== undefined) this.#known.delete(oldest)
    return standing
  }

  /** All were looked at, and these had something. */
  found(user: string, dexes: readonly string[]): void {
    const known = this.#known.get(user)
    if (known !== undefined) known.dexes = new Set(dexes)
  }

  /** A list speaks of it. */
  use(user: string, dex: string): void {
    this.#known.get(user)?.dexes?.add(dex)
  }

  /** What was believed was seen to be wrong. */
  forget(user: string): void {
    this.#known.delete(user)
  }
}

/**
 * Where a portfolio's coins lend to each other, what is owed is told nowhere that adds up.
 *
 * @throws {CollectorFailure}
 */
export async function isUnified(caller: Calls, user: string): Promise<boolean> {
  try {
    const mode = wordOf((await caller.call(endpoints.mode, { user })).value, 'userAbstraction')
    if (mode === 'portfolioMargin') throw refuseAccount(mode)
    if (mode !== 'default') return mode === 'unifiedAccount'
    // who never chose has what the exchange chose then
    return tellsOfUnified((await caller.call(endpoints.spotState, { user })).value)
  } catch (error) {
    // a host that does not know that question has no such accounts
    const code = error instanceof CollectorFailure ? error.failure.code : null
    if (code !== 'EXCHANGE_REQUEST_REFUSED') throw error
    return false
  }
}
