import { PerfAggError } from '@perf-agg/sdk'
import type { SessionRow, Store } from '../store/store.ts'
import type { LiveSession } from './chain/chain.ts'
import type { Clock } from './clock.ts'
import type { PollOutcome } from './poller.ts'
import type { Registration } from './registration.ts'
import { readSettings } from './configuration/session-settings.ts'

interface Parts {
  readonly clock: Clock
  readonly store: Store
  readonly registration: Registration
  /** The account is known now: it is watched from here on. */
  readonly watch: (session: LiveSession) => void
  readonly unwatch: (key: string) => void
}

/** Sessions whose exchange could not be asked yet whose account it is: asked on until it answers or their time is over. */
export class PendingSessions {
  readonly #parts: Parts
  readonly #keys = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The key under which such a session stands in the schedule; no pseudonym looks like it. */
  static keyOf(session: Pick<SessionRow, 'idHash'>): string {
    return `pending:${session.idHash}`
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  add(session: Pick<SessionRow, 'idHash'>): string {
    const key = PendingSessions.keyOf(session)
    this.#keys.add(key)
    return key
  }

  async identify(key: string): Promise<PollOutcome> {
    const { store, registration, clock } = this.#parts
    const session = await store.sessionById(key.slice('pending:'.length))
    if (session === null || session.endedAtMs !== null || session.account !== null) return this.#drop(key)
    const credentials = await store.credentials(session.idHash)
    if (credentials === null) return this.#drop(key)
    const settings = readSettings(session.settings)
    try {
      const identified = await registration.identify(
        { key, exchange: session.exchange, sandbox: settings.sandbox, marketTypes: settings.wallets },
        credentials,
      )
      if (identified === null) return { news: false, retryAfterMs: null, heldForMs: null }
      const account = store.pseudonym(identified.identity)
      if (await this.#isOvertaken(session, account)) {
        await store.commit((tx) => tx.endSession(session.idHash, { atMs: clock.nowMs(), reason: 'renewed' }))
        return this.#drop(key)
      }
      const known: SessionRow = {
        ...session,
        account,
        environment: identified.identity.environment,
        permissions: identified.permissions,
        status: 'active',
      }
      await registration.bind(account, known, settings.wallets, (tx) =>
        tx.updateSession(session.idHash, { account, status: 'active', permissions: identified.permissions }),
      )
      this.#parts.watch(known)
    } catch (error) {
      if (!(error instanceof PerfAggError) || error.action === 'retry') throw error
      // the key must not be here: what was sealed goes, and the session with it
      const reason = error.code.toLowerCase().replaceAll('_', '-')
      await store.commit((tx) => tx.endSession(session.idHash, { atMs: clock.nowMs(), reason }))
    } finally {
      credentials.fill(0)
    }
    return this.#drop(key)
  }

  /** The client registered the account again meanwhile: the newer session is the one to go on. */
  async #isOvertaken(session: SessionRow, account: string): Promise<boolean> {
    const others = await this.#parts.store.sessionsOfAccount(account)
    return others.some((other) => other.endedAtMs === null && other.createdAtMs > session.createdAtMs)
  }

  #drop(key: string): PollOutcome {
    this.#keys.delete(key)
    this.#parts.unwatch(key)
    return { news: false, retryAfterMs: null, heldForMs: null }
  }
}
