import { gzipSync } from 'node:zlib'
import { canonicalBytes, type Policy, type PublicRecord, toBase64, type TrackRecord } from '@perf-agg/sdk'
import { pageSchema } from './carried.ts'
import { pageOf, type PageAssets } from './shell.ts'

export interface TearsheetOptions {
  readonly version: string
  readonly policy: Policy | null
  readonly insecureSimulated: boolean
}

/** A record as one page that carries it and checks it by itself. */
export function tearsheetOf(
  assets: PageAssets,
  record: TrackRecord | PublicRecord,
  { version, policy, insecureSimulated }: TearsheetOptions,
): string {
  const gzip = toBase64(gzipSync(canonicalBytes(record), { level: 9 }))
  return pageOf(assets, {
    schema: pageSchema,
    version,
    source: { kind: 'inline', gzip },
    policy,
    insecure_simulated: insecureSimulated,
  })
}
