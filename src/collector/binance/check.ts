import type { Wallet } from '../../accounting/observation.ts'
import type { Checked } from '../adapter.ts'
import type { Calls } from '../call.ts'
import { CollectorFailure, refuseAccount } from '../failure.ts'
import { rowOf } from '../field.ts'
import { endpoints } from './endpoint.ts'
import { isMissing } from './judge.ts'

/** @throws {CollectorFailure} */
export async function checkKey(
  caller: Calls,
  sync: () => Promise<number>,
  wallets: readonly Wallet[],
): Promise<Checked> {
  await sync()
  const { body: account } = await caller.call(endpoints.account)
  try {
    const { body: restrictions } = await caller.call(endpoints.apiRestrictions)
    await refuseMode(caller, wallets)
    return { restrictions, account }
  } catch (error) {
    if (!(error instanceof CollectorFailure) || !isMissing(error.failure)) throw error
    return { restrictions: null, account }
  }
}

/**
 * In portfolio margin the wallets of margin and of contracts stand for each other and owe through other calls: half of it
 * would be read. Spot's stands beside them as before. A wallet that was never opened holds nothing to watch.
 *
 * @throws {CollectorFailure}
 */
async function refuseMode(caller: Calls, wallets: readonly Wallet[]): Promise<void> {
  const info = await accountInfo(caller)
  if (info === null) return
  const has = (wanted: readonly Wallet[]): boolean => wallets.some((wallet) => wanted.includes(wallet))
  const refused =
    info['isPortfolioMarginRetailEnabled'] === true && has(['margin', 'linear', 'inverse'])
      ? 'isPortfolioMarginRetailEnabled'
      : has(['linear', 'inverse']) && info['isFutureEnabled'] === false
        ? 'isFutureEnabled'
        : has(['margin']) && info['isMarginEnabled'] === false
          ? 'isMarginEnabled'
          : null
  if (refused === null) return
  throw refuseAccount(refused)
}

async function accountInfo(caller: Calls): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    return rowOf((await caller.call(endpoints.accountInfo)).value, 'accountInfo')
  } catch (error) {
    // hosts that do not have the call have no such mode
    if (error instanceof CollectorFailure && isMissing(error.failure)) return null
    throw error
  }
}
