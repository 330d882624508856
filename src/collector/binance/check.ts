import type { Checked } from '../adapter.ts'
import type { Calls } from '../call.ts'
import { CollectorFailure } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import { isMissing } from './judge.ts'

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
