import { toText } from '@perf-agg/sdk'
import { isContractKey, nameOfKey } from './contract.ts'
import type { Ledger } from './ledger.ts'

/** Where to look for fills of symbols that nobody named: what the ledger says beside its books. */

/** A change of one asset's balance, or of one contract's position, that nothing explains so far. */
export interface OpenResidual {
  /** An asset, or a contract's symbol. */
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
    .map(({ asset, amount, fromMs, toMs }) => ({
      asset: nameOfKey(asset),
      amount: toText(amount),
      fromMs,
      toMs,
    }))
    .toReversed()
}

/** The unexplained, then what moved, then what is held. */
export function candidateAssets(ledger: Ledger): string[] {
  const residuals = ledger.residuals(0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).toReversed()
  const assets = new Set(residuals.map(({ asset }) => asset))
  for (const entry of ledger.entries(0, Number.MAX_SAFE_INTEGER).toReversed()) {
    for (const { asset } of entry.changes) assets.add(asset)
  }
  for (const anchor of ledger.anchors.toReversed())
    for (const asset of anchor.balances.keys()) assets.add(asset)
  return [...assets].filter((asset) => !isContractKey(asset))
}

/** Most recently traded first. */
export function candidateSymbols(ledger: Ledger): string[] {
  const fills = ledger.entries(0, Number.MAX_SAFE_INTEGER).filter((entry) => entry.kind === 'fill')
  return [...new Set(fills.toReversed().map((fill) => fill.symbol))]
}
