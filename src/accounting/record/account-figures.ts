/**
 * The figures of an account in the order in which they are shown, each with its definition: what the manual, the
 * terminal and the page say of a figure is said here.
 */
export interface AccountFigure {
  readonly name: string
  readonly title: string
  readonly unit: 'pct' | 'ratio' | 'days'
  /** In backquotes where it is a figure of returns by that name. */
  readonly definition: string
  /** Of daily returns: the figure of returns that it is, and what that is multiplied with. */
  readonly daily?: { readonly metric: string; readonly factor: number }
}

function daily(
  name: string,
  title: string,
  unit: AccountFigure['unit'],
  metric: string,
  factor: 1 | 100,
): AccountFigure {
  return { name, title, unit, definition: `\`${metric}\``, daily: { metric, factor } }
}

/**
 * From how many days on a figure is worth reading; below it says more of chance than of who trades. The standard error
 * of an annualised Sharpe ratio is about √(365 / days) (Lo 2002): 2 after 90 days, 11 after 3. That of a volatility is
 * 1/√(2·days) of itself, 13 % after 30 days; a tail of 5 % needs some days that lie in it.
 */
export const worthReadingFromDays: ReadonlyMap<string, number> = new Map([
  ['volatility_annualized_pct', 30],
  ['sharpe', 90],
  ['sortino', 90],
  ['omega', 90],
  ['probabilistic_sharpe_pct', 90],
  ['skewness_days', 90],
  ['excess_kurtosis_days', 90],
  ['var_95_day_pct', 90],
  ['es_95_day_pct', 90],
])

/** Whether there are too few days for a figure; the figure is given all the same. */
export function hasTooFewDays(name: string, days: number | null | undefined): boolean {
  return (days ?? 0) < (worthReadingFromDays.get(name) ?? 0)
}

export const accountFigures: readonly AccountFigure[] = [
  {
    name: 'twr_pct',
    title: 'Return',
    unit: 'pct',
    definition:
      'linked hourly returns, each time-weighted and cut at every external flow: `cumulative_return` over hours',
  },
  {
    name: 'twr_since_wipe_out_pct',
    title: 'Return since wipe-out',
    unit: 'pct',
    definition: 'of what came after equity had been 0; then all others are `wiped_out`',
  },
  {
    name: 'twr_first_stated_pct',
    title: 'Return as first stated',
    unit: 'pct',
    definition: '`twr_pct` of the hours as they were before any correction; only where one moved it',
  },
  {
    name: 'mwr_pct',
    title: 'Money-weighted return',
    unit: 'pct',
    definition: 'money-weighted, of the whole time, not annualised: `mwr_period`',
  },
  {
    name: 'annualized_return_pct',
    title: 'Annualised return',
    unit: 'pct',
    definition: '(1 + twr)^(365 / days elapsed) − 1; by the clock, not by the count of days',
  },
  daily('volatility_annualized_pct', 'Volatility, annualised', 'pct', 'volatility_annualized_sample', 100),
  daily('sharpe', 'Sharpe ratio', 'ratio', 'sharpe_annualized_arithmetic', 1),
  daily('sortino', 'Sortino ratio', 'ratio', 'sortino_annualized_full', 1),
  {
    name: 'calmar',
    title: 'Calmar ratio',
    unit: 'ratio',
    definition: '`annualized_return_pct` over the deepest daily drawdown',
  },
  daily('max_drawdown_pct', 'Maximum drawdown', 'pct', 'max_drawdown', 100),
  {
    name: 'max_drawdown_hourly_pct',
    title: 'Maximum drawdown, hourly',
    unit: 'pct',
    definition: '`max_drawdown` over hours',
  },
  {
    name: 'volatility_hourly_annualized_pct',
    title: 'Volatility of hours, annualised',
    unit: 'pct',
    definition: '`volatility_annualized_sample` over hours, 8,760 a year',
  },
  daily('current_drawdown_pct', 'Current drawdown', 'pct', 'current_drawdown', 100),
  daily('longest_drawdown_days', 'Longest drawdown', 'days', 'longest_drawdown_periods', 1),
  daily('ulcer_index_pct', 'Ulcer index', 'pct', 'ulcer_index', 100),
  daily('omega', 'Omega ratio', 'ratio', 'omega_ratio_0', 1),
  {
    name: 'days',
    title: 'Days',
    unit: 'days',
    definition: 'UTC days with capital that are over',
  },
  daily('best_day_pct', 'Best day', 'pct', 'best_return', 100),
  daily('worst_day_pct', 'Worst day', 'pct', 'worst_return', 100),
  daily('win_rate_days_pct', 'Winning days', 'pct', 'win_rate', 100),
  daily('profit_factor_days', 'Profit factor of days', 'ratio', 'profit_factor', 1),
  daily('payoff_ratio_days', 'Payoff ratio of days', 'ratio', 'payoff_ratio', 1),
  daily('skewness_days', 'Skewness of days', 'ratio', 'skewness_sample', 1),
  daily('excess_kurtosis_days', 'Excess kurtosis of days', 'ratio', 'excess_kurtosis_sample', 1),
  daily('var_95_day_pct', 'Value at risk, 95 %, a day', 'pct', 'var_historical_95', 100),
  daily('es_95_day_pct', 'Expected shortfall, 95 %, a day', 'pct', 'es_historical_95', 100),
  {
    name: 'var_95_hour_pct',
    title: 'Value at risk, 95 %, an hour',
    unit: 'pct',
    definition: '`var_historical_95` over hours',
  },
  {
    name: 'es_95_hour_pct',
    title: 'Expected shortfall, 95 %, an hour',
    unit: 'pct',
    definition: '`es_historical_95` over hours',
  },
  {
    name: 'skewness_hours',
    title: 'Skewness of hours',
    unit: 'ratio',
    definition: '`skewness_sample` over hours',
  },
  {
    name: 'excess_kurtosis_hours',
    title: 'Excess kurtosis of hours',
    unit: 'ratio',
    definition: '`excess_kurtosis_sample` over hours',
  },
  daily('probabilistic_sharpe_pct', 'Probability that Sharpe is above 0', 'pct', 'psr_0', 100),
]
