import { readArray, readEnum, readObject, readString } from '@perf-agg/sdk'
import type { MarketType } from '../accounting/observation.ts'
import { limits } from '../limits.ts'
import { marketTypes } from '../accounting/wallet.ts'

/** A market where something may have happened, by the exchange's own name for it: where to look first. Never truth. */
export interface Hint {
  readonly wallet: MarketType
  readonly market: string
}

/** Letters of any script: there are coins with names in Chinese. */
const marketPattern = /^[\p{L}\p{N}][\p{L}\p{N}_/:.-]{0,39}$/u

export function isMarketName(value: unknown): value is string {
  return typeof value === 'string' && marketPattern.test(value)
}

/** @throws {InputError} */
export function readHints(value: unknown, path: string): readonly Hint[] {
  return readArray(value, path, limits.listener.marketsMax, (each, at) => {
    const hint = readObject(each, at, { required: ['wallet', 'market'] })
    return {
      wallet: readEnum(hint.wallet, `${at}.wallet`, marketTypes),
      market: readString(hint.market, `${at}.market`, { pattern: marketPattern }),
    }
  })
}
