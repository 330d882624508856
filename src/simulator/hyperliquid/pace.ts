import { minuteMs } from '@perf-agg/sdk'
import { Used } from '../used.ts'

/**
 * What hyperliquid counts of an address: 1,200 a minute, where each call has its weight and what it tells has another, by
 * its rows.
 */

const mostPerMinute = 1_200

/** Of calls that are not named it is 20. */
const weights: Readonly<Record<string, number>> = {
  exchangeStatus: 2,
  clearinghouseState: 2,
  spotClearinghouseState: 2,
}

/** So many rows of an answer weigh one more. */
const rowsOfWeight: Readonly<Record<string, number>> = {
  userFillsByTime: 20,
  userFunding: 20,
  userNonFundingLedgerUpdates: 20,
  candleSnapshot: 60,
}

export class Pace {
  readonly #used = new Used(minuteMs)
  #shutOutUntilMs = 0

  /** False where nothing is left of the minute. */
  count(type: string, nowMs: number): boolean {
    const used = this.#used.add('address', weights[type] ?? 20, nowMs)
    return used <= mostPerMinute && nowMs >= this.#shutOutUntilMs
  }

  /** What was told counts as well. */
  told(type: string, rows: number, nowMs: number): void {
    this.#used.add('address', Math.floor(rows / (rowsOfWeight[type] ?? Number.POSITIVE_INFINITY)), nowMs)
  }

  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
