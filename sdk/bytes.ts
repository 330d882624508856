import { InputError } from './errors.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** @throws {InputError} `NOT_UTF8` */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new InputError('NOT_UTF8', 'not valid UTF-8')
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Equal content, in a time that depends on the length only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index += 1) difference |= a[index]! ^ b[index]!
  return difference === 0
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** @throws {InputError} `NOT_HEX` on an odd length or any other character */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text))
    throw new InputError('NOT_HEX', 'not hexadecimal')
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16)
  }
  return bytes
}

/** What newer platforms do themselves, many times as fast. */
interface Native {
  readonly toBase64?: () => string
}
interface NativeReader {
  readonly fromBase64?: (text: string, options: { lastChunkHandling: 'strict' }) => Uint8Array<ArrayBuffer>
}
const reader: NativeReader = Uint8Array as NativeReader

export function toBase64(bytes: Uint8Array & Native): string {
  if (bytes.toBase64 !== undefined) return bytes.toBase64()
  let binary = ''
  for (let start = 0; start < bytes.length; start += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8_192))
  }
  return btoa(binary)
}

/** Standard alphabet, padded, canonical (unused bits zero). @throws {InputError} `NOT_BASE64` */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  // its own readers skip white space
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    try {
      if (reader.fromBase64 !== undefined) return reader.fromBase64(text, { lastChunkHandling: 'strict' })
    } catch {
      throw new InputError('NOT_BASE64', 'not base64')
    }
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    if (toBase64(bytes) === text) return bytes
  }
  throw new InputError('NOT_BASE64', 'not base64')
}

export function toBase64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** URL-safe alphabet, no padding, canonical. @throws {InputError} `NOT_BASE64URL` */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (/^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1) {
    const standard = text.replaceAll('-', '+').replaceAll('_', '/')
    try {
      return fromBase64(standard.padEnd(Math.ceil(text.length / 4) * 4, '='))
    } catch {
      // said below
    }
  }
  throw new InputError('NOT_BASE64URL', 'not base64url')
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

export async function sha512(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-512', bytes as Uint8Array<ArrayBuffer>))
}

/** The one way a digest is written: `sha256:<64 hex digits>`. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  return `sha256:${toHex(await sha256(bytes))}`
}
