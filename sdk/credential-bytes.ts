import { InputError } from './errors.ts'

/**
 * Checks the `credentials` member as bytes: which members, how long, which characters. Its grammar was checked
 * before. No string of a secret is made here, and no message says more than a member's name.
 */
type Kind = 'key' | 'secret' | 'passphrase' | 'address' | 'signature'

interface Rule {
  readonly kind: Kind
  /** Decoded characters. */
  readonly min: number
  readonly max: number
  readonly required: boolean
}

type Rules = Readonly<Record<string, Rule>>

// The longest known are PEM keys: 227 characters for P-256, 1,700 for RSA 2048, 3,300 for RSA 4096.
const apiKey: Rule = { kind: 'key', min: 1, max: 512, required: true }
const secret: Rule = { kind: 'secret', min: 1, max: 4_096, required: true }
const passphrase: Rule = { kind: 'passphrase', min: 1, max: 256, required: false }

const keyRules: Rules = { api_key: apiKey, secret, passphrase }
const passphraseRules: Rules = { ...keyRules, passphrase: { ...passphrase, required: true } }
const walletRules: Rules = {
  wallet_address: { kind: 'address', min: 42, max: 42, required: true },
  wallet_signature: { kind: 'signature', min: 132, max: 132, required: false },
}
const selfReportedRules: Rules = {
  api_key: { ...apiKey, required: false },
  secret: { ...secret, required: false },
  passphrase,
}

const rulesByExchange: ReadonlyMap<string, Rules> = new Map([
  ['bitget', passphraseRules],
  ['kucoin', passphraseRules],
  ['okx', passphraseRules],
  ['hyperliquid', walletRules],
  ['mock', selfReportedRules],
  ['push', selfReportedRules],
])

/** The names of the members an exchange's credentials have, those it needs first. */
export function credentialMembers(exchange: string): {
  required: readonly string[]
  optional: readonly string[]
} {
  const rules = Object.entries(rulesByExchange.get(exchange) ?? keyRules)
  const names = (required: boolean): string[] =>
    rules.filter(([, rule]) => rule.required === required).map(([name]) => name)
  return { required: names(true), optional: names(false) }
}

/** @throws {InputError} `CREDENTIALS_INVALID` */
export function checkCredentialBytes(slice: Uint8Array, exchange: string): void {
  const rules = rulesByExchange.get(exchange) ?? keyRules
  const seen = new Set<string>()
  let at = afterSpace(slice, 0)
  if (slice[at] !== 0x7b) throw refuse('credentials must be an object')
  at = afterSpace(slice, at + 1)
  while (at < slice.length && slice[at] !== 0x7d) {
    const nameEnd = endOfString(slice, at)
    const name = Object.keys(rules).find((known) => isText(slice, at + 1, nameEnd - 1, known))
    if (name === undefined) throw refuse('credentials have a member this exchange does not take', exchange)
    if (seen.has(name)) throw refuse(`credentials.${name} is there twice`)
    seen.add(name)
    at = afterSpace(slice, afterSpace(slice, nameEnd) + 1)
    if (slice[at] !== 0x22) throw refuse(`credentials.${name} must be a string`)
    const valueEnd = endOfString(slice, at)
    checkValue(slice, at + 1, valueEnd - 1, name, rules[name]!)
    at = afterSpace(slice, valueEnd)
    if (slice[at] === 0x2c) at = afterSpace(slice, at + 1)
  }
  for (const [name, rule] of Object.entries(rules)) {
    if (rule.required && !seen.has(name)) throw refuse(`credentials.${name} is missing`, exchange)
  }
  if (seen.has('api_key') !== seen.has('secret')) throw refuse('credentials need both api_key and secret')
}

function refuse(message: string, exchange?: string): InputError {
  if (exchange === undefined) return new InputError('CREDENTIALS_INVALID', message)
  const { required, optional } = credentialMembers(exchange)
  const needs = required.length === 0 ? 'nothing' : required.join(' and ')
  return new InputError('CREDENTIALS_INVALID', message, {
    hint: `it needs ${needs}${optional.length === 0 ? '' : ` and takes ${optional.join(' and ')}`}`,
  })
}

function afterSpace(bytes: Uint8Array, start: number): number {
  let at = start
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1
  return at
}

/** Past the closing quote of the string that opens at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1
  return at + 1
}

function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false
  }
  return true
}

function checkValue(bytes: Uint8Array, start: number, end: number, name: string, rule: Rule): void {
  let length = 0
  for (let at = start; at < end; length += 1) {
    let unit = bytes[at]!
    at += 1
    if (unit === 0x5c) {
      const escaped = bytes[at]!
      unit = escaped === 0x75 ? hex4(bytes, at + 1) : (simpleEscapes.get(escaped) ?? escaped)
      at += escaped === 0x75 ? 5 : 1
    }
    if (!isAllowed(unit, length, rule.kind))
      throw refuse(`credentials.${name} holds a character it can not have`)
  }
  if (length < rule.min || length > rule.max) {
    const must = rule.min === rule.max ? `${rule.min}` : `${rule.min} to ${rule.max}`
    throw refuse(`credentials.${name} must be ${must} characters long`)
  }
}

const simpleEscapes: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

function hex4(bytes: Uint8Array, start: number): number {
  let value = 0
  for (let at = start; at < start + 4; at += 1) {
    const byte = bytes[at]!
    value = value * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
  }
  return value
}

/** Header values and URLs are made of them: no control characters, and line ends only where a PEM key has them. */
function isAllowed(unit: number, index: number, kind: Kind): boolean {
  if (unit > 0x7e) return false
  switch (kind) {
    case 'key':
      return unit > 0x20
    case 'passphrase':
      return unit >= 0x20
    case 'secret':
      return unit >= 0x20 || unit === 0x0a || unit === 0x0d
    default: {
      // 0x, then hexadecimal digits
      if (index < 2) return unit === (index === 0 ? 0x30 : 0x78)
      const letter = unit | 0x20
      return (unit >= 0x30 && unit <= 0x39) || (letter >= 0x61 && letter <= 0x66)
    }
  }
}
