import {
  parseJson,
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readObject,
  type SessionConfig,
} from '@perf-agg/sdk'
import type { MarketType } from '../../accounting/observation.ts'

/** What a session was registered with, as the store keeps it: no secret in it. */
export interface SessionSettings {
  readonly wallets: readonly MarketType[]
  readonly apiIntervalMs: number
  readonly maxRetries: number
  readonly sandbox: boolean
}

export function writeSettings(config: SessionConfig, wallets: readonly MarketType[]): string {
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
    wallets: readArray(settings.wallets, 'settings.wallets', 8, (each, path) =>
      readEnum<MarketType>(each, path, ['spot', 'margin', 'linear', 'inverse']),
    ),
    apiIntervalMs: readInteger(settings.apiIntervalMs, 'settings.apiIntervalMs', { min: 1 }),
    maxRetries: readInteger(settings.maxRetries, 'settings.maxRetries', { min: 0 }),
    sandbox: readBoolean(settings.sandbox, 'settings.sandbox'),
  }
}
