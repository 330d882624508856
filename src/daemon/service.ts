import { randomBytes } from 'node:crypto'
import {
  challengeBytes,
  type ChallengePurpose,
  fromBase64,
  InputError,
  PerfAggError,
  type SessionStatus,
  toInstant,
  verifySignature,
} from '@perf-agg/sdk'
import { type AccountView, withPast } from '../accounting/view.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type {
  Challenge,
  Channel,
  ChannelAuth,
  ChannelEvent,
  EndRequest,
  EnclaveService,
  PublishRequest,
  Submission,
} from '../http/service.ts'
import type { PublicSummary } from '../page/summary.ts'
import { hashOfId, idPattern } from '../session/id.ts'
import type { AccountRow, SessionRow, Store } from '../store/store.ts'
import type { Published, Publisher } from '../log/publisher.ts'
import type { Chain } from './chain/chain.ts'
import type { Clock } from './clock.ts'
import type { Composites } from './composites.ts'
import type { Expiry } from './expiry.ts'
import type { Feeds } from './feeds.ts'
import type { Book } from './book.ts'
import type { Pasts } from './pasts.ts'
import type { Health } from './health.ts'
import type { Indices } from './indices.ts'
import type { Lanes } from './lane.ts'
import { methodOf, type Registration, sameKey } from './registration.ts'
import type { Publications } from './publication/publications.ts'
import type { Readiness, Report } from './report.ts'
import { recordPage, type RecordPlace } from './publication/record-page.ts'
import { metricsView, sealedAnswer, signedAnswer, summaryView, type ViewFrame } from './view.ts'

/** A challenge is good for so long, and once. */
const challengeMsMax = 120_000
const challengesMax = 10_000

interface Parts {
  readonly clock: Clock
  readonly enclave: Enclave
  readonly store: Store
  readonly registration: Registration
  readonly lanes: Lanes
  readonly book: Book
  readonly pasts: Pick<Pasts, 'view'>
  readonly feeds: Feeds
  readonly composites: Composites
  readonly indices: Indices
  readonly chain: Chain
  readonly health: Health
  readonly report: Report
  readonly expiry: Expiry
  /** Work in an account's lane that waits for no exchange. */
  readonly ahead: <T>(account: string, work: () => Promise<T>) => Promise<T>
  readonly publisher: Publisher
  readonly publications: Publications
  /** A session is over: nothing of it is polled any more. */
  readonly unwatch: (session: SessionRow) => void
}

/** What the wire asks, answered from the parts: no logic of its own beyond who may ask. */
export class Service implements EnclaveService {
  readonly #parts: Parts
  readonly #challenges = new Map<string, { readonly idHash: string; readonly untilMs: number }>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  quote(nonce: string | null): Promise<object> {
    return this.#parts.enclave.quote(nonce, this.#parts.clock.nowMs())
  }

  submit(sealed: Uint8Array): Promise<Submission> {
    return this.#parts.registration.submit(sealed)
  }

  registerPlain(payload: Uint8Array): Promise<Submission> {
    return this.#parts.registration.registerPlain(payload)
  }

  async metrics(sessionId: string, nonce: string | null, benchmark: string | null): Promise<object> {
    const session = await this.#shown(sessionId)
    return this.#metricsOf(session, nonce, benchmark)
  }

  async #metricsOf(session: SessionRow, nonce: string | null, benchmark: string | null): Promise<object> {
    const { enclave, composites } = this.#parts
    const { figures, frame } = await this.#figuresOf(session, nonce, benchmark)
    const composite = frame.account === null ? null : await composites.figures(frame.account)
    return signedAnswer(metricsView(figures, composite, frame), enclave.signer, session.replyKey)
  }

  async summary(id: string, nonce: string | null, benchmark: string | null): Promise<object> {
    const { store, enclave } = this.#parts
    const viewed = idPattern.test(id) ? await store.sessionByViewId(hashOfId(id)) : null
    const session = viewed !== null && (await this.#isShown(viewed)) ? viewed : await this.#shown(id)
    const { figures, frame } = await this.#figuresOf(session, nonce, benchmark)
    // what a view id opens is meant for others: it is never sealed to the owner
    return signedAnswer(
      summaryView(figures, frame),
      enclave.signer,
      viewed === session ? null : session.replyKey,
    )
  }

  async record(sessionId: string, place: RecordPlace | null): Promise<object> {
    const session = await this.#recorded(sessionId)
    if (session.account === null) throw pendingSession()
    return sealedAnswer(await recordPage(this.#parts, session.account, place), session.replyKey)
  }

  async publish(request: PublishRequest): Promise<object> {
    const account = await this.#provenAccount(request, 'publish')
    return this.#parts.publications.publish(account, request.amounts)
  }

  async unpublish(request: EndRequest): Promise<object> {
    return this.#parts.publications.withdraw(await this.#provenAccount(request, 'unpublish'))
  }

  publicRecord(account: string, place: RecordPlace | null): Promise<object | null> {
    return this.#parts.publications.page(account, place)
  }

  publicSummary(account: string): Promise<PublicSummary | null> {
    return this.#parts.publications.summary(account, (row, nowMs) => this.#view(row, nowMs))
  }

  async #provenAccount(request: EndRequest, purpose: 'publish' | 'unpublish'): Promise<string> {
    const session = await this.#session(request.session_id)
    await this.#prove(session, request, purpose)
    if (session.account === null) throw pendingSession()
    return session.account
  }

  async challenge(sessionId: string): Promise<Challenge> {
    const session = await this.#session(sessionId)
    const nowMs = this.#parts.clock.nowMs()
    for (const [challenge, { untilMs }] of this.#challenges) {
      if (untilMs > nowMs && this.#challenges.size < challengesMax) break
      this.#challenges.delete(challenge)
    }
    const challenge = randomBytes(32).toString('base64url')
    this.#challenges.set(challenge, { idHash: session.idHash, untilMs: nowMs + challengeMsMax })
    return { challenge, expires_at: toInstant(nowMs + challengeMsMax) }
  }

  async cleanup(): Promise<{ readonly removed: number }> {
    const { store, expiry } = this.#parts
    const past = (await store.liveSessions()).filter((session) => expiry.isOver(session))
    // one that can't be closed now must not keep the others
    const closings = await Promise.allSettled(past.map((session) => this.#close(session, 'expired')))
    const failed = closings.find((closing) => closing.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return { removed: past.length }
  }

  async end(request: EndRequest): Promise<{ readonly removed: number }> {
    const session = await this.#session(request.session_id)
    await this.#prove(session, request, 'end')
    await this.#close(session, 'ended-by-client')
    return { removed: 1 }
  }

  async jwks(): Promise<object> {
    const keys = await this.#parts.store.statementKeys()
    return {
      keys: keys.map(({ keyId, jwk }) => ({
        ...(JSON.parse(jwk) as object),
        kid: keyId,
        use: 'sig',
        alg: 'Ed25519',
      })),
    }
  }

  published(path: string): Promise<Published | null> {
    return this.#parts.publisher.read(path)
  }

  live(): boolean {
    return this.#parts.store.condition !== 'broken'
  }

  ready(): Readiness {
    return this.#parts.report.ready()
  }

  status(): Promise<object> {
    return this.#parts.report.status()
  }

  prometheus(): string {
    return this.#parts.report.prometheus()
  }

  async open(auth: ChannelAuth): Promise<Channel> {
    const { feeds, clock } = this.#parts
    const session = await this.#session(auth.session_id)
    await this.#prove(session, auth, 'stream')
    const account = session.account
    let closed = false
    let unsubscribe = (): void => {}
    return {
      take: async (trade) => {
        if (account === null || methodOf(session.exchange) !== 'capital-in-use') {
          throw new InputError('TRADES_NOT_TAKEN', 'trades of this session come from its exchange', {
            hint: 'only sessions of mock and push take trades',
          })
        }
        // the session may have been ended or have expired since the channel was opened
        if (closed || !(await this.#stillLive(session))) throw unknownSession()
        return feeds.take(account, session, trade, clock.nowMs())
      },
      subscribe: (listener: (event: ChannelEvent) => void) => {
        if (account === null) return
        unsubscribe = feeds.subscribe(account, (event) => {
          if (closed) return
          if (event.type !== 'figures') return listener(event)
          void this.#metricsOf(session, null, null).then(
            (data) => closed || listener({ type: 'metrics', data }),
            () => undefined,
          )
        })
      },
      close: () => {
        closed = true
        unsubscribe()
      },
    }
  }

  async #stillLive(session: SessionRow): Promise<boolean> {
    if (this.#parts.expiry.isOver(session)) return false
    return (await this.#parts.store.sessionById(session.idHash))?.endedAtMs === null
  }

  /** One refusal for ids that are unknown, expired and foreign alike. */
  async #session(id: string): Promise<SessionRow> {
    const session = await this.#sessionOrNull(id)
    if (session === null || !this.#isLive(session)) throw unknownSession()
    return session
  }

  /** As `#session`, but the ids of a session that was renewed go on showing its account. */
  async #shown(id: string): Promise<SessionRow> {
    const session = await this.#sessionOrNull(id)
    if (session === null || !(await this.#isShown(session))) throw unknownSession()
    return session
  }

  /**
   * As `#shown`; and one that is over still opens the record, sealed to the key that only its owner has: what was
   * stated can't be taken back by ending, and must not be lost by it. Not where the account is another client's now.
   */
  async #recorded(id: string): Promise<SessionRow> {
    const session = await this.#sessionOrNull(id)
    if (session === null) throw unknownSession()
    if (await this.#isShown(session)) return session
    const account = session.account === null ? null : await this.#parts.store.account(session.account)
    if (account === null || session.replyKey === null || !sameKey(account.clientKey, session.clientKey)) {
      throw unknownSession()
    }
    return session
  }

  async #sessionOrNull(id: string): Promise<SessionRow | null> {
    return idPattern.test(id) ? this.#parts.store.sessionById(hashOfId(id)) : null
  }

  #isLive(session: SessionRow): boolean {
    return session.endedAtMs === null && !this.#parts.expiry.isOver(session)
  }

  /** A renewed one until its own time is over, and no longer than there is one that took over. */
  async #isShown(session: SessionRow): Promise<boolean> {
    if (session.endReason !== 'renewed' || session.account === null) return this.#isLive(session)
    if (this.#parts.expiry.isOver(session)) return false
    return (await this.#parts.store.sessionsOfAccount(session.account)).some((other) => this.#isLive(other))
  }

  #statusOf(session: SessionRow): SessionStatus {
    if (session.account === null) return 'pending'
    if (this.#parts.expiry.isOver(session)) return 'expired'
    return this.#parts.health.codeOf(session.account) === null ? 'active' : 'degraded'
  }

  async #figuresOf(
    session: SessionRow,
    requestNonce: string | null,
    symbol: string | null,
  ): Promise<{ readonly figures: AccountView; readonly frame: ViewFrame }> {
    const { store, book, enclave, clock, indices } = this.#parts
    const account = session.account === null ? null : await store.account(session.account)
    const nowMs = clock.nowMs()
    const figures = account === null ? book.blank(nowMs) : await this.#view(account, nowMs)
    const benchmark =
      symbol === null ? null : { symbol, figures: await indices.figures(account, figures, symbol) }
    return {
      figures,
      frame: {
        benchmark,
        account,
        session,
        status: this.#statusOf(session),
        requestNonce,
        nowMs,
        keyId: enclave.signer.keyId,
      },
    }
  }

  async #view(row: AccountRow, nowMs: number): Promise<AccountView> {
    const { book, pasts, feeds, lanes } = this.#parts
    if (methodOf(row.exchange) === 'capital-in-use') return feeds.view(row, nowMs)
    // a poll may be waiting for its exchange: what is durable is shown meanwhile
    const watched = lanes.busy(row.pseudonym)
      ? await book.stored(row)
      : await lanes.run(row.pseudonym, () => book.load(row))
    const past = await pasts.view(row)
    const view = watched.account.view(nowMs)
    return past === null ? view : withPast(view, past)
  }

  /** Where a client key is registered, it must have signed one of our challenges for this very purpose. */
  async #prove(session: SessionRow, request: EndRequest, purpose: ChallengePurpose): Promise<void> {
    if (session.clientKey === null) return
    if (request.challenge === undefined || request.client_signature === undefined) {
      throw new PerfAggError(
        'CHALLENGE_REQUIRED',
        'this session has a client key: it must sign a challenge',
        {
          hint: 'ask POST /enclave/challenge for one and sign it',
        },
      )
    }
    const known = this.#challenges.get(request.challenge)
    this.#challenges.delete(request.challenge)
    const fresh =
      known !== undefined && known.untilMs > this.#parts.clock.nowMs() && known.idHash === session.idHash
    const signed =
      fresh &&
      (await verifySignature(
        session.clientKey,
        challengeBytes(purpose, request.challenge),
        fromBase64(request.client_signature),
      ))
    if (!signed) {
      throw new PerfAggError(
        'CHALLENGE_REFUSED',
        'the challenge is not ours, too old, used, or not signed by the client key',
        {
          hint: 'ask for a fresh one',
        },
      )
    }
  }

  /** Ends a session: credentials wiped, `closed` on the chain where no other session watches the account. */
  async #close(session: SessionRow, reason: string): Promise<void> {
    const { store, ahead, feeds, chain, clock, unwatch } = this.#parts
    const end = { atMs: clock.nowMs(), reason }
    if (session.account === null) {
      await store.commit((tx) => tx.endSession(session.idHash, end))
      unwatch(session)
      return
    }
    const account = session.account
    // what was taken is stated before the end; where that can't be, the end is stated all the same
    await feeds.settle(account, clock.nowMs()).catch(() => undefined)
    await ahead(account, async () => {
      const row = await store.account(account)
      const current = await store.sessionById(session.idHash)
      // somebody was faster, or a newer session has taken over
      if (row === null || current === null || current.endedAtMs !== null) return
      await chain.write(
        row,
        session,
        methodOf(session.exchange),
        [{ type: 'closed', atMs: end.atMs, reason }],
        (tx) => tx.endSession(session.idHash, end),
        { urgent: true },
      )
      unwatch(session)
    })
  }
}

function pendingSession(): PerfAggError {
  return new PerfAggError('SESSION_PENDING', 'the exchange has not yet said whose account this is', {
    action: 'retry',
    hint: 'it is asked on; try again in a minute',
  })
}

function unknownSession(): PerfAggError {
  return new PerfAggError('SESSION_UNKNOWN', 'no such session', {
    hint: 'it may have expired: register again',
  })
}
