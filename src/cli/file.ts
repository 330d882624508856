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

/** Pieces are wiped once they stand in the whole: what is read may be a secret. */
function readAll(file: number, path: string, bytesMax: number): Uint8Array {
  let whole = new Uint8Array(0)
  const piece = Buffer.alloc(65_536)
  for (;;) {
    const length = readSome(file, piece, path)
    if (length === 0) return whole
    if (whole.length + length > bytesMax) {
      throw new InputError('FILE_TOO_LARGE', `${path} has more than ${bytesMax} bytes`)
    }
    const grown = new Uint8Array(whole.length + length)
    grown.set(whole)
    grown.set(piece.subarray(0, length), whole.length)
    whole.fill(0)
    piece.fill(0)
    whole = grown
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
  const bytes = readBounded(path, bytesMax)
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
