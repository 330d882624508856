import type { ReturnSeries } from './series.ts'

/** Why a figure does not exist: it is reported in its stead, never 0, a huge number or a cap. */
export type Reason =
  | 'too_few_returns'
  | 'no_variation'
  | 'no_losses'
  | 'no_gains'
  | 'no_drawdown'
  | 'not_recovered'
  | 'under_one_year'
  | 'zero_denominator'
  | 'not_positive'
  | 'no_benchmark'
  | 'below_minus_one'
  | 'not_finite'
  | 'no_trades'
  | 'no_times'
  | 'no_capital'
  | 'no_gross_profit'

export type Outcome = number | Reason

/** One figure of a series of returns, by one convention. */
export interface Metric {
  readonly name: string
  readonly formula: string
  /** Who defined it so, or who computes it so. */
  readonly source: string
  readonly of: (series: ReturnSeries) => Outcome
}

/** top / bottom, or why not. */
export function ratio(top: Outcome, bottom: Outcome, reason: Reason = 'zero_denominator'): Outcome {
  if (typeof top === 'string') return top
  if (typeof bottom === 'string') return bottom
  return bottom === 0 ? reason : top / bottom
}

/** Applies `change` where there is a number. */
export function map(outcome: Outcome, change: (value: number) => Outcome): Outcome {
  return typeof outcome === 'string' ? outcome : change(outcome)
}

export interface MetricValues {
  readonly metrics: Readonly<Record<string, number | null>>
  /** Why a figure is null. */
  readonly reasons: Readonly<Record<string, string>>
}

/** What each figure comes to; those against a benchmark only where there is one. */
export function valuesOf<Subject>(
  figures: readonly { readonly name: string; readonly of: (subject: Subject) => Outcome | string }[],
  subject: Subject,
): MetricValues {
  const metrics: Record<string, number | null> = {}
  const reasons: Record<string, string> = {}
  for (const { name, of } of figures) {
    const outcome = of(subject)
    if (outcome === 'no_benchmark') continue
    const isNumber = typeof outcome === 'number' && Number.isFinite(outcome)
    metrics[name] = isNumber ? outcome : null
    if (!isNumber) reasons[name] = typeof outcome === 'string' ? outcome : 'not_finite'
  }
  return { metrics, reasons }
}
