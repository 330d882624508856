import { closeSync, openSync, readSync } from 'node:fs'
import { InputError, parseJson, type Policy, parsePolicy } from '@perf-agg/sdk'
import { systemCode } from './key-file.ts'

/** Files the person names; `-` is standard input. */

/** @throws {InputError} `FILE_UNREADABLE`, `FILE_TOO_LARGE` */
export function readBounded(path: string, bytesMax: number): Uint8Array {
  let file: number
  try {
    file = path === '-' ? 0 : openSync(path, 'r')
  } catch (error) {
    throw new InputError('FILE_UNREADABLE', `can't read ${path} (${systemCode(error)})`)
  }
  try {
    return readAll(file, path, bytesMax)
  } finally {
    if (file !== 0) closeSync(file)
  }
}

/** What is outgrown is wiped: it may be a secret. */
function readAll(file: number, path: string, bytesMax: number): Uint8Array {
  let room = Buffer.alloc(65_536)
  let length = 0
  for (;;) {
    const count = readSome(file, room.subarray(length), path)
    if (count === 0) return room.subarray(0, length)
    length += count
    if (length > bytesMax) throw new InputError('FILE_TOO_LARGE', `${path} has more than ${bytesMax} bytes`)
    if (length < room.length) continue
    const larger = Buffer.alloc(room.length * 2)
    larger.set(room)
    room.fill(0)
    room = larger
  }
}

function readSome(file: number, piece: Buffer, path: string): number {
  for (;;) {
    try {
      return readSync(file, piece)
    } catch (error) {
      const code = systemCode(error)
      if (code === 'EOF') return 0
      // Standard input that is not ready yet: waited for without turning.
      if (code !== 'EAGAIN') throw new InputError('FILE_UNREADABLE', `can't read ${path} (${code})`)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

/** @throws {InputError} naming the file */
export function readJsonFile(path: string, bytesMax = 16_777_216): unknown {
  return parseJsonFile(path, readBounded(path, bytesMax), bytesMax)
}

/** @throws {InputError} naming the file */
export function parseJsonFile(path: string, bytes: Uint8Array, bytesMax: number): unknown {
  try {
    return parseJson(bytes, { bytesMax })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(
      error.code,
      `${path}: ${error.message}`,
      error.hint === undefined ? {} : { hint: error.hint },
    )
  }
}

/** @throws {InputError} naming the file and the member */
export function readPolicyFile(path: string): Policy {
  const value = readJsonFile(path, 1_048_576)
  try {
    return parsePolicy(value)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.code, `${path}: ${error.message}`, {
      hint: 'perf-agg quote --save-policy FILE writes one',
    })
  }
}
