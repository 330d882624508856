import {
  type MetricsView,
  PerfAggClient,
  PerfAggError,
  requireTrusted,
  type SessionAccess,
  type SummaryView,
} from '@perf-agg/sdk'
import { readServiceUrl } from './service-url.ts'
import { type KeptRegistration, type Registrations } from './registrations.ts'
import { withSpinner } from '../terminal/spinner.ts'
import { remark } from '../terminal/terminal.ts'
import { trustOf, type TrustFlags, withTrustHint } from './trust.ts'

/** Reading figures with what was kept at registration, or with a view id that somebody gave away. */

type Read<View> = (client: PerfAggClient, access: SessionAccess) => Promise<View>

/** Reads; where the enclave was started anew since, appraises it by what was trusted at registration, and reads again. */
export async function readView<View extends MetricsView | SummaryView>(
  registrations: Registrations,
  label: string,
  kept: KeptRegistration,
  read: Read<View>,
): Promise<View> {
  return withSpinner('asking the enclave', () => readQuietly(registrations, label, kept, read, remark))
}

/** The same without a sign of life. */
export async function readQuietly<View extends MetricsView | SummaryView>(
  registrations: Registrations,
  label: string,
  kept: KeptRegistration,
  read: Read<View>,
  tell: (text: string) => void = () => undefined,
): Promise<View> {
  const client = new PerfAggClient({ serviceUrl: kept.serviceUrl })
  let current = kept
  let view: View
  try {
    view = await read(client, kept.access)
  } catch (error) {
    if (!(error instanceof PerfAggError) || error.code !== 'SIGNING_KEY_CHANGED') throw error
    const trust = { policy: kept.policy, insecureSimulated: kept.insecureSimulated }
    const access = await client.renewAccess(kept.access, trust).catch((refusal: unknown) => {
      throw withTrustHint(refusal, trust)
    })
    tell('the enclave was started anew; its new evidence holds by what you trusted at registration')
    current = { ...kept, access }
    view = await read(client, access)
  }
  if (current !== kept || view.account !== kept.account || view.expires_at !== kept.expiresAt) {
    registrations.set(label, { ...current, account: view.account, expiresAt: view.expires_at })
  }
  return view
}

/** A summary by its view id alone: the enclave is appraised first, for the key that must have signed. */
export async function readForeignSummary(
  viewId: string,
  flags: TrustFlags & { serviceUrl?: string; benchmark?: string },
): Promise<SummaryView> {
  const client = new PerfAggClient({ serviceUrl: readServiceUrl(flags.serviceUrl) })
  const trust = trustOf(flags)
  return withSpinner('asking the enclave', async () => {
    const { appraisal } = await client.appraise(trust)
    try {
      const { sig_key } = requireTrusted(appraisal, trust)
      const { benchmark } = flags
      const options = benchmark === undefined ? {} : { benchmark }
      return await client.summary({ viewId, signingKey: sig_key.x }, options)
    } catch (error) {
      throw withTrustHint(error, trust)
    }
  })
}
