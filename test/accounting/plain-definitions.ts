/**
 * The figures of a series of returns as their definitions read, term by term, with no regard to speed or to anything
 * the product's own code does. What is undefined comes out as no finite number.
 */
export interface PlainInput {
  readonly r: readonly number[]
  readonly b: readonly number[] | null
  readonly ppy: number
  readonly rf: number
  readonly mar: number
}

const sum = (values: readonly number[]): number => values.reduce((a, x) => a + x, 0)
const mean = (values: readonly number[]): number =>
  values.every((x) => x === values[0]) ? values[0]! : sum(values) / values.length
const product = (values: readonly number[]): number => values.reduce((a, x) => a * (1 + x), 1)
const moment = (values: readonly number[], k: number): number =>
  sum(values.map((x) => (x - mean(values)) ** k)) / values.length
const stdev0 = (values: readonly number[]): number => Math.sqrt(moment(values, 2))
const stdev1 = (values: readonly number[]): number =>
  values.length < 2
    ? Number.NaN
    : Math.sqrt(sum(values.map((x) => (x - mean(values)) ** 2)) / (values.length - 1))
/** Nothing grows from less than nothing, though an even power of it exists. */
const annual = (growth: number, n: number, ppy: number): number =>
  growth < 0 ? Number.NaN : growth ** (ppy / n) - 1
/** Below −1 once is below it for good. */
const growthOf = (values: readonly number[]): number => (values.some((x) => x < -1) ? -1 : product(values))

/** Type 7. */
function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * p
  const low = sorted[Math.floor(at)]!
  const high = sorted[Math.ceil(at)]!
  return low + (high - low) * (at - Math.floor(at))
}

/** Φ by its series around 0 (Marsaglia 2004), and by its continued fraction far out. */
export function phi(x: number): number {
  if (Math.abs(x) > 6) {
    let fraction = 0
    for (let k = 200; k > 0; k -= 1) fraction = k / (Math.abs(x) + fraction)
    const far = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / (Math.abs(x) + fraction)
    return x > 0 ? 1 - far : far
  }
  let [term, total, k] = [x, x, 1]
  while (Math.abs(term) > 1e-20) {
    k += 2
    term *= (x * x) / k
    total += term
  }
  return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}

/** By halving. */
function z(p: number): number {
  let [low, high] = [-20, 20]
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2
    if (phi(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

interface Episode {
  readonly peak: number
  readonly trough: number
  readonly end: number | null
  readonly depth: number
}

function fallsOf(r: readonly number[]): { depths: number[]; episodes: Episode[] } {
  const wealth = [1]
  for (const x of r) wealth.push(wealth.at(-1)! * (1 + x))
  const depths = wealth.map((w, at) => w / Math.max(...wealth.slice(0, at + 1)) - 1)
  const episodes: Episode[] = []
  for (let at = 1; at < wealth.length; at += 1) {
    if (!(depths[at]! < 0) || depths[at - 1]! < 0) continue
    let end = at
    while (end < wealth.length && depths[end]! < 0) end += 1
    const inside = depths.slice(at, end)
    const depth = Math.min(...inside)
    episodes.push({
      peak: at - 1,
      trough: at + inside.indexOf(depth),
      end: end < wealth.length ? end : null,
      depth,
    })
  }
  return { depths: depths.slice(1), episodes }
}

export function plainFigures({ r, b, ppy, rf, mar }: PlainInput): Record<string, number> {
  const n = r.length
  const [above, below] = [r.filter((x) => x > mar), r.filter((x) => x < mar)]
  const [wins, losses] = [r.filter((x) => x > 0), r.filter((x) => x < 0)]
  const [m2, m3, m4] = [moment(r, 2), moment(r, 3), moment(r, 4)]
  const excess = mean(r) - rf
  const downsideFull = Math.sqrt(sum(r.map((x) => Math.min(x - mar, 0) ** 2)) / n)
  const downsideSubset = Math.sqrt(sum(r.map((x) => Math.min(x - mar, 0) ** 2)) / below.length)
  const geometric = annual(product(r), n, ppy)
  const { depths, episodes } = fallsOf(r)
  const deepest = episodes.toSorted((x, y) => x.depth - y.depth)[0]
  const drawdown = Math.min(0, ...depths)
  const squares = sum(depths.map((d) => d * d))
  const pain = sum(depths.map(Math.abs)) / n
  const rfYear = (1 + rf) ** ppy - 1
  const sr = excess / stdev1(r)
  const [g3, g4] = [m3 / m2 ** 1.5, m4 / m2 ** 2]
  const psr = (target: number, kurtosis = g4): number =>
    phi(((sr - target) * Math.sqrt(n - 1)) / Math.sqrt(1 - g3 * sr + ((kurtosis - 1) / 4) * sr * sr))
  const euler = 0.577_215_664_901_532_9
  const expectedMax = Math.sqrt(0.0025) * ((1 - euler) * z(1 - 1 / 25) + euler * z(1 - 1 / (25 * Math.E)))
  const g2 = g4 - 3
  const figures: Record<string, number> = {
    n,
    cumulative_return: product(r) - 1,
    arithmetic_mean_return: mean(r),
    geometric_mean_return: product(r) ** (1 / n) - 1,
    median_return: quantile(r, 0.5),
    best_return: Math.max(...r),
    worst_return: Math.min(...r),
    annualized_return_geometric: geometric,
    annualized_return_gips: n / ppy >= 1 ? geometric : Number.NaN,
    annualized_return_arithmetic: mean(r) * ppy,
    stdev_sample: stdev1(r),
    stdev_population: stdev0(r),
    volatility_annualized_sample: stdev1(r) * Math.sqrt(ppy),
    volatility_annualized_population: stdev0(r) * Math.sqrt(ppy),
    sharpe_per_period_sample: sr,
    sharpe_annualized_arithmetic: sr * Math.sqrt(ppy),
    sharpe_annualized_population_sd: (excess / stdev0(r)) * Math.sqrt(ppy),
    sharpe_annualized_geometric:
      annual(growthOf(r.map((x) => x - rf)), n, ppy) / (stdev1(r) * Math.sqrt(ppy)),
    downside_deviation_full: downsideFull,
    downside_deviation_subset: downsideSubset,
    downside_deviation_full_annualized: downsideFull * Math.sqrt(ppy),
    semideviation_below_mean_full: Math.sqrt(sum(r.map((x) => Math.min(x - mean(r), 0) ** 2)) / n),
    downside_potential: sum(r.map((x) => Math.max(mar - x, 0))) / n,
    upside_risk: Math.sqrt(sum(above.map((x) => (x - mar) ** 2)) / n),
    sortino_per_period_full: (mean(r) - mar) / downsideFull,
    sortino_annualized_full: ((mean(r) - mar) / downsideFull) * Math.sqrt(ppy),
    sortino_annualized_subset: ((mean(r) - mar) / downsideSubset) * Math.sqrt(ppy),
    max_drawdown: drawdown,
    current_drawdown: depths.at(-1)!,
    average_drawdown: episodes.length === 0 ? 0 : mean(episodes.map(({ depth }) => depth)),
    drawdown_count: episodes.length,
    longest_drawdown_periods: Math.max(0, ...episodes.map(({ peak, end }) => (end ?? n) - peak)),
    ulcer_index: Math.sqrt(squares / n),
    ulcer_index_n_minus_1: Math.sqrt(squares / (n - 1)),
    pain_index: pain,
    calmar_ratio: geometric / Math.abs(drawdown),
    martin_ratio: (geometric - rfYear) / Math.sqrt(squares / n),
    pain_ratio: (geometric - rfYear) / pain,
    burke_ratio: (geometric - rfYear) / Math.sqrt(sum(episodes.map(({ depth }) => depth ** 2))),
    omega_ratio_0: sum(wins) / -sum(losses),
    'omega_ratio_0.002':
      sum(r.map((x) => Math.max(x - 0.002, 0))) / sum(r.map((x) => Math.max(0.002 - x, 0))),
    profit_factor: sum(wins) / -sum(losses),
    gain_to_pain_ratio: sum(r) / -sum(losses),
    win_rate: wins.length / n,
    win_rate_excluding_zero: wins.length / (wins.length + losses.length),
    average_win: mean(wins),
    average_loss: mean(losses),
    payoff_ratio: mean(wins) / -mean(losses),
    tail_ratio: Math.abs(quantile(r, 0.95)) / Math.abs(quantile(r, 0.05)),
    mean_absolute_deviation: sum(r.map((x) => Math.abs(x - mean(r)))) / n,
    skewness_population: n < 2 ? Number.NaN : g3,
    skewness_sample: n < 3 ? Number.NaN : (g3 * Math.sqrt(n * (n - 1))) / (n - 2),
    kurtosis_population: n < 2 ? Number.NaN : g4,
    excess_kurtosis_population: n < 2 ? Number.NaN : g2,
    excess_kurtosis_sample: n < 4 ? Number.NaN : ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * g2 + 6),
    psr_0: psr(0),
    'psr_0.01': psr(0.01),
    psr_0_skew_only_kurt3: psr(0, 3),
    min_track_record_length_0_95:
      sr > 0 ? 1 + (1 - g3 * sr + ((g4 - 1) / 4) * sr * sr) * (z(0.95) / sr) ** 2 : Number.NaN,
    'dsr_expected_max_sharpe_N25_var0.0025': expectedMax,
    'dsr_N25_var0.0025': psr(expectedMax),
  }
  if (deepest !== undefined) {
    figures['max_drawdown_peak_to_trough_periods'] = deepest.trough - deepest.peak
    figures['max_drawdown_recovery_periods'] =
      deepest.end === null ? Number.NaN : deepest.end - deepest.trough
  }
  for (const confidence of [95, 99]) {
    const p = (100 - confidence) / 100
    const level = quantile(r, p)
    const beyond = r.filter((x) => x < level)
    const lowest = r.toSorted((x, y) => x - y).slice(0, Math.trunc((n - 1) * p) + 1)
    const s = n < 2 ? Number.NaN : g3
    const bent =
      z(p) +
      ((z(p) ** 2 - 1) * s) / 6 +
      ((z(p) ** 3 - 3 * z(p)) * g2) / 24 -
      ((2 * z(p) ** 3 - 5 * z(p)) * s * s) / 36
    figures[`var_historical_${confidence}`] = -level
    figures[`es_historical_${confidence}`] = beyond.length === 0 ? -level : -mean(beyond)
    figures[`es_historical_${confidence}_rank`] = -sum(lowest) / lowest.length
    figures[`var_gaussian_${confidence}_population`] = -(mean(r) + z(p) * stdev0(r))
    figures[`var_gaussian_${confidence}_sample`] = -(mean(r) + z(p) * stdev1(r))
    figures[`var_cornish_fisher_${confidence}`] = -(mean(r) + bent * stdev0(r))
    figures[`es_gaussian_${confidence}_population`] =
      -mean(r) + (stdev0(r) * Math.exp((-z(p) * z(p)) / 2)) / Math.sqrt(2 * Math.PI) / p
  }
  return b === null ? figures : { ...figures, ...besideBenchmark(r, b, ppy, rf) }
}

function besideBenchmark(
  r: readonly number[],
  b: readonly number[],
  ppy: number,
  rf: number,
): Record<string, number> {
  const n = r.length
  const covariance = sum(r.map((x, at) => (x - mean(r)) * (b[at]! - mean(b)))) / n
  const beta = covariance / moment(b, 2)
  const correlation = covariance / (stdev0(r) * stdev0(b))
  const alpha = mean(r) - rf - beta * (mean(b) - rf)
  const [own, other] = [annual(product(r), n, ppy), annual(product(b), n, ppy)]
  const rfYear = (1 + rf) ** ppy - 1
  const active = r.map((x, at) => x - b[at]!)
  const error = stdev1(active) * Math.sqrt(ppy)
  const part = (of: (x: number) => boolean): readonly [number[], number[]] => [
    r.filter((_, at) => of(b[at]!)),
    b.filter(of),
  ]
  const [[upR, upB], [downR, downB], [flatR, flatB]] = [
    part((x) => x > 0),
    part((x) => x < 0),
    part((x) => x <= 0),
  ]
  const geometric = (x: readonly number[], y: readonly number[]): number =>
    annual(product(x), x.length, ppy) / annual(product(y), y.length, ppy)
  return {
    beta,
    correlation,
    r_squared: correlation ** 2,
    alpha_per_period: alpha,
    alpha_annualized_arithmetic: alpha * ppy,
    alpha_annualized_geometric: annual(1 + alpha, 1, ppy),
    jensen_alpha_annualized_returns: own - rfYear - beta * (other - rfYear),
    benchmark_annualized_return_geometric: other,
    tracking_error_annualized: error,
    active_premium_geometric: own - other,
    information_ratio_geometric: (own - other) / error,
    information_ratio_arithmetic_annualized: (mean(active) / stdev1(active)) * Math.sqrt(ppy),
    information_ratio_per_period: mean(active) / stdev1(active),
    treynor_ratio_geometric: annual(growthOf(r.map((x) => x - rf)), n, ppy) / beta,
    up_capture_geometric: geometric(upR, upB),
    down_capture_geometric: geometric(downR, downB),
    up_capture_arithmetic: sum(upR) / sum(upB),
    down_capture_arithmetic: sum(downR) / sum(downB),
    up_capture_cumulative: (product(upR) - 1) / (product(upB) - 1),
    down_capture_cumulative: (product(flatR) - 1) / (product(flatB) - 1),
  }
}
