import {
  type Bucket,
  canonicalBytes,
  type CompositeView,
  type MetricsView,
  type SessionStatus,
  type SummaryView,
  sealBox,
  toBase64,
  toInstant,
  toNumber,
} from '@perf-agg/sdk'
import type { Gap, Hour } from '../accounting/hour/hour.ts'
import type { AccountTotals, AccountView, Figures } from '../accounting/view.ts'
import type { Signer } from '../enclave/signer.ts'
import type { AccountRow, SessionRow } from '../store/store.ts'
import type { CompositeFigures } from './composites.ts'

/** What a view says beside the figures. */
export interface ViewFrame {
  /** Null while the exchange has not yet said whose account it is. */
  readonly account: AccountRow | null
  readonly session: SessionRow
  /** Thumbprint of the key that will sign. */
  readonly keyId: string
  readonly status: SessionStatus
  readonly requestNonce: string | null
  readonly nowMs: number
  /** An index beside the account; null where none was asked for. */
  readonly benchmark: { readonly symbol: string; readonly figures: Figures } | null
}

/** Everything, for the account's owner; unsigned. */
export function metricsView(
  figures: AccountView,
  composite: CompositeFigures | null,
  frame: ViewFrame,
): Omit<MetricsView, 'signature'> {
  return {
    ...base(figures, frame),
    schema: 'perf-agg/metrics/v1',
    symbols: figures.symbols.map((symbol) => ({
      symbol: symbol.symbol,
      ...totalsOf(symbol),
      realized_pnl_usd: toNumber(symbol.realizedPnlUsd),
      unrealized_pnl_usd: toNumber(symbol.unrealizedPnlUsd),
      return_pct: symbol.returnPct,
      ...(symbol.returnPct === null ? { reasons: { return_pct: 'no_cost' } } : {}),
    })),
    trading: { figures: figures.trading.values, reasons: figures.trading.reasons },
    composite: composite === null ? null : compositeView(composite, frame.nowMs),
  }
}

/** A client's accounts as one. Its other accounts are its own business: no summary has it. */
function compositeView({ whole, members }: CompositeFigures, nowMs: number): CompositeView {
  return {
    as_of: toInstant(whole.asOfMs ?? nowMs),
    coverage: coverageOf(whole),
    portfolio: whole.portfolio.values,
    reasons: whole.portfolio.reasons,
    totals: totalsOf(whole.totals),
    hourly_buckets: whole.hours.map(bucketOf),
    accounts: members.map(({ row, fromMs, weightPct, figures }) => ({
      account: row.pseudonym,
      exchange: row.exchange,
      since: toInstant(fromMs),
      weight_pct: weightPct,
      coverage: coverageOf(figures),
      portfolio: figures.portfolio.values,
      reasons: figures.portfolio.reasons,
    })),
  }
}

function coverageOf({ coverage }: AccountView): MetricsView['coverage'] {
  const { hoursExpected, observed, recovered, backfilled, gaps } = coverage
  return { hours_expected: hoursExpected, observed, recovered, backfilled, gaps: gaps.map(gapClaim) }
}

/** What may be shown to others: no symbol, no price, no position, no id; unsigned. */
export function summaryView(figures: AccountView, frame: ViewFrame): Omit<SummaryView, 'signature'> {
  return { ...base(figures, frame), schema: 'perf-agg/summary/v1' }
}

function base(figures: AccountView, frame: ViewFrame): Omit<SummaryView, 'signature' | 'schema'> {
  const { account, session } = frame
  return {
    account: account?.pseudonym ?? null,
    exchange: session.exchange,
    environment: (account ?? session).environment as SummaryView['environment'],
    as_of: toInstant(figures.asOfMs ?? frame.nowMs),
    expires_at: toInstant(session.expiresAtMs),
    request_nonce: frame.requestNonce,
    status: frame.status,
    coverage: coverageOf(figures),
    portfolio: figures.portfolio.values,
    reasons: figures.portfolio.reasons,
    totals: totalsOf(figures.totals),
    income_usd: Object.fromEntries(
      Object.entries(figures.incomeUsd).map(([kind, usd]) => [kind.replaceAll('-', '_'), toNumber(usd)]),
    ),
    benchmark:
      frame.benchmark === null
        ? null
        : {
            symbol: frame.benchmark.symbol,
            figures: frame.benchmark.figures.values,
            reasons: frame.benchmark.figures.reasons,
          },
    hourly_buckets: figures.hours.map(bucketOf),
    key_id: frame.keyId,
  }
}

/** An hour as the contract has it. */
export function bucketOf(hour: Hour): Bucket {
  return { t: toInstant(hour.startMs), return_pct: hour.returnPct, ...totalsOf(hour) }
}

function gapClaim(gap: Gap): { from: string; to: string; reason: string } {
  return { from: toInstant(gap.fromMs), to: toInstant(gap.toMs), reason: gap.reason }
}

function totalsOf(
  amounts: Pick<AccountTotals | Hour, 'trades' | 'volumeBase' | 'volumeQuoteUsd' | 'feesUsd'>,
) {
  return {
    trades: amounts.trades,
    volume_base: toNumber(amounts.volumeBase),
    volume_quote: toNumber(amounts.volumeQuoteUsd),
    fees_usd: toNumber(amounts.feesUsd),
  }
}

/** Signs a view or a receipt as statements are signed, then seals it to `replyKey` where there is one. */
export async function signedAnswer(
  body: object,
  signer: Signer,
  replyKey: Uint8Array | null,
): Promise<object> {
  return sealedAnswer({ ...body, signature: toBase64(await signer.sign(canonicalBytes(body))) }, replyKey)
}

/** Sealed to `replyKey` where there is one. */
export async function sealedAnswer(body: object, replyKey: Uint8Array | null): Promise<object> {
  return replyKey === null ? body : { sealed: toBase64(await sealBox(replyKey, canonicalBytes(body))) }
}
