import {
  fromBase64,
  InputError,
  joinEitherRecordPages,
  metadataOf,
  parseCheckpoint,
  parseEitherRecord,
  parseEitherRecordPage,
  parseJson,
  parseNote,
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
const pagesMax = 1_000

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
  const pages: ReturnType<typeof parseEitherRecordPage>[] = []
  let query = ''
  let count = 0
  for (;;) {
    const response = await fetch(`/record/${encodeURIComponent(account)}.json${query}`, {
      credentials: 'omit',
    })
    if (!response.ok) throw new InputError('RECORD_UNREACHABLE', `the enclave answered ${response.status}`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const page = parseEitherRecordPage(parseJson(bytes, { bytesMax: pageBytesMax }))
    pages.push(page)
    count += page.statements.length
    onProgress(`${count} statements fetched.`)
    const last = page.statements.at(-1)
    if (!page.more || last === undefined) return joinEitherRecordPages(pages)
    if (pages.length === pagesMax) throw new InputError('INPUT_INVALID', 'the record has no end')
    query = `?after=${metadataOf(last).sequence}&size=${sizeOf(pages[0]?.checkpoint ?? null)}`
  }
}

function sizeOf(checkpoint: string | null): number {
  if (checkpoint === null) throw new InputError('INPUT_INVALID', 'the first page has no checkpoint')
  return parseCheckpoint(parseNote(checkpoint).text).size
}
