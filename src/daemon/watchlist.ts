import { outageMsMaxOf, rowsMaxOf } from '../collector/reach.ts'
import type { SessionRow } from '../store/store.ts'
import type { LiveSession } from './chain/chain.ts'
import type { Clock } from './clock.ts'
import type { Streams } from './collecting/streams.ts'
import { readSettings } from './configuration/session-settings.ts'
import type { Expiry } from './expiry.ts'
import type { Feeds } from './feeds.ts'
import type { Health } from './health.ts'
import type { Pasts } from './pasts.ts'
import { PendingSessions } from './pending.ts'
import { methodOf } from './registration.ts'
import type { Admission } from './schedule/admission.ts'
import { addressFor } from './schedule/egress-address.ts'
import type { Schedule } from './schedule/schedule.ts'

interface Parts {
  readonly clock: Clock
  readonly schedule: Pick<Schedule, 'add' | 'remove'>
  readonly admission: Pick<Admission, 'placeFor'>
  readonly streams: Pick<Streams, 'watch' | 'unwatch'>
  readonly pasts: Pick<Pasts, 'watch' | 'unwatch'>
  readonly feeds: Pick<Feeds, 'watch' | 'unwatch'>
  readonly pending: Pick<PendingSessions, 'add'>
  readonly expiry: Pick<Expiry, 'note' | 'forget'>
  readonly health: Pick<Health, 'good'>
  /** Ours, that exchanges are asked from. */
  readonly addresses: readonly string[]
  /** Something may have become due sooner. */
  readonly wake: () => void
}

/**
 * The sessions that are watched, each in the way that fits it: an account that is known is polled and listened to, or
 * its trades are waited for; of another it is asked whose it is.
 */
export class Watchlist {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  add(session: LiveSession): void {
    const { clock, schedule, admission, streams, pasts, feeds, pending, expiry, addresses, wake } =
      this.#parts
    const { account, exchange, idHash } = session
    const { sandbox, wallets, apiIntervalMs } = readSettings(session.settings)
    expiry.note(session)
    const plan = {
      place: admission.placeFor(account ?? PendingSessions.keyOf(session), exchange, sandbox),
      wishedMs: apiIntervalMs,
      outageMsMax: outageMsMaxOf(exchange, wallets),
      rowsMax: rowsMaxOf(exchange, wallets),
    }
    if (account === null) schedule.add(pending.add(session), plan, clock.nowMs())
    else if (methodOf(exchange) === 'capital-in-use') feeds.watch(account, session)
    else {
      schedule.add(account, plan, clock.nowMs())
      pasts.watch(account, plan.place)
      streams.watch(account, idHash, { exchange, sandbox, address: addressFor(account, addresses) })
    }
    wake()
  }

  /** Its time is over, or it was closed. */
  remove(session: SessionRow): void {
    const { schedule, streams, pasts, feeds, expiry, health } = this.#parts
    const { account, idHash } = session
    expiry.forget(idHash)
    if (account === null) return schedule.remove(PendingSessions.keyOf(session))
    schedule.remove(account)
    pasts.unwatch(account)
    streams.unwatch(account)
    feeds.unwatch(account)
    health.good(account)
  }
}
