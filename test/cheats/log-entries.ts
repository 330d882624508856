import { claimsBytesOf, parseClaims, parseVkey, type TrackRecord } from '@perf-agg/sdk'
import { readLog } from '../log/fixture.ts'

/** All entries of the log that an enclave publishes now, read by the format's rules, under the key of a record's last evidence. */
export async function entriesOf(enclaveUrl: string, record: TrackRecord): Promise<readonly Uint8Array[]> {
  const { log } = parseClaims(claimsBytesOf(record.evidence.at(-1)!.quote))
  const fetchFile = async (path: string): Promise<Uint8Array | null> => {
    const response = await fetch(`${enclaveUrl}/log/${path}`)
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null
  }
  return (await readLog(fetchFile, (await parseVkey(log!.vkey))!)).entries
}
