import { gunzipSync } from 'node:zlib'
import {
  affirm,
  contraindicate,
  fromBase64,
  fromUtf8,
  InputError,
  parseJson,
  type Step,
  VerificationError,
  warn,
} from '@perf-agg/sdk'
import { pageAssets } from '../../page/assets.ts'
import { carriedOf, parseCarried, type Carried } from '../../page/carried.ts'
import { pageOf } from '../../page/shell.ts'
import { softwareVersion } from '../../daemon/software.ts'

/** A page of a record as a file: the record in it, and whether the page around it is one of ours. */
export interface PageFile {
  readonly record: unknown
  readonly step: Step
}

export function isPage(bytes: Uint8Array): boolean {
  return /^\s*<!doctype html>/i.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1'))
}

/** @throws {VerificationError} `PAGE_INVALID` where no record can be had from it */
export function readPageFile(bytes: Uint8Array, recordBytesMax: number): PageFile {
  let carried: Carried
  let shell: string
  try {
    const found = carriedOf(fromUtf8(bytes))
    carried = parseCarried(found.value)
    shell = found.shell
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new VerificationError('PAGE_INVALID', `it is no page of a record: ${error.message}`)
  }
  if (carried.source.kind !== 'inline') {
    throw new InputError('PAGE_WITHOUT_RECORD', 'this page asks its enclave for the record and holds none', {
      hint: 'open it and save the record file from it',
    })
  }
  let record: unknown
  try {
    const text = gunzipSync(fromBase64(carried.source.gzip), { maxOutputLength: recordBytesMax })
    record = parseJson(text, { bytesMax: recordBytesMax })
  } catch {
    throw new VerificationError('PAGE_INVALID', 'the record in the page can not be read')
  }
  return { record, step: judgeShell(carried, shell) }
}

/** A page that says "verified" by itself may say so always; ours is known byte for byte. */
function judgeShell(carried: Carried, shell: string): Step {
  const own = carriedOf(pageOf(pageAssets(), carried)).shell
  if (shell === own) {
    return affirm('page', `the page around the record is the one that perf-agg ${softwareVersion} makes`)
  }
  return carried.version === softwareVersion
    ? contraindicate('page', 'PAGE_CHANGED', 'the page is not what this version makes: its code was changed')
    : warn('page', 'PAGE_FOREIGN', `the page says it is of perf-agg ${carried.version}, this is another one`)
}
