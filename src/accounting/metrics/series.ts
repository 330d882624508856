import { InputError } from '@perf-agg/sdk'
import { drawdownPath } from './drawdown-path.ts'
import type { DrawdownPath } from './drawdown-path.ts'
import { sumBy } from './stable-sum.ts'

export interface SeriesOptions {
  readonly periodsPerYear: number
  /** Per period; default 0. */
  readonly riskFree?: number
  /** Minimum acceptable return per period; default 0. */
  readonly acceptable?: number
  readonly benchmark?: ArrayLike<number> | null
}

/**
 * Simple returns per period in the order of time, and what many figures share, each made once and only when asked
 * for. Moments are summed about the mean in a second pass: sums of powers would cancel.
 */
export class ReturnSeries {
  readonly returns: Float64Array
  readonly periodsPerYear: number
  readonly riskFree: number
  readonly acceptable: number
  readonly benchmark: Float64Array | null
  #smallest: number | undefined
  #largest: number | undefined
  #mean: number | undefined
  #logGrowth: number | undefined
  #sorted: Float64Array | undefined
  #drawdowns: DrawdownPath | undefined
  readonly #moments = new Map<number, number>()

  /** @throws {InputError} `RETURNS_INVALID` */
  constructor(returns: ArrayLike<number>, options: SeriesOptions) {
    this.returns = Float64Array.from(returns)
    this.periodsPerYear = options.periodsPerYear
    this.riskFree = options.riskFree ?? 0
    this.acceptable = options.acceptable ?? 0
    const benchmark = options.benchmark ?? null
    this.benchmark = benchmark === null ? null : Float64Array.from(benchmark)
    const numbers = [this.periodsPerYear, this.riskFree, this.acceptable]
    if (!numbers.every(Number.isFinite) || this.periodsPerYear <= 0) {
      throw new InputError('RETURNS_INVALID', 'periods per year and rates must be finite numbers')
    }
    const bad = [...this.returns, ...(this.benchmark ?? [])].findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) throw new InputError('RETURNS_INVALID', `return ${bad + 1} is not a finite number`)
    if (this.benchmark !== null && this.benchmark.length !== this.returns.length) {
      throw new InputError('RETURNS_INVALID', 'the benchmark has another number of returns than the series')
    }
  }

  get n(): number {
    return this.returns.length
  }

  get smallest(): number {
    return (this.#smallest ??= this.returns.reduce(
      (least, r) => Math.min(least, r),
      Number.POSITIVE_INFINITY,
    ))
  }

  get largest(): number {
    return (this.#largest ??= this.returns.reduce((most, r) => Math.max(most, r), Number.NEGATIVE_INFINITY))
  }

  get mean(): number {
    // All the same: their mean is that, not that and a rounding error.
    return (this.#mean ??=
      this.smallest === this.largest ? this.smallest : sumBy(this.returns, (r) => r) / this.n)
  }

  /** Σ (r − mean)^power / n. */
  moment(power: 2 | 3 | 4): number {
    const known = this.#moments.get(power)
    if (known !== undefined) return known
    const { mean } = this
    const isConstant = this.smallest === this.largest
    const moment = isConstant ? 0 : sumBy(this.returns, (r) => (r - mean) ** power) / this.n
    this.#moments.set(power, moment)
    return moment
  }

  get variancePopulation(): number {
    return this.moment(2)
  }

  /** NaN for a single return. */
  get varianceSample(): number {
    return this.n < 2 ? Number.NaN : (this.moment(2) * this.n) / (this.n - 1)
  }

  /** Σ log(1 + r): −∞ once everything was lost, NaN below that. */
  get logGrowth(): number {
    return (this.#logGrowth ??= sumBy(this.returns, (r) => Math.log1p(r)))
  }

  get sorted(): Float64Array {
    return (this.#sorted ??= this.returns.toSorted())
  }

  get drawdowns(): DrawdownPath {
    return (this.#drawdowns ??= drawdownPath(this.returns))
  }

  /** (1 + r)^(periods per year / n), linked over all, − 1; `returns` default to the series' own. */
  annualized(returns: Float64Array = this.returns): number {
    const growth = returns === this.returns ? this.logGrowth : sumBy(returns, (r) => Math.log1p(r))
    return Math.expm1((growth * this.periodsPerYear) / returns.length)
  }

  /** The risk-free rate of a year. */
  get riskFreeAnnual(): number {
    return Math.expm1(this.periodsPerYear * Math.log1p(this.riskFree))
  }

  /** Linear interpolation between order statistics (Hyndman and Fan's type 7). */
  quantile(p: number): number {
    const at = (this.n - 1) * p
    const low = Math.floor(at)
    const { sorted } = this
    const below = sorted[low]!
    const above = sorted[Math.min(low + 1, this.n - 1)]!
    return below + (above - below) * (at - low)
  }
}
