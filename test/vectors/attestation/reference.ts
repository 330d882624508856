import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Step } from '../../../sdk/step.ts'

/** Genuine evidence beside the project: read from there, never committed. */
const folder = fileURLToPath(new URL('../../../../shared/reference/attestation/', import.meta.url))

/** For a test's `skip`: false where the data is there, else a plain message. */
export const unlessThere: false | string = existsSync(`${folder}README.md`)
  ? false
  : 'no reference data at ../shared/reference/attestation'

export function referenceBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(`${folder}${path}`))
}

export function referenceText(path: string): string {
  return readFileSync(`${folder}${path}`, 'utf8')
}

export function referenceJson(path: string): Record<string, any> {
  return JSON.parse(referenceText(path)) as Record<string, any>
}

/** Codes of the steps that don't affirm. */
export function refusals(steps: readonly Step[]): readonly string[] {
  return steps.filter(({ status }) => status !== 'affirming').map(({ code }) => code)
}

/**
 * Flips one byte after the other, every `stride`th, with a mask that differs from byte to byte, and gives back the
 * places at which the evidence was still affirmed. Every byte where `ATTESTATION_FLIPS=all` is set.
 */
export async function survivingFlips(
  bytes: Uint8Array,
  stride: number,
  judge: (flipped: Uint8Array) => Promise<readonly Step[]>,
): Promise<{ readonly tried: number; readonly survived: readonly number[] }> {
  const masks = [0x01, 0xff, 0x80, 0x20, 0x10]
  const step = process.env['ATTESTATION_FLIPS'] === 'all' ? 1 : stride
  const survived: number[] = []
  let tried = 0
  for (let at = 0; at < bytes.length; at += step) {
    const flipped = Uint8Array.from(bytes)
    flipped[at]! ^= masks[at % masks.length]!
    tried += 1
    if (refusals(await judge(flipped)).length === 0) survived.push(at)
  }
  return { tried, survived }
}
