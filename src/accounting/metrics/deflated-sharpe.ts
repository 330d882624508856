/**
 * The probabilistic Sharpe ratio against the best that luck would have shown among N trials.
 * Bailey and López de Prado 2014; here N = 25 trials whose per-period Sharpe ratios vary by 0.0025.
 */
import type { Metric } from './metric.ts'
import { normalQuantile } from './normal.ts'
import { probabilisticSharpe } from './probabilistic-sharpe.ts'

const eulerGamma = 0.577_215_664_901_532_9
const trials = 25
const variance = 0.0025

/** √V·((1 − γ)·z(1 − 1/N) + γ·z(1 − 1/(N·e))). */
export const expectedMaxSharpe =
  Math.sqrt(variance) *
  ((1 - eulerGamma) * normalQuantile(1 - 1 / trials) + eulerGamma * normalQuantile(1 - 1 / (trials * Math.E)))

const source = 'Bailey and López de Prado 2014'

export const deflatedSharpe: readonly Metric[] = [
  {
    name: 'dsr_expected_max_sharpe_N25_var0.0025',
    formula: 'SR0 = √V·((1 − γ)·z(1 − 1/N) + γ·z(1 − 1/(N·e)))',
    source,
    of: () => expectedMaxSharpe,
  },
  {
    name: 'dsr_N25_var0.0025',
    formula: 'PSR(SR0)',
    source,
    of: (series) => probabilisticSharpe(series, expectedMaxSharpe),
  },
]
