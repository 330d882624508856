import type { Statement } from '@perf-agg/sdk'
import type { Backend } from './enclave.ts'
import { until } from './house.ts'

/** The links of one account as they have reached a backend, each once, in order. */
export function chainOf(backend: Backend, account: unknown): Statement[] {
  const links = new Map<number, Statement>()
  for (const statement of backend.statements) {
    if (statement.metadata.account === account) links.set(statement.metadata.sequence, statement)
  }
  return [...links.values()].toSorted((a, b) => a.metadata.sequence - b.metadata.sequence)
}

export function typesOf(backend: Backend, account: unknown): string[] {
  return chainOf(backend, account).map(({ metadata }) => metadata.type)
}

/** Waits until the account's chain ends in that. */
export function endOf(
  backend: Backend,
  account: unknown,
  type: Statement['metadata']['type'],
): Promise<Statement> {
  return until(`${type} of ${String(account)}`, () => {
    const last = chainOf(backend, account).at(-1)
    return last?.metadata.type === type ? last : null
  })
}
