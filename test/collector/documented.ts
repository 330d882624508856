import { existsSync, readFileSync } from 'node:fs'

/** The body of a documented answer of binance's wallet or spot API; null where the reference folder is absent. */
export function documented(name: string): Uint8Array | null {
  const file = new URL(`../../../shared/reference/exchanges/binance/Spot/${name}.txt`, import.meta.url)
  if (!existsSync(file)) return null
  const text = readFileSync(file, 'utf8').replaceAll('\r', '')
  // method, path, whether signed, then the body
  return Buffer.from(text.split('\n').slice(3).join('\n').trim())
}
