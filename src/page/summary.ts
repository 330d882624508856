import { dayText, percentText, shortName } from './figure-text.ts'
import type { Preview } from './shell.ts'

/** What the badge, the picture and the preview of a public record say: in percentages, told by the enclave, proving nothing. */
export interface PublicSummary {
  readonly account: string
  readonly exchange: string
  readonly environment: string
  /** The enclave is simulated: it proves nothing. */
  readonly simulated: boolean
  readonly amounts: boolean
  readonly withdrawnAtMs: number | null
  /** No statement was added for long. */
  readonly stale: boolean
  /** Of the hours since the registration; null before the first. */
  readonly fromMs: number | null
  readonly untilMs: number | null
  readonly returnPct: number | null
  readonly sharpe: number | null
  readonly maxDrawdownPct: number | null
  readonly coveragePct: number | null
  /** Growth of 100, evenly thinned. */
  readonly growth: readonly number[]
}

/** What must stand before every figure of it; null: it is live. */
export function caveatOf({ environment, simulated }: PublicSummary): string | null {
  if (simulated || environment === 'simulated') return 'SIMULATED'
  if (environment === 'sandbox') return 'SANDBOX'
  return environment === 'self-reported' ? 'SELF-REPORTED' : null
}

/** What a preview of a link to it says. */
export function previewOf(summary: PublicSummary, base: string): Preview {
  const { account, withdrawnAtMs, untilMs, returnPct, stale } = summary
  const caveat = caveatOf(summary)
  const before = caveat === null ? '' : `${caveat}: `
  const figures =
    withdrawnAtMs !== null
      ? `withdrawn by its owner on ${dayText(withdrawnAtMs)}`
      : untilMs === null
        ? 'no hour is stated yet'
        : `${percentText(returnPct, true)} to ${dayText(untilMs)}${stale ? ', stale since' : ''}`
  return {
    title: `${before}track record ${shortName(account)}`,
    description: `${before}${figures}. The page verifies itself: nobody has to be trusted for it.`,
    url: base,
    imageUrl: `${base}/og.png`,
  }
}
