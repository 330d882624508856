import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { PerfAggError } from '@perf-agg/sdk'
import { attestationFailed, errnoOf } from './failure.ts'

/**
 * `ioctl` on a device file, for the two drivers that speak no other way. Node can't do it by itself; koffi's prebuilt
 * program can, an optional dependency that runs no script to be installed.
 */
export const nativeLibrary: string = `@koromix/koffi-linux-${process.arch}`

/** What is used of koffi. */
export interface Koffi {
  struct(members: Readonly<Record<string, unknown>>): unknown
  pointer(type: unknown): unknown
  inout(type: unknown): unknown
  errno(): number
  load(path: string | null): {
    func(name: string, result: string, parameters: readonly unknown[]): (...values: unknown[]) => number
  }
}

export interface NativeDevice {
  /**
   * Hands a structure over, whose members are written back into `message`.
   * @throws PerfAggError ATTESTATION_FAILED
   */
  call(message: Readonly<Record<string, unknown>>): void
  close(): void
}

export interface NativeDeviceOptions {
  readonly path: string
  /** What it is called in messages. */
  readonly name: string
  /** Number of the one request that is made. */
  readonly request: number
  /** The type of its structure. */
  readonly message: (koffi: Koffi) => unknown
  readonly library?: string
}

/** @throws PerfAggError NATIVE_LIBRARY_MISSING, DEVICE_UNREADABLE */
export async function openNativeDevice(options: NativeDeviceOptions): Promise<NativeDevice> {
  const { path, name, request } = options
  const koffi = await loadKoffi(name, options.library ?? nativeLibrary)
  let file: number
  try {
    file = openSync(path, 'r+')
  } catch (error) {
    throw new PerfAggError('DEVICE_UNREADABLE', `can't open ${path} (${errnoOf(error)})`, {
      hint: 'the user perf-agg runs as must be allowed to read and write it',
    })
  }
  const pointer = koffi.inout(koffi.pointer(options.message(koffi)))
  const ioctl = koffi.load(null).func('ioctl', 'int', ['int', 'unsigned long', pointer])
  return {
    call(message) {
      if (ioctl(file, request, message) === 0) return
      const errno = koffi.errno()
      // ENOTTY: the file is there, and not what it should be.
      throw errno === constants.errno.ENOTTY
        ? attestationFailed(`${path} is no ${name} (ENOTTY)`)
        : attestationFailed(`the ${name} failed (errno ${errno})`)
    },
    close() {
      closeSync(file)
    },
  }
}

async function loadKoffi(name: string, library: string): Promise<Koffi> {
  try {
    const loaded = (await import(library)) as { readonly default?: Koffi } & Koffi
    return loaded.default ?? loaded
  } catch {
    throw new PerfAggError('NATIVE_LIBRARY_MISSING', `the ${name} needs ${library}, which is not there`, {
      hint: 'install perf-agg with its optional dependencies (npm install --include=optional), on Linux',
    })
  }
}
