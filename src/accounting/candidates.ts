import { toText } from '@perf-agg/sdk'
import type { Ledger } from './ledger.ts'

/** Where to look for fills of symbols that nobody named: what the ledger says beside its books. */

/** A balance change of one asset that nothing explains so far. */
export interface OpenResidual {
  readonly asset: string
  /** Signed decimal string. */
  readonly amount: string
  /** From one anchor to the next. */
  readonly fromMs: number
  readonly toMs: number
}

/** Newest first. */
export function openResiduals(ledger: Ledger): OpenResidual[] {
  return ledger
    .residuals(0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    .map(({ asset, amount, fromMs, toMs }) => ({ asset, amount: toText(amount), fromMs, toMs }))
    .toReversed()
}

/** The unexplained, then what moved, then what is held. */
export function candidateAssets(ledger: Ledger): string[] {
  const assets = new Set(openResiduals(ledger).map(({ asset }) => asset))
  for (const entry of ledger.entries(0, Number.MAX_SAFE_INTEGER).toReversed()) {
    for (const { asset } of entry.changes) assets.add(asset)
  }
  for (const anchor of ledger.anchors.toReversed())
    for (const asset of anchor.balances.keys()) assets.add(asset)
  return [...assets]
}

/** Most recently traded first. */
export function candidateSymbols(ledger: Ledger): string[] {
  const fills = ledger.entries(0, Number.MAX_SAFE_INTEGER).filter((entry) => entry.kind === 'fill')
  return [...new Set(fills.toReversed().map((fill) => fill.symbol))]
}
