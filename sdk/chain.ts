import type { LinkMetadata } from './edition.ts'
import type { Step } from './step.ts'
import { contraindicate } from './step.ts'

/**
 * How far a chain has come, as far as the next link depends on it. The daemon holds a statement to it before it is
 * stored, and a verifier when it is read: one set of rules for both.
 */
export interface ChainEnd {
  readonly exchange: string
  readonly environment: string
  readonly returnMethod: string
  readonly logOrigin: string | null
  readonly keyId: string
  readonly scope: readonly string[]
  readonly clientAccounts: number | null
  readonly firstObservedAt: string | null
  /** Registered, and not closed since. */
  readonly open: boolean
}

/** The end of a chain after one more link. */
export function chainEnd(before: ChainEnd | null, next: LinkMetadata): ChainEnd {
  return {
    exchange: next.source.exchange,
    environment: next.source.environment,
    returnMethod: next.return_method,
    logOrigin: next.log?.origin ?? null,
    keyId: next.key_id,
    scope: next.scope,
    clientAccounts: next.client_accounts,
    firstObservedAt: next.first_observed_at,
    open: next.type === 'key_start' ? (before?.open ?? false) : next.type !== 'closed',
  }
}

/** What in a link contradicts the chain before it, whatever it says itself; empty where nothing does. */
export function judgeSuccession(before: ChainEnd | null, next: LinkMetadata): readonly Step[] {
  const { type, sequence } = next
  if (before === null) {
    return type === 'registered'
      ? []
      : [contraindicate('chain', 'CHAIN_START_MISSING', 'a chain begins with its registration')]
  }
  const steps: Step[] = []
  if (type === 'registered' ? before.open : !before.open && type !== 'key_start') {
    const detail = before.open
      ? 'it is registered already'
      : 'nothing is stated between closing and registering'
    steps.push(contraindicate('chain', 'CHAIN_OUT_OF_TURN', `${type} ${sequence}: ${detail}`))
  }
  if (type !== 'key_start' && next.key_id !== before.keyId) {
    steps.push(contraindicate('keys', 'KEY_CHANGED', 'it is signed by a new key that no statement started'))
  }
  const dropped = before.scope.filter((wallet) => !next.scope.includes(wallet))
  if (dropped.length > 0) {
    steps.push(contraindicate('scope', 'SCOPE_SHRUNK', `${dropped.join(', ')} is no longer watched`))
  }
  const grown = next.scope.length > before.scope.length
  if (grown && type !== 'scope' && type !== 'registered') {
    steps.push(
      contraindicate('scope', 'SCOPE_UNSTATED', 'a wallet more is watched, and no statement says since when'),
    )
  }
  if (
    next.source.exchange !== before.exchange ||
    next.source.environment !== before.environment ||
    next.return_method !== before.returnMethod
  ) {
    steps.push(contraindicate('source', 'SOURCE_CHANGED', 'it is of another exchange, environment or method'))
  }
  if ((next.log?.origin ?? null) !== before.logOrigin) {
    steps.push(contraindicate('log', 'LOG_MISMATCH', 'it is of another log than the statement before'))
  }
  // whoever takes an account over with a key of their own begins with a registration
  if (type !== 'registered' && (next.client_accounts ?? 0) < (before.clientAccounts ?? 0)) {
    steps.push(
      contraindicate('accounts', 'CLIENT_ACCOUNTS_SHRUNK', 'the client has fewer accounts than before'),
    )
  }
  if (before.firstObservedAt !== null && next.first_observed_at !== before.firstObservedAt) {
    steps.push(
      contraindicate('hours', 'FIRST_OBSERVED_CHANGED', 'it was first observed at another time before'),
    )
  }
  return steps
}
