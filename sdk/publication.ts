import { readInstant } from './bucket.ts'
import { readPseudonym } from './metadata.ts'
import { readBoolean, readNullable, readObject, readString } from './shape.ts'

/** Whether an account's record is shown to everybody, and where. */
export interface Publication {
  readonly account: string
  readonly published: boolean
  /** Statements as they are, not in percentages only; absent of one that is withdrawn. */
  readonly amounts?: boolean
  readonly withdrawn_at?: string | null
  /** Of the page, from the service's own address. */
  readonly path: string
}

/** @throws {InputError} `INPUT_INVALID` */
export function parsePublication(value: unknown): Publication {
  const answer = readObject(value, '', {
    required: ['account', 'published', 'path'],
    optional: ['amounts', 'withdrawn_at'],
  })
  return {
    account: readPseudonym(answer.account, 'account'),
    published: readBoolean(answer.published, 'published'),
    ...(answer.amounts === undefined ? {} : { amounts: readBoolean(answer.amounts, 'amounts') }),
    ...(answer.withdrawn_at === undefined
      ? {}
      : { withdrawn_at: readNullable(answer.withdrawn_at, 'withdrawn_at', readInstant) }),
    path: readString(answer.path, 'path', { max: 256, pattern: /^\/record\/[\w-]+$/, form: 'a path' }),
  }
}
