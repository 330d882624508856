import { minuteMs, secondMs } from '@perf-agg/sdk'
import type { Source } from '../../collector/answer.ts'
import type { Hint } from '../../collector/hint.ts'
import type { Down, DownCode, Word } from '../../collector/listener/message.ts'
import { exchangesWithStreams, streamRulesOf } from '../../egress/stream-hosts.ts'
import { limits } from '../../limits.ts'
import type { ChildUser } from './child-user.ts'
import type { Log } from './collectors.ts'
import { baseUrlOf, type ExchangeSettings } from './exchange-settings.ts'
import { placeOf } from './place.ts'
import { StreamAddress } from './stream-address.ts'

export interface StreamsOptions {
  readonly clock: { nowMs(): number; readonly frozen: boolean }
  readonly exchanges: ExchangeSettings
  readonly log: Log
  /** Accounts that are listened to from each address; 0: none. */
  readonly accountsMax: number
  readonly addresses: readonly string[]
  readonly childUser: ChildUser | null
  /** What is to be known for listening; null: the session is over. The caller of it wipes the credentials. */
  readonly keysOf: (
    account: string,
  ) => Promise<{ readonly source: Source; readonly credentials: Uint8Array } | null>
  /** Where the exchange sends our address away, nothing is opened either. */
  readonly isClosed: (source: Source) => boolean
  /** The mean time between an account's events; null of one that was not polled yet. */
  readonly meanMs: (account: string) => number | null
  /** Its stream is up since then, or down. */
  readonly heard: (account: string, sinceMs: number | null, whole?: boolean) => void
  /** Something happened there. */
  readonly hint: (account: string) => void
  readonly replaceAfterMs?: number
}

/** What of streams is published: counts and codes. */
export interface StreamsStats {
  /** By place: how many are up, and how many are being opened. */
  readonly up: Readonly<Record<string, number>>
  readonly opening: number
  readonly hints: number
  readonly ended: Readonly<Record<string, number>>
  readonly listeners: number
  readonly replaced: number
  readonly died: number
}

interface Ear {
  readonly account: string
  /** Whose credentials: another session is another stream. */
  readonly session: string
  readonly address: number
  readonly place: string
  /** Its number at the listener; null while nothing is open or opening. */
  id: number | null
  upSinceMs: number | null
  failures: number
  /** Nothing is tried before then. */
  restsUntilMs: number
  skewMs: number
  readonly hints: Map<string, Hint>
  /** A stepped clock waits for it. */
  settled: () => void
}

/** From one connection to the next: binance takes 300 in five minutes from an address. */
const connectPauseMs = 1_200
const backOffMs = 30 * secondMs
const backOffMsMax = 30 * minuteMs
/** What an exchange refuses for the key's sake it will hardly take soon. */
const refusedPauseMs = 60 * minuteMs
/** Whose turn it is to be listened to is thought over so often. */
const choosePauseMs = minuteMs
/** So many times busier has an account to be that takes another's place. */
const busierFactor = 2

/**
 * Whom to listen to: the busiest accounts of each address, up to a bound. Streams come and go here and nobody waits for
 * them: what they tell is where and when to look, and what is true a poll says.
 */
export class Streams {
  readonly #options: StreamsOptions
  readonly #addresses: readonly StreamAddress[]
  readonly #ears = new Map<string, Ear>()
  readonly #byId = new Map<number, Ear>()
  readonly #opensAtMs: number[]
  /** Until when an exchange sends an address away. */
  readonly #heldUntilMs = new Map<string, number>()
  readonly #ended: Record<string, number> = {}
  #lastId = 0
  #hints = 0
  #died = 0
  #choosesAtMs = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(options: StreamsOptions) {
    this.#options = options
    const rules = exchangesWithStreams.flatMap((exchange) =>
      streamRulesOf(exchange, baseUrlOf(options.exchanges, exchange)),
    )
    const { addresses, childUser, log } = options
    const all: readonly (string | null)[] = addresses.length === 0 ? [null] : addresses
    this.#opensAtMs = all.map(() => Number.NEGATIVE_INFINITY)
    this.#addresses = all.map(
      (address, index) =>
        new StreamAddress({
          rules,
          address,
          childUser,
          replaceAfterMs: options.replaceAfterMs ?? limits.listener.replaceAfterMs,
          events: {
            word: (word) => this.#hear(word),
            refused: ({ code, host }) => {
              if (code !== 'UNREACHABLE' && code !== 'TIMED_OUT')
                log('warn', 'egress-refused', { code, host })
            },
            died: (fields) => {
              this.#died += 1
              log('warn', 'listener-died', fields)
              this.#allDown(index)
            },
          },
        }),
    )
  }

  /** An account may be listened to from now on. `session` tells whose credentials those are. */
  watch(account: string, session: string, source: Pick<Source, 'exchange' | 'sandbox' | 'address'>): void {
    if (this.#options.accountsMax === 0 || !exchangesWithStreams.includes(source.exchange)) return
    if (this.#ears.get(account)?.session === session) return
    this.unwatch(account)
    this.#ears.set(account, {
      account,
      session,
      address: source.address ?? 0,
      place: placeOf(source),
      id: null,
      upSinceMs: null,
      failures: 0,
      restsUntilMs: Number.NEGATIVE_INFINITY,
      skewMs: 0,
      hints: new Map(),
      settled: () => {},
    })
  }

  /** Its session is over: nobody listens from now on, and what a listener may keep of it goes soon. */
  unwatch(account: string): void {
    const ear = this.#ears.get(account)
    if (ear === undefined) return
    this.#ears.delete(account)
    this.#leave(ear)
    this.#addresses[ear.address]?.soil()
  }

  /** How far our clock is off at its exchange, as its last poll found. */
  noteSkew(account: string, skewMs: number): void {
    const ear = this.#ears.get(account)
    if (ear !== undefined) ear.skewMs = skewMs
  }

  /** The exchange has sent us away from there: what is being opened is given up, and nothing is begun for so long. */
  hold(place: string, forMs: number): void {
    this.#heldUntilMs.set(place, this.#options.clock.nowMs() + forMs)
    for (const ear of this.#byId.values()) {
      if (ear.place === place && ear.upSinceMs === null) this.#leave(ear)
    }
  }

  /** Where something may have happened that no poll has looked at. */
  hintsOf(account: string): readonly Hint[] {
    return [...(this.#ears.get(account)?.hints.values() ?? [])]
  }

  /** A poll has looked there. */
  answered(account: string, hints: readonly Hint[]): void {
    const ear = this.#ears.get(account)
    for (const hint of hints) ear?.hints.delete(keyOf(hint))
  }

  nextMs(): number {
    const open = this.#nextOf()
    const nowMs = this.#options.clock.nowMs()
    if (this.#ears.size === 0) {
      return this.#addresses.some(({ alive }) => alive) ? nowMs : Number.POSITIVE_INFINITY
    }
    return Math.min(this.#choosesAtMs, open === null ? Number.POSITIVE_INFINITY : Math.max(open.atMs, nowMs))
  }

  /** Replaces listeners that are worn, and opens what may be opened now. Never rejects. */
  async tick(): Promise<void> {
    if (this.#closed) return
    const { clock } = this.#options
    await this.#renew()
    if (this.#ears.size === 0) return
    if (clock.nowMs() >= this.#choosesAtMs) this.#choose()
    for (;;) {
      const next = this.#nextOf()
      if (next === null || next.atMs > clock.nowMs()) return
      await this.#open(next.ear)
    }
  }

  stats(): StreamsStats {
    const up: Record<string, number> = {}
    for (const { place, upSinceMs } of this.#ears.values()) {
      up[place] = (up[place] ?? 0) + (upSinceMs === null ? 0 : 1)
    }
    const sum = (of: (address: StreamAddress) => number): number =>
      this.#addresses.reduce((total, address) => total + of(address), 0)
    return {
      up,
      opening: [...this.#byId.values()].filter(({ upSinceMs }) => upSinceMs === null).length,
      hints: this.#hints,
      ended: { ...this.#ended },
      listeners: sum(({ alive }) => (alive ? 1 : 0)),
      replaced: sum(({ replaced }) => replaced),
      died: this.#died,
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const ear of this.#byId.values()) ear.settled()
    await Promise.all(this.#addresses.map((address) => address.close()))
  }

  async #renew(): Promise<void> {
    for (const [index, address] of this.#addresses.entries()) {
      const isUsed = this.#earsAt(index).length > 0
      if (!address.alive || (isUsed && !address.isWorn)) continue
      this.#allDown(index)
      await address.end()
    }
  }

  /** Who is listened to gives way to who is much busier, one a minute: each change costs a connection. */
  #choose(): void {
    const { clock, accountsMax } = this.#options
    this.#choosesAtMs = clock.nowMs() + choosePauseMs
    for (const index of this.#addresses.keys()) {
      const listened = this.#earsAt(index)
      if (listened.length < accountsMax) continue
      let busiestMs = Number.POSITIVE_INFINITY
      for (const ear of this.#ears.values()) {
        if (ear.address === index && ear.id === null) busiestMs = Math.min(busiestMs, this.#meanMs(ear))
      }
      const [quietest] = listened.toSorted((a, b) => this.#meanMs(b) - this.#meanMs(a))
      if (quietest !== undefined && this.#meanMs(quietest) > busierFactor * busiestMs) this.#leave(quietest)
    }
  }

  /**
   * Which stream is to be opened next, and when: of those that may be opened at the same time the busiest account's;
   * null where none is. An account is polled before it is listened to: its key is good then, and its clock known.
   */
  #nextOf(): { readonly ear: Ear; readonly atMs: number } | null {
    const { accountsMax } = this.#options
    const hasRoom = this.#addresses.map((_, address) => this.#earsAt(address).length < accountsMax)
    let next: { readonly ear: Ear; readonly atMs: number; readonly meanMs: number } | null = null
    for (const ear of this.#ears.values()) {
      const meanMs = ear.id === null && hasRoom[ear.address] ? this.#options.meanMs(ear.account) : null
      if (meanMs === null) continue
      const heldUntilMs = this.#heldUntilMs.get(ear.place) ?? Number.NEGATIVE_INFINITY
      const atMs = Math.max(this.#opensAtMs[ear.address]!, ear.restsUntilMs, heldUntilMs)
      const isNext = next === null || atMs < next.atMs || (atMs === next.atMs && meanMs < next.meanMs)
      if (isNext) next = { ear, atMs, meanMs }
    }
    return next
  }

  /** Who is listened to from there, or will be. */
  #earsAt(address: number): readonly Ear[] {
    return [...this.#byId.values()].filter((ear) => ear.address === address)
  }

  #meanMs({ account }: Ear): number {
    return this.#options.meanMs(account) ?? Number.POSITIVE_INFINITY
  }

  async #open(ear: Ear): Promise<void> {
    const { clock, keysOf, isClosed } = this.#options
    const address = this.#addresses[ear.address]
    const nowMs = clock.nowMs()
    const id = (this.#lastId += 1)
    ear.id = id
    this.#byId.set(id, ear)
    const settled = new Promise<void>((resolve) => {
      ear.settled = resolve
    })
    try {
      await address?.start()
      const keys = await keysOf(ear.account)
      if (ear.id !== id || this.#closed) return void keys?.credentials.fill(0)
      if (keys === null || isClosed(keys.source)) {
        keys?.credentials.fill(0)
        return this.#down(ear, keys === null ? 'STREAM_NOT_SUPPORTED' : 'STREAM_RATE_LIMITED')
      }
      const { source, credentials } = keys
      this.#opensAtMs[ear.address] = nowMs + connectPauseMs * source.marketTypes.length
      const { exchange, sandbox, marketTypes: wallets } = source
      const baseUrl = baseUrlOf(this.#options.exchanges, exchange)
      const order = { nowMs, frozen: clock.frozen, skewMs: ear.skewMs, exchange, sandbox, baseUrl, wallets }
      const isAsked = await address
        ?.listen({ kind: 'listen', id, ...order }, credentials)
        .finally(() => credentials.fill(0))
      if (isAsked !== true) return this.#down(ear, 'STREAM_UNREACHABLE')
      // nobody waits on a clock that runs; on one that is stepped the order of things is to be the same every time
      if (clock.frozen) await settled
    } catch {
      this.#down(ear, 'STREAM_UNREACHABLE')
    }
  }

  #hear(word: Exclude<Word, { readonly kind: 'ready' }>): void {
    const ear = this.#byId.get(word.id)
    if (ear === undefined) return
    if (word.kind === 'down') return this.#down(ear, word.code, word)
    if (word.kind === 'up') {
      const { clock, heard } = this.#options
      ear.failures = 0
      ear.upSinceMs = clock.nowMs()
      heard(ear.account, ear.upSinceMs, word.whole)
      return ear.settled()
    }
    this.#hints += 1
    for (const hint of word.hints) {
      if (ear.hints.size < limits.listener.marketsMax) ear.hints.set(keyOf(hint), hint)
    }
    this.#options.hint(ear.account)
  }

  /** Over, for whatever reason; when it is tried again depends on the reason. */
  #down(ear: Ear, code: DownCode, { exchangeCode, retryAfterMs }: Partial<Down> = {}): void {
    const { clock, log } = this.#options
    const nowMs = clock.nowMs()
    const wasUp = ear.upSinceMs !== null
    this.#forget(ear)
    this.#ended[code] = (this.#ended[code] ?? 0) + 1
    ear.failures += 1
    ear.restsUntilMs = nowMs + pauseAfter(ear, code)
    if (code === 'STREAM_RATE_LIMITED') {
      this.#heldUntilMs.set(ear.place, nowMs + Math.max(retryAfterMs ?? 0, minuteMs))
    }
    // that one ends now and then is as it should be: binance closes each after a day
    const level = wasUp && code === 'STREAM_CLOSED' ? 'info' : 'warn'
    log(level, 'stream-down', { place: ear.place, code, exchange_code: exchangeCode ?? null })
  }

  #allDown(address: number): void {
    for (const ear of this.#earsAt(address)) this.#forget(ear)
  }

  #leave(ear: Ear): void {
    const { id } = ear
    if (id === null) return
    this.#forget(ear)
    this.#addresses[ear.address]?.leave(id)
  }

  #forget(ear: Ear): void {
    if (ear.id !== null) this.#byId.delete(ear.id)
    ear.id = null
    if (ear.upSinceMs !== null) this.#options.heard(ear.account, null)
    ear.upSinceMs = null
    ear.settled()
  }
}

function keyOf({ wallet, market }: Hint): string {
  return `${wallet} ${market}`
}

/** Longer with each failure, and of another length for each account: what ended all streams must not bring all back at once. */
function pauseAfter({ account, failures }: Ear, code: DownCode): number {
  if (code === 'STREAM_NOT_SUPPORTED') return Number.POSITIVE_INFINITY
  const usualMs = Math.min(backOffMs * 2 ** (failures - 1), backOffMsMax)
  const ceilingMs = code === 'STREAM_REFUSED' ? Math.max(usualMs, refusedPauseMs) : usualMs
  let mixed = failures
  for (const character of account) mixed = (mixed * 31 + character.charCodeAt(0)) % 1_009
  return Math.round(ceilingMs * (0.5 + mixed / 2_018))
}
