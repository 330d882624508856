import { InputError, PerfAggError, UnreachableError, VerificationError } from './errors.ts'
import { parseJson } from './json.ts'

/** The enclave said no: its own code, message and hint, as far as they have the form of such. */
export class ServiceError extends PerfAggError {
  override readonly name = 'ServiceError'
  /** Of HTTP. */
  readonly status: number
  /** What `Retry-After` asked for; null where it asked for nothing. */
  readonly retryAfterMs: number | null

  constructor(
    code: string,
    message: string,
    options: { status: number; retryAfterMs: number | null; hint?: string | undefined },
  ) {
    const { status, retryAfterMs, hint } = options
    const passes = status === 408 || status === 429 || status >= 500
    super(code, message, { action: passes ? 'retry' : 'fix', ...(hint === undefined ? {} : { hint }) })
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

export interface ServiceOptions {
  /** The enclave API: `https://enclave.example` or `http://127.0.0.1:3000`. */
  readonly serviceUrl: string | URL
  /** For tests and proxies; the platform's unless given. */
  readonly fetch?: typeof fetch
  /** For a whole request; registering asks the exchange and may take 15 s. */
  readonly timeoutMs?: number
}

export interface ServiceRequest {
  readonly method: 'GET' | 'POST'
  /** Starts with `/`; nothing in it is trusted to be an id that wasn't checked. */
  readonly path: string
  readonly body?: object
  readonly answerBytesMax: number
}

const timeoutDefaultMs = 30_000
const problemBytesMax = 65_536

/**
 * Speaks HTTP with an enclave, and judges nothing: answers come back as strictly parsed JSON, bounded in size and
 * time; refusals are thrown. Redirects are never followed, cookies never sent.
 */
export class Service {
  readonly #url: URL
  readonly #fetch: typeof fetch
  readonly #timeoutMs: number

  /** @throws {InputError} `SERVICE_URL_INVALID` */
  constructor(options: ServiceOptions) {
    this.#url = readServiceUrl(options.serviceUrl)
    const given = options.fetch
    // Called free-standing: browsers refuse to run it as a method of something else.
    this.#fetch = given ?? ((input, init) => fetch(input, init))
    this.#timeoutMs = options.timeoutMs ?? timeoutDefaultMs
  }

  /**
   * @throws {ServiceError} with the code the enclave gave
   * @throws {UnreachableError} `SERVICE_UNREACHABLE`, `SERVICE_TIMEOUT`
   * @throws {VerificationError} `ANSWER_INVALID`: not what this service answers
   */
  async request(request: ServiceRequest): Promise<unknown> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    let response: Response
    let body: Uint8Array | null
    try {
      response = await this.#send(request, timeout)
      body = await readBody(response, response.ok ? request.answerBytesMax : problemBytesMax)
    } catch (error) {
      if (error instanceof PerfAggError) throw error
      if (timeout.aborted) {
        throw new UnreachableError('SERVICE_TIMEOUT', `no answer within ${this.#timeoutMs / 1_000} s`)
      }
      // The platform's own words may hold the address with a session's id in it.
      throw new UnreachableError('SERVICE_UNREACHABLE', `${this.#url.origin} can not be reached`, {
        hint: 'check the address, and that the service is running',
      })
    }
    if (!response.ok) throw problemOf(response, body)
    if (body === null) throw new VerificationError('ANSWER_INVALID', 'the answer is too large')
    return readAnswer(body, request.answerBytesMax)
  }

  async #send({ method, path, body }: ServiceRequest, signal: AbortSignal): Promise<Response> {
    const base = this.#url.href.replace(/\/$/, '')
    const response = await this.#fetch(`${base}${path}`, {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal,
    })
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel()
      throw new VerificationError(
        'ANSWER_REDIRECTED',
        'the service sends us elsewhere, which it never does',
        {
          hint: 'check the address; give the one of the enclave itself',
        },
      )
    }
    return response
  }
}

function readServiceUrl(given: string | URL): URL {
  let url: URL | null
  try {
    url = new URL(given)
  } catch {
    url = null
  }
  const plain =
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  if (url !== null && plain) return url
  throw new InputError('SERVICE_URL_INVALID', 'not the address of a service', {
    hint: 'write it like https://enclave.example or http://127.0.0.1:3000',
  })
}

/** Null where it is longer than `bytesMax`: what comes after is not read. */
async function readBody(response: Response, bytesMax: number): Promise<Uint8Array | null> {
  if (response.body === null) return new Uint8Array()
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > bytesMax) {
      await reader.cancel()
      return null
    }
    chunks.push(value)
  }
  const body = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.length
  }
  return body
}

function readAnswer(body: Uint8Array, bytesMax: number): unknown {
  try {
    return parseJson(body, { bytesMax })
  } catch {
    throw new VerificationError('ANSWER_INVALID', 'the answer is not JSON', {
      hint: 'check the address: something else may be answering there',
    })
  }
}

const codePattern = /^[A-Z][A-Z0-9_]{2,63}$/

/** RFC 9457. Another's text: taken only where it is short and printable. */
function problemOf(response: Response, body: Uint8Array | null): ServiceError {
  const status = response.status
  const retryAfterMs = retryAfterOf(response.headers.get('retry-after'))
  let problem: Readonly<Record<string, unknown>> = {}
  try {
    const parsed = body === null ? null : parseJson(body)
    if (typeof parsed === 'object' && parsed !== null) problem = parsed as Readonly<Record<string, unknown>>
  } catch {
    // A proxy's page, perhaps: the status says all there is.
  }
  const { code, detail, hint } = problem
  return typeof code === 'string' && codePattern.test(code)
    ? new ServiceError(code, printable(detail) ?? `the service answered ${status}`, {
        status,
        retryAfterMs,
        hint: printable(hint),
      })
    : new ServiceError('SERVICE_REFUSED', `the service answered ${status}`, { status, retryAfterMs })
}

function printable(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x7e\u00a0-\uffff]{1,500}$/.test(value) ? value : undefined
}

function retryAfterOf(header: string | null): number | null {
  return header !== null && /^\d{1,7}$/.test(header) ? Number(header) * 1_000 : null
}
