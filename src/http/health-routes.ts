import type { FastifyInstance } from 'fastify'
import { Health } from './schema.ts'
import type { EnclaveService } from './service.ts'

/** For whoever keeps the process running; both APIs have them. */
export function healthRoutes(app: FastifyInstance, service: EnclaveService): void {
  app.get('/livez', {
    schema: { summary: 'Does it live?', response: { 200: Health, 503: Health } },
    handler: async (_request, reply) => {
      const live = service.live()
      return reply.code(live ? 200 : 503).send({ status: live ? 'ok' : 'failed' })
    },
  })
  app.get('/readyz', {
    schema: { summary: 'Can it take sessions and state hours?', response: { 200: Health, 503: Health } },
    handler: async (_request, reply) => {
      const { ready, checks, capacity } = service.ready()
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? 'ok' : 'failed', checks, ...(capacity === undefined ? {} : { capacity }) })
    },
  })
}
