import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { PerfAggError, toInstant } from '@perf-agg/sdk'
import { pageAssets } from '../page/assets.ts'
import { badgeOf } from '../page/badge.ts'
import { pageSchema } from '../page/carried.ts'
import { pictureOf } from '../page/picture.ts'
import { contentPolicy, pageOf } from '../page/shell.ts'
import { previewOf, type PublicSummary } from '../page/summary.ts'
import { recordPlace } from './enclave-routes.ts'
import { answers } from './openapi.ts'
import { RateError, type Rate } from './rate.ts'
import * as schema from './schema.ts'
import type { EnclaveService } from './service.ts'

export interface RecordRoutesOptions {
  readonly service: Pick<EnclaveService, 'publicRecord' | 'publicSummary'>
  /** For all clients together. */
  readonly records: Rate
  readonly version: string
  readonly tls: boolean
  /** Monotonic. */
  readonly uptimeMs: () => number
}

/**
 * What everybody may see of an account whose owner wants it so: the page, the record behind it, a badge and a picture.
 * An account that is unknown and one that is not shown are answered alike.
 */
export function recordRoutes(app: FastifyInstance, options: RecordRoutesOptions): void {
  const { service } = options
  const media = (type: string, description: string) => ({
    200: { description, content: { [type]: { schema: { type: 'string' } } } },
  })

  app.get<{ Params: { account: string } }>('/record/:account', {
    schema: {
      summary: 'The page of a public record: it verifies itself',
      response: answers(media('text/html', 'The page') as never, [404]),
    },
    handler: async (request, reply) => {
      const summary = await summaryOf(options, request)
      const assets = pageAssets()
      const base = `${baseOf(request, options.tls)}/record/${summary.account}`
      const page = pageOf(
        assets,
        {
          schema: pageSchema,
          version: options.version,
          source: {
            kind: 'live',
            account: summary.account,
            withdrawn_at: summary.withdrawnAtMs === null ? null : toInstant(summary.withdrawnAtMs),
          },
          policy: null,
          insecure_simulated: true,
        },
        previewOf(summary, base),
      )
      reply.header('content-security-policy', `${contentPolicy(assets, true)}; frame-ancestors 'none'`)
      return send(reply, 'text/html; charset=utf-8', 60, page)
    },
  })

  app.get<{ Params: { account: string }; Querystring: Static<typeof schema.RecordQuery> }>(
    '/record/:account.json',
    {
      schema: {
        summary: 'A public record, a page at a time',
        querystring: schema.RecordQuery,
        response: answers({ 200: schema.PublicRecordPage }, [404]),
      },
      handler: async ({ params, query }, reply) => {
        spend(options)
        const page = await service.publicRecord(checkedAccount(params.account), recordPlace(query))
        if (page === null) throw unknown()
        return reply
          .header('cache-control', 'public, max-age=30')
          .header('cross-origin-resource-policy', 'cross-origin')
          .header('access-control-allow-origin', '*')
          .send(page)
      },
    },
  )

  app.get<{ Params: { account: string } }>('/record/:account/badge.svg', {
    schema: {
      summary: 'A badge that says when it has gone stale or was withdrawn',
      response: answers(media('image/svg+xml', 'The badge') as never, [404]),
    },
    handler: async (request, reply) =>
      send(reply, 'image/svg+xml; charset=utf-8', 300, badgeOf(await summaryOf(options, request))),
  })

  app.get<{ Params: { account: string } }>('/record/:account/og.png', {
    schema: {
      summary: 'The picture of a link’s preview, 1200 × 630',
      response: answers(media('image/png', 'The picture') as never, [404]),
    },
    handler: async (request, reply) =>
      send(reply, 'image/png', 600, drawn(await summaryOf(options, request))),
  })
}

async function summaryOf(
  options: RecordRoutesOptions,
  request: FastifyRequest<{ Params: { account: string } }>,
): Promise<PublicSummary> {
  spend(options)
  const summary = await options.service.publicSummary(checkedAccount(request.params.account))
  if (summary === null) throw unknown()
  return summary
}

const pictures = new WeakMap<PublicSummary, Buffer>()

/** Drawn once for as long as the daemon says the same. */
function drawn(summary: PublicSummary): Buffer {
  const known = pictures.get(summary) ?? Buffer.from(pictureOf(summary))
  pictures.set(summary, known)
  return known
}

/** Others may show it on their pages, for so long. */
function send(reply: FastifyReply, type: string, maxAgeS: number, body: string | Buffer): FastifyReply {
  return reply
    .header('content-type', type)
    .header('cache-control', `public, max-age=${maxAgeS}, must-revalidate`)
    .header('cross-origin-resource-policy', 'cross-origin')
    .send(Buffer.from(body))
}

/** @throws {PerfAggError} RECORD_UNKNOWN for what can't be a pseudonym */
function checkedAccount(account: string): string {
  if (!/^[A-Za-z0-9_-]{43}$/.test(account)) throw unknown()
  return account
}

function unknown(): PerfAggError {
  return new PerfAggError('RECORD_UNKNOWN', 'there is no public record at this address')
}

/** @throws {RateError} QUOTA_EXHAUSTED */
function spend({ records, uptimeMs }: RecordRoutesOptions): void {
  const waitMs = records.take(uptimeMs())
  if (waitMs > 0) throw new RateError('QUOTA_EXHAUSTED', waitMs)
}

/** Where the reader is, as they wrote it: a name that is no loopback is behind TLS, ours or a proxy's. */
function baseOf({ host }: FastifyRequest, tls: boolean): string {
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host)
  return `${local && !tls ? 'http' : 'https'}://${host}`
}
