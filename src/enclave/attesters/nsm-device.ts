import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { PerfAggError } from '@perf-agg/sdk'
import { attestationFailed, errnoOf } from './failure.ts'

/** The Nitro security module at its protocol's level: CBOR in, CBOR out. */
export interface NsmDevice {
  /** @throws PerfAggError ATTESTATION_FAILED */
  request(cbor: Uint8Array): Promise<Uint8Array>
  close(): void
}

export const nsmPath = '/dev/nsm'

/** Bounds of the driver (include/uapi/linux/nsm.h). */
export const nsmRequestBytesMax = 0x1000
export const nsmResponseBytesMax = 0x3000

/** _IOWR(0x0A, 0, struct nsm_raw), which is two pairs of address and length, 32 bytes. */
const nsmIoctlRaw = 0xc020_0a00

/** What is used of koffi. */
interface Koffi {
  struct(members: Readonly<Record<string, unknown>>): unknown
  pointer(type: unknown): unknown
  inout(type: unknown): unknown
  errno(): number
  load(path: string | null): {
    func(name: string, result: string, parameters: readonly unknown[]): (...values: unknown[]) => number
  }
}

/** koffi's prebuilt program for this kind of machine: an optional dependency, which runs no script to be installed. */
const nativeLibrary = `@koromix/koffi-linux-${process.arch}`

/**
 * Opens the device of this machine. The driver speaks by ioctl alone, which Node can't do by itself: koffi can.
 * @throws PerfAggError NSM_LIBRARY_MISSING, NSM_UNREADABLE
 */
export async function openNsmDevice(library = nativeLibrary, path = nsmPath): Promise<NsmDevice> {
  const koffi = await loadKoffi(library)
  let file: number
  try {
    file = openSync(path, 'r+')
  } catch (error) {
    throw new PerfAggError('NSM_UNREADABLE', `can't open ${path} (${errnoOf(error)})`, {
      hint: 'the user perf-agg runs as must be allowed to read and write it',
    })
  }
  const vector = koffi.struct({ addr: 'void *', len: 'uint64_t' })
  const raw = koffi.struct({ request: vector, response: vector })
  const ioctl = koffi
    .load(null)
    .func('ioctl', 'int', ['int', 'unsigned long', koffi.inout(koffi.pointer(raw))])
  return {
    async request(cbor) {
      if (cbor.length > nsmRequestBytesMax)
        throw attestationFailed('the request to the security module is too long')
      const sent = Buffer.from(cbor)
      const received = Buffer.alloc(nsmResponseBytesMax)
      const message = {
        request: { addr: sent, len: sent.length },
        response: { addr: received, len: received.length },
      }
      if (ioctl(file, nsmIoctlRaw, message) !== 0) throw refusedBy(koffi.errno(), path)
      const { len } = message.response
      if (!(len > 0 && len <= received.length))
        throw attestationFailed('the security module answered nothing')
      return new Uint8Array(received.subarray(0, Number(len)))
    },
    close() {
      closeSync(file)
    },
  }
}

/** ENOTTY: the file is there, and no security module stands behind it. */
function refusedBy(errno: number, path: string): PerfAggError {
  return errno === constants.errno.ENOTTY
    ? attestationFailed(`${path} is no Nitro security module (ENOTTY)`)
    : attestationFailed(`the security module failed (errno ${errno})`)
}

async function loadKoffi(library: string): Promise<Koffi> {
  try {
    const loaded = (await import(library)) as { readonly default?: Koffi } & Koffi
    return loaded.default ?? loaded
  } catch {
    throw new PerfAggError(
      'NSM_LIBRARY_MISSING',
      `Nitro enclaves need ${nativeLibrary}, which is not there`,
      {
        hint: 'install perf-agg with its optional dependencies (npm install --include=optional), on Linux',
      },
    )
  }
}
