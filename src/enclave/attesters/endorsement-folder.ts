import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { toBase64url } from '@perf-agg/sdk'
import { limits } from '../../limits.ts'

/**
 * What makers of hardware publish beside the evidence, in a folder that the operator keeps fresh: a file each, as
 * their services hand them out. Nothing of it is trusted here: every byte is signed by the maker, and judged by
 * whoever appraises the quote. So it needs no measurement, and a folder that lies only makes the quote worthless.
 */
export interface EndorsementFolder {
  /** base64url by name; what is not there, or too large, is left out. Read again only where a file has changed. */
  read(): Readonly<Record<string, string>>
}

/** File names by the name that the member has in a quote. */
export const collateralFiles: Readonly<Record<string, string>> = {
  tcb_info: 'tcb_info.json',
  tcb_info_issuer_chain: 'tcb_info_issuer_chain.pem',
  qe_identity: 'qe_identity.json',
  qe_identity_issuer_chain: 'qe_identity_issuer_chain.pem',
  root_ca_crl: 'root_ca_crl.der',
  pck_crl: 'pck_crl.der',
  pck_crl_issuer_chain: 'pck_crl_issuer_chain.pem',
}

export const amdFiles: Readonly<Record<string, string>> = {
  leaf: 'vcek.der',
  ask: 'ask.der',
  ark: 'ark.der',
  crl: 'crl.der',
}

export const endorsementFiles: Readonly<Record<string, string>> = { ...collateralFiles, ...amdFiles }

interface Cached {
  readonly mtimeMs: number
  readonly size: number
  readonly text: string
}

export function openEndorsementFolder(
  folder: string | null,
  files: Readonly<Record<string, string>>,
): EndorsementFolder {
  const cache = new Map<string, Cached>()
  return {
    read() {
      if (folder === null) return {}
      const found: Record<string, string> = {}
      for (const [name, file] of Object.entries(files)) {
        const cached = readFile(join(folder, file), cache.get(name))
        if (cached === null) {
          cache.delete(name)
          continue
        }
        cache.set(name, cached)
        found[name] = cached.text
      }
      return found
    },
  }
}

function readFile(path: string, before: Cached | undefined): Cached | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return null
  }
  try {
    const { size, mtimeMs } = fstatSync(file)
    if (before?.size === size && before.mtimeMs === mtimeMs) return before
    if (size === 0 || size > limits.attestation.endorsementBytesMax) return null
    const bytes = Buffer.alloc(size)
    // A file that is being written is shorter than it said: the next quote reads it whole.
    if (readSync(file, bytes, 0, size, 0) !== size) return null
    return { mtimeMs, size, text: toBase64url(bytes) }
  } catch {
    return null
  } finally {
    closeSync(file)
  }
}
