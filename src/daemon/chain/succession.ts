import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { PerfAggError } from '@perf-agg/sdk'
import type { Attester } from '../../enclave/attester.ts'
import { type Enclave, openEnclave } from '../../enclave/enclave.ts'
import { openMountedKey } from '../../enclave/mounted-key.ts'
import type { Log } from '../../http/log.ts'
import { limits } from '../../limits.ts'
import type { SessionRow, Store } from '../../store/store.ts'
import type { Chain } from './chain.ts'
import type { Clock } from '../clock.ts'
import { type Configuration, publicConfiguration } from '../configuration/config.ts'
import { handoverPath } from './handover-door.ts'
import type { Lanes } from '../lane.ts'
import { type HandedOver, handoverHolds, Predecessor } from './predecessor.ts'
import { methodOf } from '../registration.ts'
import { softwareVersion } from '../software.ts'
import { openState } from './state.ts'

/** How a start comes to its state and its keys: from a daemon that still runs, or from what the last one left. */

interface Succession {
  readonly clock: Clock
  readonly log: Log
  readonly attester: Attester
  readonly startedAtMs: number
}

/** State and keys of this start, handed over by one that still runs where that is wanted. */
export async function succeed(
  configuration: Configuration,
  { clock, log, attester, startedAtMs }: Succession,
): Promise<{
  readonly store: Store
  readonly close: () => Promise<void>
  readonly logOrigin: string
  readonly enclave: Enclave
  readonly handover: HandedOver | null
}> {
  const identify = (logOrigin: string, pseudonymEpoch: string): Promise<Enclave> => {
    const { privateKeyFile } = configuration
    return openEnclave({
      attester,
      mountedSigner: privateKeyFile === null ? null : openMountedKey(privateKeyFile),
      config: publicConfiguration(configuration),
      software: { name: 'perf-agg', version: softwareVersion },
      logOrigin,
      pseudonymEpoch,
      nowMs: startedAtMs,
    })
  }
  const before = configuration.takeOver
    ? await Predecessor.find(handoverPath(configuration.stateFolder))
    : null
  if (before === null) {
    const { store, close } = await openState(configuration, attester.keys, clock)
    const logOrigin = `perf-agg/${store.pseudonymEpoch}`
    try {
      const enclave = await identify(logOrigin, store.pseudonymEpoch)
      return { store, close, logOrigin, enclave, handover: null }
    } catch (error) {
      await close()
      throw error
    }
  }
  const enclave = await identify(before.logOrigin, before.pseudonymEpoch)
  try {
    const handed = await before.handOver(await enclave.quote(before.nonce, clock.nowMs()))
    const { store, close } = await openFreed(configuration, attester.keys, clock)
    const logOrigin = `perf-agg/${store.pseudonymEpoch}`
    if (logOrigin !== before.logOrigin || store.pseudonymEpoch !== before.pseudonymEpoch) {
      await close()
      throw new PerfAggError('HANDOVER_FOREIGN', 'what handed over keeps another state', { action: 'stop' })
    }
    const place = { origin: logOrigin, keyId: enclave.signer.keyId }
    const holds = handed !== null && (await handoverHolds(store, place, handed))
    if (!holds) log.warn('handover-lost', { ended: handed === null })
    return { store, close, logOrigin, enclave, handover: holds ? handed : null }
  } catch (error) {
    enclave.close()
    throw error
  }
}

/** The other process lets the folder go a moment after its last word. */
async function openFreed(...parts: Parameters<typeof openState>): ReturnType<typeof openState> {
  const endMs = performance.now() + limits.handover.lockMsMax
  for (;;) {
    try {
      return await openState(...parts)
    } catch (error) {
      const held = error instanceof PerfAggError && error.code === 'STATE_LOCKED'
      if (!held || performance.now() > endMs) throw error
      await pause(limits.handover.lockPauseMs)
    }
  }
}

/** The chains that are watched say at once that they were handed over. */
export async function beginChains(
  sessions: readonly SessionRow[],
  { store, lanes, chain, log }: { store: Store; lanes: Lanes; chain: Chain; log: Log },
): Promise<void> {
  const begin = async (session: SessionRow): Promise<void> => {
    const { account } = session
    if (account === null) return
    await lanes.run(account, async () => {
      const row = await store.account(account)
      if (row !== null) await chain.begin(row, session, methodOf(session.exchange))
    })
  }
  for (let from = 0; from < sessions.length; from += limits.handover.accountsAtOnce) {
    const some = sessions.slice(from, from + limits.handover.accountsAtOnce)
    for (const outcome of await Promise.allSettled(some.map(begin))) {
      if (outcome.status === 'fulfilled') continue
      const code = outcome.reason instanceof PerfAggError ? outcome.reason.code : 'INTERNAL'
      // its next statement says it
      log.warn('chain-not-begun', { code })
    }
  }
}
