import type { FastifyInstance } from 'fastify'
import { PerfAggError } from '@perf-agg/sdk'
import type { EnclaveService } from './service.ts'

const prefix = '/log/'

/**
 * The public log under `/log/` (C2SP tlog-tiles): files to be fetched, cached and mirrored by whoever wants. A path is
 * taken as it was sent: one that is escaped, or has a query, is none of the log's.
 */
export function logRoutes(app: FastifyInstance, service: Pick<EnclaveService, 'published'>): void {
  app.get('/log/*', {
    schema: { hide: true },
    handler: async (request, reply) => {
      const found = await service.published((request.raw.url ?? '').slice(prefix.length))
      if (found === null) throw new PerfAggError('ROUTE_UNKNOWN', 'there is nothing at this path')
      return reply
        .header('content-type', found.type)
        .header('cache-control', found.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
        .header('cross-origin-resource-policy', 'cross-origin')
        .header('access-control-allow-origin', '*')
        .send(found.body)
    },
  })
}
