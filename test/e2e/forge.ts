import {
  claimsDigestOf,
  clientSignedBytes,
  credentialsSchema,
  fromBase64url,
  newNonce,
  parseQuote,
  type Quote,
  sealBox,
  type SigningKey,
  toBase64,
  toInstant,
  utf8,
} from '@perf-agg/sdk'

/** Sealed submissions that are wrong in one place: the client of the sdk would never send them. */

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

export async function ask(url: string, path: string, body?: unknown): Promise<Answer> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url + path, init)
  const text = await response.text()
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
}

export interface Shown {
  readonly nonce: string
  readonly claimsDigest: string
  /** X25519 */
  readonly boxKey: Uint8Array
}

export async function quoteOf(url: string, nonce: string = newNonce()): Promise<Shown> {
  const quote: Quote = parseQuote((await ask(url, `/attestation/quote?nonce=${nonce}`)).body)
  const claims = JSON.parse(new TextDecoder().decode(fromBase64url(quote.claims))) as {
    enc_key: { x: string }
  }
  return { nonce, claimsDigest: await claimsDigestOf(quote), boxKey: fromBase64url(claims.enc_key.x) }
}

export interface Forgery {
  readonly nowMs?: number
  readonly exchange?: string
  readonly credentials?: object
  readonly clientKey?: SigningKey
  /** Members that replace those of a sound payload; undefined leaves one out. */
  readonly change?: Readonly<Record<string, unknown>>
}

let clients = 0

/** The plaintext of a box that would be taken, but for what is to be wrong. */
export async function payloadOf(shown: Shown, forgery: Forgery = {}): Promise<Record<string, unknown>> {
  const { clientKey } = forgery
  const signed =
    clientKey === undefined
      ? {}
      : {
          client_key: toBase64(clientKey.publicKey),
          client_signature: toBase64(
            await clientKey.sign(clientSignedBytes(shown.claimsDigest, shown.nonce)),
          ),
        }
  return {
    schema: credentialsSchema,
    claims_digest: shown.claimsDigest,
    nonce: shown.nonce,
    issued_at: toInstant(forgery.nowMs ?? Date.now()),
    // each a self-reported account of its own
    client_id: `client-${(clients += 1)}`,
    label: 'main',
    exchange: forgery.exchange ?? 'mock',
    credentials: forgery.credentials ?? {},
    ...signed,
    ...forgery.change,
  }
}

export async function boxOf(shown: Shown, plaintext: unknown): Promise<Uint8Array> {
  const text = typeof plaintext === 'string' ? plaintext : JSON.stringify(plaintext)
  return sealBox(shown.boxKey, utf8(text))
}

export async function submit(url: string, box: Uint8Array): Promise<Answer> {
  return ask(url, '/enclave/submit_key', { sealed: toBase64(box) })
}

/** Quote, payload, box and submission in one. */
export async function register(url: string, forgery: Forgery = {}): Promise<Answer> {
  const shown = await quoteOf(url)
  return submit(url, await boxOf(shown, await payloadOf(shown, forgery)))
}
