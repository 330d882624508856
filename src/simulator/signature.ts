import { timingSafeEqual } from 'node:crypto'

/**
 * Whether a signature is the expected one. The comparison in constant time throws where the lengths differ, and who calls
 * may send any.
 */
export function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
