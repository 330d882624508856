import { minuteMs } from '@perf-agg/sdk'

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
  #minute = 0
  #used = 0
  #shutOutUntilMs = 0

  /** False where nothing is left of the minute. */
  count(type: string, nowMs: number): boolean {
    const minute = Math.floor(nowMs / minuteMs)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#used = 0
    }
    this.#used += weights[type] ?? 20
    return this.#used <= mostPerMinute && nowMs >= this.#shutOutUntilMs
  }

  /** What was told counts as well. */
  told(type: string, rows: number): void {
    this.#used += Math.floor(rows / (rowsOfWeight[type] ?? Number.POSITIVE_INFINITY))
  }

  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
