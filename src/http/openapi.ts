import type { FastifyInstance } from 'fastify'
import swagger from '@fastify/swagger'
import type { TSchema } from 'typebox'
import { problemMediaType } from './problem.ts'
import { Problem } from './schema.ts'

/** The routes of an app as an OpenAPI 3.1 document, out of the very schemas that requests are held to. */
export async function describeApi(
  app: FastifyInstance,
  about: { title: string; version: string },
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        ...about,
        description:
          'Sealed exchange credentials in, signed track records out. Errors are application/problem+json with a stable code.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
    },
  })
}

/** The answers of a route: those given, and problems for the statuses from 400. */
export function answers(
  good: Readonly<Record<number, TSchema>>,
  refusals: readonly number[] = [],
): Record<string, unknown> {
  const problem = { description: 'Refused', content: { [problemMediaType]: { schema: Problem } } }
  const statuses = [...new Set([400, 429, 500, 503, ...refusals])]
  return { ...good, ...Object.fromEntries(statuses.map((status) => [status, problem])) }
}
