import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import type { ContractListing } from './contract.ts'
import { priceText } from './market.ts'
import type { Market } from './market.ts'
import { Chance } from './seed.ts'
import type { TrueMark } from './truth.ts'

/**
 * What contracts are worth by the exchange's own word: a mark price that keeps near the spot market, minute by minute,
 * and the funding that pulls it back. The same for the same seed in whatever order it is asked for.
 */

const minutesPerDay = 1_440

export interface MarkMinute {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

export class Marks {
  readonly #seed: number
  readonly #market: Market
  readonly #noise = new Map<string, Float64Array>()

  constructor(seed: number, market: Market) {
    this.#seed = seed
    this.#market = market
  }

  isTrading(contract: ContractListing, atMs: number): boolean {
    return atMs >= this.#market.openedMs && (contract.deliveryMs === null || atMs < contract.deliveryMs)
  }

  /** In units; null outside the contract's life. */
  minute(contract: ContractListing, startMs: number): MarkMinute | null {
    if (!this.isTrading(contract, startMs)) return null
    const close = this.#close(contract, startMs)
    const before =
      startMs - minuteMs >= this.#market.openedMs ? this.#close(contract, startMs - minuteMs) : close
    // not the close before to the last digit: a minute's open and the end of the one before are two prices
    const open = Math.round(before * (1 + this.#noiseOf(contract, startMs) * 0.000_01))
    return { open, high: Math.max(open, close), low: Math.min(open, close), close }
  }

  /** At an instant inside a minute, in units. */
  at(contract: ContractListing, atMs: number): number {
    const startMs = Math.floor(atMs / minuteMs) * minuteMs
    const last = contract.deliveryMs === null ? startMs : Math.min(startMs, contract.deliveryMs - minuteMs)
    const minute = this.minute(contract, last)
    if (minute === null) throw new RangeError('before the market opened')
    const share = Math.min(1, (atMs - last) / minuteMs)
    return Math.round(minute.open + (minute.close - minute.open) * share)
  }

  /** Where an order meets the book at an instant: on a tick, near the mark. */
  priceAt(contract: ContractListing, atMs: number, lean: number): number {
    const tick = 10 ** (8 - contract.tickDecimals)
    return Math.max(tick, Math.round((this.at(contract, atMs) * (1 + lean * 0.0002)) / tick) * tick)
  }

  candle(contract: ContractListing, startMs: number): TrueMark | null {
    const minute = this.minute(contract, startMs)
    if (minute === null) return null
    return {
      open: priceText(minute.open),
      high: priceText(minute.high),
      low: priceText(minute.low),
      close: priceText(minute.close),
    }
  }

  /** What longs pay shorts of their notional every eight hours, in units: 1 is one. */
  fundingRate(contract: ContractListing, atMs: number): bigint {
    const chance = new Chance(this.#seed, 'funding', contract.symbol, Math.floor(atMs / (8 * hourMs)))
    return BigInt(Math.round((0.000_05 + chance.bell() * 0.000_2) * 100_000_000))
  }

  /** What a right comes to when its time is over. */
  payoff(contract: ContractListing): number {
    const { deliveryMs } = contract
    return deliveryMs === null ? 0 : this.#worth(contract, deliveryMs - minuteMs, 0)
  }

  /** In units of the coin: what using it now would bring, and the more the longer and the nearer it is. */
  #worth({ spot, option }: ContractListing, startMs: number, untilMs: number): number {
    if (option === undefined) return 0
    const price = this.#market.fairPrice(spot, startMs)
    const share = (price - option.strikeUnits) / price
    const gain = Math.max(0, option.isCall ? share : -share)
    const spread = 0.6 * Math.sqrt(untilMs / (365 * dayMs))
    const distance = spread === 0 ? 0 : Math.log(price / option.strikeUnits) / spread
    return Math.round(100_000_000 * (gain + 0.4 * spread * Math.exp((-distance * distance) / 2)))
  }

  #close(contract: ContractListing, startMs: number): number {
    if (contract.option !== undefined) {
      return this.#worth(contract, startMs, Math.max(0, (contract.deliveryMs ?? 0) - startMs - minuteMs))
    }
    const wave = 0.000_3 * Math.sin(startMs / (97 * minuteMs) + contract.id.length)
    const noise = this.#noiseOf(contract, startMs) * 0.000_05
    const untilMs = contract.deliveryMs === null ? 0 : Math.max(0, contract.deliveryMs - startMs)
    const carry = (untilMs / (365 * dayMs)) * 0.06
    return Math.round(this.#market.fairPrice(contract.spot, startMs) * (1 + wave + noise + carry))
  }

  #noiseOf(contract: ContractListing, startMs: number): number {
    const index = Math.floor((startMs - this.#market.openedMs) / minuteMs)
    const day = Math.floor(index / minutesPerDay)
    const key = `${contract.symbol} ${day}`
    let noise = this.#noise.get(key)
    if (noise === undefined) {
      const chance = new Chance(this.#seed, 'mark', contract.symbol, day)
      noise = Float64Array.from({ length: minutesPerDay }, () => chance.bell())
      this.#noise.set(key, noise)
    }
    return noise[index % minutesPerDay]!
  }
}
