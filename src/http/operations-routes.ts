import type { FastifyInstance, FastifyRequest } from 'fastify'
import { InputError, parseJsonWithSlice, PerfAggError } from '@perf-agg/sdk'
import type { HttpLimits } from '../limits.ts'
import { isLoopback } from './address.ts'
import { readBody } from './body.ts'
import { healthRoutes } from './health-routes.ts'
import type { Registry } from './metrics.ts'
import { answers } from './openapi.ts'
import * as schema from './schema.ts'
import type { EnclaveService } from './service.ts'

export interface OperationsRoutesOptions {
  readonly service: EnclaveService
  readonly limits: HttpLimits
  readonly registry: Registry
  readonly allowPlainRegistration: boolean
  readonly tls: boolean
}

/** For the operator: health, figures, and registration in clear where it is allowed. */
export function operationsRoutes(app: FastifyInstance, options: OperationsRoutesOptions): void {
  const { service, registry } = options
  healthRoutes(app, service)

  app.get('/metrics', {
    schema: { summary: 'Prometheus' },
    handler: async (_request, reply) => {
      return reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .send(`${service.prometheus()}${registry.text()}`)
    },
  })

  app.get('/status', {
    schema: { summary: 'Queues, gaps, parked deliveries', response: answers({ 200: schema.Status }) },
    handler: async () => service.status(),
  })

  app.register(async (scope) => plainRegistration(scope, options))
}

/** A proxy on this machine brings requests from elsewhere: what it forwards is not from here. */
function fromThisMachine({ raw, headers }: FastifyRequest): boolean {
  const forwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined
  return !forwarded && isLoopback(raw.socket.remoteAddress ?? '')
}

/**
 * Credentials in clear. The body is never parsed into strings here: it goes on as the bytes that came, and they are
 * wiped afterwards. Whether it is allowed is decided before a byte of it is read.
 */
function plainRegistration(app: FastifyInstance, options: OperationsRoutesOptions): void {
  const { service, limits } = options
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    async (_request: FastifyRequest, payload: NodeJS.ReadableStream) =>
      readBody(payload, limits.bodyBytesMax),
  )
  app.post<{ Body: Uint8Array }>('/register', {
    schema: {
      summary: 'Simple registration: not recommended',
      response: answers({ 201: schema.Submitted, 202: schema.Submitted }, [403, 409, 413, 415, 422]),
    },
    onRequest: async (request) => {
      if (!options.allowPlainRegistration) {
        throw new PerfAggError('PLAIN_REGISTRATION_OFF', 'registration in clear is off', {
          hint: 'use perf-agg register, which seals; the operator can allow it with --allow-plain-registration',
        })
      }
      if (!options.tls && !fromThisMachine(request)) {
        throw new PerfAggError('PLAIN_NEEDS_TLS', 'registration in clear needs TLS, or the same machine', {
          hint: 'use https, or perf-agg register, which seals',
        })
      }
    },
    handler: async ({ body }, reply) => {
      if (!(body instanceof Uint8Array)) {
        throw new InputError('MEDIA_TYPE_UNSUPPORTED', 'bodies are taken as application/json')
      }
      try {
        parseJsonWithSlice(body, 'credentials', {
          bytesMax: limits.bodyBytesMax,
          depthMax: limits.jsonDepthMax,
        })
        const { status, body: answer } = await service.registerPlain(body)
        return await reply.code(status).send(answer)
      } finally {
        body.fill(0)
      }
    },
  })
}
