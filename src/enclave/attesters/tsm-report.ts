import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { PerfAggError } from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import { attestationFailed, errnoOf } from './failure.ts'
import type { TsmFiles } from './tsm-files.ts'

/** Where Linux makes attestation reports (Documentation/ABI/testing/configfs-tsm-report). */
export const tsmRoot = '/sys/kernel/config/tsm/report'

export interface TsmReport {
  /** `tdx_guest`, `sev_guest` … */
  readonly provider: string
  readonly outblob: Uint8Array
  /** What the host handed over beside it; empty where the provider has no such thing. */
  readonly auxblob: Uint8Array
}

export interface TsmOptions {
  readonly files: TsmFiles
  readonly root?: string
  readonly pauseMs?: number
}

/** Failures of a moment: another guest's or process's request is under way, or a signal came in between. */
const passing = new Set(['EBUSY', 'EAGAIN', 'EINTR', 'ETIMEDOUT', 'EIO'])

/**
 * Asks the kernel for a report over 64 bytes: a folder of its own for each, so that nobody else's writes meet it,
 * removed again whatever comes. Tried again a few times where the platform is busy, gives an empty report, or counts
 * another generation than the one that was asked for.
 * @throws PerfAggError ATTESTATION_FAILED
 */
export async function makeTsmReport(reportData: Uint8Array, options: TsmOptions): Promise<TsmReport> {
  const { pauseMs = limits.attestation.pauseMs } = options
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryOnce(reportData, options)
    if (typeof outcome !== 'string') return outcome
    if (tries >= limits.attestation.triesMax) {
      throw attestationFailed(`the platform made no report (${outcome})`, 'ask again in a moment')
    }
    await pause(pauseMs * tries)
  }
}

/** Which provider stands behind the interface; null where none does. @throws PerfAggError ATTESTATION_FAILED */
export async function tsmProvider(options: TsmOptions): Promise<string | null> {
  try {
    return await inFolder(options, (folder) => readText(options.files, `${folder}/provider`))
  } catch (error) {
    // An ordinary machine may have the interface, and nothing behind it.
    if (errnoOf(error) === 'ENXIO') return null
    throw fatal(error)
  }
}

/** The report, or in a word why there is none this time. */
async function tryOnce(reportData: Uint8Array, options: TsmOptions): Promise<TsmReport | string> {
  try {
    return await inFolder(options, (folder) => report(folder, reportData, options.files))
  } catch (error) {
    const code = errnoOf(error)
    if (passing.has(code)) return code
    throw fatal(error)
  }
}

async function report(folder: string, reportData: Uint8Array, files: TsmFiles): Promise<TsmReport | string> {
  let writes = 0
  const floor = await readOptional(files, `${folder}/privlevel_floor`)
  // Below a paravisor the most privileged levels are not ours to ask for.
  if (floor !== null && /^[1-3]\s*$/.test(Buffer.from(floor).toString('latin1'))) {
    await files.write(`${folder}/privlevel`, Buffer.from(floor.subarray(0, 1)))
    writes += 1
  }
  await files.write(`${folder}/inblob`, reportData)
  writes += 1
  const outblob = await files.read(`${folder}/outblob`, limits.attestation.blobBytesMax)
  const auxblob =
    (await readOptional(files, `${folder}/auxblob`, limits.attestation.blobBytesMax)) ?? new Uint8Array()
  const provider = await readText(files, `${folder}/provider`)
  // Each write counts up. Another count: the report may be of somebody else's bytes.
  if ((await readText(files, `${folder}/generation`)) !== String(writes)) return 'generation'
  return outblob.length === 0 ? 'empty' : { provider, outblob, auxblob }
}

async function inFolder<Value>(
  { files, root = tsmRoot }: TsmOptions,
  work: (folder: string) => Promise<Value>,
): Promise<Value> {
  const folder = `${root}/perf-agg-${process.pid}-${randomBytes(8).toString('hex')}`
  await files.makeFolder(folder)
  try {
    return await work(folder)
  } finally {
    await files.removeFolder(folder).catch(() => undefined)
  }
}

async function readText(files: TsmFiles, path: string): Promise<string> {
  return Buffer.from(await files.read(path, 4_096))
    .toString('latin1')
    .trim()
}

async function readOptional(files: TsmFiles, path: string, bytesMax = 4_096): Promise<Uint8Array | null> {
  try {
    return await files.read(path, bytesMax)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

function fatal(error: unknown): PerfAggError {
  if (error instanceof PerfAggError) return error
  const code = errnoOf(error)
  const hint =
    code === 'EACCES' || code === 'EPERM'
      ? 'the user perf-agg runs as must own /sys/kernel/config/tsm/report, or the unit grants it'
      : code === 'ENOENT'
        ? 'mount configfs (mount -t configfs none /sys/kernel/config) and load tdx_guest or sev-guest'
        : undefined
  return attestationFailed(`the platform's report interface failed (${code})`, hint)
}
