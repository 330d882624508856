import { statSync } from 'node:fs'
import {
  type ExchangeCredentials,
  InputError,
  parseJson,
  readObject,
  readString,
  wipeBytes,
} from '@perf-agg/sdk'
import { readBounded } from './file.ts'
import { askHidden } from '../terminal/prompt.ts'
import { remark } from '../terminal/terminal.ts'
import { askAddress, isAddress } from './wallet-prompt.ts'

/** The exchange's secrets, from the hidden prompt, a file or standard input. Never from a flag or a variable. */

const fileBytesMax = 16_384
const textMax = 8_192

const withPassphrase: readonly string[] = ['okx', 'kucoin', 'bitget']
const withoutCredentials: readonly string[] = ['mock', 'push']

/** @throws {InputError} `CREDENTIALS_INVALID` without a value in it */
export function readCredentialsFile(path: string): ExchangeCredentials {
  warnWhenOpen(path)
  const bytes = readBounded(path, fileBytesMax)
  try {
    return parseCredentialsJson(bytes)
  } catch (error) {
    // Messages of the parsers name members and places, never what stands there; the shape is what helps.
    if (error instanceof InputError) throw invalid()
    throw error
  } finally {
    wipeBytes(bytes)
  }
}

function parseCredentialsJson(bytes: Uint8Array): ExchangeCredentials {
  const value = parseJson(bytes, { bytesMax: fileBytesMax, depthMax: 1 })
  const members = readObject(value, '', {
    optional: ['api_key', 'secret', 'passphrase', 'wallet_address', 'wallet_signature'],
  })
  const text = (name: 'api_key' | 'secret' | 'passphrase' | 'wallet_address' | 'wallet_signature') =>
    members[name] === undefined ? undefined : readString(members[name], name, { min: 1, max: textMax })
  const [apiKey, secret, passphrase] = [text('api_key'), text('secret'), text('passphrase')]
  const [address, signature] = [text('wallet_address'), text('wallet_signature')]
  if (address !== undefined && !isAddress(address)) throw invalid()
  if (address !== undefined && apiKey === undefined && secret === undefined) {
    return { wallet_address: address, ...(signature === undefined ? {} : { wallet_signature: signature }) }
  }
  if (apiKey === undefined || secret === undefined || address !== undefined) throw invalid()
  return { api_key: apiKey, secret, ...(passphrase === undefined ? {} : { passphrase }) }
}

function invalid(): InputError {
  return new InputError('CREDENTIALS_INVALID', 'the credentials file has not its form', {
    hint: '{"api_key":"…","secret":"…"}, with "passphrase" where the exchange has one, or {"wallet_address":"0x…"}',
  })
}

function warnWhenOpen(path: string): void {
  const stat = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || process.platform === 'win32' || !stat.isFile() || (stat.mode & 0o077) === 0)
    return
  remark(
    `perf-agg: ${path} is open to others: chmod 600 ${path}, or better, delete it once you are registered`,
  )
}

export function needsCredentials(exchange: string): boolean {
  return !withoutCredentials.includes(exchange)
}

export async function askCredentials(exchange: string): Promise<ExchangeCredentials> {
  if (exchange === 'hyperliquid') {
    return { wallet_address: await askAddress() }
  }
  const api_key = await required(`${exchange} API key (hidden): `)
  const secret = await required(`${exchange} secret (hidden): `)
  if (!withPassphrase.includes(exchange)) return { api_key, secret }
  return { api_key, secret, passphrase: await required(`${exchange} passphrase (hidden): `) }
}

async function required(question: string): Promise<string> {
  const answer = (await askHidden(question)).trim()
  if (answer !== '') return answer
  throw new InputError('CREDENTIALS_INVALID', 'nothing was entered; nothing was sent')
}
