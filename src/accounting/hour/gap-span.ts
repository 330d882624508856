import { add, minuteOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { bucketOf } from './bucket.ts'
import type { GapSpan } from './carry.ts'
import { flowUsd, valueBoundary } from './hour-cuts.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Pricing } from '../pricing/pricing.ts'
import { gainsOf, residualsUsd } from '../ledger/residual-gains.ts'

/** A gap as far as the ledger knows it. */
export type GapBefore = Omit<GapSpan, 'endUsd' | 'flows'> & {
  readonly flows: readonly { readonly key: string; readonly atMs: number; readonly usd: Decimal }[]
  readonly unpriced: ReadonlySet<string>
  /** A position that came in without a mark: what crossed the gap is not known. */
  readonly liability: string | null
}

/** The gap before an hour, up to its start: null where nothing is known before it, undefined while candles are wanted. */
export function crossGap(
  fromMs: number,
  toMs: number,
  trustedMs: number,
  ledger: Ledger,
  pricing: Pricing,
): GapBefore | null | undefined {
  const before = valueBoundary(ledger, fromMs, new Set(), pricing)
  // Nothing was stated at its start, or it would have been valued there.
  if (before === null || (before !== undefined && before.liability !== null)) return null
  const entries = ledger.entries(fromMs, toMs)
  const residuals = ledger.residuals(fromMs, toMs, trustedMs)
  const gains = residualsUsd(residuals, toMs, pricing)
  // Executions in the gap are in no bucket, but positions need their rates.
  const bucket = bucketOf(entries, pricing)
  const unpriced = new Set(before?.unpriced)
  let complete = true
  let liability: string | null = null
  const flows: { key: string; atMs: number; usd: Decimal }[] = []
  for (const entry of entries) {
    if (entry.kind !== 'flow') continue
    const atFlow = flowUsd([entry], { kind: 'cut', atMs: minuteOf(entry.atMs) }, pricing)
    // a position that came in while nothing was marked: by the first mark after
    const flowed =
      (atFlow?.liability ?? null) === null
        ? atFlow
        : flowUsd([entry], { kind: 'boundary', atMs: toMs }, pricing)
    if (flowed === undefined) complete = false
    else flows.push({ key: entry.key, atMs: entry.atMs, usd: flowed.usd })
    for (const asset of flowed?.unpriced ?? []) unpriced.add(asset)
    liability ??= flowed?.liability ?? null
  }
  if (before === undefined || !gains || !bucket || !complete) return undefined
  const gainedUsd = gainsOf(residuals, gains, ledger.contracts).reduce((sum, { usd }) => add(sum, usd), zero)
  const startUsd = add(before.equityUsd, before.firstUsd)
  return { fromMs, toMs, startUsd, flows, gainedUsd, hasResidual: residuals.length > 0, unpriced, liability }
}
