import { closeSync, openSync, readSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { processFile } from './processes.ts'

/** Looking for secrets where none may be: in text, and in the memory of processes. */

/** The forms in which it could have been left somewhere: as it is, in hexadecimal, base64 wherever it stood, URLs. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    // what its neighbours decide is left out at both ends
    return text.slice(offset === 0 ? 0 : 4, text.length - 4)
  })
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  const utf16 = Buffer.from(secret, 'utf16le').toString('latin1')
  return [secret, hex, hex.toUpperCase(), ...base64, ...base64url, encodeURIComponent(secret), utf16]
}

const pieceBytes = 8_388_608

/**
 * How often each secret stands in a process's memory, in any form: what gcore would write, read where it lies. Null where
 * this process may not look into that one, or where it is gone.
 */
export async function countInMemory(pid: number, secrets: readonly string[]): Promise<number[] | null> {
  let memory: number
  try {
    memory = openSync(`/proc/${pid}/mem`, 'r')
  } catch {
    return null
  }
  const forms = secrets.map((secret) => [
    ...new Set(formsOf(secret).map((form) => Buffer.from(form, 'latin1').toString('latin1'))),
  ])
  const overlap = Math.max(...forms.flat().map((form) => form.length))
  const counts = secrets.map(() => 0)
  try {
    // looking takes seconds: whoever talks with us is to be heard meanwhile
    for (const line of processFile(pid, 'maps').split('\n')) {
      const range = /^([0-9a-f]+)-([0-9a-f]+) r(.)\S* \S+ \S+ (\d+)/.exec(line)
      // what the kernel maps there is no memory of the process, and what it can not write holds what its file holds
      if (range === null || /\[v(?:var|syscall|dso)/.test(line)) continue
      if (range[3] === '-' && range[4] !== '0') continue
      const [from, to] = [BigInt(`0x${range[1]}`), BigInt(`0x${range[2]}`)]
      for (let at = from; at < to; at += BigInt(pieceBytes - overlap)) {
        const piece = Buffer.allocUnsafe(Number(to - at < BigInt(pieceBytes) ? to - at : BigInt(pieceBytes)))
        let read = 0
        try {
          read = readSync(memory, piece, 0, piece.length, at)
        } catch {
          // reserved and not there
          continue
        }
        await pause(1)
        const seen = piece.subarray(0, read)
        for (const [index, each] of forms.entries()) {
          for (const form of each) {
            for (
              let found = seen.indexOf(form, 0, 'latin1');
              found >= 0;
              found = seen.indexOf(form, found + 1, 'latin1')
            ) {
              counts[index]! += 1
            }
          }
        }
      }
    }
  } finally {
    closeSync(memory)
  }
  return counts
}
