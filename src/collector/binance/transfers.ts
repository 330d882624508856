import { minuteMs } from '@perf-agg/sdk'
import type { CashFlow, MarketType } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls } from '../call.ts'
import { endpoints } from './endpoint.ts'
import { transfersOf } from './row.ts'

/** The owner's wallets, as their transfers name them. */
export const walletNames: Readonly<Record<MarketType, string>> = {
  spot: 'MAIN',
  linear: 'UMFUTURE',
  inverse: 'CMFUTURE',
  margin: 'MARGIN',
}

/** Two lists tell of one transfer: they may stamp it apart by so much. */
const apartMs = 2 * minuteMs
const windowMs = 6 * 86_400_000

interface Moved {
  readonly id: string
  readonly asset: string
  readonly amount: string
  readonly atMs: number
}

/**
 * Transfers between wallets that are all watched: value that never left. A wallet's own list often does not say where
 * a transfer went, so it is looked up in the list of transfers between each pair.
 */
export class Transfers {
  readonly #caller: Calls
  readonly #wallets: readonly MarketType[]
  readonly #exchangeNowMs: number
  readonly #pairs = new Map<string, Promise<readonly Moved[]>>()

  constructor(caller: Calls, wallets: readonly MarketType[], exchangeNowMs: number) {
    this.#caller = caller
    this.#wallets = wallets
    this.#exchangeNowMs = exchangeNowMs
  }

  /** Of what a wallet tells of its transfers, those that are external flows: their other end is not watched. */
  async external<Line extends Moved>(wallet: MarketType, lines: readonly Line[]): Promise<readonly Line[]> {
    const others = this.#wallets.filter((other) => other !== wallet)
    if (lines.length === 0 || others.length === 0) return lines
    const fromMs = Math.min(...lines.map(({ atMs }) => atMs)) - apartMs
    const own = walletNames[wallet]
    const known = await Promise.all(
      others.flatMap((other) => [
        this.#between(`${own}_${walletNames[other]}`, 'out', fromMs),
        this.#between(`${walletNames[other]}_${own}`, 'in', fromMs),
      ]),
    )
    const left = known.flat()
    return lines.filter((line) => {
      const same = left.findIndex((moved) => moved.id === line.id)
      const index = same >= 0 ? same : left.findIndex((moved) => isSame(moved, line))
      if (index >= 0) left.splice(index, 1)
      return index < 0
    })
  }

  #between(type: string, direction: 'in' | 'out', fromMs: number): Promise<readonly Moved[]> {
    const key = `${type} ${fromMs}`
    const known = this.#pairs.get(key) ?? this.#read(type, direction, fromMs)
    this.#pairs.set(key, known)
    return known
  }

  async #read(type: string, direction: 'in' | 'out', fromMs: number): Promise<readonly Moved[]> {
    const moved = new Map<string, CashFlow>()
    for (let startTime = fromMs; startTime <= this.#exchangeNowMs; startTime += windowMs + 1) {
      const endTime = Math.min(startTime + windowMs, this.#exchangeNowMs)
      for (let current = 1; current <= limits.collector.pagesMax; current += 1) {
        const parameters = { type, startTime, endTime, current, size: 100 }
        const { value } = await this.#caller.call(endpoints.transfers, parameters)
        for (const flow of transfersOf(value, direction, this.#exchangeNowMs)) moved.set(flow.id, flow)
        const { rows } = value as { readonly rows?: unknown }
        if (!Array.isArray(rows) || rows.length < 100) break
      }
    }
    return [...moved.values()]
  }
}

function isSame(moved: Moved, line: Moved): boolean {
  return (
    moved.asset === line.asset &&
    Number(moved.amount) === Number(line.amount) &&
    Math.abs(moved.atMs - line.atMs) <= apartMs
  )
}
