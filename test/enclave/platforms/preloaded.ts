import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { nativeLibrary } from '../../../src/enclave/attesters/native-call.ts'

/**
 * Drivers of the kernel that stand in for it inside a process: an `ioctl` of the test's own, compiled from C and
 * loaded before the system's, so that our code is tried down to the system call.
 */

const noCompiler = spawnSync('cc', ['--version']).error !== undefined
const noLibrary =
  process.platform !== 'linux' ||
  !existsSync(new URL(`../../../node_modules/${nativeLibrary}/`, import.meta.url))

/** For a test's `skip`. */
export const withoutNative: false | string = noLibrary ? `${nativeLibrary} is not installed` : false
export const withoutDriver: false | string =
  withoutNative === false && noCompiler ? 'no C compiler on this machine' : withoutNative

/** Compiles `<folder>/driver.c`. */
export function compileDriver(folder: string): void {
  const { status, stderr } = spawnSync('cc', [
    '-shared',
    '-fPIC',
    '-o',
    `${folder}/driver.so`,
    `${folder}/driver.c`,
  ])
  if (status !== 0) throw new Error(String(stderr))
}

/** What a script prints as JSON, in a process of its own in front of that driver. */
export function runBefore(folder: string, script: string): Record<string, any> {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@perf-agg/source', '--input-type=module', '--eval', script],
    { env: { LD_PRELOAD: `${folder}/driver.so`, FAKE_DEVICE: folder }, encoding: 'utf8', timeout: 120_000 },
  )
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Record<string, any>
}
