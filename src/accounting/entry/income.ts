import { readAmount, readAsset, readId, readInstant, readOneOf } from './door.ts'
import type { IncomeEntry } from './entry.ts'
import type { Income } from '../observation.ts'

export const incomeKinds = ['funding', 'interest', 'earn', 'rebate', 'liquidation-fee'] as const

/**
 * Funding, interest, earn and rebates of own fees: performance without an execution.
 * @throws {Refusal}
 */
export function readIncome(income: Income, latestMs: number): IncomeEntry {
  const id = readId(income.id)
  const kind = readOneOf(income.income, incomeKinds, 'income-unknown')
  return {
    kind: 'income',
    key: JSON.stringify(['income', kind, id]),
    id,
    atMs: readInstant(income.atMs, latestMs),
    income: kind,
    changes: [{ asset: readAsset(income.asset), amount: readAmount(income.amount) }],
  }
}
