import { InputError, parseCheckpoint, parseNote, PerfAggError, UnreachableError } from '@perf-agg/sdk'

/** All entries of a published log (C2SP tlog-tiles), to hold a record against. */

const bundleWidth = 256
const bundleBytesMax = bundleWidth * 65_537
const timeoutMs = 30_000
/** Some gigabyte of entries. */
const leavesMax = 10_000_000

/** @throws {UnreachableError} @throws {PerfAggError} LOG_INVALID */
export async function fetchLogEntries(prefix: string): Promise<readonly Uint8Array[]> {
  if (!URL.canParse(prefix) || !/^https?:/.test(prefix)) {
    throw new InputError('URL_INVALID', '--log must be an http or https address', {
      hint: 'like https://enclave.example/log',
    })
  }
  const base = prefix.replace(/\/+$/, '')
  const note = parseNote(await fetchBytes(`${base}/checkpoint`, 65_536))
  const { size } = parseCheckpoint(note.text)
  if (size > leavesMax) throw invalid('it is too long to be read whole')
  const entries: Uint8Array[] = []
  for (let bundle = 0; bundle * bundleWidth < size; bundle += 1) {
    const width = Math.min(bundleWidth, size - bundle * bundleWidth)
    const partial = width === bundleWidth ? '' : `.p/${width}`
    const bytes = await fetchBytes(`${base}/tile/entries/${spelled(bundle)}${partial}`, bundleBytesMax)
    entries.push(...readBundle(bytes, width))
  }
  return entries
}

function readBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const entries: Uint8Array[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const end = at + 2 + view.getUint16(at)
    if (end > bytes.length) break
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  if (at !== bytes.length || entries.length !== width) throw invalid('a bundle is not what its name says')
  return entries
}

/** `1234067` is `x001/x234/067`. */
function spelled(index: number): string {
  let path = String(index % 1_000).padStart(3, '0')
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000)) {
    path = `x${String(rest % 1_000).padStart(3, '0')}/${path}`
  }
  return path
}

async function fetchBytes(url: string, bytesMax: number): Promise<Uint8Array> {
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  } catch {
    throw new UnreachableError('UNREACHABLE', `${new URL(url).origin} does not answer`, {
      hint: 'check the address of the log',
    })
  }
  if (!response.ok) throw invalid(`it answers ${response.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > bytesMax) throw invalid('an answer is too long')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

function invalid(why: string): PerfAggError {
  return new PerfAggError('LOG_INVALID', `that is no published log: ${why}`)
}
