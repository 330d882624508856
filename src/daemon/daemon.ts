import { setTimeout as pause } from 'node:timers/promises'
import { dayMs, PerfAggError } from '@perf-agg/sdk'
import { defaultRules } from '../accounting/rules.ts'
import { findAttester, type Machine } from '../enclave/detection.ts'
import { findWeaknesses, judgeSurroundings, surroundingsOf } from '../enclave/hardening.ts'
import { startListeners } from '../http/listeners.ts'
import type { Log } from '../http/log.ts'
import { limits } from '../limits.ts'
import { Issuer } from '../statement/issuer.ts'
import { Admission } from './schedule/admission.ts'
import { BackendMemory } from './chain/backend-memory.ts'
import { Book, MarketLists } from './book.ts'
import { findChildUser } from './collecting/child-user.ts'
import { Chain } from './chain/chain.ts'
import { ClockWatch } from './collecting/clock-watch.ts'
import { type Clock, systemClock } from './clock.ts'
import { startCollectors } from './collecting/collectors.ts'
import { exchangeSettings } from './collecting/exchange-settings.ts'
import { openStreams } from './collecting/open-streams.ts'
import { type Configuration, configurationDigest } from './configuration/config.ts'
import { Composites } from './composites.ts'
import { Conductor } from './conductor.ts'
import { newDelivery } from './deliveries.ts'
import { EndorsementKeeper, endorsementFolderOf } from './collecting/endorsements.ts'
import { Expiry } from './expiry.ts'
import { Feeds } from './feeds.ts'
import { HandoverDoor } from './chain/handover-door.ts'
import { Health } from './health.ts'
import { Indices } from './indices.ts'
import { Lanes } from './lane.ts'
import { LogKeeper } from './chain/log-keeper.ts'
import { PendingSessions } from './pending.ts'
import { Pasts } from './pasts.ts'
import { Poller } from './poller.ts'
import { Registration } from './registration.ts'
import { Publications } from './publication/publications.ts'
import { Report } from './report.ts'
import { recordStart } from './chain/start-record.ts'
import { type Pacing, Schedule } from './schedule/schedule.ts'
import { Service } from './service.ts'
import { softwareVersion } from './software.ts'
import { beginChains, succeed } from './chain/succession.ts'
import { Watchlist } from './watchlist.ts'

export interface DaemonOptions {
  readonly log: Log
  /** The system's, unless a run is composed that steps it. */
  readonly clock?: Clock
  readonly pacing?: Pacing
  /** Whether accounts' streams are listened to; on a stepped clock only where it is asked for. */
  readonly streams?: boolean
  /** Another machine than this one, which tests fake: no setting, flag or variable reaches here. */
  readonly machine?: Partial<Machine>
}

export interface Daemon {
  readonly urls: { readonly enclave: string; readonly operations: string; readonly ws: string }
  /** Only on a stepped clock: the next instant at which something is due, and doing all that is due now. */
  nextMs(): Promise<number>
  runDue(): Promise<void>
  /** Resolves when a next start has asked this one to hand over: it is to be stopped then. */
  readonly asked: Promise<void>
  /** Begins nothing new, finishes what is under way, wipes the keys. Within 10 s. Idempotent. */
  stop(): Promise<void>
}

/** Requests under way have so long to end once the daemon stops. */
const listenersGraceMs = 3_000
const pollsGraceMs = 2_000
const deliveryGraceMs = 3_000

/**
 * The composition root: the one place where the rooms meet. Opens what must be safe before what can be asked, and
 * closes in the opposite order.
 * @throws PerfAggError with a code and a hint for whatever keeps it from starting; nothing is left open then
 */
export async function startDaemon(configuration: Configuration, options: DaemonOptions): Promise<Daemon> {
  const { log, clock = systemClock, pacing = limits.pacing, machine = {} } = options
  const { streams = !clock.frozen } = options
  const opened: (() => Promise<void> | void)[] = []
  try {
    return await compose(configuration, { log, clock, pacing, streams, machine }, opened)
  } catch (error) {
    for (const close of opened.toReversed()) await close()
    throw error
  }
}

async function compose(
  configuration: Configuration,
  { log, clock, pacing, streams: listens, machine }: Required<DaemonOptions>,
  opened: (() => Promise<void> | void)[],
): Promise<Daemon> {
  refuseUnsafeSurroundings(configuration, log)
  const startedAtMs = clock.nowMs()
  const attester = await findAttester(
    {
      tee: configuration.tee,
      insecureSimulated: configuration.insecureSimulated,
      endorsementFolder: endorsementFolderOf(configuration),
    },
    machine,
  )
  const childUser = findChildUser(configuration.childUid)
  log.info('children', { uid: childUser?.uid ?? process.getuid?.() ?? null })
  const endorsements = EndorsementKeeper.of(configuration, { attester, childUser, log })
  if (endorsements !== null) opened.push(() => endorsements.stop())
  // before the first quote: that one goes into the log
  await endorsements?.gather(startedAtMs)
  const { store, close, logOrigin, enclave, handover } = await succeed(configuration, {
    clock,
    log,
    attester,
    startedAtMs,
  })
  opened.push(close, () => enclave.close())
  let tellAsked = (): void => {}
  const asked = new Promise<void>((resolve) => (tellAsked = resolve))
  const door = await HandoverDoor.open({
    stateFolder: configuration.stateFolder,
    origin: logOrigin,
    enclave,
    store,
    clock,
    log,
    onAsked: () => tellAsked(),
  })
  // the last act on the store: nothing may be logged after it
  if (door !== null) opened.push(() => door.sign())
  const memory = new BackendMemory(store, logOrigin)
  const delivery = newDelivery(configuration, store, { enclave, memory }, clock, log, softwareVersion)
  if (delivery !== null) opened.push(() => delivery.stop(deliveryGraceMs))
  // before anything is signed; a backend that is slow or away is heard later
  if (delivery !== null && (await memory.keeps())) {
    const late = pause(limits.delivery.recallMsMax, null, { ref: false })
    await Promise.race([delivery.recall(startedAtMs), late])
  }
  if (memory.conflict !== null) throw memory.conflict
  await recordStart(store, enclave, configuration, startedAtMs)
  const keeper = await LogKeeper.open(
    { store, enclave, origin: logOrigin, witnesses: configuration.witnesses, log },
    startedAtMs,
  )
  opened.push(() => keeper.publisher.stop())

  const addresses = configuration.egressAddresses
  // a clock that is stepped has a time of its own
  const clockWatch = new ClockWatch()
  const clockRefusal = (exchange: string): PerfAggError | null =>
    clock.frozen ? null : clockWatch.refusal(exchange)
  const collectors = await startCollectors({
    onDates: (...heard) => clockWatch.note(...heard),
    onClosed: (...told) => streams.hold(...told),
    onWeight: (place, { budgets }) => schedule.noteBudgets(place, budgets, clock.nowMs()),
    clock,
    childUser,
    addresses,
    // on a stepped clock nobody waits, and the order of things is to be the same every time
    pairs: clock.frozen ? 1 : 2,
    exchanges: exchangeSettings(configuration),
    log: (level, event, fields) => log[level](event, fields),
  })
  opened.push(() => collectors.close())

  const issuer = new Issuer({
    version: softwareVersion,
    configDigest: await configurationDigest(configuration),
    evidenceDigest: keeper.evidenceDigest,
    log: { origin: logOrigin },
    signer: enclave.signer,
    mountedSigner: enclave.mountedSigner,
    lastSignedMs: await store.lastSignedMs(),
  })
  keeper.onEvidence((digest) => issuer.noteEvidence(digest))
  const contradiction = (): PerfAggError | null => keeper.publisher.conflict ?? memory.conflict
  const lanes = new Lanes()
  const health = new Health()
  const schedule = new Schedule(pacing)
  const book = new Book(store, {
    settlingMs: pacing.settlingMs,
    countMax: limits.daemon.ledgersMax,
  })
  const chain = new Chain({
    store,
    clock,
    issuer,
    signer: enclave.signer,
    key: { keyId: enclave.signer.keyId, jwk: enclave.signer.jwk },
    handover,
    conflict: (exchange) => contradiction() ?? clockRefusal(exchange),
    rules: defaultRules,
    written: () => {
      delivery?.wake()
      keeper.publisher.wake()
    },
  })
  const expiry = new Expiry(clock, await store.lastSignedMs())
  const ahead = <T>(account: string, work: () => Promise<T>): Promise<T> => {
    pasts.cut(account)
    return poller.ahead(account, work)
  }
  const feeds = new Feeds({ store, lanes, chain, graceMs: configuration.graceSeconds * 1_000, log })
  const admission = new Admission(schedule, addresses)
  let conductor: Conductor | null = null
  const wake = (): void => conductor?.wake()
  const streams = openStreams({
    clock,
    store,
    collectors,
    schedule,
    exchanges: exchangeSettings(configuration),
    log: (level, event, fields) => log[level](event, fields),
    accountsMax: listens ? configuration.streamsMax : 0,
    addresses,
    childUser,
    wake,
  })
  opened.push(() => streams.close())
  const registration = new Registration({
    clock,
    configuration,
    enclave,
    store,
    collectors,
    ahead,
    chain,
    watch: (session) => watchlist.add(session),
    addresses,
    admission,
  })
  const pending = new PendingSessions({
    clock,
    store,
    registration,
    watch: (session) => watchlist.add(session),
    unwatch: (key) => schedule.remove(key),
  })
  const markets = new MarketLists(dayMs)
  const common = { clock, store, collectors, lanes, markets, chain, expiry, log, addresses }
  const pasts = new Pasts({
    ...common,
    schedule,
    settlingMs: pacing.settlingMs,
    daysMax: configuration.backfillDays,
    delivers: delivery !== null,
  })
  const watchlist = new Watchlist({
    clock,
    pasts,
    schedule,
    admission,
    streams,
    feeds,
    pending,
    expiry,
    health,
    addresses,
    wake,
  })
  const composites = new Composites({ clock, store, book, markets, collectors, addresses, lanes, log })
  const { benchmarks: symbols } = configuration
  const indices = new Indices({ store, collectors, addresses, lanes, log, symbols })
  const poller = new Poller({
    ...common,
    streams,
    book,
    health,
    clockRefusal,
    unwatch: (session) => watchlist.remove(session),
    allowTradingKeys: configuration.allowTradingKeys,
  })
  let stopping: Promise<void> | null = null
  const report = new Report({
    clock,
    store,
    collectors,
    streams,
    schedule,
    feeds,
    health,
    startedAtMs,
    version: softwareVersion,
    tee: enclave.tee,
    stopping: () => stopping !== null,
    conflict: contradiction,
  })
  const service = new Service({
    clock,
    enclave,
    store,
    registration,
    lanes,
    book,
    pasts,
    feeds,
    composites,
    indices,
    chain,
    health,
    report,
    expiry,
    ahead,
    publisher: keeper.publisher,
    publications: new Publications({
      store,
      publisher: keeper.publisher,
      clock,
      simulated: enclave.tee === 'simulated',
      ahead,
    }),
    unwatch: (session) => watchlist.remove(session),
  })
  const sessions = await store.liveSessions()
  // while it is certain that the key before is the last one of these chains
  if (handover !== null) await beginChains(sessions, { store, lanes, chain, log })
  for (const session of sessions) watchlist.add(session)
  const running = new Conductor({
    clock,
    store,
    enclave,
    schedule,
    streams,
    poller,
    pending,
    pasts,
    feeds,
    composites,
    indices,
    delivery,
    report,
    cleanup: async () => {
      endorsements?.tick(clock.nowMs())
      // a session that can't be closed now must not keep the log from going on
      const done = await Promise.allSettled([service.cleanup(), keeper.tick(clock.nowMs())])
      for (const outcome of done) if (outcome.status === 'rejected') throw outcome.reason
    },
    log,
    pollsMax: limits.daemon.pollsMax,
  })
  conductor = running
  opened.push(async () => {
    // who waits for an exchange that hangs is cut off: nothing was stored of it, and it is observed again
    const cut = setTimeout(() => void collectors.close(), pollsGraceMs)
    pasts.cutAll()
    await running.stop()
    await lanes.idle()
    clearTimeout(cut)
  })

  const bounds = { http: { ...limits.http, ...configuration.limits }, ws: limits.ws }
  const listeners = await startListeners(service, configuration, bounds, log, { version: softwareVersion })
  opened.push(() => listeners.close(listenersGraceMs))
  if (!clock.frozen) {
    running.start()
    delivery?.start()
  }
  log.info('started', { version: softwareVersion, tee: enclave.tee })
  return {
    urls: { enclave: listeners.enclaveUrl, operations: listeners.operationsUrl, ws: listeners.wsUrl },
    asked,
    nextMs: () => running.nextMs(),
    runDue: () => running.runDue(),
    stop: () => {
      stopping ??= (async () => {
        for (const close of opened.toReversed()) await close()
      })()
      return stopping
    },
  }
}

function refuseUnsafeSurroundings(configuration: Configuration, log: Log): void {
  const weaknesses = findWeaknesses(surroundingsOf(process))
  for (const { code, message } of judgeSurroundings(weaknesses, configuration.insecureSimulated)) {
    log.warn('surroundings-unsafe', { code, message })
  }
}
