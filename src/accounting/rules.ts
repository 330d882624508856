import { parseDecimal } from '@perf-agg/sdk'
import type { Reader, Writer } from './codec.ts'

/**
 * The one table of rules by which amounts become dollars and dollars become returns. It is part of the measured
 * configuration: another table is another configuration digest.
 */
export interface Rules {
  /** Coins counted as the dollar: X/USD where the exchange lists it at registration, else 1. */
  readonly pegged: readonly string[]
  /** The order in which a market to USD is looked for: `USD` itself, dollar coins, then coins that lead there. */
  readonly bridges: readonly string[]
  /** A sub-period on less than this links losses only. */
  readonly floorUsd: string
  /** … or on less than this share of the trailing peak equity. */
  readonly floorShare: string
  readonly peakWindowMs: number
  /** Hours stated longer ago than this are not corrected any more. */
  readonly correctionWindowMs: number
  /** An hour that could not be stated this long after its end is a gap. */
  readonly gapAfterMs: number
  /** A complete poll begun within this time of the hour's end makes it `observed`, a later one `recovered`. */
  readonly observedWithinMs: number
  /** Decimal places of the exchange's balances: a rounded entry may be off by one unit of the last. */
  readonly balanceScale: number
}

export const defaultRules: Rules = {
  pegged: ['USDT', 'USDC', 'FDUSD', 'TUSD', 'BUSD', 'USDP', 'DAI'],
  bridges: ['USD', 'USDT', 'USDC', 'FDUSD', 'BTC', 'BNB', 'ETH'],
  floorUsd: '100',
  floorShare: '0.01',
  peakWindowMs: 90 * 86_400_000,
  correctionWindowMs: 8 * 86_400_000,
  gapAfterMs: 86_400_000,
  observedWithinMs: 2 * 3_600_000,
  balanceScale: 8,
}

/** Rules are part of the state: they never change under an account by a new default. */
export function writeRules(writer: Writer, rules: Rules): void {
  writer.list(rules.pegged, (coin) => writer.text(coin))
  writer.list(rules.bridges, (coin) => writer.text(coin))
  writer.text(rules.floorUsd)
  writer.text(rules.floorShare)
  for (const value of [
    rules.peakWindowMs,
    rules.correctionWindowMs,
    rules.gapAfterMs,
    rules.observedWithinMs,
    rules.balanceScale,
  ]) {
    writer.count(value)
  }
}

export function readRules(reader: Reader): Rules {
  return {
    pegged: reader.list(() => reader.text()),
    bridges: reader.list(() => reader.text()),
    floorUsd: readDecimalText(reader),
    floorShare: readDecimalText(reader),
    peakWindowMs: reader.count(),
    correctionWindowMs: reader.count(),
    gapAfterMs: reader.count(),
    observedWithinMs: reader.count(),
    balanceScale: reader.count(),
  }
}

function readDecimalText(reader: Reader): string {
  const text = reader.text()
  try {
    parseDecimal(text)
    return text
  } catch {
    return reader.refuse()
  }
}
