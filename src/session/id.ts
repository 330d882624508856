import { createHash, randomBytes } from 'node:crypto'

/**
 * Session and view ids are bearer secrets: 256 random bits, shown once, kept only as their hash. Looking a hash up
 * takes the same time whatever the id is, so that no answer tells how much of a guess was right.
 */
export const idPattern = /^[A-Za-z0-9_-]{22,64}$/

export function newId(): string {
  return randomBytes(32).toString('base64url')
}

export function hashOfId(id: string): string {
  return createHash('sha256').update('perf-agg/id/v1\0').update(id).digest('hex')
}
