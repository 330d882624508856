import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify'
import { canonicalize, InputError, parseJson, PerfAggError } from '@perf-agg/sdk'
import type { HttpLimits } from '../limits.ts'
import type { Door } from './door.ts'
import { errorFields, type Log } from './log.ts'
import { problemOf } from './problem.ts'
import { MethodError, refusalHeaders, refuse } from './refusal.ts'
import type { Traffic } from './traffic.ts'

export interface AppOptions {
  readonly name: 'enclave' | 'operations'
  readonly door: Door
  readonly limits: HttpLimits
  readonly log: Log
  readonly traffic: Traffic
  /** Makes the server around the handler. */
  readonly serve: (handler: RequestListener) => Server
}

/**
 * A Fastify instance with everything that both APIs share: the door before it, strict JSON in, canonical JSON out,
 * problems for errors, and no word of a request in the log but its route.
 */
export function newApp(options: AppOptions): FastifyInstance {
  const { door, limits, log, traffic } = options
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    routerOptions: { maxParamLength: 128, caseSensitive: true },
    exposeHeadRoutes: true,
    return503OnClosing: false,
    // nothing is bent into shape: what does not fit is refused
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false },
    },
    clientErrorHandler: () => {},
    frameworkErrors: (error, _request, reply) => {
      refuse(reply.raw, told(error))
    },
    serverFactory: (handler) =>
      options.serve((request, response) => {
        if (admitted(request, response)) handler(request, response)
      }),
  })

  function admitted(request: IncomingMessage, response: ServerResponse): boolean {
    const headers = door.headers(request)
    for (const name in headers) response.setHeader(name, headers[name]!)
    try {
      door.admit(request)
    } catch (error) {
      traffic.refused(options.name, error)
      refuse(response, error)
      return false
    }
    return !door.preflight(request, response)
  }

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      checkCharset(request)
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      done(null, parseJson(bytes, { bytesMax: limits.bodyBytesMax, depthMax: limits.jsonDepthMax }))
    } catch (error) {
      done(error instanceof Error ? error : new Error('not JSON'))
    }
  })

  // answers are canonical JSON: nothing is left out or rounded by a schema on the way
  app.setSerializerCompiler(() => canonicalize)
  app.setReplySerializer(canonicalize)

  const methods: { pattern: RegExp; method: string }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`)
    for (const each of [method].flat()) methods.push({ pattern, method: each })
  })

  // before a body is read: it does not matter what is sent to where nothing is
  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.is404) return done()
    const path = request.url.split('?')[0] ?? ''
    const allow = methods.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
    done(
      allow.length > 0
        ? new MethodError([...new Set(allow)].toSorted())
        : new PerfAggError('ROUTE_UNKNOWN', 'there is nothing at this path'),
    )
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
    traffic.answered(options.name, request.method, route, reply.statusCode, reply.elapsedTime)
    done()
  })

  app.setErrorHandler((error: FastifyError | PerfAggError, request, reply) => {
    const refusal = told(error)
    if (refusal instanceof PerfAggError) traffic.refused(options.name, refusal)
    else
      log.error('request-failed', {
        listener: options.name,
        route: request.routeOptions.url,
        ...errorFields(error),
      })
    const problem = problemOf(refusal)
    if (problem.code === 'SESSION_UNKNOWN') door.charge(request.raw, limits.unknownSessionCost - 1)
    return reply
      .code(problem.status)
      .headers(refusalHeaders(refusal))
      .send(Buffer.from(JSON.stringify(problem)))
  })
  return app
}

/** Fastify's errors as ours; what is neither stays what it is, and is told as `INTERNAL`. */
function told(error: FastifyError | Error): Error {
  if (error instanceof PerfAggError) return error
  if ('validation' in error && Array.isArray(error.validation)) return invalid(error)
  switch ('code' in error ? error.code : undefined) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new InputError('BODY_TOO_LARGE', 'the body is too large')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new InputError('MEDIA_TYPE_UNSUPPORTED', 'bodies are taken as application/json')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new InputError('REQUEST_MALFORMED', 'the body is not as long as it says')
    case 'ECONNRESET':
      // the client went away in the middle of its body: that is no fault of ours to be logged
      return new InputError('REQUEST_MALFORMED', 'the request broke off')
    case 'FST_ERR_BAD_URL':
      return new InputError('TARGET_REFUSED', 'the path is not well-formed')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new InputError('ROUTE_UNKNOWN', 'there is nothing at this path')
    default:
      return error
  }
}

/** The first thing that does not fit its schema; its place is said, what stood there is not. */
function invalid(error: FastifyError): InputError {
  const [first] = error.validation ?? []
  const where = `${error.validationContext ?? 'request'}${(first?.instancePath ?? '').replaceAll('/', '.')}`
  const member: unknown = first?.params.additionalProperty
  if (typeof member === 'string') {
    const shown = /^[A-Za-z0-9_.-]{1,64}$/.test(member) ? ` ${member}` : ''
    return new InputError('INPUT_INVALID', `${where} has an unknown member${shown}`)
  }
  return new InputError('INPUT_INVALID', `${where} ${first?.message ?? 'is not as it must be'}`)
}

function checkCharset(request: FastifyRequest): void {
  const parameters = (request.headers['content-type'] ?? '').split(';').slice(1)
  for (const parameter of parameters) {
    if (/^\s*charset\s*=\s*"?utf-8"?\s*$/i.test(parameter) || parameter.trim() === '') continue
    throw new InputError('MEDIA_TYPE_UNSUPPORTED', 'JSON is taken in UTF-8 and without parameters')
  }
}
