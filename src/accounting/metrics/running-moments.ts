/**
 * Mean and central moments of returns that come one after the other, by updates that do not cancel as sums of powers
 * would. Welford 1962; Pébay 2008 for the third and the fourth.
 */
export class RunningMoments {
  n = 0
  mean = 0
  #m2 = 0
  #m3 = 0
  #m4 = 0

  add(value: number): void {
    const before = this.n
    this.n += 1
    const delta = value - this.mean
    const part = delta / this.n
    const square = part * part
    const term = delta * part * before
    this.mean += part
    this.#m4 +=
      term * square * (this.n * this.n - 3 * this.n + 3) + 6 * square * this.#m2 - 4 * part * this.#m3
    this.#m3 += term * part * (this.n - 2) - 3 * part * this.#m2
    this.#m2 += term
  }

  /** NaN below two. */
  get varianceSample(): number {
    return this.n < 2 ? Number.NaN : this.#m2 / (this.n - 1)
  }

  /** Bias-corrected (G1), as `skewness_sample`. NaN below three or without variation. */
  get skewnessSample(): number {
    const { n } = this
    if (n < 3 || this.#m2 === 0) return Number.NaN
    return ((this.#m3 / n / (this.#m2 / n) ** 1.5) * Math.sqrt(n * (n - 1))) / (n - 2)
  }

  /** Bias-corrected (G2), as `excess_kurtosis_sample`. NaN below four or without variation. */
  get excessKurtosisSample(): number {
    const { n } = this
    if (n < 4 || this.#m2 === 0) return Number.NaN
    const excess = this.#m4 / n / (this.#m2 / n) ** 2 - 3
    return ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * excess + 6)
  }

  clone(): RunningMoments {
    const copy = new RunningMoments()
    copy.n = this.n
    copy.mean = this.mean
    copy.#m2 = this.#m2
    copy.#m3 = this.#m3
    copy.#m4 = this.#m4
    return copy
  }
}
