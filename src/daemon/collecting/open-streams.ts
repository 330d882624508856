import type { Source } from '../../collector/answer.ts'
import type { Store } from '../../store/store.ts'
import { walletsOf } from '../chain/scope.ts'
import type { Clock } from '../clock.ts'
import { readSettings } from '../configuration/session-settings.ts'
import { addressFor } from '../schedule/egress-address.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { Collectors } from './collectors.ts'
import { Streams, type StreamsOptions } from './streams.ts'

interface Parts extends Pick<
  StreamsOptions,
  'exchanges' | 'log' | 'accountsMax' | 'addresses' | 'childUser'
> {
  readonly clock: Clock
  readonly store: Pick<Store, 'account' | 'sessionsOfAccount' | 'credentials'>
  readonly collectors: Pick<Collectors, 'isClosed'>
  readonly schedule: Pick<Schedule, 'hint' | 'heard' | 'meanMs'>
  /** Something may have become due sooner. */
  readonly wake: () => void
}

/** Streams of the accounts in the schedule: whose, by which keys, and what follows from what they tell. */
export function openStreams(parts: Parts): Streams {
  const { clock, store, collectors, schedule, addresses, wake } = parts
  return new Streams({
    ...parts,
    keysOf: (account) => keysOf(store, addresses, account),
    isClosed: (source) => collectors.isClosed(source),
    meanMs: (account) => schedule.meanMs(account),
    heard: (...heard) => {
      schedule.heard(...heard)
      wake()
    },
    hint: (account) => {
      schedule.hint(account, clock.nowMs())
      wake()
    },
  })
}

/** As its polls ask, with the credentials of its session; null where there is none. */
async function keysOf(
  store: Parts['store'],
  addresses: readonly string[],
  account: string,
): Promise<{ readonly source: Source; readonly credentials: Uint8Array } | null> {
  const [row, sessions] = await Promise.all([store.account(account), store.sessionsOfAccount(account)])
  const session = sessions.find(({ endedAtMs }) => endedAtMs === null)
  if (row === null || session === undefined) return null
  const credentials = await store.credentials(session.idHash)
  if (credentials === null) return null
  const source = {
    exchange: row.exchange,
    sandbox: readSettings(session.settings).sandbox,
    marketTypes: walletsOf(row.scope),
    address: addressFor(row.pseudonym, addresses),
  }
  return { source, credentials }
}
