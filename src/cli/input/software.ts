import { readFileSync } from 'node:fs'

/** What this is, as its package says. */
export function softwareVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
