import {
  collectRecordPages,
  fromBase64,
  InputError,
  joinEitherRecordPages,
  parseEitherRecord,
  parseEitherRecordPage,
  parseJson,
  type PublicRecord,
  type TrackRecord,
} from '@perf-agg/sdk'
import type { CarriedSource } from '../carried.ts'

/** The record that a page is of: carried in it, or asked of the enclave that served it. */
export interface Loaded {
  readonly record: TrackRecord | PublicRecord
  /** As a file of its own, for whoever would rather check it with another program. */
  readonly bytes: () => Uint8Array<ArrayBuffer>
}

/** Ten years of hours. */
const recordBytesMax = 536_870_912
const pageBytesMax = 33_554_432

export async function loadRecord(source: CarriedSource, onProgress: (text: string) => void): Promise<Loaded> {
  if (source.kind === 'inline') {
    const bytes = await unzipped(fromBase64(source.gzip))
    const record = parseEitherRecord(parseJson(bytes, { bytesMax: recordBytesMax }))
    return { record, bytes: () => bytes }
  }
  const record = await fetchRecord(source.account, onProgress)
  return { record, bytes: () => new TextEncoder().encode(`${JSON.stringify(record)}\n`) }
}

async function unzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

async function fetchRecord(
  account: string,
  onProgress: (text: string) => void,
): Promise<TrackRecord | PublicRecord> {
  let count = 0
  const pages = await collectRecordPages(async (query) => {
    const response = await fetch(`/record/${encodeURIComponent(account)}.json${query}`, {
      credentials: 'omit',
    })
    if (!response.ok) throw new InputError('RECORD_UNREACHABLE', `the enclave answered ${response.status}`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const page = parseEitherRecordPage(parseJson(bytes, { bytesMax: pageBytesMax }))
    count += page.statements.length
    onProgress(`${count} statements fetched.`)
    return page
  })
  return joinEitherRecordPages(pages)
}
