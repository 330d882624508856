import { PerfAggError } from '@perf-agg/sdk'
import { addressFor } from './egress-address.ts'
import { placeOf } from '../collecting/place.ts'
import type { Schedule } from './schedule.ts'

/** Which place an account is asked for at, and whether one account more can be kept the promises to there. */
export class Admission {
  readonly #schedule: Schedule
  readonly #addresses: readonly string[]

  constructor(schedule: Schedule, addresses: readonly string[]) {
    this.#schedule = schedule
    this.#addresses = addresses
  }

  placeFor(key: string, exchange: string, sandbox: boolean): string {
    return placeOf({ exchange, sandbox, address: addressFor(key, this.#addresses) })
  }

  /** An account that is watched already takes no more than it has. @throws {PerfAggError} EGRESS_BUDGET_SPENT */
  check(key: string, exchange: string, sandbox: boolean): void {
    if (this.#schedule.has(key) || this.#schedule.admits(this.placeFor(key, exchange, sandbox))) return
    throw new PerfAggError(
      'EGRESS_BUDGET_SPENT',
      'as many accounts of that exchange are watched here as can be',
      {
        action: 'retry',
        hint: 'register at another enclave, or later: an exchange limits how much one address may ask',
      },
    )
  }
}
