import type { Appraisal } from './appraise.ts'
import { appraise } from './appraise.ts'
import type { BoxKeyPair } from './box.ts'
import { newBoxKeyPair, openBox, sealBox, wipeBytes } from './box.ts'
import { digestOf, fromBase64, fromBase64url, toBase64, toBase64url } from './bytes.ts'
import type { ChallengePurpose, ExchangeCredentials, SessionConfig } from './credentials.ts'
import {
  challengeBytes,
  clientSignedBytes,
  credentialsSchema,
  encodeCredentials,
  labelDefault,
  readNonce,
  sessionConfigDefault,
} from './credentials.ts'
import { VerificationError } from './errors.ts'
import { parseJson } from './json.ts'
import type { Jwks, Signer } from './key.ts'
import { parseJwks, publicKeyOf, thumbprint } from './key.ts'
import type { Policy } from './policy.ts'
import type { Claims, Quote } from './quote.ts'
import { claimsDigestOf, parseQuote, quoteBytesMax } from './quote.ts'
import { readPseudonym } from './metadata.ts'
import { parsePublication, type Publication } from './publication.ts'
import { collectRecordPages } from './record-pages.ts'
import type { PublicRecord, TrackRecord } from './record.ts'
import { joinEitherRecordPages, joinRecordPages, parseEitherRecordPage, parseRecordPage } from './record.ts'
import type { ServiceOptions } from './service.ts'
import { Service } from './service.ts'
import { readInteger, readObject, readString } from './shape.ts'
import type { Step } from './step.ts'
import { requireAffirming } from './step.ts'
import { readInstant } from './bucket.ts'
import { toInstant } from './time.ts'
import type { OwnershipTypedData } from './wallet.ts'
import { ownershipTypedData } from './wallet.ts'
import type { MetricsView, Receipt, SummaryView } from './view.ts'
import { parseMetricsView, parseReceipt, parseSummaryView, readId, verifyView } from './view.ts'

/** How an enclave is judged before anything is entrusted to it. */
export interface Trust {
  /** What is trusted; without one no TEE is. */
  readonly policy?: Policy | null
  /** Take a simulated TEE, whose operator can read everything: for trying things out, never with real keys. */
  readonly insecureSimulated?: boolean
}

export interface RegisterOptions extends Trust {
  readonly clientId: string
  /** For the client's own use. */
  readonly label?: string
  readonly exchange: string
  readonly credentials: ExchangeCredentials
  readonly config?: Partial<SessionConfig>
  readonly ttlSeconds?: number
  /** The client's long-lived key: it alone can end, publish or take over the account's record. */
  readonly clientKey: Signer
  /**
   * Asked, where the account is a wallet's and its signature is not there yet, to have the wallet sign this
   * (`eth_signTypedData_v4`); null leaves the record's ownership `unproven`. The quote is good for minutes.
   */
  readonly signOwnership?: (typedData: OwnershipTypedData) => Promise<string | null>
  /** Told every step of the appraisal before anything is sealed. */
  readonly onAppraisal?: (appraisal: Appraisal) => void
}

/** What is needed to read a session's figures later: keep it like a password. Plain JSON. */
export interface SessionAccess {
  readonly sessionId: string
  readonly viewId: string
  /** base64url */
  readonly replyKey: { readonly publicKey: string; readonly secretKey: string }
  /** base64url, the enclave's statement key as it was appraised. */
  readonly signingKey: string
}

export interface Registered {
  readonly receipt: Receipt
  readonly access: SessionAccess
  readonly appraisal: Appraisal
}

/** What a summary that somebody else was given the id of is read with. */
export interface ViewAccess {
  readonly viewId: string
  readonly signingKey: string
}

export interface Challenge {
  readonly challenge: string
  readonly expires_at: string
}

export interface PerfAggClientOptions extends ServiceOptions {
  /** Milliseconds since 1970; the platform's clock unless given. */
  readonly nowMs?: () => number
}

/** Ten years of hours and every symbol. */
const viewBytesMax = 33_554_432
const answerBytesMax = 65_536
const jwksBytesMax = 4_194_304

/** What a view is asked for beside its figures. */
export interface ViewOptions {
  /** An index to hold the account against: `BTC/USDT`. */
  readonly benchmark?: string
}

/**
 * A client of one enclave. It trusts nothing it is told: evidence is appraised before a credential is sealed,
 * every answer is opened, parsed strictly and checked to be signed by the key that was appraised.
 */
export class PerfAggClient {
  readonly #service: Service
  readonly #nowMs: () => number

  constructor(options: PerfAggClientOptions) {
    this.#service = new Service(options)
    this.#nowMs = options.nowMs ?? Date.now
  }

  /** The enclave's evidence; without a nonce it is for looking at only. */
  async quote(nonce: string | null = null): Promise<Quote> {
    const query = nonce === null ? '' : `?nonce=${readNonce(nonce, 'nonce')}`
    return readAnswerAs(await this.#get(`/attestation/quote${query}`, quoteBytesMax), parseQuote)
  }

  /** Asks with a fresh nonce and judges the answer. Does not throw for what it finds: see `status` and `steps`. */
  async appraise(trust: Trust = {}): Promise<{ quote: Quote; nonce: string; appraisal: Appraisal }> {
    const nonce = newNonce()
    const quote = await this.quote(nonce)
    return { quote, nonce, appraisal: await this.#judge(quote, nonce, trust) }
  }

  /**
   * Registers an account: appraises the enclave, seals the credentials to exactly the key that was appraised, and
   * checks that the answer comes from there.
   * @throws {VerificationError | PolicyError} with the code of the first step that does not hold: nothing was sent
   * @throws {ServiceError} the enclave's refusal: `EXCHANGE_KEY_CAN_WITHDRAW` …
   */
  async register(options: RegisterOptions): Promise<Registered> {
    const { quote, nonce, appraisal } = await this.appraise(options)
    options.onAppraisal?.(appraisal)
    const claims = requireTrusted(appraisal, options)
    const replyKey = await newBoxKeyPair()
    const plaintext = await this.#payload(options, quote, nonce, replyKey)
    const sealed = await sealBox(publicKeyOf(claims.enc_key), plaintext).finally(() => wipeBytes(plaintext))
    const answer = await this.#post('/enclave/submit_key', { sealed: toBase64(sealed) }, answerBytesMax)
    const signingKey = publicKeyOf(claims.sig_key)
    const receipt = readAnswerAs(await openReply(answer, replyKey), parseReceipt)
    await requireSigned(receipt, signingKey)
    if (receipt.box_digest !== (await digestOf(sealed))) {
      throw new VerificationError('ANSWER_MISMATCH', 'the answer is to another submission')
    }
    return { receipt, access: accessOf(receipt, replyKey, signingKey), appraisal }
  }

  /** Everything about the account, for its owner. */
  async metrics(access: SessionAccess, options: ViewOptions = {}): Promise<MetricsView> {
    const { answer, nonce } = await this.#view('metrics', access.sessionId, options)
    const view = readAnswerAs(await openReply(answer, boxKeyOf(access)), parseMetricsView)
    return this.#checked(view, nonce, access.signingKey, options)
  }

  /** What may be shown to others: with one's own session, or a view id one was given. */
  async summary(access: SessionAccess | ViewAccess, options: ViewOptions = {}): Promise<SummaryView> {
    const isOwner = 'sessionId' in access
    const id = isOwner ? access.sessionId : access.viewId
    const { answer, nonce } = await this.#view('summary', id, options)
    const opened = isOwner ? await openReply(answer, boxKeyOf(access)) : answer
    return this.#checked(readAnswerAs(opened, parseSummaryView), nonce, access.signingKey, options)
  }

  /** The account's whole record, with all that proves it. It is for `verifyRecord` to judge. */
  async record(access: SessionAccess): Promise<TrackRecord> {
    const path = `/enclave/record/${readId(access.sessionId, 'id')}`
    const pages = await collectRecordPages(async (query) => {
      const answer = await this.#get(path + query, viewBytesMax)
      return readAnswerAs(await openReply(answer, boxKeyOf(access)), parseRecordPage)
    })
    return readAnswerAs(pages, joinRecordPages)
  }

  /** A restarted enclave has a new statement key: appraises it and gives the access that holds it. */
  async renewAccess<Access extends SessionAccess | ViewAccess>(
    access: Access,
    trust: Trust,
  ): Promise<Access> {
    const { appraisal } = await this.appraise(trust)
    return { ...access, signingKey: requireTrusted(appraisal, trust).sig_key.x }
  }

  async challenge(sessionId: string): Promise<Challenge> {
    const body = { session_id: readId(sessionId, 'sessionId') }
    return readAnswerAs(await this.#post('/enclave/challenge', body, answerBytesMax), readChallenge)
  }

  /** Ends a session now; its credentials are wiped, its record stays. `clientKey` as it was registered with. */
  async end(sessionId: string, clientKey: Signer | null): Promise<{ removed: number }> {
    return this.#cleanup(await this.#proof(sessionId, clientKey, 'end'))
  }

  /** Shows the account's record to everybody from now on: in percentages, or with its amounts. */
  async publish(sessionId: string, clientKey: Signer | null, amounts = false): Promise<Publication> {
    const proof = await this.#proof(sessionId, clientKey, 'publish')
    return readAnswerAs(
      await this.#post('/enclave/publish', { ...proof, amounts }, answerBytesMax),
      parsePublication,
    )
  }

  /** Shows nothing more of it. What was shown until now stays, marked as withdrawn. */
  async unpublish(sessionId: string, clientKey: Signer | null): Promise<Publication> {
    const proof = await this.#proof(sessionId, clientKey, 'unpublish')
    return readAnswerAs(await this.#post('/enclave/unpublish', proof, answerBytesMax), parsePublication)
  }

  /** A record that is shown to everybody: in percentages unless its owner shows more. It is for `verifyRecord` to judge. */
  async publicRecord(account: string): Promise<TrackRecord | PublicRecord> {
    const path = `/record/${readPseudonym(account, 'account')}.json`
    const pages = await collectRecordPages(async (query) =>
      readAnswerAs(await this.#get(path + query, viewBytesMax), parseEitherRecordPage),
    )
    return readAnswerAs(pages, joinEitherRecordPages)
  }

  async #proof(sessionId: string, clientKey: Signer | null, purpose: ChallengePurpose): Promise<object> {
    const id = readId(sessionId, 'sessionId')
    if (clientKey === null) return { session_id: id }
    const { challenge } = await this.challenge(id)
    const signature = await clientKey.sign(challengeBytes(purpose, challenge))
    return { session_id: id, challenge, client_signature: toBase64(signature) }
  }

  /** The statement keys the service knows, current and past. They prove nothing by being listed. */
  async jwks(): Promise<Jwks> {
    return readAnswerAs(await this.#get('/.well-known/jwks.json', jwksBytesMax), parseJwks)
  }

  async #judge(quote: Quote, nonce: string, trust: Trust): Promise<Appraisal> {
    return appraise(quote, {
      nonce,
      nowMs: this.#nowMs(),
      policy: trust.policy ?? null,
      insecureSimulated: trust.insecureSimulated ?? false,
    })
  }

  async #payload(
    options: RegisterOptions,
    quote: Quote,
    nonce: string,
    replyKey: BoxKeyPair,
  ): Promise<Uint8Array> {
    const claimsDigest = await claimsDigestOf(quote)
    const credentials = await withOwnership(options, claimsDigest, nonce)
    const payload = {
      schema: credentialsSchema,
      claims_digest: claimsDigest,
      nonce,
      issued_at: toInstant(this.#nowMs()),
      client_id: options.clientId,
      label: options.label ?? labelDefault,
      exchange: options.exchange,
      config: { ...sessionConfigDefault, ...options.config },
      ttl_seconds: options.ttlSeconds ?? null,
      reply_key: toBase64(replyKey.publicKey),
      client_key: toBase64(options.clientKey.publicKey),
      client_signature: toBase64(await options.clientKey.sign(clientSignedBytes(claimsDigest, nonce))),
    } as const
    return encodeCredentials(payload, credentials)
  }

  async #view(
    kind: 'metrics' | 'summary',
    id: string,
    { benchmark }: ViewOptions,
  ): Promise<{ answer: unknown; nonce: string }> {
    const nonce = newNonce()
    const beside = benchmark === undefined ? '' : `&benchmark=${encodeURIComponent(benchmark)}`
    const path = `/enclave/${kind}/${readId(id, 'id')}?nonce=${nonce}${beside}`
    return { answer: await this.#get(path, viewBytesMax), nonce }
  }

  async #checked<View extends MetricsView | SummaryView>(
    view: View,
    nonce: string,
    signingKey: string,
    options: ViewOptions,
  ): Promise<View> {
    const key = fromBase64url(signingKey)
    if (view.key_id !== (await thumbprint(key))) {
      throw new VerificationError(
        'SIGNING_KEY_CHANGED',
        'signed by another key than the one that was appraised',
        {
          hint: 'the enclave may have been started anew: appraise it again (renewAccess)',
        },
      )
    }
    await requireSigned(view, key)
    if (view.request_nonce !== nonce || view.benchmark?.symbol !== options.benchmark) {
      throw new VerificationError('ANSWER_MISMATCH', 'the answer is to another question')
    }
    return view
  }

  async #cleanup(body: object): Promise<{ removed: number }> {
    return readAnswerAs(await this.#post('/enclave/cleanup', body, answerBytesMax), readRemoved)
  }

  async #get(path: string, bytesMax: number): Promise<unknown> {
    return this.#service.request({ method: 'GET', path, answerBytesMax: bytesMax })
  }

  async #post(path: string, body: object, bytesMax: number): Promise<unknown> {
    return this.#service.request({ method: 'POST', path, body, answerBytesMax: bytesMax })
  }
}

async function withOwnership(
  { credentials, signOwnership }: RegisterOptions,
  claimsDigest: string,
  nonce: string,
): Promise<ExchangeCredentials> {
  const wallet = 'wallet_address' in credentials ? credentials.wallet_address : undefined
  const isSigned = 'wallet_signature' in credentials && credentials.wallet_signature !== undefined
  if (wallet === undefined || isSigned || signOwnership === undefined) return credentials
  const signature = await signOwnership(ownershipTypedData(wallet, claimsDigest, nonce))
  return signature === null
    ? credentials
    : { wallet_address: wallet, wallet_signature: signature.toLowerCase() }
}

/** 32 random bytes as base64url: what a quote or a view is asked with. */
export function newNonce(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(32)))
}

/**
 * The claims of an appraisal that holds. A simulated TEE is let pass only where `insecureSimulated` says so, and
 * nothing else with it.
 * @throws {VerificationError | PolicyError}
 */
export function requireTrusted(appraisal: Appraisal, trust: Trust): Claims {
  const allowed = (step: Step): boolean =>
    trust.insecureSimulated === true && step.code === 'TEE_SIMULATED' && step.status === 'warning'
  requireAffirming(appraisal.steps.filter((step) => !allowed(step)))
  if (appraisal.claims === null) throw new VerificationError('CLAIMS_INVALID', 'the claims can not be read')
  return appraisal.claims
}

/**
 * Opens `{"sealed":"…"}`. An answer in clear is refused: it was to be sealed to us, and whoever could read it on its
 * way could have changed who it is for.
 * @throws {VerificationError} `REPLY_NOT_SEALED`, `REPLY_UNREADABLE`
 */
export async function openReply(answer: unknown, replyKey: BoxKeyPair): Promise<unknown> {
  let sealed: Uint8Array
  try {
    const member = readObject(answer, '', { required: ['sealed'] }).sealed
    sealed = fromBase64(readString(member, 'sealed', { max: viewBytesMax }))
  } catch {
    throw new VerificationError('REPLY_NOT_SEALED', 'the answer is not sealed to this client')
  }
  const opened = await openBox(replyKey.publicKey, replyKey.secretKey, sealed)
  if (opened === null) throw new VerificationError('REPLY_UNREADABLE', 'the answer is sealed to another key')
  try {
    return parseJson(opened, { bytesMax: viewBytesMax })
  } catch {
    throw new VerificationError('ANSWER_INVALID', 'the sealed answer is not JSON')
  }
}

function accessOf(receipt: Receipt, replyKey: BoxKeyPair, signingKey: Uint8Array): SessionAccess {
  return {
    sessionId: receipt.session_id,
    viewId: receipt.view_id,
    replyKey: { publicKey: toBase64url(replyKey.publicKey), secretKey: toBase64url(replyKey.secretKey) },
    signingKey: toBase64url(signingKey),
  }
}

function boxKeyOf({ replyKey }: SessionAccess): BoxKeyPair {
  return { publicKey: fromBase64url(replyKey.publicKey), secretKey: fromBase64url(replyKey.secretKey) }
}

/** What does not have the form of an answer is no mistake of the caller's. */
function readAnswerAs<Value, Answer>(answer: Value, parse: (value: Value) => Answer): Answer {
  try {
    return parse(answer)
  } catch (error) {
    const what = error instanceof Error ? `: ${error.message}` : ''
    throw new VerificationError('ANSWER_INVALID', `the answer does not have its form${what}`)
  }
}

async function requireSigned(view: MetricsView | SummaryView | Receipt, key: Uint8Array): Promise<void> {
  if (await verifyView(view, key)) return
  throw new VerificationError(
    'SIGNATURE_INVALID',
    'the answer is not signed by the enclave that was appraised',
  )
}

function readChallenge(value: unknown): Challenge {
  const { challenge, expires_at } = readObject(value, '', { required: ['challenge', 'expires_at'] })
  return { challenge: readNonce(challenge, 'challenge'), expires_at: readInstant(expires_at, 'expires_at') }
}

function readRemoved(value: unknown): { removed: number } {
  const { removed } = readObject(value, '', { required: ['removed'] })
  return { removed: readInteger(removed, 'removed', { min: 0 }) }
}
