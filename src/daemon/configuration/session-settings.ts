import {
  parseJson,
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readObject,
  type SessionConfig,
} from '@perf-agg/sdk'
import { type Wallet, wallets as known } from '../../accounting/wallet.ts'

/** What a session was registered with, as the store keeps it: no secret in it. */
export interface SessionSettings {
  readonly wallets: readonly Wallet[]
  readonly apiIntervalMs: number
  readonly maxRetries: number
  readonly sandbox: boolean
}

export function writeSettings(config: SessionConfig, wallets: readonly Wallet[]): string {
  const settings: SessionSettings = {
    wallets,
    apiIntervalMs: config.apiInterval,
    maxRetries: config.maxRetries,
    sandbox: config.sandbox,
  }
  return JSON.stringify(settings)
}

export function readSettings(text: string): SessionSettings {
  const settings = readObject(parseJson(text), 'settings', {
    required: ['wallets', 'apiIntervalMs', 'maxRetries', 'sandbox'],
  })
  return {
    wallets: readArray(settings.wallets, 'settings.wallets', 8, (each, path) => readEnum(each, path, known)),
    apiIntervalMs: readInteger(settings.apiIntervalMs, 'settings.apiIntervalMs', { min: 1 }),
    maxRetries: readInteger(settings.maxRetries, 'settings.maxRetries', { min: 0 }),
    sandbox: readBoolean(settings.sandbox, 'settings.sandbox'),
  }
}
