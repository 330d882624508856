import type { Calls } from '../call.ts'
import { CollectorFailure } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import { isMissing } from './judge.ts'

/** The exchange's own bytes, for the daemon to judge: this process is not believed about what a key may do. */
export interface Checked {
  /** Null where the exchange has no such call (its sandbox). */
  readonly restrictions: Uint8Array | null
  readonly account: Uint8Array
}

/** @throws {CollectorFailure} */
export async function checkKey(caller: Calls, sync: () => Promise<number>): Promise<Checked> {
  await sync()
  const { body: account } = await caller.call(endpoints.account)
  try {
    const { body: restrictions } = await caller.call(endpoints.apiRestrictions)
    return { restrictions, account }
  } catch (error) {
    if (!(error instanceof CollectorFailure) || !isMissing(error.failure)) throw error
    return { restrictions: null, account }
  }
}
