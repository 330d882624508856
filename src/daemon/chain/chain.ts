import {
  type ChainEnd,
  chainEnd,
  judgeSuccession,
  type KeyStartClaim,
  type Metadata,
  parseJson,
  parseStatement,
  PerfAggError,
  type PublicJwk,
  type ReturnMethod,
  type Source,
} from '@perf-agg/sdk'
import type { Closed, Correction } from '../../accounting/hour/hour.ts'
import type { Rules } from '../../accounting/rules.ts'
import type { Origin } from '../../collector/answer.ts'
import type { Claim, Head, Issued, Subject } from '../../statement/claim.ts'
import type { Issuer } from '../../statement/issuer.ts'
import type { Signer } from '../../statement/signer.ts'
import { periodsOf } from '../../statement/period.ts'
import type { AccountRow, SessionRow, Store, Tx } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import { withEditions } from '../publication/edition.ts'
import type { HandedOver } from './predecessor.ts'

/** What an account's chain is to say next; a correction finds by itself which statements it corrects. */
export type Content =
  | Exclude<Claim, { type: 'correction' }>
  | { readonly type: 'correction'; readonly correction: Correction }

/** A session in whose name statements are made. */
export type LiveSession = Omit<SessionRow, 'endedAtMs' | 'endReason'>

export interface WriteOptions {
  /** May use the space kept for a last word on a full disk. */
  readonly urgent?: boolean
  /** Goes before the statements in the same transaction. */
  readonly first?: (tx: Tx) => void
}

/** A price older than a minute is marked `stale` with its age. */
const priceAgeMaxS = 60

interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly issuer: Issuer
  /** Of the enclave's own statement key: it signs public editions. */
  readonly signer: Signer
  /** The enclave's own statement key of this start. */
  readonly key: { readonly keyId: string; readonly jwk: PublicJwk<'Ed25519'> }
  /** What the key of the start before signed for this one; null: it was lost with its process. */
  readonly handover: HandedOver | null
  readonly rules: Rules
  /** Why nothing may be stated now: what others have seen of the log, or a clock that is wrong. */
  readonly conflict: (exchange: string) => PerfAggError | null
  /** Something new waits for delivery. */
  readonly written: () => void
}

/**
 * Puts signed statements onto the chains of accounts, together with whatever else belongs to them, durable in one
 * transaction. To be called in the account's lane only: that is what keeps a chain from forking.
 */
export class Chain {
  readonly #parts: Parts
  readonly #origins = new Map<string, Origin & { readonly lists: readonly string[] }>()
  /** The ends of chains that this start has written to. */
  readonly #ends = new Map<string, ChainEnd>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Where the account's data came from last: statements without a poll of their own say that.
   * @param unavailable what the exchange did not tell, as the adapter names it; what it is about stays here
   */
  noteOrigin(account: string, origin: Origin, unavailable: readonly string[] = []): void {
    const lists = new Set(unavailable.map((name) => name.split('.')[0]?.toLowerCase() ?? '').filter(isList))
    this.#origins.set(account, { ...origin, lists: [...lists].toSorted().slice(0, listsMax) })
  }

  async write(
    row: AccountRow,
    session: LiveSession,
    method: ReturnMethod,
    contents: readonly Content[],
    also: (tx: Tx) => void,
    options: WriteOptions = {},
  ): Promise<readonly Issued[]> {
    const issued = contents.length === 0 ? [] : await this.#issue(row, session, method, contents)
    await this.#store(row, issued, also, options)
    return issued
  }

  /** States nothing but the new key, where the chain's last link is by the one before. */
  async begin(row: AccountRow, session: LiveSession, method: ReturnMethod): Promise<void> {
    await this.#store(row, await this.#issue(row, session, method, []), () => {}, {})
  }

  async #store(
    row: AccountRow,
    issued: readonly Issued[],
    also: (tx: Tx) => void,
    options: WriteOptions,
  ): Promise<void> {
    const { store, signer } = this.#parts
    const logged = await withEditions(store, signer, issued)
    await store.commit(
      (tx) => {
        options.first?.(tx)
        for (const statement of logged) tx.appendStatement(statement)
        also(tx)
      },
      options.urgent === true ? { urgent: true } : {},
    )
    if (issued.length > 0) {
      let end = this.#ends.get(row.pseudonym) ?? null
      for (const { metadata } of issued) end = chainEnd(end, metadata)
      if (end !== null) this.#ends.set(row.pseudonym, end)
      this.#parts.written()
    }
  }

  async #issue(
    row: AccountRow,
    session: LiveSession,
    method: ReturnMethod,
    contents: readonly Content[],
  ): Promise<Issued[]> {
    const { clock, issuer, conflict } = this.#parts
    const contradiction = conflict(row.exchange)
    if (contradiction !== null) throw contradiction
    let subject = await this.#subject(row, session, method, contents)
    let end = await this.#endOf(row)
    const claims = [
      ...this.#keyStart(end),
      ...(await Promise.all(contents.map((each) => this.#claim(row, each)))),
    ]
    const issued: Issued[] = []
    let head: Head = row.head
    for (const claim of claims) {
      if (claim.type === 'scope') subject = widened(subject, claim.scope)
      const statement = await issuer.issue(subject, head, claim, clock.nowMs())
      const [wrong] = judgeSuccession(end, statement.metadata)
      // signed and thrown away: what contradicts its chain is never stored, logged or shown
      if (wrong !== undefined) throw new PerfAggError(wrong.code, wrong.detail, { action: 'stop' })
      end = chainEnd(end, statement.metadata)
      issued.push(statement)
      head = statement
    }
    return issued
  }

  /** Null where there is none yet. */
  async #endOf(row: AccountRow): Promise<ChainEnd | null> {
    const known = this.#ends.get(row.pseudonym)
    if (known !== undefined || row.head.sequence === 0) return known ?? null
    // whether it is open is not told by a new key, but by what stands before
    const last: Metadata[] = []
    for (let sequence = row.head.sequence; sequence > 0; sequence -= 1) {
      const stored = await this.#parts.store.statementAt(row.pseudonym, sequence)
      if (stored === null) break
      last.unshift(parseStatement(parseJson(stored.body)).metadata)
      if (stored.type !== 'key_start') break
    }
    let end: ChainEnd | null = null
    for (const metadata of last) end = chainEnd(end, metadata)
    if (end !== null) this.#ends.set(row.pseudonym, end)
    return end
  }

  /** A chain that goes on under a new key says so first, with the handover of the key before where there is one. */
  #keyStart(end: ChainEnd | null): Claim[] {
    const { clock, key, handover } = this.#parts
    if (end === null || end.keyId === key.keyId) return []
    const replaces = end.keyId
    const from: Pick<KeyStartClaim, 'handover' | 'log_size' | 'continuity'> =
      handover !== null && handover.replaces === replaces
        ? { handover: handover.signature, log_size: handover.logSize, continuity: 'handover' }
        : { handover: null, log_size: null, continuity: 'broken' }
    return [{ type: 'key_start', atMs: clock.nowMs(), keyStart: { key: key.jwk, replaces, ...from } }]
  }

  async #claim(row: AccountRow, content: Content): Promise<Claim> {
    if (content.type !== 'correction') return content
    const starts = content.correction.hours.map((hour) => hour.startMs)
    const stated = await this.#parts.store.statedHours(
      row.pseudonym,
      Math.min(...starts),
      Math.max(...starts) + 1,
    )
    const corrected = stated.filter(({ startMs }) => starts.includes(startMs))
    return { ...content, corrects: [...new Set(corrected.map(({ digest }) => digest))] }
  }

  async #subject(
    row: AccountRow,
    session: LiveSession,
    method: ReturnMethod,
    contents: readonly Content[],
  ): Promise<Subject> {
    const { store, rules } = this.#parts
    const { clientKey } = session
    const firstHour = contents.flatMap((each) =>
      each.type === 'period'
        ? each.hours.flatMap(({ startMs, origin }) => (origin === 'backfilled' ? [] : [startMs]))
        : [],
    )[0]
    return {
      clientId: session.clientId,
      account: row.pseudonym,
      // one that is about to be bound counts too
      clientAccounts: clientKey === null ? null : await store.clientAccounts(clientKey, row.pseudonym),
      firstObservedAtMs: row.firstObservedAtMs ?? firstHour ?? null,
      source: this.#source(row, session),
      returnMethod: method,
      pricing: { currency: 'USD', pegged: rules.pegged, price_age_max_s: priceAgeMaxS },
      scope: row.scope,
    }
  }

  #source(row: AccountRow, session: LiveSession): Source {
    const origin = this.#origins.get(row.pseudonym)
    return {
      exchange: row.exchange,
      host: origin?.host ?? null,
      environment: row.environment as Source['environment'],
      market_types: row.scope,
      collector: origin?.collector ?? (row.environment === 'self-reported' ? 'websocket' : 'none'),
      permissions: session.permissions as Source['permissions'],
      ownership: session.ownership as Source['ownership'],
      registration: session.registration,
      server_time_skew_ms: origin === undefined ? null : Math.round(origin.serverTimeSkewMs),
      certificate: origin?.certificate ?? null,
      ...(origin === undefined || origin.lists.length === 0 ? {} : { unavailable: origin.lists }),
    }
  }
}

/** As many as an exchange has, and more. */
const listsMax = 32

function isList(name: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)
}

const widened = (subject: Subject, scope: readonly string[]): Subject => ({
  ...subject,
  scope,
  source: { ...subject.source, market_types: scope },
})

/** What closing brought, in the order in which a chain has it: corrections first, then hours and gaps by time. */
export function contentsOf(closed: Closed): Content[] {
  const events: { readonly atMs: number; readonly content: Content }[] = [
    ...periodsOf(closed.hours).map((hours) => ({
      atMs: hours[0]!.startMs,
      content: { type: 'period', hours } as const,
    })),
    ...closed.gaps.map((gap) => ({ atMs: gap.fromMs, content: { type: 'gap', gaps: [gap] } as const })),
  ]
  const contents: Content[] = closed.corrections.map((correction) => ({ type: 'correction', correction }))
  for (const { content } of events.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = contents.at(-1)
    // gaps with nothing stated between them are one statement
    if (content.type === 'gap' && last?.type === 'gap') {
      contents[contents.length - 1] = { type: 'gap', gaps: [...last.gaps, ...content.gaps] }
    } else contents.push(content)
  }
  return contents
}
