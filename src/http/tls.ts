import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { PerfAggError } from '@perf-agg/sdk'

/** PEM of the certificate chain and of its key. */
export interface TlsFiles {
  readonly cert: Buffer
  readonly key: Buffer
}

/** @throws PerfAggError TLS_FILE_UNREADABLE, TLS_FILES_INVALID */
export async function readTls(paths: {
  readonly certFile: string
  readonly keyFile: string
}): Promise<TlsFiles> {
  const cert = await read(paths.certFile, '--tls-cert')
  const key = await read(paths.keyFile, '--tls-key')
  try {
    createSecureContext({ cert, key })
  } catch {
    throw new PerfAggError(
      'TLS_FILES_INVALID',
      'the files of --tls-cert and --tls-key are no pair of PEM files',
      {
        hint: 'give the whole certificate chain and the key that belongs to its first certificate, not encrypted',
      },
    )
  }
  return { cert, key }
}

async function read(path: string, flag: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch {
    throw new PerfAggError('TLS_FILE_UNREADABLE', `the file of ${flag} can not be read`, {
      hint: `give ${flag} the path of a PEM file that perf-agg's user can read`,
    })
  }
}
