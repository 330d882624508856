import {
  InputError,
  parsePolicy,
  type Policy,
  readBoolean,
  readEnum,
  readNullable,
  readObject,
  readRecord,
  readString,
} from '@perf-agg/sdk'

/** What a page carries beside its code, or where it gets it from: JSON in a script element that nothing runs. */
export interface Carried {
  readonly schema: typeof pageSchema
  /** Of the software that made the page. */
  readonly version: string
  readonly source: CarriedSource
  /** What whoever made the page trusts; null: nothing was said. */
  readonly policy: Policy | null
  readonly insecure_simulated: boolean
}

export type CarriedSource =
  /** The record's bytes, gzip in base64. */
  | { readonly kind: 'inline'; readonly gzip: string }
  /** Pages of a public record, from the enclave that serves the page. */
  | { readonly kind: 'live'; readonly account: string; readonly withdrawn_at: string | null }

export const pageSchema = 'perf-agg/page/v1'
export const carriedId = 'carried'
/** Ten years of hours, packed. */
const gzipCharactersMax = 268_435_456

/** @throws {InputError} `INPUT_INVALID`, `POLICY_INVALID` */
export function parseCarried(value: unknown): Carried {
  const carried = readObject(value, '', {
    required: ['schema', 'version', 'source', 'policy', 'insecure_simulated'],
  })
  return {
    schema: readEnum(carried.schema, 'schema', [pageSchema]),
    version: readString(carried.version, 'version', { min: 1, max: 64 }),
    source: readSource(carried.source),
    policy: readNullable(carried.policy, 'policy', (each) => parsePolicy(each)),
    insecure_simulated: readBoolean(carried.insecure_simulated, 'insecure_simulated'),
  }
}

function readSource(value: unknown): CarriedSource {
  const kind = readEnum(readRecord(value, 'source')['kind'], 'source.kind', ['inline', 'live'])
  if (kind === 'inline') {
    const { gzip } = readObject(value, 'source', { required: ['kind', 'gzip'] })
    return { kind, gzip: readString(gzip, 'source.gzip', { max: gzipCharactersMax }) }
  }
  const source = readObject(value, 'source', { required: ['kind', 'account', 'withdrawn_at'] })
  return {
    kind,
    account: readString(source.account, 'source.account', { max: 64 }),
    withdrawn_at: readNullable(source.withdrawn_at, 'source.withdrawn_at', (each, path) =>
      readString(each, path, { max: 24 }),
    ),
  }
}

/** As it stands in a page: no character in it can end the element. */
export function carriedText(carried: Carried): string {
  return JSON.stringify(carried).replaceAll('<', '\\u003c')
}

/**
 * What a page carries, out of its text.
 * @throws {InputError} `PAGE_INVALID`
 */
export function carriedOf(html: string): { readonly value: unknown; readonly shell: string } {
  const open = `<script type="application/json" id="${carriedId}">`
  const from = html.indexOf(open) + open.length
  const to = html.indexOf('</script>', from)
  if (from < open.length || to < 0)
    throw new InputError('PAGE_INVALID', 'it is no page that carries a record')
  let value: unknown
  try {
    value = JSON.parse(html.slice(from, to)) as unknown
  } catch {
    throw new InputError('PAGE_INVALID', 'what the page carries can not be read')
  }
  return { value, shell: html.slice(0, from) + html.slice(to) }
}
