import { InputError } from '@perf-agg/sdk'
import { centralMoments, extentOf } from './central-moments.ts'
import type { CentralMoments, Extent } from './central-moments.ts'
import { drawdownPath } from './drawdown-path.ts'
import type { DrawdownPath } from './drawdown-path.ts'
import { logGrowth } from './log-growth.ts'
import { OrderStatistics } from './order-statistics.ts'
import { partialMoments } from './partial-moments.ts'
import type { PartialMoments } from './partial-moments.ts'

export interface SeriesOptions {
  readonly periodsPerYear: number
  /** Per period; default 0. */
  readonly riskFree?: number
  /** Minimum acceptable return per period; default 0. */
  readonly acceptable?: number
  readonly benchmark?: ArrayLike<number> | null
}

/**
 * Simple returns per period in the order of time, and what many figures share, each made once, in one pass, and only
 * when asked for.
 */
export class ReturnSeries {
  readonly returns: Float64Array
  readonly periodsPerYear: number
  readonly riskFree: number
  readonly acceptable: number
  /** Of the same periods; null where there is none. */
  readonly benchmark: ReturnSeries | null
  #extent: Extent | undefined
  #moments: CentralMoments | undefined
  #logGrowth: number | undefined
  #excessLogGrowth: number | undefined
  #order: OrderStatistics | undefined
  #drawdowns: DrawdownPath | undefined
  #active: ReturnSeries | undefined
  readonly #about = new Map<number, PartialMoments>()

  /** @throws {InputError} `RETURNS_INVALID` */
  constructor(returns: ArrayLike<number>, options: SeriesOptions) {
    this.returns = new Float64Array(returns)
    this.periodsPerYear = options.periodsPerYear
    this.riskFree = options.riskFree ?? 0
    this.acceptable = options.acceptable ?? 0
    const numbers = [this.periodsPerYear, this.riskFree, this.acceptable]
    if (!numbers.every(Number.isFinite) || this.periodsPerYear <= 0) {
      throw new InputError('RETURNS_INVALID', 'periods per year and rates must be finite numbers')
    }
    for (let index = 0; index < this.returns.length; index += 1) {
      if (Number.isFinite(this.returns[index])) continue
      throw new InputError('RETURNS_INVALID', `return ${index + 1} is not a finite number`)
    }
    const benchmark = options.benchmark ?? null
    this.benchmark = benchmark === null ? null : new ReturnSeries(benchmark, { ...options, benchmark: null })
    if (this.benchmark !== null && this.benchmark.n !== this.n) {
      throw new InputError('RETURNS_INVALID', 'the benchmark has another number of returns than the series')
    }
  }

  get n(): number {
    return this.returns.length
  }

  get #ends(): Extent {
    return (this.#extent ??= extentOf(this.returns))
  }

  get smallest(): number {
    return this.#ends.smallest
  }

  get largest(): number {
    return this.#ends.largest
  }

  get sum(): number {
    return this.#ends.sum
  }

  get mean(): number {
    // All the same: their mean is that, not that and a rounding error.
    return this.smallest === this.largest ? this.smallest : this.sum / this.n
  }

  get #central(): CentralMoments {
    return (this.#moments ??= centralMoments(this.returns, this.mean))
  }

  /** Σ (r − mean)^power / n. */
  moment(power: 2 | 3 | 4): number {
    return this.#central[power]
  }

  /** Σ |r − mean| / n. */
  get absoluteDeviation(): number {
    return this.#central.absolute
  }

  get variancePopulation(): number {
    return this.moment(2)
  }

  /** NaN for a single return. */
  get varianceSample(): number {
    return this.n < 2 ? Number.NaN : (this.moment(2) * this.n) / (this.n - 1)
  }

  /** What returns come to above and below a level. */
  about(level: number): PartialMoments {
    const known = this.#about.get(level)
    if (known !== undefined) return known
    const made = partialMoments(this.returns, level)
    this.#about.set(level, made)
    return made
  }

  /** Σ log(1 + r): −∞ once everything was lost, NaN below that. */
  get logGrowth(): number {
    return (this.#logGrowth ??= logGrowth(this.returns))
  }

  /** Σ log(1 + r − rf). */
  get excessLogGrowth(): number {
    if (this.riskFree === 0) return this.logGrowth
    return (this.#excessLogGrowth ??= logGrowth(this.returns, this.riskFree))
  }

  get order(): OrderStatistics {
    return (this.#order ??= new OrderStatistics(this.returns))
  }

  get drawdowns(): DrawdownPath {
    return (this.#drawdowns ??= drawdownPath(this.returns))
  }

  /** The series less its benchmark, period by period; the series itself without one. */
  get active(): ReturnSeries {
    const { benchmark } = this
    if (benchmark === null) return this
    return (this.#active ??= new ReturnSeries(
      this.returns.map((r, index) => r - benchmark.returns[index]!),
      { periodsPerYear: this.periodsPerYear },
    ))
  }

  /** Growth of the logarithm over `n` periods as the return of a year. */
  annualized(growth = this.logGrowth, n = this.n): number {
    return Math.expm1((growth * this.periodsPerYear) / n)
  }

  /** The risk-free rate of a year. */
  get riskFreeAnnual(): number {
    return Math.expm1(this.periodsPerYear * Math.log1p(this.riskFree))
  }

  /** Linear interpolation between order statistics (Hyndman and Fan's type 7). */
  quantile(p: number): number {
    const at = (this.n - 1) * p
    const low = Math.floor(at)
    const below = this.order.at(low)
    const above = this.order.at(Math.min(low + 1, this.n - 1))
    return below + (above - below) * (at - low)
  }
}
