import { InputError } from '@perf-agg/sdk'
import type { Configuration } from '../configuration/config.ts'

/** Where an exchange is looked for instead of its own hosts; environment `simulated`. Part of `config_digest`. */
export type ExchangeSettings = Readonly<Record<string, { readonly base_url?: string }>>

export function exchangeSettings(configuration: Configuration): ExchangeSettings {
  return Object.fromEntries(
    Object.entries(configuration.exchanges).map(([id, { baseUrl }]) => [
      id,
      baseUrl === null ? {} : { base_url: baseUrl },
    ]),
  )
}

/** @throws {InputError} BASE_URL_INVALID */
export function baseUrlOf(exchanges: ExchangeSettings, exchange: string): string | null {
  const given = Object.hasOwn(exchanges, exchange) ? exchanges[exchange]?.base_url : undefined
  if (given === undefined) return null
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw new InputError('BASE_URL_INVALID', `exchanges.${exchange}.base_url is no http or https URL`)
  }
  return given
}
