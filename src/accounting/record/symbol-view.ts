import { add, decimalFromInteger, divide, multiply, signOf, subtract, toNumber } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Executed } from '../hour/bucket.ts'
import type { SymbolView } from '../view.ts'

const hundred = decimalFromInteger(100)
const percentScale = 18

/** One symbol's line: what was executed and what it made; the return is on the highest cost ever held in it. */
export function symbolView(
  symbol: string,
  executed: Executed,
  made: { readonly realizedUsd: Decimal; readonly unrealizedUsd: Decimal; readonly costPeakUsd: Decimal },
): SymbolView {
  const { realizedUsd, unrealizedUsd, costPeakUsd } = made
  const net = subtract(add(realizedUsd, unrealizedUsd), executed.feesUsd)
  return {
    symbol,
    ...executed,
    realizedPnlUsd: realizedUsd,
    unrealizedPnlUsd: unrealizedUsd,
    returnPct:
      signOf(costPeakUsd) > 0 ? toNumber(divide(multiply(net, hundred), costPeakUsd, percentScale)) : null,
  }
}
