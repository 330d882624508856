import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The reference data beside the project: read from there, never committed. */
const folder = fileURLToPath(new URL('../../../shared/reference/vectors/', import.meta.url))

/** For a test's `skip`: false where the data is there, else a plain message. */
export function unlessThere(name: string): false | string {
  return existsSync(`${folder}${name}`) ? false : `no reference data at ../shared/reference/vectors/${name}`
}

export function referenceBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(`${folder}${path}`))
}

export function referenceText(path: string): string {
  return readFileSync(`${folder}${path}`, 'utf8')
}

export function referenceFiles(path: string): readonly string[] {
  return readdirSync(`${folder}${path}`)
}
