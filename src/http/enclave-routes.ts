import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { fromBase64, InputError, PerfAggError } from '@perf-agg/sdk'
import type { HttpLimits } from '../limits.ts'
import { healthRoutes } from './health-routes.ts'
import { answers } from './openapi.ts'
import { RateError, type Rate } from './rate.ts'
import * as schema from './schema.ts'
import type { EnclaveService, EndRequest, Submission } from './service.ts'
import { checkedId } from './session-id.ts'

export interface EnclaveRoutesOptions {
  readonly service: EnclaveService
  readonly limits: HttpLimits
  /** For all clients together. */
  readonly boxes: Rate
  readonly quotes: Rate
  /** Monotonic. */
  readonly uptimeMs: () => number
}

/** What clients, verifiers and browsers talk to. */
export function enclaveRoutes(app: FastifyInstance, options: EnclaveRoutesOptions): void {
  const { service } = options
  healthRoutes(app, service)

  app.get<{ Querystring: Static<typeof schema.QuoteQuery> }>('/attestation/quote', {
    schema: {
      summary: 'Evidence of what runs here',
      querystring: schema.QuoteQuery,
      response: answers({ 200: schema.Quote }),
    },
    handler: async ({ query }) => {
      spend(options.quotes, options.uptimeMs())
      return service.quote(query.nonce ?? null)
    },
  })

  app.post<{ Body: Static<typeof schema.SealedBody> }>('/enclave/submit_key', {
    schema: {
      summary: 'Hand sealed credentials in',
      body: schema.SealedBody,
      response: answers({ 201: schema.Submitted, 202: schema.Submitted }, [403, 409, 413, 415, 422]),
    },
    handler: async ({ body }, reply) => {
      spend(options.boxes, options.uptimeMs())
      const { status, body: answer } = await submit(service, body.sealed, options.limits.boxRefusalMs)
      return reply.code(status).send(answer)
    },
  })

  app.get<{ Params: { sessionId: string }; Querystring: Static<typeof schema.ViewQuery> }>(
    '/enclave/metrics/:sessionId',
    {
      schema: {
        summary: 'The owner’s figures',
        querystring: schema.ViewQuery,
        response: answers({ 200: schema.Metrics }, [404, 409]),
      },
      handler: async ({ params, query }) =>
        service.metrics(checkedId(params.sessionId), query.nonce ?? null, query.benchmark ?? null),
    },
  )

  app.get<{ Params: { id: string }; Querystring: Static<typeof schema.ViewQuery> }>('/enclave/summary/:id', {
    schema: {
      summary: 'What may be shown to others, by session id or view id',
      querystring: schema.ViewQuery,
      response: answers({ 200: schema.Summary }, [404, 409]),
    },
    handler: async ({ params, query }) =>
      service.summary(checkedId(params.id), query.nonce ?? null, query.benchmark ?? null),
  })

  app.get<{ Params: { sessionId: string }; Querystring: Static<typeof schema.RecordQuery> }>(
    '/enclave/record/:sessionId',
    {
      schema: {
        summary: 'The owner’s record, a page at a time: statements with their places in the log',
        querystring: schema.RecordQuery,
        response: answers({ 200: schema.RecordPage }, [404, 409]),
      },
      handler: async ({ params, query }) => service.record(checkedId(params.sessionId), recordPlace(query)),
    },
  )

  app.post<{ Body: Static<typeof schema.SessionBody> }>('/enclave/challenge', {
    schema: {
      summary: 'What the client key signs to end, publish or unpublish',
      body: schema.SessionBody,
      response: answers({ 200: schema.Challenge }, [404, 413, 415]),
    },
    handler: async ({ body }) => service.challenge(checkedId(body.session_id)),
  })

  app.post<{ Body: Static<typeof schema.CleanupBody> }>('/enclave/cleanup', {
    schema: {
      summary: 'Remove sessions past their time, or end one now',
      body: schema.CleanupBody,
      response: answers({ 200: schema.Removed }, [403, 404, 413, 415]),
    },
    handler: async ({ body }) => {
      const end = endRequest(body)
      return end === null ? service.cleanup() : service.end(end)
    },
  })

  app.post<{ Body: Static<typeof schema.PublishBody> }>('/enclave/publish', {
    schema: {
      summary: 'Show the account’s record to everybody from now on',
      body: schema.PublishBody,
      response: answers({ 200: schema.Publication }, [403, 404, 409, 413, 415]),
    },
    handler: async ({ body }) => service.publish({ ...provenRequest(body), amounts: body.amounts === true }),
  })

  app.post<{ Body: Static<typeof schema.UnpublishBody> }>('/enclave/unpublish', {
    schema: {
      summary: 'Show nothing more of it; what was shown stays',
      body: schema.UnpublishBody,
      response: answers({ 200: schema.Publication }, [403, 404, 409, 413, 415]),
    },
    handler: async ({ body }) => service.unpublish(provenRequest(body)),
  })

  app.get('/.well-known/jwks.json', {
    schema: {
      summary: 'Statement keys, current and past (RFC 7517)',
      response: answers({ 200: schema.Jwks }),
    },
    handler: async (_request, reply) =>
      reply.header('cache-control', 'public, max-age=60').send(await service.jwks()),
  })

  app.get('/openapi.json', {
    schema: { hide: true },
    handler: async (_request, reply) => {
      return reply
        .header('cache-control', 'public, max-age=300')
        .header('content-type', 'application/json; charset=utf-8')
        .send(JSON.stringify(app.swagger()))
    },
  })
}

/**
 * A box that does not open is answered after one time for every cause, so that how long it took tells nothing of how
 * far it came.
 */
async function submit(service: EnclaveService, sealed: string, refusalMs: number): Promise<Submission> {
  const floor = pause(refusalMs)
  try {
    return await service.submit(boxOf(sealed))
  } catch (error) {
    if (error instanceof PerfAggError && error.code === 'BOX_REFUSED') await floor
    throw error
  }
}

function boxOf(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw new PerfAggError('BOX_REFUSED', 'not base64')
  }
}

/** @throws RateError QUOTA_EXHAUSTED */
function spend(quota: Rate, nowMs: number): void {
  const waitMs = quota.take(nowMs)
  if (waitMs > 0) throw new RateError('QUOTA_EXHAUSTED', waitMs)
}

/** @throws InputError INPUT_INVALID for a proof without a session, or half of one */
function endRequest(body: Static<typeof schema.CleanupBody>): EndRequest | null {
  const { session_id: sessionId } = body
  if (sessionId !== undefined) return provenRequest({ ...body, session_id: sessionId })
  if (body.challenge === undefined && body.client_signature === undefined) return null
  throw new InputError('INPUT_INVALID', 'body.session_id is missing')
}

function provenRequest(body: Static<typeof schema.UnpublishBody>): EndRequest {
  const { challenge, client_signature: signature } = body
  if ((challenge === undefined) !== (signature === undefined)) {
    throw new InputError('INPUT_INVALID', 'body.challenge and body.client_signature belong together')
  }
  const session_id = checkedId(body.session_id)
  return challenge === undefined || signature === undefined
    ? { session_id }
    : { session_id, challenge, client_signature: signature }
}

/** Both say where a page begins, or none does. */
export function recordPlace({
  after,
  size,
}: Static<typeof schema.RecordQuery>): { afterSequence: number; size: number } | null {
  if (after === undefined && size === undefined) return null
  if (after === undefined || size === undefined) {
    throw new InputError('INPUT_INVALID', 'after and size go together')
  }
  return { afterSequence: Number(after), size: Number(size) }
}
