import type { KeyStartClaim, Metadata, Pricing, ReturnMethod, Source, StatementType } from '@perf-agg/sdk'
import type { Correction, Gap, Hour } from '../accounting/hour/hour.ts'

/** Whom a statement is about and where its figures come from: what an account's statements have in common. */
export interface Subject {
  readonly clientId: string
  /** Pseudonym. */
  readonly account: string
  /** Accounts that this client key has registered; null without a client key. */
  readonly clientAccounts: number | null
  readonly firstObservedAtMs: number | null
  readonly source: Source
  readonly returnMethod: ReturnMethod
  readonly pricing: Omit<Pricing, 'unpriced'>
  /** The wallets watched. */
  readonly scope: readonly string[]
}

/** The end of the chain that the statement is linked to; sequence 0 and null: it is the first. */
export interface Head {
  readonly sequence: number
  readonly digest: string | null
}

/** What a statement says. */
export type Claim =
  | { readonly type: 'registered'; readonly atMs: number }
  /** The wallets watched from here on; the subject's scope says the same. */
  | { readonly type: 'scope'; readonly atMs: number; readonly scope: readonly string[] }
  /** 1 to 24 consecutive hours of one origin; `periodsOf` cuts them. */
  | { readonly type: 'period'; readonly hours: readonly Hour[] }
  /** Oldest first. */
  | { readonly type: 'gap'; readonly gaps: readonly Gap[] }
  /** `corrects`: digests of the statements that said something else about these hours. */
  | { readonly type: 'correction'; readonly correction: Correction; readonly corrects: readonly string[] }
  | { readonly type: 'closed'; readonly atMs: number; readonly reason: string }
  | { readonly type: 'key_start'; readonly atMs: number; readonly keyStart: KeyStartClaim }

/** A signed statement, ready to be stored: a link of its account's chain. */
export interface Issued {
  readonly account: string
  readonly sequence: number
  readonly previous: string | null
  /** `sha256:<hex>` of what the wire signature covers. */
  readonly digest: string
  readonly type: StatementType
  readonly periodStartMs: number
  readonly periodEndMs: number
  /** Starts of the hours it states or states anew. */
  readonly hours: readonly number[]
  readonly issuedAtMs: number
  /** The exact bytes to post and serve: the RFC 8785 form of the signed body. */
  readonly body: Uint8Array
  /** Without the operator's key's second signature. */
  readonly metadata: Metadata
}
