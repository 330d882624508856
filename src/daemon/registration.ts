import { createHash } from 'node:crypto'
import {
  type CredentialsPayload,
  equalBytes,
  fromBase64,
  InputError,
  parseCredentials,
  parseInstant,
  PerfAggError,
  toInstant,
  verifyClientSignature,
  wipeBytes,
} from '@perf-agg/sdk'
import type { CheckAnswer, Origin, Source } from '../collector/answer.ts'
import type { Enclave, OpenedBox } from '../enclave/enclave.ts'
import type { Submission } from '../http/service.ts'
import { offerFor } from '../session/exchange.ts'
import { hashOfId, newId } from '../session/id.ts'
import type { AccountIdentity, AccountRow, NewSession, Store, Tx } from '../store/store.ts'
import type { Admission } from './schedule/admission.ts'
import type { Chain, LiveSession } from './chain/chain.ts'
import type { Clock } from './clock.ts'
import type { Collectors } from './collecting/collectors.ts'
import type { Configuration } from './configuration/config.ts'
import { addressFor } from './schedule/egress-address.ts'
import { type Ownership, ownershipOf } from './ownership.ts'
import { writeSettings } from './configuration/session-settings.ts'
import { signedAnswer } from './view.ts'

/** A box is good for so long after it was made, and its nonce is remembered a little longer. */
const boxAgeMsMax = 300_000
const nonceKeptMs = 600_000
/** A client waits so long for the exchange; then its session is pending. */
const exchangeAnswerMsMax = 15_000

interface Parts {
  readonly clock: Clock
  readonly configuration: Configuration
  readonly enclave: Enclave
  readonly store: Store
  readonly collectors: Collectors
  /** Work in an account's lane that waits for no exchange. */
  readonly ahead: <T>(account: string, work: () => Promise<T>) => Promise<T>
  readonly chain: Chain
  /** A session is there: begin to watch its account (or to ask whose it is). */
  readonly watch: (session: LiveSession) => void
  /** Ours, that exchanges are asked from. */
  readonly addresses: readonly string[]
  readonly admission: Admission
}

/** How a submission came in. */
type Way = { readonly registration: 'sealed'; readonly box: OpenedBox } | { readonly registration: 'plain' }

/** What is known of the account behind credentials. */
interface Identified {
  readonly identity: AccountIdentity
  readonly permissions: 'read-only' | 'unverified' | 'trade'
  /** Where the answer came from; null for self-reported trades. */
  readonly origin: Origin | null
}

/**
 * From a sealed box to a session. What is wrong with the box itself is refused before anything is stored; then its
 * nonce is used up, so that a replayed one asks no exchange; then session and the chain's first link are durable
 * together, and only then answered.
 */
export class Registration {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async submit(sealed: Uint8Array): Promise<Submission> {
    const { enclave, clock } = this.#parts
    const box = await enclave.openBox(sealed, clock.nowMs())
    if (box === null) {
      // one answer for every cause: whoever tampers learns nothing
      throw new InputError('BOX_REFUSED', 'the box does not open', {
        hint: 'seal it to the enc_key of a fresh quote',
      })
    }
    try {
      const digest = `sha256:${createHash('sha256').update(sealed).digest('hex')}`
      return await this.#take(box.plaintext, digest, { registration: 'sealed', box })
    } finally {
      wipeBytes(box.plaintext)
    }
  }

  async registerPlain(bytes: Uint8Array): Promise<Submission> {
    try {
      // plain credentials have no box; what stands for it must not tell anything about them
      const digest = `sha256:${createHash('sha256').update(newId()).digest('hex')}`
      return await this.#take(bytes, digest, { registration: 'plain' })
    } finally {
      wipeBytes(bytes)
    }
  }

  async #take(bytes: Uint8Array, boxDigest: string, way: Way): Promise<Submission> {
    const { configuration } = this.#parts
    const { payload, credentials } = parseCredentials(bytes)
    await this.#refuseUnfresh(payload, way)
    const offer = offerFor(payload.exchange, payload.config.accountType, payload.config.sandbox)
    if (!Object.hasOwn(configuration.exchanges, payload.exchange)) {
      throw new InputError('EXCHANGE_UNKNOWN', 'this enclave does not know that exchange', {
        hint: `it knows ${Object.keys(configuration.exchanges).join(', ')}`,
      })
    }
    const ownership = ownershipOf(payload, credentials, way.registration)
    await this.#useNonce(payload)
    const identified =
      offer.source === 'self-reported'
        ? selfReported(payload)
        : await this.#askExchange(payload, offer.wallets, credentials)
    const { wallets } = offer
    return this.#open({ payload, credentials, boxDigest, way, wallets, identified, ownership })
  }

  async #refuseUnfresh(payload: CredentialsPayload, way: Way): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    if (Math.abs(nowMs - parseInstant(payload.issued_at)) > boxAgeMsMax) {
      throw new InputError('BOX_STALE', 'issued_at is more than 5 minutes from now', {
        hint: 'check the clock of the machine that seals, fetch a fresh quote and seal again',
      })
    }
    if (
      way.registration === 'sealed' &&
      !this.#parts.enclave.checkSubmission(
        way.box,
        { claimsDigest: payload.claims_digest, nonce: payload.nonce },
        nowMs,
      )
    ) {
      throw new InputError(
        'CLAIMS_FOREIGN',
        'claims_digest is not of a quote that this enclave gave of late',
        {
          hint: 'fetch a fresh quote, verify it and seal to it',
        },
      )
    }
    if (!(await verifyClientSignature(payload))) {
      throw new InputError('CLIENT_SIGNATURE_INVALID', 'client_signature is not by client_key', {
        hint: 'sign "perf-agg/client/v1\\0", claims_digest and nonce',
      })
    }
  }

  /** @throws {InputError} BOX_REPLAYED */
  async #useNonce(payload: CredentialsPayload): Promise<void> {
    const untilMs = this.#parts.clock.nowMs() + nonceKeptMs
    try {
      await this.#parts.store.commit((tx) => tx.useNonce(payload.nonce, untilMs))
    } catch (error) {
      if (!(error instanceof PerfAggError && error.code === 'NONCE_SEEN')) throw error
      throw new InputError('BOX_REPLAYED', 'this box was taken already', {
        hint: 'a box is good once: fetch a fresh quote and seal again',
      })
    }
  }

  /** Null: the exchange can't be asked now. @throws {InputError} for a key that must not be here */
  async #askExchange(
    payload: CredentialsPayload,
    wallets: NewWallets,
    credentials: Uint8Array,
  ): Promise<Identified | null> {
    const { collectors, configuration } = this.#parts
    const { exchange, config } = payload
    const address = addressFor(payload.nonce, this.#parts.addresses)
    const source = { exchange, sandbox: config.sandbox, marketTypes: wallets, address }
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, exchangeAnswerMsMax, null)
    })
    // the collector reads them while it works, which may be longer than we wait
    const copy = credentials.slice()
    const asked = collectors.check({ source, credentials: copy }).finally(() => copy.fill(0))
    const answer = await Promise.race([asked, patience])
    clearTimeout(timer)
    return answer === null ? null : judge(answer, configuration.allowTradingKeys, payload.exchange)
  }

  /** Asks again on behalf of a pending session. Null: still not to be asked. */
  async identify(
    source: Omit<Source, 'address'> & { readonly key: string },
    credentials: Uint8Array,
  ): Promise<Identified | null> {
    const { key, exchange, sandbox, marketTypes } = source
    const address = addressFor(key, this.#parts.addresses)
    const answer = await this.#parts.collectors.check({
      source: { exchange, sandbox, marketTypes, address },
      credentials,
    })
    return judge(answer, this.#parts.configuration.allowTradingKeys, exchange)
  }

  async #open(given: {
    payload: CredentialsPayload
    credentials: Uint8Array
    boxDigest: string
    way: Way
    wallets: NewWallets
    identified: Identified | null
    ownership: Ownership
  }): Promise<Submission> {
    const { payload, identified, way } = given
    const { clock, configuration, store, enclave } = this.#parts
    const nowMs = clock.nowMs()
    const ttlS = Math.min(
      payload.ttl_seconds ?? configuration.session.ttlDefaultS,
      configuration.session.ttlMaxS,
    )
    const [sessionId, viewId] = [newId(), newId()]
    const clientKey = payload.client_key === null ? null : fromBase64(payload.client_key)
    const session: NewSession = {
      idHash: hashOfId(sessionId),
      viewIdHash: hashOfId(viewId),
      account: identified === null ? null : store.pseudonym(identified.identity),
      clientId: payload.client_id,
      label: payload.label,
      exchange: payload.exchange,
      environment: identified?.identity.environment ?? this.#expectedEnvironment(payload),
      status: identified === null ? 'pending' : 'active',
      permissions: identified?.permissions ?? 'unverified',
      ownership: given.ownership,
      registration: way.registration,
      boxDigest: given.boxDigest,
      replyKey: payload.reply_key === null ? null : fromBase64(payload.reply_key),
      clientKey,
      settings: writeSettings(payload.config, given.wallets),
      createdAtMs: nowMs,
      expiresAtMs: nowMs + ttlS * 1_000,
      credentials: given.credentials.slice(),
    }
    if (session.account !== null && identified?.origin) {
      this.#parts.chain.noteOrigin(session.account, identified.origin)
    }
    try {
      if (!isSelfReported(payload.exchange)) {
        const key = session.account ?? session.idHash
        this.#parts.admission.check(key, payload.exchange, payload.config.sandbox)
      }
      const remember = (tx: Tx): void => tx.insertSession(session)
      if (session.account === null) await store.commit(remember)
      else await this.bind(session.account, session, given.wallets, remember)
      this.#parts.watch(session)
    } finally {
      session.credentials.fill(0)
    }
    const receipt = {
      session_id: sessionId,
      view_id: viewId,
      status: session.status,
      expires_at: toInstant(session.expiresAtMs),
      account: session.account,
      permissions: session.permissions,
      ownership: session.ownership,
      box_digest: given.boxDigest,
    }
    return {
      status: session.status === 'active' ? 201 : 202,
      body: await signedAnswer(receipt, enclave.signer, session.replyKey),
    }
  }

  /** What a session says until the exchange has answered: then the host that did decides. */
  #expectedEnvironment({ exchange, config }: CredentialsPayload): string {
    const baseUrl = this.#parts.configuration.exchanges[exchange]?.baseUrl ?? null
    return baseUrl !== null ? 'simulated' : config.sandbox ? 'sandbox' : 'live'
  }

  /**
   * Puts a session onto its account's chain: a new chain begins with `registered`, a closed one goes on with it, an
   * open one is renewed without a word, and the session before hands over (its credentials are wiped). Of two client
   * keys the one that is bound keeps the account while its session lasts, unless it has shown less than the other.
   * @throws {PerfAggError} ACCOUNT_BOUND where another client key holds the account
   */
  async bind(
    pseudonym: string,
    session: LiveSession,
    wallets: NewWallets,
    also: (tx: Tx) => void,
  ): Promise<void> {
    const { store, ahead, chain, clock } = this.#parts
    await ahead(pseudonym, async () => {
      const nowMs = clock.nowMs()
      const known = await store.account(pseudonym)
      const before = (await store.sessionsOfAccount(pseudonym)).filter(
        (other) => other.endedAtMs === null && other.idHash !== session.idHash,
      )
      // whoever holds the credentials may bind an account that nobody has bound yet
      const takesOver =
        known !== null && known.clientKey !== null && !sameKey(known.clientKey, session.clientKey)
      if (
        takesOver &&
        (session.clientKey === null || before.some((other) => !isLessProven(other, session)))
      ) {
        throw new PerfAggError('ACCOUNT_BOUND', 'this account is bound to another client key', {
          hint: 'register with the client key that it was first registered with, or once its session is over',
        })
      }
      const row: AccountRow = known ?? {
        pseudonym,
        exchange: session.exchange,
        environment: session.environment,
        clientKey: session.clientKey,
        firstRegisteredAtMs: nowMs,
        firstObservedAtMs: null,
        scope: wallets,
        published: null,
        head: { sequence: 0, digest: null },
      }
      const goesOn = known !== null && before.length > 0 && !takesOver
      const displaced = takesOver && before.length > 0
      await chain.write(
        row,
        session,
        methodOf(session.exchange),
        [
          ...(displaced ? [{ type: 'closed', atMs: nowMs, reason: 'displaced' } as const] : []),
          ...(goesOn ? [] : [{ type: 'registered', atMs: nowMs } as const]),
        ],
        (tx) => {
          if (known !== null && session.clientKey !== null && !sameKey(known.clientKey, session.clientKey)) {
            tx.updateAccount(pseudonym, { clientKey: session.clientKey, expectedClientKey: known.clientKey })
          }
          const reason = displaced ? 'displaced' : 'renewed'
          for (const other of before) tx.endSession(other.idHash, { atMs: nowMs, reason })
          also(tx)
        },
        known === null ? { first: (tx) => tx.insertAccount(row) } : {},
      )
    })
  }
}

type NewWallets = ReturnType<typeof offerFor>['wallets']

export function methodOf(exchange: string): 'twr' | 'capital-in-use' {
  return isSelfReported(exchange) ? 'capital-in-use' : 'twr'
}

function isSelfReported(exchange: string): boolean {
  return exchange === 'mock' || exchange === 'push'
}

export function sameKey(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : equalBytes(a, b)
}

/** Credentials that work, or a signature of the address's own key, show more than a public address does. */
function isLessProven(other: { readonly ownership: string }, than: { readonly ownership: string }): boolean {
  return other.ownership === 'unproven' && than.ownership !== 'unproven'
}

/** Who reports trades is known by the client key, else by the names it chose. */
function selfReported(payload: CredentialsPayload): Identified {
  return {
    identity: {
      exchange: payload.exchange,
      environment: 'self-reported',
      accountId: JSON.stringify([payload.client_key, payload.client_id, payload.label]),
    },
    permissions: 'unverified',
    origin: null,
  }
}

/** Null where asking again later can help. */
function judge(answer: CheckAnswer, allowTradingKeys: boolean, exchange: string): Identified | null {
  if (answer.kind === 'failed') {
    if (answer.code === 'EXCHANGE_KEY_REFUSED') {
      throw new InputError('EXCHANGE_KEY_REFUSED', 'the exchange refuses this API key', {
        hint: "check key and secret, the key's address list, and that it is of this exchange (sandbox or live)",
      })
    }
    if (answer.code === 'EXCHANGE_ACCOUNT_REFUSED') {
      throw new InputError(
        'EXCHANGE_ACCOUNT_REFUSED',
        'the exchange has locked this account or it is of a kind not supported',
      )
    }
    if (answer.code === 'COLLECTOR_CLOSED') {
      throw new PerfAggError('STOPPING', 'the enclave is stopping', { action: 'retry' })
    }
    if (answer.code === 'EXCHANGE_NOT_SUPPORTED') {
      throw new InputError('EXCHANGE_UNKNOWN', 'this enclave has no way to read that exchange')
    }
    return null
  }
  if (answer.permissions === 'withdraw') {
    throw new InputError('EXCHANGE_KEY_CAN_WITHDRAW', 'this API key can withdraw', {
      hint: 'make a read-only key at the exchange and register that',
    })
  }
  if (answer.permissions === 'trade' && !allowTradingKeys) {
    throw new InputError('EXCHANGE_KEY_CAN_TRADE', 'this API key can trade', {
      hint: 'make a read-only key at the exchange and register that',
    })
  }
  return {
    identity: { exchange, environment: answer.origin.environment, accountId: answer.accountId },
    permissions: answer.permissions,
    origin: answer.origin,
  }
}
