import {
  InputError,
  absolute,
  compare,
  instantMaxMs,
  instantMinMs,
  parseDecimal,
  signOf,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'

/** Why an entry may not pass; the caller puts it into quarantine. */
export class Refusal extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

/** No coin has ever been counted beyond this; a larger amount is an attack on the arithmetic. */
const amountMax: Decimal = { digits: 10n ** 30n, scale: 0 }
const assetPattern = /^[^\s\p{C}]{1,40}$/u
const symbolPattern = /^[^\s\p{C}]{1,80}$/u
const idPattern = /^[^\p{C}]{1,120}$/u

export function readAmount(text: unknown): Decimal {
  if (typeof text !== 'string') throw new Refusal('amount-not-text')
  try {
    const amount = parseDecimal(text)
    if (compare(absolute(amount), amountMax) > 0) throw new Refusal('amount-too-large')
    return amount
  } catch (error) {
    if (error instanceof InputError) throw new Refusal('amount-not-a-number')
    throw error
  }
}

export function readPositive(text: unknown): Decimal {
  const amount = readAmount(text)
  if (signOf(amount) <= 0) throw new Refusal('amount-not-positive')
  return amount
}

export function readNotNegative(text: unknown): Decimal {
  const amount = readAmount(text)
  if (signOf(amount) < 0) throw new Refusal('amount-negative')
  return amount
}

/** Nothing has happened yet that is stamped later than `latestMs`. */
export function readInstant(atMs: unknown, latestMs: number): number {
  if (typeof atMs !== 'number' || !Number.isSafeInteger(atMs)) throw new Refusal('time-not-an-integer')
  if (atMs < instantMinMs || atMs >= instantMaxMs) throw new Refusal('time-out-of-range')
  if (atMs > latestMs) throw new Refusal('time-in-future')
  return atMs
}

function readText(text: unknown, pattern: RegExp, reason: string): string {
  if (typeof text !== 'string' || !pattern.test(text)) throw new Refusal(reason)
  return text
}

export const readAsset = (text: unknown): string => readText(text, assetPattern, 'asset-not-a-code')
export const readSymbol = (text: unknown): string => readText(text, symbolPattern, 'symbol-not-a-name')
export const readId = (text: unknown): string => readText(text, idPattern, 'id-not-a-name')

export function readOneOf<T extends string>(text: unknown, values: readonly T[], reason: string): T {
  const found = values.find((value) => value === text)
  if (found === undefined) throw new Refusal(reason)
  return found
}
